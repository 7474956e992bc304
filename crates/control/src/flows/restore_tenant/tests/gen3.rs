//! The same recovery before 4.0: no preview and no description, one directory for all backups of a cluster, a parameter
//! that allows restores, and a restore that ends when its tenant is dropped.

use engine::{Fault as Crash, TaskStatus, testkit};
use model::Secret;
use model::backup::DataBackupMode::{self, Full, Incremental};
use model::id::{TaskId, TenantId};
use model::order::{BackupOwner, RecoverUntil, RecoveredRole, RecoverySource, TenantRecovery};
use model::physical::resources::TargetResources;
use model::physical::unit::UnitChoice;
use model::time::Timestamp;
use serde_json::Value;
use sim::{Fault, FaultName, Profile};

use super::{RestoreTenant, in_zone, roll_back_in, run_into_wait_in};
use crate::recovery_windows::{WindowFilter, recovery_windows};
use crate::storages::StorageChoice;
use crate::testing::Ended;
use crate::testing::simulated::SimWorld;
use crate::{backups, restores};

mod only_tables;

/// All versions before 4.0 that are simulated.
const VERSIONS: [Profile; 3] = [Profile::V2_2_77, Profile::V3_1_5, Profile::V3_2_4];

/// The beginning of the statement that starts a restore.
const RESTORE: &str = "ALTER SYSTEM RESTORE `";

struct Recovery {
    world: SimWorld,
    shop: TenantId,
}

impl Recovery {
    async fn new(profile: Profile) -> Self {
        Self::of(SimWorld::with(profile, &["shop"]).await, None, &[Full, Incremental]).await
    }

    /// One full backup, for tests that create many worlds.
    async fn small(profile: Profile) -> Self {
        Self::of(SimWorld::with(profile, &["shop"]).await, None, &[Full]).await
    }

    async fn large(profile: Profile) -> Self {
        let change = |cluster: &mut sim::ClusterConfig| cluster.tenants[0].data_mib = 40_000;
        Self::of(SimWorld::changed(profile, &["shop"], change).await, None, &[Full]).await
    }

    async fn of(world: SimWorld, password: Option<&str>, modes: &[DataBackupMode]) -> Self {
        for &mode in modes {
            let wish = backups::BackupNow { encryption: password.map(Secret::new), ..world.wish(mode) };
            let task = world.begin(wish).await;
            world.finish(task).await;
            world.handle.advance_seconds(900.0);
        }
        world.say("CREATE RESOURCE UNIT small MAX_CPU 1, MAX_MEMORY '2G'").await;
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

    /// Returns the first and the last recoverable time, and one between the sets; in microseconds.
    async fn moments(&self) -> [u64; 3] {
        let (control, actor) = (&self.world.control, &self.world.actor);
        let windows = recovery_windows(control, actor, self.world.cluster, WindowFilter::default()).await;
        let timeline = &windows.expect("answers").tenants[0].timeline;
        let interval = timeline.intervals.first().expect("it can be recovered");
        [interval.from_scn, interval.until_scn, interval.from_scn + 60_000_123]
    }

    fn tenant(&self, name: &str) -> Option<Value> {
        let world = self.world.handle.world(0);
        let tenants = world["tenants"].as_object().expect("there are some").values();
        tenants.into_iter().find(|tenant| tenant["name"] == name).cloned()
    }

    fn pools(&self) -> Vec<String> {
        let world = self.world.handle.world(0);
        let pools = world["resources"]["pools"].as_array().expect("there are some").clone();
        pools.iter().map(|pool| pool["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The tenant exists, is NORMAL, and was restored once, to this time.
    fn assert_recovered(&self, micros: u64, what: &str) {
        let tenant = self.tenant("shop_2").unwrap_or_else(|| panic!("{what}: it is not there"));
        assert_eq!((&tenant["data_scn"], &tenant["status"]), (&micros.into(), &"NORMAL".into()), "{what}");
        let restores = self.world.handle.world(0)["three"]["restores"].clone();
        assert_eq!(restores.as_array().map(Vec::len), Some(1), "{what}: {:?}", self.world.acts());
    }

    /// Counts the statements that changed the cluster.
    fn changes(&self) -> usize {
        let is_act = |entry: &sim::Entry| {
            let sql = entry.sql.to_uppercase();
            ["ALTER ", "CREATE ", "DROP "].iter().any(|word| sql.starts_with(word))
        };
        self.world.handle.transcript().iter().filter(|entry| is_act(entry)).count()
    }
}

#[tokio::test]
async fn every_version_before_4_0_recovers_to_a_moment_between_and_to_the_latest() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let [first, last, between] = recovery.moments().await;
        let time = i64::try_from(between).expect("a moment");
        let cases = [
            ("shop_2", RecoverUntil::Time(Timestamp(time)), between..=between),
            ("shop_3", RecoverUntil::Scn(first), first..=first),
            ("shop_4", RecoverUntil::Set(1), first..=first),
            ("shop_5", RecoverUntil::Latest, last..=u64::MAX),
        ];
        for (number, (name, until, expected)) in cases.into_iter().enumerate() {
            let what = format!("{profile} {name}");
            let wish = TenantRecovery { tenant: name.into(), ..recovery.wish(until) };
            let task = recovery.begin(wish).await;
            recovery.world.finish(task).await;
            let tenant = recovery.tenant(name).unwrap_or_else(|| panic!("{what}: it is not there"));
            let data_scn = tenant["data_scn"].as_u64().expect("a moment");
            assert!(expected.contains(&data_scn), "{what}: {data_scn} {expected:?}");
            assert_eq!(tenant["status"], "NORMAL", "{what}");
            let pools = recovery.pools();
            assert_eq!(pools.len(), number + 2, "{what}: {pools:?}");
            let metadata = recovery.world.control.metadata();
            let known = metadata.tenant_list(recovery.world.cluster).await.expect("answers");
            assert!(known.iter().any(|tenant| tenant.name == name), "{what}: {known:?}");
            let recorded = metadata.restore_get(task).await.expect("answers").expect("recorded");
            assert!(recorded.bytes > 0, "{what}: {recorded:?}");
            recovery.world.assert_clean(task).await;
        }
        let allowed = recovery.world.count_acts("ALTER SYSTEM SET restore_concurrency");
        assert_eq!(allowed, 1, "{profile}: {:?}", recovery.world.acts());
    }
}

#[tokio::test]
async fn one_restore_is_begun_before_4_0_whatever_step_crashes_or_repeats() {
    for fault in testkit::faults::<RestoreTenant>() {
        let recovery = Recovery::small(Profile::V3_1_5).await;
        let what = format!("{fault:?}");
        let [_, _, between] = recovery.moments().await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(between))).await;
        let met = recovery.world.run(task, Some(fault)).await;
        if met == Ended::Crashed {
            recovery.world.finish(task).await;
        }
        recovery.assert_recovered(between, &what);
        assert_eq!(recovery.pools().len(), 2, "{what}: {:?}", recovery.pools());
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_begins_no_second_restore_before_4_0() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let [_, _, between] = recovery.moments().await;
        recovery.world.handle.fault(&Fault {
            statement: Some(RESTORE.into()),
            times: Some(1),
            ..Fault::new(FaultName::ConnectionCut)
        });
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(between))).await;
        recovery.world.finish(task).await;
        recovery.assert_recovered(between, &profile.to_string());
    }
}

