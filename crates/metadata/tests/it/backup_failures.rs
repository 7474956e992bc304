//! Failed backups without a later success, from real tasks and their recorded sets.

use std::sync::{Arc, Mutex};

use engine::flow::Answer;
use engine::operator::Command;
use engine::testkit::{Outcome, Stand as Bench};
use engine::{At, Flow, NewTask, Next, Note, Step, StepError, TaskId, TaskStatus};
use metadata::Metadata;
use metadata::tasks::subject;
use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use model::storage::StorageLocation;

use crate::stand::{begin, commit, for_every_database};

for_every_database! {
    a_lane_has_failed_until_its_newest_backup_is_a_good_one
    a_failure_after_a_success_of_a_clock_that_was_ahead_counts
    a_cancelled_or_rolled_back_backup_is_neither_a_failure_nor_a_success
}

/// A fake backup with a lane per tenant; the given lanes fail.
struct Backup;

#[derive(Default)]
struct World {
    broken: Mutex<Vec<&'static str>>,
}

impl Flow for Backup {
    const KIND: &'static str = "backup";
    const VERSION: u32 = 1;
    type Context = World;
    type State = u64;
    type Lane = u64;
    const STEPS: &'static [Step<Self>] = &[
        Step::one("check", |at, _| Box::pin(part(at, "check"))),
        Step::each("back-up", |at, _, _| Box::pin(part(at, at.lane())))
            .undo_each(|_, _, _| Box::pin(async { Ok(Next::Done) })),
    ];
}

async fn part(at: &At<Backup>, name: &str) -> Answer {
    if at.context().broken.lock().expect("no panic").contains(&name) {
        return Err(StepError::permanent(Note::new("broken").arg("part", name)));
    }
    Ok(Next::Done)
}

type Backups = Bench<Backup, Metadata>;

fn bench(metadata: &Metadata) -> Backups {
    Bench::with_journal(World::default(), Arc::new(metadata.clone()))
}

/// Starts a backup of two tenants of a cluster.
async fn started(bench: &Backups, cluster: i64) -> TaskId {
    let lanes = ["shop", "books"].map(str::to_owned);
    let new = NewTask::of::<Backup>(Note::new("backup"), &0, lanes).expect("JSON");
    bench.start(new.subject(subject::CLUSTER, cluster.to_string())).await
}

