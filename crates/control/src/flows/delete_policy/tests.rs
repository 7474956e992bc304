//! Whatever crashes, repeats or changes meanwhile, a tenant gets the requested policy or none, no statement is sent
//! twice, and the database deletes nothing that the preview did not show.

mod refusals;

use std::time::Duration;

use engine::testkit::{self, Timed as _};
use engine::{Fault as Crash, TaskStatus};
use model::backup::DataBackupMode::Full;
use model::id::{TaskId, TenantId};
use model::order::{DeletePolicyOrder, IdempotencyKey};
use model::physical::delete_policy::{PolicyChange, PolicyWish};
use model::retention::kernel::KernelPolicy;
use serde_json::json;
use sim::{Fault, FaultName, Profile};

use super::{ChangeDeletePolicy, Lane, PolicyPlan, State};
use crate::delete_policies::{self, TenantDeletePolicy};
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const ADD: &str = "ALTER SYSTEM ADD DELETE BACKUP POLICY";
const DROP: &str = "ALTER SYSTEM DROP DELETE BACKUP POLICY";

/// The tenant `shop`.
const SHOP: TenantId = TenantId(1002);

on_both_4x! {
    a_policy_is_set_changed_and_dropped_and_the_database_deletes_what_was_foreseen,
    one_statement_of_each_kind_is_sent_whatever_crashes_or_repeats,
    a_task_that_ended_between_drop_and_add_is_completed_by_a_retry,
    a_lost_answer_sends_no_statement_twice,
    a_policy_of_somebody_else_is_taken_over_only_with_consent,
    what_somebody_else_changes_meanwhile_is_left_alone,
    nothing_is_added_by_which_more_goes_than_the_preview_showed,
    a_tenant_with_the_name_of_a_dropped_one_is_not_touched,
    a_lane_fails_alone,
}

fn days(days: u32) -> PolicyWish {
    PolicyWish::Set { rule: KernelPolicy::Default, days }
}

async fn pass(world: &SimWorld, time: Duration) {
    world.control.metadata().pass(time).await.expect("the clock can be moved");
    world.handle.advance_seconds(time.as_secs_f64());
}

/// Returns a world with a tenant whose three full sets are 6, 4 and 2 days old.
async fn backed_up(profile: Profile) -> SimWorld {
    let world = SimWorld::with(profile, &["shop"]).await;
    for _ in 0..3 {
        let task = world.begin(world.wish(Full)).await;
        world.finish(task).await;
        pass(&world, 2 * DAY).await;
    }
    world
}

async fn preview(world: &SimWorld, tenants: &[TenantId], wish: PolicyWish) -> Result<PolicyPlan, String> {
    let plan = delete_policies::preview(&world.control, &world.actor, world.cluster, tenants, wish).await;
    plan.map_err(|error| error.problem().text.id.clone())
}

async fn order(world: &SimWorld, tenants: &[TenantId], wish: PolicyWish) -> DeletePolicyOrder {
    let plan = preview(world, tenants, wish).await.expect("planned");
    let tenants = tenants.to_vec();
    DeletePolicyOrder {
        cluster: world.cluster,
        tenants,
        wish,
        take_over: false,
        plan: plan.digest,
        strategy: None,
    }
}

async fn submit(world: &SimWorld, order: DeletePolicyOrder) -> Result<TaskId, String> {
    let accepted = delete_policies::change(&world.control, &world.actor, order, None).await;
    accepted.map(|accepted| accepted.task).map_err(|error| error.problem().text.id.clone())
}

/// Previews a change and requests it.
async fn begin(world: &SimWorld, tenants: &[TenantId], wish: PolicyWish) -> TaskId {
    submit(world, order(world, tenants, wish).await).await.expect("accepted")
}

async fn set(world: &SimWorld, wish: PolicyWish) {
    let task = begin(world, &[SHOP], wish).await;
    world.finish(task).await;
    world.assert_clean(task).await;
}

async fn of_shop(world: &SimWorld) -> TenantDeletePolicy {
    let found =
        delete_policies::delete_policies(&world.control, &world.actor, world.cluster, Default::default())
            .await;
    let found = found.expect("told").tenants.into_iter().find(|policy| policy.tenant_name == "shop");
    found.expect("it is a tenant")
}

/// Returns the window of the tenant's policy, if it has one.
async fn window(world: &SimWorld) -> Option<String> {
    of_shop(world).await.policy.map(|policy| policy.window)
}

/// Returns the numbers of the sets that exist.
fn sets(world: &SimWorld) -> Vec<i64> {
    let seen = world.handle.world(0);
    let sets = seen["four"]["tenants"]["1002"]["sets"].as_array().expect("a list of sets");
    let is_there = |set: &&serde_json::Value| set["file_status"] != "DELETED";
    sets.iter().filter(is_there).filter_map(|set| set["id"].as_i64()).collect()
}

