//! Alarms, as a DBA's own monitoring reads them through REST: they appear with the problem and end with it.

use std::time::Duration;

use serde_json::{Value, json};
use sim::Profile;

use crate::simulated::Stand;

async fn alarms(stand: &Stand) -> Vec<Value> {
    let listed = stand.get(&format!("/alarm/alarms?clusterId={}", stand.cluster)).await;
    let contents = listed["contents"].as_array().expect("a list").clone();
    assert_eq!(listed["page"]["totalElements"], contents.len());
    contents
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_backup_is_listed_until_a_backup_succeeds() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    assert_eq!(alarms(&stand).await, Vec::<Value>::new());
    let failed = stand.back_up("INCREMENTAL_BACKUP", json!({})).await.task();
    stand.failed(failed).await;
    let found = alarms(&stand).await;
    let [alarm] = &found[..] else { panic!("one tenant failed: {found:#?}") };
    let expected = json!({
        "alarmType": "base_backup_fail", "name": "Data backup failed", "level": 2, "scope": "Tenant",
        "clusterId": stand.cluster, "clusterName": "prod", "tenantName": "shop", "taskId": failed,
    });
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(&alarm[field], value, "{field}: {alarm:#}");
    }
    let target = alarm["target"].as_str().expect("a target");
    assert!(target.starts_with("ob_cluster=") && target.ends_with(":tenant_name=shop"), "{target}");
    assert_eq!(alarm["summary"], format!("{target} Data backup failed"));
    assert_eq!(alarm["reason"]["message"], "Full data backup needed before incremental data backup");
    assert!(alarm["activeAt"].is_string() && alarm["details"]["action"].is_string(), "{alarm:#}");

    let full = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(full).await;
    assert_eq!(alarms(&stand).await, Vec::<Value>::new());
    let unknown = stand.ask(reqwest::Method::GET, "/api/v2/alarm/alarms?clusterId=4711", None).await;
    assert_eq!(unknown.status, 404, "{:#}", unknown.error);
}

/// Waits until the alarm has a number: the server records it within seconds.
async fn recorded(stand: &Stand) -> i64 {
    for _ in 0..600 {
        if let [alarm] = &alarms(stand).await[..]
            && let Some(id) = alarm["alarmId"].as_i64()
        {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the alarm is not recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_is_acknowledged_and_silenced_from_the_command_line_and_stays_in_the_history() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    let failed = stand.back_up("INCREMENTAL_BACKUP", json!({})).await.task();
    stand.failed(failed).await;
    let id = recorded(&stand).await;
    let run = |arguments: &str| {
        let ran = stand.server.run(arguments);
        assert_eq!(ran.status, 0, "{arguments}: {}{}", ran.out, ran.err);
        ran.out
    };
    let shown = run(&format!("alarm show {id}"));
    assert!(shown.contains("Data backup failed") && shown.contains("fix"), "{shown}");
    assert!(run("alarm list --state new --level 2 --cluster prod").contains(&format!("{id} ")));
    assert!(run(&format!("alarm ack {id} --comment mine")).contains("is acknowledged"));
    assert!(run(&format!("alarm silence {id} --hours 2 --reason upgrade")).contains("is silenced until"));
    let shown = run(&format!("alarm show {id}"));
    assert!(shown.contains("admin mine") && shown.contains("admin upgrade"), "{shown}");
    assert!(!run("alarm list --state acknowledged").contains(&format!("{id} ")), "silenced comes first");
    run(&format!("alarm unsilence {id}"));
    assert!(run("alarm list --state acknowledged").contains(&format!("{id} ")));
    let refused = stand.server.run(&format!("alarm unsilence {id}"));
    assert!(
        refused.status == 3 && refused.err.contains("is not silenced"),
        "{} {}",
        refused.status,
        refused.err
    );

    let full = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(full).await;
    let history = "/alarm/alarms?status=HISTORY&level=2";
    for _ in 0..600 {
        if stand.get(history).await["page"]["totalElements"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let listed = stand.get(history).await;
    let alarm = &listed["contents"][0];
    assert_eq!((&alarm["alarmId"], &alarm["state"]), (&json!(id), &json!("RECOVERED")), "{listed:#}");
    assert_eq!(alarm["acknowledged"]["comment"], "mine");
    assert!(run("alarm list --history").contains("RECOVERED"));
    assert_eq!(stand.get("/alarm/alarms?status=HISTORY&state=NEW").await["page"]["totalElements"], 0);
}
