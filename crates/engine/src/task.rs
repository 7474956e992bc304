//! The stored data of a task: itself, and one row per step and lane.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::note::Note;

/// The ID of a task, assigned by the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub i64);

impl fmt::Display for TaskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A row's position in its task, from 0: ordered by step, then by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowNumber(pub u32);

impl fmt::Display for RowNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A point in time by the journal's clock: microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(pub i64);

impl Moment {
    /// Returns the time after this duration.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns the duration since an earlier time; zero if that is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Defines an enumeration whose words are stored: each has one fixed spelling.
macro_rules! stored_words {
    ($(#[$about:meta])* $name:ident { $($(#[$word_about:meta])* $word:ident = $spelling:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$word_about])* #[serde(rename = $spelling)] $word,)+ }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// Returns the word as it is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $spelling,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($spelling => Ok(Self::$word),)+
                    _ => Err(UnknownWord { kind: stringify!($name), word: text.to_owned() }),
                }
            }
        }
    };
}

/// A stored word that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{word}` is not a known {kind}; another version wrote the row")]
pub struct UnknownWord {
    /// The expected kind of word.
    pub kind: &'static str,
    /// The found word.
    pub word: String,
}

stored_words! {
    /// The state of a task.
    TaskStatus {
        /// Created, but not started.
        Pending = "PENDING",
        /// Started, but not ended; it may be waiting.
        Running = "RUNNING",
        /// Its undos are running.
        RollingBack = "ROLLING_BACK",
        /// Failed; an operator may retry it.
        Failed = "FAILED",
        /// Succeeded.
        Successful = "SUCCESSFUL",
        /// Failed and then rolled back. Final.
        RolledBack = "ROLLED_BACK",
    }
}

impl TaskStatus {
    /// Whether nothing more happens without an operator's command.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Failed | Self::Successful | Self::RolledBack)
    }
}

stored_words! {
    /// The state of one row.
    StepStatus {
        /// Not due yet.
        Pending = "PENDING",
        /// Due, but not started.
        Ready = "READY",
        /// Started: its body runs, or it waits to run again.
        Running = "RUNNING",
        /// Cancelled by an operator, and being stopped.
        Canceling = "CANCELING",
        /// Failed; an operator may retry it.
        Failed = "FAILED",
        /// Succeeded, or skipped.
        Successful = "SUCCESSFUL",
    }
}

impl StepStatus {
    /// Whether the row has ended.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Failed | Self::Successful)
    }
}

stored_words! {
    /// The state of a row's undo.
    Undo {
        /// The step has no undo.
        Absent = "ABSENT",
        /// The step has an undo, which has not run.
        Available = "AVAILABLE",
        /// It runs, or waits to run again.
        Running = "RUNNING",
        /// It succeeded.
        Done = "DONE",
        /// It failed; another roll-back retries it.
        Failed = "FAILED",
        /// The task was rolled back, and this step has no undo.
        PassedOver = "PASSED_OVER",
    }
}

stored_words! {
    /// The last request of an operator.
    Operation {
        /// No command since the task was created.
        Execute = "EXECUTE",
        /// Try again.
        Retry = "RETRY",
        /// Continue without a failed step.
        Skip = "SKIP",
        /// End it.
        Cancel = "CANCEL",
        /// Undo it.
        Rollback = "ROLLBACK",
    }
}

/// The progress of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The completed amount.
    pub done: u64,
    /// The total amount, if known.
    pub total: Option<u64>,
    /// The unit, such as `bytes`.
    pub unit: String,
    /// The amount per second, if known.
    pub rate_per_s: Option<u64>,
    /// The current activity.
    pub note: Option<Note>,
}

