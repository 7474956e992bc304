//! Some tables out of a larger dump.

use dump::load::IntoExisting::{Always, InPart, Never};
use dump::{Choice, ChunkAim, DumpId, Error, Meter, Selection, load};
use model::backup::BackupObject;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, run};

const TABLES: &[&str] = &[
    "CREATE TABLE par (id INT PRIMARY KEY)",
    "CREATE TABLE child (id INT PRIMARY KEY, p INT, KEY kp (p), CONSTRAINT child_par FOREIGN KEY (p) REFERENCES par (id))",
    "CREATE TABLE other (id INT PRIMARY KEY)",
    "CREATE VIEW v AS SELECT id FROM child",
    "CREATE VIEW w AS SELECT id FROM other",
    "CREATE PROCEDURE p1 () SELECT 1",
    "INSERT INTO par VALUES (1),(2)",
    "INSERT INTO child VALUES (1,1),(2,2),(3,NULL)",
    "INSERT INTO other VALUES (7)",
];

fn table(database: &str, name: &str) -> BackupObject {
    BackupObject::Table(database.to_owned(), name.to_owned())
}

async fn names(bed: &Bed, database: &str) -> Vec<String> {
    let mut session = bed.session().await;
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema";
    let rows = query(&mut session, &format!("{tables} = '{database}' ORDER BY 1")).await;
    session.close().await;
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

async fn some_tables_come_back(bed: Bed) {
    let mut session = bed.session().await;
    bed.database("d_some", TABLES).await;
    bed.database("d_some_far", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await;
    bed.dump("some", &["d_some", "d_some_far"], ChunkAim::default()).await;
    bed.no_database("d_some_2");
    let selection = Selection(vec![table("d_some", "child"), table("d_some", "v")]);
    let options = load::Options { selection, ..load_options(&[("d_some", "d_some_2")]) };
    let notes = bed.load_with("some", &options).await;
    let told: Vec<String> = notes.iter().map(|note| format!("{} {:?}", note.id, note.args)).collect();
    let of_the_key = |note: &String| note.contains("without-parent") && note.contains("child_par");
    assert!(told.len() == 1 && of_the_key(&told[0]), "{told:?}");
    assert_eq!(names(&bed, "d_some_2").await, ["child", "v"]);
    assert_eq!(query(&mut session, "SELECT COUNT(*), SUM(id) FROM d_some_2.v").await, [["3", "6"]]);
    let keys = "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = 'd_some_2' AND index_name = 'kp'";
    assert_eq!(query(&mut session, keys).await, [["1"]]);

    // Tables that were left out can be loaded later into the same database.
    let selection = Selection(vec![table("d_some", "other"), table("d_some", "w")]);
    let options =
        load::Options { selection, into_existing: Always, ..load_options(&[("d_some", "d_some_2")]) };
    bed.load_with("some", &options).await;
    assert_eq!(names(&bed, "d_some_2").await, ["child", "other", "v", "w"]);

    // With the table that is referred to, the foreign key comes too.
    bed.no_database("d_some_3");
    let selection = Selection(vec![table("d_some", "child"), table("d_some", "par")]);
    let options = load::Options { selection, ..load_options(&[("d_some", "d_some_3")]) };
    assert_eq!(bed.load_with("some", &options).await, []);
    let orphan = oceanbase::Statement::act("INSERT INTO d_some_3.child VALUES (9,99)");
    assert_eq!(session.run(&orphan).await.expect_err("no such parent").number(), Some(1452));
    session.close().await;
}

#[tokio::test]
async fn some_tables_come_out_of_a_larger_dump() {
    some_tables_come_back(Bed::shared()).await;
}

#[tokio::test]
async fn some_tables_come_out_of_a_larger_dump_on_mariadb() {
    some_tables_come_back(Bed::mariadb()).await;
}

#[tokio::test]
async fn a_chosen_table_that_is_not_in_the_dump_is_named_and_one_that_is_there_is_not_overwritten() {
    let bed = Bed::shared();
    bed.database("d_choice", TABLES).await;
    bed.dump("choice", &["d_choice"], ChunkAim::default()).await;
    bed.database("d_choice_2", &["CREATE TABLE child (x INT)", "CREATE TABLE stranger (x INT)"]).await;
    let (dump, target): (DumpId, _) = ("choice".parse().expect("an id"), bed.source());
    let rename = [("d_choice", "d_choice_2")];
    for (chosen, into_existing, expected) in [
        (table("d_choice", "nothing"), Always, "`nothing`"),
        (table("d_choice", "child"), Always, "`d_choice_2`.`child`"),
        (table("d_choice", "child"), InPart, "`d_choice_2`.`child`"),
        (table("d_choice", "other"), Never, "`d_choice_2`.`stranger`"),
        (BackupObject::Database("d_choice".to_owned()), InPart, "`d_choice_2`.`stranger`"),
        (BackupObject::Database("d_nowhere".to_owned()), Always, "d_nowhere"),
    ] {
        let selection = Selection(vec![chosen]);
        let options = load::Options { selection, into_existing, ..load_options(&rename) };
        let error = load::check_target(&target, &bed.client, &dump, &options).await.expect_err(expected);
        assert!(matches!(error, Error::NothingThere { .. } | Error::TargetNotEmpty { .. }), "{error:?}");
        assert!(error.problem().to_string().contains(expected), "{}", error.problem());
        if let Error::TargetNotEmpty { same_names, .. } = error {
            assert_eq!(same_names, expected.contains("child"), "{expected}");
        }
    }
    let selection = Selection(vec![table("d_choice", "other")]);
    let options = load::Options { selection, into_existing: InPart, ..load_options(&rename) };
    let found = load::check_target(&target, &bed.client, &dump, &options).await.expect("a free target");
    assert_eq!(found.notes, [], "code belongs to whole databases");
    bed.load_with("choice", &options).await;
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT id FROM d_choice_2.other").await, [["7"]]);
    run(&mut session, "SELECT x FROM d_choice_2.child").await;
    session.close().await;
}

#[tokio::test]
async fn a_load_of_some_tables_resumes() {
    let bed = Bed::shared();
    bed.database("d_some_on", TABLES).await;
    bed.dump("some-on", &["d_some_on"], ChunkAim { rows: Some(1), ..ChunkAim::default() }).await;
    bed.no_database("d_some_on_2");
    let selection = Selection(vec![table("d_some_on", "child")]);
    let options = load::Options { selection, ..load_options(&[("d_some_on", "d_some_on_2")]) };
    let (dump, target): (DumpId, _) = ("some-on".parse().expect("an id"), bed.source());
    let (meter, never) = (Meter::new(), CancellationToken::new());
    for _ in 0..2 {
        create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
        load::load_data(&target, &bed.client, &dump, &options, 2, &meter, &never).await.expect("rows");
    }
    assert_eq!(meter.now().rows, 3);
    bed.load_with("some-on", &options).await;
    assert_eq!(names(&bed, "d_some_on_2").await, ["child"]);
}

#[tokio::test]
async fn some_tables_of_a_dump_are_compared_and_no_other() {
    let bed = Bed::shared();
    bed.database("d_judged", TABLES).await;
    bed.dump("judged", &["d_judged"], ChunkAim::default()).await;
    let mut session = bed.session().await;
    run(&mut session, "UPDATE d_judged.other SET id = 8").await;
    session.close().await;
    let compare = async |tables: &[&str]| {
        let selection = Selection(tables.iter().map(|name| table("d_judged", name)).collect());
        let choice = Choice {
            names: &std::collections::BTreeMap::new(),
            selection: &selection,
            expected_manifest: None,
        };
        let (id, never): (DumpId, _) = ("judged".parse().expect("an id"), CancellationToken::new());
        dump::verify_against(&bed.source(), &bed.client, &id, choice, 2, &Meter::new(), &never).await
    };
    let same = compare(&["par", "child"]).await.expect("a report");
    assert!(same.is_clean() && (same.checked, same.rows) == (2, 5), "{same:?}");
    let differs = compare(&["par", "other"]).await.expect("a report");
    let found: Vec<String> = differs.findings.iter().map(|finding| finding.problem().to_string()).collect();
    assert!(found.len() == 1 && found[0].contains("`d_judged`.`other`"), "{found:?}");
    bed.server.run(&["DROP TABLE d_judged.child", "DROP TABLE d_judged.par"]).expect("two tables less");
    let report = compare(&["par", "child", "other"]).await.expect("a report");
    let found: Vec<String> = report.findings.iter().map(kind_and_table).collect();
    assert_eq!(
        found,
        ["missing `d_judged`.`child`", "missing `d_judged`.`par`", "differs `d_judged`.`other`"]
    );
    let nothing = compare(&["gone"]).await.expect_err("no such table in the dump");
    assert!(
        matches!(&nothing, Error::NothingThere { what } if what.contains("`d_judged`.`gone`")),
        "{nothing:?}"
    );
}

fn kind_and_table(finding: &dump::Finding) -> String {
    match finding {
        dump::Finding::TableMissing { table, .. } => format!("missing {table}"),
        dump::Finding::RowsDiffer { table, .. } => format!("differs {table}"),
        other => format!("{other:?}"),
    }
}
