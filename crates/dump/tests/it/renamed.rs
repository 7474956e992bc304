//! A database that is loaded under another name refers to nothing of the old one.

use dump::{ChunkAim, DumpId, Options, Selection, load};
use model::backup::BackupObject;

use crate::bed::{Bed, load_options, query, run};
use crate::code::whole_load;

/// A table with the name of its database, and all objects that may refer to it.
fn statements(database: &str) -> Vec<String> {
    [
        "CREATE TABLE {d} (id INT PRIMARY KEY, n INT)",
        "INSERT INTO {d} VALUES (1,2)",
        "CREATE TABLE log (x VARCHAR(99))",
        "CREATE VIEW v1 AS SELECT id, n FROM {d}",
        "CREATE VIEW v2 AS SELECT o.id FROM {d} o JOIN {d}.v1 ON v1.id = o.id WHERE o.n > 0",
        "CREATE VIEW v3 AS SELECT {d}.n FROM {d}.log RIGHT JOIN {d}.{d} ON log.x = {d}.id",
        "CREATE FUNCTION total() RETURNS INT READS SQL DATA RETURN (SELECT SUM({d}.n) FROM {d}.{d})",
        "CREATE PROCEDURE note (IN x INT) BEGIN DECLARE s INT; SET s = {d}.total(); INSERT INTO {d}.log VALUES (CONCAT('{d}.', x)); UPDATE {d}.{d} SET n = s; END",
        "CREATE TRIGGER t1 BEFORE INSERT ON {d} FOR EACH ROW INSERT INTO {d}.log SELECT COUNT(*) FROM {d}.{d}",
    ]
    .iter()
    .map(|sql| sql.replace("{d}", database))
    .collect()
}

