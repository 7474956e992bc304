//! The decisions before a change of log backup becomes a task.

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::tasks::subject;
use model::Problem;
use model::ability::Generation;
use model::archive::LogBackupWish;
use model::backup::DataBackupMode;
use model::cluster::refuse_upgrading;
use model::order::LogBackupOrder;
use model::physical::SYS;
use model::physical::scope::lanes;
use model::problem::codes;

use super::{LogBackup, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::orders::subjects;

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<LogBackupOrder> =
    Taker { draft, conflict: Conflict { text: "log-backup-runs-already", code: None } };

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: LogBackupOrder,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let task = new_task(context, order).await?;
        Ok(Draft::new(move |_| Box::pin(async move { Ok(task) })))
    })
}

/// Returns the task that an order creates. No tenants means all; before 4.0 it is always the whole cluster.
async fn new_task(context: &Context, order: LogBackupOrder) -> Result<NewTask, Error> {
    let LogBackupOrder { cluster: id, tenants, wish } = order;
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
    // Before 4.0 log backup is one per cluster, so the selected tenants make no difference.
    let is_whole = facts.generation == Generation::Gen3;
    let lanes = lanes(&facts.server, facts.generation, &all, is_whole, DataBackupMode::Full)?;
    let keys: Vec<String> = lanes.iter().map(|(key, _)| key.clone()).collect();
    let state = State { cluster: id, wish, scopes: lanes.into_iter().collect() };
    let name = Note::new(LogBackup::KIND).arg("cluster", &cluster.name);
    Ok(NewTask::of::<LogBackup>(name, &state, keys)
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, id.to_string())
        .subject(subjects::CLUSTER_NAME, &cluster.name)
        .exclusive(format!("log-backup:{id}")))
}
