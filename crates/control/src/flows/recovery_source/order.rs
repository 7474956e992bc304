//! From an order to a task, for every flow that recovers from physical backups.

use engine::journal::NewTask;
use engine::{Flow, Note};
use futures::future::BoxFuture;
use metadata::Transaction;
use metadata::tasks::subject;
use model::time::Timestamp;
use model::{Problem, Secret};

use super::origin::{Origin, Source};
use super::request::Chosen;
use crate::context::{Actor, Context, Draft};
use crate::error::Error;
use crate::orders::subjects;

/// A checked order, with the objects that it names.
pub(crate) trait Decided: Sized + Send + 'static {
    type Flow: Flow;
    type Order: Send + 'static;

    /// Decides what can be decided without asking a cluster.
    fn decide(context: &Context, order: Self::Order) -> impl Future<Output = Result<Self, Error>> + Send;

    fn chosen(&self) -> &Chosen;

    /// The passwords of encrypted sets.
    fn passwords(&self) -> &[Secret];

    /// Returns the initial state of the task.
    fn state(&self, origin: Origin, requested: Timestamp) -> <Self::Flow as Flow>::State;

    /// Returns the task of an initial state.
    fn task(state: &<Self::Flow as Flow>::State) -> Result<NewTask, Error>;
}

/// Drafts the task of an order.
pub(crate) fn draft<'a, D: Decided>(
    context: &'a Context,
    _: &'a Actor,
    order: Box<D::Order>,
) -> BoxFuture<'a, Result<Draft, Error>> {
    Box::pin(async move { drafted::<D>(context, *order).await })
}

/// Drafts the task of an order.
pub(crate) async fn drafted<D: Decided>(context: &Context, order: D::Order) -> Result<Draft, Error> {
    let decided = D::decide(context, order).await?;
    Ok(Draft::new(move |writer| Box::pin(first(decided, writer))))
}

async fn first<D: Decided>(decided: D, writer: &mut Transaction) -> Result<NewTask, Error> {
    let chosen = decided.chosen();
    let storage = chosen.keep(writer).await?;
    let requested = writer.now().await?;
    let passwords = chosen.seal(writer, decided.passwords());
    D::task(&decided.state(chosen.origin(storage, passwords), requested))
}

/// Returns the task of a recovery to a tenant. No two recoveries to one tenant run at the same time.
pub(crate) fn new_task<F: Flow<Lane = ()>>(
    name: Note,
    state: &F::State,
    origin: &Origin,
    tenant: &str,
) -> Result<NewTask, Error> {
    let name = name
        .arg("source", &origin.backup_tenant_name)
        .arg("tenant", tenant)
        .arg("cluster", &origin.cluster_name);
    let mut task = NewTask::of::<F>(name, state, [])
        .map_err(|cause| Error::caused(Problem::internal("task-not-made"), cause))?
        .subject(subject::CLUSTER, origin.cluster.to_string())
        .subject(subjects::CLUSTER_NAME, &origin.cluster_name)
        .subject(subjects::TENANT_NAME, tenant)
        .exclusive(format!("restore:{}:tenant:{}", origin.cluster, tenant.to_lowercase()));
    if let Source::Storage { storage, .. } = &origin.source {
        task = task.subject(subject::STORAGE, storage.to_string());
    }
    Ok(task)
}
