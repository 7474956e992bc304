//! The storage size of documents in the server, estimated from their texts.
//!
//! A DECIMAL takes more space than the DOUBLE with the same text. The server adds up the space of documents in a
//! tenth of the time that it needs to list the types of their values. So documents are grouped by everything that
//! their space depends on when they are read from a text: their structure, and the total length of their texts. The
//! server weighs one document of each group.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

/// The maximum number of groups: each needs a query.
const SORTS_MOST: usize = 512;

/// The longest document, in bytes, that is sent to the server to query its size.
const SAMPLE_MOST_BYTES: usize = 4 << 10;

/// The documents of a column.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    sorts: HashMap<u64, Sort>,
    /// The structure of the last document.
    made_of: Vec<u8>,
    /// Whether there are too many groups, or a document could not be parsed.
    is_unknown: bool,
}

/// Documents of equal size.
#[derive(Debug)]
pub(crate) struct Sort {
    /// One of them.
    pub(crate) sample: Vec<u8>,
    pub(crate) count: u64,
}

impl Weights {
    /// Adds a document.
    pub(crate) fn add(&mut self, text: &[u8]) {
        if self.is_unknown {
            return;
        }
        self.made_of.clear();
        if take_apart(text, &mut self.made_of).is_none() {
            self.is_unknown = true;
            return;
        }
        let sort = xxh3_64(&self.made_of);
        if let Some(known) = self.sorts.get_mut(&sort) {
            known.count += 1;
            return;
        }
        self.is_unknown = text.len() > SAMPLE_MOST_BYTES || self.sorts.len() >= SORTS_MOST;
        self.sorts.insert(sort, Sort { sample: text.to_vec(), count: 1 });
    }

    /// Returns the groups; `None` if they are unknown.
    pub(crate) fn sorts(&self) -> Option<Vec<&Sort>> {
        (!self.is_unknown).then(|| self.sorts.values().collect())
    }
}

/// Appends the structure of a document; `None` if it could not be parsed.
fn take_apart(text: &[u8], made_of: &mut Vec<u8>) -> Option<()> {
    let (mut at, mut letters) = (0, 0_u64);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let begin = at + 1;
                let (end, escaped) = string_end(text, begin)?;
                at = end + 1;
                if text.get(at) == Some(&b':') {
                    made_of.extend_from_slice(&text[begin..at]);
                } else {
                    let length = (end - begin) as u64 - escaped;
                    letters += length;
                    made_of.extend_from_slice(&[b's', class(length)]);
                }
            }
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
                let length = text[at..].iter().take_while(|byte| is_part(byte)).count();
                let token = std::str::from_utf8(&text[at..at + length]).ok()?;
                at += length;
                match token.parse::<i128>() {
                    Ok(whole) if i64::try_from(whole).is_ok() || u64::try_from(whole).is_ok() => {
                        let sign = if whole < 0 { b'-' } else { b'+' };
                        let size = u64::try_from(whole.unsigned_abs()).ok()?;
                        made_of.extend_from_slice(&[sign, class(size)]);
                    }
                    _ => made_of.push(b'd'),
                }
            }
            b' ' => at += 1,
            byte => {
                made_of.push(byte);
                at += 1;
            }
        }
    }
    made_of.extend_from_slice(&letters.to_le_bytes());
    Some(())
}

/// Returns the size class of a number: its number of bits, because servers store numbers with equally many bits in
/// equally many bytes. Powers of two have their own classes, because the lowest values of signed integers need fewer
/// bytes.
fn class(number: u64) -> u8 {
    let bits = u8::try_from(u64::BITS - number.leading_zeros()).unwrap_or(u8::MAX);
    if number.is_power_of_two() { bits | 0x80 } else { bits }
}

/// Returns the end of a string, and the number of bytes that only escape others.
fn string_end(text: &[u8], begin: usize) -> Option<(usize, u64)> {
    let (mut at, mut escaped) = (begin, 0);
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((at, escaped));
        }
        // `\u` stands for characters of several lengths.
        if *text.get(at + 1)? == b'u' {
            return None;
        }
        escaped += 1;
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::Weights;

    fn counts(texts: &[&str]) -> Option<Vec<u64>> {
        let mut weights = Weights::default();
        texts.iter().for_each(|text| weights.add(text.as_bytes()));
        let mut counts: Vec<u64> = weights.sorts()?.iter().map(|sort| sort.count).collect();
        counts.sort_unstable();
        Some(counts)
    }

    #[test]
    fn documents_of_equal_room_are_of_one_sort() {
        let same = [r#"{"a": 1.5, "b": "xy", "c": 5}"#, r#"{"a": 2.25, "b": "\n\"", "c": 7}"#];
        assert_eq!(counts(&same), Some(vec![2]));
        for (one, other) in [
            ("[127]", "[128]"),
            ("[-128]", "[-129]"),
            ("[1]", "[1.0]"),
            (r#"["x"]"#, r#"["xy"]"#),
            (r#"["x", "y"]"#, r#"["xy", ""]"#),
            (r#"{"a": 1}"#, r#"{"b": 1}"#),
            ("[[1]]", "[1]"),
            ("[true]", "[null]"),
        ] {
            assert_eq!(counts(&[one, other]), Some(vec![1, 1]), "{one} {other}");
        }
    }

    #[test]
    fn what_is_too_much_is_not_weighed() {
        assert_eq!(counts(&[r#"["\u0001"]"#]), None);
        assert_eq!(counts(&[&format!("[\"{}\"]", "x".repeat(5000))]), None);
        let many: Vec<String> = (0..600).map(|length| format!("[\"{}\"]", "x".repeat(length))).collect();
        assert_eq!(counts(&many.iter().map(String::as_str).collect::<Vec<_>>()), None);
    }
}
