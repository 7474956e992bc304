//! The stream of events.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::server::{ADMIN, Server};

#[tokio::test]
async fn a_stopping_server_ends_the_streams_of_events() {
    let server = Server::open().await;
    server.shutdown.cancel();
    // `ask` reads the answer to its end, which would never come if the stream went on.
    let answered = server.ask("GET", "/api/v2/events", None).await;
    assert_eq!(answered.status, StatusCode::OK);
    assert_eq!(answered.headers["content-type"], "text/event-stream");
}

#[tokio::test]
async fn a_last_event_that_is_no_number_is_refused() {
    let server = Server::open().await;
    let request = Request::get("/api/v2/events")
        .header("authorization", ADMIN)
        .header("last-event-id", "the one before")
        .body(Body::empty());
    let answered = server.send(request.expect("a request")).await;
    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    assert_eq!(answered.json()["error"]["id"], "last-event-id-malformed");
}
