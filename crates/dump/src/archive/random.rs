//! Forged plans and manifests: each is either refused or can be queried without a panic.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::blocks::{self, BlockProof};
use crate::chunk::select_rows;
use crate::fuzz::fuzz;
use crate::insert_form::InsertForm;
use crate::manifest::Manifest;
use crate::plan::{Plan, Selection};
use crate::schema_file;
use crate::sealed::{seal, unseal};
use crate::signing::Purpose;

const PURPOSE: Purpose<'static> = Purpose { kind: "manifest", dump: "d1" };

fn fixture(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1").join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn content(path: &str) -> Value {
    let text = String::from_utf8(fixture(path)).expect("text");
    serde_json::from_str(text.lines().next().expect("a line")).expect("JSON")
}

/// Values that may replace another value.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(0)),
        Just(json!(1)),
        Just(json!(-1)),
        Just(json!(u64::MAX)),
        Just(json!(u64::MAX / 2 + 1)),
        Just(json!(u32::MAX)),
        Just(json!(1e300)),
        Just(json!("")),
        Just(json!("../../x")),
        Just(json!("`; DROP DATABASE shop; -- ")),
        Just(json!("\u{202e}\u{0}\n")),
        Just(json!([])),
        Just(json!({})),
        any::<u64>().prop_map(|number| json!(number)),
        "[ -~]{0,12}".prop_map(|text| json!(text)),
    ]
}

/// The replaced values and their paths. Each number selects one step of a path.
fn changes() -> impl Strategy<Value = Vec<(Vec<usize>, Value)>> {
    prop::collection::vec((prop::collection::vec(any::<usize>(), 1..9), value()), 0..5)
}

fn change(document: &mut Value, path: &[usize], new: Value) {
    let (Some((&step, rest)), false) = (path.split_first(), document.is_null()) else {
        *document = new;
        return;
    };
    match document {
        Value::Array(list) if !list.is_empty() => {
            let place = step % list.len();
            change(&mut list[place], rest, new);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let place = step % fields.len();
            change(fields.values_mut().nth(place).expect("a field"), rest, new);
        }
        other => *other = new,
    }
}

fn changed(document: &Value, changes: Vec<(Vec<usize>, Value)>) -> Value {
    let mut document = document.clone();
    for (path, new) in changes {
        change(&mut document, &path, new);
    }
    document
}

#[test]
fn whatever_a_manifest_says_is_refused_or_answers_what_it_is_asked() {
    let manifests = ["zstd", "sealed"].map(|dump| content(&format!("{dump}/manifest.json")));
    fuzz(&(0..manifests.len(), changes()), |(which, changes)| {
        let sealed = seal(&changed(&manifests[which], changes), PURPOSE, None);
        let Ok(unsealed) = unseal::<Manifest>(&sealed, PURPOSE) else { return };
        let manifest = unsealed.content;
        if manifest.check_numbers().is_err() {
            return;
        }
        let totals = manifest.add_up();
        let rows = manifest.tables().map(|(_, table)| table.rows);
        assert_eq!(totals.tables, rows.count() as u64);
        let _ = (manifest.is_partial(), manifest.held(), crate::verify::contradictions(&manifest));
        for object in manifest.objects_of(&Selection::default()) {
            let _ = (blocks::are_named(object), BlockProof::of(object).map(drop));
        }
        for (_, table) in manifest.tables() {
            let _ = table.bytes();
        }
    });
}

#[test]
fn whatever_a_plan_says_is_refused_or_makes_queries_of_the_planned_form() {
    let plan = content("zstd/plan.json");
    fuzz(&changes(), |changes| {
        let sealed = seal(&changed(&plan, changes), PURPOSE, None);
        let Ok(unsealed) = unseal::<Plan>(&sealed, PURPOSE) else { return };
        let plan = unsealed.content;
        if plan.check_bounds().is_err() {
            return;
        }
        for database in &plan.databases {
            for table in &database.tables {
                let form = InsertForm::new(&table.name, &table.columns);
                assert!(form.check(b"DROP DATABASE shop").is_err());
                for chunk in &table.chunks {
                    let _ = select_rows(plan.moment(), &database.name, table, chunk);
                }
            }
        }
    });
}

#[test]
fn whatever_bytes_are_given_for_a_sealed_object_are_refused_or_read() {
    let whole = fixture("zstd/manifest.json");
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        (0..whole.len(), any::<u8>()).prop_map(move |(place, byte)| {
            let mut bytes = whole.clone();
            bytes[place] = byte;
            bytes
        }),
    ];
    fuzz(&bytes, |bytes| {
        let _ = (unseal::<Manifest>(&bytes, PURPOSE), unseal::<Plan>(&bytes, PURPOSE));
    });
}

#[test]
fn whatever_is_in_a_file_of_definitions_is_read_or_refused() {
    let files = ["database", "tables", "views"].map(|file| fixture(&format!("zstd/schema/shop/{file}.sql")));
    let change = prop::collection::vec((any::<usize>(), any::<u8>()), 0..8);
    fuzz(&(0..files.len(), change), |(which, changes)| {
        let mut text = files[which].clone();
        for (place, byte) in changes {
            let place = place % text.len();
            text[place] = byte;
        }
        let _ = schema_file::read(&text);
    });
}
