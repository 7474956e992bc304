//! What is refused before a task is created.

use engine::Fault as Crash;
use model::backup::DataBackupMode::Full;
use model::id::TenantId;
use model::order::DeletePolicyOrder;
use model::physical::delete_policy::PolicyWish;
use model::retention::kernel::KernelPolicy;
use model::user::Role;
use sim::{Profile, TenantConfig};

use super::{ADD, SHOP, begin, counts, days, of_shop, order, preview, set, submit};
use crate::delete_policies;
use crate::testing::Ended;
use crate::testing::simulated::SimWorld;
use crate::{Actor, retention};

fn log_only(days: u32) -> PolicyWish {
    PolicyWish::Set { rule: KernelPolicy::LogOnly, days }
}

#[tokio::test]
async fn a_cluster_without_delete_policies_says_so() {
    for profile in [Profile::V2_2_77, Profile::V3_1_5, Profile::V3_2_4] {
        let world = SimWorld::with(profile, &["shop"]).await;
        for wish in [days(7), PolicyWish::Drop] {
            let refused = preview(&world, &[SHOP], wish).await;
            assert_eq!(refused, Err("delete-policy-not-offered".into()), "{profile}");
            let tenants = vec![SHOP];
            let plan = String::new();
            let blind = DeletePolicyOrder {
                cluster: world.cluster,
                tenants,
                wish,
                take_over: true,
                plan,
                strategy: None,
            };
            assert_eq!(submit(&world, blind).await, Err("delete-policy-not-offered".into()), "{profile}");
        }
    }
}

#[tokio::test]
async fn tenants_that_get_no_policy_are_refused_with_the_reason() {
    let world = SimWorld::changed(Profile::V4_2_5, &["shop"], |cluster| {
        cluster.tenants.push(TenantConfig { role: "STANDBY".into(), ..TenantConfig::named("copy") });
    })
    .await;
    let cases: [(&[TenantId], PolicyWish, &str); 6] = [
        (&[], days(7), "delete-policy-without-tenant"),
        (&[], PolicyWish::Drop, "delete-policy-without-tenant"),
        (&[TenantId(1)], days(7), "delete-policy-of-sys"),
        (&[SHOP, TenantId(4711)], days(7), "tenant-unknown"),
        (&[SHOP, TenantId(1004)], days(7), "delete-policy-not-primary"),
        (&[SHOP], log_only(7), "tenant-data-older"),
    ];
    for (tenants, wish, expected) in cases {
        assert_eq!(preview(&world, tenants, wish).await, Err(expected.into()), "{tenants:?} {wish:?}");
    }
    assert!(preview(&world, &[TenantId(1004)], PolicyWish::Drop).await.is_ok(), "a drop deletes nothing");
    world.fault(sim::FaultName::TenantNotNormal, Some("shop"));
    let refused = preview(&world, &[SHOP], days(7)).await;
    assert_eq!(refused, Err("delete-policy-tenant-not-normal".into()));
    world.handle.clear_faults(None);
    world.fault(sim::FaultName::UpgradeMode, None);
    let refused = preview(&world, &[SHOP], days(7)).await;
    assert_eq!(refused, Err("cluster-upgrading".into()));
    assert_eq!(counts(&world), (0, 0));
}

#[tokio::test]
async fn log_only_needs_new_data_and_no_destination_of_data_backups() {
    let world = SimWorld::changed(Profile::V4_6, &["shop"], |cluster| {
        cluster.tenants.push(TenantConfig { compatible: "4.3.5.0".into(), ..TenantConfig::named("old") });
    })
    .await;
    let refused = preview(&world, &[TenantId(1004)], log_only(7)).await;
    assert_eq!(refused, Err("tenant-data-older".into()), "the data decide, not the program");
    let task = begin(&world, &[SHOP], log_only(7)).await;
    world.finish(task).await;
    let policy = of_shop(&world).await.policy.expect("it was set");
    assert_eq!((policy.name.as_str(), policy.window.as_str()), ("log_only", "7d"));
    set(&world, PolicyWish::Drop).await;
    assert_eq!(of_shop(&world).await.policy, None);
    let mut backup = world.wish(Full);
    backup.wish.tenants = vec![SHOP]; // the other tenant's data are too old for a destination
    let task = world.begin(backup).await;
    world.finish(task).await;
    let refused = preview(&world, &[SHOP], log_only(7)).await;
    assert_eq!(refused, Err("delete-policy-log-only-with-data".into()));
}

#[tokio::test]
async fn a_held_set_and_a_task_that_uses_the_backups_refuse_a_policy_but_not_its_drop() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    set(&world, days(30)).await;
    let backup = world.begin(world.wish(Full)).await;
    assert_eq!(preview(&world, &[SHOP], days(7)).await, Err("delete-policy-in-use".into()));
    assert!(preview(&world, &[SHOP], PolicyWish::Drop).await.is_ok());
    world.finish(backup).await;

    // A backup that begins between the check and the statement stops the change.
    let task = begin(&world, &[SHOP], days(40)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("add-delete-policy"))).await, Ended::Crashed);
    let backup = world.begin(world.wish(Full)).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("add-delete-policy", "delete-policy-in-use"));
    world.finish(backup).await;

    let held = world.sets_of(backup).await.remove(0).id;
    let refused = retention::hold(&world.control, &world.actor, held, "audit", None).await;
    assert_eq!(refused.expect_err("it is physical").problem().text.id, "hold-of-physical-set");
    let mut writer = world.control.metadata().begin().await.expect("writes");
    writer.hold_set(held, "audit", "eva", None).await.expect("held");
    writer.commit().await.expect("kept");
    assert_eq!(preview(&world, &[SHOP], days(7)).await, Err("delete-policy-held".into()));
}

#[tokio::test]
async fn only_one_change_of_a_cluster_runs_and_only_with_the_permission() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let (first, second) =
        (order(&world, &[SHOP], days(30)).await, order(&world, &[TenantId(1004)], days(30)).await);
    let viewer = Actor { role: Role::ClusterViewer, ..world.actor.clone() };
    let refused = delete_policies::change(&world.control, &viewer, first.clone(), None).await;
    assert_eq!(refused.expect_err("may only read").problem().text.id, "permission-missing");
    let seen = delete_policies::preview(&world.control, &viewer, world.cluster, &[SHOP], days(30)).await;
    assert_eq!(seen.map(|plan| plan.digest).ok(), Some(first.plan.clone()), "a viewer sees the preview");
    let task = submit(&world, first).await.expect("accepted");
    assert_eq!(submit(&world, second.clone()).await, Err("delete-policy-runs-already".into()));
    world.finish(task).await;
    let task = submit(&world, second).await.expect("accepted");
    world.finish(task).await;
    assert_eq!(counts(&world), (0, 2));
}

#[tokio::test]
async fn an_order_for_other_days_or_tenants_than_the_preview_is_refused() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let seen = order(&world, &[SHOP], days(30)).await;
    let others = [
        DeletePolicyOrder { wish: days(3), ..seen.clone() },
        DeletePolicyOrder { tenants: vec![SHOP, TenantId(1004)], ..seen.clone() },
        DeletePolicyOrder { tenants: vec![TenantId(1004)], ..seen.clone() },
        DeletePolicyOrder { plan: String::new(), ..seen.clone() },
    ];
    for other in others {
        assert_eq!(submit(&world, other).await, Err("delete-policy-plan-changed".into()));
    }
    assert_eq!(world.count_acts(ADD), 0);
    assert!(submit(&world, seen).await.is_ok());
}
