//! The age of all last backups, the number of tasks, and the measurements: on every database.

use std::time::Duration;

use engine::journal::{Change, NewTask};
use engine::task::Cancels;
use engine::{Journal as _, Moment, TaskStatus};
use metadata::protection::{PartNewest, SelectionField, SetSum};
use metadata::queue::{RunKind, RunOutcome};
use metadata::{Metadata, Transaction};
use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use model::storage::StorageLocation;
use model::tenant::{Tenant, TenantMode};
use serde_json::{Value, json};

use crate::stand::{begin, commit, for_every_database, new_cluster, new_task};

for_every_database! {
    a_part_of_a_tenant_is_never_taken_for_the_whole
    a_set_that_is_deleted_or_of_unknown_contents_protects_nothing
    tasks_are_counted_by_state_and_leases_by_server
    statements_and_ended_runs_are_measured
}

const SELECTION: SelectionField = SelectionField { kind: "dumping", name: "selection" };

async fn a_part_of_a_tenant_is_never_taken_for_the_whole(metadata: Metadata) {
    let (cluster, storage) = ground(&metadata).await;
    let mut writer = begin(&metadata).await;
    let everything = json!({ "cluster_name": "\"selection\":[]", "selection": [] });
    let shop = json!({ "cluster_name": "\"selection\":[]", "selection": [{ "Database": "shop" }] });
    let whole = task(&mut writer, "dumping", everything).await;
    let parts = [task(&mut writer, "dumping", shop.clone()).await, task(&mut writer, "dumping", shop).await];
    for (task, finished_s) in [(whole, 10), (parts[0], 30), (parts[1], 20)] {
        writer.backup_set_record(&set(cluster, storage, task, finished_s)).await.expect("recorded");
    }
    commit(writer).await;

    let known = metadata.protection(None, SELECTION).await.expect("read");
    assert_eq!(known.clusters.len(), 1);
    assert_eq!(
        known.tenants.iter().map(|tenant| tenant.name.as_str()).collect::<Vec<_>>(),
        ["books", "shop"]
    );
    let mut sums: Vec<(bool, u64, u64, i64)> = known.sets.iter().map(told).collect();
    sums.sort_unstable();
    assert_eq!(sums, [(false, 2, 200, 30_000_000), (true, 1, 100, 10_000_000)]);
    let [PartNewest { tenant, selection, newest, .. }] = &known.parts[..] else {
        panic!("one selection: {:?}", known.parts)
    };
    assert_eq!((*tenant, *newest), (TenantId(1002), Timestamp(30_000_000)));
    let selection: Value = serde_json::from_str(selection).expect("JSON");
    assert_eq!(selection, json!([{ "Database": "shop" }]));
    let other = metadata.protection(Some(ClusterId(cluster.0 + 1)), SELECTION).await.expect("read");
    assert!(
        other.clusters.is_empty()
            && other.tenants.is_empty()
            && other.sets.is_empty()
            && other.parts.is_empty()
    );
}

async fn a_set_that_is_deleted_or_of_unknown_contents_protects_nothing(metadata: Metadata) {
    let (cluster, storage) = ground(&metadata).await;
    let mut writer = begin(&metadata).await;
    let shop = task(&mut writer, "dumping", json!({ "selection": [{ "Database": "shop" }] })).await;
    let deleted = BackupSet { status: BackupSetStatus::Deleted, ..set(cluster, storage, shop, 10) };
    writer.backup_set_record(&deleted).await.expect("recorded");
    writer.backup_set_adopt(&set(cluster, storage, TaskId(0), 20)).await.expect("adopted");
    let others = task(&mut writer, "other", json!({ "selection": [] })).await;
    let physical = BackupSet { method: BackupMethod::Physical, ..set(cluster, storage, others, 40) };
    writer.backup_set_record(&physical).await.expect("recorded");
    commit(writer).await;
    let known = metadata.protection(Some(cluster), SELECTION).await.expect("read");
    assert_eq!(known.parts, []);
    let mut sums: Vec<(bool, u64, u64, i64)> = known.sets.iter().map(told).collect();
    sums.sort_unstable();
    assert_eq!(
        sums,
        [(false, 1, 100, 10_000_000), (false, 1, 100, 20_000_000), (true, 1, 100, 40_000_000)],
        "a physical set always holds the whole tenant"
    );
}

