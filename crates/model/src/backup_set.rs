//! A finished backup in the catalogue.

use serde::{Deserialize, Serialize};

use crate::backup::{BackupMethod, DataBackupMode};
use crate::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use crate::inventory::LeftOut;
use crate::time::Timestamp;

/// What a backup set is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupSetStatus {
    /// Complete, and its verification passed.
    Available,
    /// Complete; the verification was skipped.
    Unverified,
    /// Something was left out that nobody agreed to. It can be recovered, and satisfies no rule that asks for a backup.
    Partial,
    /// Found in a storage, and signed with no key that this installation knows. It can be recovered by an administrator who agrees to
    /// that, and satisfies no rule that asks for a backup: what it says of itself is anybody's word.
    Foreign,
    /// Its deletion has begun: its manifest may be gone, and some of its files.
    Deleting,
    /// Its files were deleted.
    Deleted,
}

impl BackupSetStatus {
    /// Those that satisfy a rule which asks for a backup.
    pub const GOOD: [Self; 2] = [Self::Available, Self::Unverified];

    /// Those whose files are deleted, or are being deleted: nothing is recovered from such a set.
    pub const GONE: [Self; 2] = [Self::Deleting, Self::Deleted];

    /// Tells whether the set's files are deleted, or are being deleted.
    #[must_use]
    pub fn is_gone(self) -> bool {
        Self::GONE.contains(&self)
    }
}

/// A finished backup of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSet {
    /// Its identity; 0 before the metadata gave one.
    pub id: BackupSetId,
    /// The task that made it.
    pub task: TaskId,
    /// The cluster it was taken of.
    pub cluster: ClusterId,
    /// The cluster's name when it was taken.
    pub cluster_name: String,
    /// The tenant it was taken of.
    pub tenant: TenantId,
    /// The tenant's name when it was taken.
    pub tenant_name: String,
    /// How it was taken.
    pub method: BackupMethod,
    /// How much it holds.
    pub mode: DataBackupMode,
    /// Where it lies.
    pub storage: StorageId,
    /// The folder of a logical dump below the storage's base.
    pub path: String,
    /// The moment whose data it holds, as the database counts it.
    pub scn: u64,
    /// The bytes it takes in the storage.
    pub bytes: u64,
    /// The rows it holds.
    pub rows: u64,
    /// The tables it holds.
    pub tables: u64,
    /// When its task began.
    pub started: Timestamp,
    /// When it was complete.
    pub finished: Timestamp,
    /// What it is good for.
    pub status: BackupSetStatus,
    /// What the server held, or may have held, and the set does not.
    pub left_out: Vec<LeftOut>,
}
