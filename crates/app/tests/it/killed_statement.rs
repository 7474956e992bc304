//! A server that is killed while the database executes its statement, and started again at once.

use std::time::Duration;

use serde_json::json;
use sim::{Config, Fault, FaultName, Profile};

use crate::simulated::{Stand, simulated_cluster};

/// The statement that must not be sent twice.
const BACKUP: &str = "ALTER SYSTEM BACKUP";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_the_database_still_starts_is_not_requested_again() {
    for profile in [Profile::V3_2_4, Profile::V4_2_5] {
        // The statement takes three seconds; a second one would be sent within one.
        let slow = Fault {
            statement: Some(BACKUP.into()),
            seconds: Some(60.0),
            times: Some(1),
            ..Fault::new(FaultName::StatementSlow)
        };
        let clusters = vec![simulated_cluster(profile, &["shop"])];
        let config = Config { clusters, speed: 20.0, faults: vec![slow], ..Config::paused(profile) };
        let mut stand = Stand::on(config).await;
        let task = stand.back_up("FULL_BACKUP", json!({})).await.task();
        until_sent(&stand, task).await;
        stand.server.restart_after_kill();
        stand.succeeded(task).await;
        let sent = stand.simulator().transcript();
        let sent: Vec<&str> =
            sent.iter().map(|entry| entry.sql.as_str()).filter(|sql| sql.starts_with(BACKUP)).collect();
        assert_eq!(sent.len(), 1, "{profile}: {sent:?}");
    }
}

/// Waits until the log of the task shows that the statement was sent.
async fn until_sent(stand: &Stand, task: i64) {
    for _ in 0..3_000 {
        let seen = stand.get(&format!("/tasks/instances/{task}")).await;
        assert_eq!(seen["status"], "RUNNING", "{seen:#}");
        for step in seen["subtasks"].as_array().expect("a list") {
            let log = stand.get(&format!("/tasks/instances/{task}/subtasks/{}/log", step["id"])).await;
            if log.to_string().contains(BACKUP) {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the statement is not sent");
}
