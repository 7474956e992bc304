//! The delete policies that physical strategies need: setting, changing and dropping them, and whether the database
//! deletes by them.
//!
//! The check holds no state. It reads the policies of each cluster and the tasks that changed them, and lets
//! [`kernel::duty`] decide. At most one task runs for each cluster. The key of an order names the newest task that changed
//! policies of the cluster, so that two servers, or one that crashed, create one task. A task that failed is not repeated
//! for [`AGAIN_AFTER_US`]. What is only remembered is since when a tenant waits, for the alarm.

mod deletions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use engine::TaskStatus;
use futures::StreamExt as _;
use metadata::strategies::Strategies;
use model::Timestamp;
use model::alarm::kept::Span;
use model::cluster::Cluster;
use model::id::{StrategyId, TaskId, TenantId};
use model::order::{DeletePolicyOrder, IdempotencyKey, Order};
use model::physical::SYS;
use model::physical::delete_policy::{DeletePolicy, PolicyWish};
use model::problem::{Problem, ProblemKind};
use model::retention::kernel::KernelPolicy;
use model::strategy::kernel::{self, Duty, LastChange};
use model::strategy::{Holders, Scope, Strategy};
use model::tenant::Tenant;
use model::text::Text;

use crate::asking;
use crate::context::{CleanUpCheck, CleanUpTrouble, Control, Deletions};
use crate::error::Error;
use crate::flows::delete_policy::{self, Owners, PlannedPolicy};
use crate::orders::{self, actor_of_run, caretaker};

/// The maximum number of clusters that are asked at the same time.
const AT_ONCE: usize = 16;

/// How long a strategy waits after a task that failed.
const AGAIN_AFTER_US: u64 = 3_600 * 1_000_000;

/// How many tenants one order changes.
const TENANTS_AT_ONCE: usize = 100;

/// How long a change may wait for something that passes by itself before an alarm is raised.
const WAIT_US: u64 = 3_600 * 1_000_000;

/// The refusals that pass by themselves, so that they are no problem of the strategy.
const PASSING: [&str; 6] = [
    "delete-policy-in-use",
    "delete-policy-not-wanted",
    "delete-policy-plan-changed",
    "delete-policy-runs-already",
    "delete-policy-nothing-changes",
    "cluster-upgrading",
];

/// Checks the delete policies of all clusters once, and orders the changes that strategies need.
pub(crate) async fn watch(control: &Control) -> Result<(), Error> {
    let clusters = control.metadata().cluster_list().await?;
    let all: BTreeSet<_> = clusters.iter().map(|cluster| cluster.id).collect();
    control.context.clean_up_troubles.retain(&all);
    let checks = clusters.into_iter().map(|cluster| async move {
        let id = cluster.id;
        if let Err(error) = Box::pin(check(control, &cluster)).await {
            control.context.clean_up_troubles.forget(id);
            tracing::debug!(cluster = cluster.name, %error, "delete policies cannot be checked");
        }
    });
    futures::stream::iter(checks).buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn check(control: &Control, cluster: &Cluster) -> Result<(), Error> {
    let metadata = control.metadata();
    let from = metadata.now().await?;
    let nothing = || (Vec::new(), Deletions { read: from, is_known: true, troubles: Vec::new() });
    let (troubles, deletions) = match delete_policy::check_offered(cluster) {
        Ok(()) => {
            let strategies = metadata.strategy_list_whole(Some(cluster.id)).await?;
            let owners = Owners::read(&control.context, cluster.id).await?;
            let is_wanted = strategies.readable.iter().any(|strategy| strategy.kernel_wish().is_some());
            if is_wanted || owners.newest().is_some() {
                let round = Round { control, cluster, strategies, owners, now: from };
                round.carry_out().await?
            } else {
                nothing()
            }
        }
        Err(_) => nothing(),
    };
    // The oldest data decide whether another server knows better.
    let oldest = if deletions.is_known { from.min(deletions.read) } else { from };
    let at = Span { from: oldest, to: metadata.now().await? };
    control.context.clean_up_troubles.keep(cluster.id, CleanUpCheck { at, troubles, deletions });
    Ok(())
}

/// One check of a cluster.
struct Round<'a> {
    control: &'a Control,
    cluster: &'a Cluster,
    strategies: Strategies,
    owners: Owners,
    now: Timestamp,
}

