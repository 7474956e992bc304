//! Another cluster as the target, plans, and orders that are refused.

use model::text::Language;

use super::*;

/// The world's cluster and another, empty one of the same version with these zones.
pub(super) async fn with_target(
    recovery: &Recovery,
    profile: Profile,
    zones: u32,
) -> (ClusterId, sim::Handle) {
    let world = &recovery.world;
    let config = ClusterConfig {
        version: profile.to_string(),
        id: 2,
        name: "spare".into(),
        zones,
        tenants: Vec::new(),
        ..ClusterConfig::default()
    };
    world.another("dr", config, world.handle.now_us(), std::path::Path::new("/")).await
}

/// Both clusters' time passes with the journal's.
async fn finish_in(recovery: &Recovery, handle: &sim::Handle, task: TaskId) {
    for _ in 0..3_000 {
        if recovery.world.run_until(task, None, |_| true).await.is_some() {
            break;
        }
        recovery.pass().await;
        handle.advance_seconds(3.0);
    }
    let status = recovery.world.task(task).await.status;
    assert_eq!(status, TaskStatus::Successful, "{}", recovery.world.story(task).await);
}

#[tokio::test]
async fn an_empty_cluster_gets_unit_specifications_like_those_of_the_source() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let (cluster, handle) = with_target(&recovery, profile, 1).await;
        let scn = recovery.moment().await;
        let until = RecoverUntil::Scn(scn_of(profile, scn));
        let wish = ClusterRecovery { cluster, suffix: String::new(), ..recovery.wish(until) };
        let plan = restores::plan_cluster(&recovery.world.control, &recovery.world.actor, wish.clone()).await;
        let plan = plan.expect("it is possible");
        let creates = &plan.plan.steps[2];
        assert_eq!((creates.step.as_str(), creates.statements.len()), ("create-unit-specs", 1), "{profile}");
        assert!(creates.statements[0].contains("CPU 2"), "{profile}: {:?}", creates.statements);
        assert!(made_in(&handle).is_empty(), "{profile}: a plan creates nothing");

        let task = recovery.begin(wish).await;
        finish_in(&recovery, &handle, task).await;
        for name in TENANTS {
            let tenant = tenant_in(&handle, name).unwrap_or_else(|| panic!("{profile}: {name}"));
            assert_eq!((&tenant["data_scn"], &tenant["status"]), (&scn.into(), &"NORMAL".into()));
        }
        let units = handle.world(0)["resources"]["units"].clone();
        let made = units
            .as_array()
            .expect("a list")
            .iter()
            .find(|unit| unit["name"].as_str().is_some_and(|name| name.starts_with("lifeboat_")));
        let made = made.unwrap_or_else(|| panic!("{profile}: {units}"));
        assert_eq!((&made["max_cpu"], &made["memory_bytes"]), (&2.0.into(), &(4_i64 << 30).into()));
        let gaps: Vec<_> = handle.transcript().into_iter().filter(|entry| entry.gap).collect();
        assert!(gaps.is_empty(), "{profile}: {gaps:?}");
    }
}

