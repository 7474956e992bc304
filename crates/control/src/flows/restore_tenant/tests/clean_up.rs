//! A clean-up removes the objects of its own recovery, and nothing else: no complete tenant, no foreign pool.

use engine::{Fault as Crash, StepStatus, TaskStatus};
use model::Secret;
use model::order::{RecoverUntil, TenantRecovery};
use model::physical::resources::TargetResources;
use serde_json::Value;
use sim::{FaultName, Profile};

use super::{RESTORE, Recovery, roll_back, run_into_wait};
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::on_both_4x;

on_both_4x! {
    a_damaged_backup_fails_in_the_databases_words_and_a_clean_up_leaves_nothing,
    a_clean_up_survives_a_crash_before_after_and_twice,
    a_tenant_that_is_complete_is_never_dropped,
    a_foreign_tenant_of_the_same_name_is_never_dropped,
    pools_of_others_stay_when_a_recovery_is_cleaned_up,
    a_restore_that_others_began_is_named_and_never_ended,
    a_restore_that_was_typed_by_hand_is_never_ended,
    a_job_that_comes_while_a_cancel_looks_for_it_is_ended,
    a_job_that_comes_after_a_cancel_is_ended_by_the_roll_back,
    a_cancel_ends_a_restore_in_its_last_stages,
    a_recovery_that_changed_nothing_can_be_given_up_and_forgets_its_passwords,
}

/// Lets a recovery fail because the servers can no longer read the storage.
pub(super) async fn failed(recovery: &Recovery, wish: TenantRecovery) -> model::id::TaskId {
    let task = recovery.begin(wish).await;
    run_into_wait(recovery, task).await;
    recovery.world.fault(FaultName::DestinationUnreachable, None);
    let expected = ("wait-for-restore".to_owned(), "restore-job-failed".to_owned());
    assert_eq!(recovery.world.fail(task).await, expected);
    recovery.world.handle.clear_faults(None);
    task
}

async fn a_damaged_backup_fails_in_the_databases_words_and_a_clean_up_leaves_nothing(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let before = recovery.pools();
    let task = failed(&recovery, recovery.wish(RecoverUntil::Latest)).await;
    let stored = recovery.world.task(task).await;
    let said = stored.rows.iter().find_map(|row| row.note.as_ref()?.raw.clone());
    assert!(said.as_ref().is_some_and(|said| said.contains("module: RESTORE_DATA")), "{said:?}");
    let story = recovery.world.story(task).await;
    assert!(story.contains("database-backup-unreachable"), "what the number means is told: {story}");
    assert_eq!(recovery.tenant("shop_2").expect("half of it is there")["role"], "Restore");
    // A retry changes nothing while the remains exist.
    recovery.world.steer(task, Steer::Retry).await;
    assert_eq!(recovery.world.fail(task).await.1, "restore-job-failed");
    assert_eq!(recovery.world.count_acts(RESTORE), 1);

    assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
    assert_eq!(recovery.tenant("shop_2"), None);
    assert_eq!(recovery.pools(), before);
    assert!(recovery.tenant("shop").is_some());
    // Another recovery under the same name succeeds.
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    recovery.world.finish(task).await;
}

async fn a_clean_up_survives_a_crash_before_after_and_twice(profile: Profile) {
    for step in ["start-restore", "create-resource-pools"] {
        for fault in [Crash::CrashBefore(step), Crash::CrashAfter(step), Crash::RunTwice(step)] {
            let recovery = Recovery::small(profile).await;
            let before = recovery.pools();
            let task = failed(&recovery, recovery.wish(RecoverUntil::Latest)).await;
            recovery.world.steer(task, Steer::RollBack).await;
            if recovery.world.run(task, Some(fault)).await == Ended::Crashed {
                let ended = recovery.world.run(task, None).await;
                assert_eq!(ended, Ended::Finished(TaskStatus::RolledBack), "{fault:?}");
            }
            assert_eq!(recovery.world.task(task).await.status, TaskStatus::RolledBack, "{fault:?}");
            assert_eq!((recovery.tenant("shop_2"), recovery.pools()), (None, before), "{fault:?}");
        }
    }
}

async fn a_tenant_that_is_complete_is_never_dropped(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    assert_eq!(recovery.world.run(task, Some(Crash::CrashBefore("activate-tenant"))).await, Ended::Crashed);
    recovery.world.steer(task, Steer::Cancel).await;
    assert_eq!(recovery.world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    let pools = recovery.pools();
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::Failed);
    let stored = recovery.world.task(task).await;
    let said: Vec<_> = stored.rows.iter().filter_map(|row| row.note.as_ref()).map(|note| &note.id).collect();
    assert!(said.iter().any(|id| *id == "recovery-tenant-complete"), "{said:?}");
    assert_eq!(recovery.tenant("shop_2").expect("it stays")["role"], "Standby");
    assert_eq!(recovery.pools(), pools, "its pools, too");
    // Nothing was undone, so the recovery can still be completed.
    recovery.world.steer(task, Steer::Retry).await;
    recovery.world.finish(task).await;
    assert_eq!(recovery.tenant("shop_2").expect("it stays")["role"], "Primary");
    assert_eq!(recovery.world.count_acts(RESTORE), 1);
}

