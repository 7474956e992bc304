//! Lifeboat's own history.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::views::history::HistoryView;

/// Returns how much history Lifeboat has: tasks, their logs, due times of strategies, and the audit log
///
/// The settings `history.*` of the server limit how long each part is kept.
#[utoipa::path(
    get,
    path = "/history",
    tag = "server",
    responses((status = 200, body = Envelope<HistoryView>), Failures)
)]
pub(crate) async fn history_get(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Answer<HistoryView>, Failure> {
    Ok(Answer(control::history::read(&api.control, &actor).await?.into()))
}
