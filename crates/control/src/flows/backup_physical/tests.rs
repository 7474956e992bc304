//! Whatever crashes or repeats, one backup is one job of the cluster. Failures report their reason, and a retry
//! continues.

use engine::{Fault as Crash, StepStatus, TaskStatus};
use model::backup::DataBackupMode::{Full, Incremental};
use model::backup_set::BackupSetStatus;
use model::id::{SubtaskId, TaskId, TenantId};
use model::text::Language;
use sim::{Fault, FaultName, Profile};

use crate::backups;
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};
use crate::words;

mod crashes;
mod outcome;

on_both_4x! {
    a_tenant_that_is_not_normal_fails_alone_and_a_retry_backs_it_up,
    an_archive_that_breaks_under_the_backup_is_named_as_the_cause,
    trouble_with_the_destination_is_told_in_plain_words,
    destinations_of_a_tenant_are_kept_without_a_selected_storage,
    a_set_that_vanished_fails_its_verification_and_can_be_passed_over,
    a_destination_that_this_server_can_not_see_is_not_checked,
    two_requests_at_once_make_one_backup,
    a_destination_that_fills_up_fails_the_job_and_a_retry_begins_another,
    an_upgrade_during_a_backup_ends_the_job_and_a_retry_waits_for_its_end,
}

/// The message of the step that failed, in English.
async fn message(world: &SimWorld, task: TaskId) -> String {
    let stored = world.task(task).await;
    let note = stored.rows.iter().find_map(|row| row.note.clone()).expect("something failed");
    words::text(note).message(Language::En)
}

#[tokio::test]
async fn every_version_is_backed_up_in_full_and_then_incrementally() {
    for profile in Profile::ALL {
        let world = SimWorld::new(profile).await;
        for mode in [Full, Incremental] {
            let task = world.begin(world.wish(mode)).await;
            world.finish(task).await;
            let sets = world.sets_of(task).await;
            assert_eq!(sets.len(), 2, "{profile} {mode:?}: one for each tenant");
            for set in &sets {
                assert_eq!((set.mode, set.status), (mode, BackupSetStatus::Available), "{profile}");
                assert!(set.bytes > 0 && set.scn > 0 && set.finished > set.started, "{profile}: {set:?}");
                assert!(["shop", "books"].contains(&set.tenant_name.as_str()), "{profile}: {set:?}");
            }
            world.assert_clean(task).await;
        }
    }
}

#[tokio::test]
async fn an_incremental_backup_without_a_full_one_fails_in_ocps_words_and_changes_nothing() {
    for profile in Profile::ALL {
        let world = SimWorld::new(profile).await;
        let before = world.handle.world(0);
        let task = world.begin(world.wish(Incremental)).await;
        let (step, why) = world.fail(task).await;
        assert_eq!((step.as_str(), why.as_str()), ("check-ready", "full-before-incremental"), "{profile}");
        assert_eq!(message(&world, task).await, "Full data backup needed before incremental data backup");
        assert_eq!(world.acts(), Vec::<String>::new(), "{profile}");
        assert_eq!(without_clock(world.handle.world(0)), without_clock(before), "{profile}");
        // The fix: a full backup, then the same request again.
        let full = world.begin(world.wish(Full)).await;
        world.finish(full).await;
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
        assert!(world.sets_of(task).await.iter().all(|set| set.mode == Incremental), "{profile}");
    }
}

/// Time may pass while a task is refused; nothing else may change.
fn without_clock(mut world: serde_json::Value) -> serde_json::Value {
    if let Some(fields) = world.as_object_mut() {
        fields.remove("now_us");
    }
    world
}

#[tokio::test]
async fn a_compaction_that_is_needed_and_not_allowed_fails_in_ocps_words_and_is_repaired() {
    for profile in [Profile::V2_2_77, Profile::V3_1_5, Profile::V3_2_4] {
        let world = SimWorld::new(profile).await;
        let wish = backups::BackupNow { auto_compaction: false, ..world.wish(Full) };
        let task = world.begin(wish).await;
        let (step, why) = world.fail(task).await;
        assert_eq!((step.as_str(), why.as_str()), ("start-compaction", "compaction-needed"), "{profile}");
        assert_eq!(message(&world, task).await, "Cluster compaction needed before full data backup");
        let compaction =
            crate::compactions::start(&world.control, &world.actor, world.cluster, &[], None).await;
        world.finish(compaction.expect("it is accepted").task).await;
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
        assert_eq!(world.count_acts("ALTER SYSTEM MAJOR FREEZE"), 1, "{profile}");
        // A second backup in the same round needs no other compaction.
        let next = world.begin(backups::BackupNow { auto_compaction: false, ..world.wish(Full) }).await;
        world.finish(next).await;
    }
}

