//! Objects that a dump leaves out are named, and make it partial without consent; one bad object never stops the
//! rest.

use dump::{ChunkAim, DumpId, Error, Manifest, Meter, Options};
use model::backup::BackupObject;
use model::inventory::{Consent, LeftOut, ObjectKind};

use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, query, run, selection};

/// The kinds and names of what was left out without consent.
fn lost(manifest: &Manifest) -> Vec<String> {
    names(&manifest.left_out, false)
}

fn names(left_out: &[LeftOut], agreed: bool) -> Vec<String> {
    let wanted = left_out.iter().filter(|object| object.agreed == agreed);
    wanted.map(|object| format!("{} {}", object.kind, object.name)).collect()
}

fn consent(without: &[ObjectKind], exclude: &[BackupObject]) -> Consent {
    Consent { without: without.to_vec(), exclude: exclude.to_vec() }
}

#[tokio::test]
async fn objects_hidden_by_a_missing_privilege_are_named_unless_excluded() {
    for (bed, routine_right, event_right) in
        [(Bed::shared(), "EXECUTE", None), (Bed::mariadb(), "EXECUTE", Some("EVENT"))]
    {
        let statements = [
            "CREATE TABLE t (a INT PRIMARY KEY)",
            "CREATE PROCEDURE p() SELECT 1",
            "INSERT INTO t VALUES (1)",
        ];
        bed.database("d_hidden", &statements).await;
        let mut session = bed.session().await;
        for sql in [
            "DROP USER IF EXISTS d_hidden_user",
            "CREATE USER d_hidden_user IDENTIFIED BY 'little'",
            "GRANT SELECT, SHOW VIEW, TRIGGER ON d_hidden.* TO d_hidden_user",
        ] {
            run(&mut session, sql).await;
        }
        if event_right.is_some() {
            run(&mut session, "GRANT RELOAD, PROCESS ON *.* TO d_hidden_user").await;
        }
        let little = bed.as_user("d_hidden_user", "little");
        let outlines = if event_right.is_none() { vec!["outlines d_hidden".to_owned()] } else { Vec::new() };
        let found =
            dump::preflight(&little.source(), &selection(&["d_hidden"]), &Consent::default(), 2).await;
        let mut hidden = names(&found.expect("it looks").left_out, false);
        hidden.retain(|name| !outlines.contains(name));
        let events = event_right.map(|_| "events d_hidden".to_owned());
        let expected: Vec<String> =
            ["routines d_hidden".to_owned()].into_iter().chain(events.clone()).collect();
        assert_eq!(hidden, expected);

        // The list is shown now; the texts are not.
        run(&mut session, &format!("GRANT {routine_right} ON d_hidden.* TO d_hidden_user")).await;
        let half = little.dump("half", &["d_hidden"], ChunkAim::default()).await;
        let mut listed = lost(&half);
        listed.retain(|name| !outlines.contains(name));
        let expected: Vec<String> =
            events.clone().into_iter().chain(["routines `d_hidden`.`p`".to_owned()]).collect();
        assert_eq!(listed, expected);
        assert!(half.is_partial());
        assert_eq!(half.totals.rows, 1, "the rest is there");

        run(&mut session, "GRANT SELECT ON mysql.* TO d_hidden_user").await;
        if let Some(right) = event_right {
            run(&mut session, &format!("GRANT {right} ON d_hidden.* TO d_hidden_user")).await;
        } else {
            run(&mut session, "GRANT SELECT ON *.* TO d_hidden_user").await; // mysql.* is not enough there
        }
        let all = little.dump("whole", &["d_hidden"], ChunkAim::default()).await;
        assert_eq!(lost(&all), [""; 0]);
        assert_eq!(all.databases[0].code.len(), 1);

        let options = Options {
            selection: selection(&["d_hidden"]),
            consent: consent(&[ObjectKind::Routines], &[]),
            ..Options::default()
        };
        let agreed = bed.dump_with(&"agreed".parse().expect("an id"), &options).await.expect("a dump");
        assert!(!agreed.is_partial() && agreed.databases[0].code.is_empty());
        assert_eq!(names(&agreed.left_out, true), ["routines *"]);
        session.close().await;
    }
}

