//! The catalogue of backups.

use std::collections::BTreeSet;

use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};

use crate::database::{Listing, Slice, Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, Statement, json, statement, word};

const NOUN: &str = "backup set";

/// Selects sets with the objects that they left out. The two tables have no column name in common.
const WITH_LEFT_OUT: &str =
    "SELECT * FROM backup_sets LEFT JOIN left_out ON left_out.backup_set_id = backup_sets.id";

/// A filter for backup sets; empty fields do not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupSetQuery {
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Created by this task.
    pub task: Option<TaskId>,
    /// In this storage.
    pub storage: Option<StorageId>,
    /// In one of these states.
    pub statuses: Vec<BackupSetStatus>,
    /// Finished at that time or later.
    pub from: Option<Timestamp>,
    /// Finished before that time.
    pub until: Option<Timestamp>,
}

/// The totals of all backup sets of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackupSetTotals {
    /// The number of sets, without deleted ones.
    pub count: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// When the newest set that counts as a backup was finished.
    pub newest: Option<Timestamp>,
}

impl Metadata {
    /// Returns backup sets, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_list(
        &self,
        query: &BackupSetQuery,
        slice: Slice,
    ) -> Result<Listing<BackupSet>, Error> {
        let mut reader = self.read().await?;
        let count = statement("count backup sets", "SELECT COUNT(*) AS total FROM backup_sets WHERE 1 = 1");
        let total = reader.count(limit(count, query)).await?;
        let list = limit(statement("list backup sets", WITH_LEFT_OUT).push(" WHERE 1 = 1"), query);
        let list = slice.cut(list.push(" ORDER BY finished_at DESC, id DESC"));
        let items = reader.rows(list).await?.iter().map(backup_set).collect::<Result<_, _>>()?;
        Ok(Listing { items, total })
    }

    /// Returns a backup set.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_get(&self, id: BackupSetId) -> Result<Option<BackupSet>, Error> {
        let get = statement("read a backup set", WITH_LEFT_OUT).push(" WHERE id = ?").bind(id.0);
        self.read().await?.row(get).await?.map(|row| backup_set(&row)).transpose()
    }

    /// Returns the tenants with a known full physical backup set, in the storage if one is given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_full_tenants(
        &self,
        cluster: ClusterId,
        storage: Option<StorageId>,
    ) -> Result<BTreeSet<TenantId>, Error> {
        let list = statement(
            "list tenants with a full backup set",
            "SELECT DISTINCT tenant_id FROM backup_sets
             WHERE cluster_id = ? AND method = ? AND mode = ? AND status IN (?, ?)",
        );
        let list = list.bind(cluster.0).bind(word(&BackupMethod::Physical)).bind(word(&DataBackupMode::Full));
        let [available, unverified] = BackupSetStatus::GOOD.map(|status| word(&status));
        let list = list.bind(available).bind(unverified);
        let rows = self.read().await?.rows(list.and_if("storage_id = ?", storage.map(|id| id.0))).await?;
        rows.iter().map(|row| Ok(TenantId(row.integer("tenant_id")?))).collect()
    }

    /// Returns when the newest backup set of each tenant that counts as a backup was finished.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_newest(&self) -> Result<Vec<(ClusterId, TenantId, Timestamp)>, Error> {
        let list = statement(
            "look at the newest backup sets",
            "SELECT cluster_id, tenant_id, MAX(finished_at) AS newest_at FROM backup_sets
             WHERE status IN (?, ?) GROUP BY cluster_id, tenant_id ORDER BY cluster_id, tenant_id",
        );
        let [available, unverified] = BackupSetStatus::GOOD.map(|status| word(&status));
        let list = list.bind(available).bind(unverified);
        let newest = |row: &Row| {
            let (cluster, tenant) = (row.integer("cluster_id")?, row.integer("tenant_id")?);
            Ok((ClusterId(cluster), TenantId(tenant), row.timestamp("newest_at")?))
        };
        self.read().await?.rows(list).await?.iter().map(newest).collect()
    }

    /// Returns when the newest backup set of a cluster or tenant that counts as a backup was finished.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_newest_of(
        &self,
        cluster: ClusterId,
        tenant: Option<TenantId>,
    ) -> Result<Option<Timestamp>, Error> {
        let find = statement(
            "look at the newest backup set",
            "SELECT MAX(finished_at) AS newest_at FROM backup_sets WHERE cluster_id = ? AND status IN (?, ?)",
        );
        let [available, unverified] = BackupSetStatus::GOOD.map(|status| word(&status));
        let find = find.bind(cluster.0).bind(available).bind(unverified);
        let row = self.read().await?.row(find.and_if("tenant_id = ?", tenant.map(|id| id.0))).await?;
        row.map_or(Ok(None), |row| Ok(row.integer_or_none("newest_at")?.map(Timestamp)))
    }

    /// Returns the newest backup set of each tenant if it is partial. Foreign sets do not count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_partial_newest(&self) -> Result<Vec<BackupSet>, Error> {
        let find = statement("find tenants whose newest backup set is partial", WITH_LEFT_OUT);
        let find = find.push(
            " WHERE status = ? AND id IN (
                 SELECT n.id FROM (
                     SELECT id, ROW_NUMBER() OVER (PARTITION BY cluster_id, tenant_id
                                                   ORDER BY finished_at DESC, id DESC) AS age
                     FROM backup_sets WHERE status NOT IN (?, ?, ?)) n
                 WHERE n.age = 1)
             ORDER BY id",
        );
        let find = find.bind(word(&BackupSetStatus::Partial)).bind(word(&BackupSetStatus::Deleted));
        let find = find.bind(word(&BackupSetStatus::Deleting)).bind(word(&BackupSetStatus::Foreign));
        self.read().await?.rows(find).await?.iter().map(backup_set).collect()
    }

    /// Returns the totals of all backup sets of a cluster.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_totals(&self, cluster: ClusterId) -> Result<BackupSetTotals, Error> {
        let sum = statement(
            "add up backup sets",
            "SELECT COUNT(*) AS total, CAST(COALESCE(SUM(byte_count), 0) AS SIGNED) AS bytes,
                    MAX(CASE WHEN status IN (?, ?) THEN finished_at END) AS newest
             FROM backup_sets WHERE cluster_id = ? AND status <> ?",
        );
        let [available, unverified] = BackupSetStatus::GOOD.map(|status| word(&status));
        let sum = sum.bind(available).bind(unverified).bind(cluster.0);
        let sum = sum.bind(word(&BackupSetStatus::Deleted));
        let Some(row) = self.read().await?.row(sum).await? else { return Ok(BackupSetTotals::default()) };
        Ok(BackupSetTotals {
            count: row.large("total")?,
            bytes: row.large("bytes")?,
            newest: row.integer_or_none("newest")?.map(Timestamp),
        })
    }
}

