//! Kinds of objects that not every server has are restored: sequences, current rows of system-versioned tables and
//! events of MariaDB, outlines of seekdb. Users: `accounts`.

use dump::{ChunkAim, Manifest, Options, load};
use model::inventory::{Consent, LeftOut, ObjectKind};
use model::text::Text;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};

/// The rows of each query.
pub(crate) async fn shown(bed: &Bed, queries: &[String]) -> Vec<Vec<Vec<String>>> {
    let mut session = bed.session().await;
    let mut rows = Vec::new();
    for sql in queries {
        rows.push(query(&mut session, sql).await);
    }
    session.close().await;
    rows
}

/// Inserts the name of a database.
fn about(database: &str, queries: &[&str]) -> Vec<String> {
    queries.iter().map(|sql| sql.replace("{d}", database)).collect()
}

/// Loads a dump with code and users. Returns the notes of the load and what it could not create.
pub(crate) async fn load_all(bed: &Bed, id: &str, names: &[(&str, &str)]) -> Vec<Text> {
    let mut texts = made_of_all(bed, id, names).await.texts();
    texts.retain(|text| text.id != "load-code-held");
    texts
}

/// Loads a dump with code and users.
pub(crate) async fn made_of_all(bed: &Bed, id: &str, names: &[(&str, &str)]) -> load::Made {
    let (dump, target) = (id.parse().expect("an id"), bed.source());
    let options = load::Options { with_code: true, ..load_options(names) };
    let (never, meter) = (tokio_util::sync::CancellationToken::new(), dump::Meter::new());
    let mut made = create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
    made.add(load::create_routines(&target, &bed.client, &dump, &options).await.expect("routines"));
    load::load_data(&target, &bed.client, &dump, &options, 2, &meter, &never).await.expect("rows");
    made.add(load::create_indexes(&target, &bed.client, &dump, &options, 2, &never).await.expect("keys"));
    made.add(load::create_triggers(&target, &bed.client, &dump, &options).await.expect("code"));
    load::finish(&target, &bed.client, &dump, &options).await.expect("an end");
    made
}

async fn dump_without(bed: &Bed, id: &str, database: &str, kinds: &[ObjectKind]) -> Manifest {
    let consent = Consent { without: kinds.to_vec(), ..Consent::default() };
    let options = Options { selection: selection(&[database]), consent, ..Options::default() };
    bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump")
}

fn lost(left_out: &[LeftOut]) -> Vec<String> {
    left_out.iter().map(|object| format!("{} {}", object.kind, object.name)).collect()
}

/// Queries about the sequences in `{d}`.
const SEQUENCES: [&str; 9] = [
    "SHOW CREATE SEQUENCE {d}.`down``s`",
    "SHOW CREATE SEQUENCE {d}.`o;dd -- $$\n/*`",
    "SHOW CREATE SEQUENCE {d}.ticket_no",
    "SELECT * FROM {d}.ticket ORDER BY no",
    "SELECT * FROM {d}.`down``s`",
    "SELECT * FROM {d}.`o;dd -- $$\n/*`",
    "SELECT * FROM {d}.behind",
    "SELECT * FROM {d}.spent",
    "SELECT * FROM {d}.ticket_no",
];

