//! Whether a change of a delete policy is still wanted: strategies are edited and deleted while a task waits or can be
//! retried, and by other servers.

use metadata::strategies::Strategies;
use model::Problem;
use model::cluster::Cluster;
use model::id::{StrategyId, TaskId, TenantId};
use model::physical::address;
use model::physical::delete_policy::{DeletePolicy, PolicyWish};
use model::strategy::kernel::{self, Duty};
use model::strategy::{Holders, Scope, Strategy};

use super::owner::Owners;
use super::state::{Here, State};
use crate::context::Context;
use crate::error::Error;

/// The strategies of a cluster at one time, which decide about the policies of its tenants.
pub(super) struct Wanted<'a> {
    cluster: &'a Cluster,
    strategies: Strategies,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(cluster: &'a Cluster, strategies: Strategies) -> Self {
        Self { cluster, strategies }
    }

    pub(super) async fn read(context: &Context, cluster: &'a Cluster) -> Result<Self, Error> {
        Ok(Self::of(cluster, context.metadata.strategy_list_whole(Some(cluster.id)).await?))
    }

    /// Checks that a strategy still needs this policy for a tenant, or for a user's request (no strategy) that no strategy
    /// needs another one: until that is set again, the database might delete what the strategy keeps.
    pub(super) fn check(
        &self,
        strategy: Option<StrategyId>,
        tenant: TenantId,
        name: &str,
        wish: PolicyWish,
    ) -> Result<(), Problem> {
        let holder = self.holder(tenant);
        let needed = holder.and_then(Strategy::kernel_wish);
        let Some(strategy) = strategy else {
            return match holder.filter(|_| needed.is_some() && needed != Some(wish)) {
                Some(holder) => Err(self.promised(holder, name)),
                None => Ok(()),
            };
        };
        let is_wanted = match wish {
            PolicyWish::Set { .. } => needed == Some(wish) && holder.is_some_and(|of| of.id == strategy),
            PolicyWish::Drop => needed.is_none(),
        };
        if is_wanted && !may_be_hidden(&self.strategies, Scope::Tenant(self.cluster.id, tenant)) {
            return Ok(());
        }
        Err(Problem::conflict("delete-policy-not-wanted").with("tenant", name))
    }

    /// Returns the strategy that backs up a tenant.
    fn holder(&self, tenant: TenantId) -> Option<&Strategy> {
        Holders::of(&self.strategies.readable).holding(self.cluster.id, tenant)
    }

    fn promised(&self, holder: &Strategy, name: &str) -> Problem {
        let object = match holder.scope {
            Scope::Cluster(_) => self.cluster.name.clone(),
            Scope::Tenant(..) => format!("{}/{name}", self.cluster.name),
        };
        let days = holder.settings.kernel_window_days().unwrap_or_default();
        let refusal = Problem::conflict("delete-policy-of-strategy").with("tenant", name);
        refusal.with("object", object).with("days", days)
    }

    /// Returns the storage of a strategy, as the database shows addresses; none without a strategy. The policies of a
    /// strategy delete there and nowhere else.
    pub(super) async fn base(
        &self,
        context: &Context,
        strategy: Option<StrategyId>,
    ) -> Result<Option<String>, Error> {
        let found = self.strategies.readable.iter().find(|found| Some(found.id) == strategy);
        Ok(match found {
            Some(found) => Some(address::shown(&context.storage(found.settings.storage).await?.location)),
            None => None,
        })
    }
}

/// Checks that the task's change of a tenant's policy is still wanted, and that nothing newer has changed it.
pub(super) async fn check(at: &Here, state: &State, tenant: TenantId, name: &str) -> Result<(), Error> {
    let context = at.context();
    let cluster = context.cluster(state.cluster).await?;
    let wanted = Wanted::read(context, &cluster).await?;
    wanted.check(state.strategy, tenant, name, state.wish)?;
    let last = Owners::read_others(context, cluster.id, at.task()).await?.last(tenant);
    if kernel::is_outdated(TaskId(at.task().0), tenant, last.as_ref(), wanted.holder(tenant)) {
        return Err(Problem::conflict("delete-policy-task-outdated").with("tenant", name).into());
    }
    Ok(())
}

/// Checks that a strategy may still replace what there is, before the task has changed anything: the policy, or that
/// there is none. Its consent may be for another one.
pub(super) async fn check_consent(
    at: &Here,
    state: &State,
    tenant: TenantId,
    policy: Option<&DeletePolicy>,
) -> Result<(), Error> {
    let Some(strategy) = state.strategy else { return Ok(()) }; // the plan that a user has seen names the policy
    let context = at.context();
    let cluster = context.cluster(state.cluster).await?;
    let wanted = Wanted::read(context, &cluster).await?;
    let last = Owners::read_others(context, cluster.id, at.task()).await?.last(tenant);
    match kernel::duty(wanted.holder(tenant), tenant, policy, last.as_ref()) {
        Duty::Change { wish, strategy: of, .. } if (wish, of) == (state.wish, strategy) => Ok(()),
        _ => Err(Problem::conflict("delete-policy-not-wanted").with("tenant", at.lane()).into()),
    }
}

/// Returns whether a strategy that cannot be read may be that of a tenant (`own` is its scope).
pub(crate) fn may_be_hidden(strategies: &Strategies, own: Scope) -> bool {
    let has_own = strategies.readable.iter().any(|strategy| strategy.scope == own);
    let mut hidden = strategies.unreadable.iter().map(|unreadable| unreadable.scope);
    hidden.any(|scope| scope == own || !has_own && scope.tenant().is_none())
}