impl Transaction {
    /// Stores a backup set; its `id` is ignored. A task has one set per tenant: recording it again replaces the data
    /// and keeps the ID, unless its files were deleted in the meantime.
    ///
    /// # Errors
    /// When there is no such storage, or the database fails.
    pub async fn backup_set_record(&mut self, set: &BackupSet) -> Result<BackupSetId, Error> {
        let find = statement(
            "record a backup set",
            "SELECT id, status FROM backup_sets WHERE task_id = ? AND tenant_id = ?",
        );
        let known = self.connection.row(find.bind(set.task.0).bind(set.tenant.0)).await?;
        let id = match known {
            Some(row) => {
                let id = row.integer("id")?;
                if row.word::<BackupSetStatus>("status")?.is_gone() {
                    return Ok(BackupSetId(id));
                }
                for forget in
                    ["DELETE FROM left_out WHERE backup_set_id = ?", "DELETE FROM backup_sets WHERE id = ?"]
                {
                    self.connection.execute(statement("record a backup set", forget).bind(id)).await?;
                }
                id
            }
            None => self.connection.take_numbers("backup_sets", 1).await?,
        };
        self.backup_set_write(id, set.task.0, set).await
    }

    /// Stores a backup set that was found in a storage. No task of this catalogue created it, so the negative set ID
    /// is stored instead of a task ID.
    ///
    /// # Errors
    /// When there is no such storage, or the database fails.
    pub async fn backup_set_adopt(&mut self, set: &BackupSet) -> Result<BackupSetId, Error> {
        let id = self.connection.take_numbers("backup_sets", 1).await?;
        self.backup_set_write(id, -id, set).await
    }

