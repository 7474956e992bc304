//! Tables whose names differ only in upper and lower case: what is selected is exactly what was named.

use dump::{Choice, DumpId, Error, Meter, Options, Selection, load};
use model::backup::BackupObject;
use model::inventory::Consent;
use model::naming;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, load_options, query, run};

const TABLES: [&str; 4] = [
    "CREATE TABLE `T1` (a INT PRIMARY KEY)",
    "CREATE TABLE t1 (a INT PRIMARY KEY)",
    "CREATE TABLE `Only` (a INT PRIMARY KEY)",
    "INSERT INTO `T1` VALUES (7)",
];

fn chosen(names: &[&str]) -> Selection {
    Selection(names.iter().map(|name| name.parse().expect("a name")).collect())
}

async fn dumped(bed: &Bed, id: &str, names: &[&str], exclude: &[&str]) -> dump::Result<Vec<String>> {
    let consent = Consent { exclude: chosen(exclude).0, ..Consent::default() };
    let options = Options { selection: chosen(names), consent, ..Options::default() };
    let manifest = bed.dump_with(&id.parse::<DumpId>().expect("an id"), &options).await?;
    let mut tables: Vec<String> = manifest.tables().map(|(_, table)| table.name.clone()).collect();
    tables.sort_unstable();
    Ok(tables)
}

#[tokio::test]
async fn a_dump_takes_the_table_of_that_name_and_not_one_in_another_case() {
    let bed = Bed::mariadb();
    bed.database("D_case", &TABLES).await;
    let tables = async |id: &str, names: &[&str], exclude: &[&str]| {
        dumped(&bed, id, names, exclude).await.unwrap_or_else(|error| panic!("{id}: {error:?}"))
    };
    assert_eq!(tables("exact-1", &["D_case.T1"], &[]).await, ["T1"]);
    assert_eq!(tables("exact-2", &["D_case.t1"], &[]).await, ["t1"]);
    assert_eq!(tables("folded", &["d_case.ONLY"], &[]).await, ["Only"]);
    assert_eq!(tables("without", &["d_CASE"], &["D_case.t1", "D_case.Only"]).await, ["T1"]);
    for (typed, near) in
        [("D_case.only", "`D_case`.`Only`"), ("d_case.Only", "`D_case`.`Only`"), ("D_CASE", "`D_case`")]
    {
        let error = dumped(&bed, "guess", &[], &[typed]).await.expect_err("an exclusion never guesses");
        assert!(matches!(&error, Error::NothingToExclude { .. }), "{typed}: {error:?}");
        assert!(error.problem().args()["near"].contains(near), "{typed}: {}", error.problem());
    }
    let (seekdb, exclude) = (Bed::shared(), ["D_CASE_FOLDED.T1"]);
    let statements = ["CREATE TABLE t1 (a INT PRIMARY KEY)", "CREATE TABLE t2 (a INT PRIMARY KEY)"];
    seekdb.database("d_case_folded", &statements).await;
    let rest = dumped(&seekdb, "folded", &["d_case_folded"], &exclude).await.expect("a dump");
    assert_eq!(rest, ["t2"], "this server does not distinguish them");
    bed.database("d_case", &[]).await;
    assert_eq!(tables("other", &["D_case"], &[]).await, ["Only", "T1", "t1"]);
    let error = dumped(&bed, "two", &["D_CASE.T1"], &[]).await.expect_err("two databases");
    assert!(matches!(&error, Error::NameAmbiguous(_)), "{error:?}");
    let said = error.problem().to_string();
    assert!(said.contains("`D_case`, `d_case`"), "{said}");
    let error = dumped(&bed, "out", &["D_case"], &["D_CASE.t1"]).await.expect_err("two databases");
    assert!(matches!(&error, Error::NameAmbiguous(_)), "{error:?}");
    bed.no_database("d_case");
}

#[tokio::test]
async fn one_of_two_tables_is_loaded_into_a_server_that_does_not_distinguish_them() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    maria.database("d_cases", &TABLES).await;
    let manifest = maria.dump("cases", &["d_cases"], dump::ChunkAim::default()).await;
    let target = maria.beside(&seekdb);
    let held = manifest.held();
    for (typed, rows) in [("d_cases.T1", "1"), ("D_CASES.t1", "0")] {
        seekdb.no_database("d_cases_2");
        let object: BackupObject = typed.parse().expect("a name");
        let object = naming::resolve(&held, &object).expect("one of them");
        let selection = Selection(vec![object]);
        let rename = load_options(&[("d_cases", "d_cases_2")]);
        let options = load::Options { selection: selection.clone(), ..rename };
        target.load_with("cases", &options).await;
        let mut session = seekdb.session().await;
        let listed = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'd_cases_2'";
        assert_eq!(query(&mut session, listed).await, [["t1"]], "{typed}");
        assert_eq!(query(&mut session, "SELECT COUNT(*) FROM d_cases_2.t1").await, [[rows]], "{typed}");
        run(&mut session, "INSERT INTO d_cases_2.t1 VALUES (99)").await;
        session.close().await;
        let (dump, never): (DumpId, _) = ("cases".parse().expect("an id"), CancellationToken::new());
        let choice = Choice { names: &options.databases, selection: &selection, expected_manifest: None };
        let source = seekdb.source();
        let report =
            dump::verify_against(&source, &maria.client, &dump, choice, 2, &Meter::new(), &never).await;
        let findings = report.expect("a report").findings;
        assert_eq!(findings.len(), 1, "only the selected table is compared: {findings:?}");
    }
}
