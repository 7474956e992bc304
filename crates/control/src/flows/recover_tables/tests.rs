//! Whatever crashes or repeats, one recovery of tables is one job, nothing that failed counts as recovered, and no job of
//! another user ends.

use engine::{Fault as Crash, StepStatus, TaskStatus};
use model::Secret;
use model::backup::BackupObject;
use model::backup::DataBackupMode::Full;
use model::id::{TaskId, TenantId};
use model::order::{RecoverUntil, RecoverySource, TableRecovery};
use model::physical::table_recovery::RecoveredObject;
use serde_json::Value;
use sim::Profile;

mod once;

use crate::page::PageAsk;
use crate::recovery_windows::{WindowFilter, recovery_windows};
use crate::restores::{self, RestoreFilter};
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};
use crate::{backups, tasks};

on_both_4x! {
    tables_and_databases_come_back_under_new_names_and_of_the_moment,
    a_table_that_can_not_be_imported_makes_the_recovery_fail_in_part,
    a_job_that_recovers_nothing_fails_with_the_reason_and_a_retry_begins_another,
    a_cancel_ends_our_job_and_leaves_nothing,
    a_cancel_and_a_clean_up_survive_a_crash_before_after_and_twice,
    a_job_of_another_user_is_never_ended,
    encrypted_backups_need_their_password,
    a_plan_shows_the_statement_and_changes_nothing,
    what_can_not_take_tables_is_refused_before_anything_changes,
}

/// The beginning of a statement that starts a recovery of tables.
const RECOVER: &str = "ALTER SYSTEM RECOVER TABLE";

/// A world with a tenant that was backed up, a database for copies, and a free pool.
struct Recovery {
    world: SimWorld,
    shop: TenantId,
}

impl Recovery {
    async fn new(profile: Profile) -> Self {
        Self::with(profile, &[], None).await
    }

    async fn with(profile: Profile, refused: &[&str], password: Option<&str>) -> Self {
        Self::sized(profile, refused, password, 256).await
    }

    /// A tenant so large that the restore of the auxiliary tenant takes some minutes.
    async fn large(profile: Profile) -> Self {
        Self::sized(profile, &[], None, 20_000).await
    }

    async fn sized(profile: Profile, refused: &[&str], password: Option<&str>, data_mib: u64) -> Self {
        let world = SimWorld::changed(profile, &["shop", "books"], |cluster| {
            let tenant = &mut cluster.tenants[0];
            tenant.data_mib = data_mib;
            tenant.tables = ["sale.orders", "sale.items", "hr.people"].map(str::to_owned).into();
            tenant.databases = vec!["spare".to_owned()];
            tenant.refused_imports = refused.iter().map(|name| (*name).to_owned()).collect();
        });
        let world = world.await;
        let wish = backups::BackupNow { encryption: password.map(Secret::new), ..world.wish(Full) };
        let task = world.begin(wish).await;
        world.finish(task).await;
        world.handle.advance_seconds(900.0);
        world.say("CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'").await;
        world.say("CREATE RESOURCE POOL aux UNIT 'small', UNIT_NUM 1").await;
        let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("answers");
        let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("it is known").id;
        Self { world, shop }
    }

    /// `sale.orders` under another name, and the database `hr` in `spare`.
    fn wish(&self, until: RecoverUntil) -> TableRecovery {
        self.wish_of(&[("sale.orders", "spare.`old;orders`"), ("hr", "spare")], until)
    }

    fn wish_of(&self, objects: &[(&str, &str)], until: RecoverUntil) -> TableRecovery {
        let object = |name: &str| name.parse::<BackupObject>().expect("a name");
        let objects = objects.iter().map(|(from, to)| RecoveredObject { from: object(from), to: object(to) });
        TableRecovery {
            source: RecoverySource::Cluster { cluster: self.world.cluster, tenant: self.shop },
            until,
            cluster: self.world.cluster,
            tenant: "shop".into(),
            objects: objects.collect(),
            pools: vec!["aux".into()],
            passwords: Vec::new(),
        }
    }

