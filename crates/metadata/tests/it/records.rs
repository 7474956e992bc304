//! Records beside tasks: one story per noun.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::Journal as _;
use engine::journal::Decision;
use engine::testkit::Timed as _;
use metadata::backup_sets::{BackupSetQuery, BackupSetTotals};
use metadata::restores::{Restore, RestoreQuery};
use metadata::submissions::{REMEMBERED, Submission, SubmissionKey};
use metadata::tasks::subject;
use metadata::tenant_credentials::TenantCredential;
use metadata::{Error, Metadata, Slice, passwords};
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::cluster::ClusterStatus;
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId, UserId};
use model::inventory::{LeftOut, ObjectKind};
use model::storage::{StorageLocation, StorageType};
use model::tenant::{Tenant, TenantMode};
use model::text::Text;
use model::{Secret, Timestamp};

use crate::stand::{begin, commit, facts, for_every_database, new_cluster, new_task};

for_every_database! {
    a_cluster_is_saved_found_changed_and_removed
    a_cluster_is_not_removed_while_a_task_uses_it
    tenants_are_those_of_the_last_probe
    a_tenants_credential_is_kept_replaced_and_forgotten
    a_storage_is_kept_changed_and_removed_with_its_secret
    a_storage_in_use_is_not_removed
    a_backup_set_that_is_recorded_twice_is_one
    backup_sets_are_listed_and_added_up
    a_recovery_is_recorded_once
    a_submission_is_known_by_user_action_and_key_for_a_week
    a_submission_lives_and_dies_with_its_task
    an_operators_decision_is_taken_back_with_its_transaction
    missing_objects_are_reported
    identities_are_never_given_out_twice
    a_signing_key_is_made_once_and_replaced_with_its_public_half_kept
}

async fn a_cluster_is_saved_found_changed_and_removed(metadata: Metadata) {
    let mut writer = begin(&metadata).await;
    let id = writer.cluster_insert(&new_cluster("prod", "hunter2")).await.expect("kept");
    let taken = writer.cluster_insert(&new_cluster("prod", "x")).await;
    assert!(matches!(&taken, Err(Error::NameTaken { name, .. }) if name == "prod"), "{taken:?}");
    writer.cluster_insert(&new_cluster("订单", "")).await.expect("kept");
    commit(writer).await;

    let cluster = metadata.cluster_get(id).await.expect("answers").expect("it is there");
    assert_eq!((cluster.id, cluster.name.as_str(), cluster.user.as_str()), (id, "prod", "root@sys"));
    assert_eq!(cluster.addresses[1].to_string(), "[::1]:2882");
    assert_eq!((&cluster.facts, cluster.status), (&facts(), ClusterStatus::Running));
    assert_eq!(metadata.cluster_by_name("prod").await.expect("answers").as_ref(), Some(&cluster));
    let names: Vec<_> = metadata.cluster_list().await.expect("answers").into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["prod", "订单"]);
    assert_eq!(metadata.cluster_password(id).await.expect("opens").expose(), "hunter2");

    let mut writer = begin(&metadata).await;
    let read = model::cluster::ClusterFacts { upgrading: true, ..facts() };
    writer.cluster_probed(id, &read, ClusterStatus::Upgrading).await.expect("kept");
    writer.cluster_set_password(id, &Secret::new("other")).await.expect("kept");
    commit(writer).await;
    let probed = metadata.cluster_get(id).await.expect("answers").expect("it is there");
    assert_eq!((&probed.facts, probed.status), (&read, ClusterStatus::Upgrading));
    assert!(probed.probed >= cluster.probed && probed.created == cluster.created);
    assert_eq!(metadata.cluster_password(id).await.expect("opens").expose(), "other");

    let mut writer = begin(&metadata).await;
    writer.cluster_unavailable(id).await.expect("kept");
    commit(writer).await;
    let gone = metadata.cluster_get(id).await.expect("answers").expect("it is there");
    assert_eq!((&gone.facts, gone.status), (&read, ClusterStatus::Unavailable), "what was read before stays");

    let mut writer = begin(&metadata).await;
    writer.cluster_remove(id).await.expect("removed");
    commit(writer).await;
    assert_eq!(metadata.cluster_get(id).await.expect("answers"), None);
}

fn key(user: i64, action: &'static str, key: &'static str) -> SubmissionKey<'static> {
    SubmissionKey { user: UserId(user), action, key }
}

