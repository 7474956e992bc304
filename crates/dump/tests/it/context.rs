//! Views and code keep their definer, even one that does not exist, their character set and their checks.

use dump::ChunkAim;
use oceanbase::Statement;

use crate::bed::{Bed, load_options, query, run};
use crate::code::whole_load;

#[tokio::test]
async fn texts_of_code_and_views_keep_their_character_set_and_collation() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY, w VARCHAR(60) CHARACTER SET utf8mb4)",
        "SET character_set_client = latin1, collation_connection = latin1_german2_ci",
        "CREATE FUNCTION lit() RETURNS VARCHAR(60) CHARACTER SET utf8mb4 DETERMINISTIC RETURN CONCAT(CHARSET('a'), '/', COLLATION('a'))",
        "CREATE VIEW lv AS SELECT 'abc' AS x, CHARSET('a') AS c, COLLATION('a') AS d",
        "CREATE TRIGGER tt BEFORE INSERT ON t FOR EACH ROW SET NEW.w = CONCAT(COLLATION('z'), NEW.w)",
        "SET character_set_client = utf8mb4, collation_connection = latin1_german2_ci",
        "CREATE FUNCTION umlaut() RETURNS VARCHAR(60) CHARACTER SET utf8mb4 DETERMINISTIC RETURN CONCAT(COLLATION('ä'), 'ä')",
        "SET character_set_client = utf8mb4, collation_connection = utf8mb4_general_ci",
    ];
    bed.database("d_context", &statements).await;
    bed.no_database("d_context_2");
    bed.dump("context", &["d_context"], ChunkAim::default()).await;
    let (dump, options) = ("context".parse().expect("an id"), load_options(&[("d_context", "d_context_2")]));
    assert_eq!(whole_load(&bed, &dump, &options, true).await, [""; 0]);
    let mut session = bed.session().await;
    let shown = |database: &str| {
        [
            format!("SELECT {database}.lit(), {database}.umlaut()"),
            format!("SELECT x, c, d FROM {database}.lv"),
            format!(
                "SELECT CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '{database}'"
            ),
            format!(
                "SELECT ROUTINE_NAME, CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '{database}' ORDER BY 1"
            ),
            format!(
                "SELECT CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '{database}'"
            ),
        ]
    };
    for (old, new) in shown("d_context").iter().zip(shown("d_context_2")) {
        assert_eq!(query(&mut session, &new).await, query(&mut session, old).await, "{new}");
    }
    assert_eq!(query(&mut session, "SELECT d_context_2.lit()").await, [["latin1/latin1_german2_ci"]]);
    run(&mut session, "INSERT INTO d_context_2.t VALUES (1, '!')").await;
    assert_eq!(query(&mut session, "SELECT w FROM d_context_2.t").await, [["latin1_german2_ci!"]]);

    // The stock client creates the same from the files.
    bed.database("d_context_3", &[statements[0]]).await;
    for file in ["views.sql", "code.sql"] {
        let path = format!("context/schema/d_context/{file}");
        crate::stock_tools::client(&bed, "d_context_3", &bed.dir.path().join(path));
    }
    for (old, new) in shown("d_context").iter().zip(shown("d_context_3")) {
        assert_eq!(query(&mut session, &new).await, query(&mut session, old).await, "{new}");
    }
    session.close().await;
}

/// Parameters and variables of code have the collation that the database had at the creation.
#[tokio::test]
async fn code_is_not_created_under_another_collation_of_its_database() {
    let bed = Bed::mariadb();
    let statements = [
        "ALTER DATABASE d_collated CHARACTER SET latin1",
        "CREATE PROCEDURE old_p() SELECT 1",
        "ALTER DATABASE d_collated CHARACTER SET utf8mb4",
        "CREATE PROCEDURE new_p() SELECT 1",
    ];
    bed.database("d_collated", &statements).await;
    bed.no_database("d_collated_2");
    bed.dump("collated", &["d_collated"], ChunkAim::default()).await;
    let (dump, options) =
        ("collated".parse().expect("an id"), load_options(&[("d_collated", "d_collated_2")]));
    let told = whole_load(&bed, &dump, &options, true).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`d_collated_2`.`old_p`"), "{told:?}");
    let mut session = bed.session().await;
    let routines =
        "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'd_collated_2'";
    assert_eq!(query(&mut session, routines).await, [["new_p"]]);
    session.close().await;
}

