//! The contract of the store. An implementation makes no decision: it stores everything or nothing, and rejects
//! writes of workers that no longer hold the task. `testkit::contract` checks an implementation.
//!
//! **Time** is the journal's own (the database's): claims, leases, due times, times of log lines. **Fencing:** every
//! claim raises the task's fence; a call with an older fence is answered [`HoldError::Lost`]. A lapsed lease that no
//! other worker has claimed can still be renewed and saved under. **Events:** [`Journal::save`], [`Journal::apply`],
//! [`Journal::insert`] and [`Journal::append_progress`] write their events in the same transaction. Sequence numbers
//! become visible in order: a reader who has read up to `n` has seen everything below `n`.

use std::future::Future;
use std::time::Duration;

use serde_json::Value;

pub use crate::new_task::{NewTask, NewTaskError};
use crate::note::Note;
use crate::task::{
    Cancels, LaneState, Moment, Operation, Progress, Row, RowNumber, Task, TaskId, TaskStatus,
};

/// The most that one page of logs or events holds.
pub const PAGE_MAX: u32 = 1_000;

/// Keeps tasks. A call that gets no answer ends in an error within seconds: a lease is running.
pub trait Journal: Send + Sync + 'static {
    /// Stores a new task, due immediately; refused while an unfinished task has its exclusive key.
    fn insert(&self, new: NewTask) -> impl Future<Output = Result<TaskId, InsertError>> + Send;

    /// Hands out one task that is due, unfinished, without a lease in force, and of a kind in `ask.can`, in a
    /// version not above the highest one listed for that kind (whether the worker really can run it is the
    /// worker's business). The longest due comes first.
    fn claim(&self, ask: &Ask) -> impl Future<Output = Result<Option<Claim>, JournalError>> + Send;

    /// Lets the lease last at least so long from now on; never shortens it.
    fn renew(&self, ticket: Ticket, lease: Duration)
    -> impl Future<Output = Result<Pulse, HoldError>> + Send;

    /// Keeps a change completely or not, and raises the revision.
    fn save(&self, ticket: Ticket, change: &Change) -> impl Future<Output = Result<Pulse, HoldError>> + Send;

    /// Appends lines to step logs; `seq` counts from 1 within a row.
    fn append_log(
        &self,
        ticket: Ticket,
        lines: &[(RowNumber, Note)],
    ) -> impl Future<Output = Result<(), HoldError>> + Send;

    /// Keeps how far rows have come; nothing else of them changes, nor does the revision.
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

    /// Carries out what an operator may do; see [`Decision`] for what is checked in the same transaction.
    fn apply(&self, task: TaskId, decision: &Decision)
    -> impl Future<Output = Result<(), ApplyError>> + Send;

    /// Returns the events after `after_seq`, oldest first, at most `limit` and [`PAGE_MAX`].
    fn events(
        &self,
        after_seq: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Event>, JournalError>> + Send;
}

/// The abilities of a worker, and the requested duration.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The worker's name, shown to people.
    pub worker: String,
    /// The kinds and versions that it has code for.
    pub can: Vec<(String, u32)>,
    /// How long the first lease lasts.
    pub lease: Duration,
}

/// Proof of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// Which task.
    pub task: TaskId,
    /// The fence that the claim raised it to.
    pub fence: i64,
}

/// A task in a worker's hands.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Proof of it.
    pub ticket: Ticket,
    /// The current task, including its new lease.
    pub task: Task,
    /// The remaining lease, and the current time.
    pub pulse: Pulse,
}

/// The information that a holder gets with every write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// How much of the lease is left, by the journal's clock.
    pub left: Duration,
    /// What time it is there.
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
    /// From when on it may be claimed; see [`Change::due`].
    pub due_at: Moment,
    /// The cancel requests that the holder knew.
    pub cancels_seen: Cancels,
    /// The results of its `One` steps; none when unchanged.
    pub state: Option<Value>,
    /// The results of lanes; only the changed ones.
    pub lanes: Vec<LaneState>,
    /// The changed rows, whole.
    pub rows: Vec<Row>,
    /// Whether the lease is given back with it.
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
    /// Sets a finished task going again. Only while its revision is still the one that was seen, and while no
    /// other unfinished task has its exclusive key; also clears [`Task::cancels`] and raises the fence.
    Resume {
        /// The revision that the decision is based on.
        seen: i64,
        /// What the operator wants.
        operation: Operation,
        /// The changes; due immediately, whatever they say.
        change: Box<Change>,
    },
    /// Asks the holder of the task to end it. Only while it is unfinished (and the row, if one is named, too); makes
    /// it due immediately and changes neither rows nor revision.
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

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Strictly increasing.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// In which task.
    pub task: TaskId,
    /// What.
    pub kind: EventKind,
}

/// What has changed; its new value is read from the task.
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
    /// Returns what a change of this row is called.
    pub fn of_row(row: &Row) -> Self {
        if row.is_lane() { Self::Lane(row.number) } else { Self::Step(row.number) }
    }
}

/// The journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb}")]
pub struct JournalError {
    /// What was tried, e.g. `claim a task`.
    pub verb: String,
    /// Why it did not work.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl JournalError {
    /// Returns an error that says what was tried and why it did not work.
    pub fn new(verb: impl Into<String>, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { verb: verb.into(), cause: cause.into() }
    }
}

/// Why a new task is not kept.
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
