//! The delete policies that physical strategies need: setting, changing and dropping them, and whether the database
//! deletes by them.
//!
//! The check holds no state. It reads the policies of each cluster and the tasks that changed them, and lets
//! [`kernel::duty`] decide. The key of an order names the newest task that changed policies of the cluster, so that two
//! servers, or one that crashed, create one task. A task that failed is not repeated for [`AGAIN_AFTER_US`].

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
use model::physical::delete_policy::{DeleteJob, DeletePolicy, PolicyWish};
use model::problem::{Problem, ProblemKind};
use model::retention::kernel::KernelPolicy;
use model::strategy::kernel::{self, Duty};
use model::strategy::{Holders, Scope, Strategy};
use model::tenant::Tenant;
use model::text::Text;
use oceanbase::Driver;

use super::overdue::{self, Deleting};
use crate::asking;
use crate::context::{CleanUpCheck, CleanUpTrouble, Control, Deletions};
use crate::error::Error;
use crate::flows::delete_policy::{self, Outlook, Owners};
use crate::orders::{self, actor_of_run, caretaker};

/// How many clusters are asked at once.
const AT_ONCE: usize = 16;

/// How long a strategy waits after a task that failed.
const AGAIN_AFTER_US: u64 = 3_600 * 1_000_000;

/// How often the deletions of a database are read: much more is read for them than for the policies.
const READ_EVERY_US: u64 = 5 * 60 * 1_000_000;

