//! Whose policy may be changed, by whom, and what needs consent: as tables.

use super::{
    AtMove, Duty, LastChange, Scope, Shortening, at_move, duty, is_outdated, needs_consent, shortening,
    tenants_of,
};
use crate::backup::BackupMethod;
use crate::id::{ClusterId, StorageId, StrategyId, TaskId, TenantId};
use crate::physical::delete_policy::{DeletePolicy, PolicyWish};
use crate::retention::kernel::KernelPolicy;
use crate::schedule::Daily;
use crate::strategy::tests::{NIGHTLY, strategy};
use crate::strategy::{CleanUp, Consent, Strategy, TakeOver};
use crate::time::Timestamp;

const SHOP: TenantId = TenantId(1002);

fn days(days: u32) -> PolicyWish {
    PolicyWish::Set { rule: KernelPolicy::Default, days }
}

fn policy(window: &str) -> DeletePolicy {
    DeletePolicy { tenant: SHOP, name: "default".into(), window: window.into() }
}

fn keeping(retention_days: u32) -> Strategy {
    let mut strategy = strategy(5, Scope::Cluster(ClusterId(1)), NIGHTLY);
    let (time, since) = (Daily::usual(), Timestamp(0));
    strategy.settings.clean_up = Some(CleanUp { retention_days, time, since, stops_in_pause: false });
    strategy
}

fn last(wish: PolicyWish, strategy: Option<i64>, is_done: bool) -> LastChange {
    let strategy = strategy.map(StrategyId);
    LastChange { wish, strategy, task: TaskId(100), created: Timestamp(100), is_done }
}

#[test]
fn what_is_to_be_done_follows_from_the_strategy_the_policy_and_who_left_it() {
    let change = |wish, take_over| Duty::Change { wish, strategy: StrategyId(5), take_over };
    let (week, month) = (Some(policy("7d")), Some(policy("30d")));
    let (keeps, all) = (Some(keeping(7)), Some(strategy(5, Scope::Cluster(ClusterId(1)), NIGHTLY)));
    let cases = [
        ("the first policy", &keeps, &None, None, change(days(7), false)),
        ("its own", &keeps, &week, Some(last(days(7), Some(5), true)), Duty::Nothing),
        ("a user's with its window", &keeps, &week, Some(last(days(7), None, true)), change(days(7), false)),
        (
            "another strategy's with its window",
            &keeps,
            &week,
            Some(last(days(7), Some(4), true)),
            change(days(7), false),
        ),
        ("another strategy's, longer", &keeps, &month, Some(last(days(30), Some(4), true)), Duty::Differs),
        (
            "another strategy's, shorter",
            &keeps,
            &Some(policy("3d")),
            Some(last(days(3), Some(4), true)),
            change(days(7), false),
        ),
        ("a user's, longer", &keeps, &month, Some(last(days(30), None, true)), Duty::Differs),
        (
            "its own, before an edit",
            &keeps,
            &month,
            Some(last(days(30), Some(5), true)),
            change(days(7), false),
        ),
        ("a foreign one", &keeps, &month, None, Duty::Differs),
        ("a foreign one after its own", &keeps, &month, Some(last(days(7), Some(5), true)), Duty::Differs),
        ("a foreign one with its window", &keeps, &week, None, Duty::Nothing),
        ("dropped by somebody", &keeps, &None, Some(last(days(7), Some(5), true)), Duty::Differs),
        ("a task that failed", &keeps, &None, Some(last(days(7), Some(5), false)), change(days(7), false)),
        ("a dropped one", &keeps, &None, Some(last(PolicyWish::Drop, None, true)), change(days(7), false)),
        ("off", &all, &week, Some(last(days(7), Some(5), true)), change(PolicyWish::Drop, false)),
        ("deleted", &None, &week, Some(last(days(7), Some(5), true)), change(PolicyWish::Drop, false)),
        ("deleted, foreign", &None, &month, Some(last(days(7), Some(5), true)), Duty::Nothing),
        ("deleted, a user's", &None, &week, Some(last(days(7), None, true)), Duty::Nothing),
        ("deleted, gone", &None, &None, Some(last(days(7), Some(5), true)), Duty::Nothing),
        ("no strategy", &None, &week, None, Duty::Nothing),
    ];
    for (name, strategy, policy, last, expected) in cases {
        let found = duty(strategy.as_ref(), SHOP, policy.as_ref(), last.as_ref());
        assert_eq!(found, expected, "{name}");
    }
}

fn consent(tenant: TenantId, window: Option<&str>, after: Option<i64>) -> Consent {
    Consent { tenant, policy: window.map(policy), after: after.map(TaskId) }
}

