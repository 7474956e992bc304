//! The decisions before a recovery of tables becomes a task.

use engine::journal::NewTask;
use engine::{Flow as _, Note};
use futures::future::BoxFuture;
use metadata::Transaction;
use metadata::tasks::subject;
use model::Problem;
use model::order::{TableRecovery, takes_tables};
use model::problem::codes;
use model::tenant::Tenant;
use model::time::Timestamp;

use super::state::{RecoverTables, State};
use crate::context::{Actor, Conflict, Context, Draft, Taker};
use crate::error::Error;
use crate::flows::recovery_source::{Chosen, Origin, Source, choose};
use crate::orders::subjects;

/// The checked order, and the objects that it names.
pub(super) struct Decided {
    pub(super) order: TableRecovery,
    pub(super) chosen: Chosen,
    tenant: Tenant,
}

/// The entry of this flow in the order table.
pub(crate) const TAKER: Taker<Box<TableRecovery>> = Taker {
    draft,
    conflict: Conflict { text: "table-recovery-runs-already", code: Some(codes::RECOVERY_RUNS_ALREADY) },
};

/// Drafts the task of an order.
fn draft<'a>(
    context: &'a Context,
    _: &'a Actor,
    order: Box<TableRecovery>,
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
pub(super) async fn decide(context: &Context, order: TableRecovery) -> Result<Decided, Error> {
    let order = order.checked()?;
    let chosen = choose(context, &order.source, order.until, order.cluster).await?;
    let target = &chosen.target;
    takes_tables(target.facts.generation, &target.facts.server)?;
    let tenants = context.metadata.tenant_list(target.id).await?;
    let tenant = tenants.into_iter().find(|tenant| tenant.name.eq_ignore_ascii_case(&order.tenant));
    let unknown = || {
        let problem = Problem::not_found("table-recovery-tenant-unknown");
        problem.with("cluster", &target.name).with("tenant", &order.tenant)
    };
    let tenant = tenant.ok_or_else(unknown)?;
    Ok(Decided { order, chosen, tenant })
}

impl Decided {
    /// Returns the initial state of the task.
    pub(super) fn state(&self, origin: Origin, requested: Timestamp) -> State {
        State {
            origin,
            tenant: self.tenant.id,
            tenant_name: self.tenant.name.clone(),
            objects: self.order.objects.clone(),
            pools: self.order.pools.clone(),
            requested,
            tag: format!("{:08x}", rand::random::<u32>()),
            failed_jobs: 0,
            sent: None,
            job: None,
            recovered_scn: 0,
            unseen: 0,
            moved: None,
            tables: 0,
            not_made: Vec::new(),
            clean_up_looks: 0,
        }
    }
}

fn new_task(state: &State) -> Result<NewTask, Error> {
    let origin = &state.origin;
    let name = Note::new(RecoverTables::KIND)
        .arg("count", state.objects.len())
        .arg("source", &origin.backup_tenant_name)
        .arg("tenant", &state.tenant_name)
        .arg("cluster", &origin.cluster_name);
    let mut task = NewTask::of::<RecoverTables>(name, state, [])
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, origin.cluster.to_string())
        .subject(subjects::CLUSTER_NAME, &origin.cluster_name)
        .subject(subject::TENANT, state.tenant.to_string())
        .subject(subjects::TENANT_NAME, &state.tenant_name)
        .exclusive(format!("restore:{}:tenant:{}", origin.cluster, state.tenant_name.to_lowercase()));
    if let Source::Storage { storage, .. } = &origin.source {
        task = task.subject(subject::STORAGE, storage.to_string());
    }
    Ok(task)
}
