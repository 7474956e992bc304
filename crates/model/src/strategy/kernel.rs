//! The delete policies of OceanBase 4.x that physical strategies need: the database deletes physical backups, so the
//! clean-up of a physical strategy is a policy of each of its tenants.
//!
//! A deletion by the database cannot be undone. So whatever somebody else did to a policy is left alone, and a policy of
//! another strategy is not shortened, until a user agrees to replace what there is.

use super::{Consent, Scope, Settings, Strategy, TakeOver};
use crate::backup::BackupMethod;
use crate::id::{StrategyId, TaskId, TenantId};
use crate::physical::SYS;
use crate::physical::delete_policy::{DAY_US, DeletePolicy, PolicyWish};
use crate::retention::kernel::KernelPolicy;
use crate::time::Timestamp;

/// How a task of Lifeboat left the policy of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastChange {
    /// The policy.
    pub wish: PolicyWish,
    /// The strategy that ordered it; none if a user requested it.
    pub strategy: Option<StrategyId>,
    /// The task.
    pub task: TaskId,
    /// When the task was created.
    pub created: Timestamp,
    /// Whether the database showed the policy afterwards.
    pub is_done: bool,
}

impl LastChange {
    /// Returns whether a policy is the one that the task left.
    #[must_use]
    pub fn left(&self, policy: &DeletePolicy) -> bool {
        policy.is(self.wish)
    }
}

/// What Lifeboat has to do about the policy of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Nothing.
    Nothing,
    /// It is changed.
    Change {
        /// The policy.
        wish: PolicyWish,
        /// The strategy that needs it, or no longer needs it.
        strategy: StrategyId,
        /// Whether the user agreed to replace a policy that Lifeboat did not set.
        take_over: bool,
    },
    /// Nothing, although it is not what the strategy needs: somebody else changed it, and nobody has agreed to that.
    Differs,
}

impl Settings {
    /// Returns for how many days the database keeps the backups of a physical strategy; none if it keeps all.
    #[must_use]
    pub fn kernel_window_days(&self) -> Option<u32> {
        let clean_up = self.clean_up.filter(|_| self.method == BackupMethod::Physical);
        clean_up.map(|clean_up| clean_up.retention_days)
    }
}

impl Strategy {
    /// Returns the delete policy that its tenants need; none if it keeps all backups. A pause changes nothing about it.
    #[must_use]
    pub fn kernel_wish(&self) -> Option<PolicyWish> {
        let days = self.settings.kernel_window_days()?;
        Some(PolicyWish::Set { rule: KernelPolicy::Default, days })
    }
}

/// Returns whether a user must agree before this policy is set for a strategy (none for a new one) in place of what there
/// is: a policy that Lifeboat did not leave; one that keeps backups longer and that another strategy or a user has set;
/// or none, because somebody dropped what Lifeboat had set.
#[must_use]
pub fn needs_consent(
    wish: PolicyWish,
    strategy: Option<StrategyId>,
    policy: Option<&DeletePolicy>,
    last: Option<&LastChange>,
) -> bool {
    let Some(policy) = policy else {
        return last.is_some_and(|last| last.is_done && last.wish != PolicyWish::Drop);
    };
    if policy.is(wish) {
        return false;
    }
    match last.filter(|last| last.left(policy)) {
        Some(last) if last.strategy.is_some() && last.strategy == strategy => false,
        Some(_) => is_shorter(wish, policy),
        None => true,
    }
}

/// Returns whether the database may delete by the wish what it keeps by the policy.
fn is_shorter(wish: PolicyWish, policy: &DeletePolicy) -> bool {
    let PolicyWish::Set { rule, days } = wish else { return false };
    // With a window of 0, nothing expires.
    let window_us = policy.window_us().filter(|window_us| *window_us > 0 && policy.rule() == Some(rule));
    window_us.is_none_or(|window_us| u64::from(days) * DAY_US < window_us)
}

/// Decides about a tenant with this policy, which `strategy` backs up, if any does.
#[must_use]
pub fn duty(
    strategy: Option<&Strategy>,
    tenant: TenantId,
    policy: Option<&DeletePolicy>,
    last: Option<&LastChange>,
) -> Duty {
    let is_ours = policy.is_some_and(|policy| last.is_some_and(|last| last.left(policy)));
    let Some((strategy, wish)) = strategy.and_then(|strategy| Some((strategy, strategy.kernel_wish()?)))
    else {
        // A policy that a user set stays.
        return match last.and_then(|last| last.strategy).filter(|_| is_ours) {
            Some(strategy) => Duty::Change { wish: PolicyWish::Drop, strategy, take_over: false },
            None => Duty::Nothing,
        };
    };
    let is_wanted = policy.is_some_and(|policy| policy.is(wish));
    let is_its_own = is_ours && last.is_some_and(|last| last.strategy == Some(strategy.id));
    let take_over = strategy.settings.take_over.as_ref();
    let is_agreed = take_over.is_some_and(|consents| consents.covers(tenant, policy, last));
    let is_foreign = policy.is_some() && !is_ours;
    if is_wanted && (is_its_own || is_foreign && !is_agreed) {
        Duty::Nothing
    } else if needs_consent(wish, Some(strategy.id), policy, last) && !is_agreed {
        Duty::Differs
    } else {
        Duty::Change { wish, strategy: strategy.id, take_over: is_foreign }
    }
}

