//! Whatever crashes or repeats, one backup is one complete dump, and no partial dump counts as complete.

mod replaced;

use std::collections::BTreeMap;
use std::sync::Arc;

use dump::{Choice, Meter, Selection, Source};
use engine::{Fault, StepStatus, TaskStatus, testkit};
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use metadata::tenant_credentials::TenantCredential;
use model::Secret;
use model::alarm::AlarmKind;
use model::backup::{BackupMethod, BackupObject, BackupWish};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{TaskId, TenantId};
use model::inventory::Consent;
use model::tenant::TenantMode;
use oceanbase::NoWitness;
use serde_json::json;
use sim::Profile;
use tokio_util::sync::CancellationToken;

use super::{BackupLogical, Lane, State, place};
use crate::backups::{self, BackupNow};
use crate::tasks::Steer;
use crate::tenants::credential::{self, NewCredential};
use crate::testing::{Ended, Mount, ROWS, SYS_PASSWORD, TENANT_PASSWORD, World};
use crate::{PageAsk, alarms};

async fn sets_of(world: &World, task: TaskId) -> Vec<BackupSet> {
    let query = BackupSetQuery { task: Some(task), ..BackupSetQuery::default() };
    let all = Slice { offset: 0, limit: 100 };
    world.control.metadata().backup_set_list(&query, all).await.expect("answers").items
}

/// The task has created exactly one backup set, whose contents match the database.
async fn assert_backed_up(world: &World, task: TaskId, what: &str) {
    let sets = sets_of(world, task).await;
    let [set] = &sets[..] else { panic!("{what}: {} backup sets", sets.len()) };
    assert_eq!((set.tables, set.rows), (3, 2 * ROWS + 3), "{what}");
    assert_eq!(set.status, BackupSetStatus::Available, "{what}");
    let id = set.path.rsplit('/').next().expect("a folder").parse().expect("an id");
    let source = Source { endpoint: world.endpoint(), witness: Arc::new(NoWitness) };
    let (meter, cancel) = (Meter::new(), CancellationToken::new());
    let choice =
        Choice { names: &BTreeMap::new(), selection: &Selection::default(), expected_manifest: None };
    let report = dump::verify_against(&source, &world.dumps(), &id, choice, 2, &meter, &cancel).await;
    let report = report.expect("compared");
    assert!(report.is_clean() && report.rows == set.rows, "{what}: {report:?}");
}

#[test]
fn what_the_first_version_saved_is_still_read() {
    let state = json!({
        "cluster": 1, "cluster_name": "demo", "ob_cluster_id": 1, "storage": 2, "tenants": {"sys": 1},
        "selection": [{"Database": "shop"}, {"Table": ["hr", "people"]}],
        "compression": {"codec": "zstd", "level": 1},
        "connections": 4, "requested": 1_795_000_000_000_000_i64, "tag": "9f3a",
    });
    let state: State = serde_json::from_value(state).expect("a state");
    let lane = json!({
        "abandoned": ["20261122T100000Z-17-1-9f3a"], "verified": true,
        "complete": {"dump": "20261118T110640Z-17-2-9f3a", "scn": 1_795_000_000_000_000_001_u64, "bytes": 5,
            "rows": 6, "tables": 7, "finished": 1_795_000_000_000_002_i64},
    });
    let lane: Lane = serde_json::from_value(lane).expect("a lane");
    let place = place(engine::TaskId(17), &state, &lane, TenantId(1));
    assert_eq!(place, format!("demo/1/1/logical/{}", lane.complete.expect("complete").dump));
}

#[tokio::test]
async fn one_backup_is_taken_whatever_step_crashes_or_repeats() {
    take_one_whatever_crashes(World::new("control_backup_crashes").await).await;
}

#[tokio::test]
async fn one_backup_of_a_tenant_is_taken_whatever_step_crashes_or_repeats() {
    let world = World::of_tenant(Profile::V4_2_5, "control_tenant_crashes").await;
    take_one_whatever_crashes(world).await;
}