#[tokio::test]
async fn a_moment_that_can_not_be_recovered_to_is_refused_before_4_0_too() {
    let recovery = Recovery::new(Profile::V3_2_4).await;
    let [first, last, _] = recovery.moments().await;
    let before = recovery.changes();
    for (until, why) in [
        (RecoverUntil::Scn(first - 1), "recovery-moment-before-sets"),
        (RecoverUntil::Scn(last + 3_600_000_000), "recovery-moment-outside"),
        (RecoverUntil::Set(9), "recovery-set-unknown"),
    ] {
        let task = recovery.begin(recovery.wish(until)).await;
        let expected = ("check-recovery-source".to_owned(), why.to_owned());
        assert_eq!(recovery.world.fail(task).await, expected);
    }
    for (wish, why) in [
        (
            TenantRecovery { tenant: "SHOP".into(), ..recovery.wish(RecoverUntil::Latest) },
            "recovery-tenant-exists",
        ),
        (
            TenantRecovery { role: RecoveredRole::Standby, ..recovery.wish(RecoverUntil::Latest) },
            "recovery-standby-unknown",
        ),
        (
            TenantRecovery {
                resources: TargetResources::Pools(vec!["pool_shop".into()]),
                ..recovery.wish(RecoverUntil::Latest)
            },
            "recovery-pool-in-use",
        ),
    ] {
        let task = recovery.begin(wish).await;
        assert_eq!(recovery.world.fail(task).await, ("check-destination".to_owned(), why.to_owned()));
    }
    assert_eq!(recovery.changes(), before, "{:?}", recovery.world.acts());
}

#[tokio::test]
async fn a_storage_alone_is_enough_before_4_0_where_moment_and_name_are_given() {
    for profile in [Profile::V2_2_77, Profile::V3_2_4] {
        let recovery = Recovery::new(profile).await;
        let [_, _, between] = recovery.moments().await;
        recovery.world.say("DROP TENANT shop FORCE").await;
        let owner = |name: &str| BackupOwner {
            cluster_name: "obcluster".into(),
            cluster_id: 1,
            tenant: recovery.shop,
            tenant_name: name.into(),
        };
        let source = |name: &str| RecoverySource::Storage {
            storage: Box::new(StorageChoice::Saved(recovery.world.storage)),
            owner: owner(name),
            data_folder: None,
            log_folder: None,
        };
        for (name, until, why) in [
            ("shop", RecoverUntil::Latest, "recovery-moment-needed"),
            ("shop", RecoverUntil::Set(1), "recovery-set-needs-cluster"),
            ("", RecoverUntil::Scn(between), "recovery-old-name-needed"),
        ] {
            let wish = TenantRecovery { source: source(name), ..recovery.wish(until) };
            let refusal =
                restores::restore_tenant(&recovery.world.control, &recovery.world.actor, wish, None).await;
            assert_eq!(refusal.expect_err("refused").problem().text.id, why, "{profile}");
        }
        let wish = TenantRecovery { source: source("shop"), ..recovery.wish(RecoverUntil::Scn(between)) };
        let task = recovery.begin(wish).await;
        recovery.world.finish(task).await;
        recovery.assert_recovered(between, &profile.to_string());
    }
}

