//! Whatever crashes or repeats, each tenant is restored once, as many at a time as allowed, and only what failed is
//! retried or cleaned up.

use std::collections::BTreeMap;

use engine::{Fault as Crash, StepStatus, TaskStatus, testkit};
use metadata::Slice;
use metadata::tasks::TaskQuery;
use model::Secret;
use model::backup::DataBackupMode::Full;
use model::id::{ClusterId, TaskId, TenantId};
use model::order::{ClusterRecovery, RecoverUntil, RecoveredRole, TenantWish};
use model::physical::resources::{ReplicaType, TargetResources, ZoneUnits};
use model::physical::unit::{UnitChoice, UnitSize};
use serde_json::Value;
use sim::{ClusterConfig, Profile};

use super::{Lane, RestoreCluster};
use crate::error::Error;
use crate::flows::restore_tenant::RestoreTenant;
use crate::recovery_windows::{WindowFilter, recovery_windows};
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::SimWorld;
use crate::{backups, restores};

mod elsewhere;
mod ends;
mod faults;

/// The versions on which the whole story runs.
const VERSIONS: [Profile; 3] = [Profile::V3_2_4, Profile::V4_2_5, Profile::V4_6];

/// The tenants of the source.
const TENANTS: [&str; 3] = ["books", "games", "shop"];

/// A world with three tenants that were backed up.
struct Recovery {
    world: SimWorld,
}

impl Recovery {
    /// `games` is the smallest, so it starts last.
    async fn new(profile: Profile) -> Self {
        let change = |cluster: &mut ClusterConfig| cluster.tenants[1].data_mib = 64;
        Self::of(SimWorld::changed(profile, &TENANTS, change).await, None).await
    }

    /// Tenants so large that their restores take some minutes.
    async fn large(profile: Profile) -> Self {
        Self::sized(profile, 20_000, None).await
    }

    async fn sized(profile: Profile, data_mib: u64, password: Option<&str>) -> Self {
        let change = |cluster: &mut ClusterConfig| {
            for tenant in &mut cluster.tenants {
                tenant.data_mib = data_mib;
            }
        };
        Self::of(SimWorld::changed(profile, &TENANTS, change).await, password).await
    }

    async fn of(world: SimWorld, password: Option<&str>) -> Self {
        let wish = backups::BackupNow { encryption: password.map(Secret::new), ..world.wish(Full) };
        let task = world.begin(wish).await;
        world.finish(task).await;
        world.handle.advance_seconds(900.0);
        Self { world }
    }

    fn wish(&self, until: RecoverUntil) -> ClusterRecovery {
        ClusterRecovery {
            source: self.world.cluster,
            tenants: Vec::new(),
            until,
            cluster: self.world.cluster,
            suffix: "_r".into(),
            zones: BTreeMap::new(),
            wishes: BTreeMap::new(),
            parallel: 2,
            role: RecoveredRole::Primary,
            passwords: Vec::new(),
        }
    }

    async fn try_begin(&self, wish: ClusterRecovery) -> Result<TaskId, Error> {
        let accepted = restores::restore_cluster(&self.world.control, &self.world.actor, wish, None).await;
        accepted.map(|accepted| accepted.task)
    }

    async fn begin(&self, wish: ClusterRecovery) -> TaskId {
        self.try_begin(wish).await.expect("the recovery is accepted")
    }

    /// Returns the problem of a plan.
    async fn refused_plan(&self, wish: ClusterRecovery) -> String {
        let plan = restores::plan_cluster(&self.world.control, &self.world.actor, wish).await;
        plan.expect_err("refused").problem().text.id.clone()
    }

    async fn tenant_id(&self, name: &str) -> TenantId {
        let tenants = self.world.control.metadata().tenant_list(self.world.cluster).await.expect("answers");
        tenants.iter().find(|tenant| tenant.name == name).expect("it is known").id
    }

    /// Returns a moment that every tenant can be recovered to.
    async fn moment(&self) -> u64 {
        let (control, actor) = (&self.world.control, &self.world.actor);
        let windows = recovery_windows(control, actor, self.world.cluster, WindowFilter::default()).await;
        let first = |window: &crate::recovery_windows::TenantWindow| {
            window.timeline.intervals.first().expect("it can be recovered").from_scn
        };
        let first = windows.expect("answers").tenants.iter().map(first).max().expect("there are tenants");
        // Nanoseconds, before 4.0 microseconds.
        let minute = if first > 1_000_000_000_000_000_000 { 60_000_000_000 } else { 60_000_000 };
        (first + minute) / 1_000 * 1_000
    }

