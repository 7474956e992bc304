//! A month of a logical strategy on the real seekdb: a database that hangs while runs are due, a storage that fails, a
//! crash of Lifeboat during a run, and a pause.

use std::time::Duration;

use engine::Fault;
use engine::testkit::Timed as _;
use model::alarm::AlarmKind;
use model::id::TaskId;
use model::strategy::Scope;
use model::strategy::draft::ThresholdConfig;
use serde_json::json;
use tempfile::TempDir;
use xtask::seekdb::Instance;

use super::RunStatus::{Failed, Missed, Running, Successful};
use super::{RunFilter, RunStatus, StrategyAsk, StrategyRun, due};
use crate::testing::{Ended, World};
use crate::{PageAsk, clusters};

/// Lets time pass until a second after the next due time.
async fn until_due(world: &World) {
    let metadata = world.control.metadata();
    let now = metadata.now().await.expect("answers");
    let strategies = metadata.strategy_list(None).await.expect("listed");
    let next = strategies[0].settings.schedule.dues(now).next().expect("something is due");
    let left_us = u64::try_from(next.at.0 - now.0).expect("it is to come") + 1_000_000;
    metadata.pass(Duration::from_micros(left_us)).await.expect("the clock can be moved");
}

/// Runs a round of the scheduler after the next due time.
async fn round(world: &World) {
    until_due(world).await;
    due::run(&world.control).await.expect("a round");
}

/// Returns all past runs, oldest first.
async fn runs(world: &World) -> Vec<StrategyRun> {
    let scope = Scope::Cluster(world.cluster);
    let all = PageAsk::new(1, 100).expect("a page");
    let page = super::runs(&world.control, &world.actor, scope, RunFilter::default(), all).await;
    let mut runs = page.expect("listed").contents;
    runs.reverse();
    runs
}

/// Returns the task of the newest run, which has just started.
async fn started(world: &World) -> TaskId {
    match runs(world).await.last() {
        Some(StrategyRun { status: Running, task: Some(task), .. }) => *task,
        other => panic!("no run has started: {other:?}"),
    }
}

async fn alarms(world: &World) -> Vec<AlarmKind> {
    let alarms = crate::alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await;
    alarms.expect("listed").contents.iter().map(|alarm| alarm.kind).collect()
}

#[tokio::test]
async fn every_due_time_of_a_month_with_faults_has_its_backup_or_its_reason() {
    let dir = TempDir::new().expect("a directory");
    let seekdb = Instance::start_in(dir.path()).expect("seekdb starts");
    let world = World::on(seekdb.server.clone(), "strategy_story").await;
    let (control, actor) = (&world.control, &world.actor);
    let grid = json!({"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00", "scheduleZone": "UTC",
                      "dayAndDataBackupModelMap": {"2": "FULL_BACKUP", "4": "FULL_BACKUP", "6": "FULL_BACKUP"}});
    let ask = StrategyAsk {
        method: None,
        storage: None, // the only saved one
        schedule: serde_json::from_value(grid).expect("a schedule"),
        // The age of a set follows the kernel's clock, which does not follow the journal's.
        thresholds: ThresholdConfig {
            no_successful_data_backup_alarm_days: Some(366),
            ..ThresholdConfig::default()
        },
        secondary_backup: false,
        take_over_policies: false,
        seen_policies: None,
    };
    let scope = Scope::Cluster(world.cluster);
    super::create(control, actor, scope, ask).await.expect("created");
    for _ in 0..2 {
        round(&world).await;
        world.finish(started(&world).await).await;
    }

    // The database hangs over three due times: only the newest run is caught up.
    seekdb.freeze();
    clusters::refresh(control, actor, world.cluster).await.expect_err("nobody answers");
    for _ in 0..3 {
        round(&world).await;
    }
    assert_eq!(alarms(&world).await, [AlarmKind::ClusterUnavailable, AlarmKind::BackupRunMissed]);
    seekdb.thaw();
    clusters::refresh(control, actor, world.cluster).await.expect("it answers");
    due::run(control).await.expect("a round");
    world.finish(started(&world).await).await;
    assert_eq!(alarms(&world).await, []);

    // The mount of the storage is gone.
    let (backups, away) = (world.dir.path().join("data/backups"), world.dir.path().join("away"));
    std::fs::rename(&backups, &away).expect("moved");
    std::fs::write(&backups, "the mount is gone").expect("written");
    round(&world).await;
    world.fail(started(&world).await).await;
    assert_eq!(alarms(&world).await, [AlarmKind::BaseBackupFail]);
    std::fs::remove_file(&backups).expect("removed");
    std::fs::rename(&away, &backups).expect("moved");

    // Lifeboat dies within the next run.
    round(&world).await;
    let task = started(&world).await;
    assert_eq!(world.run(task, Some(Fault::CrashAfter("dump-data"))).await, Ended::Crashed);
    due::run(control).await.expect("a round");
    world.finish(task).await;

    super::pause(control, actor, scope, super::PauseToo::default()).await.expect("paused");
    round(&world).await;
    super::resume(control, actor, scope).await.expect("resumed");
    for _ in 0..5 {
        round(&world).await;
        world.finish(started(&world).await).await;
    }

    let away = Some("run-hindered-unreachable");
    let expected: Vec<(RunStatus, Option<&str>)> = [
        [(Successful, None), (Successful, None)].to_vec(),
        [(Missed, away), (Missed, away), (Successful, None)].to_vec(),
        [
            (Failed, Some("storage-not-a-directory")),
            (Successful, None),
            (Missed, Some("run-hindered-paused")),
        ]
        .to_vec(),
        [(Successful, None); 5].to_vec(),
    ]
    .concat();
    let runs = runs(&world).await;
    let reason = |run: &StrategyRun| run.reason.as_ref().map(|reason| reason.id.clone());
    let found: Vec<(RunStatus, Option<String>)> = runs.iter().map(|run| (run.status, reason(run))).collect();
    let found: Vec<_> = found.iter().map(|(status, why)| (*status, why.as_deref())).collect();
    assert_eq!(found, expected);
    let sets = control.metadata().backup_set_totals(world.cluster).await.expect("answers");
    assert_eq!(sets.count, 9, "one for each run that went well");
}
