//! Whatever crashes or repeats, a recovery restores exactly what was dumped, and never removes objects that it did
//! not create.

mod code;

use std::collections::BTreeMap;
use std::sync::Arc;

use dump::{Choice, Meter, Selection, Source, load};
use engine::{Fault, TaskStatus, testkit};
use model::backup::BackupObject;
use model::backup_set::BackupSet;
use model::id::{TaskId, TenantId};
use model::recovery::RecoveryRequest;
use model::user::Role;
use oceanbase::NoWitness;
use serde_json::json;
use sim::Profile;
use tokio_util::sync::CancellationToken;

use super::{RestoreLogical, State};
use crate::actor::Actor;
use crate::backups::{self, BackupFilter, BackupNow};
use crate::tasks::Steer;
use crate::testing::{Ended, ROWS, SYS_PASSWORD, World};
use crate::{PageAsk, restores};

/// A world with one backup set, and the new name of the database.
struct Recovery {
    world: World,
    set: BackupSet,
    target: String,
    /// The tables to recover; all if empty.
    tables: Vec<&'static str>,
    /// Whether code is recovered too.
    with_code: bool,
}

impl Recovery {
    async fn new(database: &str) -> Self {
        Self::of(World::new(database).await).await
    }

    async fn of(world: World) -> Self {
        let wish = world.wish();
        Self::from_backup(world, wish).await
    }

    /// Takes the backup to recover.
    async fn from_backup(world: World, wish: BackupNow) -> Self {
        let task = world.begin(wish).await.expect("the backup is accepted");
        world.finish(task).await;
        let filter = BackupFilter::default();
        let sets = backups::backup_sets(&world.control, &world.actor, &filter, PageAsk::default()).await;
        let set = sets.expect("listed").contents.remove(0);
        let target = format!("{}_2", world.database);
        let recovery = Self { target, world, set, tables: vec![], with_code: false };
        recovery.drop_target().await;
        recovery
    }

    fn wish(&self) -> RecoveryRequest {
        RecoveryRequest {
            backup_set: self.set.id,
            cluster: self.world.cluster,
            tenant: self.world.tenant,
            objects: self.selection().0,
            rename: self.names(),
            accept_foreign: false,
            with_code: self.with_code,
            without: Vec::new(),
        }
    }

    fn selection(&self) -> Selection {
        let table = |name: &&str| BackupObject::Table(self.world.database.clone(), (*name).to_owned());
        Selection(self.tables.iter().map(table).collect())
    }

