//! The contents of a payload: lengths, texts, the values of a row.

use std::io;

use crate::wire::{Failure, Next, nonsense, refusal};

/// Reads a payload from its beginning.
pub(crate) struct Reader<'p> {
    left: &'p [u8],
}

impl<'p> Reader<'p> {
    pub(crate) fn new(payload: &'p [u8]) -> Self {
        Self { left: payload }
    }

    pub(super) fn rest(&self) -> &'p [u8] {
        self.left
    }

    /// Reads a little-endian number of this many bytes.
    pub(super) fn number<const BYTES: usize>(&mut self) -> io::Result<u64> {
        let (bytes, rest) = self.left.split_first_chunk::<BYTES>().ok_or_else(cut_short)?;
        self.left = rest;
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// Reads a length-encoded number.
    pub(super) fn length(&mut self) -> io::Result<u64> {
        match self.number::<1>()? {
            0xFC => self.number::<2>(),
            0xFD => self.number::<3>(),
            0xFE => self.number::<8>(),
            0xFB | 0xFF => Err(nonsense("no length where one must be")),
            short => Ok(short),
        }
    }

    fn text(&mut self) -> io::Result<&'p [u8]> {
        let length = usize::try_from(self.length()?).map_err(|_| cut_short())?;
        let (text, rest) = self.left.split_at_checked(length).ok_or_else(cut_short)?;
        self.left = rest;
        Ok(text)
    }
}

/// The positions of a row's values in its payload.
#[derive(Debug, Default, Clone)]
pub(crate) struct Places {
    /// The start and the end of each value; a start after the end means NULL.
    values: Vec<(usize, usize)>,
    /// Whether each length has its shortest encoding.
    is_short: bool,
}

const NULL: (usize, usize) = (1, 0);

impl Places {
    /// Finds the values of a row, replacing those of the previous row.
    pub(crate) fn find(&mut self, payload: &[u8], columns: usize) -> io::Result<()> {
        self.values.clear();
        self.is_short = true;
        let mut at = 0;
        for _ in 0..columns {
            let first = *payload.get(at).ok_or_else(cut_short)?;
            at += 1;
            let length = match first {
                0xFB => {
                    self.values.push(NULL);
                    continue;
                }
                0xFC..=0xFE => {
                    let mut reader = Reader::new(&payload[at - 1..]);
                    let length = usize::try_from(reader.length()?).map_err(|_| cut_short())?;
                    let bytes = payload.len() - at - reader.rest().len();
                    at += bytes;
                    let least = [0xFB, 0x1_0000, 0x100_0000][usize::from(first - 0xFC)];
                    self.is_short &= length >= least;
                    length
                }
                0xFF => return Err(nonsense("no length where one must be")),
                short => usize::from(short),
            };
            let end = at.checked_add(length).filter(|&end| end <= payload.len()).ok_or_else(cut_short)?;
            self.values.push((at, end));
            at = end;
        }
        if at == payload.len() { Ok(()) } else { Err(nonsense("a row is longer than its values")) }
    }

    /// Returns the bytes of a value; `None` for NULL and for a missing column.
    pub(crate) fn value<'p>(&self, payload: &'p [u8], place: usize) -> Option<&'p [u8]> {
        let &(begin, end) = self.values.get(place)?;
        payload.get(begin..end)
    }

    /// Returns the heap memory in bytes.
    pub(crate) fn size(&self) -> usize {
        self.values.capacity() * size_of::<(usize, usize)>()
    }

    /// Returns whether each length has its shortest encoding.
    pub(crate) fn is_short(&self) -> bool {
        self.is_short
    }
}

/// Returns the kind of a payload among rows.
pub(super) fn next(payload: &[u8]) -> Result<Next, Failure> {
    match payload.first() {
        Some(0xFF) => Err(Failure::Refused(refusal(payload)?)),
        Some(0xFE) => Ok(end_of_rows(payload).map_or(Next::Row, |more| Next::End { more })),
        Some(_) => Ok(Next::Row),
        None => Err(nonsense("an empty packet among rows").into()),
    }
}

/// If a payload ends rows or columns, returns whether another answer follows. A row may begin with the same byte, but
/// is longer.
pub(super) fn end_of_rows(payload: &[u8]) -> Option<bool> {
    match *payload {
        [0xFE, _, _, low, high] => Some(u16::from_le_bytes([low, high]) & super::MORE_RESULTS != 0),
        _ => None,
    }
}

