//! Units of a new size: one specification per size is created, whatever crashes, and a clean-up drops what the task created.

use engine::{Fault as Crash, TaskStatus, testkit};
use model::backup::DataBackupMode::Full;
use model::id::TaskId;
use model::order::{RecoverUntil, TenantRecovery};
use model::physical::resources::{TargetResources, ZoneUnits};
use model::physical::unit::{UnitChoice, UnitSize};
use model::text::Language;
use serde_json::Value;
use sim::{Fault, FaultName, Profile};

use super::clean_up::failed;
use super::{Recovery, RestoreTenant, in_zone, roll_back};
use crate::restores;
use crate::testing::Ended;
use crate::testing::simulated::SimWorld;

/// The versions on which the whole story runs.
const VERSIONS: [Profile; 3] = [Profile::V3_2_4, Profile::V4_2_5, Profile::V4_6];

const GB: u64 = 1 << 30;

/// Returns a size with a log disk where there is one.
fn size(profile: Profile, cpus: u64, memory: u64, log_disk: u64) -> UnitChoice {
    UnitChoice::New(UnitSize {
        cpu_hundredths: cpus * 100,
        memory_bytes: memory * GB,
        log_disk_bytes: profile.is_tenant_level().then_some(log_disk * GB),
    })
}

impl Recovery {
    async fn in_zones(profile: Profile, zones: u32) -> Self {
        let change = |cluster: &mut sim::ClusterConfig| cluster.zones = zones;
        Self::after(SimWorld::changed(profile, &["shop"], change).await, None, &[Full]).await
    }

    fn with(&self, resources: TargetResources) -> TenantRecovery {
        TenantRecovery { resources, ..self.wish(RecoverUntil::Latest) }
    }

    fn resources(&self, kind: &str) -> Vec<Value> {
        self.world.handle.world(0)["resources"][kind].as_array().expect("there are some").clone()
    }

    /// Returns the names of the unit specifications that Lifeboat created.
    fn made_units(&self) -> Vec<String> {
        let names = self.resources("units").into_iter().map(|unit| name_of(&unit));
        names.filter(|name| name.starts_with("lifeboat_")).collect()
    }

    /// Returns the unit specification of a pool.
    fn unit_of(&self, pool: &Value) -> Value {
        let found = self.resources("units").into_iter().find(|unit| unit["id"] == pool["unit"]);
        found.expect("a pool has units")
    }
}

fn name_of(thing: &Value) -> String {
    thing["name"].as_str().expect("a name").to_owned()
}

