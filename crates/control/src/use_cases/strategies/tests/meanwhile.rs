//! What changed between the last look at a cluster and a due time, and a strategy with nothing to back up.

use model::cluster::ClusterStatus;
use model::strategy::Scope;
use sim::{Fault, FaultName, Profile};

use super::{alarms, ask, create, outcomes, round, tasks, until_due, whole};
use crate::strategies::{RunStatus, ScheduleStatus, get, schedule_standing};
use crate::testing::simulated::SimWorld;

#[tokio::test]
async fn a_run_waits_for_an_upgrade_that_began_after_the_last_look() {
    for profile in [Profile::V3_1_5, Profile::V4_2_5] {
        let world = SimWorld::with(profile, &["shop"]).await;
        create(&world, whole(&world), "FULL_BACKUP").await;
        until_due(&world).await;
        let known = world.control.context.cluster(world.cluster).await.expect("known");
        assert_eq!(known.status, ClusterStatus::Running, "{profile}");
        world.handle.fault(&Fault::new(FaultName::UpgradeMode));
        round(&world).await;
        assert_eq!(tasks(&world).await.len(), 0, "{profile}: it waits");
        let strategy = get(&world.control, &world.actor, whole(&world)).await.expect("known");
        let reason = strategy.waiting.and_then(|run| run.reason).map(|reason| reason.id);
        assert_eq!(reason.as_deref(), Some("run-hindered-upgrading"), "{profile}");
        world.handle.clear_faults(None);
        world.control.context.look_at(world.cluster).await.expect("it responds");
        round(&world).await;
        assert_eq!(tasks(&world).await.len(), 1, "{profile}: it runs");
        let strategy = get(&world.control, &world.actor, whole(&world)).await.expect("known");
        assert_eq!(strategy.waiting, None, "{profile}");
    }
}

#[tokio::test]
async fn a_strategy_without_a_tenant_of_its_own_raises_no_alarm() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let scope = whole(&world);
    create(&world, scope, "FULL_BACKUP").await;
    let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("listed");
    let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("shop").id;
    let own = Scope::Tenant(world.cluster, shop);
    super::super::create(&world.control, &world.actor, own, ask(&world, "FULL_BACKUP"))
        .await
        .expect("created");
    until_due(&world).await;
    round(&world).await;
    round(&world).await;
    let missed = [(RunStatus::Missed, Some("strategy-without-tenant".to_owned()))];
    assert_eq!(outcomes(&world, scope).await, missed, "the history tells it");
    assert_eq!(alarms(&world).await, []);
    let standing = schedule_standing(&world.control.context, world.cluster).await.expect("known");
    assert_ne!(standing.status, ScheduleStatus::Abnormal);
}
