//! Samples of the space of a cluster's backups in each storage.

use std::time::Duration;

use model::Timestamp;
use model::backup::BackupMethod;
use model::backup_set::BackupSetStatus;
use model::id::{ClusterId, StorageId};
use model::storage_use::Room;

use crate::database::Transaction;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, statement, word};

/// How long samples are kept.
pub const KEPT: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// The minimum time between two samples of a cluster. A little less than the period of the watcher, which would
/// otherwise be slightly early and skip every other one.
pub const APART: Duration = Duration::from_secs(29 * 60);

/// The space that the backups of a cluster use in one storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageUse {
    /// The cluster.
    pub cluster: ClusterId,
    /// The storage.
    pub storage: StorageId,
    /// When it was measured, by the metadata's clock.
    pub taken: Timestamp,
    /// The bytes of data.
    pub data_bytes: u64,
    /// The bytes that archived logs take; none if the version does not show it.
    pub log_bytes: Option<u64>,
    /// How full the file system is; none where it is not known.
    pub room: Option<Room>,
}

/// A new sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUse {
    /// The storage.
    pub storage: StorageId,
    /// The bytes of data.
    pub data_bytes: u64,
    /// The bytes that archived logs take; none if the version does not show it.
    pub log_bytes: Option<u64>,
    /// How full the file system is; none where it is not known.
    pub room: Option<Room>,
}

/// A filter for samples.
#[derive(Debug, Clone, Copy)]
pub struct StorageUseQuery {
    /// Of this cluster.
    pub cluster: ClusterId,
    /// Of this storage; `None` means all.
    pub storage: Option<StorageId>,
    /// Taken at this time or later.
    pub from: Timestamp,
    /// Taken before this time.
    pub until: Timestamp,
    /// Return the newest sample of each span of this length, in microseconds.
    pub span_us: i64,
}

impl Metadata {
    /// Returns the newest sample of each span, storage by storage, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn storage_use_list(&self, query: &StorageUseQuery) -> Result<Vec<StorageUse>, Error> {
        let StorageUseQuery { cluster, storage, from, until, span_us } = *query;
        let list = statement(
            "list uses of storages",
            "SELECT u.* FROM storage_uses u
             JOIN (SELECT storage_id, MAX(taken_at) AS newest_at FROM storage_uses
                   WHERE cluster_id = ? AND taken_at >= ? AND taken_at < ?
                   GROUP BY storage_id, taken_at - (taken_at % ?)) n
               ON n.storage_id = u.storage_id AND n.newest_at = u.taken_at
             WHERE u.cluster_id = ?",
        );
        let list = list.bind(cluster.0).bind(from).bind(until).bind(span_us.max(1)).bind(cluster.0);
        let list = list.and_if("u.storage_id = ?", storage.map(|id| id.0));
        let rows = self.read().await?.rows(list.push(" ORDER BY u.storage_id, u.taken_at")).await?;
        rows.iter().map(storage_use).collect()
    }

    /// Returns the newest sample of each cluster and storage that was taken since then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn storage_use_newest(&self, since: Timestamp) -> Result<Vec<StorageUse>, Error> {
        let list = statement(
            "look at the newest uses of storages",
            "SELECT u.* FROM storage_uses u
             JOIN (SELECT cluster_id, storage_id, MAX(taken_at) AS newest_at FROM storage_uses
                   WHERE taken_at >= ? GROUP BY cluster_id, storage_id) n
               ON n.cluster_id = u.cluster_id AND n.storage_id = u.storage_id AND n.newest_at = u.taken_at
             ORDER BY u.cluster_id, u.storage_id",
        );
        self.read().await?.rows(list.bind(since)).await?.iter().map(storage_use).collect()
    }

    /// Returns the bytes of a cluster's sets of one method in our catalogue, by storage, without deleted ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_set_bytes(
        &self,
        cluster: ClusterId,
        method: BackupMethod,
    ) -> Result<Vec<(StorageId, u64)>, Error> {
        let sum = statement(
            "add up backup sets",
            "SELECT storage_id, CAST(COALESCE(SUM(byte_count), 0) AS SIGNED) AS bytes FROM backup_sets
             WHERE cluster_id = ? AND method = ? AND status <> ? GROUP BY storage_id ORDER BY storage_id",
        );
        let sum = sum.bind(cluster.0).bind(word(&method)).bind(word(&BackupSetStatus::Deleted));
        let rows = self.read().await?.rows(sum).await?;
        rows.iter().map(|row| Ok((StorageId(row.integer("storage_id")?), row.large("bytes")?))).collect()
    }

    /// Returns whether a cluster has no sample that is newer than [`APART`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn storage_use_due(&self, cluster: ClusterId) -> Result<bool, Error> {
        let mut reader = self.read().await?;
        let now = Timestamp(reader.now().await?.0);
        Ok(reader.count(newer(cluster, now)).await? == 0)
    }
}

impl Transaction {
    /// Stores samples of a cluster's backups, unless it has a sample that is newer than [`APART`], and deletes
    /// samples that are older than [`KEPT`]. Returns whether it stored them.
    ///
    /// # Errors
    /// When there is no such cluster or storage, or the database fails.
    pub async fn storage_uses_insert(&mut self, cluster: ClusterId, uses: &[NewUse]) -> Result<bool, Error> {
        let now = self.now().await?;
        if uses.is_empty() || self.connection.count(newer(cluster, now)).await? > 0 {
            return Ok(false);
        }
        let old = statement(
            "delete old uses of storages",
            "DELETE FROM storage_uses WHERE cluster_id = ? AND taken_at < ?",
        );
        self.connection.execute(old.bind(cluster.0).bind(before(now, KEPT))).await?;
        for NewUse { storage, data_bytes, log_bytes, room } in uses {
            let insert = statement(
                "store the use of a storage",
                "INSERT INTO storage_uses
                    (cluster_id, storage_id, taken_at, data_bytes, log_bytes, capacity_bytes, used_bytes)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            );
            let insert = insert.bind(cluster.0).bind(storage.0).bind(now).bind(number(*data_bytes));
            let insert =
                insert.bind(log_bytes.map(number)).bind(room.map(|room| number(room.capacity_bytes)));
            self.connection.execute(insert.bind(room.map(|room| number(room.used_bytes)))).await?;
        }
        Ok(true)
    }
}

/// Counts the samples that are too new for another. A sample of a clock that was ahead does not count.
fn newer(cluster: ClusterId, now: Timestamp) -> crate::sql::Statement {
    let newer = statement(
        "look for a use of storages",
        "SELECT COUNT(*) AS total FROM storage_uses WHERE cluster_id = ? AND taken_at > ? AND taken_at <= ?",
    );
    newer.bind(cluster.0).bind(before(now, APART)).bind(now)
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
}

fn number(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn storage_use(row: &Row) -> Result<StorageUse, Error> {
    let bytes = |column| {
        let bytes = row.integer_or_none(column)?;
        Ok::<_, Error>(bytes.map(|bytes| u64::try_from(bytes).unwrap_or_default()))
    };
    let room = match (bytes("capacity_bytes")?, bytes("used_bytes")?) {
        (Some(capacity_bytes), Some(used_bytes)) => Some(Room { capacity_bytes, used_bytes }),
        _ => None,
    };
    Ok(StorageUse {
        cluster: ClusterId(row.integer("cluster_id")?),
        storage: StorageId(row.integer("storage_id")?),
        taken: row.timestamp("taken_at")?,
        data_bytes: row.large("data_bytes")?,
        log_bytes: bytes("log_bytes")?,
        room,
    })
}
