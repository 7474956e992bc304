//! Answers as payloads: OK, errors, result sets in text and binary.

use super::packet::put_bytes;
use super::packet::put_length;
use crate::error::SqlError;
use crate::sql::{Column, Kind};

/// More results of the same command follow.
pub(crate) const MORE_RESULTS: u16 = 8;
const AUTOCOMMIT: u16 = 2;
const UTF8MB4: u16 = 45;
const BINARY: u16 = 63;

pub(crate) fn ok(affected: u64, warnings: u16, more: bool) -> Vec<u8> {
    let mut out = vec![0];
    put_length(&mut out, affected);
    put_length(&mut out, 0);
    out.extend_from_slice(&status(more).to_le_bytes());
    out.extend_from_slice(&warnings.to_le_bytes());
    out
}

pub(crate) fn error(error: &SqlError) -> Vec<u8> {
    let mut out = vec![0xff];
    out.extend_from_slice(&error.number.to_le_bytes());
    out.push(b'#');
    out.extend_from_slice(error.state.as_bytes());
    out.extend_from_slice(error.message.as_bytes());
    out
}

pub(crate) fn eof(warnings: u16, more: bool) -> Vec<u8> {
    let mut out = vec![0xfe];
    out.extend_from_slice(&warnings.to_le_bytes());
    out.extend_from_slice(&status(more).to_le_bytes());
    out
}

fn status(more: bool) -> u16 {
    AUTOCOMMIT | if more { MORE_RESULTS } else { 0 }
}

/// Returns the definition of a column.
pub(crate) fn column(column: &Column) -> Vec<u8> {
    let (code, charset, length, flags, decimals): (u8, u16, u32, u16, u8) = match column.kind {
        Kind::Integer => (8, BINARY, 20, 0x80, 0),
        Kind::Unsigned => (8, BINARY, 20, 0xa0, 0),
        Kind::Decimal(scale) => (246, BINARY, 65, 0x80, scale),
        Kind::Double => (5, BINARY, 23, 0x80, 31),
        Kind::Varchar => (253, UTF8MB4, 4_096 * 4, 0, 0),
        Kind::Longtext => (252, UTF8MB4, u32::MAX, 0x10, 0),
        Kind::Timestamp => (7, BINARY, 26, 0x80, 6),
        Kind::Datetime => (12, BINARY, 26, 0x80, 6),
        Kind::Time => (11, BINARY, 17, 0x80, 6),
    };
    let mut out = Vec::with_capacity(64);
    put_bytes(&mut out, b"def");
    put_bytes(&mut out, b"oceanbase");
    put_bytes(&mut out, b"");
    put_bytes(&mut out, b"");
    put_bytes(&mut out, column.name.as_bytes());
    put_bytes(&mut out, column.name.as_bytes());
    out.push(0x0c);
    out.extend_from_slice(&charset.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.push(code);
    out.extend_from_slice(&flags.to_le_bytes());
    out.push(decimals);
    out.extend_from_slice(&[0, 0]);
    out
}

/// Returns a row of the text protocol.
pub(crate) fn text_row(row: &[Option<String>]) -> Vec<u8> {
    let mut out = Vec::new();
    for cell in row {
        match cell {
            Some(text) => put_bytes(&mut out, text.as_bytes()),
            None => out.push(0xfb),
        }
    }
    out
}

/// Returns a row of the binary protocol.
pub(crate) fn binary_row(columns: &[Column], row: &[Option<String>]) -> Vec<u8> {
    let mut out = vec![0; 1 + (columns.len() + 9) / 8];
    for (at, (column, cell)) in columns.iter().zip(row).enumerate() {
        match cell {
            None => out[1 + (at + 2) / 8] |= 1 << ((at + 2) % 8),
            Some(text) => put_binary(&mut out, column.kind, text),
        }
    }
    out
}

fn put_binary(out: &mut Vec<u8>, kind: Kind, text: &str) {
    match kind {
        Kind::Integer | Kind::Unsigned => {
            out.extend_from_slice(&text.parse::<i64>().unwrap_or_default().to_le_bytes());
        }
        Kind::Double => {
            out.extend_from_slice(&text.parse::<f64>().unwrap_or_default().to_le_bytes());
        }
        Kind::Timestamp | Kind::Datetime => {
            let n = numbers(text);
            if n.len() < 6 {
                out.push(0);
                return;
            }
            out.push(11);
            out.extend_from_slice(&(n[0] as u16).to_le_bytes());
            out.extend(n[1..6].iter().map(|number| *number as u8));
            out.extend_from_slice(&n.get(6).copied().unwrap_or_default().to_le_bytes());
        }
        Kind::Time => {
            let n = numbers(text);
            let hours = n.first().copied().unwrap_or_default();
            out.push(12);
            out.push(0);
            out.extend_from_slice(&(hours / 24).to_le_bytes());
            out.push((hours % 24) as u8);
            out.extend((1..3).map(|at| n.get(at).copied().unwrap_or_default() as u8));
            out.extend_from_slice(&n.get(3).copied().unwrap_or_default().to_le_bytes());
        }
        Kind::Decimal(_) | Kind::Varchar | Kind::Longtext => put_bytes(out, text.as_bytes()),
    }
}

/// Returns the numbers in the text of a time, which always has all its parts.
fn numbers(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_row_marks_nulls_and_packs_numbers_and_times() {
        let columns =
            [Kind::Integer, Kind::Timestamp, Kind::Varchar].map(|kind| Column { name: "c".to_owned(), kind });
        let row = [None, Some("2024-02-29 01:02:03.000004".to_owned()), Some("x".to_owned())];
        let packed = binary_row(&columns, &row);
        assert_eq!(packed, [0, 4, 11, 232, 7, 2, 29, 1, 2, 3, 4, 0, 0, 0, 1, b'x']);
    }
}
