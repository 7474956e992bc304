//! Names that contain SQL: in every place where a name is allowed, they are restored as names, and nothing in them is
//! run.

use dump::{ChunkAim, DumpId};
use oceanbase::Session;
use oceanbase::statement::{identifier, literal};

use crate::bed::{Bed, load_options, query, run};
use crate::code::whole_load;

/// The content of each name: a statement, if a server does not quote the name.
fn evil(canary: &str, place: &str) -> String {
    format!("{place}`;drop database {canary};-- '\"/*")
}

fn quoted(canary: &str, place: &str) -> String {
    identifier(&evil(canary, place))
}

/// The statements that create something of each kind, under such names.
fn statements(canary: &str, oceanbase: bool) -> Vec<String> {
    let q = |place: &str| quoted(canary, place);
    let text = literal(&evil(canary, "comment"));
    let (t, c, d, p, g) = (q("t"), q("c"), q("d"), q("p"), q("g"));
    // seekdb itself fails with a quote in the name of a partitioning column.
    let cut = |place: &str| identifier(&evil(canary, place).replace(['\'', '"', '/', '*'], "x"));
    let (y, z) = (cut("y"), cut("z"));
    let mut all = vec![
        format!(
            "CREATE TABLE {t} ({c} INT NOT NULL COMMENT {text}, {d} VARCHAR(99) DEFAULT {text}, {g} INT AS ({c} + 1) STORED, \
             PRIMARY KEY ({c}), UNIQUE KEY {} ({d}), KEY {} ({g}, {c}), CONSTRAINT {} CHECK ({c} <> 77)) COMMENT {text}",
            q("u"),
            q("k"),
            q("h"),
        ),
        format!("INSERT INTO {t} ({c}) VALUES (1)"),
        format!(
            "CREATE TABLE child ({c} INT PRIMARY KEY, {p} INT, CONSTRAINT {} FOREIGN KEY ({p}) REFERENCES {t} ({c}))",
            q("f")
        ),
        "INSERT INTO child VALUES (5, 1)".to_owned(),
        format!(
            "CREATE TABLE parts ({y} INT, {z} INT, PRIMARY KEY ({y}, {z})) PARTITION BY RANGE ({y}) SUBPARTITION BY HASH ({z}) \
             (PARTITION {} VALUES LESS THAN (10) (SUBPARTITION {}, SUBPARTITION {}), \
             PARTITION {} VALUES LESS THAN (MAXVALUE) (SUBPARTITION {}, SUBPARTITION s3))",
            q("p0"),
            q("s0"),
            q("s1"),
            q("p1"),
            q("s2"),
        ),
        "INSERT INTO parts VALUES (1, 2), (20, 3)".to_owned(),
        format!(
            "CREATE TABLE listed ({y} VARCHAR(99)) PARTITION BY LIST COLUMNS ({y}) (PARTITION {} VALUES IN ({text}), PARTITION x VALUES IN ('y'))",
            q("l")
        ),
        format!("INSERT INTO listed VALUES ({text}), ('y')"),
        format!(
            "CREATE VIEW {} AS SELECT a.{c} AS {}, {text} AS {} FROM {t} {} JOIN {t} a ON a.{c} = {}.{c}",
            q("v"),
            q("w"),
            q("x"),
            q("a"),
            q("a")
        ),
        format!("CREATE VIEW named ({}) AS SELECT {c} FROM {t}", q("n")),
        format!("CREATE PROCEDURE {} (IN {p} INT) COMMENT {text} SELECT {p}, {text}", q("r")),
        format!(
            "CREATE FUNCTION {} ({p} INT) RETURNS INT DETERMINISTIC COMMENT {text} RETURN {p} + 1",
            q("n")
        ),
    ];
    if oceanbase {
        all.push(format!(
            "CREATE TABLE same ({y} INT, {z} INT) PARTITION BY RANGE ({y}) SUBPARTITION BY RANGE ({z}) SUBPARTITION TEMPLATE \
             (SUBPARTITION `s``;-- '` VALUES LESS THAN (10), SUBPARTITION m VALUES LESS THAN (MAXVALUE)) \
             (PARTITION `y``;-- '` VALUES LESS THAN (10), PARTITION z VALUES LESS THAN (20))"
        ));
    } else {
        all.push(format!("CREATE TRIGGER {} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.{d} = {text}", q("t")));
    }
    all
}

/// Returns every name that the server knows in a database, and every text, without the name of the database.
async fn names(session: &mut Session, database: &str) -> Vec<Vec<String>> {
    let own = literal(database);
    let mut all = Vec::new();
    for sql in [
        format!(
            "SELECT TABLE_NAME, TABLE_TYPE, IF(TABLE_TYPE = 'VIEW', '', TABLE_COMMENT) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {own} ORDER BY 1"
        ),
        format!(
            "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT, COLUMN_COMMENT, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {own} ORDER BY 1, ORDINAL_POSITION"
        ),
        format!(
            "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {own} ORDER BY 1, 2, SEQ_IN_INDEX"
        ),
        format!(
            "SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = {own} ORDER BY 1, 2, 3"
        ),
        format!(
            "SELECT TABLE_NAME, REFERENCED_TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA = {own} FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {own} ORDER BY 1, 2"
        ),
        format!(
            "SELECT TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = {own} ORDER BY 1, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION"
        ),
        format!(
            "SELECT ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_COMMENT, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {own} ORDER BY 1, 2"
        ),
        format!(
            "SELECT SPECIFIC_NAME, PARAMETER_NAME FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = {own} ORDER BY 1, ORDINAL_POSITION"
        ),
        format!(
            "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {own} ORDER BY 1"
        ),
    ] {
        all.extend(query(session, &sql).await);
    }
    all
}

