//! The server's own log as other programs read it: one JSON object per line.

use std::fs::File;

use serde_json::{Value, json};
use sim::{Config, Profile};

use crate::lifeboat::{PASSWORD, Server};
use crate::simulated::{SPEED, SYS_PASSWORD, Stand, simulated_cluster};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_a_json_log_is_an_object_and_those_of_tasks_name_task_step_and_cluster() {
    let clusters = vec![simulated_cluster(Profile::V4_2_5, &["shop"])];
    let config = Config { clusters, speed: SPEED, ..Config::paused(Profile::V4_2_5) };
    let folder = tempfile::tempdir().expect("a directory");
    let log = folder.path().join("log");
    let server = Server::start_with(tempfile::tempdir().expect("a directory"), Some(PASSWORD), |command| {
        command
            .args(["--server-name", "here", "--log-format", "json"])
            .env("LIFEBOAT_LOG", "info,engine=debug");
        command.stderr(File::create(&log).expect("a file"));
    });
    let stand = Stand::simulated(config, server).await;
    let failed = stand.back_up("INCREMENTAL_BACKUP", json!({})).await.task();
    let step = stand.failed(failed).await;
    let good = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(good).await;
    stand.server.stop();

    let text = std::fs::read_to_string(&log).expect("text");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        for field in ["timestamp", "level", "logger", "message"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    for secret in [SYS_PASSWORD, PASSWORD] {
        assert!(!text.contains(secret), "a password was logged: {text}");
    }
    let of = |task: i64| {
        let task = json!(task.to_string());
        let mine: Vec<&Value> = lines.iter().filter(|line| line["task"] == task).collect();
        assert!(mine.iter().all(|line| line["cluster"] == "prod" && line["kind"].is_string()), "{mine:#?}");
        mine
    };
    let ends = |mine: &[&Value]| {
        let last = mine.iter().find(|line| line["message"] == "the task has ended").expect("it has ended");
        assert!(last.get("step").is_none(), "{last}");
        last["status"].as_str().expect("a word").to_owned()
    };
    let mine = of(good);
    assert_eq!(ends(&mine), "SUCCESSFUL");
    let is_end = |line: &&&Value| line["message"] == "the step has ended";
    let steps: Vec<&str> = mine.iter().filter(is_end).filter_map(|line| line["step"].as_str()).collect();
    assert!(steps.contains(&"start-data-backup"), "{steps:?}");
    let mine = of(failed);
    assert_eq!(ends(&mine), "FAILED");
    let problem =
        mine.iter().find(|line| line["message"] == "the step has met a problem").expect("it failed");
    assert_eq!([&problem["level"], &problem["lane"]], [&json!("WARN"), &step["lane"]]);
    let id = step["note"]["id"].as_str().expect("an id");
    assert!(problem["why"].as_str().expect("text").starts_with(id), "{problem}, {step:#}");
    assert!(problem["step"].is_string(), "{problem}");
}
