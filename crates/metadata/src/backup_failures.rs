//! Failed backups without a later success: for each cluster and lane, the newest ended backup, if it failed.

use engine::task::{Operation, StepStatus};
use engine::{Moment, Note, TaskId, TaskStatus};
use model::Timestamp;
use model::backup_set::BackupSetStatus;
use model::id::ClusterId;

use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, statement, word};
use crate::strategy_runs::CLOCK_APART_US;
use crate::tasks::subject;

/// The newest ended backup of a lane, if it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFailure {
    /// The cluster.
    pub cluster: ClusterId,
    /// The lane: a tenant's name, or the placeholder for several.
    pub lane: String,
    /// The task that failed.
    pub task: TaskId,
    /// When it ended.
    pub at: Moment,
    /// Why the lane's step failed, or the step that all lanes share.
    pub note: Option<Note>,
}

/// The statuses that count: rolled-back backups are ignored.
const ENDED: [TaskStatus; 2] = [TaskStatus::Successful, TaskStatus::Failed];

impl Metadata {
    /// Returns, for each cluster and lane, the newest ended backup if it failed. A cancelled or partial backup is not
    /// a failure, and does not clear one. While one has ended by a clock that was ahead, the newest is the one that was
    /// created last. `kinds` are the task kinds of backups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_failures(&self, kinds: &[String]) -> Result<Vec<BackupFailure>, Error> {
        let mut reader = self.read().await?;
        // A task that has ended later has the time of a clock that was ahead.
        let until = Timestamp(reader.now().await?.0.saturating_add(CLOCK_APART_US));
        let find = statement(
            "find failed backups",
            "SELECT n.id, n.cluster, n.lane_key, n.finished_at,
                    (SELECT r.note FROM task_rows r
                     WHERE r.task_id = n.id AND r.status = ? AND r.lane IN (n.lane_key, '')
                     ORDER BY r.row_no LIMIT 1) AS note
             FROM (SELECT e.*, ROW_NUMBER() OVER (
                              PARTITION BY e.cluster, e.lane_key
                              ORDER BY CASE WHEN e.latest > ? THEN e.id ELSE e.finished_at END DESC, e.id DESC) AS age
             FROM (SELECT t.id, t.status, t.finished_at, s.value AS cluster, l.lane_key, l.place,
                          MAX(t.finished_at) OVER (PARTITION BY s.value, l.lane_key) AS latest
                   FROM tasks t
                   JOIN task_subjects s ON s.task_id = t.id AND s.name = ?
                   JOIN task_lanes l ON l.task_id = t.id
                   WHERE t.operation <> ?
                     AND NOT EXISTS (SELECT 1 FROM backup_sets p WHERE p.task_id = t.id
                                     AND p.tenant_name = l.lane_key AND p.status = ?)",
        );
        let find = find
            .bind(word(&StepStatus::Failed))
            .bind(until)
            .bind(subject::CLUSTER)
            .bind(word(&Operation::Cancel));
        let find = find.bind(word(&BackupSetStatus::Partial));
        let find = find.and_one_of("t.status", ENDED.iter().map(word)).and_one_of("t.kind", kinds).push(
            ") e) n
             WHERE n.age = 1 AND NOT EXISTS (SELECT 1 FROM backup_sets b
                                             WHERE b.task_id = n.id AND b.tenant_name = n.lane_key)",
        );
        let find = find.and("n.status = ?", word(&TaskStatus::Failed)).push(" ORDER BY n.id DESC, n.place");
        reader.rows(find).await?.iter().map(failure).collect()
    }
}

fn failure(row: &Row) -> Result<BackupFailure, Error> {
    Ok(BackupFailure {
        // Written by Lifeboat, so it is a number.
        cluster: ClusterId(row.text("cluster")?.parse().unwrap_or_default()),
        lane: row.text("lane_key")?,
        task: TaskId(row.integer("id")?),
        at: row.moment("finished_at")?,
        note: row.json_or_none("note")?,
    })
}
