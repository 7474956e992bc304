//! JSON documents whose printed text does not restore them.
//!
//! A document is restored from its text. The server's functions can store values that the text does not preserve: a
//! DECIMAL with trailing zeros or more digits than a DOUBLE has; a DATE, TIME, DATETIME or bytes, which come back as
//! strings. The server also misreads some DOUBLEs with many digits ([`crate::number`]).

use crate::number::{Decimal, exact_double, spelling};
use crate::unwritable::Unwritable;

/// The length of the shortest text of a typed value: `2026-01-31`.
const SHORTEST_TYPED: usize = 10;

/// The special properties of a document, or of another value with several spellings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    /// The text that restores it, if that is not the printed one.
    pub(crate) literal: Option<Vec<u8>>,
    /// The text that is hashed instead of the printed one: equal numbers have the same spelling in it.
    pub(crate) canonical: Option<Vec<u8>>,
    /// Whether it holds a number or string that may be of a type that only functions store: a DECIMAL, DATE, TIME,
    /// DATETIME or bytes.
    pub(crate) is_suspect: bool,
}

/// Examines a document as the server printed it.
pub(crate) fn look(text: &[u8]) -> Result<Document, Unwritable> {
    let mut document = Document::default();
    let mut copied = (0, 0);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let begin = at;
        match byte {
            b'"' => {
                at = string_end(text, begin);
                document.is_suspect |=
                    is_perhaps_typed(&text[begin + 1..at.saturating_sub(1).max(begin + 1)]);
            }
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
                at += text[begin..].iter().take_while(|byte| is_part(byte)).count();
                document.is_suspect |= is_perhaps_decimal(&text[begin..at]);
                if !comes_back(&text[begin..at]) {
                    let token =
                        std::str::from_utf8(&text[begin..at]).map_err(|_| Unwritable::NotUnderstood)?;
                    let (literal, canonical) = number(token)?;
                    replace(&mut document.literal, &mut copied.0, text, begin..at, &literal);
                    replace(&mut document.canonical, &mut copied.1, text, begin..at, &canonical);
                }
            }
            _ => at += 1,
        }
    }
    finish(&mut document.literal, text, copied.0);
    finish(&mut document.canonical, text, copied.1);
    Ok(document)
}

/// Returns where the string ends that begins at a place.
fn string_end(text: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// Returns whether the printed text certainly restores a number. True for most: integers of up to 18 digits, and
/// fractions of up to 15 digits without a redundant trailing zero.
fn comes_back(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    let Some(point) = memchr::memchr(b'.', digits) else {
        return digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit) && token != b"-0";
    };
    let is_short = digits.len() <= 16
        && digits.iter().enumerate().all(|(place, byte)| place == point || byte.is_ascii_digit());
    is_short && (!digits.ends_with(b"0") || digits.len() == point + 2)
}

/// Returns a number as it is written and as it is hashed.
fn number(token: &str) -> Result<(String, String), Unwritable> {
    if !token.contains(['.', 'e', 'E']) && (token.parse::<i64>().is_ok() || token.parse::<u64>().is_ok()) {
        return Ok((token.to_owned(), token.to_owned()));
    }
    let lost = || Unwritable::NumberTooLong { number: token.to_owned() };
    let double = exact_double(token).ok_or_else(lost)?;
    let canonical = Decimal::read(token).ok_or(Unwritable::NotUnderstood)?.canonical();
    // Written with a fraction: the server then reads it as a DOUBLE, no matter how it was printed.
    let literal =
        spelling(&canonical, double).ok_or_else(|| Unwritable::NumberUnspelt { number: token.to_owned() })?;
    Ok((literal, canonical))
}

/// Replaces a part of the text, of which the first `copied` bytes were copied.
fn replace(
    into: &mut Option<Vec<u8>>,
    copied: &mut usize,
    text: &[u8],
    part: std::ops::Range<usize>,
    by: &str,
) {
    if by.as_bytes() == &text[part.clone()] {
        return;
    }
    let into = into.get_or_insert_default();
    into.extend_from_slice(&text[*copied..part.start]);
    into.extend_from_slice(by.as_bytes());
    *copied = part.end;
}

fn finish(into: &mut Option<Vec<u8>>, text: &[u8], copied: usize) {
    if let Some(into) = into {
        into.extend_from_slice(&text[copied..]);
    }
}

