//! The control port, over HTTP.

use serde_json::{Value, json};
use sim::Profile;

use crate::simulator::Sim;

/// A client for HTTP; the library requires a TLS provider, although TLS is not used here.
fn http() -> reqwest::Client {
    // It may be installed already, by another test.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[tokio::test]
async fn the_clock_moves_only_on_request() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let base = format!("http://127.0.0.1:{}", sim.handle.control_port);
    let mut client = sim.client("sys").await;
    let before = client.cell("SELECT now(6)").await;
    assert_eq!(client.cell("SELECT now(6)").await, before);
    let http = http();
    let moved = http.post(format!("{base}/clock/advance")).json(&json!({ "seconds": 90.5 })).send().await;
    assert!(moved.expect("an answer").status().is_success());
    let passed = format!("SELECT timestampdiff(MICROSECOND, '{before}', now(6))");
    assert_eq!(client.cell(&passed).await, "90500000");
    let refused = http.post(format!("{base}/clock/advance")).json(&json!({ "seconds": -1 })).send().await;
    assert_eq!(refused.expect("an answer").status().as_u16(), 400);
}

#[tokio::test]
async fn the_transcript_has_every_statement_with_its_answer_and_marks_gaps() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut client = sim.client("sys").await;
    client.rows("SELECT 1").await;
    client.refusal("INSERT INTO nowhere VALUES (1)").await;
    client.refusal("ALTER SYSTEM ARCHIVELOG TENANT = nobody").await;
    let url = format!("http://127.0.0.1:{}/transcript", sim.handle.control_port);
    let answer: Value = http().get(&url).send().await.expect("an answer").json().await.expect("JSON");
    let told: Vec<(String, String, bool)> = answer["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (text("sql"), text("answer"), entry["gap"] == true)
        })
        .collect();
    assert!(told.contains(&("SELECT 1".into(), "rows 1".into(), false)), "{told:?}");
    assert!(told.iter().any(|(sql, _, gap)| sql.starts_with("INSERT") && *gap), "{told:?}");
    let last = told.last().expect("a last one");
    assert_eq!((last.1.as_str(), last.2), ("error 5157 (HY000) Unknown tenant 'nobody'", false));
    let gaps: Value =
        http().get(format!("{url}?gaps=true")).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(gaps["entries"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_refused_statement_leaves_the_world_as_it_was() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut client = sim.client("sys").await;
    let before = sim.handle.world(0);
    for sql in [
        "ALTER SYSTEM BACKUP DATABASE",
        "ALTER SYSTEM ARCHIVELOG TENANT = nobody",
        "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'BINDING=Optional' TENANT = t1",
        "ALTER SYSTEM RESTORE t1 FROM 'file:///x' WITH 'pool_list=p'",
        "ALTER SYSTEM ADD DELETE BACKUP POLICY 'DEFAULT' RECOVERY_WINDOW '7d' TENANT t1",
    ] {
        client.refusal(sql).await;
        assert_eq!(sim.handle.world(0), before, "{sql}");
    }
    client.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    assert_ne!(sim.handle.world(0), before);
}
