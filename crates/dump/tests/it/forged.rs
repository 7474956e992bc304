//! A dump is data: even of a forged one, only rows and verified definitions run.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use dump::{ChunkAim, Compression, Error, Meter, Options, SigningKey, load};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, selection};

const PREAMBLE: &str = "-- Lifeboat dump, format 1: rows\nSET NAMES utf8mb4;\n\
    SET SESSION time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks=0, unique_checks=0;\n";

/// Changes the manifest, and recomputes its seal, which needs no key.
fn reseal(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    change(&mut manifest);
    let content = manifest.to_string();
    let hash = blake3::hash(content.as_bytes()).to_hex();
    fs::write(path, format!("{content}\n{{\"blake3\":\"{hash}\",\"signature\":null}}\n")).expect("sealed");
}

/// Returns the first piece of the first table.
fn piece(manifest: &mut Value) -> &mut Value {
    &mut manifest["databases"][0]["tables"][0]["pieces"][0]
}

/// Replaces the bytes of a piece; the manifest lists their hash and the length of their text.
fn forge(folder: &Path, path: &str, bytes: &[u8], raw_bytes: usize) {
    fs::write(folder.join(path), bytes).expect("forged");
    reseal(folder, |manifest| {
        let piece = piece(manifest);
        piece["raw_bytes"] = raw_bytes.into();
        piece["longest_statement"] = bytes.len().into();
        piece["object"]["bytes"] = bytes.len().into();
        piece["object"]["blake3"] = blake3::hash(bytes).to_hex().as_str().into();
    });
}

/// Creates the tables of a dump and loads their rows; returns the error.
async fn refused(bed: &Bed, id: &str, names: &[(&str, &str)]) -> String {
    let (dump, options, never) = (id.parse().expect("an id"), load_options(names), CancellationToken::new());
    create_schema(&bed.source(), &bed.client, &dump, &options).await.expect("a schema");
    let loaded = load::load_data(&bed.source(), &bed.client, &dump, &options, 1, &Meter::new(), &never).await;
    match loaded.expect_err("a forged dump") {
        Error::Damaged { why, .. } => why,
        error => panic!("{error:?}"),
    }
}

async fn rows(bed: &Bed, table: &str) -> String {
    let mut session = bed.session().await;
    let rows = query(&mut session, &format!("SELECT COUNT(*) FROM {table}")).await;
    session.close().await;
    rows[0][0].clone()
}

#[tokio::test]
async fn a_forged_piece_does_nothing_but_insert_rows() {
    let bed = Bed::shared();
    bed.database("d_forged", &["CREATE TABLE t (a INT, b VARCHAR(99))", "INSERT INTO t VALUES (1,'x')"])
        .await;
    bed.database(
        "d_forged_victim",
        &["CREATE TABLE v (a INT, b VARCHAR(99))", "INSERT INTO v VALUES (1,'x')"],
    )
    .await;
    let options =
        Options { selection: selection(&["d_forged"]), compression: Compression::None, ..Options::default() };
    bed.dump_with(&"forged".parse().expect("an id"), &options).await.expect("a dump");
    let folder = bed.dir.path().join("forged");
    let insert = "INSERT INTO `t` (`a`,`b`) VALUES\n";
    let attacks = [
        "DROP TABLE d_forged_victim.v;\n".to_owned(),
        "GRANT ALL ON *.* TO root;\n".to_owned(),
        "SET SESSION sql_mode='ANSI_QUOTES';\n".to_owned(),
        "USE d_forged_victim;\nINSERT INTO `t` (`a`,`b`) VALUES\n(1,'x');\n".to_owned(),
        "INSERT INTO `v` (`a`,`b`) VALUES\n(1,'x');\n".to_owned(),
        "INSERT INTO d_forged_victim.v (`a`,`b`) VALUES\n(1,'x');\n".to_owned(),
        "INSERT INTO `t` (`a`) VALUES\n(1);\n".to_owned(),
        format!("{insert}(1,'x');DROP TABLE d_forged_victim.v;\n"),
        format!("{insert}(1,'x'); -- \n"),
        format!("{insert}(1,'x')/*!;DROP TABLE d_forged_victim.v*/;\n"),
        format!("{insert}(1,(SELECT USER()));\n"),
        format!("{insert}(SLEEP(1),'x');\n"),
        format!("{insert}(1,LOAD_FILE('/etc/passwd'));\n"),
        format!("{insert}(1,'x') ON DUPLICATE KEY UPDATE b='y';\n"),
    ];
    for attack in attacks {
        let text = format!("{PREAMBLE}{attack}");
        forge(&folder, "data/d_forged/t/000001.sql", text.as_bytes(), text.len());
        bed.no_database("d_forged_2");
        let why = refused(&bed, "forged", &[("d_forged", "d_forged_2")]).await;
        // Text after the `;` leaves the last statement without an end.
        let reasons = ["not an INSERT of the planned form", "it ends too early"];
        assert!(reasons.iter().any(|reason| why.contains(reason)), "{attack}: {why}");
        assert_eq!(rows(&bed, "d_forged_2.t").await, "0", "{attack}");
        assert_eq!(rows(&bed, "d_forged_victim.v").await, "1", "{attack}");
    }
    let text = format!("SET GLOBAL read_only=1;\n{PREAMBLE}{insert}(1,'x');\n");
    forge(&folder, "data/d_forged/t/000001.sql", text.as_bytes(), text.len());
    bed.no_database("d_forged_2");
    let why = refused(&bed, "forged", &[("d_forged", "d_forged_2")]).await;
    assert_eq!(why, "it does not begin like a piece of a dump");
}

