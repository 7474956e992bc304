//! What a load needs beside the dump is named when it is dumped, and again when it is missing.

use dump::load::IntoExisting::Always;
use dump::{ChunkAim, DumpId, Manifest, Options, Selection, load};
use model::backup::BackupObject;
use model::text::Text;

use crate::bed::{Bed, load_options, query, run};
use crate::kinds::made_of_all;

/// The notes on what a load needs, each as its ID and what it needs.
fn needs(manifest: &Manifest) -> Vec<String> {
    let all = Selection::default();
    let told = |note: &Text| format!("{} {}", note.id, note.args["needed"]);
    let mut needs: Vec<String> = manifest.needs(&all, true).map(told).collect();
    needs.sort();
    needs
}

fn not_made(made: &load::Made) -> Vec<String> {
    made.not_made.iter().map(|part| format!("{} {}", part.kind, part.name)).collect()
}

fn table(database: &str, name: &str) -> BackupObject {
    BackupObject::Table(database.to_owned(), name.to_owned())
}

async fn a_key_without_its_parent_is_named(bed: Bed) {
    let statements = [
        "CREATE TABLE customers (id INT PRIMARY KEY)",
        "CREATE TABLE orders (id INT PRIMARY KEY, c INT, CONSTRAINT of_customer FOREIGN KEY (c) REFERENCES customers (id))",
        "CREATE VIEW v AS SELECT o.id FROM orders o JOIN customers c ON c.id = o.c",
        "INSERT INTO customers VALUES (1)",
        "INSERT INTO orders VALUES (7,1)",
    ];
    bed.database("d_need", &statements).await;
    let selection = Selection(vec![table("d_need", "orders"), table("d_need", "v")]);
    let dump: DumpId = "need-parent".parse().expect("an id");
    let options = Options { selection, ..Options::default() };
    let manifest = bed.dump_with(&dump, &options).await.expect("a dump");
    let customers = "`d_need`.`customers`";
    assert_eq!(
        needs(&manifest),
        [format!("dump-needs-foreign-key {customers}"), format!("dump-needs-view {customers}")]
    );
    assert!(!manifest.is_partial(), "it holds what was requested");
    let orders = Selection(vec![table("d_need", "orders")]);
    let shown: Vec<String> =
        manifest.needs(&orders, false).map(|note| note.message(Default::default())).collect();
    assert_eq!(
        shown,
        [
            "The foreign key of_customer of `d_need`.`orders` needs the table `d_need`.`customers`, which is not in this dump. A load creates the key only if the target has that table"
        ]
    );

    bed.no_database("d_need_2");
    let made = made_of_all(&bed, "need-parent", &[("d_need", "d_need_2")]).await;
    let mut lacking = not_made(&made);
    lacking.sort();
    assert_eq!(lacking, ["foreign-keys `d_need_2`.`orders`.`of_customer`", "views `d_need_2`.`v`"]);
    let reason = made.not_made.iter().find(|part| part.name.contains("of_customer")).expect("it");
    assert_eq!(reason.reason.id, "load-foreign-key-without-parent");
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT * FROM d_need_2.orders").await, [["7", "1"]]);
    run(&mut session, "INSERT INTO d_need_2.orders VALUES (8,99)").await;

    // The target has it.
    bed.database("d_need_3", &["CREATE TABLE customers (id INT PRIMARY KEY)", statements[3]]).await;
    let into = load::Options { into_existing: Always, ..load_options(&[("d_need", "d_need_3")]) };
    assert_eq!(bed.load_with("need-parent", &into).await, []);
    let refused = oceanbase::Statement::act("INSERT INTO d_need_3.orders VALUES (8,99)");
    assert_eq!(session.run(&refused).await.expect_err("no such customer").number(), Some(1452));
    session.close().await;
}

#[tokio::test]
async fn a_key_without_its_parent_is_named_on_seekdb() {
    a_key_without_its_parent_is_named(Bed::shared()).await;
}

#[tokio::test]
async fn a_key_without_its_parent_is_named_on_mariadb() {
    a_key_without_its_parent_is_named(Bed::mariadb()).await;
}