impl TakeOver {
    /// Returns whether it covers what there is: that was seen, and no newer task of Lifeboat has changed the policy.
    fn covers(&self, tenant: TenantId, policy: Option<&DeletePolicy>, last: Option<&LastChange>) -> bool {
        let covers = |consent: &Consent| {
            consent.tenant == tenant
                && consent.policy.as_ref() == policy
                && last.is_none_or(|last| consent.after.is_some_and(|after| last.task <= after))
        };
        self.consents.iter().any(covers)
    }
}

/// How the database would delete the physical backups of a tenant without the strategy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortening {
    /// For how many days its own strategy keeps them; none if it keeps all, or cannot be read.
    pub own_days: Option<u32>,
    /// For how many days the strategy of the cluster keeps them.
    pub days: u32,
}

/// Returns whether the tenant's backups are kept for a shorter time when its `own` strategy (none if it cannot be read)
/// is deleted, because the strategy of the cluster then applies.
#[must_use]
pub fn shortening(own: Option<&Strategy>, of_cluster: &Strategy) -> Option<Shortening> {
    let days = of_cluster.settings.kernel_window_days()?;
    let own_days = own.and_then(|own| own.settings.kernel_window_days());
    own_days.is_none_or(|own| own > days).then_some(Shortening { own_days, days })
}

impl Shortening {
    /// Returns the consent to it, for the policies that the tenant's own strategy may have left. `after` is the newest
    /// task that changed policies.
    #[must_use]
    pub fn consents(self, tenant: TenantId, after: Option<TaskId>) -> Vec<Consent> {
        let own = self.own_days.map(|days| DeletePolicy {
            tenant,
            name: KernelPolicy::Default.name().to_owned(),
            window: format!("{days}d"),
        });
        let mut seen = vec![None];
        seen.extend(own.map(Some));
        seen.into_iter().map(|policy| Consent { tenant, policy, after }).collect()
    }
}

/// Returns the tenants of a cluster that a strategy with this scope backs up, whether it exists or not. Those in `other`
/// have strategies of their own. The sys tenant has no delete policy.
#[must_use]
pub fn tenants_of(scope: Scope, other: &[Scope], tenants: &[TenantId]) -> Vec<TenantId> {
    let is_covered = |tenant: &&TenantId| match scope {
        Scope::Tenant(_, own) => **tenant == own,
        Scope::Cluster(cluster) => !other.contains(&Scope::Tenant(cluster, **tenant)),
    };
    tenants.iter().filter(|tenant| **tenant != SYS).filter(is_covered).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::{Duty, LastChange, Scope, Shortening, duty, needs_consent, shortening, tenants_of};
    use crate::backup::BackupMethod;
    use crate::id::{ClusterId, StrategyId, TaskId, TenantId};
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
            (
                "a user's with its window",
                &keeps,
                &week,
                Some(last(days(7), None, true)),
                change(days(7), false),
            ),
            (
                "another strategy's with its window",
                &keeps,
                &week,
                Some(last(days(7), Some(4), true)),
                change(days(7), false),
            ),
            (
                "another strategy's, longer",
                &keeps,
                &month,
                Some(last(days(30), Some(4), true)),
                Duty::Differs,
            ),
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
            (
                "a foreign one after its own",
                &keeps,
                &month,
                Some(last(days(7), Some(5), true)),
                Duty::Differs,
            ),
            ("a foreign one with its window", &keeps, &week, None, Duty::Nothing),
            ("dropped by somebody", &keeps, &None, Some(last(days(7), Some(5), true)), Duty::Differs),
            (
                "a task that failed",
                &keeps,
                &None,
                Some(last(days(7), Some(5), false)),
                change(days(7), false),
            ),
            (
                "a dropped one",
                &keeps,
                &None,
                Some(last(PolicyWish::Drop, None, true)),
                change(days(7), false),
            ),
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
    fn a_strategy_of_a_cluster_is_not_for_tenants_with_their_own() {
        let (cluster, of_shop) = (Scope::Cluster(ClusterId(1)), Scope::Tenant(ClusterId(1), SHOP));
        let all = [TenantId(1), SHOP, TenantId(1004)];
        assert_eq!(tenants_of(cluster, &[], &all), [SHOP, TenantId(1004)]);
        assert_eq!(tenants_of(cluster, &[cluster, of_shop], &all), [TenantId(1004)]);
        assert_eq!(tenants_of(of_shop, &[cluster, of_shop], &all), [SHOP]);
        assert_eq!(tenants_of(of_shop, &[], &[TenantId(1004)]), []);
    }
}
