//! Large answers: complete, interrupted, abandoned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use model::limits::Limits;
use model::text::Language;
use oceanbase::{Endpoint, Error, NoWitness, Session, Statement};

use crate::fake::Fake;
use crate::recorder::Recorder;
use crate::seekdb;

const VERSION: &str = "5.7.25-OceanBase-v4.2.1.0";

async fn open(fake: &Fake) -> Session {
    Session::open(&fake.endpoint(), Arc::new(NoWitness)).await.expect("it lets us in")
}

#[tokio::test]
async fn all_rows_arrive_and_the_session_continues() {
    let recorder = Recorder::new();
    let mut session = Session::open(&seekdb::endpoint(), recorder.clone()).await.expect("seekdb answers");
    let statement = Statement::read("SELECT 'n' FROM table(generator(20000))");
    let mut stream = session.stream(&statement).await.expect("an answer");
    assert_eq!(stream.names().len(), 1);
    let mut rows = 0_u64;
    while let Some(row) = stream.next().await.expect("no error in the midst") {
        assert!(row.bytes(0).is_some());
        rows += 1;
    }
    assert!(stream.next().await.expect("the end stays the end").is_none());
    drop(stream);
    assert_eq!(rows, 20_000);
    assert_eq!(recorder.lines().last().map(String::as_str), Some("  20000 rows"));
    assert_eq!(session.rows(&Statement::read("SELECT 1")).await.expect("an answer").len(), 1);
}

#[tokio::test]
async fn a_value_larger_than_a_packet_arrives_whole() {
    let mut session = Session::open(&seekdb::endpoint(), Arc::new(NoWitness)).await.expect("seekdb answers");
    let half = 9 * 1024 * 1024;
    let statement =
        Statement::read(format!("SELECT concat(repeat('x', {half}), repeat('y', {half})), 'after'"));
    let mut stream = session.stream(&statement).await.expect("an answer");
    let row = stream.next().await.expect("a row").expect("one row");
    assert_eq!(row.bytes(0).map(<[u8]>::len), Some(2 * half));
    assert_eq!(row.str(1).expect("a text"), "after");
}

#[tokio::test]
async fn an_error_between_rows_is_never_the_end() {
    let fake = Fake::database(VERSION, "", |peer, _| {
        peer.columns(&["a"])?;
        peer.row(&["1"])?;
        peer.error(4725, "tablet does not exist")
    });
    let mut session = open(&fake).await;
    let mut stream = session.stream(&Statement::read("SELECT a FROM t")).await.expect("an answer");
    assert!(stream.next().await.expect("a row").is_some());
    let error = stream.next().await.expect_err("the table is gone");
    assert_eq!(error.problem().text.id, "database-table-changed");
    assert!(stream.next().await.is_err(), "asking again does not turn the error into an end");
}

#[tokio::test]
async fn a_cut_between_rows_is_never_the_end() {
    let fake = Fake::database(VERSION, "", |peer, _| {
        peer.columns(&["a"])?;
        peer.row(&["1"])?;
        None
    });
    let mut session = open(&fake).await;
    let mut stream = session.stream(&Statement::read("SELECT a FROM t")).await.expect("an answer");
    assert!(stream.next().await.expect("a row").is_some());
    assert!(matches!(stream.next().await, Err(Error::Broken { .. })));
    assert!(matches!(stream.next().await, Err(Error::Broken { .. })));
}

#[tokio::test]
async fn silence_between_rows_is_a_timeout() {
    let fake = Fake::database(VERSION, "", |peer, _| {
        peer.columns(&["a"])?;
        peer.row(&["1"])?;
        peer.wait()
    });
    let mut session = open(&fake).await;
    let statement = Statement::read("SELECT a FROM t").within(Duration::from_millis(200));
    let mut stream = session.stream(&statement).await.expect("an answer");
    assert!(stream.next().await.expect("a row").is_some());
    assert!(matches!(stream.next().await, Err(Error::TimedOut { .. })));
    drop(stream);
    assert!(session.is_broken());
}

#[tokio::test]
async fn a_reader_who_leaves_closes_the_connection_and_reads_nothing_away() {
    let (gone, seen) = mpsc::channel();
    // It sends rows forever: a reader who discards the rest never reaches the end.
    let fake = Fake::database(VERSION, "", move |peer, _| {
        peer.columns(&["a"])?;
        while peer.row(&["1"]).is_some() {}
        let _ = gone.send(());
        None
    });
    let recorder = Recorder::new();
    let mut session = Session::open(&fake.endpoint(), recorder.clone()).await.expect("it lets us in");
    let mut stream = session.stream(&Statement::read("SELECT a FROM t")).await.expect("an answer");
    for _ in 0..10 {
        assert!(stream.next().await.expect("a row").is_some());
    }
    drop(stream);
    assert!(session.is_broken());
    assert_eq!(recorder.lines().last().map(String::as_str), Some("  abandoned"));
    seen.recv_timeout(Duration::from_secs(30)).expect("the server finds the connection closed");
}

