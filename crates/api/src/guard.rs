//! What holds for every request: headers for browsers, and no writing from other sites' pages.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, VARY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use model::Problem;
use model::problem::{ProblemKind, codes};

use crate::error::Failure;
use crate::session;

/// The most bytes that a request's body may have.
pub(crate) const BODY_MAX_BYTES: usize = 1024 * 1024;

const HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    (VARY, "accept-language"),
];

/// Middleware: sets the headers, and refuses writes that a browser sends for another site. A browser repeats a Basic
/// password by itself, also when such a page asks it to.
pub(crate) async fn protect(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let is_console = session::is_console(request.headers());
    let mut response = if !request.method().is_safe() && comes_from_other_site(request.headers()) {
        let problem = Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, "request-of-other-site");
        Failure::from(problem).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_console {
        headers.remove(WWW_AUTHENTICATE);
    }
    if is_api {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

fn comes_from_other_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN) else { return false };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_none() || host != text(HOST)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::comes_from_other_site;

    #[test]
    fn a_page_may_write_only_to_the_server_it_came_from() {
        let cases = [
            (None, false),
            (Some("http://lifeboat:8180"), false),
            (Some("http://evil.example"), true),
            (Some("null"), true),
        ];
        for (origin, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("host", "lifeboat:8180".parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert("origin", origin.parse().expect("a header"));
            }
            assert_eq!(comes_from_other_site(&headers), expected, "{origin:?}");
        }
    }
}
