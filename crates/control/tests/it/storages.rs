//! Storage configurations, and their test.

use control::PageAsk;
use control::backups::{self, BackupNow};
use control::storages::{self, NewStorage, StorageChange, StorageChoice};
use model::Secret;
use model::problem::codes;
use model::storage::{StorageLocation, StorageType, TestOutcome};

use crate::backups::{finished_backup, wish};
use crate::stand::{Stand, code, why};

#[tokio::test]
async fn a_storage_is_kept_tested_changed_and_removed() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let storage = stand.add_storage("local").await;
    assert_eq!(storages::find(control, admin, "local").await.expect("found"), storage);
    for choice in [
        StorageChoice::Saved(storage.id),
        StorageChoice::Typed { location: storage.location.clone(), secret: None },
    ] {
        let lines = storages::test(control, admin, &choice).await.expect("tested");
        assert!(
            lines.len() >= 5 && lines.iter().all(|line| line.outcome == TestOutcome::Passed),
            "{lines:?}"
        );
    }
    let change = StorageChange {
        name: Some("elsewhere".into()),
        location: Some(stand.directory("elsewhere")),
        ..StorageChange::default()
    };
    let changed = storages::update(control, admin, storage.id, change).await.expect("changed");
    assert_eq!(
        (changed.name.as_deref(), changed.location),
        (Some("elsewhere"), stand.directory("elsewhere"))
    );
    storages::remove(control, admin, storage.id).await.expect("removed");
    assert_eq!(why(storages::get(control, admin, storage.id).await), "storage-unknown");
}

#[tokio::test]
async fn a_storage_that_can_not_be_used_is_not_kept() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let create = async |name: &str, location: StorageLocation, secret: Option<Secret>| {
        storages::create(control, admin, NewStorage { name: name.into(), location, secret }).await
    };
    let bucket = StorageLocation {
        kind: StorageType::S3,
        path: "bucket/dir".into(),
        endpoint: Some("s3.example".into()),
        access_key_id: Some("id".into()),
        app_id: None,
    };
    assert_eq!(code(create("x", bucket.clone(), None).await), codes::STORAGE_KEY_SECRET_MISSING);
    let wrong = StorageLocation { endpoint: Some("https://s3.example/bucket".into()), ..bucket };
    assert_eq!(why(create("x", wrong, Some(Secret::new("s"))).await), "storage-endpoint-malformed");
    stand.add_storage("taken").await;
    assert_eq!(why(create("taken", stand.directory("b"), None).await), "name-taken");
    assert_eq!(storages::list(control, admin, PageAsk::default()).await.expect("listed").total_elements, 1);
}

#[tokio::test]
async fn a_directory_that_only_a_clusters_servers_see_can_be_saved_but_not_used_by_this_server() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await;
    let location = StorageLocation::directory("/etc").expect("a path");
    let new = NewStorage { name: "outside".into(), location: location.clone(), secret: None };
    let saved = storages::create(control, admin, new).await.expect("saved").id;
    for choice in [StorageChoice::Saved(saved), StorageChoice::Typed { location, secret: None }] {
        let wish = BackupNow { storage: Some(choice), ..wish(cluster.id) };
        assert_eq!(why(backups::backup_now(control, admin, wish, None).await), "storage-outside-roots");
    }
}

#[tokio::test]
async fn a_storage_with_backups_is_neither_removed_nor_moved() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let storage = finished_backup(&stand, "control_storage_used").await.storage;
    assert_eq!(why(storages::remove(control, admin, storage).await), "storage-in-use");
    let moved = StorageChange { location: Some(stand.directory("b")), ..StorageChange::default() };
    assert_eq!(why(storages::update(control, admin, storage, moved).await), "storage-in-use");
    let renamed = StorageChange { name: Some("renamed".into()), ..StorageChange::default() };
    storages::update(control, admin, storage, renamed).await.expect("a name harms nothing");
}

#[tokio::test]
async fn a_storage_that_a_task_uses_is_neither_removed_nor_moved() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await;
    let storage = stand.add_storage("local").await;
    backups::backup_now(control, admin, wish(cluster.id), None).await.expect("accepted; nobody runs it");
    assert_eq!(why(storages::remove(control, admin, storage.id).await), "task-not-finished");
    let moved = StorageChange { location: Some(stand.directory("b")), ..StorageChange::default() };
    assert_eq!(why(storages::update(control, admin, storage.id, moved).await), "task-not-finished");
}

#[tokio::test]
async fn a_stored_secret_goes_to_no_other_service_bucket_or_account() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let location = StorageLocation {
        kind: StorageType::S3,
        path: "backup/dir".into(),
        endpoint: Some("http://127.0.0.1:1".into()),
        access_key_id: Some("id".into()),
        app_id: None,
    };
    let new = NewStorage {
        name: "nightly".into(),
        location: location.clone(),
        secret: Some(Secret::new("hunter2")),
    };
    let storage = storages::create(control, admin, new).await.expect("it is kept");
    let changed = |location: StorageLocation, secret: Option<&str>| {
        let change = StorageChange { location: Some(location), secret: secret.map(Secret::new), name: None };
        storages::update(control, admin, storage.id, change)
    };
    let elsewhere = || StorageLocation { endpoint: Some("http://127.0.0.1:2".into()), ..location.clone() };
    for other in [
        elsewhere(),
        StorageLocation { path: "other/dir".into(), ..location.clone() },
        StorageLocation { access_key_id: Some("somebody".into()), ..location.clone() },
        StorageLocation { kind: StorageType::Oss, ..location.clone() },
    ] {
        assert_eq!(why(changed(other.clone(), None).await), "storage-secret-needed", "{other:?}");
    }
    changed(StorageLocation { path: "backup/below".into(), ..location.clone() }, None)
        .await
        .expect("the same bucket");
    changed(elsewhere(), Some("another")).await.expect("with its own secret");
}
