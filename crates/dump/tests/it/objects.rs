//! More traps of OceanBase dumps: generated names, keys, code, numbers. Their IDs are those of our list of traps.

use dump::ChunkAim;

use crate::bed::{Bed, load_options, query, run};
use crate::code::whole_load;
use crate::traps::{round_trip, same_values};

/// T5: the server generates missing names from the time of day.
#[tokio::test]
async fn t5_constraints_without_a_name_come_through_and_twice_into_one_server() {
    let statements = [
        "CREATE TABLE par (id INT PRIMARY KEY)",
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES par (id), CHECK (id > 0))",
        "INSERT INTO par VALUES (1)",
        "INSERT INTO child VALUES (1,1)",
    ];
    let (bed, target, _) = round_trip("unnamed", &statements).await;
    bed.no_database("d_trap_unnamed_3");
    bed.load("unnamed", &[("d_trap_unnamed", "d_trap_unnamed_3")]).await;
    let mut session = bed.session().await;
    for database in [target.as_str(), "d_trap_unnamed_3"] {
        for (row, number) in [("(2,99)", 1452), ("(-1,1)", 3819)] {
            let sql = oceanbase::Statement::act(format!("INSERT INTO {database}.child VALUES {row}"));
            assert_eq!(session.run(&sql).await.expect_err(row).number(), Some(number), "{database}");
        }
    }
    session.close().await;
}

/// T9: the server drops parts of a definition when it is created; a load drops nothing more.
#[tokio::test]
async fn t9_what_the_server_made_of_a_definition_stays_so() {
    let statements = [
        "CREATE TABLE k (a INT, d DECIMAL(10,0) DEFAULT 1.5, t TEXT(1000), KEY kd (a DESC)) ENGINE=MyISAM",
        "INSERT INTO k (a, t) VALUES (1,'x'),(2,NULL)",
    ];
    let (bed, target, _) = round_trip("forgotten", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, &format!("INSERT INTO {target}.k (a) VALUES (3)")).await;
    assert_eq!(query(&mut session, &format!("SELECT DISTINCT d FROM {target}.k")).await, [["2"]]);
    session.close().await;
}

/// T11: a key over the elements of a document is printed as an internal function.
#[tokio::test]
async fn t11_keys_over_expressions_and_elements_are_kept() {
    let statements = [
        "CREATE TABLE m (id INT PRIMARY KEY, j JSON, a INT, b INT, KEY m ((CAST(j->'$.tags' AS CHAR(20) ARRAY))), KEY f ((a + b)))",
        "INSERT INTO m VALUES (1,'{\"tags\": [\"x\", \"y\"]}',1,2),(2,'{\"tags\": []}',3,4),(3,NULL,NULL,NULL)",
    ];
    let (bed, target, _) = round_trip("elements", &statements).await;
    let mut session = bed.session().await;
    let found = format!("SELECT id FROM {target}.m WHERE 'y' MEMBER OF (j->'$.tags')");
    assert_eq!(query(&mut session, &found).await, [["1"]]);
    session.close().await;
}

/// Dumps a database with code, loads it with code, and returns what the server shows of an object in both.
async fn code_round_trip(name: &str, statements: &[&str], show: &str) -> [Vec<String>; 2] {
    let bed = Bed::shared();
    let (source, target) = (format!("d_trap_{name}"), format!("d_trap_{name}_2"));
    bed.database(&source, statements).await;
    bed.no_database(&target);
    let id = name.replace('_', "-");
    bed.dump(&id, &[&source], ChunkAim::default()).await;
    let options = load_options(&[(&source, &target)]);
    let notes = whole_load(&bed, &id.parse().expect("an id"), &options, true).await;
    assert_eq!(notes, [""; 0]);
    let mut session = bed.session().await;
    let mut shown = Vec::new();
    for database in [&source, &target] {
        run(&mut session, &format!("USE {database}")).await;
        let row = query(&mut session, show).await.remove(0);
        shown.push(
            row.into_iter().map(|cell| cell.replace(&format!("`{database}`."), "")).collect::<Vec<_>>(),
        );
    }
    session.close().await;
    shown.try_into().expect("both")
}

/// T13: the definer of a trigger is printed without quotes.
#[tokio::test]
async fn t13_a_trigger_keeps_its_definer_its_mode_and_its_text() {
    let statements = [
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(20))",
        "SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES'",
        "CREATE TRIGGER \"tr ;1\" BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.b = 'a;' || NEW.a; END",
    ];
    let [before, after] = code_round_trip("trigger", &statements, "SHOW CREATE TRIGGER `tr ;1`").await;
    assert_eq!(before[..3], after[..3]);
    assert!(after[1].contains("ANSI_QUOTES"), "{after:?}");
}

