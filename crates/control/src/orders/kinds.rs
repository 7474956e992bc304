//! The kinds of backup tasks. They are stored, and never renamed once released.

/// A logical backup.
pub(crate) const BACKUP_LOGICAL: &str = "backup-logical";

/// A physical backup.
pub(crate) const BACKUP_PHYSICAL: &str = "backup-physical";

/// Returns the kinds of backup tasks.
pub(crate) fn backup_kinds() -> Vec<String> {
    [BACKUP_LOGICAL, BACKUP_PHYSICAL].map(str::to_owned).into()
}
