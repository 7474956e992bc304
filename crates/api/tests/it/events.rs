//! The stream of events.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use std::time::Duration;

use axum::body::BodyDataStream;
use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::server::{ADMIN, PASSWORD, Server, basic};

#[tokio::test]
async fn a_stopping_server_ends_the_streams_of_events() {
    let server = Server::open().await;
    server.shutdown.cancel();
    // `ask` reads the answer to its end, which would never come if the stream continued.
    let answered = server.ask("GET", "/api/v2/events", None).await;
    assert_eq!(answered.status, StatusCode::OK);
    assert_eq!(answered.headers["content-type"], "text/event-stream");
}

#[tokio::test]
async fn a_last_event_that_is_not_a_number_is_refused() {
    let server = Server::open().await;
    let request = Request::get("/api/v2/events")
        .header("authorization", ADMIN)
        .header("last-event-id", "the one before")
        .body(Body::empty());
    let answered = server.send(request.expect("a request")).await;
    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    assert_eq!(answered.json()["error"]["id"], "last-event-id-malformed");
}

/// Starts a stream of events with a header.
async fn stream(server: &Server, name: &str, value: &str) -> BodyDataStream {
    use tower::ServiceExt as _;
    let request = Request::get("/api/v2/events").header(name, value).body(Body::empty());
    let answered = server.router.clone().oneshot(request.expect("a request")).await.expect("answered");
    assert_eq!(answered.status(), StatusCode::OK, "{name}: {value}");
    answered.into_body().into_data_stream()
}

/// Waits until a stream ends, for less time than until the next periodic check of the log-on.
async fn ends(stream: BodyDataStream) -> bool {
    tokio::time::timeout(Duration::from_secs(4), stream.collect::<Vec<_>>()).await.is_ok()
}

async fn token(server: &Server, authorization: &str, name: &str) -> (i64, String) {
    let request = Request::post("/api/v2/users/me/tokens")
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .body(Body::from(json!({ "name": name }).to_string()));
    let made: Value = server.send(request.expect("a request")).await.json();
    let secret = made["data"]["token"].as_str().unwrap_or_else(|| panic!("{made}"));
    (made["data"]["id"].as_i64().expect("a number"), format!("Bearer {secret}"))
}

#[tokio::test]
async fn a_stream_of_events_ends_with_what_its_reader_is_logged_on_by() {
    let server = Server::open().await;
    let eva = server.account("eva", "CLUSTER_VIEWER").await;
    let others = stream(&server, "authorization", ADMIN).await;

    let cookie = server.browser("eva").await;
    let of_session = stream(&server, "cookie", &cookie).await;
    let request =
        Request::delete("/api/v2/session").header("cookie", &cookie).header("x-lifeboat-console", "1");
    server.send(request.body(Body::empty()).expect("a request")).await;
    assert!(ends(of_session).await, "logged off");

    let (id, bearer) = token(&server, &eva, "first").await;
    let (_, child) = token(&server, &bearer, "child").await;
    let [of_token, of_child] =
        [stream(&server, "authorization", &bearer).await, stream(&server, "authorization", &child).await];
    let revoke = Request::delete(format!("/api/v2/users/me/tokens/{id}")).header("authorization", &eva);
    let revoked = server.send(revoke.body(Body::empty()).expect("a request")).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    assert!(ends(of_token).await && ends(of_child).await, "revoked");

    let of_password = stream(&server, "authorization", &eva).await;
    let list = server.ask("GET", "/api/v2/users", None).await.json();
    let users = list["data"]["contents"].as_array().expect("a list");
    let id = &users.iter().find(|user| user["name"] == "eva").expect("she is there")["id"];
    let disabled =
        server.ask("PATCH", &format!("/api/v2/users/{id}"), Some(&json!({ "enabled": false }))).await;
    assert_eq!(disabled.status, StatusCode::OK, "{}", disabled.text);
    assert!(ends(of_password).await, "disabled");

    let enabled =
        server.ask("PATCH", &format!("/api/v2/users/{id}"), Some(&json!({ "enabled": true }))).await;
    assert_eq!(enabled.status, StatusCode::OK);
    let of_password = stream(&server, "authorization", &basic("eva", PASSWORD)).await;
    let removed = server.ask("DELETE", &format!("/api/v2/users/{id}"), None).await;
    assert_eq!(removed.status, StatusCode::OK);
    assert!(ends(of_password).await, "removed");
    assert!(!ends(others).await, "whose log-on is good reads on");
}