#[tokio::test]
async fn a_sequence_gives_next_what_it_gives_next_in_the_source() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE SEQUENCE ticket_no START WITH 700 INCREMENT BY 10 CACHE 5",
        "CREATE TABLE ticket (no BIGINT NOT NULL DEFAULT NEXTVAL(ticket_no) PRIMARY KEY, what VARCHAR(20))",
        "INSERT INTO ticket (what) VALUES ('one'), ('two')",
        "CREATE SEQUENCE `down``s` START WITH -5 INCREMENT BY -3 MINVALUE -9 MAXVALUE -1 NOCACHE CYCLE",
        "DO NEXTVAL(`down``s`), NEXTVAL(`down``s`), NEXTVAL(`down``s`)",
        "CREATE SEQUENCE spent MAXVALUE 2 NOCACHE ENGINE = Aria",
        "DO NEXTVAL(spent), NEXTVAL(spent)",
        "CREATE SEQUENCE behind START WITH 100 MINVALUE 1",
        "ALTER SEQUENCE behind RESTART WITH 7",
        "CREATE SEQUENCE `o;dd -- $$\n/*` INCREMENT BY 0 COMMENT = 'it''s; \\\\ */'",
    ];
    bed.database("d_sequence", &statements).await;
    bed.no_database("d_sequence_2");
    let manifest = bed.dump("sequence", &["d_sequence"], ChunkAim::default()).await;
    assert_eq!(manifest.databases[0].sequences.len(), 5);
    assert_eq!(manifest.left_out, []);
    assert_eq!(bed.verify("sequence").await.findings, []);
    let before = shown(&bed, &about("d_sequence", &SEQUENCES)).await;
    bed.load("sequence", &[("d_sequence", "d_sequence_2")]).await;
    assert_eq!(shown(&bed, &about("d_sequence_2", &SEQUENCES)).await, before);

    // The next number of each is queried in both databases.
    let mut session = bed.session().await;
    for name in ["`down``s`", "behind", "ticket_no", "`o;dd -- $$\n/*`"] {
        let mut next = Vec::new();
        for database in ["d_sequence", "d_sequence_2"] {
            next.push(query(&mut session, &format!("SELECT NEXTVAL({database}.{name})")).await);
        }
        assert_eq!(next[0], next[1], "{name}");
    }
    let spent = oceanbase::Statement::read("SELECT NEXTVAL(d_sequence_2.spent)");
    assert_eq!(session.rows(&spent).await.expect_err("it has run out").number(), Some(4084));
    // A default uses the sequence in its own database, not the source's.
    let source = query(&mut session, "SELECT next_not_cached_value FROM d_sequence.ticket_no").await;
    run(&mut session, "INSERT INTO d_sequence_2.ticket (what) VALUES ('three')").await;
    let drawn = query(&mut session, "SELECT MAX(no) > 710 FROM d_sequence_2.ticket").await;
    assert_eq!(drawn, [["1"]]);
    let after = query(&mut session, "SELECT next_not_cached_value FROM d_sequence.ticket_no").await;
    assert_eq!(after, source);
    session.close().await;
}

