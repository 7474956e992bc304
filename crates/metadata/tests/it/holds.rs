//! Holds on backup sets.

use metadata::Metadata;
use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use model::storage::StorageLocation;

use crate::stand::{begin, commit, for_every_database};

for_every_database! {
    a_set_has_one_hold_until_it_is_released
    a_set_that_was_deleted_is_not_recorded_again
}

fn set(cluster: i64, task: i64, storage: StorageId) -> BackupSet {
    BackupSet {
        id: BackupSetId(0),
        task: TaskId(task),
        cluster: ClusterId(cluster),
        cluster_name: "prod".into(),
        tenant: TenantId(1002),
        tenant_name: "shop".into(),
        method: BackupMethod::Logical,
        mode: DataBackupMode::Full,
        storage,
        path: format!("prod/1/1002/logical/d-{task}"),
        scn: 1,
        bytes: 10,
        rows: 1,
        tables: 1,
        started: Timestamp(1),
        finished: Timestamp(2),
        status: BackupSetStatus::Available,
        left_out: Vec::new(),
    }
}

async fn two_sets(metadata: &Metadata) -> [BackupSetId; 2] {
    let mut writer = begin(metadata).await;
    let place = StorageLocation::directory("/backup").expect("a path");
    let storage = writer.storage_insert(Some("local"), &place, None).await.expect("kept").id;
    let here = writer.backup_set_record(&set(7, 1, storage)).await.expect("kept");
    let elsewhere = writer.backup_set_record(&set(8, 2, storage)).await.expect("kept");
    commit(writer).await;
    [here, elsewhere]
}

async fn a_set_has_one_hold_until_it_is_released(metadata: Metadata) {
    let [here, elsewhere] = two_sets(&metadata).await;
    let mut writer = begin(&metadata).await;
    assert_eq!(writer.hold_now(here).await.expect("answers"), None);
    writer.hold_set(elsewhere, "theirs", "max", None).await.expect("kept");
    writer.hold_set(here, "before the upgrade", "eva", None).await.expect("kept");
    let held = writer.hold_set(here, "审计", "max", Some(Timestamp(i64::MAX))).await.expect("replaced");
    assert_eq!(writer.hold_now(here).await.expect("answers").as_ref(), Some(&held));
    commit(writer).await;
    let all = metadata.hold_list(ClusterId(7)).await.expect("answers");
    assert_eq!(all, std::slice::from_ref(&held), "one of this cluster, the newer");
    assert_eq!((held.reason.as_str(), held.owner.as_str()), ("审计", "max"));
    let mut writer = begin(&metadata).await;
    assert!(writer.hold_remove(here).await.expect("released"));
    assert!(!writer.hold_remove(here).await.expect("answers"), "it was released");
    commit(writer).await;
    assert_eq!(metadata.hold_list(ClusterId(7)).await.expect("answers"), []);
}

async fn a_set_that_was_deleted_is_not_recorded_again(metadata: Metadata) {
    let [id, _] = two_sets(&metadata).await;
    let stored = metadata.backup_set_get(id).await.expect("answers").expect("it is there");
    for status in BackupSetStatus::GONE {
        let mut writer = begin(&metadata).await;
        writer.backup_set_set_status(id, status).await.expect("kept");
        assert_eq!(writer.backup_set_now(id).await.expect("answers").map(|set| set.status), Some(status));
        // The task that created it is retried, and records all of its sets again.
        assert_eq!(writer.backup_set_record(&set(7, 1, stored.storage)).await.expect("known"), id);
        commit(writer).await;
        let set = metadata.backup_set_get(id).await.expect("answers").expect("it is there");
        assert_eq!(set.status, status, "nothing of it can be recovered");
    }
}