#[tokio::test]
async fn a_plan_shows_order_sizes_and_the_sum_of_resources() {
    for profile in VERSIONS {
        let change = |cluster: &mut ClusterConfig| cluster.tenants[2].data_mib = 2_000;
        let world = SimWorld::changed(profile, &TENANTS, change).await;
        let recovery = Recovery::of(world, None).await;
        let before = recovery.world.acts().len();
        let wish = recovery.wish(RecoverUntil::Latest);
        let plan = restores::plan_cluster(&recovery.world.control, &recovery.world.actor, wish).await;
        let plan = plan.expect("it is possible");
        let names: Vec<&str> = plan.tenants.iter().map(|tenant| tenant.name.as_str()).collect();
        assert_eq!(names[0], "shop_r", "{profile}: the largest first: {names:?}");
        assert_eq!(names.len(), 3, "{profile}");
        assert!(plan.tenants.iter().all(|tenant| tenant.bytes > 0 && tenant.moment.0 > 0), "{profile}");
        let units = &plan.tenants[0].units;
        assert_eq!((units.len(), units[0].zone.as_str(), units[0].count), (1, "zone1", 1), "{profile}");
        assert!(units[0].unit.as_ref().is_some_and(|name| name.starts_with("unit_")), "{profile}");
        let sum = &plan.zones[0];
        assert_eq!((plan.zones.len(), sum.units, sum.needs.cpu_hundredths), (1, 3, 600), "{profile}");
        assert_eq!(sum.free.cpu_hundredths, 1_000, "{profile}");
        assert_eq!(plan.plan.steps.len(), 6, "{profile}");
        for language in [Language::En, Language::Zh] {
            for note in plan.plan.steps.iter().flat_map(|step| &step.notes) {
                let message = note.message(language);
                assert!(message != note.id && !message.contains('{'), "{message}");
            }
        }
        let acts: Vec<String> = recovery.world.acts().split_off(before);
        assert!(acts.iter().all(|sql| sql.ends_with("PREVIEW")), "{profile}: {acts:?}");
    }
}

#[tokio::test]
async fn too_few_resources_for_all_tenants_together_are_refused_with_their_amount() {
    for profile in VERSIONS {
        let names = ["a", "b", "c", "d", "e"];
        let recovery = Recovery::of(SimWorld::with(profile, &names).await, None).await;
        let wish = recovery.wish(RecoverUntil::Latest);
        let problem =
            restores::plan_cluster(&recovery.world.control, &recovery.world.actor, wish.clone()).await;
        let problem = problem.expect_err("10 CPU of 6").into_problem();
        assert_eq!(problem.text.id, "cluster-recovery-resources-short", "{profile}");
        assert_eq!((&*problem.args()["zone"], &*problem.args()["short"]), ("zone1", "4 CPU"), "{profile}");
        let task = recovery.begin(wish.clone()).await;
        let expected = ("check-resources".to_owned(), "cluster-recovery-resources-short".to_owned());
        assert_eq!(recovery.world.fail(task).await, expected, "{profile}");
        assert!(recovery.children().await.is_empty() && recovery.made().is_empty(), "{profile}");
        // Three of them fit.
        let mut tenants = Vec::new();
        for name in &names[..3] {
            tenants.push(recovery.tenant_id(name).await);
        }
        let wish = ClusterRecovery { tenants, ..wish };
        let plan = restores::plan_cluster(&recovery.world.control, &recovery.world.actor, wish).await;
        assert_eq!(plan.expect("they fit").zones[0].needs.cpu_hundredths, 600, "{profile}");
    }
}

#[tokio::test]
async fn every_tenant_without_the_moment_is_named_before_anything_changes() {
    for profile in VERSIONS {
        let recovery = Recovery::new(profile).await;
        let hours = if profile.is_tenant_level() { 7_200_000_000_000 } else { 7_200_000_000 };
        let late = recovery.moment().await + hours;
        let wish = recovery.wish(RecoverUntil::Scn(scn_of(profile, late)));
        assert_eq!(recovery.refused_plan(wish.clone()).await, "recovery-moment-outside", "{profile}");
        let task = recovery.begin(wish).await;
        let expected = ("check-recovery-sources".to_owned(), "recovery-moment-outside".to_owned());
        assert_eq!(recovery.world.fail(task).await, expected, "{profile}");
        let story = recovery.world.story(task).await;
        for name in TENANTS {
            assert!(story.contains(&format!("tenant={name}")), "{profile}: {story}");
        }
        assert!(recovery.children().await.is_empty(), "{profile}");
    }
}

