//! A tenant whose data are in a real seekdb, while its backup views stay simulated.

use mysql_async::prelude::Queryable;
use sim::{Backend, Profile};

use crate::simulator::Sim;

/// A simulator whose tenant `t1` has the shared seekdb as its real server, and a fresh database there.
async fn bridged(database: &str) -> Sim {
    let seekdb = xtask::seekdb::shared().expect("seekdb starts on this machine");
    seekdb.fresh_database(database).expect("a database of its own");
    Sim::start_with(Profile::V4_2_5, 1.0, |config| {
        config.backends.push(Backend {
            tenant: "t1".to_owned(),
            address: format!("{}:{}", seekdb.host, seekdb.port),
            user: "root".to_owned(),
            password: seekdb.password.clone(),
        });
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn data_goes_to_the_real_server_and_comes_back_unchanged() {
    let sim = bridged("sim_bridge_data").await;
    let mut tenant = sim.client("t1").await;
    tenant.run("USE sim_bridge_data").await;
    tenant.run("CREATE TABLE t (id BIGINT PRIMARY KEY, b VARBINARY(300), s VARCHAR(100))").await;
    let bytes: Vec<u8> = (0..=255).collect();
    tenant.0.exec_drop("INSERT INTO t VALUES (?, ?, ?)", (1, bytes.clone(), "it's; ü")).await.expect("a row");
    let raw = [b"INSERT INTO t VALUES (2, _binary'".as_slice(), &[0xff, 0xfe, 0x80], b"', NULL)"].concat();
    tenant.0.query_drop(raw).await.expect("a row of raw bytes");
    let back: Vec<(i64, Vec<u8>, Option<String>)> =
        tenant.0.query("SELECT id, b, s FROM t ORDER BY id").await.expect("rows");
    assert_eq!(back[0], (1, bytes.clone(), Some("it's; ü".to_owned())));
    assert_eq!(back[1], (2, vec![0xff, 0xfe, 0x80], None));
    let one: Option<(Vec<u8>,)> =
        tenant.0.exec_first("SELECT b FROM t WHERE id = ?", (1,)).await.expect("a row");
    assert_eq!(one, Some((bytes,)));
    let error = tenant.refusal("SELECT nothing FROM t").await;
    assert_eq!((error.0, error.1.as_str()), (1054, "42S22"));
    let number = tenant.refusal("INSERT INTO t VALUES (1, NULL, NULL)").await.0;
    assert_eq!(number, 1062);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_is_passed_on_whole_and_the_connection_stays_usable() {
    let sim = bridged("sim_bridge_long").await;
    let mut tenant = sim.client("t1").await;
    tenant.run("USE sim_bridge_long").await;
    tenant.run("CREATE TABLE t (id BIGINT PRIMARY KEY, s VARCHAR(1000))").await;
    let rows: Vec<String> = (0..1_000).map(|id| format!("({id}, REPEAT('x', 1000))")).collect();
    tenant.run(&format!("INSERT INTO t VALUES {}", rows.join(","))).await;
    let all = "SELECT a.id, a.s FROM t a, (SELECT id FROM t LIMIT 20) b";
    let lengths: Vec<(u64, String)> = tenant.0.query(all).await.expect("20 MB of rows");
    assert!(lengths.len() == 20_000 && lengths.iter().all(|(_, s)| s.len() == 1_000));
    assert_eq!(tenant.cell("SELECT COUNT(*) FROM t").await, "1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn views_versions_and_backup_statements_stay_simulated() {
    let sim = bridged("sim_bridge_views").await;
    let mut tenant = sim.client("t1").await;
    assert_eq!(tenant.cell("SELECT ob_version()").await, "4.2.5.0");
    assert!(tenant.cell("SELECT @@version_comment").await.contains("simulator"));
    assert!(tenant.rows("SELECT * FROM oceanbase.DBA_OB_BACKUP_JOBS").await.is_empty());
    tenant.run("ALTER SYSTEM ARCHIVELOG").await;
    assert_eq!(tenant.refusal("ALTER SYSTEM ARCHIVELOG").await.0, 9091);
    // One text with statements for both.
    let mut result = tenant
        .0
        .query_iter("SET @x = 5; SELECT @x + 1; SELECT COUNT(*) FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_TYPE = 'USER'; SELECT @x")
        .await
        .expect("four statements");
    let mut answers: Vec<String> = Vec::new();
    for _ in 0..4 {
        let rows: Vec<String> = result.collect().await.expect("rows");
        answers.extend(rows);
    }
    drop(result);
    assert_eq!(answers, ["6", "1", "5"]);
    let mut other = sim.client("t2").await;
    assert_eq!(other.refusal("CREATE DATABASE d").await.0, 1235, "nobody stands behind t2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_an_error_that_names_it() {
    let sim = Sim::start_with(Profile::V4_2_5, 1.0, |config| {
        config.backends.push(Backend {
            tenant: "t1".to_owned(),
            address: "127.0.0.1:1".to_owned(),
            user: "root".to_owned(),
            password: "secret".to_owned(),
        });
    })
    .await;
    // The client asks for the server's limits when it connects, which is already too much.
    let opts = crate::simulator::options(sim.handle.port(), "root@t1");
    let error = mysql_async::Conn::new(opts).await.expect_err("nobody is there");
    let mysql_async::Error::Server(error) = error else { panic!("{error}") };
    let start = "the server behind tenant t1 at 127.0.0.1:1: ";
    assert!(error.code == 4016 && error.message.starts_with(start), "{}", error.message);
    assert!(!error.message.contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_at_the_real_server_can_be_killed_and_the_session_lives_on() {
    let sim = bridged("sim_bridge_kill").await;
    let mut tenant = sim.client("t1").await;
    tenant.run("SET ob_query_timeout = 60000000").await;
    let id = tenant.cell("SELECT CONNECTION_ID()").await;
    let waiting = tokio::spawn(async move { (tenant.refusal("SELECT SLEEP(50)").await, tenant) });
    let mut other = sim.client("t1").await;
    for _ in 0..1_000 {
        other.run(&format!("KILL QUERY {id}")).await;
        if waiting.is_finished() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let (refusal, mut tenant) = waiting.await.expect("an answer");
    assert_eq!(refusal.0, 1317);
    assert_eq!(tenant.cell("SELECT 1 + 1").await, "2");
}
