//! What a change of delete policies does, before it is requested and again when it runs: the policy of each tenant, and
//! what the database deletes as soon as the new one is added.
//!
//! The digest of a plan changes with everything that its reader decided on: the tenants, their policies and who set
//! them, the destinations, and each set and piece that goes.

use std::collections::BTreeSet;

use model::Problem;
use model::cluster::Cluster;
use model::id::{ClusterId, StrategyId, TenantId};
use model::physical::delete_policy::{DAY_US, DeletePolicy, PolicyChange, PolicyWish};
use model::problem::{ProblemKind, codes};
use model::tenant::Tenant;
use oceanbase::Driver;
use serde::Serialize;

use super::foreseen::{Expiring, Foreseen, Outlook};
use super::guard;
use super::owner::Owners;
use super::state::Identity;
use super::wanted::Wanted;
use crate::context::Context;
use crate::error::Error;

/// A plan for the delete policies of tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyPlan {
    /// Identifies the plan: a request for the change contains it.
    pub digest: String,
    /// The chosen tenants, by ID.
    pub tenants: Vec<PlannedPolicy>,
}

/// The plan for one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPolicy {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Its policy, if it has one.
    pub policy: Option<DeletePolicy>,
    /// Whether Lifeboat did not set that policy.
    pub is_foreign: bool,
    /// What is to be done.
    pub change: PolicyChange,
    /// What the database deletes as soon as the policy is set; none if the policy is dropped.
    pub expiring: Option<Expiring>,
    /// The same, to be compared later.
    pub(super) foreseen: Foreseen,
}

/// What the digest covers.
#[derive(Serialize)]
struct Sealed<'a> {
    cluster: ClusterId,
    identity: Identity,
    wish: PolicyWish,
    tenants: Vec<(TenantId, &'a str, &'a Option<DeletePolicy>, bool, &'a Foreseen)>,
}

impl PolicyPlan {
    /// Refuses a plan with another digest than the one that was seen.
    pub(super) fn refuse_other(&self, seen: &str) -> Result<(), Problem> {
        if self.digest == seen { Ok(()) } else { Err(Problem::conflict("delete-policy-plan-changed")) }
    }
}

/// Plans a change of the policies of these tenants. The cluster is asked; nothing is changed. With a strategy, a policy
/// that another one, or a user, has set is taken over as a foreign one is: it is dropped with the strategy.
pub(crate) async fn plan(
    context: &Context,
    cluster: &Cluster,
    driver: &mut Driver,
    chosen: &[TenantId],
    wish: PolicyWish,
    strategy: Option<StrategyId>,
) -> Result<PolicyPlan, Error> {
    let sorted = sorted(context, cluster, driver, chosen, wish, strategy).await?;
    match sorted.refused.into_iter().next() {
        None => Ok(sorted.plan),
        Some((_, error)) => Err(error),
    }
}

/// The plan for the tenants that can have the change, and why the others cannot.
pub(crate) struct Sorted {
    pub(crate) plan: PolicyPlan,
    pub(crate) refused: Vec<(TenantId, Error)>,
}

/// Plans as [`plan`] does, but leaves out the tenants that cannot have the change.
pub(super) async fn sorted(
    context: &Context,
    cluster: &Cluster,
    driver: &mut Driver,
    chosen: &[TenantId],
    wish: PolicyWish,
    strategy: Option<StrategyId>,
) -> Result<Sorted, Error> {
    if chosen.is_empty() {
        return Err(Problem::invalid("delete-policy-without-tenant").into());
    }
    guard::check_cluster(driver, cluster, &Identity::of(&cluster.facts)).await?;
    let planning = Planning {
        context,
        cluster,
        wish,
        strategy,
        base: match wish {
            PolicyWish::Set { .. } => Wanted::read(context, cluster).await?.base(context, strategy).await?,
            PolicyWish::Drop => None,
        },
        living: driver.tenants().await?,
        policies: driver.delete_policies().await?,
        owners: Owners::read(context, cluster.id).await?,
        outlook: Outlook::read(driver, None).await?,
    };
    let (mut tenants, mut refused) = (Vec::new(), Vec::new());
    for id in chosen.iter().copied().collect::<BTreeSet<_>>() {
        match planning.of(driver, id).await {
            Ok(planned) => tenants.push(planned),
            Err(error) if matches!(error.problem().kind, ProblemKind::Outside | ProblemKind::Internal) => {
                return Err(error);
            }
            Err(error) => refused.push((id, error)),
        }
    }
    Ok(Sorted { plan: PolicyPlan { digest: digest(cluster, wish, &tenants)?, tenants }, refused })
}