/// The text of latin1 code beyond ASCII: the server keeps its bytes, which are not UTF-8.
#[tokio::test]
async fn code_that_was_written_in_latin1_reads_as_it_did() {
    let bed = Bed::mariadb();
    bed.database("d_latin", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await;
    bed.no_database("d_latin_2");
    let mut session = bed.session().await;
    run(&mut session, "USE d_latin").await;
    run(&mut session, "SET character_set_client = latin1, collation_connection = latin1_swedish_ci").await;
    let function =
        b"CREATE FUNCTION f() RETURNS VARCHAR(9) CHARACTER SET utf8mb4 DETERMINISTIC RETURN '\xE4'".to_vec();
    session.run(&Statement::act(function)).await.expect("a function");
    session.close().await;
    bed.dump("latin", &["d_latin"], ChunkAim::default()).await;
    let (dump, options) = ("latin".parse().expect("an id"), load_options(&[("d_latin", "d_latin_2")]));
    assert_eq!(whole_load(&bed, &dump, &options, true).await, [""; 0]);
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT d_latin.f(), d_latin_2.f()").await, [["ä", "ä"]]);
    session.close().await;
}

#[tokio::test]
async fn a_view_whose_definer_is_gone_is_made_again_and_checks_still_hold() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY, n INT)",
        "INSERT INTO t VALUES (1,1)",
        "CREATE DEFINER='nobody'@'10.%' SQL SECURITY INVOKER VIEW v1 AS SELECT id, n FROM t WHERE n < 10 WITH CASCADED CHECK OPTION",
        "CREATE ALGORITHM=TEMPTABLE DEFINER='no`body\"x'@'%' VIEW v2 AS SELECT * FROM t",
        "CREATE ALGORITHM=MERGE VIEW v3 AS SELECT id FROM v1 WHERE id > 0 WITH LOCAL CHECK OPTION",
    ];
    bed.database("d_definer", &statements).await;
    bed.no_database("d_definer_2");
    let manifest = bed.dump("definer", &["d_definer"], ChunkAim::default()).await;
    assert_eq!(manifest.databases[0].views.len(), 3, "{:?}", manifest.databases[0].broken_views);
    let told: Vec<_> = manifest.notes.iter().filter(|note| note.id == "dump-view-definer-gone").collect();
    assert!(told.len() == 1 && told[0].args["view"].contains("v2"), "{:?}", manifest.notes);
    let notes = bed.load("definer", &[("d_definer", "d_definer_2")]).await;
    assert_eq!(notes, []);
    let mut session = bed.session().await;
    let views = |database: &str| {
        format!(
            "SELECT TABLE_NAME, CHECK_OPTION, DEFINER, SECURITY_TYPE, ALGORITHM FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '{database}' ORDER BY 1"
        )
    };
    let before = query(&mut session, &views("d_definer")).await;
    assert_eq!(query(&mut session, &views("d_definer_2")).await, before);
    assert_eq!(before.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["CASCADED", "NONE", "LOCAL"]);
    let refused = session.run(&Statement::act("INSERT INTO d_definer_2.v1 VALUES (2, 11)")).await;
    assert!(refused.is_err_and(|error| error.number() == Some(1369)));
    session.close().await;
}

/// The kernel may print a view without its check.
#[tokio::test]
async fn a_checked_view_of_a_seekdb_still_checks() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY, n INT)",
        "CREATE VIEW v1 AS SELECT id, n FROM t WHERE n < 10 WITH CASCADED CHECK OPTION",
        "CREATE VIEW v2 AS SELECT id, n FROM v1 WHERE id > 0 WITH LOCAL CHECK OPTION",
    ];
    bed.database("d_checked", &statements).await;
    bed.no_database("d_checked_2");
    bed.dump("checked", &["d_checked"], ChunkAim::default()).await;
    bed.load("checked", &[("d_checked", "d_checked_2")]).await;
    let mut session = bed.session().await;
    let insert = |database: &str, view: &str, row: &str| {
        Statement::act(format!("INSERT INTO {database}.{view} VALUES {row}"))
    };
    for (view, row) in [("v1", "(2, 11)"), ("v2", "(3, 11)"), ("v2", "(-1, 1)"), ("v1", "(4, 9)")] {
        let before = session.run(&insert("d_checked", view, row)).await.map_err(|error| error.number());
        let after = session.run(&insert("d_checked_2", view, row)).await.map_err(|error| error.number());
        assert_eq!(after, before, "{view} {row}");
    }
    session.close().await;
}
