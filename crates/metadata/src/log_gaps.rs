//! Gaps in archived logs, and the tasks that close them.

use std::time::Duration;

use model::Timestamp;
use model::id::{ClusterId, TaskId, TenantId};
use model::log_gap::{GapKey, LogGap, Mending};

use crate::database::{Listing, Slice, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, statement};

/// How long closed gaps are kept: a year.
pub const KEPT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Metadata {
    /// Returns the gaps of a cluster, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_gap_list(&self, cluster: ClusterId, slice: Slice) -> Result<Listing<LogGap>, Error> {
        let mut reader = self.read().await?;
        let count =
            statement("count gaps in logs", "SELECT COUNT(*) AS total FROM log_gaps WHERE cluster_id = ?");
        let total = reader.count(count.bind(cluster.0)).await?;
        let list = statement("list gaps in logs", "SELECT * FROM log_gaps WHERE cluster_id = ?");
        let list = list.bind(cluster.0).push(" ORDER BY found_at DESC, tenant_id, round_no DESC");
        let items = reader.rows(slice.cut(list)).await?.iter().map(gap).collect::<Result<_, _>>()?;
        Ok(Listing { items, total })
    }

    /// Returns the open gaps of a cluster, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_gap_open(&self, cluster: ClusterId) -> Result<Vec<LogGap>, Error> {
        let list = statement(
            "list open gaps in logs",
            "SELECT * FROM log_gaps WHERE cluster_id = ? AND closed = 0 ORDER BY found_at, tenant_id, round_no",
        );
        self.read().await?.rows(list.bind(cluster.0)).await?.iter().map(gap).collect()
    }

    /// Returns whether log backup of a tenant was stopped to repair a gap that was found since then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_gap_mended_since(
        &self,
        cluster: ClusterId,
        tenant: TenantId,
        since: Timestamp,
    ) -> Result<bool, Error> {
        let count = statement(
            "count gaps in logs",
            "SELECT COUNT(*) AS total FROM log_gaps
             WHERE cluster_id = ? AND tenant_id = ? AND found_at >= ? AND stop_task IS NOT NULL",
        );
        let count = count.bind(cluster.0).bind(tenant.0).bind(since);
        Ok(self.read().await?.count(count).await? > 0)
    }
}

impl Transaction {
    /// Records a gap that was just found. Returns whether it is new.
    ///
    /// # Errors
    /// When there is no such cluster, or the database fails.
    pub async fn log_gap_insert(
        &mut self,
        key: GapKey,
        from: Option<Timestamp>,
        comment: &str,
    ) -> Result<bool, Error> {
        let now = self.now().await?;
        let known = statement(
            "look for a gap in logs",
            "SELECT COUNT(*) AS total FROM log_gaps WHERE cluster_id = ? AND tenant_id = ? AND round_no = ?",
        );
        let known = known.bind(key.cluster.0).bind(key.tenant.0).bind(key.round);
        if self.connection.count(known).await? > 0 {
            return Ok(false);
        }
        let old = statement(
            "delete old gaps in logs",
            "DELETE FROM log_gaps WHERE cluster_id = ? AND closed = 1 AND found_at < ?",
        );
        let until = Timestamp(now.0.saturating_sub(i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX)));
        self.connection.execute(old.bind(key.cluster.0).bind(until)).await?;
        let insert = statement(
            "record a gap in logs",
            "INSERT INTO log_gaps (cluster_id, tenant_id, round_no, logs_until, comment, found_at, closed)
             VALUES (?, ?, ?, ?, ?, ?, 0)",
        );
        let insert = insert.bind(key.cluster.0).bind(key.tenant.0).bind(key.round);
        self.connection.execute(insert.bind(from).bind(comment).bind(now)).await?;
        Ok(true)
    }

    /// Records the task of a step of a gap's repair. Returns false if the step already has a task.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_gap_task(&mut self, key: GapKey, step: Mending, task: TaskId) -> Result<bool, Error> {
        let update = match step {
            Mending::Stop => {
                "UPDATE log_gaps SET stop_task = ?
                 WHERE cluster_id = ? AND tenant_id = ? AND round_no = ? AND closed = 0 AND stop_task IS NULL"
            }
            Mending::Start => {
                "UPDATE log_gaps SET start_task = ?
                 WHERE cluster_id = ? AND tenant_id = ? AND round_no = ? AND closed = 0 AND start_task IS NULL"
            }
            Mending::BackUp => {
                "UPDATE log_gaps SET backup_task = ?
                 WHERE cluster_id = ? AND tenant_id = ? AND round_no = ? AND closed = 0 AND backup_task IS NULL"
            }
            Mending::Wait | Mending::Close => return Ok(false),
        };
        let update = statement("record a step of closing a gap in logs", update).bind(task.0);
        let update = update.bind(key.cluster.0).bind(key.tenant.0).bind(key.round);
        Ok(self.connection.execute(update).await? == 1)
    }

    /// Records when logs are backed up again, and whether the gap is closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_gap_ended(
        &mut self,
        key: GapKey,
        until: Option<Timestamp>,
        is_closed: bool,
    ) -> Result<(), Error> {
        let update = statement(
            "record the end of a gap in logs",
            "UPDATE log_gaps SET logs_from = COALESCE(logs_from, ?), closed = ?
             WHERE cluster_id = ? AND tenant_id = ? AND round_no = ?",
        );
        let update = update.bind(until).bind(i64::from(is_closed));
        let update = update.bind(key.cluster.0).bind(key.tenant.0).bind(key.round);
        self.connection.execute(update).await.map(drop)
    }
}

fn gap(row: &Row) -> Result<LogGap, Error> {
    let task = |column| Ok::<_, Error>(row.integer_or_none(column)?.map(TaskId));
    let time = |column| Ok::<_, Error>(row.integer_or_none(column)?.map(Timestamp));
    Ok(LogGap {
        key: GapKey {
            cluster: ClusterId(row.integer("cluster_id")?),
            tenant: TenantId(row.integer("tenant_id")?),
            round: row.integer("round_no")?,
        },
        from: time("logs_until")?,
        comment: row.text("comment")?,
        found: row.timestamp("found_at")?,
        stop: task("stop_task")?,
        start: task("start_task")?,
        backup: task("backup_task")?,
        until: time("logs_from")?,
        is_closed: row.integer("closed")? != 0,
    })
}