/// Returns the name of a column from its definition packet.
pub(super) fn column_name(payload: &[u8]) -> io::Result<String> {
    let mut reader = Reader::new(payload);
    for _ in 0..4 {
        reader.text()?; // catalogue, schema, table alias, table name
    }
    Ok(String::from_utf8_lossy(reader.text()?).into_owned())
}

fn cut_short() -> io::Error {
    nonsense("a packet ends in the midst of a value")
}

#[cfg(test)]
mod tests {
    use super::{Places, Reader, end_of_rows, next};
    use crate::wire::{Failure, Next};

    fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
        let mut payload = Vec::new();
        for value in values {
            let Some(value) = value else {
                payload.push(0xFB);
                continue;
            };
            let length = value.len().to_le_bytes();
            match value.len() {
                0..0xFB => payload.push(length[0]),
                0xFB..0x1_0000 => payload.extend([0xFC, length[0], length[1]]),
                0x1_0000..0x100_0000 => payload.extend([0xFD, length[0], length[1], length[2]]),
                _ => {
                    payload.push(0xFE);
                    payload.extend(length);
                }
            }
            payload.extend(*value);
        }
        payload
    }

    #[test]
    fn values_of_every_length_are_found() {
        let long: Vec<Vec<u8>> =
            [0, 1, 0xFA, 0xFB, 0xFFFF, 0x1_0000, 0xFF_FFFF, 0x100_0000].map(|length| vec![7; length]).into();
        let values: Vec<Option<&[u8]>> =
            long.iter().map(|value| Some(value.as_slice())).chain([None, Some(&b"end"[..])]).collect();
        let payload = row(&values);
        let mut places = Places::default();
        places.find(&payload, values.len()).expect("a row");
        assert!(places.is_short());
        for (place, value) in values.iter().enumerate() {
            assert_eq!(
                places.value(&payload, place).map(<[u8]>::len),
                value.map(<[u8]>::len),
                "value {place}"
            );
        }
        assert_eq!(places.value(&payload, 9), Some(&b"end"[..]));
        assert_eq!(places.value(&payload, 10), None);
    }

    #[test]
    fn a_length_that_could_be_shorter_is_noticed() {
        let mut places = Places::default();
        places.find(&[0xFC, 2, 0, b'a', b'b'], 1).expect("a row");
        assert!(!places.is_short() && places.value(&[0xFC, 2, 0, b'a', b'b'], 0) == Some(b"ab"));
    }

    #[test]
    fn input_that_is_not_a_row_is_refused() {
        let mut places = Places::default();
        for (payload, columns) in [
            (&[][..], 1),
            (&[3, b'a'][..], 1),
            (&[1, b'a'][..], 2),
            (&[1, b'a', 1][..], 1),
            (&[0xFC, 9][..], 1),
            (&[0xFE, 255, 255, 255, 255, 255, 255, 255, 255][..], 1),
            (&[0xFF, 1][..], 1),
        ] {
            let error = places.find(payload, columns).expect_err("no row");
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{payload:?}");
        }
    }

    #[test]
    fn a_row_an_end_and_an_error_are_distinguished() {
        assert_eq!(end_of_rows(&[0xFE, 0, 0, 8, 0]), Some(true));
        assert_eq!(end_of_rows(&[0xFE, 0, 0, 2, 0]), Some(false));
        let mut long = vec![0xFE];
        long.extend(16_777_216_u64.to_le_bytes());
        assert!(matches!(next(&long), Ok(Next::Row)), "a row whose first value is longer than 16 MiB");
        assert!(matches!(next(b"\x01a"), Ok(Next::Row)));
        let Err(Failure::Refused(refusal)) = next(b"\xFF\x75\x12#HY000gone") else { panic!("an error") };
        assert_eq!(
            (refusal.number, refusal.sqlstate.as_str(), refusal.text.as_str()),
            (4725, "HY000", "gone")
        );
        assert!(matches!(next(b""), Err(Failure::Lost(_))));
    }

    #[test]
    fn numbers_are_read_lowest_byte_first() {
        assert_eq!(Reader::new(&[0xFD, 1, 2, 3]).length().expect("a number"), 0x03_02_01);
    }
}
