//! Whatever crashes or repeats, one recovery is one restore to the right time, and it never removes objects that it
//! did not create.

use engine::{Fault as Crash, StepStatus, TaskStatus, testkit};
use model::Secret;
use model::backup::DataBackupMode::{self, Full, Incremental};
use model::id::{TaskId, TenantId};
use model::order::{BackupOwner, RecoverUntil, RecoveredRole, RecoverySource, TenantRecovery};
use model::physical::resources::{ReplicaType, TargetResources, ZoneUnits};
use model::physical::unit::UnitChoice;
use model::text::Language;
use model::time::Timestamp;
use serde_json::Value;
use sim::{Fault, FaultName, Profile};

use super::RestoreTenant;
use crate::recovery_windows::{WindowFilter, recovery_windows};
use crate::storages::StorageChoice;
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};
use crate::{backups, restores, words};

mod clean_up;
mod elsewhere;
mod gen3;
mod new_units;
mod set_end;

on_both_4x! {
    one_restore_is_begun_whatever_step_crashes_or_repeats,
    a_moment_that_can_not_be_recovered_to_is_refused_with_the_nearest_ones,
    a_stop_of_log_backup_is_a_gap_until_the_next_full_backup,
    a_name_that_exists_is_refused_before_anything_changes,
    a_target_without_enough_resources_names_what_is_short,
    a_storage_alone_is_enough,
    the_logs_of_another_tenant_are_refused_before_anything_changes,
    a_tenant_can_stay_a_standby,
    encrypted_backups_need_their_password,
    a_plan_lists_the_statements_and_changes_nothing,
    two_recoveries_into_one_name_are_one_too_many,
    pools_that_are_there_are_used,
}

/// A world with a tenant that was backed up in full, then incrementally, and a unit specification.
struct Recovery {
    world: SimWorld,
    shop: TenantId,
}

/// Returns a pool in the only zone.
fn in_zone(unit: UnitChoice, count: u32) -> TargetResources {
    let (zone, replica, replicas) = ("zone1".into(), ReplicaType::Full, Vec::new());
    TargetResources::Zones(vec![ZoneUnits { zone, replica, replicas, unit, count }])
}

/// The beginning of a statement that starts a restore; a preview begins differently.
const RESTORE: &str = "ALTER SYSTEM RESTORE `";

impl Recovery {
    async fn new(profile: Profile) -> Self {
        Self::encrypted(profile, None).await
    }

    async fn encrypted(profile: Profile, password: Option<&str>) -> Self {
        Self::of(SimWorld::with(profile, &["shop"]).await, password).await
    }

    /// A tenant so large that a restore takes some minutes.
    async fn large(profile: Profile) -> Self {
        let change = |cluster: &mut sim::ClusterConfig| cluster.tenants[0].data_mib = 20_000;
        Self::of(SimWorld::changed(profile, &["shop"], change).await, None).await
    }

    /// One full backup, for tests that create many worlds.
    async fn small(profile: Profile) -> Self {
        Self::after(SimWorld::with(profile, &["shop"]).await, None, &[Full]).await
    }

    async fn of(world: SimWorld, password: Option<&str>) -> Self {
        Self::after(world, password, &[Full, Incremental]).await
    }

    async fn after(world: SimWorld, password: Option<&str>, modes: &[DataBackupMode]) -> Self {
        for &mode in modes {
            let wish = backups::BackupNow { encryption: password.map(Secret::new), ..world.wish(mode) };
            let task = world.begin(wish).await;
            world.finish(task).await;
            world.handle.advance_seconds(900.0);
        }
        world.say("CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'").await;
        let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("answers");
        let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("it is known").id;
        Self { world, shop }
    }

    fn wish(&self, until: RecoverUntil) -> TenantRecovery {
        TenantRecovery {
            source: RecoverySource::Cluster { cluster: self.world.cluster, tenant: self.shop },
            until,
            cluster: self.world.cluster,
            tenant: "shop_2".into(),
            resources: in_zone(UnitChoice::Named("small".into()), 1),
            primary_zone: None,
            role: RecoveredRole::Primary,
            tables: Vec::new(),
            passwords: Vec::new(),
        }
    }