#[tokio::test]
async fn a_compaction_that_the_database_refuses_fails_with_its_reason() {
    let world = SimWorld::new(Profile::V3_1_5).await;
    world.fault(FaultName::MajorFreezeRefused, None);
    let task = world.begin(world.wish(Full)).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("start-compaction", "compaction-needed-refused"));
    assert_eq!(message(&world, task).await, "Cluster compaction needed before full data backup");
    world.handle.clear_faults(None);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
}

async fn a_tenant_that_is_not_normal_fails_alone_and_a_retry_backs_it_up(profile: Profile) {
    let world = SimWorld::new(profile).await;
    world.fault(FaultName::TenantNotNormal, Some("books"));
    let task = world.begin(world.wish(Full)).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("set-backup-storage", "tenant-not-normal"));
    let sets = world.sets_of(task).await;
    assert_eq!(
        sets.iter().map(|set| set.tenant_name.as_str()).collect::<Vec<_>>(),
        ["shop"],
        "what succeeded is recorded"
    );
    let stored = world.task(task).await;
    assert_eq!(stored.note.map(|note| note.id).as_deref(), Some("engine.lanes-failed"));

    world.handle.clear_faults(None);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!(world.sets_of(task).await.len(), 2);
    assert_eq!(world.count_acts("ALTER SYSTEM BACKUP TENANT = `shop`"), 1, "it was not backed up again");
}

#[tokio::test]
async fn an_upgrade_refuses_every_caller_and_nothing_changes() {
    for profile in [Profile::V3_1_5, Profile::V4_2_5, Profile::V4_6] {
        let world = SimWorld::new(profile).await;
        let task = world.begin(world.wish(Full)).await;
        world.fault(FaultName::UpgradeMode, None);
        let (step, why) = world.fail(task).await;
        assert_eq!((step.as_str(), why.as_str()), ("check-cluster-status", "cluster-upgrading"), "{profile}");
        assert_eq!(world.acts(), Vec::<String>::new(), "{profile}");
    }
}

#[tokio::test]
async fn an_interrupted_archive_is_explained_and_left_as_it_is() {
    for profile in [Profile::V3_2_4, Profile::V4_2_5, Profile::V4_6] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let first = world.begin(world.wish(Full)).await;
        world.finish(first).await;
        world.fault(FaultName::ArchiveInterrupted, None);
        world.handle.advance_seconds(30.0);
        let task = world.begin(world.wish(Full)).await;
        let (step, why) = world.fail(task).await;
        assert_eq!(
            (step.as_str(), why.as_str()),
            ("start-log-backup", "log-backup-interrupted"),
            "{profile}"
        );
        assert_eq!(world.count_acts("ALTER SYSTEM NOARCHIVELOG"), 0, "{profile}");
    }
}

fn waits(task: &engine::Task) -> bool {
    task.rows.iter().any(|row| row.step == "wait-for-data-backup" && row.progress.is_some())
}

async fn an_archive_that_breaks_under_the_backup_is_named_as_the_cause(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run_until(task, None, waits).await, None);
    world.fault(FaultName::ArchiveInterrupted, Some("shop"));
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("wait-for-data-backup", "log-backup-interrupted"));
    assert!(world.sets_of(task).await.is_empty(), "a failed job is no backup");
}

#[tokio::test]
async fn a_cancel_ends_our_job_and_a_retry_begins_another() {
    for profile in [Profile::V3_1_5, Profile::V4_0, Profile::V4_2_5, Profile::V4_6] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let task = world.begin(world.wish(Full)).await;
        assert_eq!(world.run_until(task, None, waits).await, None, "{profile}");
        world.steer(task, Steer::Cancel).await;
        assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed), "{profile}");
        // 3.x refuses the cancel while the backup prepares, so it may have been repeated.
        assert!(world.count_acts("ALTER SYSTEM CANCEL BACKUP") >= 1, "{profile}");
        assert!(world.sets_of(task).await.is_empty(), "{profile}");
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
        // 3.x refuses the second backup while it cleans up after the first, so that may have been repeated too.
        let sets = world.sets_of(task).await;
        assert!(sets.len() == 1 && sets[0].path.ends_with("backup_set_2_full"), "{profile}: {sets:?}");
    }
}

