//! Any damage of a dump's files is found and named.

use std::fs;
use std::path::{Path, PathBuf};

use dump::{ChunkAim, DumpId, Error, Meter};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema};

/// How to damage a dump, and what the finding must name.
struct Damage {
    what: &'static str,
    path: &'static str,
    act: fn(&Path),
}

const PIECE: &str = "data/d_damage/t/000001.sql.zst";

const DAMAGES: &[Damage] = &[
    Damage { what: "a piece is gone", path: PIECE, act: remove },
    Damage { what: "a piece is empty", path: PIECE, act: empty },
    Damage { what: "a piece is cut off", path: PIECE, act: cut },
    Damage { what: "a piece is longer", path: PIECE, act: lengthen },
    Damage { what: "a bit of a piece is flipped", path: PIECE, act: flip },
    Damage {
        what: "a piece is another",
        path: PIECE,
        act: |path| copy(path, "data/d_damage/t/000002.sql.zst"),
    },
    Damage { what: "a piece is named otherwise", path: PIECE, act: |path| rename(path, "data/d_damage/t/x") },
    Damage { what: "a piece is a folder", path: PIECE, act: folder },
    Damage { what: "a file too many beside the pieces", path: "data/d_damage/t/x.sql", act: create },
    Damage { what: "a file too many at the top", path: "x", act: create },
    Damage { what: "the tables are gone", path: "schema/d_damage/tables.sql", act: remove },
    Damage { what: "a bit of the tables is flipped", path: "schema/d_damage/tables.sql", act: flip },
    Damage { what: "the tables are cut off", path: "schema/d_damage/tables.sql", act: cut },
    Damage { what: "the database is gone", path: "schema/d_damage/database.sql", act: remove },
    Damage { what: "the views are longer", path: "schema/d_damage/views.sql", act: lengthen },
    Damage { what: "the plan is gone", path: "plan.json", act: remove },
    Damage { what: "a bit of the plan is flipped", path: "plan.json", act: flip },
    Damage {
        what: "the plan is another dump's",
        path: "plan.json",
        act: |path| copy(path, "../other/plan.json"),
    },
    Damage { what: "the manifest is gone", path: "manifest.json", act: remove },
    Damage { what: "a bit of the manifest is flipped", path: "manifest.json", act: flip },
    Damage { what: "the manifest is cut off", path: "manifest.json", act: cut },
    Damage { what: "the manifest is longer", path: "manifest.json", act: lengthen },
    Damage { what: "the manifest is empty", path: "manifest.json", act: empty },
    Damage {
        what: "the manifest is another dump's",
        path: "manifest.json",
        act: |path| copy(path, "../other/manifest.json"),
    },
];

fn remove(path: &Path) {
    fs::remove_file(path).expect("removed");
}

fn empty(path: &Path) {
    fs::write(path, b"").expect("emptied");
}

fn cut(path: &Path) {
    let bytes = fs::read(path).expect("bytes");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("cut");
}

fn lengthen(path: &Path) {
    let bytes = fs::read(path).expect("bytes");
    fs::write(path, [&bytes[..], b"\n"].concat()).expect("longer");
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(path, bytes).expect("flipped");
}

fn create(path: &Path) {
    fs::write(path, b"x").expect("created");
}

fn folder(path: &Path) {
    remove(path);
    fs::create_dir(path).expect("a folder");
}

fn copy(path: &Path, from: &str) {
    fs::copy(dump_folder(path).join(from), path).expect("copied");
}

fn rename(path: &Path, to: &str) {
    fs::rename(path, dump_folder(path).join(to)).expect("renamed");
}

/// Returns the folder of the dump that contains a path.
fn dump_folder(path: &Path) -> PathBuf {
    path.ancestors().find(|folder| folder.ends_with("damaged")).expect("within the dump").to_path_buf()
}

