//! Metrics for monitoring.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use model::Problem;

use crate::auth::Caller;
use crate::error::{Failure, Failures};
use crate::views::metrics::{CONTENT, text};
use crate::{Api, call};

/// Returns the metrics of this server for Prometheus, as OpenMetrics text
///
/// Any account may read them, with a token or a password, also from this machine. They come from the metadata and the
/// measurements of this server: no cluster is contacted. `docs/operate/monitoring` lists them.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    responses((status = 200, body = String, content_type = "application/openmetrics-text"), Failures)
)]
pub(crate) async fn metrics(State(api): State<Api>, Caller(actor): Caller) -> Result<Response, Failure> {
    let metrics = control::metrics::read(&api.control, &actor).await?;
    let requests = api.requests.list();
    let server = call::current().server;
    let written = tokio::task::spawn_blocking(move || text(&metrics, &requests, &server)).await;
    let written = written.ok().and_then(Result::ok).ok_or_else(|| Problem::internal("server-fault"))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(CONTENT)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, written).into_response())
}
