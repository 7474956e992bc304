//! Who did what.

use model::Timestamp;

/// A deed that was done, or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number, increasing.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who: the account's name.
    pub user: String,
    /// From where.
    pub address: String,
    /// What, such as `backup-now`.
    pub action: String,
    /// About which thing, such as `cluster/prod`.
    pub target: String,
    /// `done`, or the id of the problem that came of it.
    pub outcome: String,
}