/// The refusals that pass by themselves, so that they are no problem of the strategy.
const PASSING: [&str; 5] = [
    "delete-policy-in-use",
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
    let nothing = || (Vec::new(), Deletions { read: from, troubles: Vec::new() });
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
    let at = Span { from: from.min(deletions.read), to: metadata.now().await? };
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

/// What the cluster answered.
struct Seen {
    /// The user tenants, and whether each can have a policy now: it is a primary tenant and in normal operation.
    tenants: Vec<(TenantId, bool)>,
    policies: BTreeMap<TenantId, DeletePolicy>,
    deletions: Deletions,
}

/// The changes that one strategy needs, and whether it may replace foreign policies by them.
type Changes = BTreeMap<(StrategyId, WishKey, bool), Vec<TenantId>>;

/// A policy in an order, so that it can be a key.
type WishKey = Option<u32>;

impl Round<'_> {
    /// Orders the changes; returns what is wrong, and what of it is about the deletions of the database.
    async fn carry_out(&self) -> Result<(Vec<CleanUpTrouble>, Deletions), Error> {
        let seen = asking::within_longer_limit(self.cluster, self.ask()).await?;
        let mut troubles: BTreeMap<TenantId, CleanUpTrouble> = BTreeMap::new();
        let mut changes = Changes::new();
        for (tenant, is_fit) in &seen.tenants {
            let policy = seen.policies.get(tenant);
            let last = self.owners.last(*tenant);
            match kernel::duty(self.holder(*tenant), *tenant, policy, last.as_ref()) {
                Duty::Nothing => {}
                _ if self.may_have_another(*tenant) => {}
                // A standby tenant, or one that is being restored, does not need what the whole cluster needs.
                _ if !is_fit && self.holder(*tenant).is_some_and(|of| of.scope.tenant().is_none()) => {}
                Duty::Differs => drop(troubles.insert(*tenant, self.differs(*tenant, policy))),
                Duty::Change { wish, strategy, take_over } => match self.newest(strategy, *tenant) {
                    Newest::Runs => {}
                    Newest::Failed(task, why) => {
                        let text = Text::new("alarm-clean-up-task-failed").with("task", task);
                        let failed =
                            CleanUpTrouble { task: Some(task), reason: why, ..trouble(*tenant, text) };
                        troubles.insert(*tenant, failed);
                    }
                    Newest::None => {
                        changes.entry((strategy, key(wish), take_over)).or_default().push(*tenant);
                    }
                },
            }
        }
        for ((strategy, days, take_over), tenants) in changes {
            self.change(strategy, wish(days), take_over, &tenants, &mut troubles).await?;
        }
        for late in &seen.deletions.troubles {
            troubles.entry(late.tenant).or_insert_with(|| late.clone());
        }
        Ok((troubles.into_values().collect(), seen.deletions))
    }

    async fn ask(&self) -> Result<Seen, Error> {
        let mut driver = asking::open(&self.control.context, self.cluster).await?;
        let living = driver.tenants().await?;
        let fit = |tenant: &Tenant| (tenant.id, tenant.role == "PRIMARY" && tenant.status == "NORMAL");
        let tenants: Vec<_> = living.iter().map(fit).filter(|(id, _)| *id != SYS).collect();
        let policies = driver.delete_policies().await?;
        let policies: BTreeMap<_, _> = policies.into_iter().map(|policy| (policy.tenant, policy)).collect();
        let known = self.control.context.clean_up_troubles.deletions_of(self.cluster.id);
        let known = known.filter(|known| self.now.since(known.read) < READ_EVERY_US);
        let deletions = match known {
            Some(known) => known,
            None => {
                let found = self.deleting(&mut driver, &tenants, &policies).await?;
                let troubles = found.iter().filter_map(overdue::trouble).collect();
                Deletions { read: self.now, troubles }
            }
        };
        Ok(Seen { tenants, policies, deletions })
    }

    /// Reads what the database deletes of the tenants whose policy a strategy needs, or Lifeboat set.
    async fn deleting(
        &self,
        driver: &mut Driver,
        tenants: &[(TenantId, bool)],
        policies: &BTreeMap<TenantId, DeletePolicy>,
    ) -> Result<Vec<Deleting>, Error> {
        let watched: Vec<_> = tenants
            .iter()
            .filter_map(|(tenant, _)| policies.get(tenant))
            .filter_map(|policy| Some((policy, self.in_force_since(policy)?)))
            .collect();
        if watched.is_empty() {
            return Ok(Vec::new());
        }
        let jobs: BTreeMap<TenantId, DeleteJob> =
            driver.newest_delete_jobs().await?.into_iter().map(|job| (job.tenant, job)).collect();
        let outlook = Outlook::read(driver, None).await?;
        let mut found = Vec::with_capacity(watched.len());
        for (policy, since) in watched {
            let late = match policy.window_us() {
                Some(window_us) if self.now.since(since) >= overdue::GRACE_US => {
                    outlook.overdue(driver, policy.tenant, window_us, overdue::GRACE_US).await?
                }
                _ => Vec::new(),
            };
            let job = jobs.get(&policy.tenant).cloned();
            found.push(Deleting { tenant: policy.tenant, since, late, job, now: outlook.now() });
        }
        Ok(found)
    }

    /// Returns since when the database deletes sets by a policy that Lifeboat set or a strategy needs; none for another
    /// one.
    fn in_force_since(&self, policy: &DeletePolicy) -> Option<Timestamp> {
        policy.rule().filter(|rule| *rule == KernelPolicy::Default)?;
        if let Some(last) = self.owners.last(policy.tenant).filter(|last| last.left(policy)) {
            return Some(last.created);
        }
        let holder = self.holder(policy.tenant)?;
        let clean_up = holder.settings.clean_up?;
        holder.kernel_wish().filter(|wish| policy.is(*wish)).map(|_| clean_up.since)
    }

    fn holder(&self, tenant: TenantId) -> Option<&Strategy> {
        Holders::of(&self.strategies.readable).holding(self.cluster.id, tenant)
    }

    /// Returns whether a strategy that cannot be read may be that of a tenant.
    fn may_have_another(&self, tenant: TenantId) -> bool {
        let own = Scope::Tenant(self.cluster.id, tenant);
        let has_own = self.strategies.readable.iter().any(|strategy| strategy.scope == own);
        let mut hidden = self.strategies.unreadable.iter().map(|unreadable| unreadable.scope);
        hidden.any(|scope| scope == own || !has_own && scope.tenant().is_none())
    }

    /// Returns what the newest task of a strategy means for another one.
    fn newest(&self, strategy: StrategyId, tenant: TenantId) -> Newest {
        let Some(task) = self.owners.newest_of(strategy, tenant) else { return Newest::None };
        if !task.status.is_finished() {
            return Newest::Runs;
        }
        let ended = task.finished_at.unwrap_or(task.created_at);
        let is_recent = self.now.since(Timestamp(ended.0)) < AGAIN_AFTER_US;
        match task.status {
            TaskStatus::Failed if is_recent => {
                Newest::Failed(TaskId(task.id.0), task.note.clone().map(crate::words::text))
            }
            _ => Newest::None,
        }
    }

    fn differs(&self, tenant: TenantId, policy: Option<&DeletePolicy>) -> CleanUpTrouble {
        let days = self.holder(tenant).and_then(|strategy| strategy.settings.kernel_window_days());
        let text = match policy {
            Some(policy) => Text::new("alarm-clean-up-policy-differs").with("policy", policy.words()),
            None => Text::new("alarm-clean-up-policy-dropped"),
        };
        trouble(tenant, text.with("days", days.unwrap_or_default()))
    }

    /// Orders one change for the tenants that can have it. The others are tried again at the next check.
    async fn change(
        &self,
        strategy: StrategyId,
        wish: PolicyWish,
        take_over: bool,
        tenants: &[TenantId],
        troubles: &mut BTreeMap<TenantId, CleanUpTrouble>,
    ) -> Result<(), Error> {
        let mut fit = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            // One tenant that cannot have the policy is no reason to leave out the others.
            match self.plan(strategy, wish, &[*tenant]).await {
                Ok(_) => fit.push(*tenant),
                Err(error) if is_passing(error.problem()) => {
                    tracing::debug!(%strategy, %tenant, %error, "a delete policy cannot be changed now");
                }
                Err(error) => {
                    let text = Text::new("alarm-clean-up-policy-refused");
                    let reason = Some(error.into_problem().text);
                    troubles.insert(*tenant, CleanUpTrouble { reason, ..trouble(*tenant, text) });
                }
            }
        }
        if fit.is_empty() {
            return Ok(());
        }
        match Box::pin(self.submit(strategy, wish, take_over, &fit)).await {
            Ok(task) => {
                tracing::info!(%strategy, %task, "a strategy changes delete policies");
                Ok(())
            }
            Err(error) if error.is_transient() || is_passing(error.problem()) => {
                tracing::debug!(%strategy, %error, "delete policies cannot be changed now");
                Ok(())
            }
            Err(error) => {
                for tenant in fit {
                    let text = Text::new("alarm-clean-up-policy-refused");
                    let reason = Some(error.problem().text.clone());
                    troubles.insert(tenant, CleanUpTrouble { reason, ..trouble(tenant, text) });
                }
                Ok(())
            }
        }
    }

    async fn plan(
        &self,
        strategy: StrategyId,
        wish: PolicyWish,
        tenants: &[TenantId],
    ) -> Result<delete_policy::PolicyPlan, Error> {
        let context = &self.control.context;
        delete_policy::plan_now(context, self.cluster, tenants, wish, Some(strategy)).await
    }

    async fn submit(
        &self,
        strategy: StrategyId,
        wish: PolicyWish,
        take_over: bool,
        tenants: &[TenantId],
    ) -> Result<TaskId, Error> {
        let metadata = self.control.metadata();
        let found = self.strategies.readable.iter().find(|found| found.id == strategy);
        let actor = match (wish, found) {
            (PolicyWish::Set { .. }, Some(found)) => {
                actor_of_run(metadata.user_get(found.owner).await?, found)?
            }
            // To drop a policy deletes nothing, and must not depend on an account.
            _ => caretaker(strategy),
        };
        let plan = self.plan(strategy, wish, tenants).await?.digest;
        let newest = self.owners.newest().map_or(0, |task| task.id.0);
        let key = IdempotencyKey::new(&format!("delete-policy-{strategy}-{newest}-{plan}"))?;
        let (cluster, tenants) = (self.cluster.id, tenants.to_vec());
        let order = DeletePolicyOrder { cluster, tenants, wish, take_over, plan, strategy: Some(strategy) };
        Ok(orders::submit(self.control, &actor, Order::DeletePolicy(order), Some(&key)).await?.task)
    }
}

/// What the newest task of a strategy means for another one.
enum Newest {
    /// Nothing: it may be ordered.
    None,
    /// It has not ended.
    Runs,
    /// It failed a short time ago.
    Failed(TaskId, Option<Text>),
}

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
