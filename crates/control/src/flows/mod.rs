//! The durable tasks: one file each, its steps in running order, and what they share.

pub(crate) mod backup_logical;
pub(crate) mod backup_physical;
pub(crate) mod log_backup;
pub(crate) mod major_compaction;
mod metered;
mod pace;
mod recorder;
pub(crate) mod restore_logical;
#[cfg(test)]
pub(crate) mod simulated;
pub(crate) mod snapshots;
mod step_log;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use engine::{At, Flow, Task, Worker};
use metadata::Metadata;

use crate::context::Context;

/// Lists every flow, once.
macro_rules! flows {
    ($($flow:ty),+ $(,)?) => {
        /// Teaches a worker every flow.
        pub(crate) fn register(worker: Worker<Metadata>, context: &Arc<Context>) -> Worker<Metadata> {
            worker$(.register::<$flow>(context.clone()))+
        }

        /// Tells whether a newer program has made the task: then none of its steps is run here, and it waits for one.
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
    log_backup::LogBackup,
    major_compaction::MajorCompaction,
    restore_logical::RestoreLogical,
];

/// Waits for the work, unless the step is to end first. What is dropped in its midst closes its connections.
async fn unless_cancelled<F: Flow, T>(
    at: &At<F>,
    work: impl Future<Output = dump::Result<T>>,
) -> dump::Result<T> {
    tokio::select! {
        biased;
        outcome = work => outcome,
        () = at.cancelled().cancelled() => Err(dump::Error::Cancelled),
    }
}
