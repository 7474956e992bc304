//! Kinds of objects that not every server has come through: sequences, current rows of system-versioned tables, events, users
//! and roles of MariaDB, outlines of seekdb.

use dump::{ChunkAim, Options, load};
use model::inventory::ObjectKind;

use crate::bed::{Bed, create_schema, load_options, query, run};

/// The rows of a query without a row that a load itself leaves.
async fn shown(bed: &Bed, statements: &[&str]) -> Vec<Vec<Vec<String>>> {
    let mut session = bed.session().await;
    let mut rows = Vec::new();
    for sql in statements {
        rows.push(query(&mut session, sql).await);
    }
    session.close().await;
    rows
}

/// Loads a dump with code and users.
async fn load_all(bed: &Bed, id: &str, names: &[(&str, &str)]) -> Vec<model::text::Text> {
    let (dump, options) = (id.parse().expect("an id"), load_options(names));
    let (target, never) = (bed.source(), tokio_util::sync::CancellationToken::new());
    let meter = dump::Meter::new();
    create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
    let mut notes = load::create_routines(&target, &bed.client, &dump, &options).await.expect("routines");
    load::load_data(&target, &bed.client, &dump, &options, 2, &meter, &never).await.expect("rows");
    notes.extend(
        load::create_indexes(&target, &bed.client, &dump, &options, 2, &never).await.expect("keys"),
    );
    notes.extend(load::create_triggers(&target, &bed.client, &dump, &options).await.expect("code"));
    load::finish(&target, &bed.client, &dump, &options).await.expect("an end");
    notes
}

#[tokio::test]
async fn a_sequence_gives_next_what_it_would_have_given_in_the_source() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE SEQUENCE ticket_no START WITH 700 INCREMENT BY 10 CACHE 5",
        "CREATE TABLE ticket (no BIGINT NOT NULL DEFAULT NEXTVAL(ticket_no) PRIMARY KEY, what VARCHAR(20))",
        "INSERT INTO ticket (what) VALUES ('one'), ('two')",
        "CREATE SEQUENCE `down``s` START WITH -5 INCREMENT BY -3 MINVALUE -9000 MAXVALUE -1 NOCACHE CYCLE",
        "CREATE SEQUENCE spent START WITH 1 MAXVALUE 2 NOCACHE",
        "DO NEXTVAL(spent), NEXTVAL(spent), NEXTVAL(`down``s`)",
    ];
    bed.database("d_sequence", &statements).await;
    let manifest = bed.dump("sequence", &["d_sequence"], ChunkAim::default()).await;
    assert_eq!(manifest.databases[0].sequences, ["down`s", "spent", "ticket_no"]);
    assert_eq!(manifest.left_out, []);
    assert_eq!(bed.verify("sequence").await.findings, []);
    let asked = [
        "SHOW CREATE SEQUENCE d_sequence.`down``s`",
        "SHOW CREATE SEQUENCE d_sequence.spent",
        "SHOW CREATE SEQUENCE d_sequence.ticket_no",
        "SHOW CREATE TABLE d_sequence.ticket",
        "SELECT * FROM d_sequence.ticket ORDER BY no",
        "SELECT next_not_cached_value, cycle_count FROM d_sequence.`down``s`",
        "SELECT next_not_cached_value, cycle_count FROM d_sequence.ticket_no",
    ];
    let before = shown(&bed, &asked).await;
    bed.no_database("d_sequence");
    bed.load("sequence", &[]).await;
    assert_eq!(shown(&bed, &asked).await, before);
    let mut session = bed.session().await;
    let spent = oceanbase::Statement::read("SELECT NEXTVAL(d_sequence.spent)");
    assert_eq!(session.rows(&spent).await.expect_err("it has run out").number(), Some(4084));
    run(&mut session, "INSERT INTO d_sequence.ticket (what) VALUES ('three')").await;
    session.close().await;
}

