//! What is decided before a major compaction becomes a task.

use std::collections::BTreeMap;

use engine::journal::{InsertError, NewTask};
use engine::{Flow as _, Note};
use metadata::tasks::subject;
use model::Problem;
use model::ability::Generation;
use model::cluster::refuse_upgrading;
use model::id::{ClusterId, TaskId, TenantId};
use model::physical::SYS;
use model::problem::codes;

use super::{MajorCompaction, State};
use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
use crate::orders::{Accepted, subjects};

/// Makes a task of the wish. No tenants means all users'; where tenants do not merge alone it is always the whole.
pub(crate) async fn request(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    chosen: &[TenantId],
    attempt: &Attempt,
) -> Result<Accepted, Error> {
    let context = &control.context;
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
    let task = NewTask::of::<MajorCompaction>(name, &state, lanes)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .creator(&actor.name)
        .subject(subject::CLUSTER, id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .exclusive(format!("compaction:{id}"));
    let mut writer = control.metadata().begin().await?;
    let task = writer.task_insert(&task).await.map_err(|error| match error {
        InsertError::Occupied { task, .. } => {
            Error::from(Problem::conflict("compaction-runs-already").with("task", task))
        }
        InsertError::Journal(cause) => Error::from(cause),
    })?;
    attempt.done(&mut writer).await?;
    writer.commit().await?;
    control.wake().now();
    Ok(Accepted { task: TaskId(task.0) })
}
