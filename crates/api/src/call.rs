//! The context of one request: its start time, trace ID, and the reader's language.
//!
//! It is a task-local value, so that every code that writes an answer (a handler, an extractor that refuses, the panic
//! catcher) can fill in the envelope without extra arguments.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::middleware::Next;
use axum::response::Response;
use model::Timestamp;
use model::text::Language;
use tracing::Instrument as _;

tokio::task_local! {
    static CALL: Call;
}

/// The context of one request.
#[derive(Clone)]
pub(crate) struct Call {
    started: Instant,
    /// The ID of the request in answers and in the program's log.
    pub(crate) trace_id: String,
    /// The reader's language.
    pub(crate) language: Language,
    /// The name of the server that answers.
    pub(crate) server: Arc<str>,
}

impl Call {
    fn new(headers: &HeaderMap, server: Arc<str>) -> Self {
        let wish = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            started: Instant::now(),
            trace_id: format!("{:032x}", rand::random::<u128>()),
            language: Language::choose(wish),
            server,
        }
    }

    /// Returns how long the request has taken so far.
    pub(crate) fn duration_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Returns the context of the current request.
pub(crate) fn current() -> Call {
    CALL.try_with(Clone::clone).unwrap_or_else(|_| Call::new(&HeaderMap::new(), Arc::from("")))
}

/// Returns the language of the reader of the answer.
pub(crate) fn language() -> Language {
    CALL.try_with(|call| call.language).unwrap_or_default()
}

/// Returns the current time.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

/// Middleware: gives every request its [`Call`].
pub(crate) async fn accompany(State(server): State<Arc<str>>, request: Request, next: Next) -> Response {
    let call = Call::new(request.headers(), server);
    let span = tracing::info_span!("request", trace_id = %call.trace_id, method = %request.method(), path = request.uri().path());
    CALL.scope(call, next.run(request)).instrument(span).await
}
