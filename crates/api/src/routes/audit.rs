//! The audit log.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::Parameters;
use crate::queries::AuditQuery;
use crate::views::audit::AuditLineView;

/// Lists the audit log, newest first
#[utoipa::path(
    get,
    path = "/audit",
    tag = "users",
    params(AuditQuery),
    responses((status = 200, body = Envelope<List<AuditLineView>>), Failures)
)]
pub(crate) async fn audit_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<AuditQuery>,
) -> Result<Answer<List<AuditLineView>>, Failure> {
    let (filter, page) = query.read()?;
    Ok(Answer(List::of(control::audit::list(&api.control, &actor, &filter, page).await?)))
}