/// A server that sends nothing more once it is frozen, on any connection, like a frozen network path. A merely slow
/// server answers other connections.
fn silent_after_a_row(is_frozen: bool, then: Duration) -> Fake {
    let frozen = AtomicBool::new(false);
    let (version, comment) = ("5.7.25-OceanBase-v4.2.1.0", "OceanBase 4.2.1.0 (r1)");
    Fake::start(move |peer| {
        if frozen.load(Ordering::SeqCst) {
            return peer.wait();
        }
        peer.greet(version)?;
        peer.read()?;
        peer.ok()?;
        loop {
            let command = peer.read()?;
            let text = String::from_utf8_lossy(command.get(1..)?).into_owned();
            if text.contains("version(), @@version_comment") {
                peer.columns(&["version()", "@@version_comment"])?;
                peer.row(&[version, comment])?;
                peer.end()?;
            } else if text.starts_with("SELECT x") {
                peer.columns(&["x"])?;
                peer.row(&["1"])?;
                frozen.store(is_frozen, Ordering::SeqCst);
                std::thread::sleep(then);
                peer.row(&["2"])?;
                peer.end()?;
            } else if command.first() == Some(&3) {
                peer.ok()?;
            } else {
                return None;
            }
        }
    })
}

async fn rows_of(fake: &Fake) -> Result<u32, Error> {
    let (quiet, connect_timeout) = (Duration::from_millis(100), Duration::from_millis(500));
    let endpoint = Endpoint { quiet, connect_timeout, ..fake.endpoint() };
    let mut session = Session::open(&endpoint, Arc::new(NoWitness)).await.expect("it lets us in");
    let mut rows = session.stream(&Statement::read("SELECT x").within(Duration::from_secs(600))).await?;
    let mut count = 0;
    while rows.next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[tokio::test]
async fn a_way_that_freezes_is_noticed_long_before_the_statements_own_time_is_up() {
    let fake = silent_after_a_row(true, Duration::from_secs(600));
    let rows = tokio::time::timeout(Duration::from_secs(60), rows_of(&fake)).await.expect("it is noticed");
    let error = rows.expect_err("no answer");
    assert!(error.is_transient(), "the step tries again: {error:?}");
}

#[tokio::test]
async fn a_server_that_takes_its_time_is_waited_for_while_it_is_there() {
    let fake = silent_after_a_row(false, Duration::from_secs(1));
    assert_eq!(rows_of(&fake).await.expect("it came to the end"), 2);
}

#[tokio::test]
async fn a_server_that_sends_rows_without_end_is_left_at_the_limit() {
    let fake = Fake::database(VERSION, "", |peer, _| {
        peer.columns(&["name"])?;
        let row = "x".repeat(200);
        loop {
            peer.row(&[&row])?;
        }
    });
    let limits = Limits { answer_bytes: 1 << 20, ..Limits::DEFAULT };
    let endpoint = Endpoint { limits, ..fake.endpoint() };
    let mut session = Session::open(&endpoint, Arc::new(NoWitness)).await.expect("it lets us in");
    let error = session.rows(&Statement::read("SELECT name FROM t")).await.expect_err("too much");
    let Error::AnswerTooLarge { limit, setting, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*limit, *setting), (1 << 20, "limits.answer_mib"));
    assert!(
        error.problem().text.message(Language::En).contains("limits.answer_mib") || {
            let action = error.problem().text.action(Language::En).unwrap_or_default();
            action.contains("limits.answer_mib")
        }
    );
    assert!(session.is_broken() && !error.is_transient());
}

#[tokio::test]
async fn a_row_larger_than_the_limit_is_refused_by_name() {
    let fake = Fake::database(VERSION, "", |peer, _| {
        peer.columns(&["name"])?;
        peer.huge(3 << 20)
    });
    let limits = Limits { row_bytes: 2 << 20, ..Limits::DEFAULT };
    let endpoint = Endpoint { limits, ..fake.endpoint() };
    let mut session = Session::open(&endpoint, Arc::new(NoWitness)).await.expect("it lets us in");
    let mut stream = session.stream(&Statement::read("SELECT name FROM t")).await.expect("an answer");
    let error = stream.next().await.expect_err("too large");
    assert!(
        matches!(error, Error::AnswerTooLarge { limit: 0x20_0000, setting: "limits.row_mib", .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn more_columns_than_any_server_has_are_no_answer() {
    let fake = Fake::database(VERSION, "", |peer, _| peer.column_count(u64::MAX));
    let mut session = open(&fake).await;
    let error = session.rows(&Statement::read("SELECT name FROM t")).await.expect_err("nonsense");
    assert!(matches!(error, Error::Broken { cause: Some(_), .. }), "{error:?}");
}
