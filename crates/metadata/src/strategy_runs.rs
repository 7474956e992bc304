//! The runs of strategies: one row for each due time, with the created task or the reason why there is none. The
//! status of a task is always read from the task, so a successful retry makes a run successful.

use std::collections::BTreeMap;

use engine::{Note, TaskStatus};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::{StrategyId, TaskId};
use model::schedule::decide::{MissReason, Outcome, Run, RunKey};
use model::text::Text;

use crate::database::{Connection, Listing, Slice, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, Statement, json, statement, word};

/// How long rows are kept at least, in microseconds: 366 days.
const KEPT_US: i64 = 366 * 86_400_000_000;

/// How many rows of a strategy are kept at least. A clock that is more than a year ahead would else delete what is settled,
/// and when it is right again, the same times would be due once more.
const KEPT_ROWS: u64 = 5_000;

/// How far apart two readings of one clock may be, in microseconds: more than that, and the clock was ahead.
const CLOCK_APART_US: i64 = 60_000_000;

/// What became of a due time, to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The strategy.
    pub strategy: StrategyId,
    /// When the run was due.
    pub due: Timestamp,
    /// The scheduled backup mode.
    pub planned: DataBackupMode,
    /// What became of it.
    pub fate: Fate,
    /// A note: why it was refused, or why it is full instead of incremental.
    pub note: Option<Text>,
}

/// Whether a task was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was.
    Started {
        /// The backup mode.
        kind: DataBackupMode,
        /// The task.
        task: TaskId,
    },
    /// It was not.
    Missed(MissReason),
}

/// A run of a backup strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    /// The row.
    pub run: NewRun,
    /// When it was written.
    pub decided: Timestamp,
    /// The state of the task; none if there is none, or no longer.
    pub task: Option<TaskStanding>,
}

/// The state of a run's task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskStanding {
    /// Its status.
    pub status: TaskStatus,
    /// Why it failed.
    pub note: Option<Note>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Whether a backup set that it recorded is partial.
    pub is_partial: bool,
}

/// The row of a strategy's latest due time that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// The strategy.
    pub strategy: StrategyId,
    /// The due time.
    pub due: Timestamp,
    /// When the row was written.
    pub decided: Timestamp,
}

impl StoredRun {
    /// Returns what the rules look at.
    #[must_use]
    pub fn row(&self) -> Run {
        let outcome = match self.run.fate {
            Fate::Started { kind, .. } => Outcome::Started {
                kind,
                is_over: self.task.as_ref().is_none_or(|task| task.status.is_finished()),
            },
            Fate::Missed(reason) => Outcome::Missed(reason),
        };
        Run { due: self.run.due, planned: self.run.planned, decided: self.decided, outcome }
    }
}

const SELECT: &str =
    "SELECT r.*, t.status AS task_status, t.note AS task_note, t.finished_at AS task_finished_at,
            (SELECT COUNT(*) FROM backup_sets b WHERE b.task_id = r.task_id AND b.status = 'PARTIAL') AS partial_sets
     FROM strategy_runs r LEFT JOIN tasks t ON t.id = r.task_id WHERE r.strategy_id = ?";

/// The newest row of each strategy, found at the end of its part of the primary key: a year of runs of many strategies is
/// millions of rows, and this is asked every few seconds.
const NEWEST: &str = "SELECT s.id AS strategy_id,
            (SELECT r.due_at FROM strategy_runs r WHERE r.strategy_id = s.id
             ORDER BY r.due_at DESC LIMIT 1) AS due_at,
            (SELECT r.decided_at FROM strategy_runs r WHERE r.strategy_id = s.id
             ORDER BY r.due_at DESC LIMIT 1) AS decided_at
     FROM strategies s";

/// How many rows one statement stores.
const ROWS_MAX: usize = 100;

