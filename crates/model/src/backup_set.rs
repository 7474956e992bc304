//! A completed backup in the catalogue.

use serde::{Deserialize, Serialize};

use crate::backup::{BackupMethod, DataBackupMode};
use crate::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use crate::inventory::LeftOut;
use crate::time::Timestamp;

/// The status of a backup set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupSetStatus {
    /// Complete, and its verification passed.
    Available,
    /// Complete; the verification was skipped.
    Unverified,
    /// Something was left out without consent. It can be recovered, but does not count as a backup.
    Partial,
    /// Found in a storage, and not signed with a key that this installation trusts. An administrator can recover it
    /// with consent. It does not count as a backup, because its description may be forged.
    Foreign,
    /// Its deletion has started: its manifest and some of its files may be gone.
    Deleting,
    /// Its files were deleted.
    Deleted,
}

impl BackupSetStatus {
    /// The statuses that count as a backup.
    pub const GOOD: [Self; 2] = [Self::Available, Self::Unverified];

    /// The statuses of sets whose files are deleted or being deleted: such a set cannot be recovered.
    pub const GONE: [Self; 2] = [Self::Deleting, Self::Deleted];

    /// Returns whether the set's files are deleted or being deleted.
    #[must_use]
    pub fn is_gone(self) -> bool {
        Self::GONE.contains(&self)
    }
}

/// A completed backup of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSet {
    /// Its ID; 0 until the metadata assigns one.
    pub id: BackupSetId,
    /// Its task.
    pub task: TaskId,
    /// Its cluster.
    pub cluster: ClusterId,
    /// The cluster's name when it was taken.
    pub cluster_name: String,
    /// Its tenant.
    pub tenant: TenantId,
    /// The tenant's name when it was taken.
    pub tenant_name: String,
    /// Its method.
    pub method: BackupMethod,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// Its location.
    pub storage: StorageId,
    /// The folder of a logical dump below the storage's base.
    pub path: String,
    /// The SCN of its snapshot.
    pub scn: u64,
    /// Its size in the storage, in bytes.
    pub bytes: u64,
    /// Its number of rows.
    pub rows: u64,
    /// Its number of tables.
    pub tables: u64,
    /// When its task started.
    pub started: Timestamp,
    /// When it was completed.
    pub finished: Timestamp,
    /// Its status.
    pub status: BackupSetStatus,
    /// The objects of the server that the set does not contain, or may not contain.
    pub left_out: Vec<LeftOut>,
}