    async fn begin(&self, wish: TableRecovery) -> TaskId {
        let accepted = restores::restore_tables(&self.world.control, &self.world.actor, wish, None).await;
        accepted.expect("the recovery is accepted").task
    }

    /// Returns an SCN a minute after the full set.
    async fn moment(&self) -> u64 {
        let (control, actor) = (&self.world.control, &self.world.actor);
        let windows = recovery_windows(control, actor, self.world.cluster, WindowFilter::default()).await;
        let windows = windows.expect("answers");
        let shop = windows.tenants.iter().find(|window| !window.timeline.intervals.is_empty());
        shop.expect("it can be recovered").timeline.intervals[0].from_scn + 60_000_000_000
    }

    /// Returns the recovered tables of a tenant: name, name in the backup, SCN.
    fn recovered(&self) -> Vec<(String, String, u64)> {
        let world = self.world.handle.world(0);
        let tenants = world["tenants"].as_object().expect("there are some");
        let shop = tenants.values().find(|tenant| tenant["name"] == "shop").expect("it is there");
        let tables = shop["tables"].as_object().expect("there are some");
        let came = tables.iter().filter_map(|(name, table)| {
            Some((name.clone(), table["from"].as_str()?.to_owned(), table["data_scn"].as_u64()?))
        });
        came.collect()
    }

    fn jobs(&self) -> Vec<Value> {
        self.world.handle.world(0)["four"]["table_recoveries"].as_array().expect("a list").clone()
    }

    /// No auxiliary tenant is left, and the pool is free.
    fn assert_nothing_left(&self, what: &str) {
        let world = self.world.handle.world(0);
        let tenants = world["tenants"].as_object().expect("there are some");
        let aux = tenants
            .values()
            .filter(|tenant| tenant["name"].as_str().is_some_and(|name| name.starts_with("AUX")));
        assert_eq!(aux.count(), 0, "{what}");
        let pools = world["resources"]["pools"].as_array().expect("there are some").clone();
        let aux = pools.iter().find(|pool| pool["name"] == "aux").expect("it stays");
        assert!(aux["tenant"].is_null(), "{what}: {aux}");
    }

    /// One job ran, and both objects came back as of this SCN.
    fn assert_recovered(&self, scn: u64, what: &str) {
        let expected = [("spare.old;orders", "sale.orders"), ("spare.people", "hr.people")];
        let expected = expected.map(|(name, from)| (name.to_owned(), from.to_owned(), scn));
        assert_eq!(self.recovered(), expected, "{what}");
        assert_eq!(
            (self.world.count_acts(RECOVER), self.jobs().len()),
            (1, 1),
            "{what}: {:?}",
            self.world.acts()
        );
        self.assert_nothing_left(what);
    }

    /// Runs a task until its job is restoring the auxiliary tenant.
    async fn run_into_wait(&self, task: TaskId) {
        let waits = |task: &engine::Task| {
            task.rows
                .iter()
                .any(|row| row.step == "wait-for-table-recovery" && row.status == StepStatus::Running)
        };
        assert_eq!(self.world.run_until(task, None, waits).await, None, "{}", self.world.story(task).await);
    }
}

async fn tables_and_databases_come_back_under_new_names_and_of_the_moment(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn))).await;
    world.finish(task).await;
    recovery.assert_recovered(scn, "done");
    let recorded = world.control.metadata().restore_get(task).await.expect("answers").expect("recorded");
    assert_eq!((recorded.tables, recorded.tenant), (2, recovery.shop));
    let first = PageAsk::default();
    let page = restores::restore_tasks(&world.control, &world.actor, &RestoreFilter::default(), first).await;
    let [seen] = &page.expect("answers").contents[..] else { panic!("there is one") };
    assert_eq!((seen.task, seen.tenant, seen.not_made.len()), (task, Some(recovery.shop), 0));
    assert_eq!(seen.databases["hr"], "spare");
    assert_eq!(seen.objects.len(), 2);
    world.assert_clean(task).await;
    // To the latest time, which the database chooses.
    let task = recovery.begin(recovery.wish_of(&[("sale.items", "spare.items")], RecoverUntil::Latest)).await;
    world.finish(task).await;
    let items = recovery.recovered().into_iter().find(|(name, ..)| name == "spare.items");
    assert!(items.is_some_and(|(.., data)| data > scn));
}

