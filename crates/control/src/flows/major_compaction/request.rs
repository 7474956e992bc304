//! The decisions before a major compaction becomes a task.

use std::collections::BTreeMap;

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::tasks::subject;
use model::Problem;
use model::ability::Generation;
use model::cluster::refuse_upgrading;
use model::id::TenantId;
use model::order::CompactionOrder;
use model::physical::SYS;
use model::problem::codes;

use super::{MajorCompaction, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::orders::subjects;

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<CompactionOrder> =
    Taker { draft, conflict: Conflict { text: "compaction-runs-already", code: None } };

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: CompactionOrder,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let task = new_task(context, order).await?;
        Ok(Draft::new(move |_| Box::pin(async move { Ok(task) })))
    })
}

/// Returns the task that an order creates. No tenants means all user tenants; before 4.0 and on seekdb only the whole
/// cluster can be compacted.
async fn new_task(context: &Context, order: CompactionOrder) -> Result<NewTask, Error> {
    let CompactionOrder { cluster: id, tenants: chosen } = order;
    let cluster = context.cluster(id).await?;
    refuse_upgrading(&cluster)?;
    let all = context.metadata.tenant_list(id).await?;
    let tenants: BTreeMap<String, TenantId> = if cluster.facts.generation == Generation::Gen4 {
        if let Some(unknown) = chosen.iter().find(|chosen| all.iter().all(|tenant| tenant.id != **chosen)) {
            return Err(Problem::not_found("tenant-unknown").with("tenant", unknown).into());
        }
        let is_meant =
            |tenant: TenantId| if chosen.is_empty() { tenant != SYS } else { chosen.contains(&tenant) };
        all.into_iter().filter(|tenant| is_meant(tenant.id)).map(|tenant| (tenant.name, tenant.id)).collect()
    } else if chosen.is_empty() {
        BTreeMap::from([("cluster".to_owned(), SYS)])
    } else {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "compaction-not-offered").into());
    };
    let lanes: Vec<String> = tenants.keys().cloned().collect();
    let state = State { cluster: id, tenants };
    let name = Note::new(MajorCompaction::KIND).arg("cluster", &cluster.name);
    Ok(NewTask::of::<MajorCompaction>(name, &state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .exclusive(format!("compaction:{id}")))
}
