//! Stored runs, and the state of their tasks.

use engine::{Note, TaskStatus};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::{StrategyId, TaskId};
use model::schedule::decide::{MissReason, Outcome, Run};
use model::text::Text;

use crate::error::Error;
use crate::sql::Row;

/// The result of a due time, to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The strategy.
    pub strategy: StrategyId,
    /// When the run was due.
    pub due: Timestamp,
    /// The scheduled backup mode.
    pub planned: DataBackupMode,
    /// The result.
    pub fate: Fate,
    /// A note: why it was refused, or why it is full instead of incremental.
    pub note: Option<Text>,
}

/// Whether a task was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A task was created.
    Started {
        /// The backup mode.
        kind: DataBackupMode,
        /// The task.
        task: TaskId,
    },
    /// No task was created.
    Missed(MissReason),
}

/// A run of a backup strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    /// The row.
    pub run: NewRun,
    /// When it was written.
    pub decided: Timestamp,
    /// The state of the task; `None` if it does not exist (any more).
    pub task: Option<TaskStanding>,
}

/// The state of a run's task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskStanding {
    /// Its status.
    pub status: TaskStatus,
    /// Why it failed.
    pub note: Option<Note>,
    /// The first lane that failed, and why.
    pub failed_lane: Option<(String, Note)>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Whether a backup set that it recorded is partial.
    pub is_partial: bool,
    /// The span in which it may start, while it waits in the queue.
    pub queued: Option<Span>,
}

/// The span in which a queued task may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From this time on.
    pub from: Timestamp,
    /// Before this time.
    pub before: Timestamp,
}

impl StoredRun {
    /// Returns the row as input of the rules.
    #[must_use]
    pub fn row(&self) -> Run {
        let is_queued = self.task.as_ref().is_some_and(|task| task.queued.is_some());
        let outcome = match self.run.fate {
            Fate::Started { kind, .. } if is_queued => Outcome::Queued { kind },
            Fate::Started { kind, .. } => Outcome::Started {
                kind,
                is_over: self.task.as_ref().is_none_or(|task| task.status.is_finished()),
            },
            Fate::Missed(reason) => Outcome::Missed(reason),
        };
        Run { due: self.run.due, planned: self.run.planned, decided: self.decided, outcome }
    }
}

/// Selects the runs of a strategy.
pub(super) const SELECT: &str =
    "SELECT r.*, t.status AS task_status, t.note AS task_note, t.finished_at AS task_finished_at,
            t.due_at AS task_due_at, q.start_before,
            (SELECT f.lane FROM task_rows f WHERE f.task_id = r.task_id AND f.status = 'FAILED' AND f.lane <> ''
             ORDER BY f.row_no LIMIT 1) AS failed_lane,
            (SELECT f.note FROM task_rows f WHERE f.task_id = r.task_id AND f.status = 'FAILED' AND f.lane <> ''
             ORDER BY f.row_no LIMIT 1) AS failed_note,
            (SELECT COUNT(*) FROM backup_sets b WHERE b.task_id = r.task_id AND b.status = 'PARTIAL') AS partial_sets
     FROM strategy_runs r LEFT JOIN tasks t ON t.id = r.task_id LEFT JOIN task_queue q ON q.task_id = r.task_id
     WHERE r.strategy_id = ?";

/// Reads a row of [`SELECT`].
pub(super) fn stored(row: &Row) -> Result<StoredRun, Error> {
    let fate = match row.integer_or_none("task_id")? {
        Some(task) => Fate::Started { kind: row.word("kind")?, task: TaskId(task) },
        None => Fate::Missed(row.json("miss")?),
    };
    let task = match row.text_or_none("task_status")? {
        Some(_) => Some(TaskStanding {
            status: row.word("task_status")?,
            note: row.json_or_none("task_note")?,
            failed_lane: row.text_or_none("failed_lane")?.zip(row.json_or_none("failed_note")?),
            finished: row.integer_or_none("task_finished_at")?.map(Timestamp),
            is_partial: row.integer("partial_sets")? > 0,
            queued: match row.integer_or_none("start_before")? {
                Some(before) => Some(Span { from: row.timestamp("task_due_at")?, before: Timestamp(before) }),
                None => None,
            },
        }),
        None => None,
    };
    Ok(StoredRun {
        run: NewRun {
            strategy: StrategyId(row.integer("strategy_id")?),
            due: row.timestamp("due_at")?,
            planned: row.word("planned")?,
            fate,
            note: row.json_or_none("note")?,
        },
        decided: row.timestamp("decided_at")?,
        task,
    })
}
