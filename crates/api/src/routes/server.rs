//! The server itself.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;
use crate::auth::Caller;
use crate::call;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};

/// The name and version of this Lifeboat.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// The version number.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Returns the version and name of this Lifeboat
#[utoipa::path(
    get,
    path = "/version",
    tag = "server",
    responses((status = 200, body = Envelope<VersionView>), Failures)
)]
pub(crate) async fn version(_: Caller) -> Result<Answer<VersionView>, Failure> {
    Ok(Answer(VersionView { version: env!("CARGO_PKG_VERSION") }))
}

/// Returns whether the server is alive, for monitoring
///
/// Checks neither the metadata nor a disk: a server that answers here needs no restart. `/readyz` reports whether it
/// can do its work.
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

/// Returns whether the server can do its work, for monitoring
///
/// 200 when the metadata are readable and writable and the disks have space; else 503 with a line for each problem.
/// Answers within seconds; an answer is cached for two.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "server",
    security(()),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = String, content_type = "text/plain")
    )
)]
pub(crate) async fn readyz(State(api): State<Api>) -> (StatusCode, String) {
    let problems = control::health::problems(&api.control).await;
    if problems.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    let line = |problem: &model::Problem| format!("{}\n", problem.text.message(call::language()));
    (StatusCode::SERVICE_UNAVAILABLE, problems.iter().map(line).collect())
}