#[tokio::test]
async fn a_table_with_privileges_on_some_columns_is_left_out_for_that_reason() {
    let bed = Bed::mariadb();
    bed.database(
        "d_some",
        &["CREATE TABLE t (a INT PRIMARY KEY, b INT)", "CREATE TABLE u (a INT PRIMARY KEY)"],
    )
    .await;
    let mut session = bed.session().await;
    for sql in [
        "CREATE USER d_some_user IDENTIFIED BY 'little'",
        "GRANT RELOAD, PROCESS ON *.* TO d_some_user",
        "GRANT SELECT (a) ON d_some.t TO d_some_user",
        "GRANT SELECT ON d_some.u TO d_some_user",
        "GRANT SHOW VIEW, TRIGGER, EVENT, EXECUTE ON d_some.* TO d_some_user",
    ] {
        run(&mut session, sql).await;
    }
    session.close().await;
    let little = bed.as_user("d_some_user", "little");
    let found = dump::preflight(&little.source(), &selection(&["d_some"]), &Consent::default(), 2).await;
    let found = found.expect("it looks").left_out;
    let reasons: Vec<(&str, &str)> = found
        .iter()
        .filter(|lost| lost.kind == ObjectKind::Tables && lost.reason.id != "left-out-hidden")
        .map(|lost| (lost.name.as_str(), lost.reason.id.as_str()))
        .collect();
    assert_eq!(reasons, [("`d_some`.`t`", "left-out-columns-hidden")]);
}

#[tokio::test]
async fn a_grant_on_the_database_itself_takes_the_place_of_one_on_a_pattern() {
    let bed = Bed::mariadb();
    bed.database("d_narrow", &["CREATE TABLE t (a INT PRIMARY KEY)", "CREATE PROCEDURE p() SELECT 1"]).await;
    let mut session = bed.session().await;
    for sql in [
        "CREATE USER d_narrow_user IDENTIFIED BY 'little'",
        "GRANT RELOAD, PROCESS ON *.* TO d_narrow_user",
        "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE, EVENT ON `d_narr%`.* TO d_narrow_user",
        "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE, EVENT ON `D_NARROW`.* TO d_narrow_user",
        "GRANT SELECT, SHOW VIEW ON d_narrow.* TO d_narrow_user",
    ] {
        run(&mut session, sql).await;
    }
    session.close().await;
    let little = bed.as_user("d_narrow_user", "little");
    let found = dump::preflight(&little.source(), &selection(&["d_narrow"]), &Consent::default(), 2).await;
    let hidden = names(&found.expect("it looks").left_out, false);
    assert_eq!(hidden, ["triggers d_narrow", "routines d_narrow", "events d_narrow"]);
}

#[tokio::test]
async fn tables_that_cannot_be_carried_or_read_leave_the_others_alone() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE good (a INT PRIMARY KEY)",
        "INSERT INTO good VALUES (1),(2)",
        "CREATE TABLE old (a INT PRIMARY KEY) ENGINE=MyISAM",
        "CREATE TABLE gone (a INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES good (a))",
        "CREATE TABLE child (a INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES gone (a))",
        "CREATE VIEW v AS SELECT a FROM good",
    ];
    bed.database("d_bad", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, "SET foreign_key_checks = 0").await;
    run(&mut session, "ALTER TABLE d_bad.gone DISCARD TABLESPACE").await;
    let manifest = bed.dump("bad", &["d_bad"], ChunkAim::default()).await;
    assert_eq!(lost(&manifest), ["tables `d_bad`.`old`", "tables `d_bad`.`gone`"]);
    let reasons: Vec<String> =
        manifest.left_out.iter().map(|object| object.reason.message(Default::default())).collect();
    assert!(reasons[0].contains("MyISAM") && reasons[1].contains("`d_bad`.`gone`"), "{reasons:?}");
    assert!(manifest.is_partial());
    assert_eq!(bed.verify("bad").await.findings, []);

    bed.no_database("d_bad_2");
    let notes = bed.load("bad", &[("d_bad", "d_bad_2")]).await;
    assert_eq!(
        notes.iter().map(|note| note.id.as_str()).collect::<Vec<_>>(),
        ["load-foreign-key-without-parent"]
    );
    let there = query(
        &mut session,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'd_bad_2' ORDER BY 1",
    )
    .await;
    assert_eq!(there, [["child"], ["good"], ["v"]]);

    let exclude = ["old", "gone"].map(|name| BackupObject::Table("d_bad".to_owned(), name.to_owned()));
    let options =
        Options { selection: selection(&["d_bad"]), consent: consent(&[], &exclude), ..Options::default() };
    let agreed = bed.dump_with(&"excluded".parse().expect("an id"), &options).await.expect("a dump");
    assert!(!agreed.is_partial());
    assert_eq!(names(&agreed.left_out, true), ["tables `d_bad`.`old`", "tables `d_bad`.`gone`"]);
    assert_eq!(agreed.tables().count(), 2);

    // Nothing would be left: that is not a dump.
    let only = Options { selection: dump::Selection(vec![exclude[0].clone()]), ..Options::default() };
    let error = bed.dump_with(&"only".parse().expect("an id"), &only).await.expect_err("nothing is left");
    assert!(error.problem().to_string().contains("MyISAM"), "{error:?}");
    session.close().await;
}