    /// Returns the recoveries of tenants, oldest first.
    async fn children(&self) -> Vec<engine::Task> {
        let kinds = vec![<RestoreTenant as engine::Flow>::KIND.to_owned()];
        let query = TaskQuery { kinds, oldest_first: true, ..TaskQuery::default() };
        let all = Slice { offset: 0, limit: 100 };
        self.world.control.metadata().task_list(&query, all).await.expect("answers").items
    }

    /// Returns the number of recoveries of tenants that are not finished.
    async fn running(&self) -> usize {
        self.children().await.iter().filter(|child| !child.status.is_finished()).count()
    }

    async fn lane(&self, task: TaskId, name: &str) -> Lane {
        let stored = self.world.task(task).await;
        let lane = stored.lanes.iter().find(|lane| lane.key == name).expect("a lane");
        serde_json::from_value(lane.state.clone()).expect("its state")
    }

    async fn child(&self, task: TaskId, name: &str) -> TaskId {
        TaskId(self.lane(task, name).await.child.expect("it has a task"))
    }

    /// Returns a tenant of the simulated cluster.
    fn tenant(&self, name: &str) -> Option<Value> {
        tenant_in(&self.world.handle, name)
    }

    /// Returns the names of the pools and unit specifications that Lifeboat created.
    fn made(&self) -> Vec<String> {
        made_in(&self.world.handle)
    }

    /// Every tenant exists, is NORMAL and was restored once, to this SCN.
    async fn assert_recovered(&self, names: &[&str], scn: u64, what: &str) {
        for name in names {
            let tenant = self.tenant(name).unwrap_or_else(|| panic!("{what}: {name} is not there"));
            assert_eq!((&tenant["data_scn"], &tenant["status"]), (&scn.into(), &"NORMAL".into()), "{what}");
            let begun = self.world.count_acts(&format!("ALTER SYSTEM RESTORE `{name}`"));
            assert_eq!(begun, 1, "{what}: {:?}", self.world.acts());
        }
    }

    /// Starts a recovery, and lets another user take the name of `games_r` before its turn.
    async fn begin_with_taken_name(&self, wish: ClusterRecovery) -> TaskId {
        let task = self.begin(wish).await;
        let has_begun = |stored: &engine::Task| stored.lanes.iter().any(|lane| lane.state["child"].is_i64());
        assert_eq!(self.world.run_until(task, None, has_begun).await, None);
        assert!(self.lane(task, "games_r").await.child.is_none(), "{}", self.world.story(task).await);
        self.world.say("CREATE RESOURCE UNIT theirs MAX_CPU 1, MEMORY_SIZE '2G'").await;
        self.world.say("CREATE RESOURCE POOL theirs UNIT = 'theirs', UNIT_NUM = 1").await;
        self.world.say("CREATE TENANT games_r RESOURCE_POOL_LIST = ('theirs')").await;
        task
    }
}

fn tenant_in(handle: &sim::Handle, name: &str) -> Option<Value> {
    let world = handle.world(0);
    let tenants = world["tenants"].as_object().expect("there are some").values();
    tenants.into_iter().find(|tenant| tenant["name"] == name).cloned()
}

fn made_in(handle: &sim::Handle) -> Vec<String> {
    let resources = handle.world(0)["resources"].clone();
    let all = ["pools", "units"]
        .into_iter()
        .flat_map(|kind| resources[kind].as_array().cloned().unwrap_or_default());
    let names = all.map(|one| one["name"].as_str().expect("a name").to_owned());
    names.filter(|name| name.starts_with("lifeboat_")).collect()
}

#[tokio::test]
async fn every_version_recovers_all_tenants_to_one_moment() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let scn = recovery.moment().await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn_of(profile, scn)))).await;
        recovery.world.finish(task).await;
        let names = ["books_r", "games_r", "shop_r"];
        recovery.assert_recovered(&names, scn, &profile.to_string()).await;
        let children = recovery.children().await;
        assert_eq!(children.len(), 3, "{profile}");
        for child in &children {
            assert_eq!(child.creator, "admin", "{profile}");
            assert_eq!(child.subject["parent"], task.to_string(), "{profile}");
            assert_eq!(child.subject["parent-lane"], child.subject["tenant-name"], "{profile}");
        }
        // The units of the source are in the same cluster, so none is created.
        assert_eq!(recovery.made().len(), 3, "{profile}: {:?}", recovery.made());
        let lane = recovery.lane(task, "shop_r").await;
        assert!(lane.tenant.is_some() && lane.restored_scn == scn, "{profile}: {lane:?}");
        recovery.world.assert_clean(task).await;
    }
}

