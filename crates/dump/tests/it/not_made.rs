//! Refused objects are named, and all others are created.

use dump::{ChunkAim, DumpId, Finding, Meter, load};
use model::not_made::PartKind;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, run};

/// Loads a dump as far as possible, twice, and compares the loaded objects.
async fn loaded(bed: &Bed, id: &str, options: &load::Options) -> load::Made {
    let (dump, target, never): (DumpId, _, _) =
        (id.parse().expect("an id"), bed.source(), CancellationToken::new());
    let mut made = load::Made::default();
    for _ in 0..2 {
        made = create_schema(&target, &bed.client, &dump, options).await.expect("a schema");
    }
    load::load_data(&target, &bed.client, &dump, options, 2, &Meter::new(), &never).await.expect("rows");
    let first = load::create_indexes(&target, &bed.client, &dump, options, 2, &never).await.expect("keys");
    let again = load::create_indexes(&target, &bed.client, &dump, options, 2, &never).await.expect("keys");
    assert_eq!(first.not_made, again.not_made, "a call that is made again says the same");
    made.add(again);
    let report = load::verify_data(&target, &bed.client, &dump, options, 2, &Meter::new(), &never).await;
    assert_eq!(report.expect("a report").findings, []);
    load::finish(&target, &bed.client, &dump, options).await.expect("an end");
    made
}

fn named(made: &load::Made) -> Vec<(PartKind, &str)> {
    made.not_made.iter().map(|part| (part.kind, part.name.as_str())).collect()
}

/// A seekdb does not know MariaDB's UUID columns: only the table and the objects that depend on it are missing.
#[tokio::test]
async fn a_table_that_the_target_refuses_leaves_the_others_alone() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    let statements = [
        "CREATE TABLE odd (id INT PRIMARY KEY, u UUID)",
        "CREATE TABLE child (id INT PRIMARY KEY, odd INT, CONSTRAINT to_odd FOREIGN KEY (odd) REFERENCES odd (id))",
        "CREATE TABLE good (id INT PRIMARY KEY, name VARCHAR(20), KEY by_name (name))",
        "CREATE VIEW of_odd AS SELECT id FROM odd",
        "CREATE VIEW of_good AS SELECT id FROM good",
        "INSERT INTO odd VALUES (1, UUID())",
        "INSERT INTO child VALUES (1, 1)",
        "INSERT INTO good VALUES (1, 'x'), (2, 'y')",
    ];
    maria.database("d_not_made", &statements).await;
    seekdb.no_database("d_not_made");
    maria.dump("not-made", &["d_not_made"], ChunkAim::default()).await;
    let made = loaded(&maria.beside(&seekdb), "not-made", &load_options(&[])).await;
    let expected = [
        (PartKind::Tables, "`d_not_made`.`odd`"),
        (PartKind::ForeignKeys, "`d_not_made`.`child`.`to_odd`"),
        (PartKind::Views, "`d_not_made`.`of_odd`"),
    ];
    assert_eq!(named(&made), expected);
    let mut session = seekdb.session().await;
    assert_eq!(query(&mut session, "SELECT COUNT(*) FROM d_not_made.of_good").await, [["2"]]);
    assert_eq!(query(&mut session, "SELECT odd FROM d_not_made.child").await, [["1"]]);
    assert_eq!(query(&mut session, "SHOW TABLES IN d_not_made LIKE 'lifeboat%'").await.len(), 0);
    session.close().await;
}

#[tokio::test]
async fn a_load_that_could_make_no_table_at_all_fails() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    maria.database("d_none_made", &["CREATE TABLE odd (id INT PRIMARY KEY, u UUID)"]).await;
    seekdb.no_database("d_none_made");
    maria.dump("none-made", &["d_none_made"], ChunkAim::default()).await;
    let target = maria.beside(&seekdb);
    let dump = "none-made".parse().expect("an id");
    let refused = create_schema(&target.source(), &target.client, &dump, &load_options(&[])).await;
    let told = refused.expect_err("nothing was made").problem().to_string();
    assert!(told.starts_with("Cannot create the table `d_none_made`.`odd`: "), "{told}");
}

