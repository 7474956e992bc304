//! Old history: how much there is, and its deletion in small parts.

use engine::{Note, TaskId, TaskStatus};
use model::Timestamp;
use model::history::HistoryPart;

use crate::database::Transaction;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{json, statement, word};

/// The id of the text that replaces a deleted log.
const DELETED: &str = "log-deleted";

/// How much there is of a part of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistorySize {
    /// The part.
    pub part: HistoryPart,
    /// The number of its rows.
    pub rows: u64,
    /// The time of the oldest.
    pub oldest: Option<Timestamp>,
}

/// A page of finished tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldTasks {
    /// Those that may be deleted.
    pub tasks: Vec<TaskId>,
    /// The last one of the page; none after the last page.
    pub last: Option<TaskId>,
}

impl Metadata {
    /// Returns how much history there is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_sizes(&self) -> Result<Vec<HistorySize>, Error> {
        let mut reader = self.read().await?;
        let mut sizes = Vec::with_capacity(HistoryPart::ALL.len());
        for part in HistoryPart::ALL {
            let count = statement(
                "measure the history",
                match part {
                    HistoryPart::Logs => "SELECT COUNT(*) AS total, MIN(written_at) AS oldest FROM task_log",
                    HistoryPart::Tasks => "SELECT COUNT(*) AS total, MIN(created_at) AS oldest FROM tasks",
                    HistoryPart::Runs => "SELECT COUNT(*) AS total, MIN(due_at) AS oldest FROM strategy_runs",
                    HistoryPart::Audit => {
                        "SELECT COUNT(*) AS total, MIN(written_at) AS oldest FROM audit_lines"
                    }
                },
            );
            for row in reader.rows(count).await? {
                let oldest = row.integer_or_none("oldest")?.map(Timestamp);
                sizes.push(HistorySize { part, rows: row.large("total")?, oldest });
            }
        }
        Ok(sizes)
    }

    /// Returns a page of the tasks that finished before a time: those with a number above `after`, at most this many,
    /// lowest first. A task stays while a backup set is from it, or a due time of a strategy names it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_tasks(
        &self,
        before: Timestamp,
        after: TaskId,
        most: u32,
    ) -> Result<OldTasks, Error> {
        let find = statement(
            "look for old tasks",
            "SELECT t.id FROM tasks t WHERE t.finished_at < ? AND t.id > ?
             AND NOT EXISTS (SELECT 1 FROM backup_sets b WHERE b.task_id = t.id)",
        );
        let find =
            find.bind(before).bind(after.0).and_one_of("t.status", finished()).push(" ORDER BY t.id LIMIT ?");
        let mut reader = self.read().await?;
        let ids = ids(&reader.rows(find.bind(most)).await?)?;
        let Some(last) = ids.last().copied().map(TaskId) else {
            return Ok(OldTasks { tasks: Vec::new(), last: None });
        };
        let named = statement(
            "look for the tasks of strategies",
            "SELECT task_id AS id FROM strategy_runs WHERE 1 = 1",
        );
        let named = self::ids(&reader.rows(named.and_one_of("task_id", ids.clone())).await?)?;
        let tasks = ids.into_iter().filter(|id| !named.contains(id)).map(TaskId).collect();
        Ok(OldTasks { tasks, last: Some(last) })
    }
}

impl Transaction {
    /// Deletes the logs of tasks that finished before a time, of at most this many tasks; one line of each step stays
    /// and says so. Returns the number of tasks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_forget_logs(&mut self, before: Timestamp, most: u32) -> Result<u64, Error> {
        let marker = json(&Note::new(DELETED));
        let find = statement(
            "look for old logs",
            "SELECT t.id FROM tasks t WHERE t.finished_at < ?
             AND EXISTS (SELECT 1 FROM task_log l WHERE l.task_id = t.id AND l.note <> ?)",
        );
        let find =
            find.bind(before).bind(&marker).and_one_of("t.status", finished()).push(" ORDER BY t.id LIMIT ?");
        let found = ids(&self.connection.rows(find.bind(most)).await?)?;
        if found.is_empty() {
            return Ok(0);
        }
        let delete = statement(
            "delete old logs",
            "DELETE FROM task_log WHERE seq < (SELECT r.log_lines FROM task_rows r
             WHERE r.task_id = task_log.task_id AND r.row_no = task_log.row_no)",
        );
        self.connection.execute(delete.and_one_of("task_id", found.clone())).await?;
        let mark = statement("mark deleted logs", "UPDATE task_log SET note = ? WHERE 1 = 1").bind(&marker);
        self.connection.execute(mark.and_one_of("task_id", found.clone())).await?;
        Ok(found.len() as u64)
    }

    /// Deletes these tasks with everything that they have, unless one is no longer finished.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_forget_tasks(&mut self, tasks: &[TaskId]) -> Result<u64, Error> {
        let delete = statement("delete old tasks", "DELETE FROM tasks WHERE lease_owner IS NULL");
        let delete =
            delete.and_one_of("status", finished()).and_one_of("id", tasks.iter().map(|task| task.0));
        self.connection.execute(delete).await
    }

    /// Deletes due times before a time, at most this many, unless no later due time of the strategy became a backup.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_forget_runs(&mut self, before: Timestamp, most: u32) -> Result<u64, Error> {
        let find = statement(
            "look for old due times",
            "SELECT r.strategy_id, r.due_at FROM strategy_runs r
             WHERE r.due_at < ? AND EXISTS (SELECT 1 FROM strategy_runs n WHERE n.strategy_id = r.strategy_id
                                            AND n.due_at > r.due_at AND n.task_id IS NOT NULL)
             ORDER BY r.due_at LIMIT ?",
        );
        let rows = self.connection.rows(find.bind(before).bind(most)).await?;
        for row in &rows {
            let delete = statement(
                "delete an old due time",
                "DELETE FROM strategy_runs WHERE strategy_id = ? AND due_at = ?",
            );
            let delete = delete.bind(row.integer("strategy_id")?).bind(row.integer("due_at")?);
            self.connection.execute(delete).await?;
        }
        Ok(rows.len() as u64)
    }

    /// Deletes lines of the audit log before a time, at most this many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_forget_audit(&mut self, before: Timestamp, most: u32) -> Result<u64, Error> {
        let find = statement("look for old audit lines", "SELECT id FROM audit_lines WHERE written_at < ?");
        let rows = self.connection.rows(find.bind(before).push(" ORDER BY id LIMIT ?").bind(most)).await?;
        let found = ids(&rows)?;
        if found.is_empty() {
            return Ok(0);
        }
        let delete = statement("delete old audit lines", "DELETE FROM audit_lines WHERE 1 = 1");
        self.connection.execute(delete.and_one_of("id", found)).await
    }
}

fn finished() -> impl Iterator<Item = String> {
    TaskStatus::ALL.iter().filter(|status| status.is_finished()).map(word)
}

fn ids(rows: &[crate::sql::Row]) -> Result<Vec<i64>, Error> {
    rows.iter().map(|row| row.integer("id")).collect()
}