/// Returns whether a number may be a DECIMAL of another value. A shorter integer may also be a DECIMAL, but of equal
/// value.
fn is_perhaps_decimal(token: &[u8]) -> bool {
    token.len() > 18 || token.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// Returns whether a string has the form in which the server prints a DATE, TIME, DATETIME or bytes in a document.
pub(crate) fn is_perhaps_typed(string: &[u8]) -> bool {
    let like = |pattern: &[u8]| {
        string.len() == pattern.len()
            && string.iter().zip(pattern).all(|(byte, wanted)| match wanted {
                b'9' => byte.is_ascii_digit(),
                wanted => byte == wanted,
            })
    };
    string.len() >= SHORTEST_TYPED
        && (like(b"9999-99-99")
            || like(b"99:99:99.999999")
            || like(b"999:99:99.999999")
            || like(b"-99:99:99.999999")
            || like(b"-999:99:99.999999")
            || like(b"9999-99-99 99:99:99.999999")
            || string.starts_with(b"base64:type"))
}

#[cfg(test)]
mod tests {
    use super::{Document, look};
    use crate::unwritable::Unwritable;

    fn of(text: &str) -> (Option<String>, Option<String>) {
        let Document { literal, canonical, .. } = look(text.as_bytes()).expect("a document");
        let text = |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8(bytes).expect("text"));
        (text(literal), text(canonical))
    }

    #[test]
    fn most_documents_come_back_as_they_are_printed() {
        for text in [
            "null",
            "true",
            r#"{"a": 1, "b": -5.25, "c": 1.0, "1.10": "1.10", "\"1.10": "\\"}"#,
            "[18446744073709551615, -9223372036854775808, 0.1, -0.0, 1e15, 1.5e-16]",
            "0.30000000000000004",
            r#"{"open": "1.10"#,
        ] {
            assert_eq!(of(text), (None, None), "{text}");
        }
    }

    #[test]
    fn numbers_of_equal_value_are_hashed_alike() {
        for (printed, again) in [
            (r#"{"amount": 1.10}"#, r#"{"amount": 1.1}"#),
            ("[3.00, 100.50, 7]", "[3.0, 100.5, 7]"),
            ("100000000000000000000", "1e20"),
            ("[0.00000000000000010]", "[1e-16]"),
        ] {
            let hashed = |text: &str| of(text).1.unwrap_or_else(|| text.to_owned());
            assert_ne!(of(printed).1, None, "{printed}");
            assert_eq!(hashed(printed), hashed(again), "{printed}");
        }
    }

    #[test]
    fn a_number_that_the_server_misreads_is_spelt_otherwise_and_hashed_as_it_is() {
        let text = r#"{"a": 2.7715077941825975e-163, "b": [2.7715077941825975e-163]}"#;
        let (literal, canonical) = of(text);
        let literal = literal.expect("another spelling");
        let spelt =
            literal.trim_start_matches("{\"a\": ").split_once(',').map(|(number, _)| number.to_owned());
        assert_eq!(spelt.map(|number| literal.matches(&number).count()), Some(2), "{literal}");
        assert_ne!(literal, text);
        assert_eq!(canonical, None);
    }

    #[test]
    fn a_number_that_no_double_holds_is_refused() {
        let number = "123456789012345678901234567890.12000".to_owned();
        assert_eq!(look(format!("[{number}]").as_bytes()), Err(Unwritable::NumberTooLong { number }));
    }

    #[test]
    fn what_a_function_put_in_is_suspected() {
        for (text, is_suspect) in [
            (r#"["2026-01-31"]"#, true),
            (r#"["2026-01-31 01:02:03.000000"]"#, true),
            (r#"["01:02:03.500000"]"#, true),
            (r#""base64:type15:YQ==""#, true),
            (r#"[1.5]"#, true),
            (r#"{"a": 1e20}"#, true),
            (r#"[1234567890123456789]"#, true),
            (r#"["2026-01-31T01:02:03Z", "", "2026", "01:02:03", "1.5", 7, -7, null]"#, false),
        ] {
            assert_eq!(look(text.as_bytes()).map(|document| document.is_suspect), Ok(is_suspect), "{text}");
        }
    }
}