/// The statements of a database with a table whose rows are going to be refused, and objects that depend on it.
const REFUSED: &[&str] = &[
    "CREATE TABLE bad (id INT PRIMARY KEY, v LONGTEXT)",
    "CREATE TABLE child (id INT PRIMARY KEY, bad INT, CONSTRAINT to_bad FOREIGN KEY (bad) REFERENCES bad (id))",
    "CREATE TABLE good (id INT PRIMARY KEY, name VARCHAR(20), KEY by_name (name))",
    "CREATE TABLE tiny (id INT PRIMARY KEY)",
    "CREATE VIEW of_bad AS SELECT id FROM bad",
    "CREATE VIEW of_good AS SELECT id FROM good",
    "INSERT INTO bad VALUES (1, NULL), (2, NULL), (3, NULL), (4, NULL), (5, NULL), (6, NULL), (7, NULL)",
    // Pieces that are large enough for transactions of their own: some are committed before the first row is refused.
    "UPDATE bad SET v = REPEAT('x', 600000)",
    "INSERT INTO child VALUES (1, 1), (2, 7)",
    "INSERT INTO good VALUES (1, 'x'), (2, 'y'), (3, 'z')",
    "INSERT INTO tiny VALUES (1)",
];

/// Rows of one piece out of several are refused, on several connections and on one.
#[tokio::test]
async fn a_table_whose_rows_the_target_refuses_leaves_the_others_alone() {
    for (bed, name) in [(Bed::shared(), "kernel"), (Bed::mariadb(), "maria")] {
        let (source, copy) = (format!("d_rows_{name}"), format!("d_rows_{name}_2"));
        bed.database(&source, REFUSED).await;
        let chunk = ChunkAim { rows: Some(2), ..ChunkAim::default() };
        bed.dump("rows", &[&source], chunk).await;
        let (dump, target, never): (DumpId, _, _) =
            ("rows".parse().expect("an id"), bed.source(), CancellationToken::new());
        let options = load_options(&[(&source, &copy)]);
        let expected = [
            (PartKind::Tables, format!("`{copy}`.`bad`")),
            (PartKind::ForeignKeys, format!("`{copy}`.`child`.`to_bad`")),
            (PartKind::Views, format!("`{copy}`.`of_bad`")),
        ];
        let expected: Vec<_> = expected.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
        for connections in [1, 3] {
            bed.no_database(&copy);
            let mut made = create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
            refuse_a_row(&bed, &copy).await;
            let meter = Meter::new();
            let rows = load::load_data(&target, &bed.client, &dump, &options, connections, &meter, &never);
            made.add(rows.await.expect("rows"));
            assert_eq!(meter.now().rows, 6, "{name}: rows of a table that is gone do not count");
            let keys = load::create_indexes(&target, &bed.client, &dump, &options, 2, &never);
            made.add(keys.await.expect("keys"));
            assert_eq!(named(&made), expected, "{name}");
            let told = made.not_made[0].reason.message(Default::default());
            assert!(told.contains("(piece 1)") && told.contains("1062"), "{name}: {told}");
            let meter = Meter::new();
            let report = load::verify_data(&target, &bed.client, &dump, &options, 2, &meter, &never);
            let report = report.await.expect("a report");
            assert_eq!((report.rows, report.findings.len()), (6, 0), "{name}");
            let mut session = bed.session().await;
            let there = query(&mut session, &format!("SHOW TABLES IN {copy} LIKE 'bad'")).await;
            assert_eq!(there.len(), 0, "{name}: no half of it stays");
            session.close().await;
        }
        load::finish(&target, &bed.client, &dump, &options).await.expect("an end");
        let findings = bed.compare("rows", &[(&source, &copy)]).await.findings;
        assert!(
            matches!(&findings[..], [Finding::TableMissing { table, .. }] if table.contains("`bad`")),
            "{name}: nobody says that it is equal: {findings:?}"
        );
    }
}

/// Inserts a row into the copy of the table that is also in its first piece, which is loaded last.
async fn refuse_a_row(bed: &Bed, copy: &str) {
    let mut session = bed.session().await;
    run(&mut session, &format!("INSERT INTO {copy}.bad VALUES (1, NULL)")).await;
    session.close().await;
}