#[tokio::test]
async fn sequences_are_left_out_where_that_is_agreed_to() {
    let bed = Bed::mariadb();
    bed.database("d_no_sequence", &["CREATE SEQUENCE s", "CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    let manifest = dump_without(&bed, "no-sequence", "d_no_sequence", &[ObjectKind::Sequences]).await;
    assert!(!manifest.is_partial());
    assert_eq!(lost(&manifest.left_out), ["sequences *"]);
    assert_eq!(manifest.databases[0].sequences, [""; 0]);
}

#[tokio::test]
async fn a_sequence_that_the_target_refuses_stops_nothing_else() {
    let (here, there) = (Bed::mariadb(), Bed::shared());
    let statements = [
        "CREATE TABLE t (a INT PRIMARY KEY) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci",
        "INSERT INTO t VALUES (5)",
        "CREATE SEQUENCE s",
        "CREATE EVENT e ON SCHEDULE AT '2036-02-01 00:00:00' DO DELETE FROM t",
        "CREATE EVENT e2 ON SCHEDULE AT '2036-02-01 00:00:00' DO DELETE FROM t",
    ];
    here.database("d_sq_seekdb", &statements).await;
    here.dump("sq-seekdb", &["d_sq_seekdb"], ChunkAim::default()).await;
    there.no_database("d_sq_seekdb");
    let notes = load_all(&here.beside(&there), "sq-seekdb", &[]).await;
    let named = |id: &str, key: &str| -> Vec<String> {
        let those = notes.iter().filter(|note| note.id == id);
        those.filter_map(|note| note.args.get(key).cloned()).collect()
    };
    assert_eq!(named("load-sequence-refused", "sequence"), ["`d_sq_seekdb`.`s`"], "{notes:?}");
    assert_eq!(named("load-code-refused", "what"), ["`d_sq_seekdb`.`e`", "`d_sq_seekdb`.`e2`"], "{notes:?}");
    assert_eq!(shown(&there, &["SELECT a FROM d_sq_seekdb.t".to_owned()]).await, [[["5"]]]);
}

/// Queries about the system-versioned tables in `{d}`.
const VERSIONED: [&str; 12] = [
    "SELECT * FROM {d}.price",
    "SELECT COUNT(*), SUM(n) FROM {d}.parted",
    "SELECT id FROM {d}.named ORDER BY id",
    "SELECT * FROM {d}.by_trx",
    "SELECT * FROM {d}.half",
    "SHOW CREATE TABLE {d}.price",
    "SHOW CREATE TABLE {d}.parted",
    "SHOW CREATE TABLE {d}.named",
    "SHOW CREATE TABLE {d}.by_trx",
    "SHOW CREATE TABLE {d}.half",
    "SHOW CREATE TABLE {d}.weekly",
    "SELECT * FROM {d}.child",
];

#[tokio::test]
async fn the_current_rows_of_system_versioned_tables_are_dumped_and_no_others() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE price (id INT PRIMARY KEY, amount DECIMAL(8,2), KEY by_amount (amount)) WITH SYSTEM VERSIONING",
        "INSERT INTO price VALUES (1, 10.50), (2, 20)",
        "UPDATE price SET amount = 11 WHERE id = 1",
        "DELETE FROM price WHERE id = 2",
        "CREATE TABLE parted (id INT PRIMARY KEY, n INT, KEY (n)) WITH SYSTEM VERSIONING \
         PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION now CURRENT)",
        "INSERT INTO parted SELECT seq, seq FROM seq_1_to_2000",
        "UPDATE parted SET n = n + 1 WHERE id <= 1500",
        "DELETE FROM parted WHERE id > 1990",
        "CREATE TABLE named (id INT PRIMARY KEY, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, \
         upto TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, upto)) WITH SYSTEM VERSIONING",
        "INSERT INTO named (id) SELECT seq FROM seq_1_to_50",
        "DELETE FROM named WHERE id > 40",
        "CREATE TABLE by_trx (id INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START INVISIBLE, \
         e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
        "INSERT INTO by_trx (id) VALUES (1), (2)",
        "UPDATE by_trx SET id = 3 WHERE id = 2",
        "CREATE TABLE half (id INT PRIMARY KEY, n INT WITHOUT SYSTEM VERSIONING, m INT WITH SYSTEM VERSIONING)",
        "INSERT INTO half VALUES (1,2,3)",
        "CREATE TABLE weekly (id INT PRIMARY KEY) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 WEEK \
         STARTS TIMESTAMP'2024-01-01 00:00:00' PARTITIONS 3",
        "CREATE TABLE child (id INT PRIMARY KEY, price INT, FOREIGN KEY (price) REFERENCES price (id)) WITH SYSTEM VERSIONING",
        "INSERT INTO child VALUES (1, 1)",
        "CREATE TABLE plain (id INT PRIMARY KEY)",
    ];
    bed.database("d_versioned", &statements).await;
    bed.no_database("d_versioned_2");
    let few = ChunkAim { rows: Some(7), ..ChunkAim::default() };
    let manifest = bed.dump("versioned", &["d_versioned"], few).await;
    let rows: Vec<(&str, u64)> =
        manifest.databases[0].tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    let expected = [
        ("by_trx", 2),
        ("child", 1),
        ("half", 1),
        ("named", 40),
        ("parted", 1990),
        ("plain", 0),
        ("price", 1),
    ];
    assert_eq!(rows, [&expected[..], &[("weekly", 0)]].concat(), "{:?}", manifest.left_out);
    assert!(manifest.left_out.iter().all(|object| object.kind == ObjectKind::History && !object.agreed));
    assert_eq!(manifest.left_out.len(), 7, "{:?}", manifest.left_out);
    assert!(manifest.is_partial());
    let named = manifest.databases[0].tables.iter().find(|table| table.name == "named").expect("a table");
    assert!(named.pieces.len() > 4, "it is cut by its own key: {}", named.pieces.len());

    let before = shown(&bed, &about("d_versioned", &VERSIONED)).await;
    bed.load("versioned", &[("d_versioned", "d_versioned_2")]).await;
    assert_eq!(shown(&bed, &about("d_versioned_2", &VERSIONED)).await, before);
    let all = ["price", "named", "parted"]
        .map(|table| format!("SELECT COUNT(*) FROM d_versioned_2.{table} FOR SYSTEM_TIME ALL"));
    let all = shown(&bed, &all).await.concat().concat();
    assert_eq!(all, ["1", "40", "1990"], "no earlier row came along");

    let agreed = dump_without(&bed, "agreed", "d_versioned", &[ObjectKind::History]).await;
    assert!(!agreed.is_partial(), "{:?}", agreed.left_out);
}

/// Queries about the events in `{d}`.
const EVENTS: [&str; 5] = [
    "SHOW CREATE EVENT {d}.`ev``1; --\n`",
    "SHOW CREATE EVENT {d}.ev2",
    "SHOW CREATE EVENT {d}.ev3",
    "SHOW CREATE EVENT {d}.`e\"4`",
    "SELECT EVENT_NAME, STATUS, TIME_ZONE, STARTS, ENDS, EXECUTE_AT, ON_COMPLETION, SQL_MODE, EVENT_COMMENT, DEFINER, \
     CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{d}' ORDER BY 1",
];

