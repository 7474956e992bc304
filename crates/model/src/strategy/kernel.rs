//! The delete policies of OceanBase 4.x that physical strategies need: the database deletes physical backups, so the
//! clean-up of a physical strategy is a policy of each of its tenants.
//!
//! A deletion by the database cannot be undone. So whatever somebody else did to a policy is left alone, and a policy of
//! another strategy is not shortened, until a user agrees to replace what there is.

use super::{Consent, Scope, Settings, Strategy, TakeOver};
use crate::backup::BackupMethod;
use crate::id::{StorageId, StrategyId, TaskId, TenantId};
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

/// Returns whether a task that changes the policy of a tenant is out of date: a newer one (`last`) has changed it, or a
/// user has agreed since to what replaces it. Such a task does nothing more, so that the order of the tasks is that of
/// their changes, and a consent ends with the first change after it.
#[must_use]
pub fn is_outdated(
    task: TaskId,
    tenant: TenantId,
    last: Option<&LastChange>,
    strategy: Option<&Strategy>,
) -> bool {
    let take_over = strategy.and_then(|strategy| strategy.settings.take_over.as_ref());
    let mut consents = take_over.iter().flat_map(|take_over| &take_over.consents);
    last.is_some_and(|last| last.task > task)
        || consents
            .any(|consent| consent.tenant == tenant && consent.after.is_some_and(|after| after >= task))
}

/// What happens to the policy of a tenant when a backup moves the tenant's destinations into another storage: the
/// database then deletes by it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtMove {
    /// It stays: who saved the strategy of the tenant has seen what expires there.
    Stays,
    /// It is dropped: a strategy has set it for another storage or window, or a user has agreed to replace it.
    Dropped,
    /// It stays if the database deletes nothing there by it, or if the user who requested the backup agrees. It is the
    /// policy of a user or of another tool.
    Asks,
}

/// Decides about a policy when the destinations of its tenant move into this storage. `strategy` backs up the tenant, if
/// any does.
#[must_use]
pub fn at_move(
    tenant: TenantId,
    policy: &DeletePolicy,
    last: Option<&LastChange>,
    strategy: Option<&Strategy>,
    storage: StorageId,
) -> AtMove {
    let wish = strategy.and_then(|strategy| strategy.kernel_wish_in(storage));
    if wish.is_some_and(|wish| policy.is(wish)) {
        return AtMove::Stays;
    }
    // Who saved the strategy has agreed to replace this policy.
    let take_over = strategy.and_then(|strategy| strategy.settings.take_over.as_ref());
    let is_agreed =
        wish.is_some() && take_over.is_some_and(|agreed| agreed.covers(tenant, Some(policy), last));
    match last.filter(|last| last.left(policy)).and_then(|last| last.strategy) {
        Some(_) => AtMove::Dropped,
        None if is_agreed => AtMove::Dropped,
        None => AtMove::Asks,
    }
}

impl Strategy {
    /// Returns the delete policy that its tenants need if this is its storage.
    #[must_use]
    pub fn kernel_wish_in(&self, storage: StorageId) -> Option<PolicyWish> {
        self.kernel_wish().filter(|_| self.settings.storage == storage)
    }

    /// Adds consents about a tenant, which replace older ones.
    pub fn agree(&mut self, tenant: TenantId, new: Vec<Consent>) {
        let mut consents = self.settings.take_over.take().map(|old| old.consents).unwrap_or_default();
        consents.retain(|consent| consent.tenant != tenant);
        consents.extend(new);
        self.settings.take_over = Some(TakeOver { consents });
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

/// Returns whether the database may delete backups of the tenant earlier when its `own` strategy (none if it cannot be
/// read) is deleted, because the strategy of the cluster then applies: if its window is shorter, or if it has another
/// storage. Which sets of the tenant have expired there by its window must then be asked.
#[must_use]
pub fn shortening(own: Option<&Strategy>, of_cluster: &Strategy) -> Option<Shortening> {
    let days = of_cluster.settings.kernel_window_days()?;
    let own_days = own.and_then(|own| own.settings.kernel_window_days());
    let is_same_storage = own.is_some_and(|own| own.settings.storage == of_cluster.settings.storage);
    Some(Shortening { own_days, days }).filter(|found| found.is_shorter() || !is_same_storage)
}

impl Shortening {
    /// Returns whether the window of the cluster's strategy is shorter than that of the tenant's own. If not, it has another
    /// storage.
    #[must_use]
    pub fn is_shorter(self) -> bool {
        self.own_days.is_none_or(|own| own > self.days)
    }

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
mod tests;
