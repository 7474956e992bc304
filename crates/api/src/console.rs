//! The console: its files, which the build takes from `console/dist`, and the page for all of its own addresses.

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::error;

// Defines `FILES: &[(&str, &[u8])]`, sorted by path; empty when the console was not built.
include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

const NOT_BUILT: &str = "Lifeboat is running. Its console is not built into this binary.

Build it with `npm ci && npm run build` in the folder console/, then build Lifeboat again. Until then steer it by the
command line (`lifeboat --help`) or by the REST API below /api/v2.
";

/// What the page may do: run its own scripts and ask this server. The design writes its styles into the page.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Files below this folder carry a hash of what they hold in their names.
const HASHED: &str = "assets/";

/// Answers what no route takes. `/api` never falls through to a page.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        return error::no_such_path(uri).await.into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return error::no_such_method(method, uri).await.into_response();
    }
    answer(FILES, path.trim_start_matches('/'), &headers)
}

fn answer(files: Files, path: &str, headers: &HeaderMap) -> Response {
    if find(files, "index.html").is_none() {
        let status = if path.is_empty() { StatusCode::OK } else { StatusCode::NOT_FOUND };
        return (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], NOT_BUILT).into_response();
    }
    match find(files, path).filter(|_| !path.is_empty()) {
        Some(body) => file(files, path, body, headers),
        None if is_file_name(path) => {
            (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/plain; charset=utf-8")], "There is no such file.\n")
                .into_response()
        }
        None => {
            let body = find(files, "index.html").unwrap_or_default();
            file(files, "index.html", body, headers)
        }
    }
}

type Files = &'static [(&'static str, &'static [u8])];

fn find(files: Files, path: &str) -> Option<&'static [u8]> {
    files.binary_search_by(|(name, _)| (*name).cmp(path)).ok().map(|index| files[index].1)
}

/// The addresses of the console's pages have no dot in their last part.
fn is_file_name(path: &str) -> bool {
    path.starts_with(HASHED) || path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

fn file(files: Files, path: &str, body: &'static [u8], headers: &HeaderMap) -> Response {
    let kept = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let described = [
        (CONTENT_TYPE, content_type(path)),
        (CACHE_CONTROL, kept),
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (VARY, "accept-encoding"),
    ];
    match find(files, &format!("{path}.gz")).filter(|_| takes_gzip(headers)) {
        Some(small) => (described, [(CONTENT_ENCODING, "gzip")], small).into_response(),
        None => (described, body).into_response(),
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim() == "gzip" && weight.trim() != "q=0"
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
    use axum::http::{HeaderMap, HeaderName};
    use axum::response::Response;

    use super::{FILES, Files, answer};

    const BUILT: Files = &[
        ("assets/main-Ab12.js", b"code"),
        ("assets/main-Ab12.js.gz", b"small"),
        ("index.html", b"<!doctype html>"),
        ("lifeboat.svg", b"<svg/>"),
    ];

    fn header(response: &Response, name: HeaderName) -> Option<&str> {
        response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    #[test]
    fn the_files_of_the_build_are_in_order() {
        assert!(FILES.is_sorted_by_key(|(name, _)| *name), "they are searched by halves");
    }

    #[test]
    fn hashed_files_are_kept_for_ever_and_the_page_never() {
        let none = HeaderMap::new();
        let hashed = answer(BUILT, "assets/main-Ab12.js", &none);
        assert!(header(&hashed, CACHE_CONTROL).is_some_and(|kept| kept.contains("immutable")));
        for page in ["", "index.html", "clusters/3/backup", "lifeboat.svg"] {
            let page = answer(BUILT, page, &none);
            assert_eq!((page.status().as_u16(), header(&page, CACHE_CONTROL)), (200, Some("no-cache")));
        }
        let page = answer(BUILT, "clusters/3/backup", &none);
        assert_eq!(header(&page, CONTENT_TYPE), Some("text/html; charset=utf-8"));
    }

    #[test]
    fn a_file_that_is_gone_is_not_answered_with_the_page() {
        for path in ["assets/main-Old1.js", "favicon.ico", "assets/x"] {
            assert_eq!(answer(BUILT, path, &HeaderMap::new()).status(), 404, "{path}");
        }
    }

    #[test]
    fn the_compressed_form_is_sent_to_clients_that_accept_it() {
        let coding = |accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, accepted.parse().expect("a header"));
            header(&answer(BUILT, "assets/main-Ab12.js", &headers), CONTENT_ENCODING).map(str::to_owned)
        };
        assert_eq!(coding("br, gzip").as_deref(), Some("gzip"));
        assert_eq!(coding("identity"), None);
        assert_eq!(coding("gzip;q=0"), None);
    }

    #[test]
    fn without_a_console_the_root_names_what_is_missing() {
        let page = answer(&[], "", &HeaderMap::new());
        assert_eq!(header(&page, CONTENT_TYPE), Some("text/plain; charset=utf-8"));
        assert_eq!(answer(&[], "clusters", &HeaderMap::new()).status(), 404);
    }
}
