//! Pieces with some changed bytes: each is either refused or read within its limits.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Arriving, unpack};
use crate::checksum::Checksum;
use crate::encryption::Identities;
use crate::fuzz::fuzz;
use crate::insert_form::InsertForm;
use crate::manifest::Piece;
use crate::piece::Splitter;
use crate::plan::{Compression, Plan};

fn fixture(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1").join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the form of the statements of the table `orders`.
fn form() -> InsertForm {
    let text = String::from_utf8(fixture("none/plan.json")).expect("text");
    let plan: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    let plan: Plan = serde_json::from_value(plan).expect("a plan");
    InsertForm::new("orders", &plan.table("shop", "orders").expect("a table").columns)
}

/// A change of some bytes: others in their place, fewer, or more.
#[derive(Debug, Clone)]
enum Change {
    Other(usize, u8),
    Cut(usize, usize),
    Twice(usize, usize),
    More(usize, Vec<u8>),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = any::<usize>;
    let change = prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Other(at, byte)),
        1 => (place(), 0..64_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => (place(), 0..64_usize).prop_map(|(at, length)| Change::Twice(at, length)),
        1 => (place(), prop::collection::vec(any::<u8>(), 0..32)).prop_map(|(at, more)| Change::More(at, more)),
    ];
    prop::collection::vec(change, 0..6)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let end = |at: usize, length: usize, bytes: &[u8]| (at + length).min(bytes.len());
        match change {
            Change::Other(at, byte) => {
                let at = at % bytes.len();
                bytes[at] = *byte;
            }
            Change::Cut(at, length) => {
                let at = at % bytes.len();
                bytes.drain(at..end(at, *length, &bytes));
            }
            Change::Twice(at, length) => {
                let at = at % bytes.len();
                let part = bytes[at..end(at, *length, &bytes)].to_vec();
                bytes.splice(at..at, part);
            }
            Change::More(at, more) => {
                let at = at % bytes.len();
                bytes.splice(at..at, more.iter().copied());
            }
        }
    }
    bytes
}

const TEXT_MOST_BYTES: u64 = 1 << 20;

fn piece() -> Piece {
    Piece {
        number: 1,
        rows: 2,
        checksum: Checksum::default(),
        raw_bytes: TEXT_MOST_BYTES,
        longest_statement: 4096,
        object: None,
        notes: Vec::new(),
    }
}

#[test]
fn whatever_is_in_a_packed_piece_is_refused_or_read_within_its_bounds() {
    let key = String::from_utf8(fixture("key")).expect("text");
    let identities = Identities::read(&key).expect("identities");
    let name = "data/shop/orders/000001.sql";
    let kinds = [
        (fixture(&format!("zstd/{name}.zst")), Compression::default(), None),
        (fixture(&format!("lz4/{name}.lz4")), Compression::Lz4, None),
        (fixture(&format!("none/{name}")), Compression::None, None),
        (fixture(&format!("sealed/{name}.lz4.age")), Compression::Lz4, Some(identities)),
    ];
    let form = form();
    fuzz(&(0..kinds.len(), changes(), 1..500_usize), |(kind, changes, step)| {
        let (bytes, compression, identities) = kinds[kind].clone();
        let bytes = changed(bytes, &changes);
        let parts: Vec<Bytes> = bytes.chunks(step).map(Bytes::copy_from_slice).collect();
        let (to_unpack, packed) = mpsc::channel(1);
        to_unpack.try_send(parts).expect("there is room");
        drop(to_unpack);
        let (to_caller, mut statements) = mpsc::channel(1024);
        let packed = Arriving { packed, block: VecDeque::new() };
        let unpacked = unpack(packed, identities, compression, &piece(), form.clone(), &to_caller);
        drop(to_caller);
        let mut text_bytes = 0;
        while let Some(statement) = statements.blocking_recv() {
            assert!(statement.starts_with(form.head()) && statement.len() <= 4096, "{statement:?}");
            text_bytes += statement.len() as u64;
        }
        assert!(text_bytes <= TEXT_MOST_BYTES);
        if unpacked.is_err() {
            return;
        }
        assert_eq!(text_bytes > 0, !bytes.is_empty());
    });
}

#[test]
fn whatever_is_in_the_text_of_a_piece_is_cut_into_planned_statements_or_refused() {
    let (text, form) = (fixture("none/data/shop/orders/000001.sql"), form());
    fuzz(&(changes(), 1..300_usize), |(changes, step)| {
        let text = changed(text.clone(), &changes);
        let mut splitter = Splitter::new(form.clone(), 4096);
        for part in text.chunks(step) {
            splitter.push(part);
            loop {
                match splitter.next_statement() {
                    Ok(Some(statement)) => assert!(form.check(&statement).is_ok(), "{statement:?}"),
                    Ok(None) => break,
                    Err(_) => return,
                }
            }
        }
    });
}
