//! The durable tasks: one file each, its steps in running order, and what they share.

pub(crate) mod backup_logical;
mod metered;
mod pace;
mod recorder;
pub(crate) mod restore_logical;
pub(crate) mod snapshots;
mod step_log;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use engine::Worker;
use metadata::Metadata;

use crate::context::Context;

/// Teaches a worker every flow.
pub(crate) fn register(worker: Worker<Metadata>, context: &Arc<Context>) -> Worker<Metadata> {
    worker
        .register::<backup_logical::BackupLogical>(context.clone())
        .register::<restore_logical::RestoreLogical>(context.clone())
}
