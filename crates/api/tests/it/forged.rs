//! A forged backup set in a storage of its author: the answers to a token of a BACKUP_MANAGER.

use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::server::{Answered, Server};

/// Lets a BACKUP_MANAGER add a forged copy of the set; returns the task with which an administrator recovers it.
pub(crate) async fn recover_a_forged_set(server: &Server, set: &Value, database: &str) -> Value {
    let origin = |id: &Value| format!("/api/v2/backup/sets/{id}/origin");
    let keys = server.ask("GET", "/api/v2/signingKeys", None).await.json()["data"].clone();
    let own = server.ask("GET", &origin(&set["backupSetId"]), None).await.json()["data"].clone();
    assert_eq!((&own["signature"], &own["key"]), (&json!("OWN"), &keys["current"]));

    let (from, to) = (server.dir.path().join("backups"), server.dir.path().join("mine"));
    copy(&from, &to);
    forge(&folder_of_dump(&to));
    let manager = server.account("manager", "BACKUP_MANAGER").await;
    let body = json!({ "configName": "mine", "obBackupStorageBaseInfo": {
        "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": to,
    }});
    let added = send(server, &manager, "/api/v2/backup/storages", &body).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    let storage = added.json()["data"]["storageId"].clone();
    let scanned =
        send(server, &manager, &format!("/api/v2/backup/storages/{storage}/scan"), &json!({})).await;
    let found = scanned.json()["data"]["added"][0].clone();
    assert_eq!(found["origin"]["signature"], "UNSIGNED", "{}", scanned.text);
    let sets =
        server.ask("GET", &format!("/api/v2/backup/sets?backupSetId={}", found["backupSetId"]), None).await;
    assert_eq!(sets.json()["data"]["contents"][0]["status"], "FOREIGN", "{}", sets.text);
    let forged = &found["backupSetId"];
    let shown = server.ask("GET", &origin(forged), None).await.json();
    assert_eq!(shown["data"]["signature"], "UNSIGNED", "{shown}");

    let path = format!("/api/v2/ob/clusters/{}/backup/restore", set["clusterId"]);
    let body = |accept: bool, dry_run: bool| {
        json!({
            "backupSetId": forged, "restoreTenantId": 1, "rename": { database: format!("{database}_3") },
            "acceptForeign": accept, "dryRun": dry_run,
        })
    };
    for (accept, dry_run) in [(false, false), (true, false), (true, true)] {
        let refused = send(server, &manager, &path, &body(accept, dry_run)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        assert_eq!(refused.json()["error"]["id"], "recovery-of-unsigned-set");
    }
    let asked = server.ask("POST", &path, Some(&body(false, false))).await;
    assert_eq!(asked.json()["error"]["id"], "recovery-of-unsigned-set-asks", "{}", asked.text);
    let planned = server.ask("POST", &path, Some(&body(false, true))).await;
    assert_eq!(planned.status, StatusCode::OK, "{}", planned.text);
    assert!(planned.text.contains("it is not known who wrote it"), "{}", planned.text);

    rotate(server, &manager, keys["current"].as_str().expect("a key")).await;
    let own = server.ask("GET", &origin(&set["backupSetId"]), None).await.json()["data"].clone();
    assert_eq!(own["signature"], "OWN", "also after the key was replaced");
    let begun = server.ask("POST", &path, Some(&body(true, false))).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    begun.json()["data"]["backupObjectOpsResultList"][0]["taskIdList"][0].clone()
}

/// Replaces the server's key, and lets the server trust another key for a while.
async fn rotate(server: &Server, manager: &str, old: &str) {
    let refused = send(server, manager, "/api/v2/signingKeys/rotate", &json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let rotated = server.ask("POST", "/api/v2/signingKeys/rotate", None).await;
    let keys = rotated.json()["data"].clone();
    assert_eq!(keys["retired"], json!([old]), "{}", rotated.text);
    assert_ne!(keys["current"], old);

    let trust = async |name: &str, key: &str| {
        let body = json!({ "name": name, "key": key });
        server.ask("POST", "/api/v2/signingKeys/trusted", Some(&body)).await
    };
    let other = format!("ed25519:{}", "0f".repeat(32));
    for (name, key, why) in [
        ("site", "ed25519:0f", "trust-key-malformed"),
        ("site", old, "trust-key-known"),
        ("a site", other.as_str(), "trust-key-name-malformed"),
    ] {
        assert_eq!(trust(name, key).await.json()["error"]["id"], why);
    }
    let trusted = trust("site", &other).await.json();
    assert_eq!(trusted["data"]["trusted"], json!([{ "name": "site", "key": other }]), "{trusted}");
    assert_eq!(trust("else", &other).await.json()["error"]["id"], "trust-key-known");
    let second = format!("ed25519:{}", "1f".repeat(32));
    assert_eq!(trust("site", &second).await.json()["error"]["id"], "trust-key-name-taken");
    let removed = server.ask("DELETE", "/api/v2/signingKeys/trusted/site", None).await.json();
    assert_eq!(removed["data"]["trusted"], json!([]), "{removed}");
    let unknown = server.ask("DELETE", "/api/v2/signingKeys/trusted/site", None).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.text);
}

async fn send(server: &Server, credential: &str, path: &str, body: &Value) -> Answered {
    let request = Request::post(path)
        .header("authorization", credential)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    server.send(request.expect("a request")).await
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let (path, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).expect("an entry");
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).expect("a copy") }
    }
}

fn folder_of_dump(below: &Path) -> PathBuf {
    if below.join("manifest.json").exists() {
        return below.to_owned();
    }
    let folders = fs::read_dir(below).expect("a directory").map(|entry| entry.expect("an entry").path());
    folder_of_dump(&folders.filter(|path| path.is_dir()).min().expect("a dump"))
}

/// Changes a definition and updates all hashes, as anybody with write access to the storage can.
fn forge(folder: &Path) {
    let path = folder.join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    let schema = manifest["schema"].as_array_mut().expect("a list");
    let is_tables =
        |object: &&mut Value| object["path"].as_str().is_some_and(|path| path.ends_with("tables.sql"));
    let object = schema.iter_mut().find(is_tables).expect("definitions of tables");
    let file = folder.join(object["path"].as_str().expect("a path"));
    let definitions = fs::read_to_string(&file).expect("definitions");
    let forged = definitions.replacen("NOT NULL", "not null", 1);
    assert_ne!(forged, definitions);
    object["blake3"] = blake3::hash(forged.as_bytes()).to_hex().as_str().into();
    fs::write(file, forged).expect("forged");
    let content = manifest.to_string();
    let hash = blake3::hash(content.as_bytes()).to_hex();
    fs::write(path, format!("{content}\n{{\"blake3\":\"{hash}\",\"signature\":null}}\n")).expect("sealed");
}