    fn names(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(self.world.database.clone(), self.target.clone())])
    }

    async fn begin(&self) -> TaskId {
        let accepted = restores::restore(&self.world.control, &self.world.actor, self.wish(), None).await;
        accepted.expect("the recovery is accepted").task
    }

    async fn drop_target(&self) {
        self.world.alter(&format!("DROP DATABASE IF EXISTS `{}`", self.target)).await;
    }

    async fn has_target(&self) -> bool {
        let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA";
        self.world.ask(sql).await.contains(&self.target)
    }

    /// Returns the tables and views in the target.
    async fn tables(&self) -> Vec<String> {
        let sql = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ";
        self.world.ask(&format!("{sql}'{}' ORDER BY 1", self.target)).await
    }

    /// Creates the target, with a foreign table in it.
    async fn use_target(&self) {
        self.drop_target().await;
        self.world.alter(&format!("CREATE DATABASE `{}`", self.target)).await;
        self.world.alter(&format!("CREATE TABLE `{}`.mine (id VARCHAR(9))", self.target)).await;
        self.world.alter(&format!("INSERT INTO `{}`.mine VALUES ('kept')", self.target)).await;
    }

    /// The selected tables match the dump, and other tables are unchanged.
    async fn assert_tables_recovered(&self, task: TaskId, what: &str) {
        let report = self.compare().await;
        assert!(report.is_clean() && report.rows == ROWS + 3, "{what}: {report:?}");
        assert_eq!(self.tables().await, ["child", "loose", "mine"], "{what}");
        assert_eq!(
            self.world.ask(&format!("SELECT id FROM `{}`.mine", self.target)).await,
            ["kept"],
            "{what}"
        );
        let story = self.world.story(task).await;
        assert!(story.contains("load-foreign-key-without-parent"), "{what}: {story}");
        let known = self.world.control.metadata().restore_get(task).await.expect("answers");
        let known = known.expect("recorded");
        assert_eq!((known.databases, known.tables, known.rows), (self.names(), 2, ROWS + 3), "{what}");
    }

    /// Compares the target with the selected part of the dump.
    async fn compare(&self) -> dump::Report {
        let source = Source { endpoint: self.world.endpoint(), witness: Arc::new(NoWitness) };
        let id = dump_of(self).parse().expect("an id");
        let (client, meter, cancel) = (self.world.dumps(), Meter::new(), CancellationToken::new());
        let choice = Choice { names: &self.names(), selection: &self.selection(), expected_manifest: None };
        let report = dump::verify_against(&source, &client, &id, choice, 2, &meter, &cancel).await;
        report.expect("compared")
    }

    /// The target matches the dump, and nothing of the load is left.
    async fn assert_recovered(&self, task: TaskId, what: &str) {
        let report = self.compare().await;
        assert!(report.is_clean() && report.rows == 2 * ROWS + 3, "{what}: {report:?}");
        assert_eq!(self.tables().await, ["child", "loose", "parent", "totals"], "{what}");
        let keys = "SELECT DISTINCT CONCAT(TABLE_NAME, '.', INDEX_NAME) FROM information_schema.STATISTICS \
                    WHERE TABLE_SCHEMA = ";
        let keys =
            self.world.ask(&format!("{keys}'{}' AND TABLE_NAME = 'parent' ORDER BY 1", self.target)).await;
        assert_eq!(keys, ["parent.parent_name", "parent.PRIMARY"], "{what}");
        let foreign = "SELECT REFERENCED_TABLE_SCHEMA FROM information_schema.KEY_COLUMN_USAGE \
                       WHERE REFERENCED_TABLE_NAME = 'parent' AND TABLE_SCHEMA = ";
        let foreign = self.world.ask(&format!("{foreign}'{}'", self.target)).await;
        assert_eq!(foreign, std::slice::from_ref(&self.target), "{what}: it refers to its own parent");
        let known = self.world.control.metadata().restore_get(task).await.expect("answers");
        assert_eq!(known.expect("recorded").databases, self.names(), "{what}");
    }

    async fn run_up_to(&self, task: TaskId, step: &'static str) {
        assert_eq!(self.world.run(task, Some(Fault::CrashBefore(step))).await, Ended::Crashed);
    }

    /// Cancels a task that waits for its next turn, and rolls it back.
    async fn roll_back(&self, task: TaskId) -> Ended {
        self.world.steer(task, Steer::Cancel).await;
        assert_eq!(self.world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
        self.world.steer(task, Steer::RollBack).await;
        self.world.run(task, None).await
    }
}

#[test]
fn what_the_first_version_saved_is_still_read() {
    let state = json!({
        "backup_set": 3, "backup_cluster": 1, "backup_cluster_name": "demo", "backup_tenant": 1,
        "backup_tenant_name": "sys", "storage": 2, "folder": "demo/1/1/logical",
        "dump": "20261122T100000Z-17-1-9f3a", "scn": 1_795_000_000_000_000_001_u64, "cluster": 1,
        "cluster_name": "demo", "tenant": 1, "tenant_name": "sys", "databases": {"shop": "shop_2"},
        "connections": 4, "requested": 1_795_000_000_000_000_i64,
        "holds": {"tables": 5, "rows": 6, "bytes": 7}, "existed": ["shop_2"],
    });
    let state: State = serde_json::from_value(state).expect("a state");
    assert_eq!(state.existed, Some(vec!["shop_2".to_owned()]));
    assert!(state.selection.is_all(), "it knew no single tables");
    assert!(!state.with_code && state.not_made().next().is_none(), "it knew no code");
}

#[tokio::test]
async fn everything_is_recovered_once_whatever_step_crashes_or_repeats() {
    Box::pin(recover_once_whatever_crashes(Recovery::new("control_restore_crashes").await)).await;
}

#[tokio::test]
async fn everything_is_recovered_into_a_tenant_once_whatever_step_crashes_or_repeats() {
    let world = World::of_tenant(Profile::V4_2_5, "control_tenant_restore").await;
    Box::pin(recover_once_whatever_crashes(Recovery::of(world).await)).await;
}

#[tokio::test]
async fn a_tenant_that_can_not_be_written_to_is_refused_before_anything_is_made() {
    let recovery = Recovery::of(World::of_tenant(Profile::V4_2_5, "control_tenant_unfit").await).await;
    let world = &recovery.world;
    let into = async |tenant| {
        let wish = RecoveryRequest { tenant: TenantId(tenant), ..recovery.wish() };
        let refused = restores::restore(&world.control, &world.actor, wish, None).await.expect_err("refused");
        refused.problem().text.id.clone()
    };
    assert_eq!(into(1).await, "logical-not-of-sys");
    assert_eq!(into(1004).await, "logical-needs-mysql-mode");
    assert_eq!(into(1006).await, "tenant-credential-missing");

    let task = recovery.begin().await;
    world.say("root@sys", SYS_PASSWORD, "ALTER TENANT shop LOCK").await;
    assert_eq!(world.fail(task).await, "tenant-locked");
    assert!(!recovery.has_target().await, "nothing was made");
    world.say("root@sys", SYS_PASSWORD, "ALTER TENANT shop UNLOCK").await;
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    recovery.assert_recovered(task, "unlocked").await;
    recovery.drop_target().await;
}

