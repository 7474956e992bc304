//! The flow of each order. The flows register here when a server opens, so that orders reach them without depending
//! on them.

use futures::future::BoxFuture;
use metadata::Transaction;
use model::Problem;
use model::order::{
    CleanUpOrder, ClusterRecovery, CompactionOrder, DeletePolicyOrder, LogBackupOrder, LogicalBackup,
    PhysicalBackup, TableRecovery, TenantRecovery,
};
use model::recovery::RecoveryRequest;

use super::actor::Actor;
use super::error::Error;
use super::shared::Context;

/// The handler of each kind of order.
pub(crate) struct OrderTable {
    pub(crate) logical_backup: Taker<LogicalBackup>,
    pub(crate) physical_backup: Taker<PhysicalBackup>,
    pub(crate) log_backup: Taker<LogBackupOrder>,
    pub(crate) compaction: Taker<CompactionOrder>,
    pub(crate) databases: Taker<RecoveryRequest>,
    pub(crate) tenant: Taker<Box<TenantRecovery>>,
    pub(crate) tables: Taker<Box<TableRecovery>>,
    pub(crate) cluster: Taker<Box<ClusterRecovery>>,
    pub(crate) clean_up: Taker<CleanUpOrder>,
    pub(crate) delete_policy: Taker<DeletePolicyOrder>,
}

/// The interface of a flow for orders.
pub(crate) struct Taker<O> {
    /// Decides what can be decided without asking the cluster. Only a change of delete policies asks it.
    pub(crate) draft: Drafting<O>,
    /// The error if a running task excludes this one.
    pub(crate) conflict: Conflict,
}

/// Drafts the actor's order, or refuses it.
pub(crate) type Drafting<O> = for<'a> fn(&'a Context, &'a Actor, O) -> BoxFuture<'a, Result<Draft, Error>>;

/// The error if a running task excludes another one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conflict {
    /// The text, whose argument is the task.
    pub(crate) text: &'static str,
    /// OCP's error code, if there is one.
    pub(crate) code: Option<u32>,
}

impl Conflict {
    /// Returns the refusal that names the task.
    pub(crate) fn with(self, task: engine::TaskId) -> Problem {
        let problem = Problem::conflict(self.text).with("task", task);
        match self.code {
            Some(code) => problem.coded(code),
            None => problem,
        }
    }
}

/// A task to create. Its initial state is built in the transaction that stores it.
pub(crate) struct Draft(Box<First>);

type First =
    dyn for<'a> FnOnce(&'a mut Transaction) -> BoxFuture<'a, Result<engine::journal::NewTask, Error>> + Send;

impl Draft {
    pub(crate) fn new(
        first: impl for<'a> FnOnce(&'a mut Transaction) -> BoxFuture<'a, Result<engine::journal::NewTask, Error>>
        + Send
        + 'static,
    ) -> Self {
        Self(Box::new(first))
    }

    /// Returns the task, and writes the rows that belong to it.
    pub(crate) async fn first(self, writer: &mut Transaction) -> Result<engine::journal::NewTask, Error> {
        (self.0)(writer).await
    }
}
