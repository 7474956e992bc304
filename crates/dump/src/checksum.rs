//! The checksum of a set of rows: their number, and the sum of a hash of each.
//!
//! A row is hashed in the form in which MySQL's text protocol sends it: for each column, in the table's order, NULL
//! as the byte `FB`; otherwise, the length of the value (one byte below `FB`; `FC`, `FD`, `FE` and 2, 3, 8 bytes,
//! lowest first) and the value. The hash is XXH3 with 128 bits; the sum wraps. So the order of rows makes no
//! difference, duplicate rows count twice, and the sums of pieces add up to that of the table.
//!
//! It finds accidental errors. It does not protect against forged rows.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use xxhash_rust::xxh3::xxh3_128;

use crate::column::{Column, Form};
use crate::encode::{canonical, has_canonical};
use crate::json;
use crate::typed::{Suspects, Typed};

/// The checksum of a set of rows.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum(u128);

impl Checksum {
    /// Adds one row in the form that this file describes.
    pub(crate) fn add_row(&mut self, row: &[u8]) {
        self.0 = self.0.wrapping_add(xxh3_128(row));
    }

    /// Adds the rows of another set.
    pub fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Checksum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(D::Error::custom)
    }
}

/// Hashes rows of one table: values with several spellings in their canonical form, all others as received.
pub(crate) struct RowHasher {
    /// The positions and forms of the columns whose values have several spellings.
    several: Vec<(usize, Form)>,
    columns: usize,
    row: Vec<u8>,
    /// The expressions to query.
    pub(crate) suspects: Suspects,
    /// The documents that are hashed as the literals that replace them.
    typed: Typed,
}

impl RowHasher {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let forms = columns.iter().map(|column| column.form).enumerate();
        let several = forms.filter(|(_, form)| has_canonical(*form)).collect();
        let (suspects, typed) = (Suspects::default(), Typed::default());
        Self { several, columns: columns.len(), row: Vec::new(), suspects, typed }
    }

    /// Hashes these documents as the literals that replace them.
    pub(crate) fn with(self, typed: Typed) -> Self {
        Self { typed, ..self }
    }

    /// Returns the form of a row that is hashed. `arrived` is the row as it was received, if the caller has it.
    pub(crate) fn form<'h, 'v: 'h>(
        &'h mut self,
        value: impl Fn(usize) -> Option<&'v [u8]>,
        arrived: Option<&'v [u8]>,
    ) -> &'h [u8] {
        let mut all: Vec<(usize, Vec<u8>)> = Vec::new();
        for &(place, form) in &self.several {
            let Some(value) = value(place) else { continue };
            if let Some(literal) = self.typed.literal(place, value) {
                all.push((place, literal.to_vec()));
                continue;
            }
            if form == Form::Json {
                self.suspects.weigh(place, value);
                if json::look(value).map_or(true, |document| document.is_suspect) {
                    self.suspects.add(place, value);
                }
            }
            all.extend(canonical(form, value).map(|canonical| (place, canonical)));
        }
        let canonical = all;
        self.form_with(&canonical, value, arrived)
    }

    /// The same, with the values that are not hashed as received.
    pub(crate) fn form_with<'h, 'v: 'h>(
        &'h mut self,
        canonical: &[(usize, Vec<u8>)],
        value: impl Fn(usize) -> Option<&'v [u8]>,
        arrived: Option<&'v [u8]>,
    ) -> &'h [u8] {
        if let (true, Some(arrived)) = (canonical.is_empty(), arrived) {
            return arrived;
        }
        self.row.clear();
        for place in 0..self.columns {
            match canonical.iter().find(|(of, _)| *of == place) {
                Some((_, text)) => push_value(&mut self.row, Some(text)),
                None => push_value(&mut self.row, value(place)),
            }
        }
        &self.row
    }
}

/// Appends one value of a row in the form that is hashed.
fn push_value(row: &mut Vec<u8>, value: Option<&[u8]>) {
    let Some(value) = value else {
        row.push(0xFB);
        return;
    };
    let length = u64::try_from(value.len()).expect("no more bytes than 64 bits can count");
    let bytes = length.to_le_bytes();
    match length {
        0..0xFB => row.push(bytes[0]),
        0xFB..0x1_0000 => {
            row.push(0xFC);
            row.extend_from_slice(&bytes[..2]);
        }
        0x1_0000..0x100_0000 => {
            row.push(0xFD);
            row.extend_from_slice(&bytes[..3]);
        }
        _ => {
            row.push(0xFE);
            row.extend_from_slice(&bytes);
        }
    }
    row.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::{Checksum, push_value};

    fn sum(rows: &[&[Option<&str>]]) -> Checksum {
        let mut sum = Checksum::default();
        for row in rows {
            let mut bytes = Vec::new();
            row.iter().for_each(|value| push_value(&mut bytes, value.map(str::as_bytes)));
            sum.add_row(&bytes);
        }
        sum
    }

    #[test]
    fn the_order_of_rows_makes_no_difference_and_everything_else_does() {
        let (a, b): (&[Option<&str>], &[Option<&str>]) = (&[Some("1"), Some("x")], &[Some("2"), None]);
        assert_eq!(sum(&[a, b]), sum(&[b, a]));
        let different: [&[&[Option<&str>]]; 5] =
            [&[a], &[a, a], &[a, b, b], &[&[Some("1x"), Some("")], b], &[a, &[Some("2"), Some("")]]];
        for other in different {
            assert_ne!(sum(&[a, b]), sum(other), "{other:?}");
        }
    }

    #[test]
    fn the_form_that_is_hashed_never_changes() {
        // This value is fixed: future releases must verify dumps of this one.
        assert_eq!(sum(&[&[Some("1"), None]]).to_string(), "5b85d60b4b45f5efb28e5eade8cdbd25");
        let mut row = Vec::new();
        push_value(&mut row, Some(&[7; 0xFB]));
        push_value(&mut row, Some(&[7; 0x1_0000]));
        assert_eq!((&row[..3], &row[254..258]), (&[0xFC, 0xFB, 0][..], &[0xFD, 0, 0, 1][..]));
    }

    #[test]
    fn the_sums_of_parts_add_up() {
        let rows: [&[Option<&str>]; 3] = [&[Some("1")], &[Some("2")], &[None]];
        let mut parts = sum(&rows[..1]);
        parts.add(sum(&rows[1..]));
        assert_eq!(parts, sum(&rows));
        let text = serde_json::to_string(&parts).expect("json");
        assert_eq!(serde_json::from_str::<Checksum>(&text).expect("a checksum"), parts);
    }
}
