//! What a physical strategy keeps becomes the policy of its tenants, whatever crashes or changes; nobody else's policy is
//! touched without consent; and backups that the database does not delete raise an alarm.

mod agreements;
mod moves;
mod rounds;

use std::time::Duration;

use engine::Fault as Crash;
use engine::testkit::Timed as _;
use model::alarm::{Alarm, AlarmKind};
use model::backup::BackupMethod;
use model::backup::DataBackupMode::Full;
use model::id::{TaskId, TenantId};
use model::order::StorageChoice;
use model::physical::delete_policy::PolicyWish;
use model::retention::kernel::KernelPolicy;
use model::strategy::Scope;
use model::strategy::draft::{ScheduleConfig, ThresholdConfig};
use serde_json::json;
use sim::{FaultName, Profile};

use super::{PolicyFilter, TenantDeletePolicy};
use crate::PageAsk;
use crate::delete_policies;
use crate::strategies::{self, NamedStorage, PauseToo, StrategyAsk, StrategyChange};
use crate::tasks::{self, TaskFilter};
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) const ADD: &str = "ALTER SYSTEM ADD DELETE BACKUP POLICY";
pub(super) const DROP: &str = "ALTER SYSTEM DROP DELETE BACKUP POLICY";

/// The tenants `shop` and `books`.
pub(super) const SHOP: TenantId = TenantId(1002);
const BOOKS: TenantId = TenantId(1004);

on_both_4x! {
    a_strategy_sets_changes_and_drops_the_policies_of_its_tenants,
    two_servers_and_a_crash_at_any_step_send_each_statement_once,
    a_foreign_policy_is_replaced_only_with_consent_to_that_policy,
    what_a_strategy_needs_is_not_changed_by_hand,
    expired_sets_that_stay_raise_an_alarm_until_they_are_gone,
    deletions_that_fail_or_never_end_raise_an_alarm,
    a_task_that_failed_is_shown_and_repeated_after_an_hour,
    one_tenant_that_cannot_have_a_policy_does_not_hinder_the_others,
}

fn schedule(days: Option<u32>) -> ScheduleConfig {
    let mut schedule = json!({
        "backupScheduleMode": "CRON", "cronExpression": "0 2 1 1 *", "scheduleZone": "UTC",
        "cleanEnabled": days.is_some(),
    });
    if let Some(days) = days {
        schedule["backupDataRetentionDays"] = json!(days);
    }
    serde_json::from_value(schedule).expect("a schedule")
}

pub(super) fn ask(world: &SimWorld, days: Option<u32>) -> StrategyAsk {
    StrategyAsk {
        method: Some(BackupMethod::Physical),
        storage: Some(NamedStorage { choice: StorageChoice::Saved(world.storage), name: None }),
        schedule: schedule(days),
        thresholds: ThresholdConfig::default(),
        secondary_backup: false,
        take_over_policies: false,
        seen_policies: None,
    }
}

/// Returns the request for a strategy whose sender has seen what the database would delete.
async fn ask_seen(world: &SimWorld, scope: Scope, days: u32) -> StrategyAsk {
    StrategyAsk { seen_policies: Some(digest(world, scope, days).await), ..ask(world, Some(days)) }
}

/// Returns the digest of what a strategy with this window would delete.
async fn digest(world: &SimWorld, scope: Scope, days: u32) -> String {
    let filter = PolicyFilter { retention_days: Some(days), scope: Some(scope), storage: None };
    let found = delete_policies::delete_policies(&world.control, &world.actor, world.cluster, filter).await;
    found.expect("told").digest.expect("a window is asked about")
}

pub(super) async fn create(world: &SimWorld, scope: Scope, ask: StrategyAsk) -> Result<(), String> {
    let saved = strategies::create(&world.control, &world.actor, scope, ask).await;
    saved.map(drop).map_err(|error| error.problem().text.id.clone())
}