async fn a_table_that_can_not_be_imported_makes_the_recovery_fail_in_part(profile: Profile) {
    let recovery = Recovery::with(profile, &["sale.items"], None).await;
    let (world, control) = (&recovery.world, &recovery.world.control);
    let task = recovery.begin(recovery.wish_of(&[("sale", "spare")], RecoverUntil::Latest)).await;
    assert_eq!(world.fail(task).await, ("check-tables".to_owned(), "tables-not-recovered".to_owned()));
    let told = |parts: &[model::not_made::NotMade]| {
        parts.iter().map(|part| format!("{} {}", part.name, part.reason.id)).collect::<Vec<_>>()
    };
    let expected = ["`spare`.`items` table-import-refused"];
    let shown = tasks::get(control, &world.actor, task).await.expect("it is there");
    assert_eq!(told(&shown.not_made), expected);
    let story = world.story(task).await;
    assert!(story.contains("table-imported") && story.contains("-4184"), "{story}");
    assert_eq!(world.control.metadata().restore_get(task).await.expect("answers"), None);
    // An operator who accepts that skips the step; the recovery stays partial.
    world.steer(task, Steer::Retry).await;
    assert_eq!(world.fail(task).await.0, "check-tables", "a retry changes nothing");
    let subtask = shown.subtasks.iter().find(|subtask| subtask.step == "check-tables").expect("it is there");
    world.steer(task, Steer::SkipSubtask(subtask.id)).await;
    world.finish(task).await;
    let all = RestoreFilter::default();
    let page = restores::restore_tasks(control, &world.actor, &all, PageAsk::default()).await;
    let page = page.expect("answers");
    assert_eq!(told(&page.contents[0].not_made), expected);
    let recorded = world.control.metadata().restore_get(task).await.expect("answers").expect("recorded");
    assert_eq!(recorded.tables, 1);
    assert_eq!(world.count_acts(RECOVER), 1);
    recovery.assert_nothing_left("in part");
}

async fn a_job_that_recovers_nothing_fails_with_the_reason_and_a_retry_begins_another(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let world = &recovery.world;
    let task =
        recovery.begin(recovery.wish_of(&[("sale.orders", "gone.orders")], RecoverUntil::Latest)).await;
    let expected = ("wait-for-table-recovery".to_owned(), "table-job-failed".to_owned());
    assert_eq!(world.fail(task).await, expected);
    let raw = world.task(task).await.rows.iter().find_map(|row| row.note.as_ref()?.raw.clone());
    assert_eq!(raw.as_deref(), Some("import database gone not exist"));
    assert!(world.story(task).await.contains("table-recovery-no-database"));
    recovery.assert_nothing_left("failed");
    world.steer(task, Steer::Retry).await;
    assert_eq!(world.fail(task).await, expected, "nothing has changed");
    let descriptions: Vec<Value> = recovery.jobs().iter().map(|job| job["description"].clone()).collect();
    assert_eq!(descriptions.len(), 2, "{descriptions:?}");
    assert_ne!(descriptions[0], descriptions[1], "the second job is not taken for the first");
}

async fn a_cancel_ends_our_job_and_leaves_nothing(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let world = &recovery.world;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    recovery.run_into_wait(task).await;
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(world.count_acts("ALTER SYSTEM CANCEL RECOVER TABLE `shop`"), 1, "{:?}", world.acts());
    recovery.assert_nothing_left("cancelled");
    assert!(recovery.recovered().is_empty());
    // A retry starts it again.
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!((recovery.recovered().len(), recovery.jobs().len()), (2, 2));
}

