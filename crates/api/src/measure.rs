//! The duration of requests, by route, method and status.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use model::measure::{ANSWER_BOUNDS_S, Timing, Timings};

/// The label of a request without a route: pages of the console, and paths that do not exist.
const UNMATCHED: &str = "unmatched";

/// The requests that are measured together. A caller cannot create new values of any field, so their number is limited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestKind {
    /// The route, with its parameters by name.
    pub(crate) route: Arc<str>,
    /// The method.
    pub(crate) method: &'static str,
    /// The status of the answer.
    pub(crate) status: u16,
}

/// The requests since this server started.
#[derive(Debug, Clone)]
pub(crate) struct Requests(Arc<Timings<RequestKind>>);

impl Requests {
    /// Returns an empty measurement.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Timings::new(ANSWER_BOUNDS_S)))
    }

    /// Returns the durations by kind.
    pub(crate) fn list(&self) -> Vec<(RequestKind, Timing)> {
        self.0.list()
    }
}

/// Middleware: measures every request until its answer begins; a stream of events continues after that.
pub(crate) async fn measure(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str);
    let (route, method) = (Arc::from(route), known(request.method()));
    let response = next.run(request).await;
    let status = response.status();
    requests.0.note(
        RequestKind { route, method, status: status.as_u16() },
        begun.elapsed(),
        status.is_server_error(),
    );
    response
}

fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("other")
}