async fn tasks_are_counted_by_state_and_leases_by_server(metadata: Metadata) {
    assert!(
        metadata.queue().await.expect("counted").tasks.values().all(|count| *count == 0),
        "known to be none"
    );
    for _ in 0..3 {
        metadata.insert(new_task(&["a"])).await.expect("kept");
    }
    let claim = metadata.claim(&ask("here")).await.expect("answers").expect("one is due");
    metadata.save(claim.ticket, &change(TaskStatus::Running, false)).await.expect("saved");
    let queue = metadata.queue().await.expect("counted");
    assert_eq!(queue.tasks.len(), TaskStatus::ALL.len());
    assert_eq!((queue.tasks[&TaskStatus::Pending], queue.tasks[&TaskStatus::Running]), (2, 1));
    assert_eq!(queue.leases.into_iter().collect::<Vec<_>>(), [("here".to_owned(), 1)]);
}

async fn statements_and_ended_runs_are_measured(metadata: Metadata) {
    let count = |verb: &str| {
        let timings = metadata.statement_timings();
        timings.iter().find(|(known, _)| *known == verb).map_or(0, |(_, timing)| timing.count)
    };
    let before = count("list clusters");
    metadata.cluster_list().await.expect("listed");
    assert_eq!(count("list clusters"), before + 1);
    let mut task = new_task(&["a"]);
    task.state = json!({ "mode": "FULL_BACKUP" });
    let id = metadata.insert(task).await.expect("kept");
    let claim = metadata.claim(&ask("here")).await.expect("answers").expect("it is due");
    assert_eq!(claim.task.id, id);
    metadata.save(claim.ticket, &change(TaskStatus::Running, false)).await.expect("saved");
    assert_eq!(metadata.run_timings(), [], "it goes on");
    metadata.save(claim.ticket, &change(TaskStatus::Failed, true)).await.expect("saved");
    let [(kind, timing)] = &metadata.run_timings()[..] else { panic!("one run") };
    let expected =
        RunKind { kind: "plain".into(), mode: Some("FULL_BACKUP".into()), outcome: RunOutcome::Failed };
    assert_eq!(kind, &expected);
    assert_eq!((timing.count, timing.failed, timing.total), (1, 1, Duration::from_secs(90)));
}

fn ask(worker: &str) -> engine::journal::Ask {
    engine::journal::Ask {
        worker: worker.to_owned(),
        can: vec![("plain".to_owned(), 1)],
        lease: Duration::from_secs(60),
        limits: engine::journal::Limits::default(),
    }
}

fn change(status: TaskStatus, release: bool) -> Change {
    let begun = Moment(1_000_000);
    Change {
        status,
        note: None,
        started_at: Some(begun),
        finished_at: status.is_finished().then(|| begun.plus(Duration::from_secs(90))),
        due_at: begun,
        cancels_seen: Cancels::default(),
        state: None,
        lanes: Vec::new(),
        rows: Vec::new(),
        release,
    }
}

fn told(sum: &SetSum) -> (bool, u64, u64, i64) {
    (sum.is_whole, sum.count, sum.bytes, sum.newest.0)
}

async fn ground(metadata: &Metadata) -> (ClusterId, StorageId) {
    let mut writer = begin(metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "x")).await.expect("kept");
    let tenants = [tenant(1001, "books"), tenant(1002, "shop")];
    writer.tenants_probed(cluster, &tenants).await.expect("kept");
    let location = StorageLocation::directory("/backup").expect("a location");
    let storage = writer.storage_insert(Some("nas"), &location, None).await.expect("kept");
    commit(writer).await;
    (cluster, storage.id)
}

async fn task(writer: &mut Transaction, kind: &str, state: Value) -> TaskId {
    let new = NewTask { kind: kind.to_owned(), state, ..new_task(&["a"]) };
    TaskId(writer.task_insert(&new).await.expect("kept").0)
}

fn tenant(id: i64, name: &str) -> Tenant {
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

fn set(cluster: ClusterId, storage: StorageId, task: TaskId, finished_s: i64) -> BackupSet {
    BackupSet {
        id: BackupSetId(0),
        task,
        cluster,
        cluster_name: "prod".into(),
        tenant: TenantId(1002),
        tenant_name: "shop".into(),
        method: BackupMethod::Logical,
        mode: DataBackupMode::Full,
        storage,
        path: "path".into(),
        scn: 1,
        bytes: 100,
        rows: 1,
        tables: 1,
        started: Timestamp(1),
        finished: Timestamp(finished_s * 1_000_000),
        status: BackupSetStatus::Available,
        left_out: Vec::new(),
    }
}