async fn recover_once_whatever_crashes(recovery: Recovery) {
    for fault in testkit::faults::<RestoreLogical>() {
        let what = format!("{fault:?}");
        let task = recovery.begin().await;
        let met = recovery.world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, Fault::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}: {}", recovery.world.story(task).await);
        if is_crash {
            recovery.world.finish(task).await;
        }
        recovery.assert_recovered(task, &what).await;
        recovery.drop_target().await;
    }
}

#[tokio::test]
async fn a_roll_back_takes_away_what_was_made_whatever_step_had_been_reached() {
    let recovery = Recovery::new("control_restore_undo").await;
    for step in [
        "check-destination",
        "create-schema",
        "load-data",
        "create-indexes",
        "verify-data",
        "record-recovery",
    ] {
        for fault in [Fault::CrashBefore(step), Fault::CrashAfter(step)] {
            if fault == Fault::CrashAfter("record-recovery") {
                continue; // the recovery is complete, so nothing is removed
            }
            let task = recovery.begin().await;
            assert_eq!(recovery.world.run(task, Some(fault)).await, Ended::Crashed, "{fault:?}");
            recovery.world.steer(task, Steer::Cancel).await;
            assert_eq!(
                recovery.world.run(task, None).await,
                Ended::Finished(TaskStatus::Failed),
                "{fault:?}"
            );
            let is_begun = |row: &engine::Row| row.step == "create-schema" && row.runs > 0;
            if recovery.world.task(task).await.rows.iter().any(is_begun) {
                recovery.world.steer(task, Steer::RollBack).await;
                let ended = recovery.world.run(task, None).await;
                assert_eq!(ended, Ended::Finished(TaskStatus::RolledBack), "{fault:?}");
            }
            assert!(!recovery.has_target().await, "{fault:?}");
        }
    }
    let count = format!("SELECT CAST(COUNT(*) AS CHAR) FROM `{}`.parent", recovery.world.database);
    assert_eq!(recovery.world.ask(&count).await, [ROWS.to_string()], "the source is untouched");
}

#[tokio::test]
async fn a_database_that_holds_something_is_refused_and_left_alone() {
    let recovery = Recovery::new("control_restore_taken").await;
    recovery.world.alter(&format!("CREATE DATABASE `{}`", recovery.target)).await;
    recovery.world.alter(&format!("CREATE TABLE `{}`.mine (id INT)", recovery.target)).await;
    let task = recovery.begin().await;
    assert_eq!(recovery.world.fail(task).await, "load-target-not-empty");
    assert_eq!(recovery.tables().await, ["mine"]);
    let refusal =
        crate::tasks::steer(&recovery.world.control, &recovery.world.actor, task, Steer::RollBack).await;
    assert_eq!(refusal.expect_err("refused").problem().text.id, "task-nothing-to-undo");
    assert_eq!(recovery.tables().await, ["mine"]);
}

#[tokio::test]
async fn a_database_that_was_there_empty_is_filled_and_on_roll_back_emptied() {
    let recovery = Recovery::new("control_restore_existing").await;
    recovery.world.alter(&format!("CREATE DATABASE `{}`", recovery.target)).await;
    let task = recovery.begin().await;
    recovery.run_up_to(task, "verify-data").await;
    assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::RolledBack));
    assert!(recovery.has_target().await, "it was there before");
    assert_eq!(recovery.tables().await, Vec::<String>::new());

    let task = recovery.begin().await;
    recovery.world.finish(task).await;
    recovery.assert_recovered(task, "existing").await;
}

#[tokio::test]
async fn a_database_that_is_used_meanwhile_is_not_dropped() {
    let recovery = Recovery::new("control_restore_used").await;
    let task = recovery.begin().await;
    recovery.run_up_to(task, "verify-data").await;
    recovery.world.alter(&format!("CREATE TABLE `{}`.mine (id INT)", recovery.target)).await;
    assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::Failed));
    assert!(recovery.world.story(task).await.contains("recovery-holds-other-tables"));
    assert_eq!(recovery.tables().await.len(), 6, "nothing of it is touched");

    recovery.world.alter(&format!("DROP TABLE `{}`.mine", recovery.target)).await;
    recovery.world.steer(task, Steer::RollBack).await;
    assert_eq!(recovery.world.run(task, None).await, Ended::Finished(TaskStatus::RolledBack));
    assert!(!recovery.has_target().await);
}

