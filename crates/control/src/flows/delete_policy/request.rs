//! The decisions before a change of delete policies becomes a task. The cluster is asked: what the database deletes must
//! be what the sender of the request has seen.

use std::collections::BTreeMap;

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::tasks::subject;
use model::Problem;
use model::cluster::{Cluster, refuse_upgrading};
use model::id::{StrategyId, TenantId};
use model::order::DeletePolicyOrder;
use model::physical::delete_policy::{DeletePolicy, PolicyChange, PolicyWish};
use model::problem::codes;

use super::guard::check_offered;
use super::plan::{PolicyPlan, Sorted, plan, sorted};
use super::state::{ChangeDeletePolicy, Identity, Part, State};
use super::wanted::Wanted;
use crate::asking;
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::orders::subjects;

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<DeletePolicyOrder> =
    Taker { draft, conflict: Conflict { text: "delete-policy-runs-already", code: None } };

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: DeletePolicyOrder,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let (wish, strategy) = (order.wish, order.strategy);
        let New { cluster, tenants, task } = new_task(context, order).await?;
        Ok(Draft::new(move |writer| {
            Box::pin(async move {
                // The cluster was asked meanwhile: the strategy may be another one by now.
                let strategies = writer.strategies_whole_now(cluster.id).await?;
                let wanted = Wanted::of(&cluster, strategies);
                for (tenant, name) in tenants {
                    wanted.check(strategy, tenant, &name, wish)?;
                }
                Ok(task)
            })
        }))
    })
}

/// Plans a change, as a user, or this strategy, would request it now. What a strategy needs is changed by the strategy
/// only.
pub(crate) async fn plan_now(
    context: &Context,
    cluster: &Cluster,
    chosen: &[TenantId],
    wish: PolicyWish,
    strategy: Option<StrategyId>,
) -> Result<PolicyPlan, Error> {
    check_offered(cluster)?;
    refuse_upgrading(cluster)?;
    if strategy.is_none() {
        refuse_promised(context, cluster, chosen, wish).await?;
    }
    let question = async {
        let mut driver = asking::open(context, cluster).await?;
        plan(context, cluster, &mut driver, chosen, wish, strategy).await
    };
    Ok(asking::within_limit(cluster, question).await?)
}

/// Plans a change as [`plan_now`] does for a strategy, but leaves out the tenants that cannot have it.
pub(crate) async fn plan_each(
    context: &Context,
    cluster: &Cluster,
    chosen: &[TenantId],
    wish: PolicyWish,
    strategy: StrategyId,
) -> Result<Sorted, Error> {
    check_offered(cluster)?;
    refuse_upgrading(cluster)?;
    let question = async {
        let mut driver = asking::open(context, cluster).await?;
        sorted(context, cluster, &mut driver, chosen, wish, Some(strategy)).await
    };
    asking::within_longer_limit(cluster, question).await
}

/// Refuses another policy than the one that a tenant's backup strategy needs.
async fn refuse_promised(
    context: &Context,
    cluster: &Cluster,
    chosen: &[TenantId],
    wish: PolicyWish,
) -> Result<(), Error> {
    let wanted = Wanted::read(context, cluster).await?;
    for tenant in chosen {
        let known = context.metadata.tenant_get(cluster.id, *tenant).await?;
        let name = known.map_or_else(|| tenant.to_string(), |tenant| tenant.name);
        wanted.check(None, *tenant, &name, wish)?;
    }
    Ok(())
}

/// A task that an order creates, and the tenants whose policy it changes.
struct New {
    cluster: Cluster,
    tenants: Vec<(TenantId, String)>,
    task: NewTask,
}

/// Returns the task that an order creates.
async fn new_task(context: &Context, order: DeletePolicyOrder) -> Result<New, Error> {
    let DeletePolicyOrder { cluster, tenants: chosen, wish, take_over, plan: seen, strategy } = order;
    let cluster = context.cluster(cluster).await?;
    let plan = plan_now(context, &cluster, &chosen, wish, strategy).await?;
    plan.refuse_other(&seen)?;
    let mut tenants = BTreeMap::new();
    for planned in plan.tenants {
        if planned.change == PolicyChange::Nothing {
            continue;
        }
        if let Some(policy) = planned.policy.as_ref().filter(|_| planned.is_foreign && !take_over) {
            return Err(foreign(&planned.tenant_name, policy).into());
        }
        let part = Part { tenant: planned.tenant, old: planned.policy, foreseen: planned.foreseen };
        tenants.insert(planned.tenant_name, part);
    }
    if tenants.is_empty() {
        return Err(Problem::refused(codes::NOTHING_CHANGED, "delete-policy-nothing-changes").into());
    }
    let lanes: Vec<String> = tenants.keys().cloned().collect();
    let only = match &lanes[..] {
        [name] => tenants.get(name).map(|part| (name.clone(), part.tenant)),
        _ => None,
    };
    let changed = tenants.iter().map(|(name, part)| (part.tenant, name.clone())).collect();
    let identity = Identity::of(&cluster.facts);
    let state = State { cluster: cluster.id, identity, strategy, wish, chosen, plan: seen, tenants };
    let name = Note::new(ChangeDeletePolicy::KIND).arg("cluster", &cluster.name);
    let task = NewTask::of::<ChangeDeletePolicy>(name, &state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, cluster.id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .exclusive(format!("delete-policy:{}", cluster.id));
    let task = match strategy {
        Some(strategy) => task.subject(subject::STRATEGY, strategy.to_string()),
        None => task,
    };
    let task = match only {
        Some((name, tenant)) => {
            task.subject(subject::TENANT, tenant.to_string()).subject(subjects::TENANT_NAME, name)
        }
        None => task,
    };
    Ok(New { cluster, tenants: changed, task })
}

fn foreign(tenant: &str, policy: &DeletePolicy) -> Problem {
    Problem::conflict("delete-policy-foreign").with("tenant", tenant).with("policy", policy.words())
}
