//! The stored data of a task: itself, and one row per step and lane.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::note::Note;

/// Names a task; given by the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub i64);

impl fmt::Display for TaskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A row's place in its task, from 0: step by step, and within a step lane by lane.
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
    /// Returns the moment that is so much later.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Returns how much time has passed since an earlier moment; nothing if it is not earlier.
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
            /// Every word there is.
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

/// A stored word that this program does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{word}` is not a known {kind}; another version wrote the row")]
pub struct UnknownWord {
    /// The expected word.
    pub kind: &'static str,
    /// The found word.
    pub word: String,
}

stored_words! {
    /// The state of a task.
    TaskStatus {
        /// Created, and not started.
        Pending = "PENDING",
        /// Started, and not at its end; it may be waiting.
        Running = "RUNNING",
        /// Its undos are running.
        RollingBack = "ROLLING_BACK",
        /// Ended; an operator may try again.
        Failed = "FAILED",
        /// Ended well.
        Successful = "SUCCESSFUL",
        /// Failed, and then undone. Final.
        RolledBack = "ROLLED_BACK",
    }
}

impl TaskStatus {
    /// Whether nothing happens any more unless an operator commands it.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Failed | Self::Successful | Self::RolledBack)
    }
}

stored_words! {
    /// The state of one row.
    StepStatus {
        /// Its turn has not come.
        Pending = "PENDING",
        /// It is due, and has not started.
        Ready = "READY",
        /// Started: its body runs, or it waits for its next turn.
        Running = "RUNNING",
        /// An operator wants it ended, and it is being ended.
        Canceling = "CANCELING",
        /// Ended; an operator may try again.
        Failed = "FAILED",
        /// Ended well, or skipped.
        Successful = "SUCCESSFUL",
    }
}

impl StepStatus {
    /// Whether the row has come to an end.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Failed | Self::Successful)
    }
}

stored_words! {
    /// The state of a row's undo.
    Undo {
        /// The step has none.
        Absent = "ABSENT",
        /// The step has one, which has not run.
        Available = "AVAILABLE",
        /// It runs, or waits for its next turn.
        Running = "RUNNING",
        /// It has ended well.
        Done = "DONE",
        /// It has failed; rolling back again tries it again.
        Failed = "FAILED",
        /// The task was rolled back, and this step has none.
        PassedOver = "PASSED_OVER",
    }
}

stored_words! {
    /// The last request of an operator.
    Operation {
        /// No progress since the task was created.
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
    /// How much there is, when known.
    pub total: Option<u64>,
    /// What is counted, e.g. `bytes`.
    pub unit: String,
    /// How fast it goes, when known.
    pub rate_per_s: Option<u64>,
    /// What is being done right now.
    pub note: Option<Note>,
}

/// A stored task with its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Which one.
    pub id: TaskId,
    /// Which flow it runs.
    pub kind: String,
    /// Which version of the flow made it.
    pub version: u32,
    /// Its status.
    pub status: TaskStatus,
    /// The last request of an operator.
    pub operation: Operation,
    /// Who made it; the engine does not look inside.
    pub creator: String,
    /// Its name.
    pub name: Note,
    /// What it is about, for those who search; the engine does not look inside.
    pub subject: BTreeMap<String, String>,
    /// At most one unfinished task has this key.
    pub exclusive: Option<String>,
    /// What its `One` steps have learnt.
    pub state: Value,
    /// Its lanes in order, with what their steps have learnt.
    pub lanes: Vec<LaneState>,
    /// Why it failed.
    pub note: Option<Note>,
    /// The cancel requests of an operator.
    pub cancels: Cancels,
    /// Grows with every change of what is above, `cancels` excepted.
    pub revision: i64,
    /// When it was created.
    pub created_at: Moment,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it came to its (last) end.
    pub finished_at: Option<Moment>,
    /// From when on a worker may claim it; without meaning once it is finished.
    pub due_at: Moment,
    /// Who runs it at the moment.
    pub lease: Option<Lease>,
    /// Its rows in order.
    pub rows: Vec<Row>,
}

/// The worker of a task, and the end of its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The worker's name.
    pub owner: String,
    /// When it lapses.
    pub until: Moment,
}

/// One lane: its key, and what its steps have learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneState {
    /// Names the lane within its task; never empty.
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
    /// Adds what another reader has read; nothing is removed while a task is unfinished.
    pub fn add(&mut self, other: &Self) {
        self.task |= other.task;
        self.rows.extend(&other.rows);
    }

    /// Whether this row is to be ended, alone or with its task.
    pub fn cover(&self, row: RowNumber) -> bool {
        self.task || self.rows.contains(&row)
    }
}

/// One step, in one lane when it is an `Each` step.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its place in the task.
    pub number: RowNumber,
    /// The step's id.
    pub step: String,
    /// The lane's key; empty for a `One` step.
    pub lane: String,
    /// Whether an operator may skip it.
    pub skippable: bool,
    /// How long it may take, waiting included.
    pub timeout: Duration,
    /// Its status.
    pub status: StepStatus,
    /// Whether an operator skipped it.
    pub skipped: bool,
    /// How its undo stands.
    pub undo: Undo,
    /// How often it was started: once, and once more for every retry.
    pub runs: u32,
    /// How many tries in a row ended in a passing failure.
    pub attempts: u32,
    /// How far it has come.
    pub progress: Option<Progress>,
    /// Its last error.
    pub note: Option<Note>,
    /// When it was started.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// Since when its present body (its own, its stop, its undo) has its turns; the time-out counts from here.
    pub since: Option<Moment>,
    /// When its next turn comes, while it waits.
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