#[tokio::test]
async fn no_statement_of_a_piece_runs_before_its_bytes_were_proved() {
    let bed = Bed::shared();
    let long = "x".repeat(1000);
    let values =
        |from: u32| (from..from + 1000).map(|a| format!("({a},'{long}')")).collect::<Vec<_>>().join(",");
    let mut statements = vec!["CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(1000))".to_owned()];
    statements.extend((0..10).map(|thousand| format!("INSERT INTO t VALUES {}", values(thousand * 1000))));
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    bed.database("d_unproved", &statements).await;
    let chunk = ChunkAim { rows: Some(1_000_000), ..ChunkAim::default() };
    let options = Options {
        selection: selection(&["d_unproved"]),
        compression: Compression::None,
        chunk,
        ..Options::default()
    };
    let manifest = bed.dump_with(&"unproved".parse().expect("an id"), &options).await.expect("a dump");
    let object = manifest.tables().next().expect("a table").1.pieces[0].object.clone().expect("rows");
    assert_eq!(object.blocks.len() as u64, object.bytes.div_ceil(4 << 20), "{} bytes", object.bytes);
    assert!(object.blocks.len() > 2);
    assert_eq!(bed.verify("unproved").await.findings, []);
    let folder = bed.dir.path().join("unproved");
    let path = folder.join(&object.path);
    let whole = fs::read(&path).expect("a piece");

    // The change is in the first block, and the row would still be valid.
    let mut changed = whole.clone();
    let at = 3 << 20;
    changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
    for blocks_are_named in [true, false] {
        fs::write(&path, &changed).expect("changed");
        if !blocks_are_named {
            reseal(&folder, |manifest| {
                piece(manifest)["object"].as_object_mut().expect("an object").remove("blocks");
            });
        }
        bed.no_database("d_unproved_2");
        let why = refused(&bed, "unproved", &[("d_unproved", "d_unproved_2")]).await;
        assert_eq!(why, "its bytes do not fit its checksum");
        assert_eq!(rows(&bed, "d_unproved_2.t").await, "0");

        fs::write(&path, &whole).expect("as it was");
        bed.no_database("d_unproved_2");
        bed.load("unproved", &[("d_unproved", "d_unproved_2")]).await;
        assert_eq!(rows(&bed, "d_unproved_2.t").await, "10000");
    }
}

#[tokio::test]
async fn a_piece_that_grows_without_end_is_left_at_what_the_manifest_names() {
    let bed = Bed::shared();
    bed.database("d_bomb", &["CREATE TABLE t (a INT, b LONGTEXT)", "INSERT INTO t VALUES (1,'x')"]).await;
    bed.dump("bomb", &["d_bomb"], ChunkAim::default()).await;
    let folder = bed.dir.path().join("bomb");
    let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
    packed.write_all(format!("{PREAMBLE}INSERT INTO `t` (`a`,`b`) VALUES\n(1,'").as_bytes()).expect("packed");
    let zeros = vec![b'0'; 1 << 20];
    (0..512).for_each(|_| packed.write_all(&zeros).expect("packed"));
    let packed = packed.finish().expect("packed");
    assert!(packed.len() < 1 << 20, "{} bytes", packed.len());
    for (raw_bytes, expected) in [(1000, "it holds more than 1000 bytes of text"), (1 << 30, "longer than")] {
        forge(&folder, "data/d_bomb/t/000001.sql.zst", &packed, raw_bytes);
        bed.no_database("d_bomb_2");
        let why = refused(&bed, "bomb", &[("d_bomb", "d_bomb_2")]).await;
        assert!(why.contains(expected), "{why}");
    }
}

