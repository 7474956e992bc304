//! The format of values in OceanBase's inner tables.
//!
//! Numbers have seven bits per byte, lowest first; the eighth bit is set in all bytes but the last. A text is its
//! length, its bytes, and a zero byte. A value is one byte for its type, three for its character set and scale, then
//! the text or number, which NULL does not have. Observed on seekdb 1.4; input that does not match is rejected as a
//! whole.

/// The types of text values: VARCHAR and CHAR. BINARY is a CHAR with the binary character set.
const TEXTS: [u8; 2] = [22, 23];

/// The types of a BIGINT and of a BIGINT UNSIGNED.
const SIGNED: u8 = 5;
const UNSIGNED: u8 = 10;

/// An upper bound of the IDs of collations; the smallest `max_allowed_packet` is larger.
const COLLATIONS: u64 = 1024;

/// The type of NULL.
const NULL: u8 = 0;

/// Reads the members of an ENUM or SET: their number, then each member as a text.
pub(super) fn members(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader(bytes);
    let count = reader.number()?;
    let members = (0..count).map(|_| reader.text()).collect::<Option<Vec<_>>>()?;
    reader.0.is_empty().then_some(members)
}

/// Reads the values of a LIST partition: the number of rows, then for each row the number of values, the values, and
/// a zero byte.
pub(super) fn rows(bytes: &[u8]) -> Option<Vec<Vec<Option<Vec<u8>>>>> {
    let mut reader = Reader(bytes);
    let count = reader.number()?;
    let rows = (0..count)
        .map(|_| {
            let row = reader.row()?;
            (reader.byte()? == 0).then_some(row)
        })
        .collect::<Option<Vec<_>>>()?;
    reader.0.is_empty().then_some(rows)
}

/// Reads the upper bound of a RANGE partition: the number of values, then the values.
pub(super) fn bound(bytes: &[u8]) -> Option<Vec<Vec<Option<Vec<u8>>>>> {
    let mut reader = Reader(bytes);
    let row = reader.row()?;
    reader.0.is_empty().then(|| vec![row])
}

/// The session variables of a column: numbers where names are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Stored {
    pub(super) time_zone: Option<String>,
    pub(super) sql_mode: Option<u64>,
    pub(super) collation: Option<u64>,
}

/// Reads the session variables of a column: their number, then for each a version, the length of the rest, its number
/// and its value. The numbers differ between builds, so a variable is known by the type of its value: a text is the time
/// zone, an unsigned number the `sql_mode`, a small one the collation, and a large one `max_allowed_packet`, which no
/// session can set.
pub(super) fn variables(bytes: &[u8]) -> Option<Stored> {
    let mut reader = Reader(bytes);
    let mut stored = Stored::default();
    for _ in 0..reader.number()? {
        let (_version, length) = (reader.number()?, usize::try_from(reader.number()?).ok()?);
        let mut inner = Reader(reader.0.get(..length)?);
        reader.0 = &reader.0[length..];
        let _variable = inner.number()?;
        let kind = inner.byte()?;
        (0..3).try_for_each(|_| inner.byte().map(drop))?;
        match kind {
            kind if TEXTS.contains(&kind) => stored.time_zone = Some(String::from_utf8(inner.text()?).ok()?),
            UNSIGNED => stored.sql_mode = Some(inner.number()?),
            SIGNED => {
                let number = inner.number()?;
                stored.collation = Some(number).filter(|number| *number < COLLATIONS).or(stored.collation);
            }
            _ => return None,
        }
        if !inner.0.is_empty() {
            return None;
        }
    }
    reader.0.is_empty().then_some(stored)
}

/// Decodes pairs of hexadecimal digits.
pub(super) fn from_hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let text = self.0.get(..length)?.to_vec();
        self.0 = &self.0[length..];
        (self.byte()? == 0).then_some(text)
    }

    fn row(&mut self) -> Option<Vec<Option<Vec<u8>>>> {
        let count = self.number()?;
        (0..count).map(|_| self.value()).collect()
    }

    /// Reads a value; the inner `None` means that it is not a text.
    fn value(&mut self) -> Option<Option<Vec<u8>>> {
        let kind = self.byte()?;
        (0..3).try_for_each(|_| self.byte().map(drop))?;
        match kind {
            NULL => Some(None),
            kind if TEXTS.contains(&kind) => self.text().map(Some),
            _ => self.number().map(|_| None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stored, bound, from_hexadecimal, members, rows, variables};

    fn bytes(text: &str) -> Vec<u8> {
        from_hexadecimal(text.as_bytes()).expect("hexadecimal")
    }

    #[test]
    fn members_are_read_as_a_server_has_written_them() {
        let seen = bytes("07016100036227630003642C650006E4B8ADE696870000000322782200025C7900");
        let expected =
            ["a", "b'c", "d,e", "中文", "", "\"x\"", "\\y"].map(|member| member.as_bytes().to_vec());
        assert_eq!(members(&seen).as_deref(), Some(&expected[..]));
        let long = [&[1, 0xBD, 1][..], &[b'a'; 189], &[0]].concat();
        assert_eq!(members(&long).map(|all| all[0].len()), Some(189));
        for end in 0..seen.len() {
            assert_eq!(members(&seen[..end]), None, "cut off at {end}");
        }
    }

    #[test]
    fn partition_values_are_read_as_a_server_has_written_them() {
        let text = |text: &str| Some(text.as_bytes().to_vec());
        let cases = [
            ("020116042DFF016100000116042DFF036227620000", vec![vec![text("a")], vec![text("b'b")]]),
            (
                "020205053F000116042DFF016100000205053F000216042DFF036227620000",
                vec![vec![None, text("a")], vec![None, text("b'b")]],
            ),
            ("010205053F000300063FFF00", vec![vec![None, None]]),
            ("010119070000FEFFFFFFFFFFFFFFFF0100", vec![vec![None]]),
            ("02012A053FFF8080808080C090D91900012A053FFF8080808080C0E0DA1900", vec![vec![None], vec![None]]),
        ];
        for (seen, expected) in cases {
            assert_eq!(rows(&bytes(seen)), Some(expected), "{seen}");
            assert_eq!(rows(&bytes(&seen[..seen.len() - 2])), None, "{seen}, cut off");
        }
        assert_eq!(bound(&bytes("0205053F000116042DFF0362276200")), Some(vec![vec![None, text("b'b")]]));
        assert_eq!(from_hexadecimal(b"0"), None);
        assert_eq!(from_hexadecimal(b"0g"), None);
    }

    #[test]
    fn variables_are_read_as_a_server_has_written_them() {
        let seen = bytes(
            "03018A808080000F0A053FFF80808086010186808080000905053FFF2D018D808080001016032DFF062B30383A303000",
        );
        let expected =
            Stored { time_zone: Some("+08:00".into()), sql_mode: Some(0x10C0_0000), collation: Some(45) };
        assert_eq!(variables(&seen), Some(expected));
        // With `max_allowed_packet`.
        let packet =
            bytes("030189808080000E05053FFF808080080186808080000905053FFF2D018A808080000F0A053FFF8080808601");
        let found = variables(&packet).expect("it is read");
        assert_eq!((found.collation, found.time_zone), (Some(45), None));
        for end in 0..seen.len() {
            assert_eq!(variables(&seen[..end]), None, "cut off at {end}");
        }
    }
}
