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
    /// The number of the line, increasing.
    pub id: i64,
    /// The time of the action.
    pub at: Timestamp,
    /// The name of the account.
    pub user: String,
    /// The address of the caller.
    pub address: String,
    /// The action, such as `backup-now`.
    pub action: String,
    /// The object, such as `cluster/prod`.
    pub target: String,
    /// `done`, or the ID of the resulting error.
    pub outcome: String,
}

/// Returns the selected lines, newest first.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
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