async fn a_foreign_tenant_of_the_same_name_is_never_dropped(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let task = failed(&recovery, recovery.wish(RecoverUntil::Latest)).await;
    // Another user cleans up manually, and creates a tenant of that name.
    recovery.world.say("DROP TENANT shop_2 FORCE").await;
    recovery.world.say("CREATE RESOURCE POOL theirs UNIT 'small', UNIT_NUM 1").await;
    recovery.world.say("CREATE TENANT shop_2 RESOURCE_POOL_LIST = ('theirs')").await;
    let theirs = recovery.tenant("shop_2").expect("it is there")["id"].clone();
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
    assert_eq!(recovery.tenant("shop_2").expect("it stays")["id"], theirs);
    assert_eq!(recovery.pools(), ["pool_shop", "theirs"]);
}

async fn pools_of_others_stay_when_a_recovery_is_cleaned_up(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    recovery.world.say("CREATE RESOURCE POOL mine UNIT 'small', UNIT_NUM 1").await;
    let resources = TargetResources::Pools(vec!["mine".into()]);
    let wish = TenantRecovery { resources, ..recovery.wish(RecoverUntil::Latest) };
    let task = failed(&recovery, wish).await;
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
    assert_eq!(
        (recovery.tenant("shop_2"), recovery.pools()),
        (None, vec!["pool_shop".into(), "mine".into()])
    );
}

async fn a_restore_that_others_began_is_named_and_never_ended(profile: Profile) {
    let recovery = Recovery::large(profile).await;
    let world = &recovery.world;
    world.say("CREATE RESOURCE POOL theirs UNIT 'small', UNIT_NUM 1").await;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    let crash = Crash::CrashBefore("create-resource-pools");
    assert_eq!(world.run(task, Some(crash)).await, Ended::Crashed);
    restore(&recovery, "theirs", " DESCRIPTION = 'by hand'").await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("create-resource-pools", "recovery-job-foreign"));
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
    assert_eq!(recovery.pools(), ["pool_shop", "theirs"]);
    assert_eq!(world.count_acts("ALTER SYSTEM CANCEL RESTORE"), 0);
    world.handle.advance_seconds(3_600.0);
    assert_eq!(recovery.tenant("shop_2").expect("it stays")["status"], "NORMAL");
}

/// Starts a restore into `shop_2`, as another user would.
async fn restore(recovery: &Recovery, pool: &str, description: &str) {
    let world = &recovery.world;
    let base = format!("file://{}/obcluster/1/1002", world.dir.path().join("data/backups").display());
    let statement = format!(
        "ALTER SYSTEM RESTORE `shop_2` FROM '{base}/data,{base}/clog' WITH 'pool_list={pool}'{description}"
    );
    let mut said = std::pin::pin!(world.say(&statement));
    while tokio::time::timeout(std::time::Duration::from_millis(20), &mut said).await.is_err() {
        world.handle.advance_seconds(2.0);
    }
}

/// Lets the database execute this task's own statement late.
async fn restore_late(recovery: &Recovery) {
    let pool = recovery.pools().pop().expect("the task's own");
    let parts: Vec<&str> = pool.split('_').collect();
    let [_, tag, task, _] = parts.as_slice() else { panic!("another name: {pool}") };
    restore(recovery, &pool, &format!(" DESCRIPTION = 'lifeboat-{task}-{tag}'")).await;
}

/// Runs a task up to its statement, which is not sent, and starts another restore into the same name manually.
async fn cut_in(recovery: &Recovery) -> model::id::TaskId {
    recovery.world.say("CREATE RESOURCE POOL theirs UNIT 'small', UNIT_NUM 1").await;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    assert_eq!(recovery.world.run(task, Some(Crash::CrashBefore("start-restore"))).await, Ended::Crashed);
    restore(recovery, "theirs", "").await;
    task
}

async fn a_restore_that_was_typed_by_hand_is_never_ended(profile: Profile) {
    let recovery = Recovery::large(profile).await;
    let world = &recovery.world;
    let task = cut_in(&recovery).await;
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
    assert_eq!(world.count_acts("ALTER SYSTEM CANCEL RESTORE"), 0);
    assert_eq!(world.count_acts("DROP TENANT"), 0);
    assert_eq!(recovery.pools(), ["pool_shop", "theirs"]);
    world.handle.advance_seconds(3_600.0);
    assert_eq!(recovery.tenant("shop_2").expect("it stays")["status"], "NORMAL");
}

