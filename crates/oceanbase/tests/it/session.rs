//! Statements and their answers, on the real server.

use std::sync::Arc;
use std::time::Duration;

use oceanbase::{Error, NoWitness, Session, Statement, kill_query};

use crate::fake::Fake;
use crate::recorder::Recorder;
use crate::seekdb;

async fn open() -> Session {
    Session::open(&seekdb::endpoint(), Arc::new(NoWitness)).await.expect("seekdb answers")
}

#[tokio::test]
async fn a_session_is_pinned_and_knows_its_number() {
    let mut session = open().await;
    let asked =
        Statement::read("SELECT connection_id(), @@time_zone, @@character_set_client, @@ob_query_timeout")
            .within(Duration::from_secs(77));
    let rows = session.rows(&asked).await.expect("an answer");
    assert_eq!(rows[0].u64(0).expect("a number"), u64::from(session.connection_id()));
    assert_eq!(rows[0].str(1).expect("a text"), "+00:00");
    assert_eq!(rows[0].str(2).expect("a text"), "utf8mb4");
    assert_eq!(rows[0].u64(3).expect("a number"), 77_000_000);
}

#[tokio::test]
async fn values_are_the_servers_bytes_and_readers_name_what_they_miss() {
    let mut session = open().await;
    let asked =
        Statement::read("SELECT x'00ff27' AS raw, NULL AS nothing, -5 AS number, '表' AS text, '' AS empty");
    let rows = session.rows(&asked).await.expect("an answer");
    let row = &rows[0];
    assert_eq!(row.bytes("RAW"), Some(&b"\0\xff'"[..]));
    assert_eq!((row.bytes("nothing"), row.bytes("empty")), (None, Some(&b""[..])));
    assert_eq!((row.i64("number").ok(), row.str("text").ok()), (Some(-5), Some("表")));
    assert_eq!(row.maybe_str("nothing").expect("NULL is allowed"), None);
    let wrong =
        [row.str("raw"), row.str("nothing"), row.str("missing"), row.str(9), row.u64("number").map(|_| "")];
    for (answer, column) in wrong.into_iter().zip(["raw", "nothing", "missing", "number 10", "number"]) {
        let error = answer.expect_err("it is not there");
        let text = error.to_string();
        assert!(text.contains(&format!("column {column},")) && text.contains("SELECT x'00ff27'"), "{text}");
    }
}

#[tokio::test]
async fn a_refused_statement_leaves_the_session_in_use() {
    let mut session = open().await;
    let cases = [
        ("SELECT * FROM oceanbase.no_such_table", "database-table-unknown"),
        ("SELECT * FROM no_database_chosen", "database-none-chosen"),
        ("USE no_such_schema", "database-schema-unknown"),
        ("SELECT no_such_column FROM oceanbase.V$OB_SERVER_STAT", "database-column-unknown"),
        ("THIS IS NO SQL", "database-syntax"),
        ("ALTER SYSTEM SET no_such_parameter = 1", "database-setting-unknown"),
    ];
    for (text, id) in cases {
        let error = session.run(&Statement::read(text)).await.expect_err("it is refused");
        assert_eq!(error.problem().text.id, id, "{error}");
        assert!(!error.is_transient() && error.problem().text.raw.is_some(), "{error:?}");
    }
    assert_eq!(session.rows(&Statement::read("SELECT 1")).await.expect("an answer").len(), 1);
}

#[tokio::test]
async fn the_server_ends_a_slow_statement_with_an_error() {
    let mut session = open().await;
    let slow = Statement::read("SELECT sleep(60)").within(Duration::from_millis(300));
    let error = session.run(&slow).await.expect_err("it takes too long");
    assert_eq!(error.number(), Some(4012), "{error}");
    assert!(error.is_transient() && !session.is_broken());
}

#[tokio::test]
async fn a_killed_statement_ends_and_killing_it_again_succeeds() {
    let endpoint = seekdb::endpoint();
    let mut session = open().await;
    let (address, id) = (session.address().clone(), session.connection_id());
    let asleep = tokio::spawn(async move {
        let slow = Statement::read("SELECT sleep(60)").within(Duration::from_secs(60));
        session.run(&slow).await.expect_err("it is killed").number()
    });
    let mut witness = open().await;
    let mut is_asleep = async || {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND INFO LIKE '%sleep%'"
        );
        let counted = witness.rows(&Statement::read(sql)).await.expect("counted");
        counted[0].u64(0).expect("a number") > 0
    };
    let arrives = async {
        while !is_asleep().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), arrives).await.expect("the statement arrives");
    kill_query(&endpoint, &address, id).await.expect("root may kill");
    assert!(!is_asleep().await, "it has ended when the kill returns");
    assert_eq!(asleep.await.expect("no panic"), Some(1317));
    kill_query(&endpoint, &address, id).await.expect("it is gone, which was wanted");
}

#[tokio::test]
async fn an_abandoned_statement_breaks_the_session() {
    let mut session = open().await;
    let slow = Statement::read("SELECT sleep(60)");
    let _ = tokio::time::timeout(Duration::from_millis(100), session.run(&slow)).await;
    assert!(session.is_broken());
    let error = session.rows(&Statement::read("SELECT 2")).await.expect_err("the connection is gone");
    assert!(matches!(error, Error::Broken { .. }) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_cut_connection_is_not_a_refusal() {
    let fake = Fake::database("5.7.25-OceanBase-v4.2.1.0", "OceanBase 4.2.1.0 (r1)", |_, _| None);
    let recorder = Recorder::new();
    let mut session = Session::open(&fake.endpoint(), recorder.clone()).await.expect("it lets us in");
    let error = session.run(&Statement::act("ALTER SYSTEM MAJOR FREEZE")).await.expect_err("it hangs up");
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    assert_eq!(error.problem().text.id, "database-connection-lost");
    assert!(session.is_broken() && error.is_transient());
    assert!(
        recorder.transcript().contains("! ALTER SYSTEM MAJOR FREEZE\n  lost the connection"),
        "{:?}",
        recorder.lines()
    );
}

#[tokio::test]
async fn a_server_that_wants_the_connection_closed_is_obeyed() {
    let fake =
        Fake::database("5.7.25-OceanBase-v4.2.1.0", "", |peer, _| peer.error(8002, "Server is stopping"));
    let mut session = Session::open(&fake.endpoint(), Arc::new(NoWitness)).await.expect("it lets us in");
    let error = session.run(&Statement::read("SELECT 1")).await.expect_err("it stops");
    assert_eq!(error.number(), Some(8002));
    assert!(session.is_broken());
}
