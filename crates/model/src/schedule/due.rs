//! A due time: the identity of a run.

use crate::backup::DataBackupMode;
use crate::time::Timestamp;

/// One due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it is due.
    pub at: Timestamp,
    /// How much it is to back up.
    pub kind: DataBackupMode,
}

/// Returns the larger of two amounts: full, if one of them is.
#[must_use]
pub fn fuller(one: DataBackupMode, other: DataBackupMode) -> DataBackupMode {
    if one == DataBackupMode::Full { one } else { other }
}