async fn a_cancel_and_a_clean_up_survive_a_crash_before_after_and_twice(profile: Profile) {
    let (wait, start) = ("wait-for-table-recovery", "start-table-recovery");
    let faults = |step| [Crash::CrashBefore(step), Crash::CrashAfter(step), Crash::RunTwice(step)];
    for (cancel, undo) in faults(wait).into_iter().zip(faults(start)) {
        let what = format!("{profile} {cancel:?} {undo:?}");
        let recovery = Recovery::large(profile).await;
        let world = &recovery.world;
        let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
        recovery.run_into_wait(task).await;
        world.steer(task, Steer::Cancel).await;
        if world.run(task, Some(cancel)).await == Ended::Crashed {
            world.run(task, None).await;
        }
        assert_eq!(world.task(task).await.status, TaskStatus::Failed, "{what}");
        assert_eq!(world.count_acts("ALTER SYSTEM CANCEL"), 1, "{what}: {:?}", world.acts());
        recovery.assert_nothing_left(&what);
        world.steer(task, Steer::RollBack).await;
        if world.run(task, Some(undo)).await == Ended::Crashed {
            world.run(task, None).await;
        }
        assert_eq!(world.task(task).await.status, TaskStatus::RolledBack, "{what}");
        assert_eq!((recovery.jobs().len(), recovery.recovered().len()), (1, 0), "{what}");
    }
}

async fn a_job_of_another_user_is_never_ended(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let world = &recovery.world;
    world.say("CREATE RESOURCE POOL theirs UNIT 'small', UNIT_NUM 1").await;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    recovery.run_into_wait(task).await;
    // Another user recovers a table into the same tenant, by the statement of our own job.
    let ours = world.acts().into_iter().find(|sql| sql.starts_with(RECOVER)).expect("it was sent");
    let from = ours.split(" FROM ").nth(1).and_then(|rest| rest.split(" WITH ").next()).expect("its source");
    let theirs = format!(
        "{RECOVER} sale.items TO TENANT shop FROM {from} WITH 'pool_list=theirs' \
         REMAP TABLE sale.items:spare.items DESCRIPTION 'theirs'"
    );
    world.say(&theirs).await;
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(world.count_acts("ALTER SYSTEM CANCEL"), 0, "{:?}", world.acts());
    assert!(world.story(task).await.contains("table-job-beside"), "{}", world.story(task).await);
    world.handle.advance_seconds(300.0);
    assert_eq!(recovery.recovered().len(), 3, "both jobs have ended by themselves");
    // A new recovery waits for no one, and is refused while a foreign job runs.
    world.say(&theirs.replace("spare.items", "spare.items_2")).await;
    let second = recovery.begin(recovery.wish_of(&[("hr.people", "spare.p_2")], RecoverUntil::Latest)).await;
    let expected = ("check-destination".to_owned(), "table-recovery-job-foreign".to_owned());
    assert_eq!(world.fail(second).await, expected);
}

async fn encrypted_backups_need_their_password(profile: Profile) {
    let recovery = Recovery::with(profile, &[], Some("hunter2")).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    let wish = |password: Option<&str>| TableRecovery {
        passwords: password.map(Secret::new).into_iter().collect(),
        ..recovery.wish(RecoverUntil::Scn(scn))
    };
    for (password, why) in
        [(None, "recovery-password-missing"), (Some("other"), "database-backup-password-wrong")]
    {
        let task = recovery.begin(wish(password)).await;
        assert_eq!(world.fail(task).await, ("check-recovery-source".to_owned(), why.to_owned()));
    }
    let task = recovery.begin(wish(Some("hunter2"))).await;
    world.finish(task).await;
    recovery.assert_recovered(scn, "encrypted");
    let stored = world.task(task).await;
    assert!(stored.state["passwords"].is_null(), "{}", stored.state);
    let shown = format!("{} {stored:?}", world.story(task).await);
    assert!(!shown.contains("hunter2"), "{shown}");

    // They are kept while a retry may need them, and removed by a rollback.
    let task = recovery.begin(wish(Some("hunter2"))).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("wait-for-table-recovery"))).await, Ended::Crashed);
    world.steer(task, Steer::Cancel).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert!(world.task(task).await.state["passwords"].is_string(), "a retry needs them");
    world.steer(task, Steer::RollBack).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::RolledBack));
    assert!(world.task(task).await.state["passwords"].is_null());
}