#[tokio::test]
async fn events_come_through_with_their_schedule_in_its_time_zone() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE log (at TIMESTAMP(6))",
        "SET time_zone = '+05:30'",
        "CREATE EVENT `ev``1; --\n` ON SCHEDULE EVERY '1:10' DAY_HOUR STARTS '2036-01-31 23:30:00' ENDS '2037-01-01' \
         ON COMPLETION PRESERVE DISABLE COMMENT 'it''s; $$' DO BEGIN INSERT INTO log VALUES (NOW(6)); DELETE FROM d_events.log; END",
        "SET time_zone = 'SYSTEM', sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
        "CREATE EVENT ev2 ON SCHEDULE AT '2036-02-01 00:00:00' DO DELETE FROM \"d_events\".\"log\" WHERE 'a' || 'b' = 'c'",
        "SET sql_mode = ''",
        "CREATE EVENT ev3 ON SCHEDULE EVERY 1 HOUR STARTS '2036-02-01' DISABLE ON SLAVE DO TRUNCATE TABLE log",
        "CREATE DEFINER = nobody@nowhere EVENT `e\"4` ON SCHEDULE EVERY 1 HOUR STARTS '2036-02-01' DO DO 1",
    ];
    bed.database("d_events", &statements).await;
    bed.no_database("d_events_2");
    let manifest = bed.dump("events", &["d_events"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    assert_eq!(manifest.databases[0].code.len(), 4);
    assert_eq!(bed.verify("events").await.findings, []);
    // The privileges that they run with are reported before anything is created.
    let options = load::Options { with_code: true, ..load_options(&[("d_events", "d_events_2")]) };
    let privileged = load::privileged(&bed.client, &"events".parse().expect("an id"), &options, "root").await;
    let privileged: Vec<String> =
        privileged.expect("a list").iter().map(|text| text.args["definer"].clone()).collect();
    assert_eq!(privileged, ["`nobody`@`nowhere`"]);

    let before = shown(&bed, &about("d_events", &EVENTS)).await;
    assert_eq!(load_all(&bed, "events", &[("d_events", "d_events_2")]).await, []);
    let rename = |rows: Vec<Vec<Vec<String>>>| -> Vec<Vec<Vec<String>>> {
        let cell = |cell: String| {
            cell.replace("\"d_events\".", "`d_events_2`.").replace(" d_events.", " `d_events_2`.")
        };
        let row = |row: Vec<String>| row.into_iter().map(cell).collect();
        rows.into_iter().map(|rows| rows.into_iter().map(row).collect()).collect()
    };
    assert_eq!(shown(&bed, &about("d_events_2", &EVENTS)).await, rename(before));
}

#[tokio::test]
async fn an_event_whose_time_is_over_is_named() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01' DISABLE DO DO 1",
        "CREATE EVENT later ON SCHEDULE AT '2036-01-01' DO DO 1",
    ];
    bed.database("d_event_over", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, "SET time_zone = '+00:00'").await;
    // As if the dump were loaded long after it was taken.
    run(&mut session, "UPDATE mysql.event SET starts = '2001-01-01', ends = '2002-01-01' WHERE db = 'd_event_over' AND name = 'ev'").await;
    session.close().await;
    bed.no_database("d_event_over_2");
    bed.dump("event-over", &["d_event_over"], ChunkAim::default()).await;
    let notes = load_all(&bed, "event-over", &[("d_event_over", "d_event_over_2")]).await;
    assert_eq!(notes, [Text::new("load-event-past").with("event", "`d_event_over_2`.`ev`")]);
}

#[tokio::test]
async fn events_that_the_server_can_not_list_stop_nothing_else() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (a INT PRIMARY KEY)",
        "CREATE EVENT ev ON SCHEDULE AT '2036-01-01' DO DO 1",
        "CREATE PROCEDURE p() DO 1",
    ];
    bed.database("d_event_bad", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, "UPDATE mysql.event SET time_zone = 'No/Where' WHERE db = 'd_event_bad'").await;
    let manifest = bed.dump("event-bad", &["d_event_bad"], ChunkAim::default()).await;
    run(&mut session, "DELETE FROM mysql.event WHERE db = 'd_event_bad'").await;
    session.close().await;
    assert_eq!(lost(&manifest.left_out), ["events d_event_bad"]);
    assert!(manifest.is_partial());
    assert_eq!((manifest.databases[0].code.len(), manifest.databases[0].tables.len()), (1, 1));
}

