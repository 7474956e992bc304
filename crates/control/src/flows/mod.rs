//! The durable tasks: one file each, its steps in running order, and what they share.

mod pace;
pub(crate) mod snapshots;
mod step_log;

use std::sync::Arc;

use engine::Worker;
use metadata::Metadata;

use crate::context::Context;

/// Teaches a worker every flow.
pub(crate) fn register(worker: Worker<Metadata>, _context: &Arc<Context>) -> Worker<Metadata> {
    worker
}