#[tokio::test]
async fn every_damage_is_found_and_named() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9))",
        "INSERT INTO t VALUES (1,'a'),(2,'b'),(3,'c'),(4,'d')",
        "CREATE VIEW v AS SELECT a FROM t",
    ];
    bed.database("d_damage", &statements).await;
    for id in ["damaged", "other"] {
        bed.dump(id, &["d_damage"], ChunkAim { rows: Some(2), ..ChunkAim::default() }).await;
    }
    assert_eq!(bed.verify("damaged").await.findings, []);
    let (dump, never): (DumpId, _) = ("damaged".parse().expect("an id"), CancellationToken::new());
    let folder = bed.dir.path().join("damaged");
    let whole = bed.dir.path().join("whole");
    fs::rename(&folder, &whole).expect("kept");
    for damage in DAMAGES {
        let _ = fs::remove_dir_all(&folder);
        copy_folder(&whole, &folder);
        (damage.act)(&folder.join(damage.path));
        let named = match dump::verify(&bed.client, &dump, None, 2, &Meter::new(), &never).await {
            Ok(report) => report.findings.iter().map(|finding| finding.problem().to_string()).collect(),
            Err(error @ (Error::Damaged { .. } | Error::NotFinished { .. })) => {
                format!("{error} {}", error.problem())
            }
            Err(error) => panic!("{}: {error:?}", damage.what),
        };
        assert!(named.contains(damage.path), "{}: {named}", damage.what);
    }
}

#[tokio::test]
async fn a_damaged_piece_is_not_loaded() {
    let bed = Bed::shared();
    bed.database("d_damage_load", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1),(2)"])
        .await;
    bed.no_database("d_damage_load_2");
    bed.dump("hurt", &["d_damage_load"], ChunkAim::default()).await;
    flip(&bed.dir.path().join("hurt/data/d_damage_load/t/000001.sql.zst"));
    let (dump, target): (DumpId, _) = ("hurt".parse().expect("an id"), bed.source());
    let (load, never) =
        (crate::bed::load_options(&[("d_damage_load", "d_damage_load_2")]), CancellationToken::new());
    create_schema(&target, &bed.client, &dump, &load).await.expect("a schema");
    let loaded = dump::load::load_data(&target, &bed.client, &dump, &load, 1, &Meter::new(), &never).await;
    let error = loaded.expect_err("it is damaged");
    assert!(matches!(&error, Error::Damaged { path, .. } if path.ends_with("000001.sql.zst")), "{error:?}");
    let mut session = bed.session().await;
    let rows = crate::bed::query(&mut session, "SELECT COUNT(*) FROM d_damage_load_2.t").await;
    assert_eq!(rows, [["0"]]);
    session.close().await;
}

#[tokio::test]
async fn rows_that_differ_from_the_dump_are_found_with_their_piece() {
    let bed = Bed::shared();
    let statements =
        ["CREATE TABLE t (a INT PRIMARY KEY, b INT)", "INSERT INTO t VALUES (1,1),(2,2),(3,3),(4,4)"];
    let changes = [
        "UPDATE t SET b = 9 WHERE a = 3",
        "DELETE FROM t WHERE a = 4",
        "INSERT INTO t VALUES (5,5)",
        "UPDATE t SET b = NULL WHERE a = 3",
        "UPDATE t SET a = 7 WHERE a = 3",
    ];
    for change in changes {
        bed.database("d_differ", &statements).await;
        let id =
            format!("differ-{}", changes.iter().position(|other| *other == change).expect("one of them"));
        bed.dump(&id, &["d_differ"], ChunkAim { rows: Some(2), ..ChunkAim::default() }).await;
        assert_eq!(bed.compare(&id, &[]).await.findings, []);
        let mut session = bed.session().await;
        crate::bed::run(&mut session, "USE d_differ").await;
        crate::bed::run(&mut session, change).await;
        session.close().await;
        let findings = bed.compare(&id, &[]).await.findings;
        let named = findings.iter().all(|finding| finding.problem().to_string().contains("`d_differ`.`t`"));
        assert!(!findings.is_empty() && named, "{change}: {findings:?}");
        assert!(
            findings.iter().all(|finding| !matches!(finding, dump::Finding::RowsDiffer { piece: 1, .. })),
            "the first piece is as it was: {change}: {findings:?}"
        );
    }
    bed.database("d_differ", &[]).await;
    let findings = bed.compare("differ-0", &[]).await.findings;
    assert!(matches!(&findings[..], [dump::Finding::TableMissing { .. }]), "{findings:?}");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
