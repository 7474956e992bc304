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