#[tokio::test]
async fn orders_that_can_not_be_carried_out_are_refused() {
    let recovery = Recovery::new(Profile::V4_2_5).await;
    let [shop, games] = [recovery.tenant_id("shop").await, recovery.tenant_id("games").await];
    let latest = || recovery.wish(RecoverUntil::Latest);
    let named = |name: &str| TenantWish { name: Some(name.into()), ..TenantWish::default() };
    let pools = |pool: &str| TenantWish {
        resources: Some(TargetResources::Pools(vec![pool.into()])),
        ..TenantWish::default()
    };
    recovery.world.say("CREATE RESOURCE POOL spare UNIT = 'unit_1002', UNIT_NUM = 1").await;
    for (wish, why) in [
        (ClusterRecovery { suffix: String::new(), ..latest() }, "cluster-recovery-names-exist"),
        (
            ClusterRecovery { wishes: [(shop, named("games_r"))].into(), ..latest() },
            "cluster-recovery-name-twice",
        ),
        (
            ClusterRecovery { tenants: vec![games], wishes: [(shop, named("x"))].into(), ..latest() },
            "cluster-recovery-wish-unknown",
        ),
        (ClusterRecovery { tenants: vec![TenantId(1)], ..latest() }, "tenant-recovery-of-sys"),
        (
            ClusterRecovery {
                tenants: vec![TenantId(4_002)],
                wishes: [(TenantId(4_002), named("x"))].into(),
                ..latest()
            },
            "recovery-source-dropped",
        ),
        (
            ClusterRecovery { zones: [("zone1".into(), "zone7".into())].into(), ..latest() },
            "cluster-recovery-zone-unmapped",
        ),
        (ClusterRecovery { wishes: [(shop, pools("pool_shop"))].into(), ..latest() }, "recovery-pool-in-use"),
        (
            ClusterRecovery { wishes: [(shop, pools("spare")), (games, pools("spare"))].into(), ..latest() },
            "cluster-recovery-pool-twice",
        ),
    ] {
        assert_eq!(recovery.refused_plan(wish).await, why);
    }
    // The views show nothing of a dropped tenant: its backups are in the storage only.
    recovery.world.say("DROP TENANT shop FORCE").await;
    let wish = ClusterRecovery { tenants: vec![shop], ..latest() };
    assert_eq!(recovery.refused_plan(wish).await, "recovery-source-dropped");
    // Of several tenants, both those that can be recovered and those that cannot are named.
    let wish = ClusterRecovery { tenants: vec![games, shop], ..latest() };
    assert_eq!(recovery.refused_plan(wish).await, "cluster-recovery-some-impossible");
}

#[tokio::test]
async fn encrypted_backups_need_their_password_and_no_task_shows_it() {
    let world = SimWorld::with(Profile::V4_2_5, &TENANTS).await;
    let recovery = Recovery::of(world, Some("hunter2")).await;
    let wish = recovery.wish(RecoverUntil::Latest);
    assert_eq!(recovery.refused_plan(wish.clone()).await, "recovery-password-missing");
    let task = recovery.begin(ClusterRecovery { passwords: vec![Secret::new("hunter2")], ..wish }).await;
    recovery.world.finish(task).await;
    let mut shown = recovery.world.story(task).await;
    shown.push_str(&recovery.world.task(task).await.state.to_string());
    for child in recovery.children().await {
        shown.push_str(&recovery.world.story(TaskId(child.id.0)).await);
        shown.push_str(&child.state.to_string());
    }
    assert!(!shown.contains("hunter2"));
    assert_eq!(
        recovery.world.task(task).await.state["passwords"],
        Value::Null,
        "they are removed at the end"
    );
}

#[tokio::test]
async fn two_recoveries_of_one_cluster_into_another_do_not_run_at_the_same_time() {
    let recovery = Recovery::new(Profile::V4_6).await;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    let again = recovery.try_begin(recovery.wish(RecoverUntil::Latest)).await;
    let problem = again.expect_err("one at a time").into_problem();
    assert_eq!(problem.text.id, "cluster-recovery-runs-already");
    assert_eq!(problem.args()["task"], task.to_string());
}