/// What is known about a cluster whose policies are to change.
struct Planning<'a> {
    context: &'a Context,
    cluster: &'a Cluster,
    wish: PolicyWish,
    strategy: Option<StrategyId>,
    /// The storage of the strategy.
    base: Option<String>,
    living: Vec<Tenant>,
    policies: Vec<DeletePolicy>,
    owners: Owners,
    outlook: Outlook,
}

impl Planning<'_> {
    async fn of(&self, driver: &mut Driver, id: TenantId) -> Result<PlannedPolicy, Error> {
        let tenant = guard::living(&self.living, id)?;
        let policy = only_policy(&self.policies, id, &tenant.name)?;
        let is_foreign = policy.as_ref().is_some_and(|policy| self.owners.is_foreign(policy));
        let is_others =
            policy.is_some() && self.strategy.is_some() && self.strategy != self.owners.strategy_of(id);
        let change = self.wish.change(policy.as_ref(), is_foreign || is_others);
        let (expiring, foreseen) = match self.wish {
            PolicyWish::Set { rule, days } => {
                guard::check_set(self.context, driver, self.cluster, tenant, rule).await?;
                let window_us = u64::from(days) * DAY_US;
                let (expiring, foreseen) = self.outlook.foresee(driver, id, rule, window_us).await?;
                if let Some(base) = &self.base {
                    guard::check_place(base, &foreseen, &tenant.name)?;
                }
                (Some(expiring), foreseen)
            }
            PolicyWish::Drop => (None, Foreseen::default()),
        };
        let tenant_name = tenant.name.clone();
        Ok(PlannedPolicy { tenant: id, tenant_name, policy, is_foreign, change, expiring, foreseen })
    }
}

/// Returns the policy of a tenant, if it has one. A policy of an unknown kernel is neither replaced nor dropped.
fn only_policy(all: &[DeletePolicy], tenant: TenantId, name: &str) -> Result<Option<DeletePolicy>, Problem> {
    let mut of_tenant = all.iter().filter(|policy| policy.tenant == tenant);
    let policy = of_tenant.next();
    let is_unknown = policy.is_some_and(|policy| policy.rule().is_none());
    if is_unknown || of_tenant.next().is_some() {
        let found: Vec<String> =
            all.iter().filter(|policy| policy.tenant == tenant).map(DeletePolicy::words).collect();
        let refusal = Problem::refused(codes::PRECHECK_FAILED, "delete-policy-unknown");
        return Err(refusal.with("tenant", name).with("found", found.join(", ")));
    }
    Ok(policy.cloned())
}

fn digest(cluster: &Cluster, wish: PolicyWish, tenants: &[PlannedPolicy]) -> Result<String, Error> {
    let mut sealed = Sealed {
        cluster: cluster.id,
        identity: Identity::of(&cluster.facts),
        wish,
        tenants: Vec::with_capacity(tenants.len()),
    };
    for planned in tenants {
        let PlannedPolicy { tenant, tenant_name, policy, is_foreign, foreseen, .. } = planned;
        sealed.tenants.push((*tenant, tenant_name, policy, *is_foreign, foreseen));
    }
    seal(&sealed)
}

/// Returns the digest of what somebody decides on.
pub(crate) fn seal(seen: &impl Serialize) -> Result<String, Error> {
    let text =
        serde_json::to_vec(seen).map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?;
    Ok(blake3::hash(&text).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use model::id::TenantId;
    use model::physical::delete_policy::DeletePolicy;

    use super::only_policy;

    #[test]
    fn a_policy_of_an_unknown_kernel_is_left_alone() {
        let policy = |tenant, name: &str| DeletePolicy {
            tenant: TenantId(tenant),
            name: name.into(),
            window: "7d".into(),
        };
        let all = [
            policy(1002, "default"),
            policy(1004, "mine"),
            policy(1006, "default"),
            policy(1006, "log_only"),
        ];
        let found = |tenant| only_policy(&all, TenantId(tenant), "shop").map_err(|problem| problem.text.id);
        assert_eq!(found(1002), Ok(Some(policy(1002, "default"))));
        assert_eq!(found(1008), Ok(None));
        assert_eq!(found(1004), Err("delete-policy-unknown".to_owned()));
        assert_eq!(found(1006), Err("delete-policy-unknown".to_owned()));
    }
}