fn counts(world: &SimWorld) -> (usize, usize) {
    (world.count_acts(DROP), world.count_acts(ADD))
}

#[test]
fn what_the_first_version_saved_is_still_read() {
    let policy = json!({"tenant": 1002, "name": "default", "window": "30d"});
    let foreseen = json!({"data": "file:///a", "log": null, "sets": [1], "pieces": [[1001, 1, 2]]});
    let state = json!({
        "cluster": 1, "identity": {"name": "obcluster", "id": 1}, "chosen": [1002], "plan": "abc",
        "wish": {"set": {"rule": "log_only", "days": 7}},
        "tenants": {"shop": {"tenant": 1002, "old": policy, "foreseen": foreseen}},
    });
    let state: State = serde_json::from_value(state).expect("a state");
    assert_eq!(state.wish, PolicyWish::Set { rule: KernelPolicy::LogOnly, days: 7 });
    assert_eq!(state.tenants["shop"].foreseen.pieces, [(1001, 1, 2)]);
    let drop: PolicyWish = serde_json::from_value(json!("drop")).expect("a wish");
    assert_eq!(drop, PolicyWish::Drop);
    let lane: Lane =
        serde_json::from_value(json!({"drops": true, "adds": false, "sent": 1})).expect("a lane");
    assert!(lane.drops && !lane.adds);
}

async fn a_policy_is_set_changed_and_dropped_and_the_database_deletes_what_was_foreseen(profile: Profile) {
    let world = backed_up(profile).await;
    let plan = preview(&world, &[SHOP], days(3)).await.expect("planned");
    let planned = &plan.tenants[0];
    assert_eq!((planned.change, planned.is_foreign, &planned.policy), (PolicyChange::Add, false, &None));
    let going: Vec<i64> =
        planned.expiring.iter().flat_map(|expiring| &expiring.sets).map(|set| set.id).collect();
    assert_eq!(going, [1]);
    assert_eq!(sets(&world), [1, 2, 3], "a preview changes nothing");

    set(&world, days(3)).await;
    let found = of_shop(&world).await;
    assert_eq!(
        found.policy.map(|policy| (policy.name, policy.window)),
        Some(("default".into(), "3d".into()))
    );
    assert!(!found.is_foreign, "Lifeboat has set it");
    pass(&world, Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(sets(&world), [2, 3], "the database did what was foreseen");

    let plan = preview(&world, &[SHOP], days(30)).await.expect("planned");
    assert_eq!(plan.tenants[0].change, PolicyChange::Replace);
    set(&world, days(30)).await;
    assert_eq!((window(&world).await.as_deref(), counts(&world)), (Some("30d"), (1, 2)));
    assert!(!of_shop(&world).await.is_foreign);

    set(&world, PolicyWish::Drop).await;
    assert_eq!((window(&world).await, counts(&world)), (None, (2, 2)));
    pass(&world, 40 * DAY).await;
    assert_eq!(sets(&world), [2, 3], "without a policy, nothing is deleted");
    let nothing = order(&world, &[SHOP], PolicyWish::Drop).await;
    assert_eq!(submit(&world, nothing).await, Err("delete-policy-nothing-changes".into()));
}

async fn one_statement_of_each_kind_is_sent_whatever_crashes_or_repeats(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    set(&world, days(30)).await;
    // Also after the intention was saved, before the statement is sent.
    let second = ["drop-delete-policy", "add-delete-policy"].map(Crash::CrashBeforeSecond);
    for (number, fault) in testkit::faults::<ChangeDeletePolicy>().chain(second).enumerate() {
        let window_days = 31 + u32::try_from(number).expect("small");
        let task = begin(&world, &[SHOP], days(window_days)).await;
        let met = world.run(task, Some(fault)).await;
        if matches!(fault, Crash::RunTwice(_)) {
            assert_eq!(met, Ended::Finished(TaskStatus::Successful), "{fault:?}");
        } else {
            assert_eq!(met, Ended::Crashed, "{fault:?}");
            world.finish(task).await;
        }
        assert_eq!(window(&world).await, Some(format!("{window_days}d")), "{fault:?}");
        assert!(!of_shop(&world).await.is_foreign, "{fault:?}");
        assert_eq!(counts(&world), (number + 1, number + 2), "{fault:?}");
    }
    for fault in testkit::faults::<ChangeDeletePolicy>() {
        let before = counts(&world);
        let task = begin(&world, &[SHOP], PolicyWish::Drop).await;
        world.run(task, Some(fault)).await;
        world.finish(task).await;
        assert_eq!((window(&world).await, counts(&world)), (None, (before.0 + 1, before.1)), "{fault:?}");
        set(&world, days(30)).await;
    }
}

async fn a_task_that_ended_between_drop_and_add_is_completed_by_a_retry(profile: Profile) {
    let world = backed_up(profile).await;
    set(&world, days(30)).await;
    let task = begin(&world, &[SHOP], days(3)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("add-delete-policy"))).await, Ended::Crashed);
    assert_eq!((window(&world).await, sets(&world)), (None, vec![1, 2, 3]));
    // The database refuses for a while, so the task ends without a policy.
    world.fault(FaultName::UpgradeMode, None);
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("add-delete-policy", "cluster-upgrading"));
    assert_eq!(counts(&world), (1, 1), "{}", world.story(task).await);
    world.handle.clear_faults(None);
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_eq!((window(&world).await.as_deref(), counts(&world)), (Some("3d"), (1, 2)));
    pass(&world, Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(sets(&world), [2, 3]);
}

