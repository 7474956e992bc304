//! Alarms, as a DBA's own monitoring reads them through REST: they appear with the problem and end with it.

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
