//! The audit log.

use control::audit::AuditLine;
use model::visible::visible_line;
use serde::Serialize;
use utoipa::ToSchema;

/// An action that was carried out or attempted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditLineView {
    /// Its number, increasing.
    id: i64,
    /// The time.
    #[schema(format = DateTime)]
    time: String,
    /// The name of the account.
    user: String,
    /// The address of the client.
    address: String,
    /// The action, such as `backup-now`.
    action: String,
    /// The object, such as `cluster/prod`.
    object: String,
    /// `done`, or the ID of the resulting error.
    outcome: String,
}

impl From<AuditLine> for AuditLineView {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at, user, address, action, target, outcome } = line;
        let (user, object) = (visible_line(&user).into_owned(), visible_line(&target).into_owned());
        Self { id, time: at.to_rfc3339(), user, address, action, object, outcome }
    }
}