#[tokio::test]
async fn a_backup_that_completes_before_its_cancel_is_called_complete_and_recorded_by_a_retry() {
    for profile in [Profile::V3_1_5, Profile::V4_2_5] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let task = world.begin(world.wish(Full)).await;
        assert_eq!(world.run_until(task, None, waits).await, None, "{profile}");
        world.handle.advance_seconds(3600.0);
        world.steer(task, Steer::Cancel).await;
        assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed), "{profile}");
        let story = world.story(task).await;
        assert!(story.contains("backup-completed-before-cancel"), "{profile}: {story}");
        assert!(!story.contains("backup-canceled"), "{profile}: {story}");
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
        let sets = world.sets_of(task).await;
        assert!(sets.len() == 1 && sets[0].path.ends_with("backup_set_1_full"), "{profile}: {sets:?}");
        assert_eq!(world.count_acts("ALTER SYSTEM CANCEL"), 0, "{profile}");
    }
}

#[tokio::test]
async fn a_foreign_backup_is_named_and_never_cancelled() {
    for (profile, foreign) in [
        (Profile::V3_1_5, "ALTER SYSTEM BACKUP DATABASE"),
        (Profile::V4_2_5, "ALTER SYSTEM BACKUP TENANT = shop"),
    ] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let first = world.begin(world.wish(Full)).await;
        world.finish(first).await;
        world.handle.advance_seconds(60.0);
        let task = world.begin(world.wish(Full)).await;
        world.say(foreign).await;
        world.handle.advance_seconds(3.0);
        let (step, why) = world.fail(task).await;
        assert_eq!((step.as_str(), why.as_str()), ("check-ready", "backup-job-foreign"), "{profile}");
        assert_eq!(world.count_acts("ALTER SYSTEM CANCEL"), 0, "{profile}");
        world.handle.advance_seconds(600.0);
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
    }
}

async fn trouble_with_the_destination_is_told_in_plain_words(profile: Profile) {
    for (name, why) in [
        (FaultName::DestinationUnreachable, "database-backup-unreachable"),
        (FaultName::DestinationDenied, "database-backup-denied"),
        (FaultName::DestinationForeign, "database-backup-foreign"),
    ] {
        let world = SimWorld::with(profile, &["shop"]).await;
        world.fault(name, None);
        let task = world.begin(world.wish(Full)).await;
        assert_eq!(world.fail(task).await, ("set-backup-storage".to_owned(), why.to_owned()), "{name:?}");
        world.handle.clear_faults(None);
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
    }
}

#[tokio::test]
async fn another_place_while_a_cluster_of_3_archives_is_refused() {
    let world = SimWorld::with(Profile::V3_2_4, &["shop"]).await;
    world.say("ALTER SYSTEM SET backup_dest = 'file:///elsewhere'").await;
    world.handle.advance_seconds(5.0);
    world.say("ALTER SYSTEM ARCHIVELOG").await;
    world.handle.advance_seconds(60.0);
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.fail(task).await, ("check-ready".to_owned(), "destination-in-use".to_owned()));
    assert_eq!(world.acts().len(), 2, "{:?}", world.acts());
}

