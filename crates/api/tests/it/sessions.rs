//! Browser sessions: the cookie, and its validity.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::server::{Answered, PASSWORD, Server};

async fn log_on(server: &Server, password: &str) -> Answered {
    let body = json!({ "name": "admin", "password": password });
    let request = Request::post("/api/v2/session")
        .header("content-type", "application/json")
        .header("x-lifeboat-console", "1")
        .body(Body::from(body.to_string()));
    server.send(request.expect("a request")).await
}

fn cookie(answered: &Answered) -> String {
    let set = answered.headers["set-cookie"].to_str().expect("text");
    set.split(';').next().expect("a pair").to_owned()
}

fn with(cookie: &str, method: &str, path: &str, is_console: bool) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("cookie", cookie);
    let request = if is_console { request.header("x-lifeboat-console", "1") } else { request };
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_browser_logs_on_once_and_is_known_until_it_logs_off() {
    let server = Server::open().await;
    let begun = log_on(&server, PASSWORD).await;
    assert_eq!((begun.status, begun.json()["data"]["name"].as_str()), (StatusCode::OK, Some("admin")));
    let set = begun.headers["set-cookie"].to_str().expect("text");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api"] {
        assert!(set.contains(attribute), "{set}");
    }
    let cookie = cookie(&begun);
    let me = server.send(with(&cookie, "GET", "/api/v2/users/me", false)).await;
    assert_eq!(me.status, StatusCode::OK, "{}", me.text);

    let ended = server.send(with(&cookie, "DELETE", "/api/v2/session", true)).await;
    assert_eq!(ended.status, StatusCode::OK, "{}", ended.text);
    assert!(ended.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    let me = server.send(with(&cookie, "GET", "/api/v2/users/me", false)).await;
    assert_eq!(
        (me.status, me.json()["error"]["id"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("session-over"))
    );
}

#[tokio::test]
async fn a_write_by_the_cookie_alone_is_refused() {
    let server = Server::open().await;
    let cookie = cookie(&log_on(&server, PASSWORD).await);
    for (method, path) in [("POST", "/api/v2/ob/clusters/1/refresh"), ("DELETE", "/api/v2/session")] {
        let bare = server.send(with(&cookie, method, path, false)).await;
        assert_eq!(bare.status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(bare.json()["error"]["id"], "console-header-missing");
        let own = server.send(with(&cookie, method, path, true)).await;
        assert_ne!(own.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn a_browser_gets_no_authentication_challenge() {
    let server = Server::open().await;
    let wrong = log_on(&server, "wrong").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(!wrong.headers.contains_key("www-authenticate"));
    assert!(!wrong.headers.contains_key("set-cookie"));
    let over = server.send(with("lifeboat_session=none", "GET", "/api/v2/events", false)).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED);
    assert!(!over.headers.contains_key("www-authenticate"), "a stream of events can't carry our header");
}
