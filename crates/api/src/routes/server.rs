//! The server itself.

use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};

/// Which Lifeboat this is.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// The version's number.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Says which Lifeboat this is
#[utoipa::path(
    get,
    path = "/version",
    tag = "server",
    responses((status = 200, body = Envelope<VersionView>), Failures)
)]
pub(crate) async fn version(_: Caller) -> Result<Answer<VersionView>, Failure> {
    Ok(Answer(VersionView { version: env!("CARGO_PKG_VERSION") }))
}

/// Says that the server answers, to whoever watches over it
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "server",
    security(()),
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}