#[tokio::test]
async fn a_plan_before_4_0_tells_the_statements_and_changes_nothing() {
    let recovery = Recovery::new(Profile::V3_1_5).await;
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
    let [pool, allow, restore] = acts[..] else { panic!("{acts:?}") };
    assert!(pool.starts_with("CREATE RESOURCE POOL `lifeboat_"), "{acts:?}");
    assert_eq!(allow, "ALTER SYSTEM SET restore_concurrency = 10");
    let start = "ALTER SYSTEM RESTORE `shop_2` FROM `shop` AT 'file://";
    assert!(restore.starts_with(start) && restore.contains("backup_cluster_id=1&pool_list="), "{acts:?}");
    assert!(plan.steps.iter().flat_map(|step| &step.notes).any(|note| note.id == "plan-not-restored-gen3"));
    let items = restores::preview_tenant(&world.control, &world.actor, wish).await.expect("previewed");
    let kinds: Vec<_> = items.iter().map(|item| (item.kind.as_str(), item.id)).collect();
    assert_eq!(kinds, [("BACKUP_SET", 1)], "only the full set is as old: {items:?}");
    assert_eq!(recovery.changes(), before, "{:?}", world.acts());
}

#[tokio::test]
async fn encrypted_backups_before_4_0_need_their_password() {
    let world = SimWorld::with(Profile::V3_2_4, &["shop"]).await;
    let recovery = Recovery::of(world, Some("hunter2"), &[Full]).await;
    let [_, _, between] = recovery.moments().await;
    let wish = |password: Option<&str>| TenantRecovery {
        passwords: password.map(Secret::new).into_iter().collect(),
        ..recovery.wish(RecoverUntil::Scn(between))
    };
    for (password, step, why) in [
        (None, "check-recovery-source", "recovery-password-missing"),
        (Some("other"), "start-restore", "database-backup-password-wrong"), // there is no preview
    ] {
        let task = recovery.begin(wish(password)).await;
        assert_eq!(recovery.world.fail(task).await, (step.to_owned(), why.to_owned()));
        if step == "start-restore" {
            roll_back_in(&recovery.world, task).await; // the pools exist
        }
    }
    let task = recovery.begin(wish(Some("hunter2"))).await;
    recovery.world.finish(task).await;
    recovery.assert_recovered(between, "encrypted");
    assert_eq!(recovery.pools().len(), 2, "what failed left no pool: {:?}", recovery.pools());
    let shown = format!("{} {:?}", recovery.world.story(task).await, recovery.world.task(task).await);
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_failed_restore_before_4_0_is_cleaned_up_by_dropping_its_tenant() {
    for profile in VERSIONS {
        let recovery = Recovery::large(profile).await;
        let before = recovery.pools();
        let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
        run_into_wait_in(&recovery.world, task).await;
        recovery.world.fault(FaultName::DestinationUnreachable, None);
        let expected = ("wait-for-restore".to_owned(), "restore-job-failed".to_owned());
        assert_eq!(recovery.world.fail(task).await, expected, "{profile}");
        recovery.world.handle.clear_faults(None);
        assert_eq!(recovery.tenant("shop_2").expect("half of it is there")["status"], "RESTORE");
        assert_eq!(roll_back_in(&recovery.world, task).await, TaskStatus::RolledBack, "{profile}");
        assert_eq!((recovery.tenant("shop_2"), recovery.pools()), (None, before), "{profile}");
        assert!(recovery.tenant("shop").is_some(), "{profile}");
        assert_eq!(recovery.world.count_acts("ALTER SYSTEM CANCEL"), 0, "{profile}");
    }
}

#[tokio::test]
async fn a_running_restore_before_4_0_is_ended_by_the_roll_back_and_a_complete_tenant_stays() {
    let recovery = Recovery::large(Profile::V3_1_5).await;
    let before = recovery.pools();
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    run_into_wait_in(&recovery.world, task).await;
    recovery.world.steer(task, crate::tasks::Steer::Cancel).await;
    assert_eq!(recovery.world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(roll_back_in(&recovery.world, task).await, TaskStatus::RolledBack);
    assert_eq!((recovery.tenant("shop_2"), recovery.pools()), (None, before));
    // A complete tenant is never dropped.
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    assert_eq!(recovery.world.run(task, Some(Crash::CrashBefore("activate-tenant"))).await, Ended::Crashed);
    recovery.world.steer(task, crate::tasks::Steer::Cancel).await;
    assert_eq!(recovery.world.run(task, None).await, Ended::Finished(TaskStatus::Failed));
    assert_eq!(roll_back_in(&recovery.world, task).await, TaskStatus::Failed);
    assert_eq!(recovery.tenant("shop_2").expect("it stays")["status"], "NORMAL");
}