async fn destinations_of_a_tenant_are_kept_without_a_selected_storage(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let path = |name: &str| world.dir.path().join(name).to_string_lossy().into_owned();
    world.say(&format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://{}' TENANT = shop", path("d"))).await;
    world
        .say(&format!(
            "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://{} BINDING=Mandatory PIECE_SWITCH_INTERVAL=2d' TENANT = shop",
            path("l")
        ))
        .await;
    let task = world.begin(backups::BackupNow { storage: None, ..world.wish(Full) }).await;
    world.finish(task).await;
    assert_eq!(world.count_acts("ALTER SYSTEM SET"), 2, "{:?}", world.acts());
    assert_eq!(world.sets_of(task).await[0].path, format!("file://{}/backup_set_1_full", path("d")));
}

async fn a_set_that_vanished_fails_its_verification_and_can_be_passed_over(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("verify-backup-set"))).await, Ended::Crashed);
    std::fs::remove_dir_all(data_folder(&world).join("backup_set_1_full")).expect("it lies there");
    assert_eq!(world.fail(task).await, ("verify-backup-set".to_owned(), "backup-set-missing".to_owned()));
    let failed = world.task(task).await.rows.iter().position(|row| row.status == StepStatus::Failed);
    let subtask = SubtaskId(failed.expect("a step has failed") as i64 + 1);
    world.steer(task, Steer::SkipSubtask(subtask)).await;
    world.finish(task).await;
    assert_eq!(world.sets_of(task).await[0].status, BackupSetStatus::Unverified);
}

/// An NFS that is mounted on the OBServers only.
async fn a_destination_that_this_server_can_not_see_is_not_checked(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("verify-backup-set"))).await, Ended::Crashed);
    std::fs::remove_dir_all(world.dir.path().join("data/backups/obcluster")).expect("it lies there");
    world.finish(task).await;
    assert!(world.story(task).await.contains("backup-set-files-not-checked"));
    assert_eq!(world.sets_of(task).await[0].status, BackupSetStatus::Available);
}

/// Returns the only data destination of the storage.
fn data_folder(world: &SimWorld) -> std::path::PathBuf {
    let mut folder = world.dir.path().join("data/backups/obcluster");
    while !folder.join("data").is_dir() {
        let first = std::fs::read_dir(&folder).expect("a folder").next().expect("a child").expect("readable");
        folder = first.path();
    }
    folder.join("data")
}

async fn two_requests_at_once_make_one_backup(profile: Profile) {
    let world = SimWorld::new(profile).await;
    let task = world.begin(world.wish(Full)).await;
    let second = backups::backup_now(&world.control, &world.actor, world.wish(Full), None).await;
    assert_eq!(second.expect_err("refused").problem().code, 20007);
    world.finish(task).await;
}

