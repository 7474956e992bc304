//! The runs of strategies: one row for each due time, with the created task or the reason why there is none. The
//! status of a task is always read from the task, so a successful retry makes a run successful.

mod stored;

use std::collections::BTreeMap;

use engine::{Note, TaskStatus};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::{StrategyId, TaskId};
use model::schedule::decide::{Hindrance, MissReason, RunKey};
use model::text::Text;

use crate::database::{Connection, Listing, Slice, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Statement, json, statement, word};
use crate::tasks::subject;

pub use stored::{Fate, NewRun, Span, StoredRun, TaskStanding};
use stored::{SELECT, stored};

/// The minimum time that rows are kept, in microseconds: 366 days.
const KEPT_US: i64 = 366 * 86_400_000_000;

/// The minimum number of rows of a strategy that are kept. Otherwise, a clock that is more than a year ahead would
/// delete settled rows, and after its correction, the same times would be due again.
const KEPT_ROWS: u64 = 5_000;

/// The tolerance between two readings of a clock, in microseconds. A larger difference means that the clock was
/// ahead.
pub(crate) const CLOCK_APART_US: i64 = 60_000_000;

/// The row of the latest recorded due time of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// The strategy.
    pub strategy: StrategyId,
    /// The due time.
    pub due: Timestamp,
    /// When the row was written.
    pub decided: Timestamp,
}

/// Selects the newest row of each strategy that is due already, from the end of its range in the primary key: a year of runs of many
/// strategies is millions of rows, and this query runs every few seconds.
const NEWEST: &str = "SELECT s.id AS strategy_id,
            (SELECT r.due_at FROM strategy_runs r WHERE r.strategy_id = s.id AND r.due_at <= ?
             ORDER BY r.due_at DESC LIMIT 1) AS due_at,
            (SELECT r.decided_at FROM strategy_runs r WHERE r.strategy_id = s.id AND r.due_at <= ?
             ORDER BY r.due_at DESC LIMIT 1) AS decided_at
     FROM strategies s";

/// Selects the newest unintended miss of each strategy that runs, unless a later run succeeded. It reads backwards from
/// the end of the strategy's range to the first such row. A task that no longer exists has ended long ago.
const MISSED: &str = "SELECT r.*, NULL AS task_status FROM strategies s
     JOIN strategy_runs r ON r.strategy_id = s.id
      AND r.due_at = (SELECT n.due_at FROM strategy_runs n LEFT JOIN tasks t ON t.id = n.task_id
                      WHERE n.strategy_id = s.id AND n.due_at <= ?
                       AND ((n.task_id IS NULL AND n.miss <> ? AND n.miss NOT LIKE ?)
                         OR (n.task_id IS NOT NULL AND (t.id IS NULL OR t.status = ?)))
                      ORDER BY n.due_at DESC LIMIT 1)
     WHERE s.paused = 0 AND r.task_id IS NULL ORDER BY s.id";

/// The pattern of [`MissReason::ReplacedBy`] and the others of its kind as they are stored.
const REPLACED: &str = "{\"replaced-%";

/// The maximum number of rows that one statement stores.
const ROWS_MAX: usize = 100;

impl Metadata {
    /// Returns the results of a strategy's due times, the newest first.
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

    /// Returns the results of a strategy's due times from `from` on, the oldest first.
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

    /// Returns the newest row of every strategy that has rows. A row that is due later than `now` was written by a
    /// clock that was ahead, here and below: it is not the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_newest(&self, now: Timestamp) -> Result<Vec<Newest>, Error> {
        let read = statement("look at the newest runs", NEWEST).bind(now).bind(now);
        let mut newest = Vec::new();
        for row in self.read().await?.rows(read).await? {
            let moments = (row.integer_or_none("due_at")?, row.integer_or_none("decided_at")?);
            let (Some(due), Some(decided)) = moments else { continue };
            let strategy = StrategyId(row.integer("strategy_id")?);
            newest.push(Newest { strategy, due: Timestamp(due), decided: Timestamp(decided) });
        }
        Ok(newest)
    }

    /// Returns the newest row of a strategy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_last(
        &self,
        strategy: StrategyId,
        now: Timestamp,
    ) -> Result<Option<StoredRun>, Error> {
        let find = statement("look for the newest run", SELECT).bind(strategy.0).and("r.due_at <= ?", now);
        self.first_run(find.push(" ORDER BY r.due_at DESC")).await
    }

    async fn first_run(&self, find: Statement) -> Result<Option<StoredRun>, Error> {
        let rows = self.read().await?.rows(Slice { offset: 0, limit: 1 }.cut(find)).await?;
        rows.first().map(stored).transpose()
    }

    /// Returns the newest run of a strategy that says whether it works: the newest row that is not a miss that
    /// [`MissReason::is_intended`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_telling(
        &self,
        strategy: StrategyId,
        now: Timestamp,
    ) -> Result<Option<StoredRun>, Error> {
        let paused = json(&MissReason::Hindered(Hindrance::Paused));
        let find = statement("look for the newest run", SELECT).bind(strategy.0).and("r.due_at <= ?", now);
        let find = find.push(" AND (r.miss IS NULL OR (r.miss <> ?").bind(paused);
        let find = find.push(" AND r.miss NOT LIKE ?)) ORDER BY r.due_at DESC").bind(REPLACED);
        self.first_run(find).await
    }

    /// Returns the newest miss of each strategy that is not paused, except misses that [`MissReason::is_intended`] and
    /// those before a successful run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_run_missed(&self, now: Timestamp) -> Result<Vec<StoredRun>, Error> {
        let read = missed_runs(statement("look for missed runs", MISSED), now);
        self.read().await?.rows(read).await?.iter().map(stored).collect()
    }
}