async fn a_submission_is_known_by_user_action_and_key_for_a_week(metadata: Metadata) {
    let (order, other) = (Secret::new("the password is hunter2"), Secret::new("another order"));
    let mine = key(1, "backup-now", "k1");
    let mut writer = begin(&metadata).await;
    let task = writer.task_insert(&new_task(&["a"])).await.expect("kept");
    writer.submission_insert(&mine, &order, task).await.expect("kept");
    let now = writer.submission_now(&mine, &order).await.expect("answers");
    assert_eq!(now, Some(Submission { task, is_same: true }), "its own transaction sees it");
    commit(writer).await;
    let get = async |key: SubmissionKey<'_>, order: &Secret| {
        metadata.submission_get(&key, order).await.expect("answers")
    };
    assert_eq!(get(mine, &order).await, Some(Submission { task, is_same: true }));
    assert_eq!(get(mine, &other).await, Some(Submission { task, is_same: false }));
    for another in [key(2, "backup-now", "k1"), key(1, "restore", "k1"), key(1, "backup-now", "K1")] {
        assert_eq!(get(another, &order).await, None, "{another:?}");
    }
    metadata.pass(REMEMBERED + Duration::from_secs(1)).await.expect("time passes");
    assert_eq!(get(mine, &order).await, None, "a week is over");
    let mut writer = begin(&metadata).await;
    writer.submission_insert(&mine, &other, task).await.expect("the old one is forgotten");
    commit(writer).await;
    assert_eq!(get(mine, &other).await, Some(Submission { task, is_same: true }));
}

async fn a_submission_lives_and_dies_with_its_task(metadata: Metadata) {
    let (order, mine) = (Secret::new("order"), key(1, "backup-now", "k1"));
    let mut writer = begin(&metadata).await;
    let task = writer.task_insert(&new_task(&["a"])).await.expect("kept");
    writer.submission_insert(&mine, &order, task).await.expect("kept");
    drop(writer); // as in a crash before the commit
    assert_eq!(metadata.submission_get(&mine, &order).await.expect("answers"), None);
    assert!(metadata.load(task).await.expect("answers").is_none());
}

async fn an_operators_decision_is_taken_back_with_its_transaction(metadata: Metadata) {
    let mut writer = begin(&metadata).await;
    let task = writer.task_insert(&new_task(&["a"])).await.expect("kept");
    commit(writer).await;
    let cancel = Decision::Cancel { row: None };
    for is_committed in [false, true] {
        let mut writer = begin(&metadata).await;
        writer.task_apply(task, &cancel).await.expect("it fits");
        assert!(writer.task_now(task).await.expect("answers").expect("it is there").cancels.task);
        if is_committed {
            commit(writer).await;
        } else {
            drop(writer);
        }
        let kept = metadata.load(task).await.expect("answers").expect("it is there");
        assert_eq!(kept.cancels.task, is_committed);
    }
}

async fn a_cluster_is_not_removed_while_a_task_uses_it(metadata: Metadata) {
    let mut writer = begin(&metadata).await;
    let busy = writer.cluster_insert(&new_cluster("busy", "")).await.expect("kept");
    let idle = writer.cluster_insert(&new_cluster("idle", "")).await.expect("kept");
    let about = new_task(&["a"]).subject(subject::CLUSTER, busy.to_string());
    let task = writer.task_insert(&about.subject(subject::TENANT, idle.to_string())).await.expect("kept");
    let refused = writer.cluster_remove(busy).await.expect_err("a task works with it");
    assert!(matches!(refused, Error::Busy { task: found, .. } if found == task), "{refused:?}");
    writer.cluster_remove(idle).await.expect("no task is about it");
    commit(writer).await;
}

