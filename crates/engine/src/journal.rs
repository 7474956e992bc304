//! The contract of the store. An implementation makes no decision: it stores everything or nothing, and rejects
//! writes of workers that no longer hold the task. `testkit::contract` checks an implementation.
//!
//! **Time** is the journal's own (the database's): claims, leases, due times, times of log lines. **Fencing:** every
//! claim raises the task's fence; a call with an older fence returns [`HoldError::Lost`]. While no other worker has
//! claimed the task, a holder can still renew an expired lease and save under it. **Events:** [`Journal::save`],
//! [`Journal::apply`], [`Journal::insert`] and [`Journal::append_progress`] write their events in the same
//! transaction. Sequence numbers become visible in order: a reader who has read up to `n` has seen everything below
//! `n`.

use std::future::Future;
use std::time::Duration;

use serde_json::Value;

pub use crate::new_task::{NewTask, NewTaskError};
use crate::note::Note;
use crate::task::{
    Cancels, LaneState, Moment, Operation, Progress, Row, RowNumber, Task, TaskId, TaskStatus,
};

/// The maximum number of entries in one page of logs or events.
pub const PAGE_MAX: u32 = 1_000;

/// Stores tasks. Because leases run, a call without an answer must return an error within seconds.
pub trait Journal: Send + Sync + 'static {
    /// Stores a new task, due immediately; refused while an unfinished task has its exclusive key.
    fn insert(&self, new: NewTask) -> impl Future<Output = Result<TaskId, InsertError>> + Send;

    /// Claims the task that has been due for the longest time, if it is unfinished, has no valid lease, is of a kind
    /// in `ask.can`, and its version is not above the highest one listed for the kind. The worker decides whether it
    /// can really run it. A due time that is too far in the future ([`crate::clock`]) has come, unless the task is
    /// queued.
    ///
    /// A queued task ([`Task::queued`]) can be claimed only before its latest start, while no other unfinished task
    /// has its exclusive key, and while `ask.limits` allow it. Then it leaves the queue and takes its key in the same
    /// transaction. A cancelled queued task can be claimed without these conditions, and is ended without its key.
    fn claim(&self, ask: &Ask) -> impl Future<Output = Result<Option<Claim>, JournalError>> + Send;

    /// Extends the lease to at least this long from now; never shortens it.
    fn renew(&self, ticket: Ticket, lease: Duration)
    -> impl Future<Output = Result<Pulse, HoldError>> + Send;

    /// Stores a change completely or not at all, and raises the revision.
    fn save(&self, ticket: Ticket, change: &Change) -> impl Future<Output = Result<Pulse, HoldError>> + Send;

    /// Appends lines to step logs; `seq` counts from 1 within a row.
    fn append_log(
        &self,
        ticket: Ticket,
        lines: &[(RowNumber, Note)],
    ) -> impl Future<Output = Result<(), HoldError>> + Send;

    /// Stores the progress of rows; changes nothing else of them, nor the revision.
    fn append_progress(
        &self,
        ticket: Ticket,
        rows: &[(RowNumber, Progress)],
    ) -> impl Future<Output = Result<(), HoldError>> + Send;

    /// Returns a task with its rows.
    fn load(&self, task: TaskId) -> impl Future<Output = Result<Option<Task>, JournalError>> + Send;

    /// Returns a row's log lines after `after_seq`, oldest first, at most `limit` and [`PAGE_MAX`].
    fn logs(
        &self,
        task: TaskId,
        row: RowNumber,
        after_seq: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<LogLine>, JournalError>> + Send;

    /// Applies an operator's decision; [`Decision`] lists what is checked in the same transaction.
    fn apply(&self, task: TaskId, decision: &Decision)
    -> impl Future<Output = Result<(), ApplyError>> + Send;

    /// Returns the events after `after_seq`, oldest first, at most `limit` and [`PAGE_MAX`].
    fn events(
        &self,
        after_seq: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Event>, JournalError>> + Send;
}

/// The abilities of a worker, and the requested lease.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The worker's name, shown to people.
    pub worker: String,
    /// The kinds and versions that it has code for.
    pub can: Vec<(String, u32)>,
    /// How long the first lease lasts.
    pub lease: Duration,
    /// The limits for starting queued tasks.
    pub limits: Limits,
}

/// The maximum number of running tasks: those that are unfinished and not queued. Only queued tasks wait for these
/// limits; the others start immediately, but count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The kinds that are limited, counted together.
    pub kinds: Vec<String>,
    /// The maximum number of these tasks; `None` means no limit.
    pub at_once: Option<usize>,
    /// The name of a subject, and the maximum number of these tasks with the same value of it; `None` means no limit.
    pub same_subject: Option<(String, usize)>,
}

