//! The configuration of the server.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::views::configuration::ConfigurationView;

/// Returns the configuration of the server that answers
///
/// It contains no secrets: those are in files and environment variables that the configuration only names. Each server
/// has its own: with several Lifeboats on one database, each returns only its own.
#[utoipa::path(
    get,
    path = "/configuration",
    tag = "server",
    responses((status = 200, body = Envelope<ConfigurationView>), Failures)
)]
pub(crate) async fn configuration_get(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Answer<ConfigurationView>, Failure> {
    Ok(Answer(control::configuration::read(&api.control, &actor)?.into()))
}
