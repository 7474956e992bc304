//! How an order becomes a task, and where backups go.

mod destination;
mod kinds;
pub(crate) mod subjects;
mod submit;

use model::id::TaskId;

pub(crate) use destination::{Destination, destination, usual_storage};
pub(crate) use kinds::{BACKUP_LOGICAL, BACKUP_PHYSICAL, backup_kinds};
pub(crate) use submit::submit;

/// A task was made of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The task.
    pub task: TaskId,
}