/// Proof of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The task.
    pub task: TaskId,
    /// The fence that the claim raised it to.
    pub fence: i64,
}

/// A claimed task.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The proof of the claim.
    pub ticket: Ticket,
    /// The current task, including its new lease.
    pub task: Task,
    /// The remaining lease, and the current time.
    pub pulse: Pulse,
}

/// The information that a holder gets with every write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// The remaining lease, by the journal's clock.
    pub left: Duration,
    /// The current time of the journal.
    pub now: Moment,
    /// The cancel requests of an operator.
    pub cancels: Cancels,
}

/// The writes of a holder, or of an operator's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The current state of the task.
    pub status: TaskStatus,
    /// Why it failed.
    pub note: Option<Note>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// The time from which it may be claimed; see [`Change::due`].
    pub due_at: Moment,
    /// The cancel requests that the holder knew.
    pub cancels_seen: Cancels,
    /// The results of its `One` steps; `None` if unchanged.
    pub state: Option<Value>,
    /// The results of lanes; only the changed ones.
    pub lanes: Vec<LaneState>,
    /// The changed rows, whole.
    pub rows: Vec<Row>,
    /// Whether the lease is released with it.
    pub release: bool,
}

impl Change {
    /// Returns the due time to store: immediately, if the holder did not yet know of a cancel when it wrote this.
    /// Otherwise, a cancel just before a holder releases the task would wait with it.
    pub fn due(&self, stored: &Cancels, now: Moment) -> Moment {
        if *stored == self.cancels_seen { self.due_at } else { self.due_at.min(now) }
    }

    /// Returns the events of this change.
    pub fn events(&self) -> Vec<EventKind> {
        let rows = self.rows.iter().map(EventKind::of_row);
        std::iter::once(EventKind::Task).chain(rows).collect()
    }
}

/// The effect of an operator's command; created by [`crate::operator`].
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Restarts a finished task. Allowed only while its revision is unchanged and no other unfinished task has its
    /// exclusive key. Also clears [`Task::cancels`] and raises the fence.
    Resume {
        /// The revision that the decision is based on.
        seen: i64,
        /// What the operator wants.
        operation: Operation,
        /// The changes; the task is due immediately, regardless of their due time.
        change: Box<Change>,
    },
    /// Requests that the holder of the task ends it. Allowed only while the task is unfinished, and also the row, if
    /// one is given. Makes the task due immediately, and changes neither rows nor revision.
    Cancel {
        /// Only this row.
        row: Option<RowNumber>,
    },
}

/// One line of a step's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its number within the row, from 1.
    pub seq: i64,
    /// When it was written.
    pub at: Moment,
    /// Its text.
    pub note: Note,
}

/// A change of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number, strictly increasing.
    pub seq: i64,
    /// The time of the change.
    pub at: Moment,
    /// The changed task.
    pub task: TaskId,
    /// The changed part.
    pub kind: EventKind,
}

/// The changed part of a task. Readers get the new value from the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The task itself.
    Task,
    /// The row of a `One` step.
    Step(RowNumber),
    /// The row of an `Each` step.
    Lane(RowNumber),
}

impl EventKind {
    /// Returns the event for a change of this row.
    pub fn of_row(row: &Row) -> Self {
        if row.is_lane() { Self::Lane(row.number) } else { Self::Step(row.number) }
    }
}

/// The journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb}")]
pub struct JournalError {
    /// The attempted action, such as `claim a task`.
    pub verb: String,
    /// The cause.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl JournalError {
    /// Returns an error with the attempted action and its cause.
    pub fn new(verb: impl Into<String>, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { verb: verb.into(), cause: cause.into() }
    }
}

/// Why a new task is not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// Another task has its exclusive key.
    #[error("task {task} is not finished and excludes others (`{key}`)")]
    Occupied {
        /// The key.
        key: String,
        /// Who has it.
        task: TaskId,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Why a holder's call was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// The task was claimed by another worker, or released.
    #[error("the task is no longer held")]
    Lost,
    /// The journal cannot be read or written; the task may still be held.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Why an operator's decision was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The task no longer matches the decision; read it again.
    #[error("the task has changed in the meantime")]
    Changed,
    /// Another task has its exclusive key.
    #[error("task {task} is not finished and excludes others (`{key}`)")]
    Occupied {
        /// The key.
        key: String,
        /// Who has it.
        task: TaskId,
    },
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