#[test]
fn a_consent_is_for_what_was_seen_and_for_once() {
    let mut keeps = keeping(7);
    let consents = vec![consent(SHOP, Some("30d"), Some(200)), consent(TenantId(1004), None, Some(200))];
    keeps.settings.take_over = Some(TakeOver { consents });
    let at = |keeps: &Strategy, tenant: i64, window: Option<&str>, task: Option<i64>| {
        let last = task.map(|task| LastChange { task: TaskId(task), ..last(days(7), Some(5), true) });
        let policy = window.map(policy);
        duty(Some(keeps), TenantId(tenant), policy.as_ref(), last.as_ref())
    };
    let change = |take_over| Duty::Change { wish: days(7), strategy: StrategyId(5), take_over };
    assert_eq!(at(&keeps, 1002, Some("30d"), None), change(true));
    assert_eq!(at(&keeps, 1002, Some("30d"), Some(200)), change(true));
    assert_eq!(at(&keeps, 1002, Some("30d"), Some(201)), Duty::Differs, "it came back after that");
    assert_eq!(at(&keeps, 1002, Some("31d"), None), Duty::Differs);
    assert_eq!(at(&keeps, 1006, Some("30d"), None), Duty::Differs);
    assert_eq!(at(&keeps, 1004, None, Some(200)), change(false), "it may be set again");
    assert_eq!(at(&keeps, 1004, None, Some(201)), Duty::Differs);
    // When there was no task, each one is newer.
    keeps.settings.take_over = Some(TakeOver { consents: vec![consent(SHOP, Some("30d"), None)] });
    assert_eq!(at(&keeps, 1002, Some("30d"), None), change(true));
    assert_eq!(at(&keeps, 1002, Some("30d"), Some(1)), Duty::Differs);
}

#[test]
fn consent_is_needed_for_foreign_policies_shorter_windows_of_others_and_dropped_policies() {
    let left = |strategy: Option<i64>| Some(last(days(30), strategy, true));
    let failed = Some(last(days(30), Some(4), false));
    let dropped = Some(last(PolicyWish::Drop, Some(4), true));
    let cases = [
        (None, None, false),
        (None, failed, false),
        (None, dropped, false),
        (None, left(Some(4)), true),
        (None, left(Some(5)), true),
        (Some("7d"), None, false),
        (Some("30d"), None, true),
        (Some("31d"), left(None), true),
        (Some("30d"), left(Some(5)), false),
        (Some("30d"), left(Some(4)), true),
        (Some("30d"), left(None), true),
    ];
    for (window, last, expected) in cases {
        let policy = window.map(policy);
        let found = needs_consent(days(7), Some(StrategyId(5)), policy.as_ref(), last.as_ref());
        assert_eq!(found, expected, "{policy:?} {last:?}");
        let longer = needs_consent(days(60), Some(StrategyId(5)), policy.as_ref(), last.as_ref());
        let is_others = last.is_some_and(|last| policy.as_ref().is_some_and(|policy| last.left(policy)));
        assert_eq!(longer, window == Some("7d") || expected && !is_others, "{policy:?} {last:?}");
    }
    let ours = last(days(30), None, true);
    let never = last(days(0), None, true);
    assert!(needs_consent(days(60), None, Some(&policy("0d")), Some(&never)), "it deletes nothing");
    assert!(needs_consent(days(7), None, Some(&policy("30d")), Some(&ours)), "a new strategy");
}

#[test]
fn a_tenant_without_its_own_strategy_keeps_backups_as_the_clusters_says() {
    let cluster = keeping(30);
    let all = strategy(6, Scope::Tenant(ClusterId(1), SHOP), NIGHTLY);
    let mut logical = keeping(60);
    logical.settings.method = BackupMethod::Logical;
    let found = |own_days| Some(Shortening { own_days, days: 30 });
    assert_eq!(shortening(Some(&keeping(365)), &cluster), found(Some(365)));
    assert_eq!(shortening(Some(&all), &cluster), found(None), "it keeps all");
    assert_eq!(shortening(Some(&logical), &cluster), found(None), "no policy deletes physical backups");
    assert_eq!(shortening(None, &cluster), found(None), "it cannot be read");
    assert_eq!(shortening(Some(&keeping(30)), &cluster), None);
    assert_eq!(shortening(Some(&keeping(7)), &cluster), None);
    assert_eq!(shortening(Some(&keeping(365)), &all), None, "the cluster's keeps all");

    // What was agreed to is carried out; another window is not.
    let consents = Shortening { own_days: Some(365), days: 30 }.consents(SHOP, Some(TaskId(100)));
    let mut cluster = cluster;
    let own = last(days(365), Some(6), true);
    let decided = |cluster: &Strategy, window: Option<&str>| {
        duty(Some(cluster), SHOP, window.map(policy).as_ref(), Some(&own))
    };
    assert_eq!(decided(&cluster, Some("365d")), Duty::Differs, "nobody has agreed");
    cluster.settings.take_over = Some(TakeOver { consents });
    let change = Duty::Change { wish: days(30), strategy: StrategyId(5), take_over: false };
    assert_eq!(decided(&cluster, Some("365d")), change);
    assert_eq!(decided(&cluster, None), change);
    assert_eq!(decided(&cluster, Some("400d")), Duty::Differs);
}