async fn take_one_whatever_crashes(world: World) {
    for (number, fault) in testkit::faults::<BackupLogical>().enumerate() {
        let what = format!("{fault:?}");
        let task = world.begin_backup().await;
        let met = world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, Fault::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}");
        if is_crash {
            world.finish(task).await;
        }
        let (complete, unfinished) = world.dump_ids().await;
        assert_eq!((complete.len(), unfinished), (number + 1, vec![]), "{what}");
        assert_backed_up(&world, task, &what).await;
        assert_eq!(world.running_statements(&world.database).await, Vec::<String>::new(), "{what}");
        assert!(!world.story(task).await.contains(TENANT_PASSWORD), "{what}");
    }
    let told = world.simulator.map(|simulator| simulator.transcript()).unwrap_or_default();
    let gaps: Vec<_> = told.iter().filter(|entry| entry.gap).collect();
    assert!(gaps.is_empty(), "the cluster was asked what it can't say: {gaps:?}");
}

/// OceanBase 4.0 and 4.1 show no SCN: documented only.
#[tokio::test]
async fn a_tenant_that_shows_no_scn_is_read_as_of_a_moment_ago() {
    let world = World::of_tenant(Profile::V4_1, "control_tenant_scn").await;
    let task = world.begin_backup().await;
    world.finish(task).await;
    assert_backed_up(&world, task, "4.1").await;
    let story = world.story(task).await;
    assert!(story.contains("TIME_TO_USEC") && !story.contains("V$OB_TIMESTAMP_SERVICE"), "{story}");
}

#[tokio::test]
async fn an_outdated_credential_is_named_and_a_retry_continues_with_another() {
    let world = World::of_tenant(Profile::V4_2_5, "control_tenant_password").await;
    let task = world.begin_backup().await;
    let mut writer = world.control.metadata().begin().await.expect("writes");
    let wrong = TenantCredential { user: "root".into(), password: Secret::new("not it") };
    writer.tenant_credential_set(world.cluster, world.tenant, &wrong).await.expect("kept");
    writer.commit().await.expect("kept");
    assert_eq!(world.fail(task).await, "tenant-access-denied");
    assert_eq!(world.dump_ids().await, (vec![], vec![]), "nothing was begun");
    let refused = world.give_credential("not it either").await.expect_err("the tenant refuses it");
    assert_eq!(refused.problem().text.id, "tenant-access-denied");

    world.give_credential(TENANT_PASSWORD).await.expect("the tenant takes it");
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_backed_up(&world, task, "retried").await;
    let sets = sets_of(&world, task).await;
    assert_eq!((sets[0].tenant, sets[0].tenant_name.as_str()), (world.tenant, "shop"));

    let removed = credential::remove(&world.control, &world.actor, world.cluster, world.tenant).await;
    removed.expect("it was there");
    let again = world.begin(world.wish()).await.expect_err("nobody can read it");
    assert_eq!(again.problem().text.id, "tenant-credential-missing");
    let twice = credential::remove(&world.control, &world.actor, world.cluster, world.tenant).await;
    assert_eq!(twice.expect_err("it is gone").problem().text.id, "tenant-credential-unset");
}