#[tokio::test]
async fn a_database_without_the_loads_mark_is_not_dropped() {
    let recovery = Recovery::new("control_restore_unmarked").await;
    let task = recovery.begin().await;
    recovery.run_up_to(task, "verify-data").await;
    let marks = format!("`{}`.`{}`", recovery.target, load::MARKS_TABLE);
    recovery.world.alter(&format!("DROP TABLE {marks}")).await;
    assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::RolledBack));
    assert_eq!(recovery.tables().await, ["child", "loose", "parent", "totals"]);
    assert!(recovery.world.story(task).await.contains("recovery-not-marked"));
}

#[tokio::test]
async fn an_unfinished_recovery_of_the_same_set_is_not_taken_over_by_another_task() {
    let recovery = Recovery::new("control_restore_twice").await;
    let first = recovery.begin().await;
    recovery.run_up_to(first, "create-indexes").await;
    recovery.world.steer(first, Steer::Cancel).await;
    assert_eq!(recovery.world.run(first, None).await, Ended::Finished(TaskStatus::Failed));
    let second = recovery.begin().await;
    assert_eq!(recovery.world.fail(second).await, "recovery-left-unfinished");
    recovery.world.steer(first, Steer::Retry).await;
    recovery.world.finish(first).await;
    recovery.assert_recovered(first, "retried").await;
}

#[tokio::test]
async fn single_tables_are_recovered_beside_others_once_whatever_step_crashes_or_repeats() {
    let recovery =
        Recovery { tables: vec!["child", "loose"], ..Recovery::new("control_restore_tables").await };
    let piece = format!("{}/data/{}/parent/000001.sql.zst", dump_of(&recovery), recovery.world.database);
    assert!(recovery.world.dumps().delete(&piece).await.expect("deleted"), "what is not needed may be lost");
    for fault in testkit::faults::<RestoreLogical>() {
        let what = format!("{fault:?}");
        recovery.use_target().await;
        let task = recovery.begin().await;
        if recovery.world.run(task, Some(fault)).await == Ended::Crashed {
            recovery.world.finish(task).await;
        }
        recovery.assert_tables_recovered(task, &what).await;
    }
    recovery.drop_target().await;
}

#[tokio::test]
async fn a_roll_back_of_single_tables_leaves_what_lay_beside_them() {
    let recovery =
        Recovery { tables: vec!["child", "loose"], ..Recovery::new("control_restore_tables_undo").await };
    for step in ["load-data", "create-indexes", "verify-data", "record-recovery"] {
        recovery.use_target().await;
        let task = recovery.begin().await;
        recovery.run_up_to(task, step).await;
        assert!(recovery.tables().await.len() >= 4, "two tables, the mark and what was there");
        assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::RolledBack), "{step}");
        assert_eq!(recovery.tables().await, ["mine"], "{step}");
        assert!(recovery.world.story(task).await.contains("recovery-tables-dropped"), "{step}");
    }
    recovery.drop_target().await;
    let task = recovery.begin().await;
    recovery.run_up_to(task, "verify-data").await;
    assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::RolledBack));
    assert!(!recovery.has_target().await, "it was not there before");
}

#[tokio::test]
async fn a_table_that_is_there_already_is_refused_before_anything_changes() {
    let recovery =
        Recovery { tables: vec!["child", "loose"], ..Recovery::new("control_restore_clash").await };
    recovery.use_target().await;
    recovery.world.alter(&format!("CREATE TABLE `{}`.loose (x INT)", recovery.target)).await;
    let task = recovery.begin().await;
    assert_eq!(recovery.world.fail(task).await, "load-objects-exist");
    assert_eq!(recovery.tables().await, ["loose", "mine"]);
    let whole = RecoveryRequest {
        objects: vec![BackupObject::Database(recovery.world.database.clone())],
        ..recovery.wish()
    };
    recovery.world.alter(&format!("DROP TABLE `{}`.loose", recovery.target)).await;
    let refused = restores::plan(&recovery.world.control, &recovery.world.actor, whole).await;
    let refused = refused.expect_err("a whole database lies beside nothing");
    assert_eq!(refused.problem().text.id, "load-target-not-empty");

    let plan = restores::plan(&recovery.world.control, &recovery.world.actor, recovery.wish()).await;
    let notes: Vec<String> =
        plan.expect("planned").steps.into_iter().flat_map(|step| step.notes).map(|note| note.id).collect();
    for expected in ["plan-single-tables", "plan-foreign-keys-left-out"] {
        assert!(notes.iter().any(|note| note == expected), "{expected}: {notes:?}");
    }
    recovery.drop_target().await;
}