#[tokio::test]
async fn a_statement_beyond_the_limit_is_not_even_read() {
    let bed = Bed::shared();
    bed.database("d_vast", &["CREATE TABLE t (a INT, b LONGTEXT)", "INSERT INTO t VALUES (1,'x')"]).await;
    bed.dump("vast", &["d_vast"], ChunkAim::default()).await;
    let folder = bed.dir.path().join("vast");
    reseal(&folder, |manifest| {
        let piece = piece(manifest);
        piece["raw_bytes"] = (1_u64 << 32).into();
        piece["longest_statement"] = (1_u64 << 32).into();
    });
    bed.no_database("d_vast_2");
    let why = refused(&bed, "vast", &[("d_vast", "d_vast_2")]).await;
    assert!(why.contains("4.0 GiB") && why.contains("limits.row_mib"), "{why}");
}

#[tokio::test]
async fn definitions_and_the_plan_are_proved_before_they_are_used() {
    let bed = Bed::shared();
    let statements =
        ["CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)", "CREATE VIEW v AS SELECT a FROM t"];
    bed.database("d_unproved_schema", &statements).await;
    bed.dump("unproved-schema", &["d_unproved_schema"], ChunkAim::default()).await;
    let folder = bed.dir.path().join("unproved-schema");
    let (dump, never) = ("unproved-schema".parse().expect("an id"), CancellationToken::new());
    let options = load_options(&[("d_unproved_schema", "d_unproved_schema_2")]);
    for file in ["database", "tables", "views"] {
        let path = folder.join(format!("schema/d_unproved_schema/{file}.sql"));
        let whole = fs::read_to_string(&path).expect("a file");
        fs::write(&path, whole.replace(" ", "  ")).expect("changed");
        bed.no_database("d_unproved_schema_2");
        let (target, client) = (bed.source(), &bed.client);
        let refused = async {
            create_schema(&target, client, &dump, &options).await?;
            load::load_data(&target, client, &dump, &options, 1, &Meter::new(), &never).await?;
            load::create_indexes(&target, client, &dump, &options, 1, &never).await.map(drop)
        };
        match refused.await.expect_err("a changed file") {
            Error::Damaged { path, why } => {
                assert!(path.ends_with(&format!("{file}.sql")), "{path}");
                assert_eq!(why, "its bytes do not fit its checksum");
            }
            error => panic!("{error:?}"),
        }
        fs::write(&path, whole).expect("as it was");
    }
    // A valid plan, but another one.
    let path = folder.join("plan.json");
    let text = fs::read_to_string(&path).expect("a plan").replace("\"form\":\"number\"", "\"form\":\"text\"");
    let content = text.lines().next().expect("a line");
    let hash = blake3::hash(content.as_bytes()).to_hex();
    fs::write(&path, format!("{content}\n{{\"blake3\":\"{hash}\",\"signature\":null}}\n")).expect("sealed");
    bed.no_database("d_unproved_schema_2");
    create_schema(&bed.source(), &bed.client, &dump, &options).await.expect("a schema");
    let loaded = load::load_data(&bed.source(), &bed.client, &dump, &options, 1, &Meter::new(), &never).await;
    let error = loaded.expect_err("another plan");
    assert!(matches!(&error, Error::Damaged { path, .. } if path == "plan.json"), "{error:?}");
}

