//! What can be ordered: the orders that become tasks, and where backups go.

mod destination;
mod full_sets;
mod kinds;
mod scheduled;
pub(crate) mod subjects;

use model::Secret;
use model::backup::BackupWish;
use model::id::{ClusterId, StorageId, TaskId};
use model::storage::StorageLocation;

pub(crate) use destination::{Destination, destination, usual_storage};
pub(crate) use full_sets::has_full_sets;
pub(crate) use kinds::{BACKUP_LOGICAL, BACKUP_PHYSICAL, backup_kinds};
pub(crate) use scheduled::{Scheduled, actor as actor_of_run, strategy_storage};

/// A request to back up now. What is left out is filled in by the rules.
#[derive(Debug, Clone)]
pub struct BackupNow {
    /// The cluster.
    pub cluster: ClusterId,
    /// Which parts of it, and how.
    pub wish: BackupWish,
    /// Where to.
    pub storage: Option<StorageChoice>,
    /// Whether a major compaction may be started where one is needed.
    pub auto_compaction: bool,
    /// Whether the logs that a set needs go into it, so that it can be restored by itself: physical, 4.1 and later.
    pub plus_archivelog: bool,
    /// The password that the backup is encrypted with: physical. Without it nothing can be restored.
    pub encryption: Option<Secret>,
    /// How many connections read at once.
    pub threads: Option<u32>,
    /// How data are compressed: `zstd:1` to `zstd:19`, or `none`.
    pub compression: Option<String>,
}

/// A task was made of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The task.
    pub task: TaskId,
}

/// A storage to be used or tested.
#[derive(Debug, Clone)]
pub enum StorageChoice {
    /// One of the library.
    Saved(StorageId),
    /// One that was typed in.
    Typed {
        /// Where it is.
        location: StorageLocation,
        /// The secret of its access key; none for a directory.
        secret: Option<Secret>,
    },
}