#[test]
fn the_storage_of_the_clusters_strategy_counts_too() {
    let cluster = keeping(30);
    let elsewhere = |days| {
        let mut own = keeping(days);
        own.settings.storage = StorageId(99);
        own
    };
    let found = |own_days| Some(Shortening { own_days: Some(own_days), days: 30 });
    // A window that is not longer than the cluster's deletes no more there, but another storage has other sets.
    for (days, is_shorter) in [(7, false), (30, false), (365, true)] {
        assert_eq!(shortening(Some(&elsewhere(days)), &cluster), found(days), "{days}");
        assert_eq!(shortening(Some(&keeping(days)), &cluster), found(days).filter(|_| is_shorter), "{days}");
        assert_eq!(found(days).map(Shortening::is_shorter), Some(is_shorter));
    }
    let all = strategy(6, Scope::Tenant(ClusterId(1), SHOP), NIGHTLY);
    assert_eq!(shortening(Some(&elsewhere(7)), &all), None, "the cluster's keeps all");
}

#[test]
fn a_task_is_out_of_date_after_a_newer_change_or_consent() {
    let changed = |task| LastChange { task: TaskId(task), ..last(days(7), Some(5), true) };
    let agreed = |tenant, after| {
        let mut strategy = keeping(7);
        strategy.agree(tenant, vec![consent(tenant, None, after)]);
        Some(strategy)
    };
    let cases = [
        ("nothing", None, None, false),
        ("an older change", Some(changed(99)), None, false),
        ("a newer change", Some(changed(101)), None, true),
        ("an older consent", None, agreed(SHOP, Some(99)), false),
        ("a consent before any task", None, agreed(SHOP, None), false),
        ("a consent when it was the newest task", None, agreed(SHOP, Some(100)), true),
        ("a consent about another tenant", None, agreed(TenantId(1004), Some(100)), false),
    ];
    for (name, last, strategy, expected) in cases {
        assert_eq!(is_outdated(TaskId(100), SHOP, last.as_ref(), strategy.as_ref()), expected, "{name}");
    }
    // New consents about a tenant replace those, and no others.
    let mut strategy = keeping(7);
    strategy.agree(SHOP, vec![consent(SHOP, None, Some(1))]);
    strategy.agree(TenantId(1004), vec![consent(TenantId(1004), None, Some(1))]);
    strategy.agree(SHOP, vec![consent(SHOP, Some("30d"), Some(2))]);
    let expected = vec![consent(TenantId(1004), None, Some(1)), consent(SHOP, Some("30d"), Some(2))];
    assert_eq!(strategy.settings.take_over, Some(TakeOver { consents: expected }));
}

#[test]
fn only_a_policy_whose_effect_was_seen_moves_into_another_storage() {
    let own = keeping(7).settings.storage;
    let there = StorageId(99);
    let left = |days_left, strategy| Some(last(days(days_left), strategy, true));
    let cases = [
        ("the strategy's, in its storage", "7d", left(7, Some(5)), own, AtMove::Stays),
        ("the strategy's, elsewhere", "7d", left(7, Some(5)), there, AtMove::Dropped),
        ("its older window", "30d", left(30, Some(5)), own, AtMove::Dropped),
        ("another strategy's", "30d", left(30, Some(4)), own, AtMove::Dropped),
        ("another strategy's with its window", "7d", left(7, Some(4)), own, AtMove::Stays),
        ("a user's", "30d", left(30, None), own, AtMove::Asks),
        ("a user's with its window", "7d", left(7, None), own, AtMove::Stays),
        ("a user's, elsewhere", "7d", left(7, None), there, AtMove::Asks),
        ("of another tool", "30d", None, own, AtMove::Asks),
        ("changed since", "30d", left(7, Some(5)), there, AtMove::Asks),
    ];
    for (name, window, last, storage, expected) in cases {
        let found = at_move(SHOP, &policy(window), last.as_ref(), Some(&keeping(7)), storage);
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(at_move(SHOP, &policy("7d"), left(7, Some(5)).as_ref(), None, own), AtMove::Dropped);
    let mut agreed = keeping(7);
    agreed.settings.take_over = Some(TakeOver { consents: vec![consent(SHOP, Some("30d"), None)] });
    let replaced = |window, storage| at_move(SHOP, &policy(window), None, Some(&agreed), storage);
    assert_eq!((replaced("30d", own), replaced("30d", there)), (AtMove::Dropped, AtMove::Asks));
    assert_eq!(replaced("31d", own), AtMove::Asks, "another policy than the one that was seen");
    assert_eq!(at_move(SHOP, &policy("7d"), None, None, own), AtMove::Asks);
}

#[test]
fn a_strategy_of_a_cluster_is_not_for_tenants_with_their_own() {
    let (cluster, of_shop) = (Scope::Cluster(ClusterId(1)), Scope::Tenant(ClusterId(1), SHOP));
    let all = [TenantId(1), SHOP, TenantId(1004)];
    assert_eq!(tenants_of(cluster, &[], &all), [SHOP, TenantId(1004)]);
    assert_eq!(tenants_of(cluster, &[cluster, of_shop], &all), [TenantId(1004)]);
    assert_eq!(tenants_of(of_shop, &[cluster, of_shop], &all), [SHOP]);
    assert_eq!(tenants_of(of_shop, &[], &[TenantId(1004)]), []);
}
