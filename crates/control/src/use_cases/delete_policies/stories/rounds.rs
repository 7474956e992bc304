//! The checks themselves: what they order, what they leave alone, and what they say about it.

use engine::Fault as Crash;
use metadata::audit::AuditFilter;
use model::backup::DataBackupMode::Full;
use sim::{Fault, FaultName, Profile};

use super::{
    ADD, BOOKS, DROP, HOUR, SHOP, alarm, alarms, ask, changes, create, edit, look, of, pass, settle, whole,
    windows,
};
use crate::clusters;
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};

on_both_4x! {
    while_a_task_runs_no_other_one_is_ordered_and_nothing_is_written_to_the_audit_log,
    a_lane_that_succeeded_counts_even_if_another_one_failed,
    a_change_that_waits_for_an_hour_raises_an_alarm,
    policies_are_set_even_if_the_deletions_cannot_be_read,
    a_policy_of_a_tenant_that_is_not_normal_is_dropped_and_compared_all_the_same,
    a_task_that_is_retried_after_a_newer_change_or_consent_does_nothing,
    a_policy_that_somebody_drops_while_a_task_waits_is_not_set_again,
    a_cluster_is_removed_with_policies_in_it_only_if_that_is_accepted,
}

async fn while_a_task_runs_no_other_one_is_ordered_and_nothing_is_written_to_the_audit_log(profile: Profile) {
    let world = SimWorld::new(profile).await;
    create(&world, of(&world, SHOP), ask(&world, Some(30))).await.expect("saved");
    create(&world, of(&world, BOOKS), ask(&world, Some(31))).await.expect("saved");
    let audited = async || {
        let filter = AuditFilter { action: Some("delete-policy-set".into()), ..AuditFilter::default() };
        world.control.metadata().audit_list(&filter, metadata::Slice::ALL).await.expect("listed").items.len()
    };
    for _ in 0..3 {
        look(&world).await;
        assert_eq!((changes(&world).await.len(), audited().await), (1, 1));
    }
    world.finish(changes(&world).await[0]).await;
    assert_eq!((settle(&world).await, audited().await), (1, 2));
    assert_eq!(windows(&world).await, ["30d", "31d"]);
}

async fn a_lane_that_succeeded_counts_even_if_another_one_failed(profile: Profile) {
    let world = SimWorld::new(profile).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    edit(&world, whole(&world), Some(40), false).await.expect("changed");
    look(&world).await;
    let task = changes(&world).await[0];
    assert_eq!(world.run(task, Some(Crash::CrashBefore("drop-delete-policy"))).await, Ended::Crashed);
    world.say(&format!("{DROP} 'default' TENANT books")).await;
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '7d' TENANT books")).await;
    assert_eq!(world.fail(task).await.1, "delete-policy-changed");
    assert_eq!(windows(&world).await, ["40d", "7d foreign"]);
    // Somebody drops the one that was set.
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    pass(&world, 2 * HOUR).await;
    assert_eq!((settle(&world).await, windows(&world).await), (0, vec!["-".into(), "7d foreign".into()]));
    let expected = [alarm("shop", "policy-dropped"), alarm("books", "policy-differs")].concat();
    assert_eq!(alarms(&world).await, expected);
}

async fn a_change_that_waits_for_an_hour_raises_an_alarm(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let backup = world.begin(world.wish(Full)).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!((settle(&world).await, alarms(&world).await), (0, vec![]), "a backup runs");
    pass(&world, HOUR / 2).await;
    assert_eq!((settle(&world).await, alarms(&world).await), (0, vec![]));
    pass(&world, HOUR / 2).await;
    assert_eq!((settle(&world).await, alarms(&world).await), (0, alarm("shop", "policy-waits")));
    world.finish(backup).await;
    assert_eq!((settle(&world).await, alarms(&world).await), (1, vec![]));
    assert_eq!(windows(&world).await, ["30d"]);
}

async fn policies_are_set_even_if_the_deletions_cannot_be_read(profile: Profile) {
    let world = SimWorld::new(profile).await;
    let statement = Some("BACKUP_DELETE_JOB".to_owned());
    world.handle.fault(&Fault { statement, ..Fault::new(FaultName::ConnectionCut) });
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["30d".into(), "30d".into()]));
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    look(&world).await;
    assert_eq!(alarms(&world).await, alarm("shop", "policy-dropped"));
}

async fn a_policy_of_a_tenant_that_is_not_normal_is_dropped_and_compared_all_the_same(profile: Profile) {
    let world = SimWorld::new(profile).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '3d' TENANT shop")).await;
    world.fault(FaultName::TenantNotNormal, None);
    look(&world).await;
    assert_eq!(alarms(&world).await, alarm("shop", "policy-differs"));
    edit(&world, whole(&world), None, false).await.expect("turned off");
    assert_eq!(settle(&world).await, 1);
    assert_eq!(
        (windows(&world).await, alarms(&world).await),
        (vec!["3d foreign".into(), "-".into()], vec![])
    );
}