/// seekdb prints FOLLOWS and PRECEDES as they were typed, also when the other trigger is gone.
#[tokio::test]
async fn t13_triggers_of_one_event_run_in_their_order() {
    let statements = [
        "CREATE TABLE t (a INT PRIMARY KEY)",
        "CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1",
        "CREATE TRIGGER d BEFORE INSERT ON t FOR EACH ROW FOLLOWS b SET NEW.a = NEW.a * 10",
        "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW FOLLOWS b SET NEW.a = NEW.a - 3",
        "CREATE TRIGGER c BEFORE INSERT ON t FOR EACH ROW PRECEDES b SET NEW.a = NEW.a * 2",
        "CREATE TRIGGER gone AFTER DELETE ON t FOR EACH ROW SET @x = 1",
        "CREATE TRIGGER e AFTER DELETE ON t FOR EACH ROW FOLLOWS gone SET @x = 2",
        "DROP TRIGGER gone",
    ];
    let order = "SELECT GROUP_CONCAT(TRIGGER_NAME ORDER BY ACTION_TIMING, ACTION_ORDER) FROM information_schema.TRIGGERS \
                 WHERE TRIGGER_SCHEMA = DATABASE()";
    let [before, after] = code_round_trip("trigger_order", &statements, order).await;
    assert_eq!(before, ["e,c,b,a,d"]);
    assert_eq!(after, before);
    let bed = Bed::shared();
    let mut session = bed.session().await;
    run(&mut session, "INSERT INTO d_trap_trigger_order_2.t VALUES (5)").await;
    assert_eq!(query(&mut session, "SELECT a FROM d_trap_trigger_order_2.t").await, [["80"]]);
    session.close().await;
}

/// A column of an empty text without a name has an empty name, which seekdb prints as it can not be read again.
#[tokio::test]
async fn t15_a_column_of_a_view_without_a_name_keeps_none() {
    let (bed, target, _) =
        round_trip("unnamed", &["CREATE VIEW v AS SELECT '', 1 AS one FROM (SELECT '') q"]).await;
    let mut session = bed.session().await;
    let columns = format!(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{target}' ORDER BY ORDINAL_POSITION"
    );
    assert_eq!(query(&mut session, &columns).await, [[""], ["one"]]);
    session.close().await;
}

/// T14: a procedure contains statements of its own, and runs under the mode of its creation.
#[tokio::test]
async fn t14_a_procedure_keeps_its_text_and_its_mode() {
    let statements = [
        "SET sql_mode = 'PIPES_AS_CONCAT'",
        "CREATE PROCEDURE p1 (IN x INT, OUT y VARCHAR(40)) COMMENT 'a;b' BEGIN DECLARE z INT; SET z = x; \
         IF z > 1 THEN SET y = 'more;' || z; ELSE SET y = '$$'; END IF; END",
    ];
    let [before, after] = code_round_trip("procedure", &statements, "SHOW CREATE PROCEDURE p1").await;
    assert_eq!(before, after);
    let bed = Bed::shared();
    let mut session = bed.session().await;
    for (argument, expected) in [(5, "more;5"), (1, "$$")] {
        run(&mut session, &format!("CALL d_trap_procedure_2.p1({argument}, @y)")).await;
        assert_eq!(query(&mut session, "SELECT @y").await, [[expected]]);
    }
    session.close().await;
}

/// T16 on seekdb: its two character sets and their collations; others are in `mariadb.rs`.
#[tokio::test]
async fn t16_both_character_sets_and_their_collations_are_kept() {
    let statements = [
        "CREATE TABLE c (a VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, b VARCHAR(20) COLLATE utf8mb4_general_ci, \
         c CHAR(20) CHARACTER SET binary, d TEXT COLLATE utf8mb4_bin, UNIQUE KEY ub (b)) DEFAULT COLLATE utf8mb4_bin",
        "INSERT INTO c VALUES ('a','a',0xFF00,'😀'),('A','b',0x61,'中'),('á','c',NULL,NULL)",
    ];
    let (bed, target, _) = round_trip("collations", &statements).await;
    let mut session = bed.session().await;
    let twice = oceanbase::Statement::act(format!("INSERT INTO {target}.c (a, b) VALUES ('z','A')"));
    assert_eq!(session.run(&twice).await.expect_err("'A' is 'a' there").number(), Some(1062));
    run(&mut session, &format!("INSERT INTO {target}.c (a, b) VALUES ('Á','z')")).await;
    session.close().await;
}

/// T27: `-0.0` is stored as a zero, `-0e0` as a negative one; maps and sparse vectors are stored as the text that the
/// server prints.
#[tokio::test]
async fn t27_a_negative_zero_maps_and_sparse_vectors_come_back_as_the_server_shows_them() {
    let statements = [
        "CREATE TABLE z (id INT PRIMARY KEY, f FLOAT, d DOUBLE, m MAP(INT,INT), s SPARSEVECTOR)",
        "INSERT INTO z VALUES (1,-0.0,-0.0,'{1:2,3:4}','{1:0.5,7:1.25}'),(2,-0e0,-1e-320,'{}','{}'),(4,1,-0e0,'{1:1}',NULL),(3,NULL,NULL,NULL,NULL)",
    ];
    round_trip("zero", &statements).await;
    same_values("zero", "z", "id", "NOT (x.f <=> y.f AND x.d <=> y.d)").await;
}