async fn a_lost_answer_sends_no_statement_twice(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    set(&world, days(30)).await;
    for statement in [ADD, DROP] {
        let cut = Fault::new(FaultName::ConnectionCut);
        world.handle.fault(&Fault { statement: Some(statement.into()), times: Some(1), ..cut });
    }
    set(&world, days(31)).await;
    assert_eq!((window(&world).await.as_deref(), counts(&world)), (Some("31d"), (1, 2)));
    assert!(!of_shop(&world).await.is_foreign);
}

async fn a_policy_of_somebody_else_is_taken_over_only_with_consent(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '7d' TENANT shop")).await;
    for (wish, change) in [
        (days(7), PolicyChange::TakeOver),
        (days(30), PolicyChange::Replace),
        (PolicyWish::Drop, PolicyChange::Drop),
    ] {
        let plan = preview(&world, &[SHOP], wish).await.expect("planned");
        assert_eq!((plan.tenants[0].change, plan.tenants[0].is_foreign), (change, true));
        let refused = submit(&world, order(&world, &[SHOP], wish).await).await;
        assert_eq!(refused, Err("delete-policy-foreign".into()), "{wish:?}");
    }
    assert_eq!(counts(&world), (0, 1), "only theirs");

    let agreed = DeletePolicyOrder { take_over: true, ..order(&world, &[SHOP], days(7)).await };
    let task = submit(&world, agreed).await.expect("accepted");
    world.finish(task).await;
    assert_eq!(counts(&world), (0, 1), "it is the requested one: nothing is sent");
    assert!(!of_shop(&world).await.is_foreign, "it is Lifeboat's now");
    set(&world, days(30)).await;

    // Somebody changes it: it is foreign again.
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '5d' TENANT shop")).await;
    assert!(of_shop(&world).await.is_foreign);
    let agreed = DeletePolicyOrder { take_over: true, ..order(&world, &[SHOP], PolicyWish::Drop).await };
    let task = submit(&world, agreed).await.expect("accepted");
    world.finish(task).await;
    assert_eq!(window(&world).await, None);
    // A policy that appears after Lifeboat dropped its own is foreign, even one with an earlier window.
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '30d' TENANT shop")).await;
    assert!(of_shop(&world).await.is_foreign);
}

async fn what_somebody_else_changes_meanwhile_is_left_alone(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    set(&world, days(30)).await;
    let theirs = async |window: &str| {
        world.say(&format!("{DROP} 'default' TENANT shop")).await;
        world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '{window}' TENANT shop")).await;
    };
    // After the preview.
    let stale = order(&world, &[SHOP], days(40)).await;
    theirs("50d").await;
    assert_eq!(submit(&world, stale).await, Err("delete-policy-plan-changed".into()));
    // After the request.
    let agreed = DeletePolicyOrder { take_over: true, ..order(&world, &[SHOP], days(40)).await };
    let task = submit(&world, agreed).await.expect("accepted");
    theirs("51d").await;
    let before = counts(&world);
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("check-delete-policy", "delete-policy-plan-changed"));
    // After the check, and after the policy was dropped.
    for (step, window_days) in [("drop-delete-policy", "52d"), ("add-delete-policy", "53d")] {
        let agreed = DeletePolicyOrder { take_over: true, ..order(&world, &[SHOP], days(40)).await };
        let task = submit(&world, agreed).await.expect("accepted");
        assert_eq!(world.run(task, Some(Crash::CrashBefore(step))).await, Ended::Crashed);
        theirs(window_days).await;
        let (failed, why) = world.fail(task).await;
        assert_eq!((failed.as_str(), why.as_str()), (step, "delete-policy-changed"));
        assert_eq!(window(&world).await.as_deref(), Some(window_days), "theirs stays");
        assert!(of_shop(&world).await.is_foreign, "{step}");
    }
    // Ours: one DROP. Theirs: two of both.
    assert_eq!(counts(&world), (before.0 + 3, before.1 + 2));
}

