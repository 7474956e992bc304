//! The report of a load that cannot continue: which table, and how to fix it.

use dump::{ChunkAim, DumpId, Error, Meter, load};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, run};

#[tokio::test]
async fn rows_that_are_refused_name_their_table() {
    let bed = Bed::mariadb();
    let statements = ["CREATE TABLE t (a INT PRIMARY KEY, b INT)", "INSERT INTO t VALUES (1,1)"];
    bed.database("d_told", &statements).await;
    bed.no_database("d_told_2");
    bed.dump("told", &["d_told"], ChunkAim::default()).await;
    let (dump, names): (DumpId, _) =
        ("told".parse().expect("an id"), load_options(&[("d_told", "d_told_2")]));
    create_schema(&bed.source(), &bed.client, &dump, &names).await.expect("a schema");
    let mut session = bed.session().await;
    run(&mut session, "ALTER TABLE d_told_2.t DROP COLUMN b").await;
    session.close().await;
    let never = CancellationToken::new();
    let loaded = load::load_data(&bed.source(), &bed.client, &dump, &names, 1, &Meter::new(), &never).await;
    let told = loaded.expect_err("no such column").problem().to_string();
    assert!(told.starts_with("Cannot load `d_told_2`.`t`, piece 1: "), "{told}");
}

#[tokio::test]
async fn a_missing_privilege_of_a_mariadb_is_not_one_of_a_sys_tenant() {
    let bed = Bed::mariadb();
    bed.database("d_told_weak", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    let mut session = bed.session().await;
    run(&mut session, "CREATE USER told_weak IDENTIFIED BY 'x'").await;
    run(&mut session, "GRANT SELECT ON *.* TO told_weak").await;
    session.close().await;
    let weak = bed.as_user("told_weak", "x");
    let error = weak.dump_with(&"weak".parse().expect("an id"), &dump::Options::default()).await;
    let problem = error.expect_err("no RELOAD").problem();
    let action = problem.text.action(model::text::Language::En).expect("what to do");
    assert_eq!(problem.text.id, "dump-privilege-refused");
    assert!(!action.contains("sys"), "{action}");
}

#[tokio::test]
async fn names_that_a_target_takes_for_one_are_found_before_anything_is_made() {
    let (seekdb, maria) = (Bed::shared(), Bed::mariadb());
    let tables = ["CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE T (a INT PRIMARY KEY)"];
    maria.database("d_told_fold", &tables).await;
    maria.dump("fold", &["d_told_fold"], ChunkAim::default()).await;
    seekdb.no_database("d_told_fold");
    let target = maria.beside(&seekdb);
    let (dump, options): (DumpId, _) = ("fold".parse().expect("an id"), load::Options::default());
    let made = create_schema(&target.source(), &target.client, &dump, &options).await;
    let error = made.expect_err("the kernel keeps names in small letters");
    let Error::NamesFold { names, .. } = &error else { panic!("{error:?}") };
    assert!(names.len() == 2 && names.iter().all(|name| name.contains("d_told_fold")), "{names:?}");
    let mut session = seekdb.session().await;
    assert_eq!(crate::bed::query(&mut session, "SHOW DATABASES LIKE 'd\\_told\\_fold'").await.len(), 0);
    session.close().await;
}

#[tokio::test]
async fn a_view_over_a_table_that_does_not_exist_names_the_table() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        let statements = [
            "CREATE TABLE kept (a INT PRIMARY KEY)",
            "CREATE TABLE gone (a INT PRIMARY KEY)",
            "CREATE VIEW broken AS SELECT kept.a FROM kept JOIN gone ON gone.a = kept.a",
            "CREATE VIEW works AS SELECT a FROM kept",
            "DROP TABLE gone",
        ];
        bed.database("d_told_view", &statements).await;
        let manifest = bed.dump("view", &["d_told_view"], ChunkAim::default()).await;
        assert_eq!(manifest.databases[0].views, ["broken", "works"]);
        let of_views = manifest.notes.iter().filter(|note| note.args.contains_key("view"));
        let notes: Vec<String> = of_views.map(|note| note.message(model::text::Language::En)).collect();
        let [note] = &notes[..] else { panic!("{notes:?}") };
        let expected =
            "The view `d_told_view`.`broken` refers to the table `d_told_view`.`gone`, which does not exist";
        assert!(note.starts_with(expected), "{note}");
    }
}

#[tokio::test]
async fn a_database_of_the_server_itself_is_told_as_such() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        for selected in ["mysql", "information_schema", "`mysql`.`user`"] {
            let selection = dump::Selection(vec![selected.parse().expect("a name")]);
            let options = dump::Options { selection, ..dump::Options::default() };
            let error = bed.dump_with(&"own".parse().expect("an id"), &options).await.expect_err("refused");
            assert!(matches!(error, Error::SystemDatabase { .. }), "{selected}: {error:?}");
            let looked = dump::preflight(&bed.source(), &options.selection, &options.consent, 2).await;
            assert_eq!(looked.expect_err("refused").problem(), error.problem());
        }
    }
}

#[tokio::test]
async fn a_locked_account_is_told_as_such() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE OR REPLACE USER told_locked IDENTIFIED BY 'x' ACCOUNT LOCK",
        "GRANT SELECT ON *.* TO told_locked",
    ];
    bed.server.run(&statements).expect("a locked user");
    let (dump, options): (DumpId, _) = ("locked".parse().expect("an id"), dump::Options::default());
    let error = bed.as_user("told_locked", "x").dump_with(&dump, &options).await;
    let problem = error.expect_err("it is locked").problem();
    assert_eq!(problem.text.id, "database-account-locked", "{problem}");
}

/// The server shows the text of a routine only to its definer and to those who may read all routines.
#[tokio::test]
async fn the_privilege_that_shows_the_text_of_a_routine_is_one_of_that_server() {
    for (bed, privilege) in [(Bed::shared(), "SELECT on *.*"), (Bed::mariadb(), "SELECT on mysql.proc")] {
        bed.database("d_told_body", &["CREATE PROCEDURE p () SELECT 1"]).await;
        let little = [
            "DROP USER IF EXISTS told_body",
            "CREATE USER told_body IDENTIFIED BY 'x'",
            "GRANT EXECUTE ON d_told_body.* TO told_body",
            "GRANT SELECT, SHOW VIEW, TRIGGER ON d_told_body.* TO told_body",
        ];
        bed.server.run(&little).expect("a user");
        if privilege.contains("mysql") {
            bed.server.run(&["GRANT RELOAD, PROCESS ON *.* TO told_body"]).expect("a grant");
        }
        let little = bed.as_user("told_body", "x");
        let reasons = async |id: &str| -> Vec<String> {
            let manifest = little.dump(id, &["d_told_body"], ChunkAim::default()).await;
            let lost = manifest.left_out.into_iter().filter(|lost| lost.name == "`d_told_body`.`p`");
            lost.map(|lost| lost.reason.message(model::text::Language::En)).collect()
        };
        let said = reasons("body").await;
        assert!(said.len() == 1 && said[0].contains(&format!("Grant it {privilege}")), "{said:?}");
        bed.server.run(&[format!("GRANT {privilege} TO told_body")]).expect("what it says");
        assert_eq!(reasons("body-seen").await, [""; 0]);
    }
}