#[tokio::test]
async fn accounts_that_the_server_does_not_show_leave_the_others_alone() {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = xtask::seekdb::Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    let bed = Bed::on(instance.server.clone());
    bed.database("d_odd", &["CREATE TABLE t (a INT PRIMARY KEY)", "CREATE PROCEDURE `p``q`() SELECT 1"])
        .await;
    let mut session = bed.session().await;
    run(&mut session, "CREATE USER `od``d` IDENTIFIED BY 'x'").await;
    run(&mut session, "CREATE USER plain IDENTIFIED BY 'x'").await;
    let manifest = bed.dump("odd", &[], ChunkAim::default()).await;
    assert!(manifest.accounts.contains(&"'plain'@'%'".to_owned()), "{:?}", manifest.accounts);
    let mut named = lost(&manifest);
    named.retain(|name| name.contains("od`d") || name.contains("d_odd"));
    assert!(named.len() <= 1, "{named:?}");
    assert_eq!(manifest.databases.iter().find(|entry| entry.name == "d_odd").expect("it").code.len(), 1);

    let exclude = [BackupObject::Database("test".to_owned())];
    let options = Options { consent: consent(&[ObjectKind::Users], &exclude), ..Options::default() };
    let without = bed.dump_with(&"without".parse().expect("an id"), &options).await.expect("a dump");
    assert!(!without.is_partial() && without.accounts.is_empty());
    assert_eq!(names(&without.left_out, true), ["databases test", "users *"]);
    assert!(without.databases.iter().all(|entry| entry.name != "test"));
    session.close().await;
}

#[tokio::test]
async fn a_row_that_no_literal_brings_back_leaves_out_its_table_alone() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE good (id INT PRIMARY KEY)",
        "INSERT INTO good VALUES (1),(2),(3)",
        "CREATE TABLE bad (id INT PRIMARY KEY, c JSON)",
        "INSERT INTO bad VALUES (1, '1'), (2, '2')",
        "INSERT INTO bad SELECT 7, JSON_ARRAY(x.b) FROM JSON_TABLE('[5]', '$[*]' COLUMNS (b BIT(9) PATH '$')) x",
    ];
    bed.database("d_bad_rows", &statements).await;
    let chunk = ChunkAim { rows: Some(1), ..ChunkAim::default() };
    let manifest = bed.dump("bad-rows", &["d_bad_rows"], chunk).await;
    assert_eq!(lost(&manifest), ["tables `d_bad_rows`.`bad`"]);
    let reason = manifest.left_out[0].reason.message(Default::default());
    assert!(reason.contains("`d_bad_rows`.`bad`.`c`"), "{reason}");
    assert_eq!((manifest.totals.tables, manifest.totals.rows), (1, 3));
    assert_eq!(bed.verify("bad-rows").await.findings, []);
    let pieces = bed.client.list("bad-rows/data").await.expect("a list");
    assert!(pieces.iter().all(|piece| !piece.key.contains("/bad/")), "its pieces are gone: {pieces:?}");
    bed.no_database("d_bad_rows_2");
    bed.load("bad-rows", &[("d_bad_rows", "d_bad_rows_2")]).await;
}

