//! A due time: the identity of a run.

use crate::backup::DataBackupMode;
use crate::time::Timestamp;

/// One due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it is due.
    pub at: Timestamp,
    /// The backup mode.
    pub kind: DataBackupMode,
}

/// Returns full if one of the modes is full.
#[must_use]
pub fn fuller(one: DataBackupMode, other: DataBackupMode) -> DataBackupMode {
    if one == DataBackupMode::Full { one } else { other }
}
