//! Log backup reaches the requested state, whatever crashes or repeats; refusals report their reason.

use engine::{Fault as Crash, testkit};
use model::archive::ArchiveStatus;
use model::archive::LogBackupWish::{self, Pause, Resume, Start, Stop};
use model::backup::DataBackupMode::Full;
use sim::{FaultName, Profile};

use super::LogBackup;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};
use crate::{PageAsk, log_backups};

on_both_4x! {
    one_statement_for_each_tenant_is_sent_whatever_crashes_or_repeats,
    an_interruption_is_ended_by_a_stop_and_not_by_a_start,
    a_start_without_a_destination_ends_with_what_to_do,
    a_tenant_of_4_that_is_not_normal_refuses_at_once,
}

async fn change(world: &SimWorld, wish: LogBackupWish) -> Result<model::id::TaskId, u32> {
    let accepted = log_backups::change(&world.control, &world.actor, world.cluster, &[], wish, None).await;
    accepted.map(|accepted| accepted.task).map_err(|error| error.problem().code)
}

async fn listed(world: &SimWorld) -> Vec<log_backups::LogBackupTask> {
    let page = PageAsk::new(1, 100).expect("in range");
    let tasks = log_backups::list(&world.control, &world.actor, world.cluster, None, None, page).await;
    let tasks = tasks.expect("answers");
    assert_eq!(tasks.unknown, None);
    tasks.page.contents
}

async fn stands(world: &SimWorld) -> Vec<ArchiveStatus> {
    listed(world).await.into_iter().map(|task| task.round.status).collect()
}

/// Returns a world in which log backup is running.
async fn running(profile: Profile) -> SimWorld {
    let world = SimWorld::new(profile).await;
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    world
}

#[tokio::test]
async fn log_backup_is_stopped_and_started_again_in_every_version() {
    for profile in Profile::ALL {
        let world = running(profile).await;
        for (wish, expected) in [(Stop, ArchiveStatus::Stop), (Start, ArchiveStatus::Doing)] {
            let task = change(&world, wish).await.expect("it is accepted");
            world.finish(task).await;
            assert!(stands(&world).await.iter().all(|status| *status == expected), "{profile} {wish:?}");
            world.assert_clean(task).await;
        }
        let listed = listed(&world).await;
        assert!(
            listed.iter().all(|task| task.delay_us.is_some_and(|delay| delay < 600_000_000)),
            "{listed:?}"
        );
    }
}

#[tokio::test]
async fn log_backup_of_4_is_paused_and_resumed_and_3_refuses() {
    let world = running(Profile::V4_2_5).await;
    for (wish, expected) in [(Pause, ArchiveStatus::Suspend), (Resume, ArchiveStatus::Doing)] {
        let task = change(&world, wish).await.expect("it is accepted");
        world.finish(task).await;
        assert!(stands(&world).await.iter().all(|status| *status == expected), "{wish:?}");
    }
    let world = running(Profile::V3_1_5).await;
    assert_eq!(change(&world, Pause).await, Err(20108));
}

async fn one_statement_for_each_tenant_is_sent_whatever_crashes_or_repeats(profile: Profile) {
    let world = running(profile).await;
    let (mut wish, mut sent) = (Stop, 0);
    for fault in testkit::faults::<LogBackup>() {
        let task = change(&world, wish).await.expect("it is accepted");
        let met = world.run(task, Some(fault)).await;
        if matches!(fault, Crash::RunTwice(_)) {
            assert_ne!(met, Ended::Crashed, "{fault:?}");
        } else {
            world.finish(task).await;
        }
        if wish == Stop {
            sent += 2;
            assert_eq!(world.count_acts("ALTER SYSTEM NOARCHIVELOG"), sent, "{fault:?}");
        }
        wish = if wish == Stop { Start } else { Stop };
    }
}

async fn an_interruption_is_ended_by_a_stop_and_not_by_a_start(profile: Profile) {
    let world = running(profile).await;
    world.fault(FaultName::ArchiveInterrupted, None);
    world.handle.advance_seconds(30.0);
    let task = change(&world, Start).await.expect("it is accepted");
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("check-log-backup", "log-backup-interrupted"));
    world.handle.clear_faults(None);
    for (wish, expected) in [(Stop, ArchiveStatus::Stop), (Start, ArchiveStatus::Doing)] {
        let task = change(&world, wish).await.expect("it is accepted");
        world.finish(task).await;
        assert!(stands(&world).await.iter().all(|status| *status == expected), "{wish:?}");
    }
}

async fn a_start_without_a_destination_ends_with_what_to_do(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let task = change(&world, Start).await.expect("it is accepted");
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("change-log-backup", "log-backup-slow"));
    assert_eq!(world.count_acts("ALTER SYSTEM ARCHIVELOG"), 1);
}

/// OceanBase returns 9023 here, the number that 2.2 uses if log backup is already starting.
async fn a_tenant_of_4_that_is_not_normal_refuses_at_once(profile: Profile) {
    let world = running(profile).await;
    let stopped = change(&world, Stop).await.expect("it is accepted");
    world.finish(stopped).await;
    world.fault(FaultName::TenantNotNormal, Some("shop"));
    let task = change(&world, Start).await.expect("it is accepted");
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("change-log-backup", "database-archive-can-not-start"));
}