/// When the cause of the refusal is gone, a resumed load, from any call, loads all rows, and none twice.
#[tokio::test]
async fn a_load_that_goes_on_tries_refused_rows_once_more() {
    for (bed, name) in [(Bed::shared(), "kernel"), (Bed::mariadb(), "maria")] {
        let (source, copy) = (format!("d_again_{name}"), format!("d_again_{name}_2"));
        bed.database(&source, REFUSED).await;
        let chunk = ChunkAim { rows: Some(2), ..ChunkAim::default() };
        bed.dump("again", &[&source], chunk).await;
        let (dump, target, never): (DumpId, _, _) =
            ("again".parse().expect("an id"), bed.source(), CancellationToken::new());
        let options = load_options(&[(&source, &copy)]);
        let rows = async || {
            let meter = Meter::new();
            let rows = load::load_data(&target, &bed.client, &dump, &options, 2, &meter, &never);
            rows.await.expect("rows").not_made.len()
        };
        for from_the_schema in [true, false] {
            bed.no_database(&copy);
            create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
            refuse_a_row(&bed, &copy).await;
            assert_eq!(rows().await, 1, "{name}");
            if from_the_schema {
                create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
            }
            assert_eq!(rows().await, 0, "{name}");
            load::create_indexes(&target, &bed.client, &dump, &options, 2, &never).await.expect("keys");
            let meter = Meter::new();
            let report = load::verify_data(&target, &bed.client, &dump, &options, 2, &meter, &never);
            let report = report.await.expect("a report");
            assert_eq!((report.rows, report.findings.len()), (13, 0), "{name}");
        }
        // It was killed when the refusal was noted, and the table not yet dropped: half of it is there.
        bed.no_database(&copy);
        create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
        let mut session = bed.session().await;
        for statement in [
            format!("INSERT INTO {copy}.bad VALUES (1, 'x'), (2, 'x')"),
            format!(
                "INSERT INTO {copy}.lifeboat_load_progress VALUES ('bad', 1, 'again', 0, 1), ('bad', 2147483646, 'again', 0, 0)"
            ),
        ] {
            run(&mut session, &statement).await;
        }
        session.close().await;
        let made = loaded(&bed, "again", &options).await;
        assert_eq!(made.not_made, [], "{name}");
    }
}

/// A view that the dump's user may not run, and one whose definer lost a right, are healthy for others.
#[tokio::test]
async fn views_that_do_not_answer_the_dumps_user_are_kept_and_made() {
    let bed = Bed::mariadb();
    bed.database("d_silent_other", &["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (7)"])
        .await;
    let mut session = bed.session().await;
    for statement in [
        "DROP USER IF EXISTS silent_definer, silent_reader",
        "CREATE USER silent_definer IDENTIFIED BY 'x'",
        "CREATE USER silent_reader IDENTIFIED BY 'x'",
        "GRANT ALL ON d_silent_other.* TO silent_definer",
    ] {
        run(&mut session, statement).await;
    }
    let statements = [
        "CREATE TABLE own (id INT PRIMARY KEY)",
        "CREATE SQL SECURITY INVOKER VIEW of_invoker AS SELECT id FROM d_silent_other.t",
        "CREATE DEFINER = silent_definer VIEW of_definer AS SELECT id FROM d_silent_other.t",
        "CREATE VIEW of_gone AS SELECT id FROM d_silent_other.gone_soon",
    ];
    run(&mut session, "CREATE TABLE d_silent_other.gone_soon (id INT PRIMARY KEY)").await;
    bed.database("d_silent", &statements).await;
    run(&mut session, "DROP TABLE d_silent_other.gone_soon").await;
    run(&mut session, "REVOKE ALL ON d_silent_other.* FROM silent_definer").await;
    run(&mut session, "GRANT RELOAD, PROCESS, SHOW DATABASES ON *.* TO silent_reader").await;
    run(&mut session, "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE, EVENT ON d_silent.* TO silent_reader")
        .await;

    let reader = bed.as_user("silent_reader", "x");
    let options =
        dump::Options { selection: crate::bed::selection(&["d_silent"]), ..dump::Options::default() };
    let manifest = reader.dump_with(&"silent".parse().expect("an id"), &options).await.expect("a dump");
    let entry = &manifest.databases[0];
    assert_eq!((entry.views.len(), entry.broken_views.len()), (3, 0), "{:?}", manifest.left_out);
    let silent = manifest.notes.iter().filter(|note| note.id == "dump-view-silent");
    assert_eq!(silent.count(), 3, "{:?}", manifest.notes);

    bed.no_database("d_silent_2");
    let made = loaded(&bed, "silent", &load_options(&[("d_silent", "d_silent_2")])).await;
    assert_eq!(named(&made), [(PartKind::Views, "`d_silent_2`.`of_gone`")]);
    assert_eq!(query(&mut session, "SELECT id FROM d_silent_2.of_invoker").await, [["7"]]);
    run(&mut session, "GRANT SELECT ON d_silent_other.* TO silent_definer").await;
    assert_eq!(query(&mut session, "SELECT id FROM d_silent_2.of_definer").await, [["7"]]);
    session.close().await;
}

