//! Finished recoveries of backup sets.

use std::collections::BTreeMap;

use model::Timestamp;
use model::id::{BackupSetId, ClusterId, TaskId, TenantId};

use crate::database::{Listing, Slice, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, Statement, json, statement};

/// A finished recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The task that did it.
    pub task: TaskId,
    /// The backup set.
    pub backup_set: BackupSetId,
    /// The target cluster.
    pub cluster: ClusterId,
    /// The target tenant.
    pub tenant: TenantId,
    /// The new names of the databases, by their old names.
    pub databases: BTreeMap<String, String>,
    /// How many bytes were read.
    pub bytes: u64,
    /// How many rows were loaded.
    pub rows: u64,
    /// How many tables there are.
    pub tables: u64,
    /// When its task started.
    pub started: Timestamp,
    /// When it was completed.
    pub finished: Timestamp,
}

/// A filter for recoveries; empty fields do not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreQuery {
    /// Of this backup set.
    pub backup_set: Option<BackupSetId>,
    /// Into this cluster.
    pub cluster: Option<ClusterId>,
    /// Into this tenant.
    pub tenant: Option<TenantId>,
}

impl Metadata {
    /// Returns finished recoveries, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restore_list(&self, query: &RestoreQuery, slice: Slice) -> Result<Listing<Restore>, Error> {
        let mut reader = self.read().await?;
        let count = statement("count recoveries", "SELECT COUNT(*) AS total FROM restores WHERE 1 = 1");
        let total = reader.count(limit(count, query)).await?;
        let list = limit(statement("list recoveries", "SELECT * FROM restores WHERE 1 = 1"), query);
        let list = slice.cut(list.push(" ORDER BY finished_at DESC, task_id DESC"));
        let items = reader.rows(list).await?.iter().map(restore).collect::<Result<_, _>>()?;
        Ok(Listing { items, total })
    }

    /// Returns the recovery of a task, if it is finished.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restore_get(&self, task: TaskId) -> Result<Option<Restore>, Error> {
        let get = statement("read a recovery", "SELECT * FROM restores WHERE task_id = ?").bind(task.0);
        self.read().await?.row(get).await?.map(|row| restore(&row)).transpose()
    }
}

impl Transaction {
    /// Stores a recovery, and replaces an earlier record of the same task.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restore_record(&mut self, restore: &Restore) -> Result<(), Error> {
        let forget = statement("record a recovery", "DELETE FROM restores WHERE task_id = ?");
        self.connection.execute(forget.bind(restore.task.0)).await?;
        let insert = statement(
            "record a recovery",
            "INSERT INTO restores (task_id, backup_set_id, cluster_id, tenant_id, targets, byte_count, row_count,
                table_count, started_at, finished_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(restore.task.0).bind(restore.backup_set.0).bind(restore.cluster.0);
        let insert = insert.bind(restore.tenant.0).bind(json(&restore.databases)).bind(restore.bytes);
        let insert =
            insert.bind(restore.rows).bind(restore.tables).bind(restore.started).bind(restore.finished);
        self.connection.execute(insert).await.map(drop)
    }
}

fn limit(statement: Statement, query: &RestoreQuery) -> Statement {
    statement
        .and_if("backup_set_id = ?", query.backup_set.map(|id| id.0))
        .and_if("cluster_id = ?", query.cluster.map(|id| id.0))
        .and_if("tenant_id = ?", query.tenant.map(|id| id.0))
}

fn restore(row: &Row) -> Result<Restore, Error> {
    Ok(Restore {
        task: TaskId(row.integer("task_id")?),
        backup_set: BackupSetId(row.integer("backup_set_id")?),
        cluster: ClusterId(row.integer("cluster_id")?),
        tenant: TenantId(row.integer("tenant_id")?),
        databases: row.json("targets")?,
        bytes: row.large("byte_count")?,
        rows: row.large("row_count")?,
        tables: row.large("table_count")?,
        started: row.timestamp("started_at")?,
        finished: row.timestamp("finished_at")?,
    })
}