#[tokio::test]
async fn each_zone_gets_an_existing_specification_or_a_new_one_and_the_plan_shows_it() {
    for profile in VERSIONS {
        let recovery = Recovery::in_zones(profile, 3).await;
        let (world, before) = (&recovery.world, recovery.changes());
        let zone = |name: &str, unit| match in_zone(unit, 1) {
            TargetResources::Zones(zones) => ZoneUnits { zone: name.into(), ..zones[0].clone() },
            TargetResources::Pools(_) => panic!("units were requested"),
        };
        let new = || size(profile, 3, 5, 20);
        let zones = vec![
            zone("zone1", UnitChoice::Named("small".into())),
            zone("zone2", new()),
            zone("zone3", new()),
        ];
        let wish = recovery.with(TargetResources::Zones(zones));
        let plan = restores::plan_tenant(&world.control, &world.actor, wish.clone()).await.expect("planned");
        let creates = plan.steps.iter().find(|step| step.step == "create-resource-pools").expect("a step");
        assert_eq!(creates.statements.len(), 4, "{profile}: {:?}", creates.statements);
        let unit = &creates.statements[0];
        assert!(unit.starts_with("CREATE RESOURCE UNIT `lifeboat_…_unit_1` "), "{profile}: {unit}");
        assert_eq!(
            unit.contains(", LOG_DISK_SIZE 21474836480"),
            profile.is_tenant_level(),
            "{profile}: {unit}"
        );
        let pools = &creates.statements[1..];
        for (pool, unit) in pools.iter().zip(["small", "lifeboat_…_unit_1", "lifeboat_…_unit_1"]) {
            assert!(pool.contains(&format!(" UNIT = '{unit}', ")), "{profile}: {pool}");
        }
        for language in [Language::En, Language::Zh] {
            for note in plan.steps.iter().flat_map(|step| &step.notes) {
                let message = note.message(language);
                assert!(message != note.id && !message.contains('{'), "{message}");
            }
        }
        assert_eq!(recovery.changes(), before, "{profile}: a plan changes nothing");

        let task = recovery.begin(wish).await;
        world.finish(task).await;
        let made = recovery.made_units();
        let state = &world.task(task).await.state;
        let tag = state["tag"].as_str().expect("a tag");
        assert_eq!(made, [format!("lifeboat_{tag}_{task}_unit_1")], "{profile}");
        let mut units = Vec::new();
        for pool in recovery.resources("pools").iter().filter(|pool| name_of(pool).starts_with("lifeboat_")) {
            let unit = recovery.unit_of(pool);
            units.push((pool["zones"][0].as_str().expect("a zone").to_owned(), name_of(&unit)));
            if made.contains(&name_of(&unit)) {
                assert_eq!((&unit["max_cpu"], &unit["memory_bytes"]), (&3.0.into(), &(5 * GB).into()));
                let log_disk = if profile.is_tenant_level() { 20 } else { 15 };
                assert_eq!(unit["log_disk_bytes"], log_disk * GB, "{profile}");
            }
        }
        let expected = [("zone1", "small"), ("zone2", &made[0]), ("zone3", &made[0])];
        let expected = expected.map(|(zone, unit)| (zone.to_owned(), unit.to_owned()));
        assert_eq!(units, expected, "{profile}");
        assert_eq!(recovery.tenant("shop_2").expect("it is there")["status"], "NORMAL", "{profile}");
        world.assert_clean(task).await;
    }
}

#[tokio::test]
async fn a_specification_of_the_requested_size_is_used() {
    for profile in VERSIONS {
        let recovery = Recovery::small(profile).await;
        let task = recovery.begin(recovery.with(in_zone(size(profile, 1, 2, 6), 1))).await;
        recovery.world.finish(task).await;
        assert!(recovery.made_units().is_empty(), "{profile}: {:?}", recovery.made_units());
        let pools = recovery.resources("pools");
        assert_eq!(name_of(&recovery.unit_of(pools.last().expect("its own"))), "small", "{profile}");
    }
}

#[tokio::test]
async fn one_specification_is_created_on_3_2_4_whatever_step_crashes_or_repeats() {
    one_specification_is_created_whatever_step_crashes_or_repeats(Profile::V3_2_4).await;
}

#[tokio::test]
async fn one_specification_is_created_on_4_2_5_whatever_step_crashes_or_repeats() {
    one_specification_is_created_whatever_step_crashes_or_repeats(Profile::V4_2_5).await;
}