/// Queries about the outlines in `{d}`.
const OUTLINES: [&str; 2] = [
    "SELECT OUTLINE_NAME, SQL_TEXT, OUTLINE_TARGET, SQL_ID, OUTLINE_CONTENT FROM oceanbase.DBA_OB_OUTLINES \
     WHERE DATABASE_NAME = '{d}' ORDER BY 1",
    "SELECT OUTLINE_NAME, FORMAT_SQL_TEXT, FORMAT_SQL_ID, OUTLINE_CONTENT FROM oceanbase.DBA_OB_FORMAT_OUTLINES \
     WHERE DATABASE_NAME = '{d}' ORDER BY 1",
];

#[tokio::test]
async fn outlines_come_through() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE b1 (id INT PRIMARY KEY, v INT, KEY kv (v))",
        "CREATE OUTLINE o1 ON SELECT /*+ full(b1) */ * FROM b1 WHERE v = 1",
        "CREATE OUTLINE o2 ON SELECT /*+ index(b1 kv) */ id FROM b1 WHERE v = 3 TO SELECT  id FROM b1 WHERE v = 3",
        "CREATE FORMAT OUTLINE o3 ON SELECT /*+ full(b1) */ v FROM b1 WHERE id = 2",
        "CREATE OUTLINE o4 ON 'ED570339F2C856BA96008A29EDF04C74' USING HINT /*+ full(b1) */",
        "CREATE OUTLINE o5 ON 'ED570339F2C856BA96008A29EDF04C75' USING HINT /*+ max_concurrent(3) */",
        "CREATE FORMAT OUTLINE o6 ON 'ED570339F2C856BA96008A29EDF04C76' USING HINT /*+ full(b1) */",
        "CREATE OUTLINE `o;8``x -- ` ON SELECT /*+ full(b1) */ id FROM b1 WHERE id = '; -- '",
        "CREATE OUTLINE o9 ON INSERT INTO b1 SELECT /*+ INDEX(@\"SEL$1\" \"d_outlines\".\"b1\"@\"SEL$1\" \"kv\") */ v+100, v \
         FROM d_outlines.b1 WHERE v = 1",
    ];
    bed.database("d_outlines", &statements).await;
    bed.no_database("d_outlines_2");
    let manifest = bed.dump("outlines", &["d_outlines"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    assert_eq!(manifest.databases[0].code.len(), 8, "{:?}", manifest.databases[0].code);
    assert_eq!(bed.verify("outlines").await.findings, []);
    assert_eq!(load_all(&bed, "outlines", &[("d_outlines", "d_outlines_2")]).await, []);
    let before = shown(&bed, &about("d_outlines", &OUTLINES)).await;
    assert_eq!(before[0].len() + before[1].len(), 8);
    let rename = |cell: &String| {
        cell.replace("\"d_outlines\"", "\"d_outlines_2\"").replace(" d_outlines.", " `d_outlines_2`.")
    };
    let renamed: Vec<Vec<Vec<String>>> =
        before.iter().map(|rows| rows.iter().map(|row| row.iter().map(rename).collect()).collect()).collect();
    assert_eq!(shown(&bed, &about("d_outlines_2", &OUTLINES)).await, renamed);
}

#[tokio::test]
async fn the_comments_in_the_statement_of_an_outline_do_not_keep_it_out() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE b1 (id INT PRIMARY KEY, v INT, KEY kv (v))",
        "CREATE OUTLINE o1 ON SELECT /*+ full(b1) */ id /* c; */ FROM b1 -- x\n WHERE v = 17",
    ];
    bed.database("d_outline_said", &statements).await;
    bed.no_database("d_outline_said_2");
    let manifest = bed.dump("outline-said", &["d_outline_said"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    assert_eq!(load_all(&bed, "outline-said", &[("d_outline_said", "d_outline_said_2")]).await, []);
    // It is bound to the same statement.
    let bound = "SELECT VISIBLE_SIGNATURE FROM oceanbase.DBA_OB_OUTLINES WHERE DATABASE_NAME = '{d}'";
    let before = shown(&bed, &about("d_outline_said", &[bound])).await;
    assert_eq!(shown(&bed, &about("d_outline_said_2", &[bound])).await, before);
}