/// A text that is not valid UTF-8 in MariaDB's sense of its character sets comes back byte for byte.
#[tokio::test]
async fn single_surrogates_in_texts_of_mariadb_come_back() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) CHARACTER SET utf8mb3, b VARCHAR(20) CHARACTER SET utf32, \
         c VARCHAR(20) CHARACTER SET utf8mb4, d TEXT CHARACTER SET utf8mb3)",
        "CREATE TABLE k (a VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin PRIMARY KEY)",
        "INSERT INTO t VALUES (1,0xEDA080,0x0000D800,0x61EDBFBF62,0xEDA080EDA080),(2,'a','b','c','d'),(3,'中',NULL,'😀','')",
        "INSERT INTO k VALUES ('a'),(0xEDA080),(0xEDA08061),('中')",
    ];
    bed.database("d_surrogates", &statements).await;
    bed.no_database("d_surrogates_2");
    let manifest =
        bed.dump("surrogates", &["d_surrogates"], ChunkAim { rows: Some(2), ..ChunkAim::default() }).await;
    assert_eq!(manifest.left_out, []);
    bed.load("surrogates", &[("d_surrogates", "d_surrogates_2")]).await;
    let mut session = bed.session().await;
    for sql in [
        "SELECT id, HEX(a), HEX(b), HEX(c), HEX(d) FROM {}.t ORDER BY id",
        "SELECT HEX(a) FROM {}.k ORDER BY 1",
    ] {
        let before = query(&mut session, &sql.replace("{}", "d_surrogates")).await;
        assert_eq!(query(&mut session, &sql.replace("{}", "d_surrogates_2")).await, before);
    }
    session.close().await;
}

/// seekdb hashes the key of `PARTITION BY KEY` differently, and cuts the fraction of the largest TIME.
#[tokio::test]
async fn rows_in_other_partitions_are_equal_and_changed_values_are_named() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    let statements = [
        "CREATE TABLE parted (id INT PRIMARY KEY, v INT) PARTITION BY KEY (id) PARTITIONS 3",
        "INSERT INTO parted SELECT seq, seq FROM seq_1_to_20",
        "CREATE TABLE cut (id INT PRIMARY KEY, t TIME(6))",
        "INSERT INTO cut VALUES (1, '838:59:59.5')",
    ];
    maria.database("d_changed", &statements).await;
    seekdb.no_database("d_changed");
    maria.dump("changed", &["d_changed"], ChunkAim::default()).await;
    let (bed, options) = (maria.beside(&seekdb), load_options(&[]));
    let (dump, target, never): (DumpId, _, _) =
        ("changed".parse().expect("an id"), bed.source(), CancellationToken::new());
    create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
    load::load_data(&target, &bed.client, &dump, &options, 2, &Meter::new(), &never).await.expect("rows");
    let report = load::verify_data(&target, &bed.client, &dump, &options, 2, &Meter::new(), &never).await;
    let report = report.expect("a report");
    assert_eq!(report.tables, 2);
    let differing = load::differing(&report).expect("one table is equal");
    assert_eq!(named(&differing), [(PartKind::Tables, "`d_changed`.`cut`")]);
    let only = dump::Report { tables: 1, ..report };
    assert_eq!(load::differing(&only), None, "no table is equal");
}

/// OceanBase shows a concatenation as `||`, which is a logical or in the usual mode.
#[tokio::test]
async fn a_view_that_concatenates_with_pipes_still_does() {
    let bed = Bed::shared();
    let mode = "SET SESSION sql_mode = 'PIPES_AS_CONCAT'";
    let view = "CREATE VIEW joined AS SELECT id || 'x' AS c FROM t";
    let plain = "CREATE VIEW chosen AS SELECT id OR 0 AS c FROM t";
    let back = "SET SESSION sql_mode = DEFAULT";
    bed.database(
        "d_pipes",
        &["CREATE TABLE t (id INT)", "INSERT INTO t VALUES (1)", mode, view, back, plain],
    )
    .await;
    bed.no_database("d_pipes_2");
    bed.dump("pipes", &["d_pipes"], ChunkAim::default()).await;
    assert_eq!(named(&loaded(&bed, "pipes", &load_options(&[("d_pipes", "d_pipes_2")])).await), []);
    let mut session = bed.session().await;
    run(&mut session, mode).await;
    for (view, expected) in [("joined", "1x"), ("chosen", "1")] {
        for database in ["d_pipes", "d_pipes_2"] {
            let rows = query(&mut session, &format!("SELECT c FROM {database}.{view}")).await;
            assert_eq!(rows, [[expected]], "{database}.{view}");
        }
    }
    session.close().await;
}
