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
use model::strategy::{Holders, Scope};

use super::guard::check_offered;
use super::plan::{PolicyPlan, plan};
use super::state::{ChangeDeletePolicy, Identity, Part, State};
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
        let task = new_task(context, order).await?;
        Ok(Draft::new(move |_| Box::pin(async move { Ok(task) })))
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

/// Refuses another policy than the one that a tenant's backup strategy needs: the strategy would set its own again, and
/// until then, the database might delete what the strategy keeps.
async fn refuse_promised(
    context: &Context,
    cluster: &Cluster,
    chosen: &[TenantId],
    wish: PolicyWish,
) -> Result<(), Error> {
    let strategies = context.metadata.strategy_list_whole(Some(cluster.id)).await?.readable;
    let holders = Holders::of(&strategies);
    for tenant in chosen {
        let Some(strategy) = holders.holding(cluster.id, *tenant) else { continue };
        let Some(days) = strategy.settings.kernel_window_days() else { continue };
        if strategy.kernel_wish() == Some(wish) {
            continue;
        }
        let known = context.metadata.tenant_get(cluster.id, *tenant).await?;
        let name = known.map_or_else(|| tenant.to_string(), |tenant| tenant.name);
        let object = match strategy.scope {
            Scope::Cluster(_) => cluster.name.clone(),
            Scope::Tenant(..) => format!("{}/{name}", cluster.name),
        };
        let refusal = Problem::conflict("delete-policy-of-strategy").with("tenant", name);
        return Err(refusal.with("object", object).with("days", days).into());
    }
    Ok(())
}

/// Returns the task that an order creates.
async fn new_task(context: &Context, order: DeletePolicyOrder) -> Result<NewTask, Error> {
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
    Ok(match only {
        Some((name, tenant)) => {
            task.subject(subject::TENANT, tenant.to_string()).subject(subjects::TENANT_NAME, name)
        }
        None => task,
    })
}

fn foreign(tenant: &str, policy: &DeletePolicy) -> Problem {
    Problem::conflict("delete-policy-foreign").with("tenant", tenant).with("policy", policy.words())
}
