//! The diagnostic bundle: it explains a failure, and contains no secret.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use sim::Profile;
use zip::ZipArchive;

use crate::lifeboat::PASSWORD;
use crate::simulated::{SYS_PASSWORD, Stand};

const STORE_KEY: &str = "key-of-the-object-store";
const CHANNEL_PATH: &str = "path-of-the-channel";
const MAIL_PASSWORD: &str = "password-of-the-mail-account";
const HEADER: &str = "header-of-the-channel";
const SIGNATURE_KEY: &str = "key-of-the-signature";

fn files(bundle: &Path) -> BTreeMap<String, String> {
    let mut archive = ZipArchive::new(File::open(bundle).expect("a file")).expect("a zip file");
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).expect("a file");
        let name = entry.name().to_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        files.insert(name, text);
    }
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_explains_a_failure_and_contains_no_secret() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    let store = json!({
        "configName": "store",
        "obBackupStorageBaseInfo": {
            "backupStorageType": "BACKUP_STORAGE_S3", "storageUrl": "bucket/dir",
            "s3AccessKey": { "endpoint": "s3.example", "accessKeyId": "an-id", "accessKeySecret": STORE_KEY },
        },
    });
    stand.post("/backup/storages", &store).await.done();
    let channel = json!({
        "name": "dba", "url": format!("http://127.0.0.1:1/{CHANNEL_PATH}"), "signatureSecret": SIGNATURE_KEY,
        "headers": [{ "name": "Authorization", "value": HEADER }],
    });
    stand.post("/alarm/channels", &channel).await.done();
    let mail = json!({
        "name": "mail", "kind": "EMAIL",
        "email": {
            "host": "127.0.0.1", "port": 1, "tls": "IMPLICIT", "user": "lifeboat", "password": MAIL_PASSWORD,
            "from": "lifeboat@db.example", "to": ["dba@db.example"],
        },
    });
    stand.post("/alarm/channels", &mail).await.done();
    let failed = stand.back_up("INCREMENTAL_BACKUP", json!({})).await.task();
    stand.failed(failed).await;

    let path = stand.server.path("bundle.zip");
    let command = format!("admin diagnose --to {} --task 4711", path.display());
    let ran = stand.server.run(&command);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.contains("1 part is missing"), "{}", ran.out);
    let mode = path.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "other users cannot read it");

    let found = files(&path);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    for name in
        ["alarms.json", "clusters.json", "configuration.json", "metrics.txt", "readyz.txt", "strategies.json"]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    for secret in [PASSWORD, SYS_PASSWORD, STORE_KEY, CHANNEL_PATH, HEADER, SIGNATURE_KEY, MAIL_PASSWORD] {
        let holder = found.iter().find(|(_, text)| text.contains(secret));
        assert_eq!(holder, None, "{secret}");
    }
    let task = &found[&format!("tasks/{failed}.json")];
    assert!(task.contains("Full data backup needed before incremental data backup"), "{task}");
    let log =
        found.iter().find(|(name, text)| name.starts_with(&format!("tasks/{failed}/")) && !text.is_empty());
    assert!(log.is_some(), "{names:?}");
    let data_dir = stand.server.path("data").display().to_string();
    assert!(found["configuration.json"].contains(&data_dir), "{}", found["configuration.json"]);
    let about: Value = serde_json::from_str(&found["about.json"]).expect("JSON");
    assert_eq!(about["missing"][0]["file"], "tasks/4711.json", "{about:#}");
    assert_eq!(about["missing"].as_array().map(Vec::len), Some(1), "{about:#}");

    let again = stand.server.run(&command);
    assert_ne!(again.status, 0, "a bundle is not replaced");
    assert!(again.err.contains("exists already"), "{}", again.err);
}