#[tokio::test]
async fn single_tenants_are_backed_up_by_the_rules_of_their_version() {
    for (profile, expected) in
        [(Profile::V3_1_5, Err(20300)), (Profile::V3_2_4, Ok(1)), (Profile::V4_2_5, Ok(1))]
    {
        let world = SimWorld::new(profile).await;
        let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("answers");
        let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("it is known").id;
        let mut wish = world.wish(Full);
        wish.wish.tenants = vec![shop];
        let begun = backups::backup_now(&world.control, &world.actor, wish, None).await;
        match (begun, expected) {
            (Err(error), Err(code)) => assert_eq!(error.problem().code, code, "{profile}"),
            (Ok(accepted), Ok(count)) if profile.is_tenant_level() => {
                world.finish(accepted.task).await;
                let sets = world.sets_of(accepted.task).await;
                assert_eq!((sets.len(), sets[0].tenant), (count, shop), "{profile}");
            }
            (Ok(accepted), Ok(_)) => {
                // Without log backup of the cluster there is nothing to build a tenant's backup on.
                world
                    .say(&format!("ALTER SYSTEM SET backup_dest = 'file://{}/c'", world.dir.path().display()))
                    .await;
                world.handle.advance_seconds(5.0);
                world.finish(accepted.task).await;
                assert_eq!(world.sets_of(accepted.task).await[0].tenant, shop, "{profile}");
            }
            (begun, expected) => panic!("{profile}: {begun:?} {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_plan_lists_the_statements_and_changes_nothing() {
    for profile in [Profile::V2_2_77, Profile::V3_2_4, Profile::V4_2_5, Profile::V4_6] {
        let world = SimWorld::new(profile).await;
        let before = world.handle.world(0);
        let plan =
            backups::plan(&world.control, &world.actor, world.wish(Full)).await.expect("it can be planned");
        let acts: Vec<_> = plan
            .steps
            .iter()
            .flat_map(|step| &step.statements)
            .filter(|sql| sql.starts_with("ALTER SYSTEM"))
            .cloned()
            .collect();
        let count = if profile.is_tenant_level() { 8 } else { 4 };
        assert_eq!(acts.len(), count, "{profile}: {acts:#?}");
        assert_eq!(world.handle.world(0), before, "{profile}");
        let refusal = backups::plan(&world.control, &world.actor, world.wish(Incremental)).await;
        assert_eq!(refusal.expect_err("refused").problem().code, 20111, "{profile}");
        let filter = backups::BackupFilter::default();
        let listed =
            backups::data_backup_tasks(&world.control, &world.actor, &filter, crate::PageAsk::default())
                .await;
        assert!(listed.expect("answers").page.contents.is_empty(), "no task was made");
    }
}

#[tokio::test]
async fn backups_are_listed_tenant_by_tenant() {
    for (profile, tenants) in [(Profile::V3_2_4, 2), (Profile::V4_2_5, 2)] {
        let world = SimWorld::new(profile).await;
        let task = world.begin(world.wish(Full)).await;
        world.finish(task).await;
        let filter = backups::BackupFilter::default();
        let listed =
            backups::data_backup_tasks(&world.control, &world.actor, &filter, crate::PageAsk::default())
                .await;
        let listed = listed.expect("answers").page.contents;
        assert_eq!(listed.len(), tenants, "{profile}");
        assert!(listed.iter().all(|row| row.backup_set.is_some() && row.tenant != TenantId(1)), "{listed:?}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_begins_no_second_job() {
    for profile in [Profile::V2_2_77, Profile::V4_0, Profile::V4_2_5, Profile::V4_6] {
        let world = SimWorld::with(profile, &["shop"]).await;
        world.handle.fault(&Fault {
            statement: Some("ALTER SYSTEM BACKUP".into()),
            times: Some(1),
            ..Fault::new(FaultName::ConnectionCut)
        });
        let task = world.begin(world.wish(Full)).await;
        world.finish(task).await;
        let sets = world.handle.world(0);
        assert_eq!(world.sets_of(task).await.len(), 1, "{profile}: {sets}");
        let listed = world.sets_of(task).await;
        assert!(listed[0].path.ends_with("backup_set_1_full"), "{profile}: {listed:?}");
    }
}

async fn a_destination_that_fills_up_fails_the_job_and_a_retry_begins_another(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("wait-for-data-backup"))).await, Ended::Crashed);
    world.fault(FaultName::DestinationFull, None);
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("wait-for-data-backup", "database-backup-storage-full"));
    world.handle.clear_faults(None);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!(world.sets_of(task).await.len(), 1);
    assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 2);
}

#[tokio::test]
async fn a_clock_jump_has_no_effect() {
    for profile in [Profile::V2_2_77, Profile::V4_0] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let task = world.begin(world.wish(Full)).await;
        assert_eq!(world.run(task, Some(Crash::CrashBefore("start-data-backup"))).await, Ended::Crashed);
        world.handle.fault(&Fault { seconds: Some(7_200.0), ..Fault::new(FaultName::ClockJump) });
        world.finish(task).await;
        assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 1, "{profile}");
    }
}

async fn an_upgrade_during_a_backup_ends_the_job_and_a_retry_waits_for_its_end(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    assert_eq!(world.run_until(task, None, waits).await, None);
    world.fault(FaultName::UpgradeMode, None);
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("wait-for-data-backup", "database-state-changed"));
    world.handle.clear_faults(None);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 2);
    assert_eq!(world.sets_of(task).await.len(), 1);
}

#[tokio::test]
async fn a_standby_tenant_of_4_is_backed_up_and_a_standby_cluster_of_3_is_refused_with_its_reason() {
    let world = SimWorld::changed(Profile::V4_2_5, &["shop", "books"], |cluster| {
        cluster.tenants[1].role = "STANDBY".into();
    })
    .await;
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    assert_eq!(world.sets_of(task).await.len(), 2);

    // The oldest kernel gives no reason; the general text names the role too.
    for (profile, expected) in
        [(Profile::V2_2_77, "database-not-supported"), (Profile::V3_2_4, "database-cluster-not-primary")]
    {
        let world = SimWorld::changed(profile, &["shop"], |cluster| cluster.standby = true).await;
        let task = world.begin(world.wish(Full)).await;
        let (step, why) = world.fail(task).await;
        assert_eq!((step.as_str(), why.as_str()), ("start-log-backup", expected), "{profile}");
        assert!(world.sets_of(task).await.is_empty(), "{profile}");
    }
}
