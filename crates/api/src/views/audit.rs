//! Who did what.

use control::audit::AuditLine;
use model::visible::visible_line;
use serde::Serialize;
use utoipa::ToSchema;

/// A deed that was done, or tried.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditLineView {
    /// Its number, increasing.
    id: i64,
    /// When.
    #[schema(format = DateTime)]
    time: String,
    /// Who: the account's name.
    user: String,
    /// From where.
    address: String,
    /// What, such as `backup-now`.
    action: String,
    /// About which thing, such as `cluster/prod`.
    object: String,
    /// `done`, or the id of the problem that came of it.
    outcome: String,
}

impl From<AuditLine> for AuditLineView {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at, user, address, action, target, outcome } = line;
        let (user, object) = (visible_line(&user).into_owned(), visible_line(&target).into_owned());
        Self { id, time: at.to_rfc3339(), user, address, action, object, outcome }
    }
}
