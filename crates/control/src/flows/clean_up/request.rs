//! The decision before a clean-up becomes a task: which sets it may delete.

use std::collections::BTreeMap;

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::tasks::subject;
use model::Problem;
use model::id::BackupSetId;
use model::order::CleanUpOrder;
use model::problem::codes;

use super::shelf::{TenantPlan, plan};
use super::state::{CleanUp, Part, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::orders::subjects;

/// The text of the refusal if no set in a storage has expired: no task is created.
pub(crate) const NOTHING_EXPIRED: &str = "clean-up-nothing-expired";

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<CleanUpOrder> =
    Taker { draft, conflict: Conflict { text: "clean-up-runs-already", code: None } };

/// Drafts the task of an order.
fn draft<'a>(context: &'a Context, _: &'a Actor, order: CleanUpOrder) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let task = new_task(context, order).await?;
        Ok(Draft::new(move |_| Box::pin(async move { Ok(task) })))
    })
}

/// Returns the task that an order creates. The sets that it may delete are fixed here; when it runs, it decides again
/// which of them to delete.
async fn new_task(context: &Context, order: CleanUpOrder) -> Result<NewTask, Error> {
    let CleanUpOrder { cluster, tenants: chosen, storage, policy, sets } = order;
    let cluster = context.cluster(cluster).await?;
    let shown = context.storage(storage).await?;
    let plans = plan(context, &cluster, storage, &chosen, policy).await?;
    check_chosen(&plans, &sets)?;
    let mut tenants: BTreeMap<String, Part> = BTreeMap::new();
    for of_tenant in &plans {
        let is_chosen = |set: &BackupSetId| sets.is_empty() || sets.contains(set);
        let planned: Vec<BackupSetId> =
            of_tenant.deleted().map(|planned| planned.set.id).filter(is_chosen).collect();
        if !planned.is_empty() {
            tenants.insert(lane(of_tenant, &plans), Part { tenant: of_tenant.tenant, planned });
        }
    }
    if tenants.is_empty() {
        let storage = shown.name.unwrap_or_else(|| shown.location.uri());
        return Err(Problem::refused(codes::NOTHING_TO_CLEAN_UP, NOTHING_EXPIRED)
            .with("cluster", &cluster.name)
            .with("storage", storage)
            .into());
    }
    let lanes: Vec<String> = tenants.keys().cloned().collect();
    let only = match &lanes[..] {
        [name] => tenants.get(name).map(|part| (name.clone(), part.tenant)),
        _ => None,
    };
    let state = State { cluster: cluster.id, cluster_name: cluster.name.clone(), storage, policy, tenants };
    let name = Note::new(CleanUp::KIND).arg("cluster", &cluster.name);
    let task = NewTask::of::<CleanUp>(name, &state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, cluster.id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .subject(subject::STORAGE, storage.to_string())
        .exclusive(format!("clean-up:{}:{storage}", cluster.id));
    Ok(match only {
        Some((name, tenant)) => {
            task.subject(subject::TENANT, tenant.to_string()).subject(subjects::TENANT_NAME, name)
        }
        None => task,
    })
}

/// Refuses a chosen set that is kept, or that the plan does not contain.
fn check_chosen(plans: &[TenantPlan], chosen: &[BackupSetId]) -> Result<(), Problem> {
    let all = || plans.iter().flat_map(|plan| &plan.sets);
    for set in chosen {
        match all().find(|planned| planned.set.id == *set) {
            None => return Err(Problem::not_found("clean-up-set-elsewhere").with("set", set)),
            Some(planned) if planned.verdict.is_kept() => {
                return Err(Problem::conflict("clean-up-set-kept").with("set", set));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Returns the name of a tenant's lane. A tenant that was dropped and created again has the same name, but another ID.
fn lane(of_tenant: &TenantPlan, all: &[TenantPlan]) -> String {
    let TenantPlan { tenant, tenant_name, .. } = of_tenant;
    let is_alone = all.iter().filter(|other| other.tenant_name == *tenant_name).count() == 1;
    if is_alone { tenant_name.clone() } else { format!("{tenant_name} ({tenant})") }
}