    async fn begin(&self, wish: TenantRecovery) -> TaskId {
        let accepted = restores::restore_tenant(&self.world.control, &self.world.actor, wish, None).await;
        accepted.expect("the recovery is accepted").task
    }

    /// Returns the first and the last recoverable SCN, and one right after the full set.
    async fn moments(&self) -> [u64; 3] {
        let (control, actor) = (&self.world.control, &self.world.actor);
        let windows = recovery_windows(control, actor, self.world.cluster, WindowFilter::default()).await;
        let timeline = &windows.expect("answers").tenants[0].timeline;
        let interval = timeline.intervals.first().expect("it can be recovered");
        [interval.from_scn, interval.until_scn, interval.from_scn + 60_000_000_000]
    }

    /// Returns a tenant of the simulated cluster.
    fn tenant(&self, name: &str) -> Option<Value> {
        let world = self.world.handle.world(0);
        let tenants = world["tenants"].as_object().expect("there are some").values();
        tenants.into_iter().find(|tenant| tenant["name"] == name).cloned()
    }

    /// Returns the names of the pools.
    fn pools(&self) -> Vec<String> {
        let world = self.world.handle.world(0);
        let pools = world["resources"]["pools"].as_array().expect("there are some").clone();
        pools.iter().map(|pool| pool["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The tenant exists, is NORMAL, and was restored once, to this SCN.
    fn assert_recovered(&self, scn: u64, role: &str, what: &str) {
        let tenant = self.tenant("shop_2").unwrap_or_else(|| panic!("{what}: it is not there"));
        assert_eq!(tenant["data_scn"], scn, "{what}");
        assert_eq!((&tenant["status"], &tenant["role"]), (&"NORMAL".into(), &role.into()), "{what}");
        assert_eq!(self.world.count_acts(RESTORE), 1, "{what}: {:?}", self.world.acts());
        let restores = self.world.handle.world(0)["four"]["restores"].clone();
        assert_eq!(restores.as_array().map(Vec::len), Some(1), "{what}");
    }

    async fn message(&self, task: TaskId) -> String {
        let stored = self.world.task(task).await;
        let note = stored.rows.iter().find_map(|row| row.note.clone()).expect("something failed");
        let text = words::text(note);
        format!("{} {}", text.message(Language::En), text.action(Language::En).unwrap_or_default())
    }

    /// Counts the statements that changed the cluster.
    fn changes(&self) -> usize {
        let acts = |entry: &sim::Entry| {
            let sql = entry.sql.to_uppercase();
            let is_act = ["ALTER ", "CREATE ", "DROP "].iter().any(|word| sql.starts_with(word));
            is_act && !sql.ends_with("PREVIEW")
        };
        self.world.handle.transcript().iter().filter(|entry| acts(entry)).count()
    }
}

#[tokio::test]
async fn every_version_recovers_to_a_moment_between_and_to_the_latest() {
    for profile in Profile::ALL.into_iter().filter(|profile| profile.is_tenant_level()) {
        let recovery = Recovery::new(profile).await;
        let [first, last, between] = recovery.moments().await;
        let between = between / 1_000 * 1_000; // times have microseconds
        let cases = [
            ("shop_2", RecoverUntil::Time(Timestamp::from_scn(between)), between..=between),
            ("shop_3", RecoverUntil::Scn(first), first..=first),
            // The storage reaches the state in the views a little later.
            ("shop_4", RecoverUntil::Latest, last - 60_000_000_000..=u64::MAX),
        ];
        for (number, (name, until, expected)) in cases.into_iter().enumerate() {
            let what = format!("{profile} {name}");
            let wish = TenantRecovery { tenant: name.into(), ..recovery.wish(until) };
            let task = recovery.begin(wish).await;
            recovery.world.finish(task).await;
            let tenant = recovery.tenant(name).unwrap_or_else(|| panic!("{what}: it is not there"));
            let data_scn = tenant["data_scn"].as_u64().expect("a moment");
            assert!(expected.contains(&data_scn), "{what}: {data_scn} {expected:?}");
            assert_eq!((&tenant["status"], &tenant["role"]), (&"NORMAL".into(), &"Primary".into()), "{what}");
            let pools = recovery.pools();
            assert_eq!(pools.len(), number + 2, "{what}: {pools:?}");
            assert!(pools[number + 1].starts_with("lifeboat_"), "{what}: {pools:?}");
            let metadata = recovery.world.control.metadata();
            let known = metadata.tenant_list(recovery.world.cluster).await.expect("answers");
            assert!(known.iter().any(|tenant| tenant.name == name), "{what}: {known:?}");
            let recorded = metadata.restore_get(task).await.expect("answers").expect("recorded");
            assert!(recorded.bytes > 0, "{what}: {recorded:?}");
            recovery.world.assert_clean(task).await;
        }
    }
}

#[tokio::test]
async fn one_restore_is_begun_on_4_0_whatever_step_crashes_or_repeats() {
    one_restore_is_begun_whatever_step_crashes_or_repeats(Profile::V4_0).await;
}

async fn one_restore_is_begun_whatever_step_crashes_or_repeats(profile: Profile) {
    for fault in testkit::faults::<RestoreTenant>() {
        let what = format!("{profile} {fault:?}");
        let recovery = Recovery::small(profile).await;
        let [_, _, between] = recovery.moments().await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(between))).await;
        let met = recovery.world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, Crash::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}: {}", recovery.world.story(task).await);
        if is_crash {
            recovery.world.finish(task).await;
        }
        recovery.assert_recovered(between, "Primary", &what);
        assert_eq!(recovery.pools().len(), 2, "{what}: {:?}", recovery.pools());
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_begins_no_second_restore() {
    for profile in [Profile::V4_0, Profile::V4_2_5, Profile::V4_6] {
        let recovery = Recovery::new(profile).await;
        let [_, _, between] = recovery.moments().await;
        recovery.world.handle.fault(&Fault {
            statement: Some(RESTORE.into()),
            times: Some(1),
            ..Fault::new(FaultName::ConnectionCut)
        });
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(between))).await;
        recovery.world.finish(task).await;
        let tenant = recovery.tenant("shop_2").expect("it is there");
        assert_eq!(tenant["data_scn"], between, "{profile}");
        let restores = recovery.world.handle.world(0)["four"]["restores"].clone();
        assert_eq!(restores.as_array().map(Vec::len), Some(1), "{profile}");
    }
}