/// Creates everything in a database of such a name, dumps it and loads it under another one.
async fn come_back(bed: &Bed, id: &str, canary: &str) {
    // seekdb itself fails to drop a database with a quote in its name.
    let name = |place: &str| evil(canary, place).replace(['\'', '"', '/', '*'], "x");
    let (source, target) = (name(id), name(&format!("{id}_2")));
    let mut session = bed.session().await;
    let oceanbase = session.server().product.is_oceanbase();
    for name in [&source, &target, &canary.to_owned()] {
        run(&mut session, &format!("DROP DATABASE IF EXISTS {}", identifier(name))).await;
    }
    run(&mut session, &format!("CREATE DATABASE {canary}")).await;
    run(&mut session, &format!("CREATE DATABASE {} CHARACTER SET utf8mb4", identifier(&source))).await;
    run(&mut session, &format!("USE {}", identifier(&source))).await;
    for sql in statements(canary, oceanbase) {
        run(&mut session, &sql).await;
    }
    bed.dump(id, &[source.as_str()], ChunkAim::default()).await;
    let (dump, options) =
        (id.parse::<DumpId>().expect("an id"), load_options(&[(source.as_str(), target.as_str())]));
    let notes = whole_load(bed, &dump, &options, true).await;
    assert_eq!(notes, [""; 0]);
    let (before, after) = (names(&mut session, &source).await, names(&mut session, &target).await);
    assert!(before.len() > 40, "{}", before.len());
    assert_eq!(before, after);
    let view = format!("SELECT * FROM {}.{}", identifier(&target), quoted(canary, "v"));
    assert_eq!(query(&mut session, &view).await.len(), 1);
    let alive =
        format!("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}", literal(canary));
    assert_eq!(query(&mut session, &alive).await, [["1"]]);
    assert_eq!(bed.compare(id, &[(source.as_str(), target.as_str())]).await.findings, []);
    session.close().await;
}

#[tokio::test]
async fn names_with_statements_in_them_are_names_on_a_seekdb() {
    come_back(&Bed::shared(), "nm", "d_nm_canary").await;
}

#[tokio::test]
async fn names_with_statements_in_them_are_names_on_a_mariadb() {
    come_back(&Bed::mariadb(), "nm", "d_nm_canary").await;
}

/// seekdb accepts no trigger in a database or on a table with such a name.
#[tokio::test]
async fn triggers_and_their_definers_come_back_by_name() {
    let bed = Bed::shared();
    bed.database("d_nm_code", &["CREATE TABLE t (a INT)", "DROP USER IF EXISTS 'a;b -- ''c'@'10.%'"]).await;
    bed.no_database("d_nm_code_2");
    let mut session = bed.session().await;
    run(&mut session, "USE d_nm_code").await;
    run(&mut session, "CREATE USER 'a;b -- ''c'@'10.%' IDENTIFIED BY 'x'").await;
    run(
        &mut session,
        "CREATE DEFINER = 'a;b -- ''c'@'10.%' TRIGGER `t;-- r'` BEFORE INSERT ON t FOR EACH ROW SET @a = ';'",
    )
    .await;
    run(&mut session, "CREATE DEFINER = 'a;b -- ''c'@'10.%' PROCEDURE `p``;-- '` () BEGIN SELECT 1; END")
        .await;
    bed.dump("nmcode", &["d_nm_code"], ChunkAim::default()).await;
    let options = load_options(&[("d_nm_code", "d_nm_code_2")]);
    assert_eq!(whole_load(&bed, &"nmcode".parse().expect("an id"), &options, true).await, [""; 0]);
    for (what, table, schema) in
        [("TRIGGER", "TRIGGERS", "TRIGGER_SCHEMA"), ("ROUTINE", "ROUTINES", "ROUTINE_SCHEMA")]
    {
        let sql = |database: &str| {
            format!(
                "SELECT {what}_NAME, DEFINER FROM information_schema.{table} WHERE {schema} = '{database}'"
            )
        };
        let (before, after) = (sql("d_nm_code"), sql("d_nm_code_2"));
        let before = query(&mut session, &before).await;
        assert_eq!(before.len(), 1);
        assert_eq!(before, query(&mut session, &after).await);
    }
    run(&mut session, "DROP DATABASE d_nm_code_2").await;
    run(&mut session, "DROP DATABASE d_nm_code").await;
    run(&mut session, "DROP USER IF EXISTS 'a;b -- ''c'@'10.%'").await;
    session.close().await;
}