/// seekdb prints members and values of partitions without escaping them; only its inner tables are exact.
#[tokio::test]
async fn a_table_whose_definition_is_not_exact_is_left_out_with_the_missing_privilege() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE members (id INT PRIMARY KEY, a ENUM('new','a\\\\nb') DEFAULT 'new', s SET('x','y'))",
        "CREATE TABLE parts (a INT, b VARCHAR(10)) PARTITION BY LIST COLUMNS(b) (PARTITION p0 VALUES IN ('c','x\\\\ty'))",
        "CREATE TABLE quotes (id INT PRIMARY KEY, a ENUM('it''s','b'))",
        "CREATE TABLE whole (id INT PRIMARY KEY, a ENUM('x','y') COMMENT 'a\\\\b', b VARCHAR(9) DEFAULT 'x\\\\y') COMMENT = 'c\\\\d'",
        "INSERT INTO whole VALUES (1,'x','z')",
    ];
    bed.database("d_inexact", &statements).await;
    let mut session = bed.session().await;
    for sql in [
        "DROP USER IF EXISTS d_inexact_user",
        "CREATE USER d_inexact_user IDENTIFIED BY 'little'",
        "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON d_inexact.* TO d_inexact_user",
    ] {
        run(&mut session, sql).await;
    }
    let little = bed.as_user("d_inexact_user", "little");
    let half = little.dump("half", &["d_inexact"], ChunkAim::default()).await;
    let tables = |manifest: &Manifest| {
        let tables = manifest.left_out.iter().filter(|object| object.kind == ObjectKind::Tables);
        let mut tables: Vec<_> =
            tables.map(|object| (object.name.clone(), object.reason.id.clone())).collect();
        tables.sort_unstable();
        tables
    };
    let expected = ["members", "parts", "quotes"]
        .map(|table| (format!("`d_inexact`.`{table}`"), "dump-definition-hidden".to_owned()));
    assert_eq!(tables(&half), expected);
    assert_eq!(half.totals.tables, 1, "the other is there");

    run(&mut session, "GRANT SELECT ON oceanbase.* TO d_inexact_user").await;
    let all = little.dump("all", &["d_inexact"], ChunkAim::default()).await;
    assert_eq!(tables(&all), []);
    assert_eq!(all.totals.tables, 4);
    session.close().await;
}

#[tokio::test]
async fn a_database_whose_definition_the_server_refuses_leaves_the_others_alone() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        let statements = ["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"];
        bed.database("d_seen", &statements).await;
        bed.database("d_unseen", &statements).await;
        let mut session = bed.session().await;
        for sql in [
            "DROP USER IF EXISTS d_seeing",
            "CREATE USER d_seeing IDENTIFIED BY 'little'",
            "GRANT SHOW DATABASES ON *.* TO d_seeing",
            "GRANT ALL PRIVILEGES ON d_seen.* TO d_seeing",
        ] {
            run(&mut session, sql).await;
        }
        if !session.server().product.is_oceanbase() {
            run(&mut session, "GRANT RELOAD, PROCESS ON *.* TO d_seeing").await;
        }
        let little = bed.as_user("d_seeing", "little");
        let both = Options { selection: selection(&["d_seen", "d_unseen"]), ..Options::default() };
        let some = little.dump_with(&"some".parse().expect("an id"), &both).await.expect("a dump");
        let unseen = |name: &String| name.contains("d_unseen");
        assert_eq!(lost(&some).into_iter().filter(unseen).collect::<Vec<_>>(), ["databases d_unseen"]);
        assert_eq!((some.databases.len(), some.totals.rows), (1, 1), "the other is there");

        let exclude = [BackupObject::Database("d_unseen".to_owned())];
        let agreed = Options { consent: consent(&[], &exclude), ..both };
        let agreed = little.dump_with(&"agreed".parse().expect("an id"), &agreed).await.expect("a dump");
        assert_eq!(names(&agreed.left_out, true), ["databases d_unseen"]);
        assert!(!lost(&agreed).iter().any(unseen), "{:?}", agreed.left_out);

        let only = Options { selection: selection(&["d_unseen"]), ..Options::default() };
        let error =
            little.dump_with(&"only".parse().expect("an id"), &only).await.expect_err("nothing is left");
        let told = error.problem();
        assert_eq!(
            (told.text.id.as_str(), told.args()["database"].as_str()),
            ("dump-database-refused", "`d_unseen`")
        );
        session.close().await;
    }
}

