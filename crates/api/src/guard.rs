//! Rules for every request: headers for browsers, and no writes from other sites' pages.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use model::Problem;
use model::problem::{ProblemKind, codes};

use crate::error::Failure;
use crate::ingress::Ingress;
use crate::session;

/// The maximum size of a request body in bytes.
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

/// The value of `Strict-Transport-Security`: a browser that connected over TLS uses only TLS for a year.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Middleware: sets the headers, and refuses writes that a browser sends for a page of another site. A browser adds a
/// known Basic password to such requests too.
pub(crate) async fn protect(State(ingress): State<Ingress>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let is_https = ingress.is_https(peer, request.headers());
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
    if is_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    if is_console {
        headers.remove(WWW_AUTHENTICATE);
    }
    if is_api {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// Returns whether the `Origin` header names another site; an unreadable header counts as another site.
fn comes_from_other_site(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let is_ours = |origin: &HeaderValue| {
        let host_of_page = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        host_of_page.is_some_and(|(_, page)| Some(page) == host)
    };
    headers.get_all(ORIGIN).iter().any(|origin| !is_ours(origin))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::comes_from_other_site;

    #[test]
    fn a_page_may_write_only_to_the_server_it_came_from() {
        let cases = [
            (&[][..], false),
            (&[&b"http://lifeboat:8180"[..]], false),
            (&[b"http://evil.example"], true),
            (&[b"null"], true),
            (&[b"http://evil\xff.example"], true),
            (&[b"http://lifeboat:8180\xff"], true),
            (&[b"http://lifeboat:8180", b"http://evil.example"], true),
        ];
        for (origins, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("host", "lifeboat:8180".parse().expect("a header"));
            for origin in origins {
                headers.append("origin", HeaderValue::from_bytes(origin).expect("a header"));
            }
            assert_eq!(comes_from_other_site(&headers), expected, "{origins:?}");
        }
    }
}
