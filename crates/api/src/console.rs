//! The console: its files, which the build takes from `console/dist`, and its page for all other addresses.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse as _, Response};

use crate::error;

// Defines `FILES: &[(&str, &[u8])]`, sorted by path; empty when the console was not built.
include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

const NOT_BUILT: &str = "Lifeboat is running. Its console is not built into this binary.

Build it with `npm ci && npm run build` in the folder console/, then build Lifeboat again. Until then, use the command
line (`lifeboat --help`) or the REST API below /api/v2.
";

/// The security policy of the page: it may run its own scripts and send requests to this server. Inline styles are
/// allowed because the design system needs them.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Files below this folder have a hash of their contents in their names.
const HASHED: &str = "assets/";

/// Answers the requests that no route accepts. `/api` never falls through to a page.
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

/// Returns whether a path names a file: the addresses of the console's pages have no dot in their last part.
fn is_file_name(path: &str) -> bool {
    path.starts_with(HASHED) || path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// The compressed forms of a file that the build creates, smallest first: coding and file name suffix.
const COMPRESSED: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Answers with a file in the smallest form that the client accepts. Clients request a file without a hash in its name
/// each time, and get 304 without a body if they have the current one.
fn file(files: Files, path: &str, body: &'static [u8], headers: &HeaderMap) -> Response {
    let is_hashed = path.starts_with(HASHED);
    let described = [
        (CACHE_CONTROL, if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" }),
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (VARY, "accept-encoding"),
    ];
    let tag = (!is_hashed).then(|| entity_tag(body));
    let tagged = tag.iter().map(|tag| (ETAG, tag.clone())).collect::<Vec<_>>();
    if tag.is_some_and(|tag| has_already(headers, &tag)) {
        return (StatusCode::NOT_MODIFIED, described, AppendHeaders(tagged)).into_response();
    }
    let small =
        COMPRESSED.into_iter().filter(|(coding, _)| takes(headers, coding)).find_map(|(coding, suffix)| {
            let body = find(files, &format!("{path}{suffix}"))?;
            Some(([(CONTENT_ENCODING, coding)], body))
        });
    let typed = [(CONTENT_TYPE, content_type(path))];
    match small {
        Some((coded, small)) => (typed, described, AppendHeaders(tagged), coded, small).into_response(),
        None => (typed, described, AppendHeaders(tagged), body).into_response(),
    }
}

/// Returns a tag that all forms of a file share, compressed or not (hence the `W/`).
fn entity_tag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

/// Returns whether the client has the form with this tag.
fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    let bare = tag.trim_start_matches("W/");
    listed(headers, &IF_NONE_MATCH).any(|kept| kept == "*" || kept.trim_start_matches("W/") == bare)
}

/// Returns whether the client accepts a coding: it lists the coding with a weight above zero.
fn takes(headers: &HeaderMap, coding: &str) -> bool {
    listed(headers, &ACCEPT_ENCODING).any(|accepted| {
        let (name, weight) = accepted.split_once(';').unwrap_or((accepted, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim() == coding && weight != Some(0.0)
    })
}

/// Returns the items of a list header.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
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
    use axum::http::header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
        IF_NONE_MATCH, VARY,
    };
    use axum::http::{HeaderMap, HeaderName};
    use axum::response::Response;

    use super::{FILES, Files, answer};

    const BUILT: Files = &[
        ("assets/main-Ab12.js", b"code"),
        ("assets/main-Ab12.js.br", b"smallest"),
        ("assets/main-Ab12.js.gz", b"small"),
        ("assets/old-Cd34.js", b"code"),
        ("assets/old-Cd34.js.gz", b"small"),
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
    fn the_smallest_form_is_sent_to_clients_that_accept_it() {
        let coding = |path: &str, accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, accepted.parse().expect("a header"));
            header(&answer(BUILT, path, &headers), CONTENT_ENCODING).map(str::to_owned)
        };
        let both = |accepted| coding("assets/main-Ab12.js", accepted);
        assert_eq!(both("gzip, deflate, br, zstd").as_deref(), Some("br"));
        assert_eq!(both("gzip, br;q=0").as_deref(), Some("gzip"));
        assert_eq!(both("gzip;q=1.0, br;q=0.0").as_deref(), Some("gzip"));
        assert_eq!(both("gzip").as_deref(), Some("gzip"));
        assert_eq!(both("identity"), None);
        assert_eq!(both("gzip;q=0, br;q=0"), None);
        assert_eq!(
            coding("assets/old-Cd34.js", "br, gzip").as_deref(),
            Some("gzip"),
            "there is no other form"
        );
    }

    #[test]
    fn the_page_is_sent_again_only_when_it_has_changed() {
        let ask = |path: &str, kept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, kept.parse().expect("a header"));
            answer(BUILT, path, &headers)
        };
        let page = answer(BUILT, "clusters/3", &HeaderMap::new());
        let tag = header(&page, ETAG).expect("a tag").to_owned();
        for kept in [
            tag.clone(),
            format!("\"other\", {tag}"),
            tag.trim_start_matches("W/").to_owned(),
            "*".to_owned(),
        ] {
            let same = ask("index.html", &kept);
            assert_eq!(same.status(), 304, "{kept}");
            assert_eq!(header(&same, ETAG), Some(tag.as_str()));
            assert!(header(&same, CACHE_CONTROL).is_some() && header(&same, VARY).is_some());
            assert!(header(&same, CONTENT_SECURITY_POLICY).is_some());
            assert_eq!(header(&same, CONTENT_ENCODING), None, "it has no body");
        }
        assert_eq!(ask("index.html", "\"other\"").status(), 200);
        assert_eq!(ask("lifeboat.svg", &tag).status(), 200, "another file has another tag");
        assert_eq!(
            header(&answer(BUILT, "assets/main-Ab12.js", &HeaderMap::new()), ETAG),
            None,
            "it never changes"
        );
    }

    #[test]
    fn without_a_console_the_root_names_what_is_missing() {
        let page = answer(&[], "", &HeaderMap::new());
        assert_eq!(header(&page, CONTENT_TYPE), Some("text/plain; charset=utf-8"));
        assert_eq!(answer(&[], "clusters", &HeaderMap::new()).status(), 404);
    }
}