fn dump_of(recovery: &Recovery) -> &str {
    recovery.set.path.rsplit('/').next().expect("a folder")
}

#[tokio::test]
async fn a_set_that_this_installation_did_not_sign_needs_an_administrator_and_stays_the_same() {
    let recovery = Recovery::new("control_restore_unsigned").await;
    let Recovery { world, .. } = &recovery;
    let manager = Actor { role: Role::BackupManager, ..world.actor.clone() };
    restores::plan(&world.control, &manager, recovery.wish()).await.expect("signed here");
    let task = recovery.begin().await;

    // A writer to the storage can give any manifest a valid hash, but cannot sign it.
    let (client, path) = (world.dumps(), format!("{}/manifest.json", dump_of(&recovery)));
    let sealed = client.get(&path, 1 << 30).await.expect("a manifest");
    let sealed = String::from_utf8(sealed.to_vec()).expect("JSON");
    let content = sealed.lines().next().expect("two lines").replacen('{', "{ ", 1);
    let hash = blake3::hash(content.as_bytes()).to_hex();
    let sealed = format!("{content}\n{{\"blake3\":\"{hash}\",\"signature\":null}}\n");
    client.put(&path, sealed.into()).await.expect("written");
    let accepted = || RecoveryRequest { accept_foreign: true, ..recovery.wish() };
    let refused = restores::restore(&world.control, &manager, accepted(), None).await.expect_err("unsigned");
    assert_eq!(refused.problem().text.id, "recovery-of-unsigned-set");
    let asked =
        restores::restore(&world.control, &world.actor, recovery.wish(), None).await.expect_err("no consent");
    assert_eq!(asked.problem().text.id, "recovery-of-unsigned-set-asks");
    let plan = restores::plan(&world.control, &world.actor, recovery.wish()).await.expect("an ADMIN may");
    assert!(plan.steps[0].notes.iter().any(|note| note.id == "set-not-signed"), "{:?}", plan.steps[0]);

    // A recovery that was requested with another manifest does not use this one.
    assert_eq!(world.fail(task).await, "recovery-manifest-changed");
    assert!(!recovery.has_target().await);
}

#[tokio::test]
async fn a_set_with_a_lost_piece_is_refused_before_the_cluster_changes() {
    let recovery = Recovery::new("control_restore_lost").await;
    let piece = format!("{}/data/{}/parent/000001.sql.zst", dump_of(&recovery), recovery.world.database);
    assert!(recovery.world.dumps().delete(&piece).await.expect("deleted"));
    let task = recovery.begin().await;
    assert_eq!(recovery.world.fail(task).await, "verify-object-missing");
    assert!(!recovery.has_target().await);
}

#[tokio::test]
async fn rows_that_were_changed_while_loading_fail_the_comparison() {
    let recovery = Recovery::new("control_restore_changed").await;
    let task = recovery.begin().await;
    recovery.run_up_to(task, "verify-data").await;
    recovery.world.alter(&format!("UPDATE `{}`.parent SET name = 'x' WHERE id = 7", recovery.target)).await;
    assert_eq!(recovery.world.fail(task).await, "recovery-differs");
    let known = recovery.world.control.metadata().restore_get(task).await.expect("answers");
    assert_eq!(known, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_leaves_nothing_running_and_a_retry_continues() {
    let world = World::new("control_restore_cancel").await;
    world.add_big_table().await;
    let recovery = Recovery::of(world).await;
    let world = &recovery.world;
    let task = recovery.begin().await;
    let running = world.run_in_background();
    let is_loading = |task: &engine::Task| {
        let is_under_way = |row: &engine::Row| row.progress.as_ref().is_some_and(|now| now.done > 0);
        task.rows.iter().any(|row| row.step == "load-data" && is_under_way(row))
    };
    world.wait_until(task, is_loading).await;
    world.steer(task, Steer::Cancel).await;
    world.wait_until(task, |task| task.status.is_finished()).await;
    assert_eq!(world.task(task).await.status, TaskStatus::Failed, "{}", world.story(task).await);
    assert_eq!(world.running_statements(&recovery.target).await, Vec::<String>::new());
    world.steer(task, Steer::Retry).await;
    world.wait_until(task, |task| task.status.is_finished()).await;
    assert_eq!(world.task(task).await.status, TaskStatus::Successful, "{}", world.story(task).await);
    running.stop().await;
}
