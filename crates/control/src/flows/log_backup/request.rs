//! What is decided before a change of log backup becomes a task.

use engine::journal::{InsertError, NewTask};
use engine::{Flow as _, Note};
use metadata::tasks::subject;
use model::Problem;
use model::ability::Generation;
use model::archive::LogBackupWish;
use model::backup::DataBackupMode;
use model::cluster::refuse_upgrading;
use model::id::{ClusterId, TaskId, TenantId};
use model::physical::SYS;
use model::physical::scope::lanes;
use model::problem::codes;

use super::{LogBackup, State};
use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
use crate::orders::{Accepted, subjects};

/// Makes a task of the wish. No tenants means all; on 3.x it is always the cluster.
pub(crate) async fn request(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenants: &[TenantId],
    wish: LogBackupWish,
    attempt: &Attempt,
) -> Result<Accepted, Error> {
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    refuse_upgrading(&cluster)?;
    let facts = &cluster.facts;
    if facts.generation == Generation::Seekdb {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "log-backup-not-offered").into());
    }
    let is_pause = matches!(wish, LogBackupWish::Pause | LogBackupWish::Resume);
    if is_pause && facts.generation == Generation::Gen3 {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "log-backup-no-pause").into());
    }
    let mut all = context.metadata.tenant_list(id).await?;
    if let Some(unknown) = tenants.iter().find(|chosen| all.iter().all(|tenant| tenant.id != **chosen)) {
        return Err(Problem::not_found("tenant-unknown").with("tenant", unknown).into());
    }
    all.retain(|tenant| tenant.id != SYS && (tenants.is_empty() || tenants.contains(&tenant.id)));
    // Log backup of 3.x is the cluster's, whoever was chosen.
    let is_whole = facts.generation == Generation::Gen3;
    let lanes = lanes(&facts.server, facts.generation, &all, is_whole, DataBackupMode::Full)?;
    let keys: Vec<String> = lanes.iter().map(|(key, _)| key.clone()).collect();
    let state = State { cluster: id, wish, scopes: lanes.into_iter().collect() };
    let task =
        NewTask::of::<LogBackup>(Note::new(LogBackup::KIND).arg("cluster", &cluster.name), &state, keys)
            .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
            .creator(&actor.name)
            .subject(subject::CLUSTER, id.to_string())
            .subject(subjects::CLUSTER_NAME, &cluster.name)
            .exclusive(format!("log-backup:{id}"));
    let mut writer = control.metadata().begin().await?;
    let task = writer.task_insert(&task).await.map_err(|error| match error {
        InsertError::Occupied { task, .. } => {
            Error::from(Problem::conflict("log-backup-runs-already").with("task", task))
        }
        InsertError::Journal(cause) => Error::from(cause),
    })?;
    attempt.done(&mut writer).await?;
    writer.commit().await?;
    control.wake().now();
    Ok(Accepted { task: TaskId(task.0) })
}