async fn a_moment_that_can_not_be_recovered_to_is_refused_with_the_nearest_ones(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let [first, last, _] = recovery.moments().await;
    let world = &recovery.world;
    for (scn, why, nearest) in [
        (first - 1_000, "recovery-moment-before-sets", first),
        (last + 3_600_000_000_000, "recovery-moment-outside", last),
    ] {
        let before = recovery.changes();
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn))).await;
        assert_eq!(world.fail(task).await, ("check-recovery-source".to_owned(), why.to_owned()));
        let message = recovery.message(task).await;
        // The latest time advances with log backup, so only the minute is compared.
        let shown = crate::flows::recovery_source::shown(nearest);
        assert!(message.contains(&shown[..16]), "{message} {shown}");
        assert_eq!(recovery.changes(), before, "{:?}", world.acts());
    }
    // A gap: log backup is stopped, and later a full backup follows.
    world.say("ALTER SYSTEM NOARCHIVELOG TENANT = shop").await;
    world.handle.advance_seconds(600.0);
    let gap = u64::try_from(world.handle.now_us()).expect("after 1970") * 1_000;
    world.handle.advance_seconds(600.0);
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    world.handle.advance_seconds(600.0);
    let task = recovery.begin(recovery.wish(RecoverUntil::Scn(gap))).await;
    let expected = ("check-recovery-source".to_owned(), "recovery-moment-stopped".to_owned());
    assert_eq!(world.fail(task).await, expected);
    let message = recovery.message(task).await;
    assert!(message.contains(" / "), "the moments before and after: {message}");
}

