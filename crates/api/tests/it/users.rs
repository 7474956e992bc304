//! Logging on, and the first password.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::server::{PASSWORD, Server};

fn basic(path: &str, method: &str, credentials: &str, body: &serde_json::Value) -> Request<Body> {
    use base64::Engine as _;
    let encoded = base64::prelude::BASE64_STANDARD.encode(credentials);
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Basic {encoded}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request")
}

#[tokio::test]
async fn until_the_first_password_is_changed_only_that_call_works() {
    let server = Server::open_with(None).await;
    let first =
        std::fs::read_to_string(server.dir.path().join("initial-password")).expect("a first password");
    let first = format!("admin:{}", first.trim());
    let refused = server.send(basic("/api/v2/ob/clusters", "GET", &first, &json!({}))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.json()["error"]["id"], "password-must-change");
    let me = server.send(basic("/api/v2/users/me", "GET", &first, &json!({}))).await;
    assert_eq!(me.json()["data"]["mustChangePassword"], true);

    let old = first.split_once(':').expect("a pair").1;
    let body = json!({ "oldPassword": old, "newPassword": PASSWORD });
    let changed = server.send(basic("/api/v2/users/me/password", "POST", &first, &body)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(server.ask("GET", "/api/v2/ob/clusters", None).await.status, StatusCode::OK);
    let with_the_old = server.send(basic("/api/v2/users/me", "GET", &first, &json!({}))).await;
    assert_eq!(with_the_old.status, StatusCode::UNAUTHORIZED, "the old password still works");
}

#[tokio::test]
async fn wrong_passwords_make_wait_and_say_how_many_are_free() {
    let server = Server::open().await;
    let wrong = || basic("/api/v2/users/me", "GET", "admin:wrong", &json!({}));
    let first = server.send(wrong()).await;
    assert_eq!(first.status, StatusCode::UNAUTHORIZED);
    let said = first.json()["error"]["message"].to_string()
        + &first.json()["error"]["action"].to_string()
        + &first.json()["error"]["cause"].to_string();
    assert!(said.contains('4'), "{said}");
    for _ in 0..4 {
        server.send(wrong()).await;
    }
    let locked = server.send(wrong()).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS, "{}", locked.text);
    assert_eq!(locked.headers["retry-after"], "2");
}

#[tokio::test]
async fn a_password_of_the_wrong_type_is_not_repeated() {
    let server = Server::open().await;
    let body = json!({ "oldPassword": 123_454_321, "newPassword": "x" });
    let answered = server.ask("POST", "/api/v2/users/me/password", Some(&body)).await;
    assert_eq!(answered.status.as_u16(), 422);
    assert!(!answered.text.contains("123454321"), "{}", answered.text);
}