async fn edit(world: &SimWorld, scope: Scope, days: Option<u32>, take_over: bool) -> Result<(), String> {
    let change = StrategyChange {
        schedule: Some(schedule(days)),
        take_over_policies: take_over,
        ..StrategyChange::default()
    };
    let saved = strategies::change(&world.control, &world.actor, scope, change).await;
    saved.map(drop).map_err(|error| error.problem().text.id.clone())
}

async fn remove(world: &SimWorld, scope: Scope, accept: bool) -> Result<(), String> {
    let removed = strategies::remove(&world.control, &world.actor, scope, accept).await;
    removed.map_err(|error| error.problem().text.id.clone())
}

pub(super) fn whole(world: &SimWorld) -> Scope {
    Scope::Cluster(world.cluster)
}

fn of(world: &SimWorld, tenant: TenantId) -> Scope {
    Scope::Tenant(world.cluster, tenant)
}

async fn pass(world: &SimWorld, time: Duration) {
    world.control.metadata().pass(time).await.expect("the clock can be moved");
    world.handle.advance_seconds(time.as_secs_f64());
}

async fn look(world: &SimWorld) {
    super::watch(&world.control).await.expect("a look");
}

/// Looks, and finishes the tasks that this orders. Returns how many there are.
async fn settle(world: &SimWorld) -> usize {
    for round in 0.. {
        look(world).await;
        let Some(task) = running(world).await else { return round };
        world.finish(task).await;
        world.assert_clean(task).await;
    }
    unreachable!("the rounds do not end")
}

/// Returns the changes of policies, the newest first.
pub(super) async fn changes(world: &SimWorld) -> Vec<TaskId> {
    let filter = TaskFilter { kind: Some("delete-policy".into()), ..TaskFilter::default() };
    let listed =
        tasks::list(&world.control, &world.actor, &filter, Default::default(), PageAsk::default()).await;
    listed.expect("listed").contents.into_iter().map(|task| task.id).collect()
}

/// Returns the change that has not ended.
async fn running(world: &SimWorld) -> Option<TaskId> {
    for task in changes(world).await {
        if !world.task(task).await.status.is_finished() {
            return Some(task);
        }
    }
    None
}

async fn policies(world: &SimWorld, filter: PolicyFilter) -> Vec<TenantDeletePolicy> {
    let found = delete_policies::delete_policies(&world.control, &world.actor, world.cluster, filter).await;
    found.expect("told").tenants
}

/// Returns the windows of `shop` and `books`, with a mark at foreign ones.
pub(super) async fn windows(world: &SimWorld) -> Vec<String> {
    let found = policies(world, PolicyFilter::default()).await;
    let word = |found: TenantDeletePolicy| {
        let window = found.policy.map_or_else(|| "-".to_owned(), |policy| policy.window);
        if found.is_foreign { format!("{window} foreign") } else { window }
    };
    found.into_iter().map(word).collect()
}

/// Returns the texts of the alarms about clean-up, with their tenants.
async fn alarms(world: &SimWorld) -> Vec<(String, String)> {
    let page =
        crate::alarms::problems(&world.control, &world.actor, Some(world.cluster), PageAsk::default()).await;
    let about = |alarm: &Alarm| alarm.kind == AlarmKind::CleanUpFailing;
    let word = |alarm: Alarm| (alarm.tenant.map(|(_, name)| name).unwrap_or_default(), alarm.text.id.clone());
    page.expect("listed").contents.into_iter().filter(about).map(word).collect()
}

fn alarm(tenant: &str, text: &str) -> Vec<(String, String)> {
    vec![(tenant.to_owned(), format!("alarm-clean-up-{text}"))]
}

fn counts(world: &SimWorld) -> (usize, usize) {
    (world.count_acts(DROP), world.count_acts(ADD))
}