#[tokio::test]
async fn a_signed_dump_names_its_signer_and_ignores_foreign_files() {
    let bed = Bed::shared();
    bed.database("d_signed", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1),(2),(3)"])
        .await;
    let (key, stranger) = (SigningKey::generate(), SigningKey::generate());
    let options = Options {
        selection: selection(&["d_signed"]),
        signer: Some(key.clone()),
        chunk: ChunkAim { rows: Some(1), ..ChunkAim::default() },
        connections: 2,
        ..Options::default()
    };
    let dump = "signed".parse().expect("an id");
    bed.dump_with(&dump, &options).await.expect("a dump");
    let opened = dump::open_manifest(&bed.client, &dump).await.expect("a manifest");
    assert_eq!(opened.signer, Some(key.public()));
    bed.no_database("d_signed_2");
    bed.load("signed", &[("d_signed", "d_signed_2")]).await;
    assert_eq!(dump::finish(&bed.client, &dump, Some(&key)).await.expect("the same"), opened.manifest);
    let other = dump::finish(&bed.client, &dump, Some(&stranger)).await;
    assert!(matches!(other, Err(Error::NotOurs { .. })), "{other:?}");

    // Anyone can seal a manifest again, but only the holder of the key can sign it.
    let path = bed.dir.path().join("signed/manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let (content, seal) = text.split_once('\n').expect("two lines");
    let changed = content.replacen("\"format\":1", "\"format\":0", 1);
    let hash = |content: &str| blake3::hash(content.as_bytes()).to_hex().to_string();
    fs::write(&path, format!("{changed}\n{}", seal.replace(&hash(content), &hash(&changed))))
        .expect("changed");
    let error = dump::open_manifest(&bed.client, &dump).await.expect_err("altered");
    assert!(matches!(&error, Error::Altered { path } if path == "manifest.json"), "{error:?}");
    reseal(&bed.dir.path().join("signed"), |_| {});
    let unsigned = dump::open_manifest(&bed.client, &dump).await.expect("a manifest");
    assert_eq!(unsigned.signer, None);
    let checked = load::Options {
        expected_manifest: Some(opened.blake3),
        ..load_options(&[("d_signed", "d_signed_3")])
    };
    bed.no_database("d_signed_3");
    let refused = create_schema(&bed.source(), &bed.client, &dump, &checked).await;
    assert!(matches!(&refused, Err(Error::Damaged { path, .. }) if path == "manifest.json"), "{refused:?}");
}

#[tokio::test]
async fn the_bounds_of_a_forged_plan_never_become_part_of_a_query() {
    let bed = Bed::shared();
    bed.database("d_bounds", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1),(2),(3)"])
        .await;
    let options = Options {
        selection: selection(&["d_bounds"]),
        chunk: ChunkAim { rows: Some(1), ..ChunkAim::default() },
        connections: 2,
        ..Options::default()
    };
    let (dump, source) = ("bounds".parse().expect("an id"), bed.source());
    dump::take_snapshot(&source, &bed.client, &dump, &options).await.expect("a plan").release().await;
    let path = bed.dir.path().join("bounds/plan.json");
    let text = fs::read_to_string(&path).expect("a plan");
    let content = text.lines().next().expect("two lines");
    let forged = content.replacen("\"up_to\":[\"1\"]", "\"up_to\":[\"(SELECT 1)\"]", 1);
    assert_ne!(forged, content, "the plan has such a bound");
    let hash = blake3::hash(forged.as_bytes()).to_hex();
    fs::write(&path, format!("{forged}\n{{\"blake3\":\"{hash}\",\"signature\":null}}\n")).expect("sealed");
    match dump::resume_snapshot(&source, &bed.client, &dump, &options).await {
        Err(Error::Damaged { path, .. }) => assert_eq!(path, "plan.json"),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("the forged plan was followed"),
    }
}

#[tokio::test]
async fn an_unfinished_dump_is_not_resumed_from_what_others_wrote() {
    let bed = Bed::shared();
    bed.database("d_unfinished", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1),(2)"])
        .await;
    let (source, never) = (bed.source(), CancellationToken::new());
    let unsigned = Options { selection: selection(&["d_unfinished"]), connections: 2, ..Options::default() };
    let signed = Options { signer: Some(SigningKey::generate()), ..unsigned.clone() };

    let dump = "planned-by-others".parse().expect("an id");
    dump::take_snapshot(&source, &bed.client, &dump, &unsigned).await.expect("a plan").release().await;
    match dump::take_or_resume_snapshot(&source, &bed.client, &dump, &signed).await {
        Err(error @ Error::NotOurs { .. }) => assert!(error.must_restart()),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("the plan of others was followed"),
    }
    // A signed dump does not lose its signature when it is resumed without the key.
    let dump = "planned-with-a-key".parse().expect("an id");
    dump::take_snapshot(&source, &bed.client, &dump, &signed).await.expect("a plan").release().await;
    let resumed = dump::take_or_resume_snapshot(&source, &bed.client, &dump, &unsigned).await;
    assert!(matches!(resumed.map(drop), Err(Error::NotOurs { .. })));

    let dump = "pieces-of-others".parse().expect("an id");
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &signed).await.expect("a plan");
    dump::dump_schema(&source, &bed.client, &snapshot).await.expect("a schema");
    dump::dump_data(&source, &bed.client, &snapshot, 2, &Meter::new(), &never).await.expect("rows");
    let receipts = bed.dir.path().join("pieces-of-others/receipts");
    for path in crate::bed::files(&receipts) {
        let text = fs::read_to_string(&path).expect("a receipt");
        let content = text.lines().next().expect("a line");
        let hash = blake3::hash(content.as_bytes()).to_hex();
        fs::write(&path, format!("{content}\n{{\"blake3\":\"{hash}\",\"signature\":null}}\n"))
            .expect("sealed");
    }
    let finished = dump::finish(&bed.client, &dump, signed.signer.as_ref()).await;
    assert!(matches!(finished, Err(Error::NotFinished { .. })), "{finished:?}");
    dump::dump_schema(&source, &bed.client, &snapshot).await.expect("a schema");
    let meter = Meter::new();
    dump::dump_data(&source, &bed.client, &snapshot, 2, &meter, &never).await.expect("rows");
    assert_eq!(meter.now().rows, 2, "they are read again");
    snapshot.release().await;
    dump::finish(&bed.client, &dump, signed.signer.as_ref()).await.expect("a manifest");
    assert_eq!(bed.verify("pieces-of-others").await.findings, []);
}