    async fn backup_set_write(&mut self, id: i64, task: i64, set: &BackupSet) -> Result<BackupSetId, Error> {
        let insert = statement(
            "record a backup set",
            "INSERT INTO backup_sets (id, task_id, cluster_id, cluster_name, tenant_id, tenant_name, method, mode,
                storage_id, path, scn, byte_count, row_count, table_count, started_at, finished_at, status)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(task).bind(set.cluster.0).bind(&set.cluster_name);
        let insert =
            insert.bind(set.tenant.0).bind(&set.tenant_name).bind(word(&set.method)).bind(word(&set.mode));
        let insert = insert.bind(set.storage.0).bind(&set.path).bind(set.scn).bind(set.bytes).bind(set.rows);
        let insert = insert.bind(set.tables).bind(set.started).bind(set.finished).bind(word(&set.status));
        self.connection.execute(insert).await?;
        if !set.left_out.is_empty() {
            let insert = statement(
                "record what a backup set lacks",
                "INSERT INTO left_out (backup_set_id, objects) VALUES (?, ?)",
            );
            self.connection.execute(insert.bind(id).bind(json(&set.left_out))).await?;
        }
        Ok(BackupSetId(id))
    }

    /// Returns a backup set, which does not change until this transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_now(&mut self, id: BackupSetId) -> Result<Option<BackupSet>, Error> {
        let get = statement("read a backup set", WITH_LEFT_OUT).push(" WHERE id = ?").bind(id.0);
        self.connection.row(get).await?.map(|row| backup_set(&row)).transpose()
    }

    /// Stores the status of a backup set.
    ///
    /// # Errors
    /// When there is no such backup set, or the database fails.
    pub async fn backup_set_set_status(
        &mut self,
        id: BackupSetId,
        status: BackupSetStatus,
    ) -> Result<(), Error> {
        let update =
            statement("keep a backup set's status", "UPDATE backup_sets SET status = ? WHERE id = ?");
        exactly_one(self.connection.execute(update.bind(word(&status)).bind(id.0)).await?, NOUN, id.0)
    }
}

fn limit(statement: Statement, query: &BackupSetQuery) -> Statement {
    statement
        .and_if("cluster_id = ?", query.cluster.map(|id| id.0))
        .and_if("tenant_id = ?", query.tenant.map(|id| id.0))
        .and_if("task_id = ?", query.task.map(|id| id.0))
        .and_if("storage_id = ?", query.storage.map(|id| id.0))
        .and_one_of("status", query.statuses.iter().map(word))
        .and_if("finished_at >= ?", query.from)
        .and_if("finished_at < ?", query.until)
}

fn backup_set(row: &Row) -> Result<BackupSet, Error> {
    Ok(BackupSet {
        id: BackupSetId(row.integer("id")?),
        task: TaskId(row.integer("task_id")?),
        cluster: ClusterId(row.integer("cluster_id")?),
        cluster_name: row.text("cluster_name")?,
        tenant: TenantId(row.integer("tenant_id")?),
        tenant_name: row.text("tenant_name")?,
        method: row.word("method")?,
        mode: row.word("mode")?,
        storage: StorageId(row.integer("storage_id")?),
        path: row.text("path")?,
        scn: row.large("scn")?,
        bytes: row.large("byte_count")?,
        rows: row.large("row_count")?,
        tables: row.large("table_count")?,
        started: row.timestamp("started_at")?,
        finished: row.timestamp("finished_at")?,
        status: row.word("status")?,
        left_out: row.json_or_none("objects")?.unwrap_or_default(),
    })
}