async fn a_name_that_exists_is_refused_before_anything_changes(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let before = recovery.changes();
    let wish = TenantRecovery { tenant: "SHOP".into(), ..recovery.wish(RecoverUntil::Latest) };
    let task = recovery.begin(wish).await;
    let expected = ("check-destination".to_owned(), "recovery-tenant-exists".to_owned());
    assert_eq!(recovery.world.fail(task).await, expected);
    assert_eq!(recovery.changes(), before);
}

async fn a_target_without_enough_resources_names_what_is_short(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    recovery.world.say("CREATE RESOURCE UNIT large MAX_CPU 15, MEMORY_SIZE '4G'").await;
    let before = recovery.changes();
    let unit = |unit: &str, count| in_zone(UnitChoice::Named(unit.into()), count);
    for (resources, why) in [
        (unit("large", 1), "recovery-resources-short"),
        (unit("small", 2), "recovery-resources-short"),
        (unit("huge", 1), "recovery-unit-unknown"),
        (TargetResources::Pools(vec!["pool_shop".into()]), "recovery-pool-in-use"),
        (TargetResources::Pools(vec!["nobody".into()]), "recovery-pool-unknown"),
    ] {
        let wish = TenantRecovery { resources, ..recovery.wish(RecoverUntil::Latest) };
        let task = recovery.begin(wish).await;
        assert_eq!(recovery.world.fail(task).await, ("check-destination".to_owned(), why.to_owned()));
    }
    assert_eq!(recovery.changes(), before);
}

async fn a_storage_alone_is_enough(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let [_, _, between] = recovery.moments().await;
    recovery.world.say("DROP TENANT shop FORCE").await; // only the backups in the storage are left
    let owner = BackupOwner {
        cluster_name: "obcluster".into(),
        cluster_id: 1,
        tenant: recovery.shop,
        tenant_name: "shop".into(),
    };
    let source = RecoverySource::Storage {
        storage: Box::new(StorageChoice::Saved(recovery.world.storage)),
        owner,
        data_folder: None,
        log_folder: None,
    };
    let wish = TenantRecovery { source: source.clone(), ..recovery.wish(RecoverUntil::Scn(between)) };
    let task = recovery.begin(wish).await;
    recovery.world.finish(task).await;
    recovery.assert_recovered(between, "Primary", "a storage alone");
    let wish = TenantRecovery { source, tenant: "shop_3".into(), ..recovery.wish(RecoverUntil::Latest) };
    let task = recovery.begin(wish).await;
    recovery.world.finish(task).await;
    let tenant = recovery.tenant("shop_3").expect("it is there");
    assert!(tenant["data_scn"].as_u64().is_some_and(|scn| scn > between), "{tenant}");
}

async fn the_logs_of_another_tenant_are_refused_before_anything_changes(profile: Profile) {
    let world = SimWorld::with(profile, &["shop", "books"]).await;
    let recovery = Recovery::after(world, None, &[Full]).await;
    let before = recovery.changes();
    let [_, _, between] = recovery.moments().await;
    let owner = BackupOwner {
        cluster_name: "obcluster".into(),
        cluster_id: 1,
        tenant: recovery.shop,
        tenant_name: "shop".into(),
    };
    let tenants =
        recovery.world.control.metadata().tenant_list(recovery.world.cluster).await.expect("answers");
    let books = tenants.iter().find(|tenant| tenant.name == "books").expect("it is known").id;
    let source = RecoverySource::Storage {
        storage: Box::new(StorageChoice::Saved(recovery.world.storage)),
        owner,
        data_folder: None,
        log_folder: Some(format!("obcluster/1/{books}/clog")),
    };
    let task = recovery.begin(TenantRecovery { source, ..recovery.wish(RecoverUntil::Scn(between)) }).await;
    let expected = ("check-recovery-source".to_owned(), "database-not-supported".to_owned());
    assert_eq!(recovery.world.fail(task).await, expected);
    assert_eq!(recovery.changes(), before, "{:?}", recovery.world.acts());
}