/// Returns the numbers of the sets of `shop` that exist.
fn sets(world: &SimWorld) -> Vec<i64> {
    let seen = world.handle.world(0);
    let sets = seen["four"]["tenants"]["1002"]["sets"].as_array().expect("a list of sets");
    let is_there = |set: &&serde_json::Value| set["file_status"] != "DELETED";
    sets.iter().filter(is_there).filter_map(|set| set["id"].as_i64()).collect()
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

async fn a_strategy_sets_changes_and_drops_the_policies_of_its_tenants(profile: Profile) {
    let world = SimWorld::new(profile).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1, "one task for all tenants");
    assert_eq!((windows(&world).await, counts(&world)), (vec!["30d".into(), "30d".into()], (0, 2)));
    assert_eq!(settle(&world).await, 0, "nothing is left to do");

    // A tenant with its own strategy has its own window, or none.
    let shorter = StrategyAsk { take_over_policies: true, ..ask(&world, Some(7)) };
    create(&world, of(&world, SHOP), shorter).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    assert_eq!(windows(&world).await, ["7d", "30d"]);
    edit(&world, of(&world, SHOP), None, false).await.expect("turned off");
    assert_eq!(settle(&world).await, 1);
    assert_eq!(windows(&world).await, ["-", "30d"]);
    remove(&world, of(&world, SHOP), true).await.expect("accepted");
    assert_eq!(settle(&world).await, 1, "the cluster's strategy is for this tenant again");
    assert_eq!(windows(&world).await, ["30d", "30d"]);

    edit(&world, whole(&world), Some(31), false).await.expect("changed");
    assert_eq!(settle(&world).await, 1);
    assert_eq!(windows(&world).await, ["31d", "31d"]);
    let (control, actor) = (&world.control, &world.actor);
    let both = PauseToo { clean_up: true, ..PauseToo::default() };
    let refused = strategies::pause(control, actor, whole(&world), both).await.expect_err("it stays");
    assert_eq!(refused.problem().text.id, "strategy-pause-without-clean-up");
    strategies::pause(control, actor, whole(&world), PauseToo::default()).await.expect("paused");
    assert_eq!(settle(&world).await, 0, "a pause leaves the policies");

    remove(&world, whole(&world), false).await.expect("deleted");
    assert_eq!(settle(&world).await, 1);
    assert_eq!((windows(&world).await, alarms(&world).await), (vec!["-".into(), "-".into()], vec![]));
}

async fn two_servers_and_a_crash_at_any_step_send_each_statement_once(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    let steps = ["check-delete-policy", "drop-delete-policy", "add-delete-policy", "verify-delete-policy"];
    let faults = steps.into_iter().flat_map(|step| [Crash::CrashBefore(step), Crash::CrashAfter(step)]);
    for (number, fault) in faults.enumerate() {
        let window_days = 31 + u32::try_from(number).expect("small");
        edit(&world, whole(&world), Some(window_days), false).await.expect("changed");
        let (before, known) = (counts(&world), changes(&world).await.len());
        let (one, other) =
            futures::future::join(super::watch(&world.control), super::watch(&world.control)).await;
        one.and(other).expect("both look");
        let all = changes(&world).await;
        assert_eq!(all.len(), known + 1, "{fault:?}: two servers order one task");
        assert_eq!(world.run(all[0], Some(fault)).await, Ended::Crashed, "{fault:?}");
        look(&world).await;
        world.finish(all[0]).await;
        assert_eq!(settle(&world).await, 0, "{fault:?}");
        assert_eq!(windows(&world).await, [format!("{window_days}d")], "{fault:?}");
        assert_eq!(counts(&world), (before.0 + 1, before.1 + 1), "{fault:?}");
    }
}

