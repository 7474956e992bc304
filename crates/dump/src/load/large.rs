//! Rows whose statement is too long for the target: their values are sent separately from the text.

use model::size;
use oceanbase::statement::Value;
use oceanbase::{Session, Statement};

use crate::error::{DuringSql as _, Error, Result};
use crate::load::connection::STATEMENT_LIMIT;

/// Returns whether a statement is too long for the target.
pub(super) fn is_too_long(statement: &[u8], limit: Option<u64>) -> bool {
    const COMMAND_BYTES: u64 = 1;
    limit.is_some_and(|limit| statement.len() as u64 + COMMAND_BYTES > limit)
}

/// Inserts the single row of a statement; its values are sent separately. `head` is the beginning of the statement.
///
/// # Errors
/// [`Error::PacketTooSmall`] if even a single value is too long for the target.
pub(super) async fn insert(
    session: &mut Session,
    statement: &[u8],
    head: &[u8],
    limit: Option<u64>,
    what: &str,
) -> Result<()> {
    let length = statement.len() as u64;
    let too_small =
        || Error::PacketTooSmall { what: what.to_owned(), limit: limit.unwrap_or_default(), longest: length };
    let row = statement.strip_prefix(head).and_then(row).ok_or_else(too_small)?;
    let values: Vec<Value<'_>> = row.iter().map(Literal::value).collect();
    // MySQL and MariaDB refuse a longer value, even in several parts.
    let is_limited = !session.server().product.is_oceanbase();
    let longest = row.iter().map(Literal::bytes).max().unwrap_or(0) as u64;
    if is_limited && limit.is_some_and(|limit| longest > limit) {
        return Err(Error::PacketTooSmall {
            what: what.to_owned(),
            limit: limit.unwrap_or_default(),
            longest,
        });
    }
    let text = [head.trim_ascii_end(), b" (", &vec!["?"; values.len()].join(",").into_bytes(), b")"].concat();
    let summary = format!("{what} ({}, its values apart)", size::bytes(length));
    let insert = Statement::bulk(text, summary).within(STATEMENT_LIMIT);
    session.run_bound(&insert, &values).await.during(|| what.to_owned()).map(drop)
}

/// A literal of a dump.
#[derive(Debug, PartialEq, Eq)]
enum Literal {
    Null,
    Number(String),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
}

impl Literal {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            // The number of a member must not be mistaken for its name.
            Self::Number(number) => match (number.parse(), number.parse()) {
                (Ok(number), _) => Value::Whole(number),
                (_, Ok(number)) => Value::Natural(number),
                _ => Value::Text(number.as_bytes()),
            },
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Number(number) => number.len(),
            Self::Text(bytes) | Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// Reads the values of a single row; `None` if there are several rows, or something that is not a literal of a dump.
fn row(text: &[u8]) -> Option<Vec<Literal>> {
    let mut rest = text.strip_prefix(b"(")?;
    let mut row = Vec::new();
    loop {
        let (literal, behind) = literal(rest)?;
        row.push(literal);
        rest = match behind {
            [b',', rest @ ..] => rest,
            [b')'] => return Some(row),
            _ => return None,
        };
    }
}

/// Reads the literal at the beginning, and returns the rest.
fn literal(text: &[u8]) -> Option<(Literal, &[u8])> {
    if let Some(rest) = text.strip_prefix(b"'") {
        return quoted(rest);
    }
    let end = text.iter().position(|byte| matches!(byte, b',' | b')'))?;
    let (token, rest) = text.split_at_checked(end).filter(|(token, _)| !token.is_empty())?;
    let literal = match token {
        b"NULL" => Literal::Null,
        [b'0', b'x', digits @ ..] => {
            let (pairs, []) = digits.as_chunks::<2>() else { return None };
            let pair = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
            Literal::Bytes(pairs.iter().map(pair).collect::<Option<_>>()?)
        }
        number
            if number.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) =>
        {
            Literal::Number(String::from_utf8_lossy(number).into_owned())
        }
        _ => return None,
    };
    Some((literal, rest))
}

fn quoted(mut rest: &[u8]) -> Option<(Literal, &[u8])> {
    let mut text = Vec::new();
    loop {
        let plain = memchr::memchr2(b'\'', b'\\', rest)?;
        text.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        match rest {
            [b'\'', behind @ ..] => return Some((Literal::Text(text), behind)),
            [b'\\', escaped, behind @ ..] => {
                text.push(match escaped {
                    b'0' => 0,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b'Z' => 0x1A,
                    itself => *itself,
                });
                rest = behind;
            }
            _ => return None,
        }
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use oceanbase::statement::Value;
    use proptest::prelude::*;

    use super::{Literal, is_too_long, row};
    use crate::column::Form;
    use crate::encode::push_literal;

    #[test]
    fn the_values_of_a_row_are_read_as_they_were_written() {
        let read = row(br"(1,NULL,-1.50,-0e0,0x00FF,'','it\'s\n\0\\',18446744073709551615)").expect("a row");
        let values: Vec<Value<'_>> = read.iter().map(Literal::value).collect();
        let expected = [
            Value::Whole(1),
            Value::Null,
            Value::Text(b"-1.50"),
            Value::Text(b"-0e0"),
            Value::Bytes(b"\x00\xFF"),
            Value::Text(b""),
            Value::Text(b"it's\n\0\\"),
            Value::Natural(u64::MAX),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn only_a_single_row_of_literals_is_read() {
        for text in ["(1),\n(2)", "(1", "1)", "(now())", "(0xF)", "('a)", "(1,)", "('a'b)", "(SELECT)", "()"]
        {
            assert_eq!(row(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_statement_is_too_long_with_the_byte_before_it() {
        for (length, limit, expected) in [(9, Some(10), false), (10, Some(10), true), (10, None, false)] {
            assert_eq!(is_too_long(&vec![b' '; length], limit), expected, "{length} {limit:?}");
        }
    }

    proptest! {
        #[test]
        fn every_value_is_read_as_it_was_written(values in prop::collection::vec((any::<bool>(), any::<Vec<u8>>()), 1..5)) {
            let mut sql = Vec::new();
            for (place, (is_text, value)) in values.iter().enumerate() {
                sql.push(if place == 0 { b'(' } else { b',' });
                push_literal(&mut sql, if *is_text { Form::Text } else { Form::Bytes }, Some(value));
            }
            sql.push(b')');
            let read = row(&sql).expect("a row");
            for (literal, (is_text, value)) in read.iter().zip(&values) {
                let expected = match (is_text, value.is_empty()) {
                    (true, _) | (_, true) => Literal::Text(value.clone()),
                    _ => Literal::Bytes(value.clone()),
                };
                prop_assert_eq!(literal, &expected);
            }
            prop_assert_eq!(read.len(), values.len());
        }
    }
}