async fn nothing_refers_to_the_old_name(bed: &Bed, old: &str) {
    let new = format!("{old}_2");
    let statements = statements(old);
    bed.database(old, &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bed.no_database(&new);
    bed.dump("rn-orders", &[old], ChunkAim::default()).await;
    let (dump, options) = ("rn-orders".parse().expect("an id"), load_options(&[(old, &new)]));
    let notes = whole_load(bed, &dump, &options, true).await;
    assert_eq!(notes, [""; 0]);
    bed.no_database(old);
    let mut session = bed.session().await;
    run(&mut session, &format!("USE {new}")).await;
    assert_eq!(query(&mut session, "SELECT * FROM v1").await, [["1", "2"]]);
    assert_eq!(query(&mut session, "SELECT * FROM v2").await, [["1"]]);
    assert_eq!(query(&mut session, "SELECT * FROM v3").await, [["2"]]);
    run(&mut session, &format!("INSERT INTO {old} VALUES (2,3)")).await;
    run(&mut session, "CALL note(7)").await;
    assert_eq!(
        query(&mut session, "SELECT * FROM log ORDER BY 1").await,
        [["1".to_owned()], [format!("{old}.7")]]
    );
    assert_eq!(query(&mut session, &format!("SELECT n FROM {old}")).await, [["5"], ["5"]]);
    session.close().await;
}

#[tokio::test]
async fn nothing_refers_to_the_old_name_in_a_seekdb() {
    nothing_refers_to_the_old_name(&Bed::shared(), "d_rn_orders").await;
}

#[tokio::test]
async fn nothing_refers_to_the_old_name_in_a_mariadb() {
    nothing_refers_to_the_old_name(&Bed::mariadb(), "d_rn_orders").await;
}

/// A copy beside its source: code of the copy must not touch the source.
#[tokio::test]
async fn code_of_a_copy_leaves_the_source_as_it_is() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY, n INT, KEY i (n))",
        "CREATE TABLE u (id INT PRIMARY KEY)",
        "INSERT INTO t VALUES (1,1)",
        "INSERT INTO u VALUES (1)",
        "CREATE PROCEDURE r1() DELETE d_rn_half.t FROM d_rn_half.t JOIN d_rn_half.u ON t.id = u.id",
        "CREATE PROCEDURE r2() BEGIN DECLARE r ROW TYPE OF d_rn_half.t; CREATE TABLE d_rn_half.l LIKE d_rn_half.t; SHOW COLUMNS FROM d_rn_half.t; DESCRIBE d_rn_half.t; END",
        "CREATE PROCEDURE r3() BEGIN DROP INDEX i ON d_rn_half.t; RENAME TABLE d_rn_half.t TO d_rn_half.t2; ANALYZE TABLE d_rn_half.t2, d_rn_half.u; DROP TABLE d_rn_half.u; END",
        "SET sql_mode = ORACLE",
        "CREATE PROCEDURE r4 AS x d_rn_half.t.n%TYPE; BEGIN x := 7; INSERT INTO d_rn_half.l VALUES (x, x); EXCEPTION WHEN OTHERS THEN NULL; END",
        "CREATE FUNCTION r5 RETURN INT IS BEGIN RETURN d_rn_half.r5() + 1; END",
        "CREATE TRIGGER \"d_rn_half\".\"r6\" BEFORE INSERT ON \"d_rn_half\".\"t\" FOR EACH ROW DECLARE q INT; BEGIN q := 5; :NEW.n := q; END",
    ];
    bed.database("d_rn_half", &statements).await;
    bed.no_database("d_rn_half_2");
    let manifest = bed.dump("rn-half", &["d_rn_half"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    let state = "SELECT table_name, index_name FROM information_schema.statistics WHERE table_schema = 'd_rn_half' ORDER BY 1, 2";
    let mut session = bed.session().await;
    let before = query(&mut session, state).await;
    let options = load_options(&[("d_rn_half", "d_rn_half_2")]);
    let notes = whole_load(&bed, &"rn-half".parse().expect("an id"), &options, true).await;
    assert_eq!(notes, [""; 0]);
    run(&mut session, "USE d_rn_half_2").await;
    run(&mut session, "INSERT INTO t (id) VALUES (9)").await;
    assert_eq!(query(&mut session, "SELECT n FROM t ORDER BY id").await, [["1"], ["5"]]);
    for routine in ["r1", "r2", "r4", "r3"] {
        run(&mut session, &format!("CALL {routine}()")).await;
    }
    assert_eq!(query(&mut session, "SELECT * FROM l").await, [["7", "7"]]);
    assert_eq!(query(&mut session, "SELECT id FROM t2").await, [["9"]]);
    assert_eq!(query(&mut session, state).await, before);
    assert_eq!(query(&mut session, "SELECT id FROM d_rn_half.t").await, [["1"]]);
    session.close().await;
}

#[tokio::test]
async fn code_whose_names_are_unclear_is_named_and_not_created() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE PROCEDURE p() BEGIN PREPARE s FROM 'INSERT INTO d_rn_text.t VALUES (1)'; EXECUTE s; END",
    ];
    bed.database("d_rn_text", &statements).await;
    bed.no_database("d_rn_text_2");
    bed.dump("rn-text", &["d_rn_text"], ChunkAim::default()).await;
    let options = load_options(&[("d_rn_text", "d_rn_text_2")]);
    let notes = whole_load(&bed, &"rn-text".parse().expect("an id"), &options, true).await;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("`d_rn_text_2`.`p`"), "{notes:?}");
    assert!(notes[0].contains("INSERT INTO d_rn_text.t VALUES (1)"), "{notes:?}");
    let mut session = bed.session().await;
    let created = "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'd_rn_text_2'";
    assert_eq!(query(&mut session, created).await, [["0"]]);
    session.close().await;
}

/// A default that uses the source's sequence would cause gaps in the numbers of the source.
#[tokio::test]
async fn a_default_draws_from_the_sequence_beside_it() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE SEQUENCE ticket_no START WITH 700 INCREMENT BY 10 CACHE 5",
        "CREATE TABLE ticket (no BIGINT NOT NULL DEFAULT NEXTVAL(ticket_no) PRIMARY KEY, what VARCHAR(20))",
        "INSERT INTO ticket (what) VALUES ('one'),('two')",
    ];
    bed.database("d_rn_draw", &statements).await;
    bed.database("d_rn_draw_2", &["CREATE SEQUENCE ticket_no START WITH 5000"]).await;
    let table = BackupObject::Table("d_rn_draw".to_owned(), "ticket".to_owned());
    let (dump, selection): (DumpId, _) = ("rn-draw".parse().expect("an id"), Selection(vec![table]));
    let taken = Options { selection: selection.clone(), ..Options::default() };
    bed.dump_with(&dump, &taken).await.expect("a dump");
    let options = load::Options {
        selection,
        into_existing: load::IntoExisting::InPart,
        ..load_options(&[("d_rn_draw", "d_rn_draw_2")])
    };
    bed.load_with("rn-draw", &options).await;
    let mut session = bed.session().await;
    run(&mut session, "INSERT INTO d_rn_draw_2.ticket (what) VALUES ('three')").await;
    let drawn = query(&mut session, "SELECT no FROM d_rn_draw_2.ticket ORDER BY no").await;
    assert_eq!(drawn, [["700"], ["710"], ["5000"]]);
    session.close().await;
}
