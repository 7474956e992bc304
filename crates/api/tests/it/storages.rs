//! Storage configurations, from creation to removal.

use axum::http::StatusCode;
use serde_json::json;

use crate::server::Server;

const STORAGES: &str = "/api/v2/backup/storages";

#[tokio::test]
async fn a_storage_is_kept_tested_changed_and_removed() {
    let server = Server::open().await;
    let place = server.dir.path().join("backups");
    std::fs::create_dir(&place).expect("a directory");
    let base = json!({ "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": place });
    let body = json!({ "configName": "nightly", "obBackupStorageBaseInfo": base });

    let made = server.ask("POST", STORAGES, Some(&body)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let id = made.json()["data"]["storageId"].as_i64().expect("an id");
    let again = server.ask("POST", STORAGES, Some(&body)).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);

    let tested = server.ask("POST", &format!("{STORAGES}/{id}/test"), None).await;
    let tested = tested.json();
    assert_eq!(tested["data"]["passed"], true, "{tested}");
    assert!(tested["data"]["lines"].as_array().expect("lines").len() >= 4, "{tested}");
    assert!(tested["data"]["lines"].to_string().contains("Write a file"), "{tested}");

    let renamed =
        server.ask("PATCH", &format!("{STORAGES}/{id}"), Some(&json!({ "configName": "weekly" }))).await;
    assert_eq!(renamed.json()["data"]["configName"], "weekly", "{}", renamed.text);
    let listed = server.ask("GET", STORAGES, None).await.json();
    assert_eq!(listed["data"]["page"]["totalElements"], 1, "{listed}");

    assert_eq!(server.ask("DELETE", &format!("{STORAGES}/{id}"), None).await.status, StatusCode::OK);
    assert_eq!(server.ask("GET", &format!("{STORAGES}/{id}"), None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_place_outside_of_the_allowed_directories_fails_its_test_with_a_reason() {
    let server = Server::open().await;
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let base = json!({ "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": elsewhere.path() });
    let answered = server
        .ask("POST", &format!("{STORAGES}/test"), Some(&json!({ "obBackupStorageBaseInfo": base })))
        .await;
    let body = answered.json();
    assert_eq!(body["data"]["passed"], false, "{body}");
    let failed =
        body["data"]["lines"].as_array().expect("lines").iter().find(|line| line["outcome"] == "FAILED");
    let error = &failed.expect("a failed line")["error"];
    assert!(error["message"].is_string() && error["action"].is_string(), "{error}");
}

#[tokio::test]
async fn a_secret_never_comes_back() {
    let server = Server::open().await;
    let body = json!({ "configName": "cloud", "obBackupStorageBaseInfo": {
        "backupStorageType": "BACKUP_STORAGE_S3", "storageUrl": "bucket/dir",
        "s3AccessKey": { "endpoint": "s3.example", "accessKeyId": "AKID", "accessKeySecret": "hunter2" },
    }});
    let made = server.ask("POST", STORAGES, Some(&body)).await;
    for text in [&made.text, &server.ask("GET", STORAGES, None).await.text] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
