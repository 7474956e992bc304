//! What is decided is about the policies that were seen.

use sim::Profile;

use super::super::stories::{ADD, DROP, SHOP, ask, changes, create, whole, windows};
use super::{Round, Troubles};
use crate::flows::delete_policy::Owners;
use crate::strategies::StrategyAsk;
use crate::testing::simulated::{SimWorld, on_both_4x};

on_both_4x! {
    a_policy_that_is_replaced_after_the_decision_is_left_alone,
}

async fn a_policy_that_is_replaced_after_the_decision_is_left_alone(profile: Profile) {
    for (first, second) in [(Some("14d"), Some("90d")), (None, Some("90d")), (Some("14d"), None)] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let theirs = async |old: Option<&str>, new: Option<&str>| {
            if old.is_some() {
                world.say(&format!("{DROP} 'default' TENANT shop")).await;
            }
            if let Some(window) = new {
                world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '{window}' TENANT shop")).await;
            }
        };
        theirs(None, first).await;
        let agreed = StrategyAsk { take_over_policies: true, ..ask(&world, Some(7)) };
        create(&world, whole(&world), agreed).await.expect("with consent");
        let (control, metadata) = (&world.control, world.control.metadata());
        let cluster = control.context.cluster(world.cluster).await.expect("known");
        let strategies = metadata.strategy_list_whole(Some(cluster.id)).await.expect("listed");
        let owners = Owners::read(&control.context, cluster.id).await.expect("read");
        let now = metadata.now().await.expect("a time");
        let round = Round { control, cluster: &cluster, strategies, owners, now };
        let seen = round.ask().await.expect("answers");
        let mut troubles = Troubles::new();
        let (decided, _) = round.decide(&seen, &mut troubles);
        assert_eq!(decided.values().flatten().collect::<Vec<_>>(), [&SHOP], "it was agreed to");

        theirs(first, second).await;
        let reasons = round.order(decided, &seen, &mut troubles).await;
        let reason = reasons.get(&SHOP).map(|reason| reason.id.as_str());
        assert_eq!(reason, Some("delete-policy-plan-changed"), "{first:?} {second:?}");
        let left = second.map_or_else(|| "-".to_owned(), |window| format!("{window} foreign"));
        assert_eq!((changes(&world).await.len(), windows(&world).await), (0, vec![left]));
    }
}