/// Orders count nanoseconds.
fn scn_of(profile: Profile, scn: u64) -> u64 {
    if profile.is_tenant_level() { scn } else { scn * 1_000 }
}

#[tokio::test]
async fn each_tenant_can_be_recovered_to_its_latest_time_with_its_own_name_and_resources() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let memory = if profile.is_tenant_level() { "MEMORY_SIZE" } else { "MAX_MEMORY" };
        recovery.world.say(&format!("CREATE RESOURCE UNIT small MAX_CPU 1, {memory} '2G'")).await;
        let games = recovery.tenant_id("games").await;
        let zone = ZoneUnits {
            zone: "zone1".into(),
            replica: ReplicaType::Full,
            replicas: Vec::new(),
            unit: UnitChoice::Named("small".into()),
            count: 1,
        };
        let wish = TenantWish {
            name: Some("toys".into()),
            resources: Some(TargetResources::Zones(vec![zone])),
            primary_zone: None,
        };
        let tenants = vec![games, recovery.tenant_id("shop").await];
        let wish = ClusterRecovery {
            tenants,
            wishes: [(games, wish)].into(),
            ..recovery.wish(RecoverUntil::Latest)
        };
        let task = recovery.begin(wish).await;
        recovery.world.finish(task).await;
        assert!(recovery.tenant("books_r").is_none() && recovery.tenant("games_r").is_none());
        assert!(recovery.tenant("shop_r").is_some() && recovery.tenant("toys").is_some(), "{profile}");
        let story = recovery.world.story(task).await;
        assert!(story.contains("cluster-recovery-units-ordered"), "{profile}: {story}");
    }
}

#[tokio::test]
async fn a_tenant_can_get_units_of_a_new_size() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let games = recovery.tenant_id("games").await;
        let size = UnitSize { cpu_hundredths: 150, memory_bytes: 3 << 30, log_disk_bytes: None };
        let zone = ZoneUnits {
            zone: "zone1".into(),
            replica: ReplicaType::Full,
            replicas: Vec::new(),
            unit: UnitChoice::New(size),
            count: 1,
        };
        let resources = Some(TargetResources::Zones(vec![zone]));
        let wishes = [(games, TenantWish { resources, ..TenantWish::default() })].into();
        let wish = ClusterRecovery { wishes, ..recovery.wish(RecoverUntil::Latest) };
        let (control, actor) = (&recovery.world.control, &recovery.world.actor);
        let plan = restores::plan_cluster(control, actor, wish.clone()).await.expect("it is possible");
        let planned = plan.tenants.iter().find(|tenant| tenant.tenant == games).expect("it is planned");
        let units = &planned.units[0];
        assert_eq!((&units.unit, units.size.cpu_hundredths), (&None, 150), "{profile}");
        let task = recovery.begin(wish).await;
        recovery.world.finish(task).await;
        let units: Vec<_> = recovery.made().into_iter().filter(|name| name.contains("_unit_")).collect();
        // The task of the cluster creates it, and those of the tenants use it.
        assert_eq!(units.len(), 1, "{profile}: {units:?}");
        assert!(units[0].ends_with(&format!("_{task}_unit_1")), "{profile}: {units:?}");
        assert!(recovery.tenant("games_r").is_some(), "{profile}");
    }
}

#[tokio::test]
async fn one_task_per_tenant_is_created_on_3_2_4_whatever_step_crashes_or_repeats() {
    one_task_per_tenant_is_created_whatever_step_crashes_or_repeats(Profile::V3_2_4).await;
}

#[tokio::test]
async fn one_task_per_tenant_is_created_on_4_2_5_whatever_step_crashes_or_repeats() {
    one_task_per_tenant_is_created_whatever_step_crashes_or_repeats(Profile::V4_2_5).await;
}

