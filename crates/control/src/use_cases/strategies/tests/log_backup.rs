//! Log backup that is paused and resumed with a strategy.

use model::archive::ArchiveStatus::{self, Doing, Suspend};
use model::backup::BackupMethod;

use super::super::{pause, resume};
use super::refusals::give_account;
use super::*;

const LOG_BACKUP_TOO: PauseToo = PauseToo { log_backup: true, clean_up: false };

/// Returns the log backup status of each tenant.
async fn log_backup(world: &SimWorld) -> Vec<ArchiveStatus> {
    let (control, actor) = (&world.control, &world.actor);
    let tasks = crate::log_backups::list(control, actor, world.cluster, None, None, PageAsk::default()).await;
    tasks.expect("listed").page.contents.into_iter().map(|task| task.round.status).collect()
}

async fn with_log_backup(profile: Profile) -> SimWorld {
    let world = SimWorld::new(profile).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    world.finish(world.begin(world.wish(Full)).await).await; // starts log backup
    assert!(log_backup(&world).await.iter().all(|status| *status == Doing));
    world
}

#[tokio::test]
async fn log_backup_is_paused_and_resumed_with_the_strategy_only_where_somebody_wants_it() {
    let world = with_log_backup(Profile::V4_2_5).await;
    let (control, actor, scope) = (&world.control, &world.actor, whole(&world));
    assert_eq!(
        pause(control, actor, scope, PauseToo::default()).await.expect("paused"),
        None,
        "log backup continues"
    );
    assert_eq!(resume(control, actor, scope).await.expect("resumed"), None);

    let task = pause(control, actor, scope, LOG_BACKUP_TOO)
        .await
        .expect("paused")
        .expect("a task pauses log backup");
    assert!(stored_paused(&world).await);
    let refused = resume(control, actor, scope).await;
    assert_eq!(refusal(refused).1, "log-backup-runs-already", "it is being paused still");
    world.finish(task).await;
    assert_eq!(log_backup(&world).await, [Suspend, Suspend]);
    let task = resume(control, actor, scope).await.expect("resumed").expect("a task resumes log backup");
    world.finish(task).await;
    assert_eq!(log_backup(&world).await, [Doing, Doing]);
    assert!(!stored_paused(&world).await);
    assert_eq!(resume(control, actor, scope).await.expect("resumed"), None, "once");
}

async fn stored_paused(world: &SimWorld) -> bool {
    world.control.metadata().strategy_list(None).await.expect("listed")[0].paused
}

#[tokio::test]
async fn log_backup_that_was_paused_otherwise_stays_paused() {
    let world = with_log_backup(Profile::V4_2_5).await;
    let (control, actor, scope) = (&world.control, &world.actor, whole(&world));
    let by_hand = crate::log_backups::change(
        control,
        actor,
        world.cluster,
        &[TenantId(1002)],
        LogBackupWish::Pause,
        None,
    );
    world.finish(by_hand.await.expect("accepted").task).await;
    world.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = books").await;
    pass(&world, Duration::from_secs(60)).await;
    assert_eq!(log_backup(&world).await, [Suspend, Suspend]);
    let task = pause(control, actor, scope, LOG_BACKUP_TOO).await.expect("paused").expect("a task");
    world.finish(task).await;
    assert_eq!(resume(control, actor, scope).await.expect("resumed"), None);
    assert_eq!(log_backup(&world).await, [Suspend, Suspend]);
}

#[tokio::test]
async fn a_strategy_whose_log_backup_cannot_be_paused_is_not_paused_in_part() {
    let world = with_log_backup(Profile::V3_1_5).await;
    let refused = pause(&world.control, &world.actor, whole(&world), LOG_BACKUP_TOO).await;
    assert_eq!(refusal(refused).1, "log-backup-no-pause");
    assert!(!stored_paused(&world).await);

    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    give_account(&world, 1002).await;
    let logical = StrategyAsk { method: Some(BackupMethod::Logical), ..ask(&world, "FULL_BACKUP") };
    super::super::create(&world.control, &world.actor, whole(&world), logical).await.expect("created");
    let refused = pause(&world.control, &world.actor, whole(&world), LOG_BACKUP_TOO).await;
    assert_eq!(refusal(refused).1, "strategy-without-log-backup");
    assert!(!stored_paused(&world).await);
}
