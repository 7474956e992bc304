//! The result of a job is read, never guessed from an empty view; tenants without a backup are named.

use engine::{Fault as Crash, StepStatus, TaskStatus};
use model::backup::DataBackupMode::Full;
use sim::{FaultName, Profile};

use super::message;
use crate::backups;
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::SimWorld;

#[tokio::test]
async fn a_job_that_ended_between_two_polls_is_found_in_the_history() {
    for profile in [Profile::V2_2_77, Profile::V3_1_5, Profile::V3_2_4] {
        for moment in [Crash::CrashAfter("start-data-backup"), Crash::CrashBefore("wait-for-data-backup")] {
            let world = SimWorld::new(profile).await;
            let task = world.begin(world.wish(Full)).await;
            assert_eq!(world.run(task, Some(moment)).await, Ended::Crashed);
            world.handle.advance_seconds(3_600.0);
            world.finish(task).await;
            assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 1, "{profile} {moment:?}");
            assert_eq!(world.sets_of(task).await.len(), 2, "{profile} {moment:?}");
        }
    }
}

#[tokio::test]
async fn a_job_that_no_view_shows_yet_is_waited_for_and_never_begun_again() {
    let world = SimWorld::with(Profile::V3_1_5, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("start-data-backup"))).await, Ended::Crashed);
    world.fault(FaultName::DestinationUnreachable, None);
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("wait-for-data-backup", "backup-job-gone"));
    assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 1, "{:?}", world.acts());
    // It starts when the destination responds; a forgotten job then counts as foreign and is not disturbed.
    world.handle.clear_faults(None);
    world.handle.advance_seconds(8.0);
    world.steer(task, Steer::Retry).await;
    assert_eq!(world.fail(task).await.1, "backup-job-foreign");
    world.handle.advance_seconds(600.0);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
}

#[tokio::test]
async fn a_cancel_ends_our_job_even_before_a_view_shows_it() {
    let world = SimWorld::with(Profile::V3_1_5, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("start-data-backup"))).await, Ended::Crashed);
    world.fault(FaultName::DestinationUnreachable, None);
    let waits = |task: &engine::Task| {
        task.rows.iter().any(|row| row.step == "wait-for-data-backup" && row.status == StepStatus::Running)
    };
    assert_eq!(world.run_until(task, None, waits).await, None);
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    world.handle.advance_seconds(60.0);
    let state = world.handle.world(0)["three"].clone();
    assert_eq!(state["backups"]["phase"], "Stop", "it ended: {state}");
    assert!(state["sets"].as_array().is_some_and(|sets| sets.iter().all(|set| set["status"] == "FAILED")));
    world.handle.clear_faults(None);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!(world.sets_of(task).await[0].path, "backup_set_2_full");
}

#[tokio::test]
async fn a_tenant_that_a_cluster_of_3_left_out_is_named_and_the_others_are_recorded() {
    let world = SimWorld::new(Profile::V3_1_5).await;
    world.fault(FaultName::TenantNotNormal, Some("books"));
    let task = world.begin(world.wish(Full)).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("record-backup-set", "backup-tenants-left-out"));
    assert_eq!(message(&world, task).await, "The backup ended without a backup set for these tenants: books");
    let sets = world.sets_of(task).await;
    assert_eq!(sets.iter().map(|set| set.tenant_name.as_str()).collect::<Vec<_>>(), ["shop"]);
}

#[tokio::test]
async fn a_backup_without_tenants_is_not_a_success() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("start-data-backup"))).await, Ended::Crashed);
    world.fault(FaultName::UpgradeMode, None);
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("wait-for-data-backup", "backup-job-not-begun"));
    assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 1);
    assert!(world.sets_of(task).await.is_empty());
    // A foreign success is recognized, too.
    world.say("ALTER SYSTEM BACKUP TENANT = shop").await;
    world.handle.advance_seconds(60.0);
    let filter = backups::BackupFilter { cluster: Some(world.cluster), ..Default::default() };
    let listed = backups::data_backup_tasks(&world.control, &world.actor, &filter, crate::PageAsk::default());
    let rows = listed.await.expect("answers").page.contents;
    let others: Vec<_> = rows.iter().filter(|row| row.source == backups::BackupSource::Other).collect();
    assert_eq!(others.len(), 1, "{rows:?}");
    assert_eq!(others[0].status, model::task::TaskStatus::Failed);
    assert_eq!(others[0].problem.as_ref().map(|text| text.id.as_str()), Some("backup-job-not-begun"));

    world.handle.clear_faults(None);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
}

#[tokio::test]
async fn a_tenant_with_older_data_than_the_program_must_be_upgraded_first() {
    let world = SimWorld::changed(Profile::V4_4, &["shop", "books"], |cluster| {
        cluster.tenants[0].compatible = "4.3.5.0".into();
    })
    .await;
    let task = world.begin(world.wish(Full)).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("set-backup-storage", "tenant-data-older"));
    assert_eq!(
        world.count_acts("ALTER SYSTEM SET DATA_BACKUP_DEST"),
        1,
        "the other tenant's: {:?}",
        world.acts()
    );
    world.say("ALTER SYSTEM RUN UPGRADE JOB 'UPGRADE_ALL' TENANT = shop").await;
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!(world.sets_of(task).await.len(), 2);
}
