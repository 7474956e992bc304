//! Old history: how much there is, and its deletion in small parts.

use engine::{Note, RowNumber, TaskId, TaskStatus};
use model::Timestamp;
use model::history::HistoryPart;

use crate::database::Transaction;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Statement, json, statement, word};

/// The id of the text that replaces a deleted log.
const DELETED: &str = "log-deleted";

/// The log of a step of a finished task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldLog {
    /// The task.
    pub task: TaskId,
    /// The row of the step.
    pub row: RowNumber,
    /// The number of its last line. There are at most as many lines.
    pub lines: i64,
}

impl Metadata {
    /// Returns how many rows each part of the history has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_sizes(&self) -> Result<Vec<(HistoryPart, u64)>, Error> {
        let mut reader = self.read().await?;
        let mut sizes = Vec::with_capacity(HistoryPart::ALL.len());
        for part in HistoryPart::ALL {
            let count = statement(
                "measure the history",
                match part {
                    HistoryPart::Logs => "SELECT COUNT(*) AS total FROM task_log",
                    HistoryPart::Tasks => "SELECT COUNT(*) AS total FROM tasks",
                    HistoryPart::Runs => "SELECT COUNT(*) AS total FROM strategy_runs",
                    HistoryPart::Audit => "SELECT COUNT(*) AS total FROM audit_lines",
                },
            );
            for row in reader.rows(count).await? {
                sizes.push((part, row.large("total")?));
            }
        }
        Ok(sizes)
    }

    /// Returns logs of tasks that finished before a time, from a task on, at most this many, in the order of tasks.
    /// Deleted logs are not among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_logs(
        &self,
        before: Timestamp,
        from: TaskId,
        most: u32,
    ) -> Result<Vec<OldLog>, Error> {
        let find = statement(
            "look for old logs",
            "SELECT r.task_id, r.row_no, r.log_lines FROM task_rows r JOIN tasks t ON t.id = r.task_id
             WHERE t.finished_at < ? AND r.task_id >= ? AND r.log_lines > 0
             AND EXISTS (SELECT 1 FROM task_log l
                         WHERE l.task_id = r.task_id AND l.row_no = r.row_no AND l.note <> ?)",
        );
        let find = finished(find.bind(before).bind(from.0).bind(json(&Note::new(DELETED))));
        let find = find.push(" ORDER BY r.task_id, r.row_no LIMIT ?").bind(most);
        let rows = self.read().await?.rows(find).await?;
        let logs = rows.iter().map(|row| {
            Ok(OldLog {
                task: TaskId(row.integer("task_id")?),
                row: RowNumber(row.small("row_no")?),
                lines: row.integer("log_lines")?,
            })
        });
        logs.collect()
    }

    /// Returns the oldest lines of the audit log, at most this many, if they are from before a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_audit(&self, before: Timestamp, most: u32) -> Result<Vec<i64>, Error> {
        let find = statement(
            "look for old audit lines",
            "SELECT id, written_at FROM audit_lines ORDER BY id LIMIT ?",
        );
        let rows = self.read().await?.rows(find.bind(most)).await?;
        let mut old = Vec::new();
        for row in &rows {
            if row.timestamp("written_at")? >= before {
                break;
            }
            old.push(row.integer("id")?);
        }
        Ok(old)
    }
}

impl Transaction {
    /// Deletes the log of a step, unless its task runs again. The last line stays, and says so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_forget_log(&mut self, log: &OldLog) -> Result<(), Error> {
        let find = statement("look at a task with an old log", "SELECT t.id FROM tasks t WHERE t.id = ?");
        if self.connection.row(finished(find.bind(log.task.0))).await?.is_none() {
            return Ok(());
        }
        let delete = statement(
            "delete an old log",
            "DELETE FROM task_log WHERE task_id = ? AND row_no = ? AND seq < ?",
        );
        let delete = delete.bind(log.task.0).bind(log.row.0).bind(log.lines);
        self.connection.execute(delete).await?;
        let mark = statement(
            "mark a deleted log",
            "UPDATE task_log SET note = ? WHERE task_id = ? AND row_no = ? AND seq = ?",
        );
        let mark = mark.bind(json(&Note::new(DELETED))).bind(log.task.0).bind(log.row.0).bind(log.lines);
        self.connection.execute(mark).await.map(drop)
    }

    /// Deletes these lines of the audit log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history_forget_audit(&mut self, lines: Vec<i64>) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        let delete = statement("delete old audit lines", "DELETE FROM audit_lines WHERE 1 = 1");
        self.connection.execute(delete.and_one_of("id", lines)).await.map(drop)
    }
}

fn finished(statement: Statement) -> Statement {
    let finished = TaskStatus::ALL.iter().filter(|status| status.is_finished()).map(word);
    statement.and_one_of("t.status", finished)
}
