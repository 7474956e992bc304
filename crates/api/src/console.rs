//! What a browser gets at the root. The console is not built into this version, and the page says so.

use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::error;

const PAGE: &str = "Lifeboat is running. Its console is not built into this binary.

Steer it by the command line (`lifeboat --help`) or by the REST API below /api/v2.
";

/// Answers what no route takes. `/api` never falls through to a page.
pub(crate) async fn page(uri: Uri) -> Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        return error::no_such_path(uri).await.into_response();
    }
    let status = if path == "/" { StatusCode::OK } else { StatusCode::NOT_FOUND };
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], PAGE).into_response()
}