async fn a_tenant_can_stay_a_standby(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let [_, _, between] = recovery.moments().await;
    let role = RecoveredRole::Standby;
    let wish = TenantRecovery { role, ..recovery.wish(RecoverUntil::Scn(between)) };
    let task = recovery.begin(wish).await;
    recovery.world.finish(task).await;
    recovery.assert_recovered(between, "Standby", "a standby");
    assert_eq!(recovery.world.count_acts("ALTER SYSTEM ACTIVATE"), 0);
}

async fn encrypted_backups_need_their_password(profile: Profile) {
    let recovery = Recovery::encrypted(profile, Some("hunter2")).await;
    let [_, _, between] = recovery.moments().await;
    let wish = |password: Option<&str>| TenantRecovery {
        passwords: password.map(Secret::new).into_iter().collect(),
        ..recovery.wish(RecoverUntil::Scn(between))
    };
    for (password, why) in
        [(None, "recovery-password-missing"), (Some("other"), "database-backup-password-wrong")]
    {
        let task = recovery.begin(wish(password)).await;
        let expected = ("check-recovery-source".to_owned(), why.to_owned());
        assert_eq!(recovery.world.fail(task).await, expected);
    }
    let task = recovery.begin(wish(Some("hunter2"))).await;
    recovery.world.finish(task).await;
    recovery.assert_recovered(between, "Primary", "encrypted");
    let shown = format!("{} {:?}", recovery.world.story(task).await, recovery.world.task(task).await);
    assert!(!shown.contains("hunter2"), "{shown}");
}

async fn a_plan_lists_the_statements_and_changes_nothing(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let (world, before) = (&recovery.world, recovery.changes());
    let [_, _, between] = recovery.moments().await;
    let wish = recovery.wish(RecoverUntil::Scn(between));
    let plan = restores::plan_tenant(&world.control, &world.actor, wish.clone()).await.expect("planned");
    let acts: Vec<&str> = plan
        .steps
        .iter()
        .flat_map(|step| &step.statements)
        .map(String::as_str)
        .filter(|sql| !sql.starts_with("SELECT") && !sql.starts_with("SHOW") && !sql.starts_with("SET"))
        .collect();
    assert_eq!(acts.len(), 4, "{acts:?}");
    assert!(acts[0].ends_with(&format!("UNTIL SCN = {between} PREVIEW")), "{acts:?}");
    assert!(acts[1].starts_with("CREATE RESOURCE POOL `lifeboat_"), "{acts:?}");
    assert!(acts[2].starts_with("ALTER SYSTEM RESTORE `shop_2` FROM 'file://"), "{acts:?}");
    assert!(acts[2].contains("&locality=F@zone1"), "{acts:?}");
    assert!(acts[3].starts_with("ALTER SYSTEM ACTIVATE STANDBY"), "{acts:?}");
    assert!(plan.steps.iter().flat_map(|step| &step.notes).any(|note| note.id == "plan-not-restored"));
    let items = restores::preview_tenant(&world.control, &world.actor, wish).await.expect("previewed");
    let kinds: Vec<&str> = items.iter().map(|item| item.kind.as_str()).collect();
    assert_eq!(kinds, ["BACKUP_SET", "BACKUP_PIECE"], "only the full set is as old: {items:?}");
    let refusal =
        restores::plan_tenant(&world.control, &world.actor, recovery.wish(RecoverUntil::Scn(1))).await;
    assert_eq!(refusal.expect_err("refused").problem().code, 20049);
    assert_eq!(recovery.changes(), before, "{:?}", world.acts());
}

