//! The background checks of the server.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::views::watchers::WatchersView;

/// Lists the watchers of this server and their last runs
///
/// Each server has its own watchers: with several Lifeboats on one database, each returns only its own.
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