async fn a_foreign_policy_is_replaced_only_with_consent_to_that_policy(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let theirs = async |window: &str| {
        world.say(&format!("{DROP} 'default' TENANT shop")).await;
        world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '{window}' TENANT shop")).await;
    };
    theirs("14d").await;
    let filter = PolicyFilter { retention_days: Some(7), scope: Some(whole(&world)), storage: None };
    assert!(policies(&world, filter).await[0].needs_consent, "the preview says so");
    let refused = create(&world, whole(&world), ask(&world, Some(7))).await;
    assert_eq!(refused, Err("strategy-foreign-policies".into()));
    // One with the same window does what the strategy promises: it is left as it is, also in the end.
    let same = PolicyFilter { retention_days: Some(14), ..filter };
    assert!(!policies(&world, same).await[0].needs_consent);
    create(&world, whole(&world), ask(&world, Some(14))).await.expect("saved");
    assert_eq!(settle(&world).await, 0);
    remove(&world, whole(&world), false).await.expect("deleted");
    assert_eq!((settle(&world).await, windows(&world).await), (0, vec!["14d foreign".into()]));

    let agreed = StrategyAsk { take_over_policies: true, ..ask(&world, Some(7)) };
    create(&world, whole(&world), agreed).await.expect("with consent");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["7d".into()]));

    // Somebody changes it afterwards, even to what was agreed to before: it is left alone, and an alarm says so.
    for window in ["14d", "3d"] {
        theirs(window).await;
        assert_eq!(settle(&world).await, 0, "{window}");
        assert_eq!(alarms(&world).await, alarm("shop", "policy-differs"), "{window}");
    }
    assert_eq!(edit(&world, whole(&world), Some(8), false).await, Err("strategy-foreign-policies".into()));
    edit(&world, whole(&world), Some(7), true).await.expect("the consent is a change");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["7d".into()]));
    assert_eq!(alarms(&world).await, []);

    // A policy that somebody drops is not set again without consent: that would delete backups at once.
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    assert_eq!((settle(&world).await, alarms(&world).await), (0, alarm("shop", "policy-dropped")));
    assert_eq!(edit(&world, whole(&world), Some(8), false).await, Err("strategy-foreign-policies".into()));
    edit(&world, whole(&world), Some(7), true).await.expect("the consent is a change");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["7d".into()]));
    // In the end, a foreign one stays.
    theirs("5d").await;
    remove(&world, whole(&world), false).await.expect("deleted");
    assert_eq!((settle(&world).await, windows(&world).await), (0, vec!["5d foreign".into()]));
    assert_eq!(alarms(&world).await, []);
}