#[tokio::test]
async fn a_tenant_that_fails_takes_nothing_from_the_others_and_a_retry_is_its_own() {
    let world = World::of_tenant(Profile::V4_2_5, "control_tenant_lanes").await;
    let crm = TenantId(1008);
    let credential = TenantCredential { user: "root".into(), password: Secret::new(TENANT_PASSWORD) };
    let mut writer = world.control.metadata().begin().await.expect("writes");
    writer.tenant_credential_set(world.cluster, crm, &credential).await.expect("kept");
    writer.commit().await.expect("kept");
    let mut wish = world.wish();
    wish.wish.tenants.push(crm);
    let task = world.begin(wish).await.expect("both can be read");
    world.say("root@sys", SYS_PASSWORD, "ALTER TENANT crm LOCK").await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    let recorded = sets_of(&world, task).await;
    assert_eq!(recorded.iter().map(|set| set.tenant).collect::<Vec<_>>(), [world.tenant]);

    world.say("root@sys", SYS_PASSWORD, "ALTER TENANT crm UNLOCK").await;
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    let mut recorded: Vec<_> = sets_of(&world, task).await;
    recorded.sort_by_key(|set| set.tenant);
    let of = |set: &BackupSet| (set.tenant, set.tenant_name.clone(), set.rows);
    let rows = 2 * ROWS + 3;
    let expected = [(world.tenant, "shop".to_owned(), rows), (crm, "crm".to_owned(), rows)];
    assert_eq!(recorded.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!(world.dump_ids().await.0.len(), 1, "what was done is not done again");
}

#[tokio::test]
async fn an_unreadable_tenant_is_refused_in_every_form_of_the_request() {
    let world = World::of_tenant(Profile::V4_2_5, "control_tenant_refused").await;
    let (sys, oracle, books) = (TenantId(1), TenantId(1004), TenantId(1006));
    let object = || vec![BackupObject::Table("d".into(), "t".into())];
    let cases = [
        (vec![oracle], vec![], "logical-needs-mysql-mode"),
        (vec![oracle], vec![BackupObject::Database("d".into())], "logical-needs-mysql-mode"),
        (vec![oracle], object(), "logical-needs-mysql-mode"),
        (vec![world.tenant, oracle], vec![], "logical-needs-mysql-mode"),
        (vec![], vec![], "logical-needs-mysql-mode"),
        (vec![sys], vec![], "logical-not-of-sys"),
        (vec![books], object(), "tenant-credential-missing"),
        (vec![world.tenant, books], vec![], "tenant-credential-missing"),
        (vec![TenantId(4711)], vec![], "tenant-unknown"),
    ];
    for (tenants, objects, expected) in cases {
        let wish = BackupNow {
            wish: BackupWish { tenants, objects, method: Some(BackupMethod::Logical), mode: None },
            ..world.wish()
        };
        let refused = world.begin(wish.clone()).await.expect_err("it can't be read");
        assert_eq!(refused.problem().text.id, expected, "{wish:?}");
        let plan = backups::plan(&world.control, &world.actor, wish.clone()).await.expect_err("nor planned");
        assert_eq!(plan.problem().text.id, expected, "{wish:?}");
    }
    let ability = async |tenant| {
        let ability = backups::ability(&world.control, &world.actor, world.cluster, tenant).await;
        ability.expect("told").logical_disabled.map(|problem| problem.text.id)
    };
    assert_eq!(ability(None).await, None, "one of its tenants can");
    assert_eq!(ability(Some(world.tenant)).await, None);
    assert_eq!(ability(Some(oracle)).await.as_deref(), Some("logical-needs-mysql-mode"));
    assert_eq!(ability(Some(books)).await.as_deref(), Some("tenant-credential-missing"));
}

#[tokio::test]
async fn a_credential_is_tested_before_it_is_saved_and_every_refusal_has_a_reason() {
    let world = World::of_tenant(Profile::V4_2_5, "control_tenant_credential").await;
    let (control, actor) = (&world.control, &world.actor);
    let set = async |tenant, user: &str, password: &str| {
        let new = NewCredential { user: user.into(), password: Secret::new(password) };
        let set = credential::set(control, actor, world.cluster, TenantId(tenant), new).await;
        set.map_err(|error| error.problem().text.id.clone())
    };
    let refused =
        async |tenant, user: &str, password: &str| set(tenant, user, password).await.expect_err("refused");
    assert_eq!(refused(1, "root", TENANT_PASSWORD).await, "logical-not-of-sys");
    assert_eq!(refused(1004, "root", TENANT_PASSWORD).await, "logical-needs-mysql-mode");
    assert_eq!(refused(4711, "root", TENANT_PASSWORD).await, "tenant-unknown");
    assert_eq!(refused(1006, "root", "wrong").await, "tenant-access-denied");
    assert_eq!(refused(1006, "nobody", TENANT_PASSWORD).await, "tenant-access-denied");
    assert_eq!(refused(1006, "root@shop", TENANT_PASSWORD).await, "tenant-user-malformed");

    // A separate tenant, in which this test can create users.
    let of_books = async |sql: &str| world.say("root@books", TENANT_PASSWORD, sql).await;
    of_books("CREATE USER little IDENTIFIED BY 'of little right'").await;
    assert_eq!(refused(1006, "little", "of little right").await, "tenant-privileges-missing");
    of_books("GRANT SELECT ON *.* TO little").await;
    let kept = set(1006, "little@books", "of little right").await.expect("it reads");
    assert_eq!((kept.user.as_str(), kept.mode), ("little", TenantMode::Mysql));
    let warnings: Vec<_> = kept.lines.iter().filter_map(|line| line.problem.as_ref()).collect();
    let [warning] = &warnings[..] else { panic!("{:?}", kept.lines) };
    assert_eq!(warning.args()["missing"], "SHOW VIEW ON *.*, TRIGGER ON *.*, EXECUTE ON *.*");
    of_books("GRANT SHOW VIEW, TRIGGER, EXECUTE ON *.* TO little").await;
    let tested = credential::test(control, actor, world.cluster, TenantId(1006), None).await.expect("tested");
    assert!(tested.lines.iter().all(|line| line.problem.is_none()), "{:?}", tested.lines);
    assert_eq!(tested.server.expect("it is told").to_string(), "OceanBase 4.2.5.0");

    world.say("root@sys", SYS_PASSWORD, "ALTER TENANT books LOCK").await;
    assert_eq!(refused(1006, "little", "of little right").await, "tenant-locked");
    world.say("root@sys", SYS_PASSWORD, "DROP TENANT books FORCE").await;
    assert_eq!(refused(1006, "little", "of little right").await, "tenant-unknown");
}

/// Runs up to a step, as if the program had died before it.
async fn run_up_to(world: &World, task: TaskId, step: &'static str) {
    assert_eq!(world.run(task, Some(Fault::CrashBefore(step))).await, Ended::Crashed);
}

#[tokio::test]
async fn a_dump_whose_tables_changed_starts_over_and_its_remains_are_deleted() {
    let world = World::new("control_backup_anew").await;
    let task = world.begin_backup().await;
    run_up_to(&world, task, "dump-data").await;
    let (_, begun) = world.dump_ids().await;
    assert_eq!(begun.len(), 1);
    world.alter("ALTER TABLE parent ADD COLUMN more INT DEFAULT 7").await;
    world.finish(task).await;
    let (complete, unfinished) = world.dump_ids().await;
    assert_eq!((complete.len(), unfinished), (1, vec![]));
    assert_ne!(complete, begun, "nothing of two moments is mixed");
    assert_backed_up(&world, task, "anew").await;
    assert!(world.story(task).await.contains("dump-restarted"));
}

#[tokio::test]
async fn a_complete_dump_does_not_start_over_after_an_unsaved_end() {
    let world = World::new("control_backup_noted").await;
    let task = world.begin_backup().await;
    assert_eq!(world.run(task, Some(Fault::CrashAfter("dump-data"))).await, Ended::Crashed);
    let (complete, _) = world.dump_ids().await;
    world.alter("ALTER TABLE parent ADD COLUMN more INT DEFAULT 7").await;
    world.finish(task).await;
    assert_eq!(world.dump_ids().await, (complete, vec![]));
    assert_eq!(sets_of(&world, task).await.len(), 1);
}

#[tokio::test]
async fn remains_of_a_dead_writer_never_count_as_rows() {
    let world = World::new("control_backup_left_over").await;
    let task = world.begin_backup().await;
    run_up_to(&world, task, "dump-data").await;
    let (_, begun) = world.dump_ids().await;
    // A piece without its receipt: its writer died between the two.
    let piece = format!("{}/data/{}/parent/000001.sql.zst", begun[0], world.database);
    world.dumps().put(&piece, "half a piece".into()).await.expect("written");
    world.finish(task).await;
    assert_backed_up(&world, task, "left over").await;
}

#[tokio::test]
async fn a_damaged_dump_is_recorded_only_if_an_operator_skips_the_step() {
    let world = World::new("control_backup_damaged").await;
    let task = world.begin_backup().await;
    run_up_to(&world, task, "verify-backup-set").await;
    let (complete, _) = world.dump_ids().await;
    let piece = format!("{}/data/{}/parent/000001.sql.zst", complete[0], world.database);
    world.dumps().put(&piece, "something else".into()).await.expect("written");
    assert_eq!(world.fail(task).await, "backup-set-damaged");
    assert_eq!(sets_of(&world, task).await, [], "nothing half-taken passes for whole");

    let failed = world.task(task).await.rows.iter().position(|row| row.status == StepStatus::Failed);
    let subtask = model::id::SubtaskId(failed.expect("a step has failed") as i64 + 1);
    world.steer(task, Steer::SkipSubtask(subtask)).await;
    world.finish(task).await;
    assert_eq!(sets_of(&world, task).await[0].status, BackupSetStatus::Unverified);
}

#[tokio::test]
async fn an_incomplete_set_is_partial_without_consent_by_name() {
    let world = World::new("control_backup_partial").await;
    let unwritable = "JSON_ARRAY(x.b) FROM JSON_TABLE('[5]', '$[*]' COLUMNS (b BIT(9) PATH '$')) x";
    let statements = [
        format!("USE `{}`", world.database),
        "CREATE TABLE odd (id INT PRIMARY KEY, c JSON)".to_owned(),
        format!("INSERT INTO odd SELECT 7, {unwritable}"),
    ];
    world.server.run(&statements).expect("a table that no dump carries");
    let partial = world.begin_backup().await;
    world.finish(partial).await;
    let sets = sets_of(&world, partial).await;
    let odd = format!("`{}`.`odd`", world.database);
    assert_eq!((sets.len(), sets[0].status, sets[0].tables), (1, BackupSetStatus::Partial, 3));
    let lacks: Vec<_> = sets[0].left_out.iter().map(|object| (&*object.name, object.agreed)).collect();
    assert_eq!(lacks, [(&*odd, false)]);
    let metadata = world.control.metadata();
    let totals = metadata.backup_set_totals(world.cluster).await.expect("answers");
    assert_eq!((totals.count, totals.newest), (1, None), "it counts as no backup");
    let standing = metadata.backup_standings(&[], &[]).await.expect("answers");
    assert_eq!(standing.clusters[&world.cluster].protected_tenants, 0);
    assert!(world.story(partial).await.contains("backup-set-partial"));
    let raised =
        alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await.expect("answers");
    let [alarm] = &raised.contents[..] else { panic!("{raised:?}") };
    assert_eq!((alarm.kind, alarm.task), (AlarmKind::BackupPartial, Some(partial)));

    let exclude = vec![BackupObject::Table(world.database.clone(), "odd".to_owned())];
    let consent = Consent { exclude, ..Consent::default() };
    let wish = BackupNow { consent, ..world.wish() };
    let agreed = world.begin(wish).await.expect("the backup is accepted");
    world.finish(agreed).await;
    let sets = sets_of(&world, agreed).await;
    assert_eq!((sets[0].status, sets[0].left_out[0].agreed), (BackupSetStatus::Available, true));
    let totals = metadata.backup_set_totals(world.cluster).await.expect("answers");
    assert_eq!(totals.newest, Some(sets[0].finished));
    let raised =
        alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await.expect("answers");
    assert_eq!(raised.contents, []);
}

#[tokio::test]
async fn rolling_back_deletes_the_unfinished_dump_and_no_complete_one() {
    let world = World::new("control_backup_undo").await;
    let kept = world.begin_backup().await;
    world.finish(kept).await;
    let (complete, _) = world.dump_ids().await;

    let unfinished = world.begin_backup().await;
    run_up_to(&world, unfinished, "dump-data").await;
    world.steer(unfinished, Steer::Cancel).await;
    assert_eq!(world.run(unfinished, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(world.dump_ids().await.1.len(), 1, "a retry goes on with it");
    world.steer(unfinished, Steer::RollBack).await;
    assert_eq!(world.run(unfinished, None).await, Ended::Finished(TaskStatus::RolledBack));
    assert_eq!(world.dump_ids().await, (complete.clone(), vec![]));

    let damaged = world.begin_backup().await;
    run_up_to(&world, damaged, "verify-backup-set").await;
    world.steer(damaged, Steer::Cancel).await;
    assert_eq!(world.run(damaged, None).await, Ended::Finished(TaskStatus::Failed));
    world.steer(damaged, Steer::RollBack).await;
    assert_eq!(world.run(damaged, None).await, Ended::Finished(TaskStatus::RolledBack));
    assert_eq!(world.dump_ids().await.0.len(), 2, "a complete dump is a backup");
    assert!(world.story(damaged).await.contains("dump-kept"));
    assert_backed_up(&world, kept, "the other task's").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_leaves_nothing_running_and_a_retry_continues() {
    let world = World::new("control_backup_cancel").await;
    world.add_big_table().await;
    let task = world.begin_backup().await;
    let running = world.run_in_background();
    world
        .wait_until(task, |task| {
            task.rows
                .iter()
                .any(|row| row.step == "dump-data" && row.progress.as_ref().is_some_and(|now| now.done > 0))
        })
        .await;
    world.steer(task, Steer::Cancel).await;
    world.wait_until(task, |task| task.status.is_finished()).await;
    assert_eq!(world.task(task).await.status, TaskStatus::Failed, "{}", world.story(task).await);
    assert_eq!(world.running_statements(&world.database).await, Vec::<String>::new());
    assert!(world.control.context.snapshots.is_empty(), "the moment is let go");

    world.steer(task, Steer::Retry).await;
    world.wait_until(task, |task| task.status.is_finished()).await;
    assert_eq!(world.task(task).await.status, TaskStatus::Successful, "{}", world.story(task).await);
    assert_eq!(world.dump_ids().await.0.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn an_outdated_password_is_named_and_a_retry_continues() {
    let world = World::new("control_backup_password").await;
    let task = world.begin_backup().await;
    let mut writer = world.control.metadata().begin().await.expect("writes");
    writer.cluster_set_password(world.cluster, &Secret::new("not it")).await.expect("kept");
    writer.commit().await.expect("kept");
    assert_eq!(world.fail(task).await, "database-access-denied");
    assert_eq!(world.dump_ids().await, (vec![], vec![]), "nothing was begun");

    let right = Secret::new(world.server.password.clone());
    let set = crate::clusters::set_password(&world.control, &world.actor, world.cluster, &right).await;
    set.expect("the cluster takes it");
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_backed_up(&world, task, "retried").await;
}

#[tokio::test]
async fn an_unusable_storage_fails_the_check_before_anything_starts() {
    let world = World::new("control_backup_storage").await;
    let path = world.dir.path().join("data/backups");
    std::fs::write(&path, "a file").expect("written");
    let task = world.begin_backup().await;
    assert_eq!(world.fail(task).await, "storage-not-a-directory");
    std::fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("/tmp", &path).expect("linked");
    world.steer(task, Steer::Retry).await;
    assert_eq!(world.fail(task).await, "storage-symbolic-link");
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("made");

    if let Some(mount) = Mount::at(&path) {
        std::fs::write(path.join("filler"), vec![0; 3 << 20]).expect_err("it holds 2 MiB");
        world.steer(task, Steer::Retry).await;
        assert_eq!(world.fail(task).await, "storage-full");
        std::fs::remove_file(path.join("filler")).expect("removed");
        mount.make_read_only();
        world.steer(task, Steer::Retry).await;
        assert_eq!(world.fail(task).await, "storage-read-only");
    }
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_backed_up(&world, task, "retried").await;
}

#[tokio::test]
async fn a_storage_that_fills_up_meanwhile_keeps_the_dump_resumable() {
    let world = World::new("control_backup_full").await;
    let path = world.dir.path().join("data/backups");
    std::fs::create_dir(&path).expect("made");
    let Some(mount) = Mount::at(&path) else { return };
    // 3 MiB that no codec can compress: more than is free.
    world.alter("CREATE TABLE noise (id INT PRIMARY KEY, t LONGBLOB)").await;
    let mut noise = blake3::Hasher::new().finalize_xof();
    for id in 0..3 {
        let mut bytes = vec![0; 1 << 20];
        noise.fill(&mut bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        world.alter(&format!("INSERT INTO noise VALUES ({id}, 0x{hex})")).await;
    }
    let task = world.begin_backup().await;
    assert_eq!(world.fail(task).await, "storage-full");
    let (complete, begun) = world.dump_ids().await;
    assert_eq!((complete, begun.len()), (vec![], 1), "it is there, and for no backup taken");
    mount.grow();
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!(world.dump_ids().await, (begun, vec![]), "it went on where it was");
}
