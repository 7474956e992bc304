//! Writes values as SQL literals and rows as the tuples of an INSERT.
//!
//! No literal contains a line end: it is written as `\n`. So `;` before a line end always ends a statement, and a
//! reader needs no other rule.

use crate::collection::{Element, array_json, map_json, sparse_json};
use crate::column::Form;
use crate::json::{self, Document};
use crate::unwritable::Unwritable;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The number of bytes per block.
const BLOCK_BYTES: usize = 32;

/// Appends a value of a row as a literal that reads back to it. Returns the special properties of a document.
pub(crate) fn push_exact(
    sql: &mut Vec<u8>,
    form: Form,
    value: Option<&[u8]>,
) -> Result<Document, Unwritable> {
    let json = match (form, value) {
        (Form::Text, Some(value)) if !value.is_ascii() && std::str::from_utf8(value).is_err() => {
            if !is_text_with_surrogates(value) {
                return Err(Unwritable::NotText);
            }
            push_hexadecimal(sql, value);
            return Ok(Document::default());
        }
        (Form::Json, Some(value)) => {
            let mut document = json::look(value)?;
            push_quoted(sql, document.literal.take().as_deref().unwrap_or(value));
            return Ok(document);
        }
        (Form::Array(shape), Some(value)) => array_json(value, shape)?,
        (Form::Map { key, value: shape }, Some(value)) => {
            let json = map_json(value, key, shape)?;
            push_quoted(sql, &json);
            return Ok(Document { canonical: (key == Element::Text).then_some(json), ..Document::default() });
        }
        (Form::Sparse, Some(value)) => sparse_json(value)?,
        (form, value) => {
            push_literal(sql, form, value);
            return Ok(Document::default());
        }
    };
    push_quoted(sql, &json);
    Ok(Document::default())
}

/// Returns whether a text is UTF-8 except for single surrogates of three bytes each, which servers store in utf8mb3
/// and utf8mb4 columns.
fn is_text_with_surrogates(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        let valid = match std::str::from_utf8(rest) {
            Ok(_) => return true,
            Err(error) => error.valid_up_to(),
        };
        match &rest[valid..] {
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, more @ ..] => rest = more,
            _ => return false,
        }
    }
}

/// Returns whether values of this form may be hashed in another form than received.
pub(crate) fn has_canonical(form: Form) -> bool {
    matches!(form, Form::Json | Form::Map { key: Element::Text, .. })
}

/// Returns the hashed form of a value: two equal values may be printed differently. A value that cannot be written is
/// hashed as it is.
pub(crate) fn canonical(form: Form, value: &[u8]) -> Option<Vec<u8>> {
    match form {
        Form::Json => json::look(value).ok()?.canonical,
        Form::Map { key: key @ Element::Text, value: shape } => map_json(value, key, shape).ok(),
        _ => None,
    }
}

/// Appends a value as a literal, as printed. The literal is valid under any `sql_mode` without
/// `NO_BACKSLASH_ESCAPES`.
pub(crate) fn push_literal(sql: &mut Vec<u8>, form: Form, value: Option<&[u8]>) {
    let Some(value) = value else {
        sql.extend_from_slice(b"NULL");
        return;
    };
    match form {
        Form::Number | Form::Float | Form::Ordinal => {
            sql.extend_from_slice(value);
            if is_negative_zero(value) {
                sql.extend_from_slice(b"e0"); // an integer or DECIMAL zero has no sign
            }
        }
        Form::Text | Form::Floats | Form::Json | Form::Array(_) | Form::Map { .. } | Form::Sparse => {
            push_quoted(sql, value);
        }
        Form::Bytes | Form::Raw => push_hexadecimal(sql, value),
        Form::Generated => sql.extend_from_slice(b"DEFAULT"),
    }
}

/// Returns whether a number is `-0`, perhaps with zeros after the point.
fn is_negative_zero(number: &[u8]) -> bool {
    number.starts_with(b"-0") && number.iter().skip(1).all(|byte| matches!(byte, b'0' | b'.'))
}

pub(crate) fn push_quoted(sql: &mut Vec<u8>, value: &[u8]) {
    sql.reserve(value.len() + 2);
    sql.push(b'\'');
    let mut rest = value;
    loop {
        let (plain, behind) = rest.split_at(plain_bytes(rest));
        sql.extend_from_slice(plain);
        let Some((&byte, behind)) = behind.split_first() else { break };
        let escaped = match byte {
            0 => b'0',
            b'\n' => b'n',
            b'\r' => b'r',
            0x1A => b'Z',
            itself => itself,
        };
        sql.extend_from_slice(&[b'\\', escaped]);
        rest = behind;
    }
    sql.push(b'\'');
}

/// Returns the number of leading bytes that need no escape.
pub(crate) fn plain_bytes(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks();
    let plain = blocks.iter().take_while(|block| is_plain(block)).count();
    if plain == blocks.len() {
        // Checks the rest as a whole block: the last bytes of a long text, which overlap the previous block; a short
        // text is padded with spaces.
        let mut padded = [b' '; BLOCK_BYTES];
        let last = bytes.last_chunk().unwrap_or_else(|| {
            padded[..rest.len()].copy_from_slice(rest);
            &padded
        });
        if is_plain(last) {
            return bytes.len();
        }
    }
    let (_, rest) = bytes.split_at(plain * BLOCK_BYTES);
    plain * BLOCK_BYTES + rest.iter().position(|&byte| escaped(byte) != 0).unwrap_or(rest.len())
}

