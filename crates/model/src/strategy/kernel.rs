//! The delete policies of OceanBase 4.x that physical strategies need: the database deletes physical backups, so the
//! clean-up of a physical strategy is a policy of each of its tenants.
//!
//! A deletion by the database cannot be undone. So whatever somebody else did to a policy is left alone, until the user
//! who saves the strategy agrees to replace what there is.

use super::{Scope, Settings, Strategy};
use crate::backup::BackupMethod;
use crate::id::{StrategyId, TenantId};
use crate::physical::SYS;
use crate::physical::delete_policy::{DeletePolicy, PolicyWish};
use crate::retention::kernel::KernelPolicy;
use crate::time::Timestamp;

/// How a task of Lifeboat left the policy of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastChange {
    /// The policy.
    pub wish: PolicyWish,
    /// The strategy that ordered it; none if a user requested it.
    pub strategy: Option<StrategyId>,
    /// When the task was created.
    pub created: Timestamp,
    /// Whether the task succeeded.
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

/// Returns whether a policy that Lifeboat did not leave must be agreed to before this one is set.
#[must_use]
pub fn needs_consent(wish: PolicyWish, policy: Option<&DeletePolicy>, last: Option<&LastChange>) -> bool {
    policy.is_some_and(|policy| !last.is_some_and(|last| last.left(policy)) && !policy.is(wish))
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
    let is_agreed = strategy.settings.take_over.as_ref().is_some_and(|consent| {
        consent.seen.contains(&(tenant, policy.cloned())) && last.is_none_or(|last| last.created < consent.at)
    });
    let change = |take_over| Duty::Change { wish, strategy: strategy.id, take_over };
    match policy {
        Some(policy) if is_ours => {
            let is_its_own = policy.is(wish) && last.is_some_and(|last| last.strategy == Some(strategy.id));
            if is_its_own { Duty::Nothing } else { change(false) }
        }
        Some(_) if is_agreed => change(true),
        Some(policy) if policy.is(wish) => Duty::Nothing,
        Some(_) => Duty::Differs,
        None => {
            // A task that failed may have left none; otherwise somebody else dropped it.
            let is_dropped = last.is_some_and(|last| last.is_done && last.wish != PolicyWish::Drop);
            if is_dropped && !is_agreed { Duty::Differs } else { change(false) }
        }
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
    use super::{Duty, LastChange, Scope, duty, needs_consent, tenants_of};
    use crate::id::{ClusterId, StrategyId, TenantId};
    use crate::physical::delete_policy::{DeletePolicy, PolicyWish};
    use crate::retention::kernel::KernelPolicy;
    use crate::schedule::Daily;
    use crate::strategy::tests::{NIGHTLY, strategy};
    use crate::strategy::{CleanUp, Strategy, TakeOver};
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
        LastChange { wish, strategy: strategy.map(StrategyId), created: Timestamp(100), is_done }
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
                "another strategy's",
                &keeps,
                &month,
                Some(last(days(30), Some(4), true)),
                change(days(7), false),
            ),
            ("a user's", &keeps, &month, Some(last(days(30), None, true)), change(days(7), false)),
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

    #[test]
    fn a_consent_is_for_what_was_seen_and_for_once() {
        let mut keeps = keeping(7);
        let seen = vec![(SHOP, Some(policy("30d"))), (TenantId(1004), None)];
        keeps.settings.take_over = Some(TakeOver { at: Timestamp(200), seen });
        let at = |tenant: i64, window: Option<&str>, created: Option<i64>| {
            let last = created
                .map(|created| LastChange { created: Timestamp(created), ..last(days(7), Some(5), true) });
            let policy = window.map(policy);
            duty(Some(&keeps), TenantId(tenant), policy.as_ref(), last.as_ref())
        };
        let change = |take_over| Duty::Change { wish: days(7), strategy: StrategyId(5), take_over };
        assert_eq!(at(1002, Some("30d"), None), change(true));
        assert_eq!(at(1002, Some("30d"), Some(199)), change(true));
        assert_eq!(at(1002, Some("30d"), Some(201)), Duty::Differs, "it came back after that");
        assert_eq!(at(1002, Some("31d"), None), Duty::Differs);
        assert_eq!(at(1006, Some("30d"), None), Duty::Differs);
        assert_eq!(at(1004, None, Some(199)), change(false), "it may be set again");
        assert_eq!(at(1004, None, Some(201)), Duty::Differs);
    }

    #[test]
    fn only_a_foreign_policy_with_another_window_needs_consent() {
        let ours = last(days(30), None, true);
        let cases = [
            (None, None, false),
            (Some(policy("7d")), None, false),
            (Some(policy("30d")), Some(&ours), false),
            (Some(policy("30d")), None, true),
            (Some(policy("31d")), Some(&ours), true),
        ];
        for (policy, last, expected) in cases {
            assert_eq!(needs_consent(days(7), policy.as_ref(), last), expected, "{policy:?} {last:?}");
        }
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