impl Metadata {
    /// Returns what became of a strategy's due times, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_list(
        &self,
        strategy: StrategyId,
        slice: Slice,
    ) -> Result<Listing<StoredRun>, Error> {
        let mut reader = self.read().await?;
        let count = statement(
            "count a strategy's runs",
            "SELECT COUNT(*) AS total FROM strategy_runs WHERE strategy_id = ?",
        );
        let total = reader.count(count.bind(strategy.0)).await?;
        let list = statement("list a strategy's runs", SELECT).bind(strategy.0);
        let rows = reader.rows(slice.cut(list.push(" ORDER BY r.due_at DESC"))).await?;
        Ok(Listing { items: rows.iter().map(stored).collect::<Result<_, _>>()?, total })
    }

    /// Returns what became of a strategy's due times from `from` on, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_history(
        &self,
        strategy: StrategyId,
        from: Timestamp,
    ) -> Result<Vec<StoredRun>, Error> {
        history(&mut self.read().await?, strategy, from).await
    }

    /// Returns the newest row of every strategy that has rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_newest(&self) -> Result<Vec<Newest>, Error> {
        let read = statement("look at the newest runs", NEWEST);
        let mut newest = Vec::new();
        for row in self.read().await?.rows(read).await? {
            let moments = (row.integer_or_none("due_at")?, row.integer_or_none("decided_at")?);
            let (Some(due), Some(decided)) = moments else { continue };
            let strategy = StrategyId(row.integer("strategy_id")?);
            newest.push(Newest { strategy, due: Timestamp(due), decided: Timestamp(decided) });
        }
        Ok(newest)
    }

    /// Returns the newest row of each strategy whose due time was missed for another reason than a pause.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_missed_last(&self) -> Result<Vec<StoredRun>, Error> {
        let read = statement(
            "look for missed runs",
            "SELECT r.*, NULL AS task_status, NULL AS task_note, NULL AS task_finished_at, 0 AS partial_sets
             FROM strategy_runs r
             JOIN (SELECT strategy_id, MAX(due_at) AS due_at FROM strategy_runs GROUP BY strategy_id) n
               ON n.strategy_id = r.strategy_id AND n.due_at = r.due_at
             WHERE r.task_id IS NULL ORDER BY r.strategy_id",
        );
        self.read().await?.rows(read).await?.iter().map(stored).collect()
    }
}

impl Transaction {
    /// Returns what became of a strategy's due times from `from` on, as it is in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_runs_now(
        &mut self,
        strategy: StrategyId,
        from: Timestamp,
    ) -> Result<Vec<StoredRun>, Error> {
        history(&mut self.connection, strategy, from).await
    }

    /// Stores that the task of a run backs up more than was decided, and why. A run whose strategy is gone is left alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_promoted(
        &mut self,
        run: RunKey,
        task: TaskId,
        kind: DataBackupMode,
        why: &Text,
    ) -> Result<(), Error> {
        let update = statement(
            "store how much a run backs up",
            "UPDATE strategy_runs SET kind = ?, note = ? WHERE strategy_id = ? AND due_at = ? AND task_id = ?",
        );
        let update = update.bind(word(&kind)).bind(json(why)).bind(run.strategy.0).bind(run.due);
        self.connection.execute(update.bind(task.0)).await.map(drop)
    }

    /// Stores what became of a due time, together with what else is written in this transaction. Returns false, and
    /// stores nothing, when that is settled already: by another server, or before a crash.
    ///
    /// # Errors
    /// When there is no such strategy, or the database fails.
    pub async fn strategy_run_insert(&mut self, run: &NewRun) -> Result<bool, Error> {
        Ok(self.strategy_runs_insert(std::slice::from_ref(run)).await? == 1)
    }

    /// Stores the runs of one strategy, except settled ones. Returns the number of stored ones.
    ///
    /// # Errors
    /// When there is no such strategy, or the database fails.
    pub async fn strategy_runs_insert(&mut self, runs: &[NewRun]) -> Result<usize, Error> {
        let Some(strategy) = runs.first().map(|run| run.strategy) else { return Ok(0) };
        assert!(runs.iter().all(|run| run.strategy == strategy), "they are of one strategy");
        let (first, last) = runs
            .iter()
            .fold((i64::MAX, i64::MIN), |(first, last), run| (first.min(run.due.0), last.max(run.due.0)));
        let now = self.now().await?;
        self.delete_old_runs(strategy, Timestamp(last.saturating_sub(KEPT_US))).await?;
        let mut rows = BTreeMap::new();
        let known = statement(
            "settle a due time",
            "SELECT due_at, task_id, decided_at FROM strategy_runs
             WHERE strategy_id = ? AND due_at >= ? AND due_at <= ?",
        );
        for row in self.connection.rows(known.bind(strategy.0).bind(first).bind(last)).await? {
            // A miss that was written by a clock that was ahead settles nothing until the time has come to it.
            let is_ahead = row.integer("decided_at")? > now.0.saturating_add(CLOCK_APART_US);
            rows.insert(row.timestamp("due_at")?, row.integer_or_none("task_id")?.is_none() && is_ahead);
        }
        let mut new = Vec::new();
        for run in runs {
            match rows.get(&run.due) {
                Some(false) => continue,
                Some(true) => {
                    let unsettled = statement(
                        "settle a due time",
                        "DELETE FROM strategy_runs WHERE strategy_id = ? AND due_at = ?",
                    );
                    self.connection.execute(unsettled.bind(strategy.0).bind(run.due)).await?;
                }
                None => {}
            }
            new.push(run);
        }
        let mut stored = 0;
        for part in new.chunks(ROWS_MAX) {
            match self.connection.execute(insert(part, now)).await {
                Err(error) if error.is_duplicate() => return Ok(stored),
                done => done.map(|_| stored += part.len())?,
            }
        }
        Ok(stored)
    }
}