async fn a_key_on_a_table_that_never_existed_stays(bed: Bed) {
    let statements = [
        "SET foreign_key_checks = 0",
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT to_gone FOREIGN KEY (p) REFERENCES gone (id))",
        "CREATE TABLE other (id INT PRIMARY KEY)",
    ];
    bed.database("d_dangle", &statements).await;
    bed.no_database("d_dangle_2");
    let manifest = bed.dump("dangle", &["d_dangle"], ChunkAim::default()).await;
    assert_eq!(needs(&manifest), ["dump-foreign-key-dangling `d_dangle`.`gone`"]);
    assert!(!manifest.is_partial());
    assert_eq!(bed.load("dangle", &[("d_dangle", "d_dangle_2")]).await, []);
    let mut session = bed.session().await;
    let definition = |name: &str| format!("SHOW CREATE TABLE {name}.child");
    let mut shown = query(&mut session, &definition("d_dangle_2")).await;
    let text = shown[0].remove(1);
    assert!(text.contains("`to_gone` FOREIGN KEY") && !text.contains("`d_dangle`"), "{text}");
    session.close().await;
}

#[tokio::test]
async fn a_key_on_a_table_that_never_existed_stays_on_seekdb() {
    a_key_on_a_table_that_never_existed_stays(Bed::shared()).await;
}

#[tokio::test]
async fn a_key_on_a_table_that_never_existed_stays_on_mariadb() {
    a_key_on_a_table_that_never_existed_stays(Bed::mariadb()).await;
}

#[tokio::test]
async fn a_default_of_a_sequence_elsewhere_is_named() {
    let bed = Bed::mariadb();
    bed.database("d_draws_far", &["CREATE SEQUENCE numbers START WITH 40"]).await;
    let statements = [
        "CREATE SEQUENCE near",
        "CREATE TABLE ticket (no BIGINT NOT NULL DEFAULT NEXTVAL(d_draws_far.numbers) PRIMARY KEY, n BIGINT DEFAULT NEXTVAL(near))",
        "CREATE TABLE other (id INT PRIMARY KEY)",
        "INSERT INTO other VALUES (1)",
    ];
    bed.database("d_draws", &statements).await;
    bed.no_database("d_draws_2");
    let manifest = bed.dump("draws", &["d_draws"], ChunkAim::default()).await;
    assert_eq!(needs(&manifest), ["dump-needs-default `d_draws_far`.`numbers`"]);
    assert_eq!(bed.load("draws", &[("d_draws", "d_draws_2")]).await, []);
    bed.no_database("d_draws_2");
    bed.no_database("d_draws_far");
    let made = made_of_all(&bed, "draws", &[("d_draws", "d_draws_2")]).await;
    assert_eq!(not_made(&made), ["tables `d_draws_2`.`ticket`"]);
    let why = made.not_made[0].reason.message(Default::default());
    assert!(why.contains("`d_draws_2`.`ticket`") && why.contains("d_draws_far.numbers"), "{why}");
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT * FROM d_draws_2.other").await, [["1"]]);
    session.close().await;
    let table = Selection(vec![table("d_draws", "ticket")]);
    let options = Options { selection: table, ..Options::default() };
    bed.database("d_draws_far", &["CREATE SEQUENCE numbers START WITH 40"]).await;
    let single = bed.dump_with(&"draws-one".parse().expect("an id"), &options).await.expect("a dump");
    assert_eq!(
        needs(&single),
        ["dump-needs-default `d_draws_far`.`numbers`", "dump-needs-default `d_draws`.`near`"]
    );
}