/// Binds the values of [`MISSED`].
fn missed_runs(read: Statement, now: Timestamp) -> Statement {
    let paused = json(&MissReason::Hindered(Hindrance::Paused));
    read.bind(now).bind(paused).bind(REPLACED).bind(word(&TaskStatus::Successful))
}

impl Transaction {
    /// Returns the results of a strategy's due times from `from` on, within this transaction.
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

    /// Stores that the task of a run became full, and why. Does nothing if the strategy no longer exists.
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

    /// Stores the result of a due time, in the same transaction as the other writes. Returns false, and stores
    /// nothing, if it is already settled: by another server, or before a crash.
    ///
    /// # Errors
    /// When there is no such strategy, or the database fails.
    pub async fn strategy_run_insert(&mut self, run: &NewRun) -> Result<bool, Error> {
        Ok(self.strategy_runs_insert(std::slice::from_ref(run)).await? == 1)
    }

    /// Stores the runs of one strategy, except settled ones. Returns the number of stored ones. A missed run whose task
    /// waits in the queue becomes settled, and the task ends.
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
            "SELECT r.due_at, r.task_id, r.decided_at, q.task_id AS queued_task FROM strategy_runs r
             LEFT JOIN task_queue q ON q.task_id = r.task_id
             WHERE r.strategy_id = ? AND r.due_at >= ? AND r.due_at <= ?",
        );
        for row in self.connection.rows(known.bind(strategy.0).bind(first).bind(last)).await? {
            // A miss that was written with a clock that was ahead does not count until that time.
            let is_ahead = row.integer("decided_at")? > now.0.saturating_add(CLOCK_APART_US);
            let found = match (row.integer_or_none("task_id")?, row.integer_or_none("queued_task")?) {
                (_, Some(task)) => Found::Queued(engine::TaskId(task)),
                (None, None) if is_ahead => Found::Ahead,
                _ => Found::Settled,
            };
            rows.insert(row.timestamp("due_at")?, found);
        }
        let mut new = Vec::new();
        for run in runs {
            let found = rows.get(&run.due).copied();
            if let (Some(Found::Queued(task)), Fate::Missed(reason)) = (found, run.fate) {
                let why = run.note.clone().unwrap_or_else(|| reason.text());
                self.task_withdraw(task, &note(why)).await?;
            }
            match (found, run.fate) {
                (Some(Found::Settled), _) | (Some(Found::Queued(_)), Fate::Started { .. }) => continue,
                (Some(Found::Ahead | Found::Queued(_)), _) => {
                    let unsettled = statement(
                        "settle a due time",
                        "DELETE FROM strategy_runs WHERE strategy_id = ? AND due_at = ?",
                    );
                    self.connection.execute(unsettled.bind(strategy.0).bind(run.due)).await?;
                }
                (None, _) => {}
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

/// The state of a due time that already has a row.
#[derive(Debug, Clone, Copy)]
enum Found {
    /// It is settled.
    Settled,
    /// It was recorded as missed with a clock that was ahead.
    Ahead,
    /// Its task waits in the queue.
    Queued(engine::TaskId),
}

/// Returns a text in the form that tasks store.
fn note(text: Text) -> Note {
    let Text { id, args, raw } = text;
    Note { id, args, raw }.bounded()
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
    /// Ends all queued tasks of a strategy before they start, and removes the rows of their due times.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strategy_runs_withdraw(&mut self, strategy: StrategyId, why: Text) -> Result<(), Error> {
        let find = statement(
            "look for queued runs",
            "SELECT q.task_id FROM task_queue q
             JOIN task_subjects s ON s.task_id = q.task_id AND s.name = ? AND s.value = ?",
        );
        let find = find.bind(subject::STRATEGY).bind(strategy.to_string());
        let why = note(why);
        for row in self.connection.rows(find).await? {
            let task = row.integer("task_id")?;
            self.task_withdraw(engine::TaskId(task), &why).await?;
            let forget =
                statement("forget a run", "DELETE FROM strategy_runs WHERE strategy_id = ? AND task_id = ?");
            self.connection.execute(forget.bind(strategy.0).bind(task)).await?;
        }
        Ok(())
    }

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

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::{MISSED, NEWEST, missed_runs};
    use crate::open::Metadata;
    use crate::sql::statement;

    #[tokio::test]
    async fn the_newest_rows_are_found_without_reading_the_others() {
        let directory = tempfile::tempdir().expect("a directory");
        let metadata = Metadata::open(directory.path()).await.expect("opens");
        let explain = |sql| statement("explain", "EXPLAIN QUERY PLAN ").push(sql);
        let now = Timestamp(1);
        for explain in [explain(NEWEST).bind(now).bind(now), missed_runs(explain(MISSED), now)] {
            let rows = metadata.read().await.expect("reads").rows(explain).await.expect("explained");
            let plan: Vec<String> = rows.iter().map(|row| row.text("detail").expect("a text")).collect();
            let of_runs: Vec<&String> =
                plan.iter().filter(|step| step.contains(" r ") || step.contains(" n ")).collect();
            assert!(
                of_runs.len() == 2 && of_runs.iter().all(|step| step.starts_with("SEARCH ")),
                "a search by the key, and no sort: {plan:?}"
            );
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        }
        metadata.close().await;
    }
}