async fn what_a_strategy_needs_is_not_changed_by_hand(profile: Profile) {
    let world = SimWorld::new(profile).await;
    let by_hand = async |tenant: TenantId, wish: PolicyWish| {
        let (control, actor) = (&world.control, &world.actor);
        let plan = delete_policies::preview(control, actor, world.cluster, &[tenant], wish).await;
        plan.map(|plan| plan.digest).map_err(|error| error.problem().text.id.clone())
    };
    let days = |days| PolicyWish::Set { rule: KernelPolicy::Default, days };
    create(&world, of(&world, SHOP), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    for wish in [days(7), days(31), PolicyWish::Drop] {
        assert_eq!(by_hand(SHOP, wish).await, Err("delete-policy-of-strategy".into()), "{wish:?}");
        assert!(by_hand(BOOKS, wish).await.is_ok(), "{wish:?}: no strategy needs that one");
    }
    assert!(by_hand(SHOP, days(30)).await.is_ok(), "it is what the strategy needs");
}

async fn expired_sets_that_stay_raise_an_alarm_until_they_are_gone(profile: Profile) {
    let world = backed_up(profile).await;
    let filter = PolicyFilter { retention_days: Some(3), scope: Some(whole(&world)), storage: None };
    let expiring = policies(&world, filter).await.remove(0).prediction.expect("a window is asked about");
    assert_eq!(expiring.sets.iter().map(|set| set.id).collect::<Vec<_>>(), [1], "shown before saving");
    create(&world, whole(&world), ask_seen(&world, whole(&world), 3).await).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    pass(&world, 2 * HOUR).await;
    assert_eq!((sets(&world), settle(&world).await), (vec![2, 3], 0), "the database did what was shown");
    assert_eq!(alarms(&world).await, []);

    // The next set expires a day later, and the database does not delete it.
    world.fault(FaultName::CleanUpSkipped, Some("shop"));
    pass(&world, DAY).await;
    look(&world).await;
    assert_eq!((sets(&world), alarms(&world).await), (vec![2, 3], vec![]), "it may take two days");
    pass(&world, 2 * DAY).await;
    look(&world).await;
    assert_eq!(alarms(&world).await, alarm("shop", "overdue"));
    world.handle.clear_faults(None);
    pass(&world, 2 * HOUR).await;
    look(&world).await;
    assert_eq!((sets(&world), alarms(&world).await), (vec![3], vec![]));
}

async fn deletions_that_fail_or_never_end_raise_an_alarm(profile: Profile) {
    let world = backed_up(profile).await;
    world.fault(FaultName::CleanUpFails, Some("shop"));
    create(&world, whole(&world), ask_seen(&world, whole(&world), 3).await).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    pass(&world, HOUR / 6).await;
    look(&world).await;
    assert_eq!(alarms(&world).await, alarm("shop", "job-failed"));
    world.handle.clear_faults(None);
    world.fault(FaultName::CleanUpHangs, Some("shop"));
    pass(&world, 2 * HOUR).await;
    look(&world).await;
    assert_eq!((sets(&world), alarms(&world).await), (vec![1, 2, 3], vec![]), "it runs");
    pass(&world, DAY).await;
    look(&world).await;
    assert_eq!(alarms(&world).await, alarm("shop", "job-stuck"));
    world.handle.clear_faults(None);
    pass(&world, 2 * HOUR).await;
    look(&world).await;
    assert_eq!(alarms(&world).await, []);
}

async fn a_task_that_failed_is_shown_and_repeated_after_an_hour(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    edit(&world, whole(&world), Some(31), false).await.expect("changed");
    look(&world).await;
    let task = changes(&world).await[0];
    assert_eq!(world.run(task, Some(Crash::CrashBefore("add-delete-policy"))).await, Ended::Crashed);
    world.fault(FaultName::UpgradeMode, None);
    assert_eq!(world.fail(task).await.1, "cluster-upgrading");
    world.handle.clear_faults(None);
    look(&world).await;
    assert_eq!((changes(&world).await.len(), alarms(&world).await), (2, alarm("shop", "task-failed")));
    // It stays a problem while the next try runs, and after that has failed, too.
    pass(&world, HOUR).await;
    look(&world).await;
    let task = running(&world).await.expect("it is ordered again");
    assert_eq!(alarms(&world).await, alarm("shop", "task-failed"));
    world.fault(FaultName::UpgradeMode, None);
    assert_eq!(world.fail(task).await.1, "cluster-upgrading");
    world.handle.clear_faults(None);
    look(&world).await;
    assert_eq!((changes(&world).await.len(), alarms(&world).await), (3, alarm("shop", "task-failed")));
    pass(&world, HOUR).await;
    assert_eq!(settle(&world).await, 1);
    assert_eq!((windows(&world).await, alarms(&world).await), (vec!["31d".into()], vec![]));
    assert_eq!(counts(&world), (1, 2), "the policy was dropped once");
}

async fn one_tenant_that_cannot_have_a_policy_does_not_hinder_the_others(profile: Profile) {
    let world = SimWorld::new(profile).await;
    world.fault(FaultName::TenantNotNormal, Some("books"));
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    assert_eq!((windows(&world).await, alarms(&world).await), (vec!["30d".into(), "-".into()], vec![]));
    // The strategy of the tenant itself is for no other.
    create(&world, of(&world, BOOKS), ask(&world, Some(31))).await.expect("saved");
    assert_eq!((settle(&world).await, alarms(&world).await), (0, alarm("books", "policy-refused")));
    world.handle.clear_faults(None);
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["30d".into(), "31d".into()]));
    assert_eq!(alarms(&world).await, []);
}