async fn tenants_are_those_of_the_last_probe(metadata: Metadata) {
    let mut writer = begin(&metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    let other = writer.cluster_insert(&new_cluster("other", "")).await.expect("kept");
    writer.tenants_probed(other, &[tenant(1, "sys")]).await.expect("kept");
    writer.tenants_probed(cluster, &[tenant(1002, "old"), tenant(1, "sys")]).await.expect("kept");
    writer.tenants_probed(cluster, &[tenant(1004, "new"), tenant(1, "sys")]).await.expect("kept");
    commit(writer).await;
    let listed = metadata.tenant_list(cluster).await.expect("answers");
    assert_eq!(listed, [tenant(1, "sys"), tenant(1004, "new")]);
    let all = metadata.tenant_list_all(Slice { offset: 1, limit: 5 }).await.expect("answers");
    let all: Vec<_> = all.items.iter().map(|placed| (placed.cluster_name.as_str(), &placed.tenant)).collect();
    assert_eq!(all, [("prod", &listed[1]), ("other", &tenant(1, "sys"))]);
    assert_eq!(metadata.tenant_get(cluster, TenantId(1002)).await.expect("answers"), None);
    assert_eq!(
        metadata.tenant_get(cluster, TenantId(1004)).await.expect("answers"),
        Some(tenant(1004, "new"))
    );

    let mut writer = begin(&metadata).await;
    writer.cluster_remove(cluster).await.expect("removed");
    commit(writer).await;
    assert!(
        metadata.tenant_list(cluster).await.expect("answers").is_empty(),
        "tenants go with their cluster"
    );
    assert_eq!(metadata.tenant_list(other).await.expect("answers").len(), 1);
}

async fn a_tenants_credential_is_kept_replaced_and_forgotten(metadata: Metadata) {
    let credential =
        |user: &str, password: &str| TenantCredential { user: user.into(), password: Secret::new(password) };
    let (shop, books) = (TenantId(1002), TenantId(1004));
    let mut writer = begin(&metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    let other = writer.cluster_insert(&new_cluster("other", "")).await.expect("kept");
    writer.tenants_probed(cluster, &[tenant(1002, "shop"), tenant(1004, "books")]).await.expect("kept");
    writer.tenant_credential_set(cluster, shop, &credential("root", "hunter1")).await.expect("kept");
    writer.tenant_credential_set(other, shop, &credential("other", "hunter2")).await.expect("kept");
    writer.tenant_credential_set(cluster, shop, &credential("backup", "hunter3")).await.expect("replaced");
    let nowhere = writer.tenant_credential_remove(cluster, books).await.expect_err("it has none");
    assert!(matches!(nowhere, Error::Missing { id: 1004, .. }), "{nowhere:?}");
    // A probe that does not see the tenant removes nothing.
    writer.tenants_probed(cluster, &[tenant(1004, "books")]).await.expect("kept");
    writer.tenants_probed(cluster, &[tenant(1002, "shop"), tenant(1004, "books")]).await.expect("kept");
    commit(writer).await;

    let read = metadata.tenant_credential_get(cluster, shop).await.expect("opens");
    assert_eq!(read, Some(credential("backup", "hunter3")));
    let read = metadata.tenant_credential_get(other, shop).await.expect("opens");
    assert_eq!(read, Some(credential("other", "hunter2")), "each cluster has its own");
    assert_eq!(metadata.tenant_credential_get(cluster, books).await.expect("answers"), None);
    let users = metadata.tenant_credential_users(cluster).await.expect("answers");
    assert_eq!(users, BTreeMap::from([(shop, "backup".to_owned())]));
    let listed = metadata.tenant_list_all(Slice::ALL).await.expect("answers").items;
    let users: Vec<_> = listed.iter().map(|placed| placed.credential.as_deref()).collect();
    assert_eq!(users, [Some("backup"), None]);

    let mut writer = begin(&metadata).await;
    writer.tenant_credential_remove(cluster, shop).await.expect("forgotten");
    writer.cluster_remove(other).await.expect("removed");
    commit(writer).await;
    assert_eq!(metadata.tenant_credential_get(cluster, shop).await.expect("answers"), None);
    let gone = metadata.tenant_credential_get(other, shop).await.expect("answers");
    assert_eq!(gone, None, "credentials go with their cluster");
}

async fn a_storage_is_kept_changed_and_removed_with_its_secret(metadata: Metadata) {
    let bucket = bucket("bucket/dir");
    let directory = StorageLocation::directory("/backup").expect("a location");
    let mut writer = begin(&metadata).await;
    let named = writer.storage_insert(Some("nas"), &directory, None).await.expect("kept");
    let typed = writer.storage_insert(None, &bucket, Some(&Secret::new("s3cr3t"))).await.expect("kept");
    writer.storage_insert(None, &bucket, None).await.expect("many have no name");
    let taken = writer.storage_insert(Some("nas"), &bucket, None).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    commit(writer).await;

    let library = metadata.storage_list().await.expect("answers");
    assert_eq!((library.len(), &library[0]), (1, &named), "the library has named ones");
    assert_eq!(metadata.storage_by_name("nas").await.expect("answers"), Some(named.clone()));
    let read = metadata.storage_get(typed.id).await.expect("answers").expect("it is there");
    assert_eq!((&read, &read.location), (&typed, &bucket));
    let secret = metadata.storage_secret(typed.id).await.expect("opens");
    assert_eq!(secret.as_ref().map(Secret::expose), Some("s3cr3t"));
    assert_eq!(metadata.storage_secret(named.id).await.expect("answers"), None);

    let mut writer = begin(&metadata).await;
    writer.storage_update(typed.id, Some("s3"), &bucket, None).await.expect("kept");
    let taken = writer.storage_update(typed.id, Some("nas"), &bucket, None).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    commit(writer).await;
    let secret = metadata.storage_secret(typed.id).await.expect("opens");
    assert_eq!(secret.as_ref().map(Secret::expose), Some("s3cr3t"), "what is not changed stays");
    let mut writer = begin(&metadata).await;
    let moved = self::bucket("bucket/elsewhere");
    writer.storage_update(typed.id, Some("s3"), &moved, Some(&Secret::new("new"))).await.expect("kept");
    writer.storage_remove(named.id).await.expect("removed");
    commit(writer).await;
    let read = metadata.storage_list().await.expect("answers");
    assert_eq!((read.len(), &read[0].location, read[0].name.as_deref()), (1, &moved, Some("s3")));
    let secret = metadata.storage_secret(typed.id).await.expect("opens");
    assert_eq!(secret.as_ref().map(Secret::expose), Some("new"));
}

async fn a_storage_in_use_is_not_removed(metadata: Metadata) {
    let storage = storage(&metadata).await;
    let mut writer = begin(&metadata).await;
    let about = new_task(&["a"]).subject(subject::STORAGE, storage.to_string());
    writer.task_insert(&about).await.expect("kept");
    let refused = writer.storage_remove(storage).await;
    assert!(matches!(refused, Err(Error::Busy { .. })), "{refused:?}");
    writer.backup_set_record(&backup_set(1, 1002, storage)).await.expect("kept");
    let refused = writer.storage_remove(storage).await;
    assert!(matches!(refused, Err(Error::StorageInUse { backup_sets: 1 })), "{refused:?}");

    let place = StorageLocation::directory("/cleaned").expect("a path");
    let cleaned = writer.storage_insert(Some("cleaned"), &place, None).await.expect("kept").id;
    let set = writer.backup_set_record(&backup_set(2, 1002, cleaned)).await.expect("kept");
    writer.backup_set_set_status(set, BackupSetStatus::Deleted).await.expect("kept");
    writer.storage_remove(cleaned).await.expect("no files lie there any more");
    commit(writer).await;
    assert_eq!(metadata.backup_set_get(set).await.expect("answers"), None, "its row goes with the storage");
}

async fn a_backup_set_that_is_recorded_twice_is_one(metadata: Metadata) {
    let storage = storage(&metadata).await;
    let mut writer = begin(&metadata).await;
    let first = writer.backup_set_record(&backup_set(1, 1002, storage)).await.expect("kept");
    let other = writer.backup_set_record(&backup_set(1, 1004, storage)).await.expect("kept");
    commit(writer).await;
    let mut writer = begin(&metadata).await;
    let better = BackupSet {
        rows: 99,
        status: BackupSetStatus::Unverified,
        left_out: Vec::new(),
        ..backup_set(1, 1002, storage)
    };
    assert_eq!(writer.backup_set_record(&better).await.expect("kept"), first);
    commit(writer).await;
    assert_ne!(first, other);
    let read = metadata.backup_set_get(first).await.expect("answers");
    assert_eq!(read, Some(BackupSet { id: first, ..better }), "every field is kept");
    let all = metadata.backup_set_list(&BackupSetQuery::default(), Slice::ALL).await.expect("answers");
    assert_eq!(all.total, 2);
    let kept = all.items.iter().find(|set| set.id == other).map(|set| set.left_out.clone());
    assert_eq!(kept, Some(backup_set(1, 1004, storage).left_out), "what it lacks is kept");
}

async fn backup_sets_are_listed_and_added_up(metadata: Metadata) {
    let storage = storage(&metadata).await;
    let mut writer = begin(&metadata).await;
    let mut ids = Vec::new();
    for task in 1..=4 {
        ids.push(writer.backup_set_record(&backup_set(task, 1002, storage)).await.expect("kept"));
    }
    let elsewhere = BackupSet { cluster: ClusterId(9), ..backup_set(5, 1, storage) };
    writer.backup_set_record(&elsewhere).await.expect("kept");
    writer.backup_set_set_status(ids[3], BackupSetStatus::Deleted).await.expect("kept");
    commit(writer).await;
    let list = async |query: &BackupSetQuery, offset, limit| {
        let listing = metadata.backup_set_list(query, Slice { offset, limit }).await.expect("answers");
        (listing.items.iter().map(|set| set.id).collect::<Vec<_>>(), listing.total)
    };
    let of_cluster = BackupSetQuery { cluster: Some(ClusterId(7)), ..BackupSetQuery::default() };
    assert_eq!(list(&of_cluster, 1, 2).await, (vec![ids[2], ids[1]], 4), "the newest come first");
    let query = BackupSetQuery { statuses: vec![BackupSetStatus::Deleted], ..of_cluster.clone() };
    assert_eq!(list(&query, 0, 9).await, (vec![ids[3]], 1));
    let query = BackupSetQuery {
        tenant: Some(TenantId(1002)),
        storage: Some(storage),
        from: Some(Timestamp(2_000_000)),
        until: Some(Timestamp(3_000_000)),
        ..of_cluster.clone()
    };
    assert_eq!(list(&query, 0, 9).await, (vec![ids[1]], 1));
    let query = BackupSetQuery { task: Some(TaskId(3)), ..BackupSetQuery::default() };
    assert_eq!(list(&query, 0, 9).await, (vec![ids[2]], 1));
    let totals = metadata.backup_set_totals(ClusterId(7)).await.expect("answers");
    let newest = Some(Timestamp(3_000_000));
    assert_eq!(totals, BackupSetTotals { count: 3, bytes: 3 << 40, newest });
    for (tenant, expected) in [(None, newest), (Some(TenantId(1)), None)] {
        let found = metadata.backup_set_newest_of(ClusterId(7), tenant).await.expect("answers");
        assert_eq!(found, expected, "{tenant:?}");
    }
    let all = metadata.backup_standings(&[], &[]).await.expect("answers").clusters;
    assert_eq!(all.keys().map(|id| id.0).collect::<Vec<_>>(), [7, 9]);
    assert_eq!((all[&ClusterId(7)].sets, all[&ClusterId(9)].sets.count), (totals, 1));
    let none = metadata.backup_set_totals(ClusterId(8)).await.expect("answers");
    assert_eq!(none, BackupSetTotals::default());
}

async fn a_recovery_is_recorded_once(metadata: Metadata) {
    let restore = |task, rows| Restore {
        task: TaskId(task),
        backup_set: BackupSetId(2),
        cluster: ClusterId(task % 2),
        tenant: TenantId(1),
        databases: BTreeMap::from([("shop".to_owned(), "shop_2".to_owned())]),
        bytes: 5,
        rows,
        tables: 3,
        started: Timestamp(1),
        finished: Timestamp(task * 1_000),
    };
    let mut writer = begin(&metadata).await;
    for (task, rows) in [(1, 10), (2, 20), (1, 11)] {
        writer.restore_record(&restore(task, rows)).await.expect("kept");
    }
    commit(writer).await;
    assert_eq!(metadata.restore_get(TaskId(1)).await.expect("answers"), Some(restore(1, 11)));
    let all = metadata.restore_list(&RestoreQuery::default(), Slice::ALL).await.expect("answers");
    assert_eq!((all.items, all.total), (vec![restore(2, 20), restore(1, 11)], 2));
    let query = RestoreQuery { cluster: Some(ClusterId(1)), ..RestoreQuery::default() };
    assert_eq!(metadata.restore_list(&query, Slice::ALL).await.expect("answers").items, [restore(1, 11)]);
}

async fn missing_objects_are_reported(metadata: Metadata) {
    let hash = passwords::hash(&Secret::new("x")).await.expect("hashed");
    let mut writer = begin(&metadata).await;
    let location = StorageLocation::directory("/backup").expect("a location");
    let refusals = [
        writer.cluster_remove(ClusterId(9)).await,
        writer.cluster_probed(ClusterId(9), &facts(), ClusterStatus::Running).await,
        writer.cluster_set_password(ClusterId(9), &Secret::new("x")).await,
        writer.storage_remove(StorageId(9)).await,
        writer.storage_update(StorageId(9), None, &location, None).await,
        writer.backup_set_set_status(BackupSetId(9), BackupSetStatus::Deleted).await,
        writer.user_set_password(UserId(9), &hash, false).await,
        writer.user_remove(UserId(9)).await,
        metadata.cluster_password(ClusterId(9)).await.map(drop),
        metadata.storage_secret(StorageId(9)).await.map(drop),
    ];
    for refused in refusals {
        assert!(matches!(refused, Err(Error::Missing { id: 9, .. })), "{refused:?}");
    }
    let orphan = writer.backup_set_record(&backup_set(1, 1, StorageId(9))).await;
    assert!(matches!(orphan, Err(Error::Database { .. })), "a backup set lies in a storage: {orphan:?}");
}

async fn identities_are_never_given_out_twice(metadata: Metadata) {
    let mut writer = begin(&metadata).await;
    let first = writer.cluster_insert(&new_cluster("a", "x")).await.expect("kept");
    writer.cluster_remove(first).await.expect("removed");
    let second = writer.cluster_insert(&new_cluster("a", "x")).await.expect("kept");
    assert_ne!(first, second, "what spoke of the first must not come to mean the second");
}

pub(crate) fn tenant(id: i64, name: &str) -> Tenant {
    Tenant {
        id: TenantId(id),
        name: name.to_owned(),
        mode: TenantMode::Mysql,
        status: "NORMAL".into(),
        role: "PRIMARY".into(),
        locked: false,
        primary_zone: "zone1".into(),
        locality: "FULL{1}@zone1".into(),
        data_version: None,
    }
}

fn bucket(path: &str) -> StorageLocation {
    StorageLocation {
        kind: StorageType::Cos,
        path: path.to_owned(),
        endpoint: Some("cos.example".into()),
        access_key_id: Some("id".into()),
        app_id: Some("1250000000".into()),
    }
}

async fn storage(metadata: &Metadata) -> StorageId {
    let location = StorageLocation::directory("/backup").expect("a location");
    let mut writer = begin(metadata).await;
    let storage = writer.storage_insert(Some("nas"), &location, None).await.expect("kept");
    commit(writer).await;
    storage.id
}

pub(crate) fn backup_set(task: i64, tenant: i64, storage: StorageId) -> BackupSet {
    BackupSet {
        id: BackupSetId(0),
        task: TaskId(task),
        cluster: ClusterId(7),
        cluster_name: "prod".into(),
        tenant: TenantId(tenant),
        tenant_name: "t".into(),
        method: BackupMethod::Logical,
        mode: DataBackupMode::Full,
        storage,
        path: "prod/7/1002/logical/20261122T100000Z".into(),
        scn: 1_763_805_600_123_000_000,
        bytes: 1 << 40,
        rows: 12,
        tables: 3,
        started: Timestamp(1),
        finished: Timestamp(task * 1_000_000),
        status: BackupSetStatus::Available,
        left_out: vec![LeftOut {
            kind: ObjectKind::Events,
            name: "shop".into(),
            reason: Text::new("left-out-kind").with("kind", "events"),
            agreed: true,
        }],
    }
}

async fn a_signing_key_is_made_once_and_replaced_with_its_public_half_kept(metadata: Metadata) {
    assert_eq!(metadata.signing_key().await.expect("answers"), None);
    let [first, second] = ["first", "second"].map(Secret::new);
    let mut writer = begin(&metadata).await;
    assert_eq!(writer.signing_key_ensure(&first).await.expect("made"), first);
    assert_eq!(writer.signing_key_ensure(&second).await.expect("there"), first, "it is made once");
    commit(writer).await;
    assert_eq!(metadata.signing_key().await.expect("answers"), Some(first));

    let mut writer = begin(&metadata).await;
    writer.signing_key_replace("public of the first", &second).await.expect("replaced");
    let trusted = BTreeMap::from([("site".to_owned(), "public of a site".to_owned())]);
    writer.trusted_keys_set(&trusted).await.expect("kept");
    assert_eq!(writer.signing_keys_now().await.expect("answers").trusted, trusted);
    commit(writer).await;
    assert_eq!(metadata.signing_key().await.expect("answers"), Some(second));
    let stored = metadata.signing_keys_stored().await.expect("answers");
    assert_eq!((stored.retired, stored.trusted), (vec!["public of the first".to_owned()], trusted));
}