#[tokio::test]
async fn where_no_description_is_kept_only_a_job_that_was_seen_is_ended() {
    let recovery = Recovery::large(Profile::V4_0).await;
    let world = &recovery.world;
    let task = cut_in(&recovery).await;
    world.steer(task, Steer::Cancel).await;
    let (_, why) = world.fail(task).await;
    assert_eq!(why, "recovery-job-unproven");
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::Failed);
    assert_eq!(world.count_acts("DROP TENANT"), 0);
    assert!(recovery.tenant("shop_2").is_some());
}

async fn a_job_that_comes_while_a_cancel_looks_for_it_is_ended(profile: Profile) {
    let recovery = Recovery::large(profile).await;
    let world = &recovery.world;
    let is_canceling = |task: &engine::Task| {
        task.rows.iter().any(|row| row.step == "start-restore" && row.status == StepStatus::Canceling)
    };
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    // The first run of the body saves that the statement is about to be sent; the second run would send it.
    let crash = Crash::CrashBeforeSecond("start-restore");
    assert_eq!(world.run(task, Some(crash)).await, Ended::Crashed);
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run_until(task, None, is_canceling).await, None);
    restore_late(&recovery).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(world.count_acts("ALTER SYSTEM CANCEL RESTORE"), 1);
    assert_eq!(recovery.tenant("shop_2"), None);
    // A retry starts another job.
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
}

async fn a_job_that_comes_after_a_cancel_is_ended_by_the_roll_back(profile: Profile) {
    let recovery = Recovery::large(profile).await;
    let world = &recovery.world;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("start-restore"))).await, Ended::Crashed);
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    restore_late(&recovery).await;
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
    assert_eq!((recovery.tenant("shop_2"), recovery.pools()), (None, vec!["pool_shop".into()]));
}

async fn a_cancel_ends_a_restore_in_its_last_stages(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let world = &recovery.world;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    run_into_wait(&recovery, task).await;
    let half = |tenant: &Value| (tenant["role"] == "Standby", tenant["status"] == "RESTORE");
    for _ in 0..10_000 {
        if half(&recovery.tenant("shop_2").expect("it is there")).0 {
            break;
        }
        world.handle.advance_seconds(0.25);
    }
    assert_eq!(
        half(&recovery.tenant("shop_2").expect("it is there")),
        (true, true),
        "a standby that is not NORMAL"
    );
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(world.count_acts("ALTER SYSTEM CANCEL RESTORE"), 1);
    assert_eq!(recovery.tenant("shop_2"), None);
}

#[tokio::test]
async fn a_cancel_ends_our_restore_and_a_retry_begins_another() {
    for profile in [Profile::V4_0, Profile::V4_1, Profile::V4_2_5, Profile::V4_6] {
        let recovery = Recovery::new(profile).await;
        let [_, _, between] = recovery.moments().await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(between))).await;
        run_into_wait(&recovery, task).await;
        recovery.world.steer(task, Steer::Cancel).await;
        assert_eq!(recovery.world.run(task, None).await, Ended::Finished(TaskStatus::Failed), "{profile}");
        assert_eq!(recovery.tenant("shop_2"), None, "{profile}");
        recovery.world.steer(task, Steer::Retry).await;
        recovery.world.finish(task).await;
        let tenant = recovery.tenant("shop_2").expect("it is there");
        assert_eq!(tenant["data_scn"], between, "{profile}");
        assert_eq!(recovery.world.count_acts(RESTORE), 2, "{profile}");
    }
}

async fn a_recovery_that_changed_nothing_can_be_given_up_and_forgets_its_passwords(profile: Profile) {
    let recovery = Recovery::encrypted(profile, Some("hunter2")).await;
    let world = &recovery.world;
    let before = recovery.changes();
    let passwords = |password: &str| vec![Secret::new(password)];
    let wrong = TenantRecovery { passwords: passwords("other"), ..recovery.wish(RecoverUntil::Latest) };
    let taken = TenantRecovery {
        passwords: passwords("hunter2"),
        tenant: "shop".into(),
        ..recovery.wish(RecoverUntil::Latest)
    };
    for (wish, step) in [(wrong, "check-recovery-source"), (taken, "check-destination")] {
        let task = recovery.begin(wish).await;
        assert_eq!(world.fail(task).await.0, step);
        assert!(world.task(task).await.state["passwords"].is_string(), "a retry needs them");
        world.steer(task, Steer::Retry).await;
        assert_eq!(world.fail(task).await.0, step);
        assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
        assert!(world.task(task).await.state["passwords"].is_null());
        let retry = crate::tasks::steer(&world.control, &world.actor, task, Steer::Retry).await;
        assert_eq!(retry.expect_err("refused").problem().text.id, "task-state-unfit");
    }
    assert_eq!(recovery.changes(), before, "{:?}", world.acts());
}
