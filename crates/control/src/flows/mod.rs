//! The flows of durable tasks: one file each, with its steps in running order, and what the flows share.

pub(crate) mod backup_logical;
pub(crate) mod backup_physical;
pub(crate) mod clean_up;
pub(crate) mod delete_policy;
pub(crate) mod log_backup;
pub(crate) mod major_compaction;
pub(crate) mod metered;
mod pace;
mod plan;
mod recorder;
pub(crate) mod recover_tables;
pub(crate) mod recovery_source;
pub(crate) mod restore_cluster;
pub(crate) mod restore_logical;
pub(crate) mod restore_tenant;
mod step_log;
mod unit_specs;
mod until;

use std::sync::Arc;

use engine::{Flow, Task, Worker};
use metadata::Metadata;

use crate::context::{Context, OrderTable};
pub use plan::{Plan, PlannedStep};

/// Returns the kinds of recovery tasks.
pub(crate) fn recovery_kinds() -> Vec<String> {
    [
        restore_logical::RestoreLogical::KIND,
        restore_tenant::RestoreTenant::KIND,
        recover_tables::RecoverTables::KIND,
    ]
    .map(str::to_owned)
    .into()
}

/// Lists every flow, once.
macro_rules! flows {
    ($($flow:ty),+ $(,)?) => {
        /// Registers every flow with a worker.
        pub(crate) fn register(worker: Worker<Metadata>, context: &Arc<Context>) -> Worker<Metadata> {
            worker$(.register::<$flow>(context.clone()))+
        }

        /// Returns whether a newer version of Lifeboat created the task. This version runs none of its steps; the task
        /// waits for a newer worker.
        pub(crate) fn is_newer(task: &Task) -> bool {
            ![$((<$flow>::KIND, <$flow>::VERSION)),+]
                .iter()
                .any(|(kind, version)| task.kind == *kind && task.version <= *version)
        }
    };
}

flows![
    backup_logical::BackupLogical,
    backup_physical::BackupPhysical,
    clean_up::CleanUp,
    delete_policy::ChangeDeletePolicy,
    log_backup::LogBackup,
    major_compaction::MajorCompaction,
    recover_tables::RecoverTables,
    restore_cluster::RestoreCluster,
    restore_logical::RestoreLogical,
    restore_tenant::RestoreTenant,
];

/// Registers the flow of each order.
pub(crate) fn order_table() -> OrderTable {
    OrderTable {
        logical_backup: backup_logical::TAKER,
        physical_backup: backup_physical::TAKER,
        log_backup: log_backup::TAKER,
        compaction: major_compaction::TAKER,
        databases: restore_logical::TAKER,
        tenant: restore_tenant::TAKER,
        tables: recover_tables::TAKER,
        cluster: restore_cluster::TAKER,
        clean_up: clean_up::TAKER,
        delete_policy: delete_policy::TAKER,
    }
}