/// Returns the statement that stores runs.
fn insert(runs: &[&NewRun], now: Timestamp) -> Statement {
    let mut insert = statement(
        "settle a due time",
        "INSERT INTO strategy_runs (strategy_id, due_at, planned, decided_at, kind, task_id, miss, note) VALUES ",
    );
    for (number, run) in runs.iter().enumerate() {
        let NewRun { strategy, due, planned, fate, note } = run;
        let (kind, task, miss) = match fate {
            Fate::Started { kind, task } => (Some(word(kind)), Some(task.0), None),
            Fate::Missed(reason) => (None, None, Some(json(reason))),
        };
        insert = insert.push(if number == 0 { "" } else { ", " }).push("(?, ?, ?, ?, ?, ?, ?, ?)");
        insert = insert.bind(strategy.0).bind(*due).bind(word(planned)).bind(now);
        insert = insert.bind(kind).bind(task).bind(miss).bind(note.as_ref().map(json));
    }
    insert
}

impl Transaction {
    async fn delete_old_runs(&mut self, strategy: StrategyId, until: Timestamp) -> Result<(), Error> {
        let first = statement(
            "look for old runs",
            "SELECT due_at FROM strategy_runs WHERE strategy_id = ? ORDER BY due_at DESC",
        );
        let slice = Slice { offset: KEPT_ROWS - 1, limit: 1 };
        let first = self.connection.row(slice.cut(first.bind(strategy.0))).await?;
        let Some(first) = first else { return Ok(()) };
        let until = until.min(first.timestamp("due_at")?);
        let old =
            statement("delete old runs", "DELETE FROM strategy_runs WHERE strategy_id = ? AND due_at < ?");
        self.connection.execute(old.bind(strategy.0).bind(until)).await.map(drop)
    }
}

async fn history(
    connection: &mut Connection,
    strategy: StrategyId,
    from: Timestamp,
) -> Result<Vec<StoredRun>, Error> {
    let list = statement("read a strategy's runs", SELECT).bind(strategy.0);
    let rows = connection.rows(list.and("r.due_at >= ?", from).push(" ORDER BY r.due_at")).await?;
    rows.iter().map(stored).collect()
}

fn stored(row: &Row) -> Result<StoredRun, Error> {
    let fate = match row.integer_or_none("task_id")? {
        Some(task) => Fate::Started { kind: row.word("kind")?, task: TaskId(task) },
        None => Fate::Missed(row.json("miss")?),
    };
    let task = match row.text_or_none("task_status")? {
        Some(_) => Some(TaskStanding {
            status: row.word("task_status")?,
            note: row.json_or_none("task_note")?,
            finished: row.integer_or_none("task_finished_at")?.map(Timestamp),
            is_partial: row.integer("partial_sets")? > 0,
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

#[cfg(test)]
mod tests {
    use super::NEWEST;
    use crate::open::Metadata;
    use crate::sql::statement;

    #[tokio::test]
    async fn the_newest_rows_are_found_without_reading_the_others() {
        let directory = tempfile::tempdir().expect("a directory");
        let metadata = Metadata::open(directory.path()).await.expect("opens");
        let explain = statement("explain", "EXPLAIN QUERY PLAN ").push(NEWEST);
        let rows = metadata.read().await.expect("reads").rows(explain).await.expect("explained");
        let plan: Vec<String> = rows.iter().map(|row| row.text("detail").expect("a text")).collect();
        let of_runs: Vec<&String> = plan.iter().filter(|step| step.contains(" r ")).collect();
        assert!(
            of_runs.len() == 2 && of_runs.iter().all(|step| step.starts_with("SEARCH r")),
            "a search by the key, and no sort: {plan:?}"
        );
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        metadata.close().await;
    }
}
