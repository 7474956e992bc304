//! Interruptions on simulated clusters: recorded, left alone or repaired, whatever crashes.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use engine::testkit::Timed as _;
use model::archive::ArchiveStatus;
use model::backup::DataBackupMode::Full;
use model::id::TaskId;
use model::log_gap::LogGap;
use model::strategy::Scope;
use model::strategy::draft::ThresholdConfig;
use serde_json::json;
use sim::{FaultName, Profile};

use crate::storages::StorageChoice;
use crate::strategies::{self, NamedStorage, StrategyAsk};
use crate::testing::simulated::SimWorld;
use crate::{PageAsk, log_backups, log_delays};

/// Returns a world with running log backup, and a strategy without due runs during the test.
async fn world(profile: Profile, restarts: bool) -> SimWorld {
    let world = SimWorld::new(profile).await;
    let schedule = json!({"backupScheduleMode": "CRON", "cronExpression": "0 2 29 2 *", "scheduleZone": "UTC",
                          "restartInterruptedLogBackup": restarts});
    let ask = StrategyAsk {
        method: None,
        storage: Some(NamedStorage { choice: StorageChoice::Saved(world.storage), name: None }),
        schedule: serde_json::from_value(schedule).expect("a schedule"),
        thresholds: ThresholdConfig::default(),
        secondary_backup: false,
        take_over_policies: false,
        seen_policies: None,
    };
    let scope = Scope::Cluster(world.cluster);
    strategies::create(&world.control, &world.actor, scope, ask).await.expect("created");
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    world
}

async fn pass(world: &SimWorld, time: Duration) {
    world.control.metadata().pass(time).await.expect("the clock can be moved");
    world.handle.advance_seconds(time.as_secs_f64());
}

async fn interrupt(world: &SimWorld) {
    world.fault(FaultName::ArchiveInterrupted, None);
    pass(world, Duration::from_secs(60)).await;
    world.handle.clear_faults(None);
}

async fn look(world: &SimWorld) {
    log_delays::watch(&world.control).await.expect("a look");
}

async fn gaps(world: &SimWorld) -> Vec<LogGap> {
    let page = super::list(&world.control, &world.actor, world.cluster, PageAsk::default()).await;
    page.expect("listed").contents
}

async fn stands(world: &SimWorld) -> Vec<ArchiveStatus> {
    let (control, actor) = (&world.control, &world.actor);
    let page = log_backups::list(control, actor, world.cluster, None, None, PageAsk::default()).await;
    page.expect("answers").page.contents.into_iter().map(|task| task.round.status).collect()
}

/// Drops a run after this many polls, as a crash does.
async fn broken_off(world: &SimWorld, mut polls: u32) {
    let mut work: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(look(world));
    std::future::poll_fn(|cx| {
        polls -= 1;
        match work.as_mut().poll(cx) {
            Poll::Pending if polls > 0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
    drop(work);
    // Only one transaction writes at a time: when this one starts, the interrupted one has ended.
    drop(world.control.metadata().begin().await.expect("may write"));
}

/// Returns the task that all gaps share for a step.
fn only(gaps: &[LogGap], task: impl Fn(&LogGap) -> Option<TaskId>) -> TaskId {
    let first = task(&gaps[0]).expect("the step has a task");
    assert!(gaps.iter().all(|gap| task(gap) == Some(first)), "{gaps:?}");
    first
}

#[tokio::test]
async fn log_backup_is_brought_back_once_with_a_full_backup_whatever_crashes() {
    for (profile, whole, switched) in [(Profile::V4_2_5, 2, 2), (Profile::V3_1_5, 1, 1)] {
        let world = world(profile, true).await;
        let before = world.count_acts("ALTER SYSTEM ARCHIVELOG");
        interrupt(&world).await;
        for polls in 1..40 {
            broken_off(&world, polls).await;
        }
        look(&world).await;
        look(&world).await; // as another server would
        let found = gaps(&world).await;
        assert_eq!(found.len(), whole, "{profile}: {found:?}");
        world.finish(only(&found, |gap| gap.stop)).await;
        assert!(stands(&world).await.iter().all(|status| *status == ArchiveStatus::Stop), "{profile}");
        look(&world).await;
        look(&world).await;
        world.finish(only(&gaps(&world).await, |gap| gap.start)).await;
        look(&world).await;
        look(&world).await;
        let backup = only(&gaps(&world).await, |gap| gap.backup);
        world.finish(backup).await;
        assert!(world.sets_of(backup).await.iter().all(|set| set.mode == Full), "{profile}");
        look(&world).await;
        for gap in gaps(&world).await {
            assert!(gap.is_closed && gap.until > gap.from && gap.until.is_some(), "{profile}: {gap:?}");
        }
        assert_eq!(world.count_acts("ALTER SYSTEM NOARCHIVELOG"), switched, "{profile}: stopped once");
        assert_eq!(world.count_acts("ALTER SYSTEM ARCHIVELOG") - before, switched, "{profile}: started once");

        interrupt(&world).await;
        look(&world).await;
        let again = gaps(&world).await;
        assert_eq!(again.len(), 2 * whole, "{profile}: a gap of its own");
        assert!(again[..whole].iter().all(|gap| gap.stop.is_none()), "{profile}: once a day at most");
        pass(&world, Duration::from_secs(25 * 60 * 60)).await;
        look(&world).await;
        only(&gaps(&world).await[..whole], |gap| gap.stop);
    }
}

#[tokio::test]
async fn an_interruption_is_only_recorded_without_permission_or_while_its_cause_exists() {
    for (profile, restarts) in [(Profile::V4_2_5, false), (Profile::V4_2_5, true), (Profile::V3_1_5, true)] {
        let world = world(profile, restarts).await;
        let directory = world.dir.path().join("data/backups");
        let away = world.dir.path().join("away");
        interrupt(&world).await;
        std::fs::rename(&directory, &away).expect("moved");
        std::fs::write(&directory, "the mount is gone").expect("written");
        look(&world).await;
        let found = gaps(&world).await;
        assert!(!found.is_empty() && found.iter().all(|gap| gap.newest_task().is_none()), "{found:?}");
        if profile == Profile::V4_2_5 {
            assert!(found.iter().all(|gap| !gap.comment.is_empty()), "the database says why: {found:?}");
        }
        std::fs::remove_file(&directory).expect("removed");
        std::fs::rename(&away, &directory).expect("moved");
        look(&world).await;
        assert_eq!(gaps(&world).await.iter().all(|gap| gap.stop.is_some()), restarts, "{profile}");
    }
}

#[tokio::test]
async fn an_interruption_that_ended_without_lifeboat_is_closed() {
    let world = world(Profile::V4_2_5, false).await;
    interrupt(&world).await;
    look(&world).await;
    for sql in ["ALTER SYSTEM NOARCHIVELOG", "ALTER SYSTEM ARCHIVELOG"] {
        world.say(sql).await;
        pass(&world, Duration::from_secs(300)).await;
    }
    look(&world).await;
    for gap in gaps(&world).await {
        assert!(gap.is_closed && gap.until.is_some() && gap.newest_task().is_none(), "{gap:?}");
    }
}
