//! Follow and steer what runs.

pub(crate) mod view;

use model::id::{ClusterId, SubtaskId, TaskId, TenantId};
use model::task::TaskStatus;
use model::text::Text;
use model::time::Timestamp;

/// Which tasks are wanted; what is `None` limits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// About this cluster.
    pub cluster: Option<ClusterId>,
    /// About this cluster, by its name when the task was made.
    pub cluster_name: Option<String>,
    /// About this tenant.
    pub tenant: Option<TenantId>,
    /// About this tenant, by its name when the task was made.
    pub tenant_name: Option<String>,
    /// In this state.
    pub status: Option<TaskStatus>,
    /// Of this kind, such as `backup-logical`.
    pub kind: Option<String>,
}

/// The order of a list of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaskOrder {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// What somebody wants of a task or a subtask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// Run again what has failed.
    Retry,
    /// End it.
    Cancel,
    /// Undo what was begun, last first.
    RollBack,
    /// Run one failed subtask again.
    RetrySubtask(SubtaskId),
    /// Go on without one failed subtask.
    SkipSubtask(SubtaskId),
    /// End one subtask.
    CancelSubtask(SubtaskId),
}

/// One line of a subtask's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its number within the subtask, from 1.
    pub seq: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub text: Text,
}

/// Which events are wanted; what is `None` limits nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this task.
    pub task: Option<TaskId>,
    /// About this cluster.
    pub cluster: Option<ClusterId>,
}

/// Something changed in a task; its new value is read with [`crate::tasks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Strictly increasing.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// In which task.
    pub task: TaskId,
    /// About which cluster.
    pub cluster: Option<ClusterId>,
    /// What.
    pub kind: EventKind,
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The task itself.
    Task,
    /// A subtask of a step that runs once.
    Step(SubtaskId),
    /// A subtask of one tenant.
    Lane(SubtaskId),
}
