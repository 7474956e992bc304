//! Requests that create tasks, sent again with `Idempotency-Key`.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::server::{ADMIN, Answered, Server};

/// Sends a request with a key.
async fn send(server: &Server, path: &str, key: &[u8], body: &Value) -> Answered {
    let request = Request::post(path)
        .header("authorization", ADMIN)
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()));
    server.send(request.expect("a request")).await
}

/// Returns the created task.
fn task_of(answered: &Answered) -> Value {
    answered.json()["data"]["backupObjectOpsResultList"][0]["taskIdList"][0].clone()
}

#[tokio::test]
async fn a_repeated_request_returns_the_first_task_and_another_one_with_its_key_is_refused() {
    let server = Server::open().await;
    let seekdb = xtask::seekdb::shared().expect("seekdb starts");
    let address = format!("{}:{}", seekdb.host, seekdb.port);
    let body = json!({ "name": "demo", "addresses": [address], "user": "root", "password": seekdb.password });
    let added = server.ask("POST", "/api/v2/ob/clusters", Some(&body)).await;
    let cluster = added.json()["data"]["id"].as_i64().unwrap_or_else(|| panic!("{}", added.text));
    let path = format!("/api/v2/ob/clusters/{cluster}/compaction/start");
    let first = send(&server, &path, b"k1", &json!({})).await;
    let task = task_of(&first);
    assert!(task.is_i64(), "{}", first.text);
    let again = send(&server, &path, b"k1", &json!({})).await;
    assert_eq!(task_of(&again), task, "{}", again.text);
    let without = server.ask("POST", &path, Some(&json!({}))).await;
    assert_eq!(without.json()["error"]["id"], "compaction-runs-already", "{}", without.text);
    let object = json!({ "clusterId": cluster, "tenantId": 1, "backupDimension": "TENANT" });
    let other = send(&server, &path, b"k1", &json!({ "obBackupObjectList": [object] })).await;
    let refused = (other.status.as_u16(), other.json()["error"]["id"].clone());
    assert_eq!(refused, (409, json!("idempotency-key-reused")), "{}", other.text);
}

#[tokio::test]
async fn an_invalid_key_is_refused_on_every_route_that_creates_a_task() {
    let server = Server::open().await;
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let takes = |parameter: &Value| parameter["name"] == "Idempotency-Key" && parameter["in"] == "header";
        let parameters = item["post"]["parameters"].as_array().cloned().unwrap_or_default();
        if parameters.iter().any(takes) {
            routes.push(path.replace("{id}", "1").replace("{tenantId}", "1").replace("{action}", "start"));
        }
    }
    assert_eq!(routes.len(), 10, "{routes:?}");
    let long = "k".repeat(256);
    for route in routes {
        for key in [&b""[..], b"two words", "\u{fc}ml\u{e4}ut".as_bytes(), long.as_bytes()] {
            let answered = send(&server, &route, key, &json!({})).await;
            let id = answered.json()["error"]["id"].clone();
            assert_eq!((answered.status.as_u16(), id), (400, json!("idempotency-key-malformed")), "{route}");
        }
    }
}

#[tokio::test]
async fn the_watchers_of_a_server_are_listed_with_how_they_went() {
    let server = Server::open().await;
    let listed = server.ask("GET", "/api/v2/watchers", None).await.json()["data"]["watchers"].clone();
    let names: Vec<&str> =
        listed.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "alarms",
            "clusters",
            "delete-policies",
            "events",
            "heartbeat",
            "history",
            "log-backups",
            "notices",
            "retention",
            "room",
            "snapshots",
            "storage-uses",
            "strategies"
        ]
    );
    assert_eq!((&listed[1]["runs"], &listed[1]["lastRunAt"]), (&json!(0), &Value::Null), "{listed}");
    assert_eq!((&listed[1]["periodMs"], &listed[1]["wakesBy"]), (&json!(60_000), &json!("SIGNAL")));
    let (control, shutdown) = (server.control.clone(), server.shutdown.clone());
    let running = tokio::spawn(async move { control.run(shutdown).await });
    let clusters = async || {
        let listed = server.ask("GET", "/api/v2/watchers", None).await;
        listed.json()["data"]["watchers"][1].clone()
    };
    let looked = async {
        while clusters().await["runs"] == json!(0) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), looked)
        .await
        .expect("it looks when the server starts");
    let seen = clusters().await;
    assert!(seen["lastRunAt"].is_string() && seen["durationMs"].is_u64(), "{seen}");
    assert!(seen.get("lastError").is_none() && seen["failedAt"].is_null(), "{seen}");
    server.shutdown.cancel();
    running.await.expect("the server ends");
}