async fn a_plan_shows_the_statement_and_changes_nothing(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    let before = world.acts();
    let wish = recovery.wish(RecoverUntil::Scn(scn));
    let plan = restores::plan_tables(&world.control, &world.actor, wish.clone()).await.expect("planned");
    let statements: Vec<&String> = plan.steps.iter().flat_map(|step| &step.statements).collect();
    let start = statements.iter().find(|sql| sql.starts_with(RECOVER)).expect("it is shown");
    let expected =
        "REMAP TABLE `sale`.`orders`:`spare`.`old;orders`, `hr`.*:`spare`.* DESCRIPTION = 'lifeboat-…'";
    assert!(start.ends_with(expected), "{start}");
    let items = restores::preview_tables(&world.control, &world.actor, wish).await.expect("previewed");
    assert_eq!(items.first().map(|item| item.kind.as_str()), Some("BACKUP_SET"));
    let acts: Vec<String> = world.acts().into_iter().filter(|sql| !sql.ends_with("PREVIEW")).collect();
    let before: Vec<String> = before.into_iter().filter(|sql| !sql.ends_with("PREVIEW")).collect();
    assert_eq!(acts, before);
}

async fn what_can_not_take_tables_is_refused_before_anything_changes(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let world = &recovery.world;
    let wish = || recovery.wish(RecoverUntil::Latest);
    let refused = |wish| restores::restore_tables(&world.control, &world.actor, wish, None);
    let unknown = refused(TableRecovery { tenant: "nobody".into(), ..wish() }).await.expect_err("refused");
    assert_eq!(unknown.problem().text.id, "table-recovery-tenant-unknown");
    for (pool, why) in [("nobody", "recovery-pool-unknown"), ("pool_books", "recovery-pool-in-use")] {
        let task = recovery.begin(TableRecovery { pools: vec![pool.into()], ..wish() }).await;
        assert_eq!(world.fail(task).await, ("check-destination".to_owned(), why.to_owned()));
    }
    let task = recovery.begin(wish()).await;
    let second = refused(wish()).await.expect_err("refused");
    assert_eq!(second.problem().code, 20043);
    world.finish(task).await;
}

#[tokio::test]
async fn a_standby_and_a_version_before_4_2_1_take_no_tables() {
    let world = SimWorld::changed(Profile::V4_2_5, &["shop", "books", "old"], |cluster| {
        cluster.tenants[1].role = "STANDBY".to_owned();
        cluster.tenants[2].compatible = "4.2.0.0".to_owned();
    });
    let recovery = {
        let world = world.await;
        let task = world.begin(world.wish(Full)).await;
        world.run(task, None).await;
        world.handle.advance_seconds(900.0);
        let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("answers");
        let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("it is known").id;
        Recovery { world, shop }
    };
    for (tenant, why) in [("books", "table-recovery-into-standby"), ("old", "tenant-data-older")] {
        let wish = TableRecovery { tenant: tenant.into(), ..recovery.wish(RecoverUntil::Latest) };
        let task = recovery.begin(wish).await;
        assert_eq!(recovery.world.fail(task).await, ("check-destination".to_owned(), why.to_owned()));
    }

    let world = SimWorld::with(Profile::V4_1, &["shop"]).await;
    let recovery = Recovery { world, shop: TenantId(1002) };
    let wish = recovery.wish(RecoverUntil::Latest);
    let refusal = restores::restore_tables(&recovery.world.control, &recovery.world.actor, wish, None).await;
    let problem = refusal.expect_err("refused").problem().clone();
    assert_eq!(problem.text.id, "table-recovery-not-offered");
}