async fn two_recoveries_into_one_name_are_one_too_many(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let world = &recovery.world;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    let wish = TenantRecovery { tenant: "Shop_2".into(), ..recovery.wish(RecoverUntil::Latest) };
    let second = restores::restore_tenant(&world.control, &world.actor, wish, None).await;
    assert_eq!(second.expect_err("refused").problem().code, 20043);
    world.finish(task).await;
}

async fn pools_that_are_there_are_used(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let [_, _, between] = recovery.moments().await;
    recovery.world.say("CREATE RESOURCE POOL mine UNIT 'small', UNIT_NUM 1").await;
    let resources = TargetResources::Pools(vec!["mine".into()]);
    let wish = TenantRecovery { resources, ..recovery.wish(RecoverUntil::Scn(between)) };
    let task = recovery.begin(wish).await;
    recovery.world.finish(task).await;
    recovery.assert_recovered(between, "Primary", "pools that are there");
    assert_eq!(recovery.pools(), ["pool_shop", "mine"]);
}

async fn a_stop_of_log_backup_is_a_gap_until_the_next_full_backup(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let world = &recovery.world;
    let [_, _, between] = recovery.moments().await;
    for statement in ["NOARCHIVELOG", "ARCHIVELOG"] {
        world.say(&format!("ALTER SYSTEM {statement} TENANT = shop")).await;
        world.handle.advance_seconds(600.0);
    }
    // The last piece of the first round would end long after this, and the logs continue; but no set is that old.
    let [_, last, _] = recovery.moments().await;
    let now = u64::try_from(world.handle.now_us()).expect("after 1970") * 1_000;
    assert!(last < now - 600_000_000_000, "{last} {now}");
    let task = recovery.begin(recovery.wish(RecoverUntil::Scn(now - 60_000_000_000))).await;
    let expected = ("check-recovery-source".to_owned(), "recovery-moment-stopped".to_owned());
    assert_eq!(world.fail(task).await, expected);
    for (name, until, scn) in
        [("shop_2", RecoverUntil::Scn(between), between), ("shop_3", RecoverUntil::Latest, last)]
    {
        let wish = TenantRecovery { tenant: name.into(), ..recovery.wish(until) };
        let task = recovery.begin(wish).await;
        world.finish(task).await;
        assert_eq!(recovery.tenant(name).expect("it is there")["data_scn"], scn, "{name}");
    }
    // A full backup ends the gap, and only the logs of the second round are read.
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    world.handle.advance_seconds(600.0);
    let wish = TenantRecovery { tenant: "shop_4".into(), ..recovery.wish(RecoverUntil::Latest) };
    let task = recovery.begin(wish).await;
    world.finish(task).await;
    assert!(recovery.tenant("shop_4").expect("it is there")["data_scn"].as_u64() > Some(now));
}

/// Returns whether the task waits for its restore.
fn waits(task: &engine::Task) -> bool {
    task.rows.iter().any(|row| row.step == "wait-for-restore" && row.status == StepStatus::Running)
}

/// Runs a task until it waits for its restore.
async fn run_into_wait(recovery: &Recovery, task: TaskId) {
    run_into_wait_in(&recovery.world, task).await;
}

async fn run_into_wait_in(world: &SimWorld, task: TaskId) {
    let met = world.run_until(task, None, waits).await;
    assert_eq!(met, None, "{}", world.story(task).await);
}

async fn roll_back(recovery: &Recovery, task: TaskId) -> TaskStatus {
    roll_back_in(&recovery.world, task).await
}

async fn roll_back_in(world: &SimWorld, task: TaskId) -> TaskStatus {
    world.steer(task, Steer::RollBack).await;
    match world.run(task, None).await {
        Ended::Finished(status) => status,
        Ended::Crashed => panic!("nothing crashes"),
    }
}