/// A stored task with its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its ID.
    pub id: TaskId,
    /// The kind of its flow.
    pub kind: String,
    /// The version of the flow that created it.
    pub version: u32,
    /// Its status.
    pub status: TaskStatus,
    /// The last request of an operator.
    pub operation: Operation,
    /// Its creator; the engine does not interpret it.
    pub creator: String,
    /// Its name.
    pub name: Note,
    /// Its subject, for searches; the engine does not interpret it.
    pub subject: BTreeMap<String, String>,
    /// At most one unfinished task has this key.
    pub exclusive: Option<String>,
    /// The time before which it must start, while it waits in the queue and does not have its exclusive key yet;
    /// `None` after that.
    pub queued: Option<Moment>,
    /// The results of its `One` steps.
    pub state: Value,
    /// Its lanes in order, with the results of their steps.
    pub lanes: Vec<LaneState>,
    /// Why it failed.
    pub note: Option<Note>,
    /// The cancel requests of an operator.
    pub cancels: Cancels,
    /// Grows with every change of the fields above, except `cancels`.
    pub revision: i64,
    /// When it was created.
    pub created_at: Moment,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended (last).
    pub finished_at: Option<Moment>,
    /// When a worker may claim it; meaningless after it is finished.
    pub due_at: Moment,
    /// The current lease.
    pub lease: Option<Lease>,
    /// Its rows in order.
    pub rows: Vec<Row>,
}

/// The worker of a task, and the end of its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The worker's name.
    pub owner: String,
    /// When it expires.
    pub until: Moment,
}

/// A lane: its key, and the results of its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneState {
    /// The name of the lane within its task; never empty.
    pub key: String,
    /// The flow's `Lane`, as saved.
    pub state: Value,
}

/// The cancel requests of an operator. Written by operators only, so that no save of a worker can undo them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cancels {
    /// The whole task.
    pub task: bool,
    /// Single rows.
    pub rows: BTreeSet<RowNumber>,
}

impl Cancels {
    /// Merges the requests that another reader has read: while a task is unfinished, none is removed.
    pub fn add(&mut self, other: &Self) {
        self.task |= other.task;
        self.rows.extend(&other.rows);
    }

    /// Whether this row is cancelled, alone or with its task.
    pub fn cover(&self, row: RowNumber) -> bool {
        self.task || self.rows.contains(&row)
    }
}

/// One step, in one lane when it is an `Each` step.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its position in the task.
    pub number: RowNumber,
    /// The step's id.
    pub step: String,
    /// The lane's key; empty for a `One` step.
    pub lane: String,
    /// Whether an operator may skip it.
    pub skippable: bool,
    /// How long it may take, including waits.
    pub timeout: Duration,
    /// Its status.
    pub status: StepStatus,
    /// Whether an operator skipped it.
    pub skipped: bool,
    /// The state of its undo.
    pub undo: Undo,
    /// How often it was started: once, and once more for every retry.
    pub runs: u32,
    /// The number of consecutive transient failures.
    pub attempts: u32,
    /// Its progress.
    pub progress: Option<Progress>,
    /// Its last error.
    pub note: Option<Note>,
    /// When it was started.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// When its current body (main, stop or undo) became due; the timeout counts from here.
    pub since: Option<Moment>,
    /// When it runs again, while it waits.
    pub due_at: Option<Moment>,
}

impl Row {
    /// Whether this row belongs to an `Each` step.
    pub fn is_lane(&self) -> bool {
        !self.lane.is_empty()
    }
}

impl Task {
    /// Returns a row by its number.
    pub fn row(&self, number: RowNumber) -> Option<&Row> {
        self.rows.get(usize::try_from(number.0).ok()?).filter(|row| row.number == number)
    }

    /// Returns the rows step by step.
    pub fn steps(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|left, right| left.step == right.step)
    }

    /// Returns why a lane has failed, if it has.
    pub fn lane_failure(&self, lane: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.lane == lane && row.status == StepStatus::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stored_word_is_read_back() {
        for status in TaskStatus::ALL {
            assert_eq!(status.as_str().parse::<TaskStatus>().ok(), Some(*status));
            assert_eq!(serde_json::to_value(status).ok(), Some(Value::from(status.as_str())));
        }
        let unknown = "GONE".parse::<StepStatus>().expect_err("no such word");
        assert_eq!(unknown.to_string(), "`GONE` is not a known StepStatus; another version wrote the row");
    }

    #[test]
    fn time_between_moments_is_never_negative() {
        let moment = Moment(1_000_000);
        assert_eq!(moment.plus(Duration::from_secs(2)).since(moment), Duration::from_secs(2));
        assert_eq!(moment.since(Moment(2_000_000)), Duration::ZERO);
    }
}