#[tokio::test]
async fn one_task_per_tenant_is_created_on_4_6_0_whatever_step_crashes_or_repeats() {
    one_task_per_tenant_is_created_whatever_step_crashes_or_repeats(Profile::V4_6).await;
}

async fn one_task_per_tenant_is_created_whatever_step_crashes_or_repeats(profile: Profile) {
    for fault in testkit::faults::<RestoreCluster>() {
        let what = format!("{profile} {fault:?}");
        let recovery = Recovery::new(profile).await;
        let scn = recovery.moment().await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn_of(profile, scn)))).await;
        let met = recovery.world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, Crash::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}: {}", recovery.world.story(task).await);
        if is_crash {
            recovery.world.finish(task).await;
        }
        recovery.assert_recovered(&["books_r", "games_r", "shop_r"], scn, &what).await;
        assert_eq!(recovery.children().await.len(), 3, "{what}");
        assert_eq!(recovery.made().len(), 3, "{what}: {:?}", recovery.made());
    }
}

#[tokio::test]
async fn no_more_tenants_are_restored_at_the_same_time_than_allowed() {
    for (profile, parallel) in [(Profile::V4_2_5, 1), (Profile::V4_6, 2), (Profile::V3_2_4, 2)] {
        let recovery = Recovery::large(profile).await;
        let wish = ClusterRecovery { parallel, ..recovery.wish(RecoverUntil::Latest) };
        let task = recovery.begin(wish).await;
        let mut most = 0;
        for _ in 0..2_000 {
            let ended = recovery.world.run_until(task, None, |_| true).await;
            most = most.max(recovery.running().await);
            assert!(most <= parallel as usize, "{profile}: {most} at the same time");
            if ended.is_some() {
                break;
            }
            recovery.pass().await;
        }
        let status = recovery.world.task(task).await.status;
        assert_eq!(status, TaskStatus::Successful, "{}", recovery.world.story(task).await);
        assert_eq!(most, parallel as usize, "{profile}: the limit was used");
        let story = recovery.world.story(task).await;
        assert!(story.contains("cluster-recovery-done"), "{profile}: {story}");
    }
}

#[tokio::test]
async fn only_the_tenant_that_failed_is_retried() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let scn = recovery.moment().await;
        let wish = recovery.wish(RecoverUntil::Scn(scn_of(profile, scn)));
        let task = recovery.begin_with_taken_name(wish).await;
        let ended = recovery.world.run(task, None).await;
        let story = recovery.world.story(task).await;
        assert_eq!(ended, Ended::Finished(TaskStatus::Failed), "{profile}: {story}");
        recovery.assert_recovered(&["books_r", "shop_r"], scn, &profile.to_string()).await;
        let child = recovery.child(task, "games_r").await;
        let stored = recovery.world.task(task).await;
        let failed: Vec<_> = stored.rows.iter().filter(|row| row.status == StepStatus::Failed).collect();
        assert_eq!(failed.len(), 1, "{profile}: {story}");
        assert_eq!((failed[0].step.as_str(), failed[0].lane.as_str()), ("wait-for-recovery", "games_r"));
        // The lane has the problem of its task.
        assert_eq!(failed[0].note, recovery.world.task(child).await.note, "{profile}");
        assert!(story.contains(&format!("cluster-recovery-failed task={child}")), "{profile}: {story}");

        recovery.world.say("DROP TENANT games_r FORCE").await;
        let subtask = model::id::SubtaskId(i64::from(failed[0].number.0) + 1);
        recovery.world.steer(task, Steer::RetrySubtask(subtask)).await;
        recovery.world.finish(task).await;
        assert_eq!(recovery.child(task, "games_r").await, child, "{profile}: the same task was retried");
        assert_eq!(recovery.children().await.len(), 3, "{profile}");
        assert_eq!(recovery.tenant("games_r").expect("it is there")["data_scn"], scn, "{profile}");
        for name in ["books_r", "shop_r"] {
            let begun = recovery.world.count_acts(&format!("ALTER SYSTEM RESTORE `{name}`"));
            assert_eq!(begun, 1, "{profile}: {:?}", recovery.world.acts());
        }
    }
}

impl Recovery {
    /// Lets a poll's time pass.
    async fn pass(&self) {
        let time = std::time::Duration::from_secs(3);
        testkit::Timed::pass(self.world.control.metadata(), time).await.expect("the clock moves");
        self.world.handle.advance_seconds(time.as_secs_f64());
    }
}