async fn a_task_that_is_retried_after_a_newer_change_or_consent_does_nothing(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    // A task drops the policy, and fails.
    let failed = async |window_days| {
        edit(&world, whole(&world), Some(window_days), false).await.expect("changed");
        look(&world).await;
        let task = changes(&world).await[0];
        assert_eq!(world.run(task, Some(Crash::CrashBefore("add-delete-policy"))).await, Ended::Crashed);
        world.fault(FaultName::UpgradeMode, None);
        assert_eq!(world.fail(task).await.1, "cluster-upgrading");
        world.handle.clear_faults(None);
        task
    };
    let retried = async |task| {
        world.steer(task, Steer::Retry).await;
        world.fail(task).await.1
    };
    let dropped = async || {
        world.say(&format!("{DROP} 'default' TENANT shop")).await;
        (settle(&world).await, alarms(&world).await)
    };
    let task = failed(31).await;
    edit(&world, whole(&world), Some(31), true).await.expect("the consent is a change");
    assert_eq!(retried(task).await, "delete-policy-task-outdated");
    assert_eq!(windows(&world).await, ["-"]);
    assert_eq!(settle(&world).await, 1, "a failure from before the consent is no reason to wait");
    assert_eq!((windows(&world).await, alarms(&world).await), (vec!["31d".into()], vec![]));
    assert_eq!(dropped().await, (0, alarm("shop", "policy-dropped")), "the consent was for once");

    edit(&world, whole(&world), Some(31), true).await.expect("the consent is a change");
    assert_eq!(settle(&world).await, 1);
    let task = failed(32).await;
    pass(&world, HOUR).await;
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["32d".into()]));
    assert_eq!(dropped().await, (0, alarm("shop", "policy-dropped")));
    assert_eq!(retried(task).await, "delete-policy-task-outdated");
    assert_eq!(windows(&world).await, ["-"]);
}

async fn a_policy_that_somebody_drops_while_a_task_waits_is_not_set_again(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    edit(&world, whole(&world), Some(31), false).await.expect("changed");
    look(&world).await;
    let task = changes(&world).await[0];
    assert_eq!(world.run(task, Some(Crash::CrashBefore("drop-delete-policy"))).await, Ended::Crashed);
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    assert_eq!(world.fail(task).await, ("add-delete-policy".into(), "delete-policy-not-wanted".into()));
    assert_eq!((settle(&world).await, windows(&world).await), (0, vec!["-".into()]));
    assert_eq!(alarms(&world).await, alarm("shop", "policy-dropped"));
}

async fn a_cluster_is_removed_with_policies_in_it_only_if_that_is_accepted(profile: Profile) {
    let remove = async |world: &SimWorld, leave| {
        let removed = clusters::remove(&world.control, &world.actor, world.cluster, leave).await;
        removed.map_err(|error| {
            let text = &error.problem().text;
            (text.id.clone(), text.args.get("policies").cloned().unwrap_or_default())
        })
    };
    let refused = |id: &str, policies: &str| Err((format!("cluster-remove-{id}"), policies.to_owned()));
    let world = SimWorld::new(profile).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    // What Lifeboat did not set is not named.
    world.say(&format!("{DROP} 'default' TENANT books")).await;
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '7d' TENANT books")).await;
    assert_eq!(remove(&world, false).await, refused("leaves-policies", "shop: default (30d)"));
    let statement = Some("DELETE_POLICY".to_owned());
    world.handle.fault(&Fault { statement, ..Fault::new(FaultName::ConnectionCut) });
    let known = "shop: default (30d), books: default (30d)";
    assert_eq!(remove(&world, false).await, refused("may-leave-policies", known));
    world.handle.clear_faults(None);
    crate::strategies::remove(&world.control, &world.actor, whole(&world), false).await.expect("deleted");
    assert_eq!(remove(&world, false).await, refused("leaves-policies", "shop: default (30d)"), "not dropped");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["-".into(), "7d foreign".into()]));
    remove(&world, false).await.expect("nothing of Lifeboat is left");

    let world = SimWorld::with(profile, &["shop"]).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    remove(&world, true).await.expect("accepted");
}

#[tokio::test]
async fn many_tenants_get_their_policies_by_several_tasks() {
    let names: Vec<String> = (0..101).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = SimWorld::with(Profile::V4_2_5, &names).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 2);
    assert!(windows(&world).await.iter().all(|window| window == "30d"));
    assert_eq!(alarms(&world).await, []);
}
