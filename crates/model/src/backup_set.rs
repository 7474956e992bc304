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
    /// Something was left out without consent. It can be recovered, and does not count as a backup.
    Partial,
    /// Found in a storage, and signed with no key that this installation knows. It can be recovered by an
    /// administrator who agrees to that, and satisfies no rule that asks for a backup: its own description is
    /// anybody's word.
    Foreign,
    /// Its files were deleted.
    Deleted,
}

impl BackupSetStatus {
    /// Those that satisfy a rule which asks for a backup.
    pub const GOOD: [Self; 2] = [Self::Available, Self::Unverified];
}

/// A completed backup of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSet {
    /// Its identity; 0 before the metadata gave one.
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
    /// How much it holds.
    pub mode: DataBackupMode,
    /// Its location.
    pub storage: StorageId,
    /// The folder of a logical dump below the storage's base.
    pub path: String,
    /// The moment whose data it holds, as the database counts it.
    pub scn: u64,
    /// The bytes it takes in the storage.
    pub bytes: u64,
    /// Its number of rows.
    pub rows: u64,
    /// Its number of tables.
    pub tables: u64,
    /// When its task started.
    pub started: Timestamp,
    /// When it was completed.
    pub finished: Timestamp,
    /// What it is good for.
    pub status: BackupSetStatus,
    /// The objects of the server that the set does not contain, or may not contain.
    pub left_out: Vec<LeftOut>,
}
