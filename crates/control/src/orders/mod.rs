//! How an order becomes a task, and where backups go.

pub(crate) mod children;
mod destination;
mod full_sets;
mod gap_tasks;
mod kinds;
mod readable;
mod running;
mod scheduled;
mod steering;
pub(crate) mod subjects;
mod submit;

use model::id::TaskId;

pub use destination::StorageSource;
pub(crate) use destination::{Destination, destination, usual_storage};
pub(crate) use full_sets::{has_a_full_set, has_full_sets};
pub(crate) use gap_tasks::GapTasks;
pub(crate) use kinds::{BACKUP_LOGICAL, BACKUP_PHYSICAL, backup_kinds};
pub(crate) use readable::readable;
pub(crate) use running::{Running, backup_limits};
pub(crate) use scheduled::{Scheduled, actor as actor_of_run, caretaker, strategy_of, strategy_storage};
pub(crate) use steering::command;
pub(crate) use submit::{prepare, submit, submit_for_gaps, submit_run};

/// A task was created from the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The task.
    pub task: TaskId,
}