#[tokio::test]
async fn the_current_rows_of_system_versioned_tables_are_dumped_and_no_others() {
    let bed = Bed::mariadb();
    let rows = "INSERT INTO parted SELECT seq, seq FROM seq_1_to_2000";
    let statements = [
        "CREATE TABLE price (id INT PRIMARY KEY, amount DECIMAL(8,2), KEY by_amount (amount)) WITH SYSTEM VERSIONING",
        "INSERT INTO price VALUES (1, 10.50), (2, 20)",
        "UPDATE price SET amount = 11 WHERE id = 1",
        "DELETE FROM price WHERE id = 2",
        "CREATE TABLE parted (id INT PRIMARY KEY, n INT, KEY (n)) WITH SYSTEM VERSIONING \
         PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION now CURRENT)",
        rows,
        "UPDATE parted SET n = n + 1 WHERE id <= 1500",
        "DELETE FROM parted WHERE id > 1990",
        "CREATE TABLE named (id INT PRIMARY KEY, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, \
         upto TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, upto)) WITH SYSTEM VERSIONING",
        "INSERT INTO named (id) VALUES (1), (2)",
        "CREATE TABLE child (id INT PRIMARY KEY, price INT, FOREIGN KEY (price) REFERENCES price (id)) WITH SYSTEM VERSIONING",
        "INSERT INTO child VALUES (1, 1)",
        "CREATE TABLE plain (id INT PRIMARY KEY)",
    ];
    bed.database("d_versioned", &statements).await;
    let manifest = bed.dump("versioned", &["d_versioned"], ChunkAim::default()).await;
    let rows: Vec<(&str, u64)> =
        manifest.databases[0].tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    assert_eq!(rows, [("child", 1), ("named", 2), ("parted", 1990), ("plain", 0), ("price", 1)]);
    assert!(manifest.left_out.iter().all(|object| object.kind == ObjectKind::History && !object.agreed));
    assert_eq!(manifest.left_out.len(), 4, "{:?}", manifest.left_out);
    assert!(manifest.is_partial());
    let asked = [
        "SELECT * FROM d_versioned.price",
        "SELECT COUNT(*), SUM(n) FROM d_versioned.parted",
        "SELECT id FROM d_versioned.named ORDER BY id",
        "SHOW CREATE TABLE d_versioned.price",
        "SHOW CREATE TABLE d_versioned.parted",
        "SHOW CREATE TABLE d_versioned.named",
        "SHOW CREATE TABLE d_versioned.child",
    ];
    let before = shown(&bed, &asked).await;
    bed.no_database("d_versioned");
    bed.load("versioned", &[]).await;
    assert_eq!(shown(&bed, &asked).await, before);
    let all = shown(&bed, &["SELECT COUNT(*) FROM d_versioned.price FOR SYSTEM_TIME ALL"]).await;
    assert_eq!(all, [[["1"]]], "no earlier row came along");

    let mut options = Options { selection: crate::bed::selection(&["d_versioned"]), ..Options::default() };
    options.consent.without = vec![ObjectKind::History];
    let agreed = bed.dump_with(&"agreed".parse().expect("an id"), &options).await.expect("a dump");
    assert!(!agreed.is_partial(), "{:?}", agreed.left_out);
}

