//! A task and its subtasks, as users see them. The engine has its own rows; `control` converts them.

use serde::{Deserialize, Serialize};

use crate::id::{ClusterId, StorageId, StrategyId, SubtaskId, TaskId, TenantId};
use crate::inventory::Missing;
use crate::not_made::NotMade;
use crate::text::Text;
use crate::time::Timestamp;

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskStatus {
    /// Running, or waiting to run.
    Running,
    /// Ended without success; it can be retried or rolled back.
    Failed,
    /// Ended with success.
    Successful,
}

/// The current or last requested operation of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskOperation {
    /// Running its steps.
    Execute,
    /// Running again from the failed step.
    Retry,
    /// Undoing its steps.
    Rollback,
    /// A failed step was skipped.
    Skip,
    /// It was cancelled by a user.
    Cancel,
}

/// The state of a subtask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubtaskStatus {
    /// Not due yet.
    Pending,
    /// Due, or waiting for an external system.
    Ready,
    /// It runs.
    Running,
    /// It is being ended.
    Canceling,
    /// It failed.
    Failed,
    /// It succeeded, or was skipped.
    Successful,
}

/// The progress.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TaskProgress {
    /// The completed amount, in `unit`s.
    pub done: u64,
    /// The total amount, if known.
    pub total: Option<u64>,
    /// The unit.
    pub unit: ProgressUnit,
    /// The amount per second.
    pub rate_per_s: Option<f64>,
}

impl TaskProgress {
    /// Returns the completed share, in percent from 0 to 100; `None` while the total is unknown.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        match self.total? {
            0 => Some(100),
            total => Some((u128::from(self.done.min(total)) * 100 / u128::from(total)) as u64),
        }
    }

    /// Returns the remaining seconds at the current rate.
    #[must_use]
    pub fn remaining_s(&self) -> Option<u64> {
        let rate = self.rate_per_s.filter(|rate| *rate > 0.0)?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a guess in whole seconds, of two numbers that are not negative"
        )]
        let seconds = (self.total?.saturating_sub(self.done) as f64 / rate).ceil() as u64;
        Some(seconds)
    }
}

/// The unit of a progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProgressUnit {
    /// Bytes.
    Bytes,
    /// Rows.
    Rows,
    /// Items such as tables or pieces.
    Items,
}

/// One step of a task in one lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Subtask {
    /// Its ID.
    pub id: SubtaskId,
    /// The step's id, whose name is in the texts.
    pub step: String,
    /// The step's position in its flow, from 0.
    pub place: u32,
    /// The tenant whose lane it is; `None` for a step that runs once.
    pub lane: Option<String>,
    /// The task that does the work of this lane, if another task does.
    pub child: Option<TaskId>,
    /// The lane's position, from 0; -1 for a step that runs once.
    pub parallel_idx: i64,
    /// Its state.
    pub status: SubtaskStatus,
    /// Whether it was skipped.
    pub skipped: bool,
    /// Whether it was rolled back.
    pub undone: bool,
    /// Whether it can be skipped after a failure.
    pub skippable: bool,
    /// The number of attempts.
    pub attempts: u32,
    /// Its progress.
    pub progress: Option<TaskProgress>,
    /// What it is waiting for, or why it failed.
    pub note: Option<Text>,
    /// The actions after a failure: the repair first.
    pub next: Vec<NextAction>,
    /// Its time limit in seconds.
    pub timeout_s: u64,
    /// When it became due.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// A button on a failed subtask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAction {
    /// The button's ID; the texts contain its label.
    pub button: String,
    /// What it does.
    pub step: NextStep,
}

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// Run the failed steps again.
    RetryTask,
    /// Continue without that subtask.
    SkipSubtask(SubtaskId),
    /// Perform a major compaction.
    Compact(ClusterId),
    /// Clear the error of a stopped major compaction.
    ClearExceptions(ClusterId),
    /// Stop log backup of this tenant, or of the cluster.
    StopLogBackup(ClusterId, Option<TenantId>),
    /// Back up in full instead.
    BackUpInFull(FullBackup),
}

/// A full backup instead of an incremental one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullBackup {
    /// The cluster.
    pub cluster: ClusterId,
    /// The destination; by default the current one of the cluster.
    pub storage: Option<StorageId>,
    /// The tenants; none means the whole cluster.
    pub tenants: Vec<TenantId>,
    /// Whether a major compaction may be started when one is needed.
    pub auto_compaction: bool,
    /// Whether the database may delete backups in the new storage by a delete policy of a user.
    pub accept_deletions: bool,
    /// Whether the set includes the logs that it needs.
    pub plus_archivelog: bool,
    /// Whether the original backup was encrypted: then the password must be entered again.
    pub needs_password: bool,
}

/// One run of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its ID.
    pub id: TaskId,
    /// The flow's kind, such as `backup-logical`.
    pub kind: String,
    /// Its name for users.
    pub name: Text,
    /// Its state.
    pub status: TaskStatus,
    /// The current or last requested operation.
    pub operation: TaskOperation,
    /// Why it failed.
    pub note: Option<Text>,
    /// The initiator.
    pub creator: String,
    /// The server that runs it.
    pub executor: Option<String>,
    /// The cluster.
    pub cluster: Option<ClusterId>,
    /// The name of that cluster when the task was created.
    pub cluster_name: Option<String>,
    /// Its tenant.
    pub tenant: Option<TenantId>,
    /// The name of that tenant when the task was created.
    pub tenant_name: Option<String>,
    /// The backup strategy that created it, if any.
    pub strategy: Option<StrategyId>,
    /// The task that created it and supervises it, if any.
    pub parent: Option<TaskId>,
    /// The objects that its backups left out, as far as known.
    pub left_out: Vec<Missing>,
    /// The objects that its recovery did not create, as far as known.
    pub not_made: Vec<NotMade>,
    /// The names of the tenants that its recovery of a cluster has restored. They stay, however the task ends.
    pub restored: Vec<String>,
    /// Whether it can be rolled back.
    pub can_roll_back: bool,
    /// When it was requested.
    pub created: Timestamp,
    /// When it first ran.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Its subtasks in the order of their steps, then lanes.
    pub subtasks: Vec<Subtask>,
}