/// Returns whether no byte of a block needs an escape.
fn is_plain(block: &[u8; BLOCK_BYTES]) -> bool {
    is_surely_plain(block) || block.iter().fold(0, |any, &byte| any | escaped(byte)) == 0
}

/// Recognizes most blocks that need no escape, in half the time: it treats all control characters as suspect. It has
/// no branches, so compilers emit a few vector instructions.
fn is_surely_plain(block: &[u8; BLOCK_BYTES]) -> bool {
    let or_suspect =
        |any, &byte| any | u8::from(byte < b' ') | u8::from(byte == b'\'') | u8::from(byte == b'\\');
    block.iter().fold(0, or_suspect) == 0
}

/// Returns 1 for a byte that is escaped. With a bool, compilers would emit branches.
fn escaped(byte: u8) -> u8 {
    u8::from(byte == 0)
        | u8::from(byte == b'\n')
        | u8::from(byte == b'\r')
        | u8::from(byte == 0x1A)
        | u8::from(byte == b'\'')
        | u8::from(byte == b'\\')
}

pub(crate) fn push_hexadecimal(sql: &mut Vec<u8>, value: &[u8]) {
    if value.is_empty() {
        sql.extend_from_slice(b"''"); // `0x` alone is not a literal
        return;
    }
    sql.reserve(value.len() * 2 + 2);
    sql.extend_from_slice(b"0x");
    for &byte in value {
        sql.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{push_exact, push_literal};
    use crate::column::Form;
    use crate::unwritable::Unwritable;

    fn literal(form: Form, value: &[u8]) -> String {
        let mut sql = Vec::new();
        push_literal(&mut sql, form, Some(value));
        String::from_utf8_lossy(&sql).into_owned()
    }

    #[test]
    fn values_are_written_as_documented() {
        let cases: &[(Form, &[u8], &str)] = &[
            (Form::Number, b"-1.50", "-1.50"),
            (Form::Number, b"-0", "-0e0"),
            (Form::Number, b"-0.0000", "-0.0000e0"),
            (Form::Number, b"-0.0010", "-0.0010"),
            (Form::Float, b"-0", "-0e0"),
            (Form::Text, b"a'b\\c\n\r\0\x1a;\t\"", r#"'a\'b\\c\n\r\0\Z;	"'"#),
            (Form::Text, b"", "''"),
            (Form::Bytes, b"\x00\xff", "0x00FF"),
            (Form::Bytes, b"", "''"),
            (Form::Floats, b"[1,2]", "'[1,2]'"),
            (Form::Raw, b"\x81", "0x81"),
            (Form::Generated, b"1", "DEFAULT"),
        ];
        for (form, value, expected) in cases {
            assert_eq!(literal(*form, value), *expected, "{form:?}");
        }
        let mut sql = Vec::new();
        push_literal(&mut sql, Form::Text, None);
        assert_eq!(sql, b"NULL");
    }

    #[test]
    fn a_text_that_is_none_is_refused_and_surrogates_are_bytes() {
        let mut sql = Vec::new();
        let cases = [
            (&b"\xE4\xB8\xAD"[..], false),
            (b"\xED\xA0\x80'\xED\xBF\xBF", false),
            (b"\xE4\xB8", true),
            (b"a\xFF", true),
            (b"\xED\xA0", true),
            (b"\xED\xA0\x80\xFF", true),
        ];
        for (value, refused) in cases {
            let pushed = push_exact(&mut sql, Form::Text, Some(value));
            assert_eq!(pushed.err(), refused.then_some(Unwritable::NotText));
        }
        assert_eq!(sql, "'中'0xEDA08027EDBFBF".as_bytes());
    }

    /// Reads a quoted literal as a server does.
    fn read_back(literal: &[u8]) -> Vec<u8> {
        let inner = literal.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'")).expect("quotes");
        let mut value = Vec::new();
        let mut bytes = inner.iter();
        while let Some(&byte) = bytes.next() {
            assert_ne!(byte, b'\'', "a quote within");
            value.push(match byte {
                b'\\' => match bytes.next().expect("a byte behind the backslash") {
                    b'0' => 0,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b'Z' => 0x1A,
                    other => *other,
                },
                other => other,
            });
        }
        value
    }

    #[test]
    fn what_is_escaped_is_found_at_every_place() {
        for length in 0..100 {
            let plain = vec![b'x'; length];
            assert_eq!(literal(Form::Text, &plain), format!("'{}'", "x".repeat(length)));
            for place in 0..length {
                for byte in [0, b'\n', b'\r', 0x1A, b'\'', b'\\'] {
                    let mut value = plain.clone();
                    value[place] = byte;
                    let mut sql = Vec::new();
                    push_literal(&mut sql, Form::Text, Some(&value));
                    assert_eq!(
                        (sql.len(), read_back(&sql)),
                        (length + 3, value),
                        "{byte} at {place} of {length}"
                    );
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_quoted_value_reads_back_and_holds_no_line_end(value in any::<Vec<u8>>()) {
            let mut sql = Vec::new();
            push_literal(&mut sql, Form::Text, Some(&value));
            prop_assert!(!sql.contains(&b'\n'));
            prop_assert_eq!(read_back(&sql), value);
        }
    }
}