async fn nothing_is_added_by_which_more_goes_than_the_preview_showed(profile: Profile) {
    // Time passes between DROP and ADD, and another set expires.
    let world = backed_up(profile).await;
    let task = begin(&world, &[SHOP], days(3)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("add-delete-policy"))).await, Ended::Crashed);
    pass(&world, 2 * DAY).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("add-delete-policy", "delete-policy-deletes-more"));
    assert_eq!((window(&world).await, sets(&world)), (None, vec![1, 2, 3]));

    // A preview that is older than the expiry of a set is refused, too.
    let stale = order(&world, &[SHOP], days(5)).await;
    pass(&world, 2 * DAY).await;
    assert_eq!(submit(&world, stale).await, Err("delete-policy-plan-changed".into()));

    // Somebody sets another destination, whose backups the preview did not show.
    let task = begin(&world, &[SHOP], days(30)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("add-delete-policy"))).await, Ended::Crashed);
    let other = world.dir.path().join("data/elsewhere");
    std::fs::create_dir_all(&other).expect("a directory");
    let other = other.display();
    world.say(&format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://{other}' TENANT = shop")).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("add-delete-policy", "delete-policy-destination-moved"));
    assert_eq!(counts(&world), (0, 0));
}

async fn a_tenant_with_the_name_of_a_dropped_one_is_not_touched(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    set(&world, days(30)).await;
    for step in ["drop-delete-policy", "add-delete-policy"] {
        let shop =
            delete_policies::delete_policies(&world.control, &world.actor, world.cluster, Default::default())
                .await;
        let shop = shop.expect("told").tenants.into_iter().find(|policy| policy.tenant_name == "shop");
        let id = shop.expect("it is there").tenant;
        let task = begin(&world, &[id], days(40)).await;
        assert_eq!(world.run(task, Some(Crash::CrashBefore(step))).await, Ended::Crashed);
        world.say("DROP TENANT shop FORCE").await;
        world.say("CREATE TENANT shop RESOURCE_POOL_LIST = ('pool_shop')").await;
        world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '60d' TENANT shop")).await;
        let before = counts(&world);
        let (_, why) = world.fail(task).await;
        assert_eq!(why, "tenant-unknown", "{step}");
        assert_eq!(counts(&world), before, "{step}");
        crate::clusters::refresh(&world.control, &world.actor, world.cluster).await.expect("refreshed");
        let found = of_shop(&world).await;
        assert_eq!(found.policy.map(|policy| policy.window).as_deref(), Some("60d"), "{step}");
        assert!(found.is_foreign && found.tenant != id, "{step}: the policy of another tenant");
        // For the next round it belongs to Lifeboat.
        let wish = days(60);
        let agreed = DeletePolicyOrder { take_over: true, ..order(&world, &[found.tenant], wish).await };
        let task = submit(&world, agreed).await.expect("accepted");
        world.finish(task).await;
    }
}

async fn a_lane_fails_alone(profile: Profile) {
    let world = SimWorld::new(profile).await;
    let both = [SHOP, TenantId(1004)];
    let task = begin(&world, &both, days(30)).await;
    world.finish(task).await;
    let task = begin(&world, &both, days(40)).await;
    assert_eq!(world.run(task, Some(Crash::CrashBefore("drop-delete-policy"))).await, Ended::Crashed);
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '7d' TENANT shop")).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("drop-delete-policy", "delete-policy-changed"));
    let found =
        delete_policies::delete_policies(&world.control, &world.actor, world.cluster, Default::default())
            .await;
    let windows: Vec<Option<String>> = found
        .expect("told")
        .tenants
        .into_iter()
        .map(|found| found.policy.map(|policy| policy.window))
        .collect();
    assert_eq!(windows, [Some("7d".to_owned()), Some("40d".to_owned())]);
}

#[tokio::test]
async fn an_order_that_is_sent_again_creates_one_task() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let wanted = order(&world, &[SHOP], days(30)).await;
    let key = IdempotencyKey::new("once").expect("a key");
    let send = async || {
        let sent = delete_policies::change(&world.control, &world.actor, wanted.clone(), Some(&key)).await;
        sent.expect("accepted").task
    };
    let task = send().await;
    assert_eq!(send().await, task);
    world.finish(task).await;
    // The policy is another one than in the preview by now, but the order is known.
    assert_eq!(send().await, task);
    assert_eq!(counts(&world), (0, 1));
}