#[tokio::test]
async fn a_name_that_is_excluded_must_exist() {
    let bed = Bed::shared();
    bed.database("d_exists", &["CREATE TABLE orders (a INT PRIMARY KEY)"]).await;
    let database = |name: &str| BackupObject::Database(name.to_owned());
    let table = |database: &str, name: &str| BackupObject::Table(database.to_owned(), name.to_owned());
    let cases = [
        (database("d_exist"), "database `d_exist`", "`d_exists`"),
        (database("nobody-made-this-one"), "database `nobody-made-this-one`", ""),
        (table("d_exists", "order"), "table `d_exists`.`order`", "`d_exists`.`orders`"),
        (table("d_exists", "weather"), "table `d_exists`.`weather`", ""),
        (table("nobody-made-this-one", "orders"), "database `nobody-made-this-one`", ""),
    ];
    for (name, what, near) in cases {
        let options = Options {
            selection: selection(&["d_exists"]),
            consent: consent(&[], std::slice::from_ref(&name)),
            ..Options::default()
        };
        let error = bed.dump_with(&"x".parse().expect("an id"), &options).await.expect_err("refused");
        assert!(matches!(&error, Error::NothingToExclude { .. }), "{error:?}");
        let told = error.problem();
        assert_eq!(told.args()["what"], what);
        assert_eq!(told.args().get("near").map_or("", String::as_str), near, "{what}");
        let looked = dump::preflight(&bed.source(), &options.selection, &options.consent, 4).await;
        assert_eq!(looked.expect_err("refused").problem(), told);
    }
    assert!(bed.client.list("").await.expect("a list").is_empty(), "nothing was written");
}

#[tokio::test]
async fn a_dump_that_is_resumed_leaves_out_what_it_left_out_before() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE good (id INT PRIMARY KEY)",
        "INSERT INTO good VALUES (1),(2)",
        "CREATE TABLE bad (id INT PRIMARY KEY, c JSON)",
        "INSERT INTO bad VALUES (1, '1')",
        "INSERT INTO bad SELECT 7, JSON_ARRAY(x.b) FROM JSON_TABLE('[5]', '$[*]' COLUMNS (b BIT(9) PATH '$')) x",
        "CREATE TABLE unwanted (id INT PRIMARY KEY)",
        "CREATE PROCEDURE p() SELECT 1",
    ];
    bed.database("d_left_again", &statements).await;
    let exclude = [BackupObject::Table("d_left_again".to_owned(), "unwanted".to_owned())];
    let options = Options {
        selection: selection(&["d_left_again"]),
        consent: consent(&[ObjectKind::Routines], &exclude),
        chunk: ChunkAim { rows: Some(1), ..ChunkAim::default() },
        connections: 2,
        ..Options::default()
    };
    let once = bed.dump_with(&"once".parse().expect("an id"), &options).await.expect("a dump");
    assert_eq!(lost(&once), ["tables `d_left_again`.`bad`"]);
    assert_eq!(names(&once.left_out, true), ["tables `d_left_again`.`unwanted`", "routines *"]);

    let (source, never, meter) = (bed.source(), CancellationToken::new(), Meter::new());
    let dump: DumpId = "again".parse().expect("an id");
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await.expect("a snapshot");
    dump::dump_schema(&source, &bed.client, &snapshot).await.expect("a schema");
    dump::dump_data(&source, &bed.client, &snapshot, 2, &meter, &never).await.expect("rows");
    snapshot.release().await;
    let noted = bed.dir.path().join("again/receipts/left-out.json");
    assert!(noted.is_file(), "it is noted what was lost");
    // It was killed between the note and the end of the deletion.
    let piece = bed.dir.path().join("again/data/d_left_again/bad/000001.sql.zst");
    std::fs::create_dir_all(piece.parent().expect("a folder")).expect("a folder");
    std::fs::write(&piece, "half").expect("a piece");

    let again = bed.dump_with(&dump, &options).await.expect("it is resumed");
    assert_eq!(again.left_out, once.left_out);
    assert!(!piece.exists() && !noted.exists());
    assert_eq!(bed.verify("again").await.findings, []);
}