/// Runs a task while these parts are broken, and records a set of each of these tenants.
async fn runs(bench: &Backups, task: TaskId, broken: &[&'static str], recorded: &[&str]) -> TaskStatus {
    broken.clone_into(&mut bench.context().broken.lock().expect("no panic"));
    let Outcome::Ended(status) = bench.run(task, None).await else { panic!("there is no fault") };
    let mut writer = begin(bench.journal()).await;
    let location = StorageLocation::directory("/backup").expect("a location");
    let storage = writer.storage_insert(None, &location, None).await.expect("kept").id;
    for (tenant, name) in (1_002..).zip(recorded) {
        writer.backup_set_record(&backup_set(task, tenant, name, storage)).await.expect("kept");
    }
    commit(writer).await;
    status
}

/// Returns the cluster, lane, task and reason of each failure.
async fn failures(metadata: &Metadata) -> Vec<(i64, String, TaskId, Option<String>)> {
    let found = metadata.backup_failures(&[Backup::KIND.to_owned()]).await.expect("answers");
    let part = |note: Note| note.args.get("part").cloned().expect("an argument");
    found.into_iter().map(|one| (one.cluster.0, one.lane, one.task, one.note.map(part))).collect()
}

fn failure(cluster: i64, lane: &str, task: TaskId, part: &str) -> (i64, String, TaskId, Option<String>) {
    (cluster, lane.to_owned(), task, Some(part.to_owned()))
}

async fn a_lane_has_failed_until_its_newest_backup_is_a_good_one(metadata: Metadata) {
    let bench = bench(&metadata);
    let first = started(&bench, 7).await;
    assert_eq!(runs(&bench, first, &["shop"], &["books"]).await, TaskStatus::Failed);
    assert_eq!(failures(&metadata).await, [failure(7, "shop", first, "shop")], "the other one succeeded");
    let second = started(&bench, 7).await;
    assert_eq!(runs(&bench, second, &["check"], &[]).await, TaskStatus::Failed);
    let both = [failure(7, "shop", second, "check"), failure(7, "books", second, "check")];
    assert_eq!(failures(&metadata).await, both, "what all lanes share fails for each");
    let elsewhere = started(&bench, 8).await;
    assert_eq!(runs(&bench, elsewhere, &[], &[]).await, TaskStatus::Successful);
    assert_eq!(failures(&metadata).await, both, "another cluster's makes nothing good");
    let third = started(&bench, 7).await;
    assert_eq!(failures(&metadata).await, both, "one that has not ended makes nothing good");
    assert_eq!(runs(&bench, third, &[], &["shop", "books"]).await, TaskStatus::Successful);
    assert_eq!(failures(&metadata).await, []);
    // An old task that is retried and fails again is the newest one that ended.
    bench.operate(first, Command::RetryTask).await.expect("it has failed");
    assert_eq!(failures(&metadata).await, []);
    assert_eq!(runs(&bench, first, &["shop"], &[]).await, TaskStatus::Failed);
    assert_eq!(failures(&metadata).await, [failure(7, "shop", first, "shop")]);
    assert_eq!(metadata.backup_failures(&["other".to_owned()]).await.expect("answers"), []);
}

async fn a_failure_after_a_success_of_a_clock_that_was_ahead_counts(metadata: Metadata) {
    let bench = bench(&metadata);
    let day_us = 86_400_000_000;
    metadata.turn_clock(day_us);
    let well = started(&bench, 7).await;
    assert_eq!(runs(&bench, well, &[], &[]).await, TaskStatus::Successful);
    metadata.turn_clock(-day_us);
    let badly = started(&bench, 7).await;
    assert_eq!(runs(&bench, badly, &["shop"], &["books"]).await, TaskStatus::Failed);
    assert_eq!(failures(&metadata).await, [failure(7, "shop", badly, "shop")]);
}

async fn a_cancelled_or_rolled_back_backup_is_neither_a_failure_nor_a_success(metadata: Metadata) {
    let bench = bench(&metadata);
    let failed = started(&bench, 7).await;
    assert_eq!(runs(&bench, failed, &["books"], &["shop"]).await, TaskStatus::Failed);
    let cancelled = started(&bench, 7).await;
    bench.operate(cancelled, Command::CancelTask).await.expect("it has not ended");
    assert_eq!(runs(&bench, cancelled, &[], &[]).await, TaskStatus::Failed);
    assert_eq!(failures(&metadata).await, [failure(7, "books", failed, "books")]);
    let undone = started(&bench, 7).await;
    assert_eq!(runs(&bench, undone, &["shop"], &[]).await, TaskStatus::Failed);
    assert_eq!(failures(&metadata).await.len(), 2);
    bench.operate(undone, Command::RollBack).await.expect("it has failed");
    assert_eq!(runs(&bench, undone, &[], &[]).await, TaskStatus::RolledBack);
    assert_eq!(failures(&metadata).await, [failure(7, "books", failed, "books")]);
}

fn backup_set(task: TaskId, tenant: i64, name: &str, storage: StorageId) -> BackupSet {
    BackupSet {
        id: BackupSetId(0),
        task: model::id::TaskId(task.0),
        cluster: ClusterId(7),
        cluster_name: "prod".into(),
        tenant: TenantId(tenant),
        tenant_name: name.into(),
        method: BackupMethod::Logical,
        mode: DataBackupMode::Full,
        storage,
        path: "prod/7/1002/logical/20261122T100000Z".into(),
        scn: 1,
        bytes: 1,
        rows: 1,
        tables: 1,
        started: Timestamp(1),
        finished: Timestamp(2),
        status: BackupSetStatus::Available,
        left_out: Vec::new(),
    }
}
