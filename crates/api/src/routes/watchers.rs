//! What the server does by itself.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::views::watchers::WatchersView;

/// Lists what this server does by itself, and how that went
///
/// Each server has watchers of its own: with several Lifeboats on one database, each answers for itself.
#[utoipa::path(
    get,
    path = "/watchers",
    tag = "server",
    responses((status = 200, body = Envelope<WatchersView>), Failures)
)]
pub(crate) async fn watcher_list(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Answer<WatchersView>, Failure> {
    Ok(Answer(control::watching::list(&api.control, &actor)?.into()))
}