async fn one_specification_is_created_whatever_step_crashes_or_repeats(profile: Profile) {
    for fault in testkit::faults::<RestoreTenant>() {
        let what = format!("{profile} {fault:?}");
        let recovery = Recovery::small(profile).await;
        let task = recovery.begin(recovery.with(in_zone(size(profile, 3, 5, 20), 1))).await;
        if recovery.world.run(task, Some(fault)).await == Ended::Crashed {
            recovery.world.finish(task).await;
        }
        assert_eq!(recovery.tenant("shop_2").expect("it is there")["status"], "NORMAL", "{what}");
        assert_eq!((recovery.made_units().len(), recovery.pools().len()), (1, 2), "{what}");
        let is_create = |entry: &sim::Entry| entry.sql.starts_with("CREATE RESOURCE UNIT `lifeboat_");
        let created = recovery.world.handle.transcript().into_iter().filter(is_create).count();
        assert_eq!(created, 1, "{what}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_creates_no_second_specification() {
    for profile in VERSIONS {
        let recovery = Recovery::small(profile).await;
        recovery.world.handle.fault(&Fault {
            statement: Some("CREATE RESOURCE UNIT `lifeboat_".into()),
            times: Some(1),
            ..Fault::new(FaultName::ConnectionCut)
        });
        let task = recovery.begin(recovery.with(in_zone(size(profile, 3, 5, 20), 1))).await;
        recovery.world.finish(task).await;
        assert_eq!((recovery.made_units().len(), recovery.pools().len()), (1, 2), "{profile}");
    }
}

/// Lets a recovery with units of a new size fail, beside the specification of another recovery.
async fn failed_beside_another(recovery: &Recovery, profile: Profile) -> TaskId {
    recovery.world.say("CREATE RESOURCE UNIT lifeboat_other_9_unit_1 MAX_CPU 3, MEMORY_SIZE '5G'").await;
    let task = failed(recovery, recovery.with(in_zone(size(profile, 3, 5, 15), 1))).await;
    assert_eq!(recovery.made_units().len(), 2, "that of another recovery is not used");
    task
}

#[tokio::test]
async fn a_clean_up_drops_the_specification_of_the_task_whatever_crashes() {
    for profile in [Profile::V4_2_5, Profile::V4_6] {
        for step in ["start-restore", "create-resource-pools", "check-recovery-source"] {
            for fault in [Crash::CrashBefore(step), Crash::CrashAfter(step), Crash::RunTwice(step)] {
                let what = format!("{profile} {fault:?}");
                let recovery = Recovery::small(profile).await;
                let before = recovery.pools();
                let task = failed_beside_another(&recovery, profile).await;
                recovery.world.steer(task, crate::tasks::Steer::RollBack).await;
                if recovery.world.run(task, Some(fault)).await == Ended::Crashed {
                    let ended = recovery.world.run(task, None).await;
                    assert_eq!(ended, Ended::Finished(TaskStatus::RolledBack), "{what}");
                }
                assert_eq!(recovery.made_units(), ["lifeboat_other_9_unit_1"], "{what}");
                assert_eq!((recovery.tenant("shop_2"), recovery.pools()), (None, before), "{what}");
                assert!(recovery.resources("units").iter().any(|unit| unit["name"] == "small"), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_clean_up_keeps_a_specification_that_others_use() {
    let profile = Profile::V4_2_5;
    let recovery = Recovery::small(profile).await;
    let task = failed_beside_another(&recovery, profile).await;
    let made = recovery.made_units();
    let own = made.iter().find(|name| !name.contains("other")).expect("its own");
    recovery.world.say(&format!("CREATE RESOURCE POOL theirs UNIT = '{own}', UNIT_NUM = 1")).await;
    assert_eq!(roll_back(&recovery, task).await, TaskStatus::RolledBack);
    assert_eq!((recovery.made_units(), recovery.pools()), (made, vec!["pool_shop".into(), "theirs".into()]));
    let story = recovery.world.story(task).await;
    assert!(story.contains("recovery-unit-kept"), "{story}");
}

#[tokio::test]
async fn a_size_that_is_too_large_or_too_small_is_refused_before_anything_changes() {
    for profile in VERSIONS {
        let recovery = Recovery::small(profile).await;
        let (world, before) = (&recovery.world, recovery.changes());
        let task = recovery.begin(recovery.with(in_zone(size(profile, 15, 4, 12), 1))).await;
        let expected = ("check-destination".to_owned(), "recovery-resources-short".to_owned());
        assert_eq!(world.fail(task).await, expected, "{profile}");
        let none = UnitSize { cpu_hundredths: 0, memory_bytes: GB, log_disk_bytes: None };
        let (log_disk, why) = match profile.is_tenant_level() {
            true => (GB, "recovery-unit-too-small"),
            false => (9 * GB, "recovery-unit-log-disk-not-offered"),
        };
        let unfit = UnitSize { cpu_hundredths: 100, log_disk_bytes: Some(log_disk), ..none };
        for (unit, why) in [(none, "recovery-unit-too-small"), (unfit, why)] {
            let wish = recovery.with(in_zone(UnitChoice::New(unit), 1));
            let plan = restores::plan_tenant(&world.control, &world.actor, wish.clone()).await;
            assert_eq!(plan.expect_err("refused").problem().text.id, why, "{profile}");
            let task = restores::restore_tenant(&world.control, &world.actor, wish, None).await;
            assert_eq!(task.expect_err("refused").problem().text.id, why, "{profile}");
        }
        assert_eq!(recovery.changes(), before, "{profile}: {:?}", world.acts());
    }
}