#[tokio::test]
async fn events_come_through_with_their_schedule_in_its_time_zone() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE log (at TIMESTAMP(6))",
        "SET time_zone = '+05:30'",
        "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
        "CREATE EVENT \"ev`1\" ON SCHEDULE EVERY 1 YEAR STARTS '2040-01-31 23:30:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s; $$' \
         DO BEGIN INSERT INTO log VALUES (NOW(6)); DELETE FROM log WHERE 'a' || 'b' = 'c'; END",
        "SET time_zone = 'SYSTEM'",
        "CREATE EVENT ev2 ON SCHEDULE AT '2040-02-01 00:00:00' DO TRUNCATE TABLE log",
    ];
    bed.database("d_events", &statements).await;
    let manifest = bed.dump("events", &["d_events"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    assert_eq!(manifest.databases[0].code.len(), 2);
    let asked = |name: &str| {
        [
            format!("SHOW CREATE EVENT `{name}`.`ev``1`"),
            format!("SHOW CREATE EVENT `{name}`.ev2"),
            format!(
                "SELECT EVENT_NAME, STATUS, TIME_ZONE, STARTS, EXECUTE_AT, SQL_MODE, EVENT_COMMENT \
                 FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{name}' ORDER BY 1"
            ),
        ]
    };
    let before = asked("d_events");
    let before = shown(&bed, &before.each_ref().map(String::as_str)).await;
    bed.no_database("d_events_2");
    assert_eq!(load_all(&bed, "events", &[("d_events", "d_events_2")]).await, []);
    let after = asked("d_events_2");
    assert_eq!(shown(&bed, &after.each_ref().map(String::as_str)).await, before);
}

#[tokio::test]
async fn users_and_roles_of_a_mariadb_come_through() {
    let bed = Bed::mariadb();
    bed.database("d_who", &["CREATE TABLE t (a INT PRIMARY KEY, b INT)"]).await;
    let made = [
        "CREATE USER 'm_plain'@'10.%' IDENTIFIED BY 'secret1'",
        "CREATE USER `m``odd` IDENTIFIED VIA mysql_native_password USING PASSWORD('secret2') OR unix_socket",
        "CREATE USER m_limited IDENTIFIED BY 'secret3' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 7 ACCOUNT LOCK",
        "CREATE USER standbyro IDENTIFIED BY 'secret4'",
        "CREATE ROLE m_reader",
        "GRANT SELECT ON d_who.* TO m_reader",
        "GRANT SELECT (a), UPDATE ON d_who.t TO 'm_plain'@'10.%' WITH GRANT OPTION",
        "GRANT m_reader TO 'm_plain'@'10.%'",
        "SET DEFAULT ROLE m_reader FOR 'm_plain'@'10.%'",
        "GRANT SELECT ON `d\\_who`.* TO m_limited",
        "GRANT INSERT ON d_who.* TO PUBLIC",
    ];
    let names = ["'m_plain'@'10.%'", "`m``odd`", "m_limited", "standbyro"];
    let mut asked: Vec<String> = names.iter().map(|name| format!("SHOW GRANTS FOR {name}")).collect();
    asked.extend(names.iter().map(|name| format!("SHOW CREATE USER {name}")));
    asked.extend(["SHOW GRANTS FOR m_reader".to_owned(), "SHOW GRANTS FOR PUBLIC".to_owned()]);
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let mut session = bed.session().await;
    for sql in made {
        run(&mut session, sql).await;
    }
    let before = shown(&bed, &asked).await;
    let manifest = bed.dump("who", &[], ChunkAim::default()).await;
    assert!(!manifest.is_partial(), "{:?}", manifest.left_out);
    assert!(manifest.accounts.contains(&"'m_reader'".to_owned()), "{:?}", manifest.accounts);
    for name in names {
        run(&mut session, &format!("DROP USER {name}")).await;
    }
    for sql in ["DROP ROLE m_reader", "REVOKE INSERT ON d_who.* FROM PUBLIC", "DROP DATABASE d_who"] {
        run(&mut session, sql).await;
    }
    let notes = load_all(&bed, "who", &[]).await;
    assert_eq!(shown(&bed, &asked).await, before, "{notes:?}");
    session.close().await;
}

#[tokio::test]
async fn outlines_come_through() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE b1 (id INT PRIMARY KEY, v INT, KEY kv (v))",
        "CREATE OUTLINE o1 ON SELECT /*+ full(b1) */ * FROM b1 WHERE v = 1",
        "CREATE OUTLINE o2 ON SELECT /*+ index(b1 kv) */ id FROM b1 WHERE v = 3 TO SELECT id FROM b1 WHERE v = 3",
        "CREATE FORMAT OUTLINE o3 ON SELECT /*+ full(b1) */ v FROM b1 WHERE id = 2",
        "CREATE OUTLINE o4 ON 'ED570339F2C856BA96008A29EDF04C74' USING HINT /*+ full(b1) */",
    ];
    bed.database("d_outlines", &statements).await;
    let manifest = bed.dump("outlines", &["d_outlines"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    assert_eq!(manifest.databases[0].code.len(), 4, "{:?}", manifest.databases[0].code);
    bed.no_database("d_outlines_2");
    assert_eq!(load_all(&bed, "outlines", &[("d_outlines", "d_outlines_2")]).await, []);
    let asked = |name: &str| {
        [
            format!(
                "SELECT OUTLINE_NAME, SQL_TEXT, OUTLINE_TARGET, SQL_ID, REPLACE(OUTLINE_CONTENT, '{name}', 'x') \
                 FROM oceanbase.DBA_OB_OUTLINES WHERE DATABASE_NAME = '{name}' ORDER BY 1"
            ),
            format!(
                "SELECT OUTLINE_NAME, FORMAT_SQL_TEXT, FORMAT_SQL_ID FROM oceanbase.DBA_OB_FORMAT_OUTLINES \
                 WHERE DATABASE_NAME = '{name}' ORDER BY 1"
            ),
        ]
    };
    let (before, after) = (asked("d_outlines"), asked("d_outlines_2"));
    let before = shown(&bed, &before.each_ref().map(String::as_str)).await;
    assert_eq!(shown(&bed, &after.each_ref().map(String::as_str)).await, before);
    assert_eq!(before[0].len() + before[1].len(), 4);
}