/// What the cluster answered about policies.
struct Seen {
    /// The user tenants, and whether each can have a policy now: it is a primary tenant and in normal operation.
    tenants: Vec<(TenantId, bool)>,
    policies: BTreeMap<TenantId, DeletePolicy>,
}

/// The changes that one strategy needs, and whether it may replace foreign policies by them.
type Changes = BTreeMap<(StrategyId, WishKey, bool), Vec<TenantId>>;

/// A policy in an order, so that it can be a key.
type WishKey = Option<u32>;

/// What is wrong with each tenant.
type Troubles = BTreeMap<TenantId, CleanUpTrouble>;

impl Round<'_> {
    /// Orders the changes; returns what is wrong, and what of it is about the deletions of the database.
    async fn carry_out(&self) -> Result<(Vec<CleanUpTrouble>, Deletions), Error> {
        let seen = asking::within_longer_limit(self.cluster, self.ask()).await?;
        let mut troubles = Troubles::new();
        let (changes, waiting) = self.decide(&seen, &mut troubles);
        let reasons = self.order(changes, &seen, &mut troubles).await;
        self.add_waits(waiting, &reasons, &mut troubles);
        // The policies are carried out even if the deletions cannot be read.
        let deletions = self.deletions(&seen).await;
        for late in &deletions.troubles {
            troubles.entry(late.tenant).or_insert_with(|| late.clone());
        }
        Ok((troubles.into_values().collect(), deletions))
    }

    /// Decides about each tenant. Returns the changes to order, and the tenants that do not have what they need.
    fn decide(&self, seen: &Seen, troubles: &mut Troubles) -> (Changes, BTreeMap<TenantId, PolicyWish>) {
        let (mut changes, mut waiting) = (Changes::new(), BTreeMap::new());
        for (tenant, is_fit) in &seen.tenants {
            let policy = seen.policies.get(tenant);
            let last = self.owners.last(*tenant);
            let holder = self.holder(*tenant);
            let is_of_cluster = holder.is_some_and(|holder| holder.scope.tenant().is_none());
            match kernel::duty(holder, *tenant, policy, last.as_ref()) {
                Duty::Nothing => {}
                _ if self.may_have_another(*tenant) => {}
                // A standby tenant, or one that is being restored, does not need what the whole cluster needs.
                Duty::Change { wish: PolicyWish::Set { .. }, .. }
                    if policy.is_none() && is_of_cluster && !is_fit => {}
                Duty::Differs => drop(troubles.insert(*tenant, self.differs(*tenant, policy, last.as_ref()))),
                Duty::Change { wish, strategy, take_over } => {
                    let (failed, is_due) = self.failed(strategy, *tenant, wish);
                    // It stays a problem until a try has succeeded.
                    troubles.extend(failed.map(|failed| (*tenant, failed)));
                    if is_due {
                        waiting.insert(*tenant, wish);
                        changes.entry((strategy, key(wish), take_over)).or_default().push(*tenant);
                    }
                }
            }
        }
        (changes, waiting)
    }

    /// Orders changes, one task in each check. Returns why tenants must wait, as far as that is known.
    async fn order(
        &self,
        changes: Changes,
        seen: &Seen,
        troubles: &mut Troubles,
    ) -> BTreeMap<TenantId, Text> {
        let mut reasons = BTreeMap::new();
        let mut is_open = !self.owners.has_unfinished();
        for ((strategy, days, take_over), tenants) in changes {
            for some in tenants.chunks(TENANTS_AT_ONCE) {
                if is_open {
                    let change = Change { strategy, wish: wish(days), take_over };
                    is_open = !self.change(change, some, seen, troubles, &mut reasons).await;
                } else {
                    self.keep_troubles(some, troubles);
                }
            }
        }
        reasons
    }

    /// Leaves what the last check found about tenants that this one does not try.
    fn keep_troubles(&self, tenants: &[TenantId], troubles: &mut Troubles) {
        let known = self.control.context.clean_up_troubles.known(self.cluster.id);
        let refused = known.into_iter().filter(|known| known.text.id == REFUSED);
        for known in refused.filter(|known| tenants.contains(&known.tenant)) {
            troubles.entry(known.tenant).or_insert(known);
        }
    }

    /// Adds an alarm for each tenant that has waited for too long, and has no other problem.
    fn add_waits(
        &self,
        waiting: BTreeMap<TenantId, PolicyWish>,
        reasons: &BTreeMap<TenantId, Text>,
        troubles: &mut Troubles,
    ) {
        let waits = self.control.context.clean_up_troubles.wait(self.cluster.id, waiting, self.now);
        for (tenant, since) in waits {
            if self.now.since(since) >= WAIT_US {
                let waits = CleanUpTrouble {
                    since: Some(since),
                    reason: reasons.get(&tenant).cloned(),
                    ..trouble(tenant, Text::new("alarm-clean-up-policy-waits").with("since", since))
                };
                troubles.entry(tenant).or_insert(waits);
            }
        }
    }

    async fn ask(&self) -> Result<Seen, Error> {
        let mut driver = asking::open(&self.control.context, self.cluster).await?;
        let living = driver.tenants().await?;
        let fit = |tenant: &Tenant| (tenant.id, tenant.role == "PRIMARY" && tenant.status == "NORMAL");
        let tenants: Vec<_> = living.iter().map(fit).filter(|(id, _)| *id != SYS).collect();
        let policies = driver.delete_policies().await?;
        let policies: BTreeMap<_, _> = policies.into_iter().map(|policy| (policy.tenant, policy)).collect();
        Ok(Seen { tenants, policies })
    }

    fn holder(&self, tenant: TenantId) -> Option<&Strategy> {
        Holders::of(&self.strategies.readable).holding(self.cluster.id, tenant)
    }

    /// Returns whether a strategy that cannot be read may be that of a tenant.
    fn may_have_another(&self, tenant: TenantId) -> bool {
        delete_policy::may_be_hidden(&self.strategies, Scope::Tenant(self.cluster.id, tenant))
    }

    /// Returns the problem that the newest ended task with what a tenant needs failed, and whether another one may be
    /// ordered: not a short time after that. A task from before a new consent does not count.
    fn failed(
        &self,
        strategy: StrategyId,
        tenant: TenantId,
        wish: PolicyWish,
    ) -> (Option<CleanUpTrouble>, bool) {
        let counts =
            |task: &&engine::Task| !kernel::is_outdated(TaskId(task.id.0), tenant, None, self.holder(tenant));
        let mut ended = self.owners.tries(strategy, tenant, wish).filter(|task| task.status.is_finished());
        let newest = ended.next().filter(counts);
        let Some(task) = newest.filter(|task| task.status == TaskStatus::Failed) else { return (None, true) };
        let id = TaskId(task.id.0);
        let at = task.finished_at.unwrap_or(task.created_at);
        let text = Text::new("alarm-clean-up-task-failed").with("task", id);
        let reason = task.note.clone().map(crate::words::text);
        let failed = CleanUpTrouble { task: Some(id), reason, ..trouble(tenant, text) };
        (Some(failed), self.now.since(Timestamp(at.0)) >= AGAIN_AFTER_US)
    }

    fn differs(
        &self,
        tenant: TenantId,
        policy: Option<&DeletePolicy>,
        last: Option<&LastChange>,
    ) -> CleanUpTrouble {
        let days = self.holder(tenant).and_then(|strategy| strategy.settings.kernel_window_days());
        let text = match policy {
            Some(policy) if last.is_some_and(|last| last.left(policy)) => {
                Text::new("alarm-clean-up-policy-longer").with("policy", policy.words())
            }
            Some(policy) => Text::new("alarm-clean-up-policy-differs").with("policy", policy.words()),
            None => Text::new("alarm-clean-up-policy-dropped"),
        };
        trouble(tenant, text.with("days", days.unwrap_or_default()))
    }

    /// Orders one change for those of the tenants that can have it; the others are tried again at the next check. Returns
    /// whether there is a task now, so that no other one would be accepted.
    async fn change(
        &self,
        change: Change,
        tenants: &[TenantId],
        seen: &Seen,
        troubles: &mut Troubles,
        reasons: &mut BTreeMap<TenantId, Text>,
    ) -> bool {
        let Change { strategy, wish, .. } = change;
        let context = &self.control.context;
        let planned = delete_policy::plan_each(context, self.cluster, tenants, wish, strategy).await;
        let delete_policy::Sorted { plan, refused } = match planned {
            Ok(sorted) => sorted,
            Err(error) => {
                self.put_off(tenants, error, troubles, reasons);
                return false;
            }
        };
        // One tenant that cannot have the policy is no reason to leave out the others.
        for (tenant, error) in refused {
            self.put_off(&[tenant], error, troubles, reasons);
        }
        let fit: Vec<TenantId> = plan.tenants.iter().map(|planned| planned.tenant).collect();
        if fit.is_empty() {
            return false;
        }
        // What was decided, and what a user has agreed to, is about the policies that were seen.
        let is_other =
            |planned: &PlannedPolicy| planned.policy.as_ref() != seen.policies.get(&planned.tenant);
        if plan.tenants.iter().any(is_other) {
            self.put_off(&fit, Problem::conflict("delete-policy-plan-changed").into(), troubles, reasons);
            return false;
        }
        match Box::pin(self.submit(change, &fit, plan.digest)).await {
            Ok(task) => {
                tracing::info!(%strategy, %task, "a strategy changes delete policies");
                true
            }
            Err(error) => {
                let is_occupied = error.problem().text.id == "delete-policy-runs-already";
                self.put_off(&fit, error, troubles, reasons);
                is_occupied
            }
        }
    }

    /// Takes down why tenants do not get their policy now.
    fn put_off(
        &self,
        tenants: &[TenantId],
        error: Error,
        troubles: &mut Troubles,
        reasons: &mut BTreeMap<TenantId, Text>,
    ) {
        let cluster = &self.cluster.name;
        tracing::debug!(cluster, ?tenants, %error, "delete policies cannot be changed now");
        let is_passing = error.is_transient() || is_passing(error.problem());
        let reason = error.into_problem().text;
        for tenant in tenants {
            if is_passing {
                reasons.insert(*tenant, reason.clone());
            } else {
                let refused = trouble(*tenant, Text::new(REFUSED));
                troubles.insert(*tenant, CleanUpTrouble { reason: Some(reason.clone()), ..refused });
            }
        }
    }

    async fn submit(&self, change: Change, tenants: &[TenantId], plan: String) -> Result<TaskId, Error> {
        let Change { strategy, wish, take_over } = change;
        let metadata = self.control.metadata();
        let found = self.strategies.readable.iter().find(|found| found.id == strategy);
        let actor = match (wish, found) {
            (PolicyWish::Set { .. }, Some(found)) => {
                actor_of_run(metadata.user_get(found.owner).await?, found)?
            }
            // To drop a policy deletes nothing, and must not depend on an account.
            _ => caretaker(strategy),
        };
        let newest = self.owners.newest().map_or(0, |task| task.0);
        let key = IdempotencyKey::new(&format!("delete-policy-{strategy}-{newest}-{plan}"))?;
        let (cluster, tenants) = (self.cluster.id, tenants.to_vec());
        let order = DeletePolicyOrder { cluster, tenants, wish, take_over, plan, strategy: Some(strategy) };
        Ok(orders::submit(self.control, &actor, Order::DeletePolicy(order), Some(&key)).await?.task)
    }
}

/// A change that a strategy needs.
#[derive(Debug, Clone, Copy)]
struct Change {
    strategy: StrategyId,
    wish: PolicyWish,
    take_over: bool,
}

/// The text about a tenant that cannot have the policy which it needs.
const REFUSED: &str = "alarm-clean-up-policy-refused";

fn trouble(tenant: TenantId, text: Text) -> CleanUpTrouble {
    CleanUpTrouble { tenant, task: None, since: None, text, reason: None }
}

fn is_passing(problem: &Problem) -> bool {
    problem.kind == ProblemKind::Outside || PASSING.contains(&problem.text.id.as_str())
}

/// A strategy sets policies `default` only.
fn key(wish: PolicyWish) -> WishKey {
    match wish {
        PolicyWish::Set { days, .. } => Some(days),
        PolicyWish::Drop => None,
    }
}

fn wish(key: WishKey) -> PolicyWish {
    key.map_or(PolicyWish::Drop, |days| PolicyWish::Set { rule: KernelPolicy::Default, days })
}
