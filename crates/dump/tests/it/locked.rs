//! A MariaDB whose tables cannot be locked, or whose clock went back.

use std::time::Duration;

use dump::{ChunkAim, DumpId, Error, Meter, Options, load};
use oceanbase::Statement;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};

/// As long as a large piece is loaded, its note is locked.
#[tokio::test]
async fn a_locked_note_stops_no_pieces_but_its_own() {
    let bed = Bed::mariadb();
    let tables = (0..28).flat_map(|number| {
        [format!("CREATE TABLE t{number} (a INT PRIMARY KEY)"), format!("INSERT INTO t{number} VALUES (1)")]
    });
    let tables: Vec<String> = tables.collect();
    bed.database("d_note", &tables.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bed.dump("note", &["d_note"], ChunkAim::default()).await;
    bed.no_database("d_note_2");
    let (dump, target): (DumpId, _) = ("note".parse().expect("an id"), bed.source());
    let (options, never) = (load_options(&[("d_note", "d_note_2")]), CancellationToken::new());
    create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");

    let mut busy = bed.session().await;
    run(&mut busy, "START TRANSACTION").await;
    let lock =
        "SELECT done FROM d_note_2.lifeboat_load_progress WHERE table_name = '' AND piece = 0 FOR UPDATE";
    assert_eq!(query(&mut busy, lock).await, [["0"]]);
    let made = load::load_data(&target, &bed.client, &dump, &options, 1, &Meter::new(), &never).await;
    assert_eq!(made.expect("rows"), load::Made::default());
    run(&mut busy, "ROLLBACK").await;

    load::create_indexes(&target, &bed.client, &dump, &options, 1, &never).await.expect("keys");
    load::finish(&target, &bed.client, &dump, &options).await.expect("an end");
    assert_eq!(bed.compare("note", &[("d_note", "d_note_2")]).await.findings, []);
    busy.close().await;
}

#[tokio::test]
async fn what_keeps_tables_from_being_locked_is_named() {
    let bed = Bed::mariadb();
    bed.database("d_locked", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    let mut busy = bed.session().await;
    let number = query(&mut busy, "SELECT CONNECTION_ID()").await[0][0].clone();
    let mut killer = bed.session().await;
    let long = tokio::spawn(async move {
        let long = Statement::act("UPDATE d_locked.t SET a = a + SLEEP(60)").within(Duration::from_secs(90));
        let _ = busy.run(&long).await;
    });
    let running = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'UPDATE%'";
    while query(&mut killer, running).await != [["1"]] {
        tokio::task::yield_now().await;
    }
    let options = Options {
        selection: selection(&["d_locked"]),
        lock_wait: Some(Duration::from_secs(1)),
        ..Options::default()
    };
    let dump: DumpId = "locked".parse().expect("an id");
    let error = dump::take_snapshot(&bed.source(), &bed.client, &dump, &options).await.err().expect("locked");
    assert!(matches!(&error, Error::LockWaited { holder: Some(_), .. }) && error.is_transient(), "{error:?}");
    let told = error.problem().to_string();
    assert!(told.contains(&number) && told.contains("UPDATE") && told.contains("root@"), "{told}");
    run(&mut killer, &format!("KILL {number}")).await;
    long.await.expect("it ends");
    let snapshot =
        dump::take_snapshot(&bed.source(), &bed.client, &dump, &options).await.expect("a snapshot");
    snapshot.release().await;
    killer.close().await;
}

/// The clock of such a user's connections is two hours behind the tables, as if it had been set back.
#[tokio::test]
async fn tables_of_the_future_can_be_dumped() {
    let bed = Bed::mariadb();
    let mut session = bed.session().await;
    for sql in [
        "CREATE USER late IDENTIFIED BY 'x'",
        "GRANT SELECT, SHOW VIEW, TRIGGER, RELOAD, PROCESS ON *.* TO late",
        "SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() - 7200'",
    ] {
        run(&mut session, sql).await;
    }
    bed.database("d_late", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    let late = bed.as_user("late", "x");
    let options = Options { selection: selection(&["d_late"]), ..Options::default() };
    let manifest = late.dump_with(&"late".parse().expect("an id"), &options).await.expect("a dump");
    assert_eq!(manifest.totals.rows, 1);
    session.close().await;
}

/// Only MariaDB keeps values that its current settings no longer allow.
#[tokio::test]
async fn a_value_that_the_settings_do_not_let_through_is_noted() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE t (a INT PRIMARY KEY, b LONGBLOB)",
        "INSERT INTO t VALUES (1, REPEAT('x', 3000000)), (2, 'y')",
    ];
    bed.database("d_value", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, "SET GLOBAL max_allowed_packet = 1048576").await;
    let manifest = bed.dump("value", &["d_value"], ChunkAim::default()).await;
    let told: Vec<_> = manifest.notes.iter().filter(|note| note.id == "dump-value-large").collect();
    assert_eq!(told.len(), 1, "{:?}", manifest.notes);
    assert_eq!(
        (told[0].args["table"].as_str(), told[0].args["needed"].as_str()),
        ("`d_value`.`t`", "4194304")
    );
    bed.no_database("d_value_2");
    let names = load_options(&[("d_value", "d_value_2")]);
    let (dump, target) = ("value".parse().expect("an id"), bed.source());
    create_schema(&target, &bed.client, &dump, &names).await.expect("a schema");
    let never = CancellationToken::new();
    let meter = Meter::new();
    let error = load::load_data(&target, &bed.client, &dump, &names, 1, &meter, &never).await;
    let told = error.expect_err("too long").problem().to_string();
    assert!(told.contains("`d_value_2`.`t`") && told.contains("3000000"), "{told}");
    session.close().await;
}

/// Functions of MariaDB are NULL for a longer result, but a column is sent whole.
#[tokio::test]
async fn a_text_longer_than_the_current_limit_is_dumped_whole_in_every_character_set() {
    let bed = Bed::mariadb();
    let sets = ["cp1250", "gbk", "ucs2", "sjis", "utf16", "utf32", "utf8mb4", "latin1"];
    let columns = sets.map(|set| format!("{set} LONGTEXT CHARACTER SET {set}")).join(", ");
    let values = sets.map(|_| "REPEAT('ab', 1000000)").join(", ");
    let statements = [
        format!("CREATE TABLE t (id INT PRIMARY KEY, {columns})"),
        format!("INSERT INTO t VALUES (1, {values})"),
        "INSERT INTO t (id) VALUES (2)".to_owned(),
    ];
    bed.database("d_packet", &statements.each_ref().map(String::as_str)).await;
    bed.no_database("d_packet_2");
    let mut session = bed.session().await;
    run(&mut session, "SET GLOBAL max_allowed_packet = 1048576").await;
    bed.dump("packet", &["d_packet"], ChunkAim::default()).await;
    assert_eq!(bed.compare("packet", &[]).await.findings, []);
    run(&mut session, "SET GLOBAL max_allowed_packet = 67108864").await;
    bed.load("packet", &[("d_packet", "d_packet_2")]).await;
    let equal = sets.map(|set| format!("SUM(MD5(x.{set}) <=> MD5(y.{set})), SUM(CHAR_LENGTH(y.{set}))"));
    let sql = format!("SELECT {} FROM d_packet.t x JOIN d_packet_2.t y ON x.id = y.id", equal.join(", "));
    let expected: Vec<_> = sets.iter().flat_map(|_| ["2", "2000000"]).collect();
    assert_eq!(query(&mut session, &sql).await[0], expected);
    session.close().await;
}
