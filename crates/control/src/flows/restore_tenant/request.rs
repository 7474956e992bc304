//! The decisions before a recovery of a tenant becomes a task.

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::Transaction;
use metadata::tasks::subject;
use model::Problem;
use model::order::TenantRecovery;
use model::problem::codes;
use model::time::Timestamp;

use super::state::{RestoreTenant, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::flows::recovery_source::{Chosen, Origin, Source, choose};
use crate::orders::subjects;

/// The checked order, and the objects that it names.
pub(super) struct Decided {
    pub(super) order: TenantRecovery,
    pub(super) chosen: Chosen,
}

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<Box<TenantRecovery>> = Taker {
    draft,
    conflict: Conflict { text: "tenant-recovery-runs-already", code: Some(codes::RECOVERY_RUNS_ALREADY) },
};

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: Box<TenantRecovery>,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move {
        let decided = decide(context, *order).await?;
        Ok(Draft::new(move |writer| Box::pin(first(decided, writer))))
    })
}

/// Creates the task of the order.
async fn first(decided: Decided, writer: &mut Transaction) -> Result<NewTask, Error> {
    let storage = decided.chosen.keep(writer).await?;
    let requested = writer.now().await?;
    let passwords = decided.chosen.seal(writer, &decided.order.passwords);
    new_task(&decided.state(decided.chosen.origin(storage, passwords), requested))
}

/// Decides what can be decided without asking a cluster.
pub(super) async fn decide(context: &Context, order: TenantRecovery) -> Result<Decided, Error> {
    let order = order.checked()?;
    let chosen = choose(context, &order.source, order.until, order.cluster).await?;
    Ok(Decided { order, chosen })
}

impl Decided {
    /// Returns the initial state of the task.
    pub(super) fn state(&self, origin: Origin, requested: Timestamp) -> State {
        let order = &self.order;
        State {
            origin,
            tenant_name: order.tenant.clone(),
            resources: order.resources.clone(),
            primary_zone: order.primary_zone.clone(),
            role: order.role,
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
            made_pools: Vec::new(),
            mark: None,
            sent: None,
            doubts: 0,
            waits_for_logs: 0,
            job: None,
            tenant: None,
            restored_scn: 0,
            unseen: 0,
            sample: None,
            upgrade_asked: false,
            clean_up_looks: 0,
        }
    }
}

fn new_task(state: &State) -> Result<NewTask, Error> {
    let origin = &state.origin;
    let name = Note::new(RestoreTenant::KIND)
        .arg("source", &origin.backup_tenant_name)
        .arg("tenant", &state.tenant_name)
        .arg("cluster", &origin.cluster_name);
    let mut task = NewTask::of::<RestoreTenant>(name, state, [])
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, origin.cluster.to_string())
        .subject(subjects::CLUSTER_NAME, &origin.cluster_name)
        .subject(subjects::TENANT_NAME, &state.tenant_name)
        .exclusive(format!("restore:{}:tenant:{}", origin.cluster, state.tenant_name.to_lowercase()));
    if let Source::Storage { storage, .. } = &origin.source {
        task = task.subject(subject::STORAGE, storage.to_string());
    }
    Ok(task)
}