async fn what_reads_another_database_is_named(bed: Bed) {
    bed.database("d_reads_far", &["CREATE TABLE staff (id INT PRIMARY KEY)"]).await;
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE VIEW v AS SELECT s.id FROM d_reads_far.staff s JOIN t ON t.id = s.id",
        "CREATE VIEW w AS SELECT t.id FROM t",
        "CREATE PROCEDURE p() INSERT INTO d_reads_far.staff (id) SELECT t.id FROM t",
        "CREATE PROCEDURE q() SELECT x.id, COUNT(*) FROM t x JOIN information_schema.tables y GROUP BY x.id",
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.id = (SELECT MAX(s.id) FROM d_reads_far.staff s)",
    ];
    bed.database("d_reads", &statements).await;
    bed.no_database("d_reads_2");
    let manifest = bed.dump("reads", &["d_reads"], ChunkAim::default()).await;
    let staff = "`d_reads_far`.`staff`";
    let expected = ["code", "code", "view"].map(|kind| format!("dump-needs-{kind} {staff}"));
    assert_eq!(needs(&manifest), expected);
    let whole = Selection::default();
    let names: Vec<&str> =
        manifest.needs(&whole, true).filter_map(|note| note.args.get("name").map(String::as_str)).collect();
    assert_eq!(names, ["`d_reads`.`v`", "`d_reads`.`p`", "`d_reads`.`r`"]);
    assert!(!manifest.is_partial());
    let whole = bed.dump("reads-both", &["d_reads", "d_reads_far"], ChunkAim::default()).await;
    assert_eq!(needs(&whole), [""; 0]);

    bed.no_database("d_reads_far");
    let made = made_of_all(&bed, "reads", &[("d_reads", "d_reads_2")]).await;
    let lacking = not_made(&made);
    assert!(lacking.contains(&"views `d_reads_2`.`v`".to_owned()), "{lacking:?}");
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT * FROM d_reads_2.w").await.len(), 0);
    // Every object exists or is named.
    for (kind, list, name) in [
        (
            "routines",
            "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'd_reads_2' AND routine_name",
            "p",
        ),
        (
            "routines",
            "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'd_reads_2' AND routine_name",
            "q",
        ),
        (
            "triggers",
            "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'd_reads_2' AND trigger_name",
            "r",
        ),
    ] {
        let there = query(&mut session, &format!("{list} = '{name}'")).await == [["1"]];
        let is_named = lacking.contains(&format!("{kind} `d_reads_2`.`{name}`"));
        assert!(there != is_named, "{name}: {there} {lacking:?}");
    }
    session.close().await;
}

#[tokio::test]
async fn what_reads_another_database_is_named_on_seekdb() {
    what_reads_another_database_is_named(Bed::shared()).await;
}

#[tokio::test]
async fn what_reads_another_database_is_named_on_mariadb() {
    what_reads_another_database_is_named(Bed::mariadb()).await;
}

async fn a_privilege_on_what_is_gone_is_named(bed: Bed) {
    bed.database("d_given", &["CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE u (id INT PRIMARY KEY)"])
        .await;
    bed.database("d_given_gone", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await;
    let mut session = bed.session().await;
    for sql in [
        "CREATE USER given_user IDENTIFIED BY 'secret'",
        "GRANT SELECT ON d_given_gone.* TO given_user",
        "GRANT SELECT ON d_given.t TO given_user",
        "GRANT SELECT ON d_given.u TO given_user",
        "DROP TABLE d_given.u",
        "DROP DATABASE d_given_gone",
    ] {
        run(&mut session, sql).await;
    }
    let kept = query(&mut session, "SHOW GRANTS FOR given_user").await;
    let keeps = |what: &str| kept.iter().flatten().any(|grant| grant.contains(what));
    let mut expected = Vec::new();
    let mut lacking = Vec::new();
    if keeps("d_given_gone`") {
        expected.push("dump-needs-grant `d_given_gone`");
        lacking.push("grants 'given_user'@'%'");
    }
    if keeps("`d_given`.`u`") {
        expected.push("dump-needs-grant-table `d_given`.`u`");
        lacking.push("grants 'given_user'@'%'");
    }
    assert!(!expected.is_empty(), "the server keeps at least one of them: {kept:?}");
    let manifest = bed.dump("given", &[], ChunkAim::default()).await;
    assert_eq!(needs(&manifest), expected, "{kept:?}");
    run(&mut session, "DROP USER given_user").await;
    run(&mut session, "DROP DATABASE d_given").await;
    let others: Vec<&str> = manifest.databases.iter().map(|entry| entry.name.as_str()).collect();
    assert!(others.iter().all(|name| name.starts_with("d_given") || *name == "test"), "{others:?}");
    bed.no_database("test");
    let made = made_of_all(&bed, "given", &[]).await;
    assert_eq!(not_made(&made), lacking);
    let reasons: Vec<String> =
        made.not_made.iter().map(|part| part.reason.message(Default::default())).collect();
    assert!(
        reasons.iter().all(|reason| reason.contains("A privilege of 'given_user'@'%' was not granted")),
        "{reasons:?}"
    );
    session.close().await;
}

#[tokio::test]
async fn a_privilege_on_what_is_gone_is_named_on_seekdb() {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = xtask::seekdb::Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    a_privilege_on_what_is_gone_is_named(Bed::on(instance.server.clone())).await;
}

#[tokio::test]
async fn a_privilege_on_what_is_gone_is_named_on_mariadb() {
    a_privilege_on_what_is_gone_is_named(Bed::mariadb()).await;
}