#[tokio::test]
async fn what_a_mariadb_holds_beside_its_databases_is_named_by_a_dump_of_all_of_it() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (a INT PRIMARY KEY)",
        "CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO SELECT 1",
        "CREATE SEQUENCE sq",
        "CREATE TABLE aged (a INT PRIMARY KEY) WITH SYSTEM VERSIONING",
        "SET sql_mode = ORACLE",
        "CREATE PACKAGE pk AS PROCEDURE p(); END",
    ];
    bed.database("d_all", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, "CREATE SERVER far FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')").await;
    run(&mut session, "CREATE USER d_all_user IDENTIFIED BY 'x'").await;
    let data = query(&mut session, "SELECT @@datadir").await[0][0].clone();
    std::fs::create_dir(std::path::Path::new(&data).join("lost+found")).expect("a folder");
    let all = bed.dump("all", &[], ChunkAim::default()).await;
    let named =
        ["databases #mysql50#lost+found", "history `d_all`.`aged`", "packages `d_all`.`pk`", "servers far"];
    let (mut found, mut expected) = (lost(&all), named.map(str::to_owned).to_vec());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(all.databases.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["d_all"]);

    use ObjectKind::{History, Packages, Servers};
    let exclude = [BackupObject::Database("#mysql50#lost+found".to_owned())];
    let options = Options { consent: consent(&[History, Packages, Servers], &exclude), ..Options::default() };
    let agreed = bed.dump_with(&"agreed".parse().expect("an id"), &options).await.expect("a dump");
    assert!(!agreed.is_partial(), "{:?}", agreed.left_out);
    let (mut found, mut expected) = (names(&agreed.left_out, true), named.map(str::to_owned).to_vec());
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "what was agreed to is named all the same");
    session.close().await;
}

/// Jobs, AI models and their endpoints belong to the whole server. seekdb's own jobs are not reported. The test
/// inserts a user's job directly into the system tables, because there is no other way.
#[tokio::test]
async fn what_a_seekdb_holds_beside_its_databases_is_named_by_a_dump_of_all_of_it() {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = xtask::seekdb::Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    let bed = Bed::on(instance.server.clone());
    bed.database("d_server", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    let mut session = bed.session().await;
    let none = bed.dump("none", &[], ChunkAim::default()).await;
    assert_eq!(lost(&none), [""; 0], "what a fresh server has is its own");
    let own = query(&mut session, "SELECT COUNT(*) FROM oceanbase.DBA_SCHEDULER_JOBS").await;
    assert_ne!(own, [["0"]], "and it has jobs");

    for sql in [
        "CALL DBMS_AI_SERVICE.CREATE_AI_MODEL('m', '{\"type\": \"completion\", \"model_name\": \"x/y\"}')",
        "CALL DBMS_AI_SERVICE.CREATE_AI_MODEL_ENDPOINT('m', '{\"ai_model_name\": \"m\", \"url\": \"https://127.0.0.1/v1\", \
         \"access_key\": \"sk-secret\", \"provider\": \"siliconflow\"}')",
        "INSERT INTO oceanbase.__all_scheduler_job (job_name, job, lowner, powner, cowner, next_date, `interval#`, flag, enabled) \
         VALUES ('nightly', 1000, 'root@%', 'root@%', 'd_server', NOW() + INTERVAL 1 YEAR, '', 0, 0)",
    ] {
        run(&mut session, sql).await;
    }
    let all = bed.dump("all", &[], ChunkAim::default()).await;
    let mut named = lost(&all);
    named.sort();
    assert_eq!(named, ["ai-models endpoint m", "ai-models m", "jobs nightly"]);
    let manifest = format!("{:?}", all.left_out);
    assert!(!manifest.contains("sk-secret"), "{manifest}");

    use ObjectKind::{AiModels, Jobs};
    let options = Options { consent: consent(&[AiModels, Jobs], &[]), ..Options::default() };
    let agreed = bed.dump_with(&"agreed".parse().expect("an id"), &options).await.expect("a dump");
    assert!(!agreed.is_partial(), "{:?}", agreed.left_out);

    for sql in [
        "CREATE USER little IDENTIFIED BY 'little'",
        "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON d_server.* TO little",
        "GRANT SHOW DATABASES ON *.* TO little",
    ] {
        run(&mut session, sql).await;
    }
    session.close().await;
    let little = bed.as_user("little", "little");
    let unseen = little.dump("unseen", &[], ChunkAim::default()).await;
    for kind in [AiModels, Jobs] {
        let reason =
            unseen.left_out.iter().find(|lost| lost.kind == kind).map(|lost| lost.reason.id.as_str());
        assert_eq!(reason, Some("left-out-unseen-server"), "it may hold {kind}");
    }
}
