//! The audit log.

pub use metadata::audit::AuditFilter;
use metadata::audit::Deed;
use model::Timestamp;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// An action that was carried out or attempted.
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
    /// The object, such as `cluster/prod`.
    pub target: String,
    /// `done`, or the ID of the resulting error.
    pub outcome: String,
}

/// Returns the deeds that are asked for, newest first.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn list(
    control: &Control,
    actor: &Actor,
    filter: &AuditFilter,
    page: PageAsk,
) -> Result<Page<AuditLine>, Error> {
    actor.must(Permission::ManageUsers)?;
    let lines = control.metadata().audit_list(filter, page.slice()).await?;
    Ok(page.filled(lines).map(|line| {
        let Deed { user, address, action, target, outcome } = line.deed;
        AuditLine { id: line.id, at: line.at, user, address, action, target, outcome }
    }))
}
