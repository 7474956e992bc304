//! Properties of every answer: the envelope, the language, the errors for unreadable requests.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::server::{ADMIN, Server};

#[tokio::test]
async fn every_answer_comes_in_the_envelope() {
    let server = Server::open().await;
    let answered = server.ask("GET", "/api/v2/ob/clusters?page=1&size=5", None).await;
    assert_eq!(answered.status, StatusCode::OK);
    let body = answered.json();
    assert_eq!(body["data"]["contents"], json!([]));
    assert_eq!(body["data"]["page"], json!({"number": 1, "size": 5, "totalElements": 0, "totalPages": 0}));
    assert_eq!(
        (&body["successful"], &body["status"], &body["server"]),
        (&json!(true), &json!(200), &json!("here"))
    );
    assert!(model::Timestamp::from_rfc3339(body["timestamp"].as_str().expect("text")).is_some(), "{body}");
    assert!(body["duration"].is_u64(), "{body}");
    assert_eq!(body["traceId"].as_str().expect("text").len(), 32);
    assert!(body.get("error").is_none(), "{body}");
}

#[tokio::test]
async fn an_error_takes_the_place_of_data_in_the_readers_language() {
    let server = Server::open().await;
    for (wish, message) in [("en-US", "There is no cluster"), ("zh-CN,zh;q=0.9", "集群")] {
        let request = Request::get("/api/v2/ob/clusters/4711")
            .header("authorization", ADMIN)
            .header("accept-language", wish)
            .body(Body::empty());
        let answered = server.send(request.expect("a request")).await;
        assert_eq!(answered.status, StatusCode::NOT_FOUND);
        let body = answered.json();
        assert_eq!(body["successful"], false);
        assert_eq!(body["error"]["code"], 404);
        assert_eq!(body["error"]["id"], "cluster-unknown");
        let said = body["error"]["message"].as_str().expect("text");
        assert!(said.starts_with(message) && said.contains("4711"), "{said}");
        assert!(body["error"]["action"].is_string(), "{body}");
        assert!(body.get("data").is_none(), "{body}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_naming_what_is_wrong() {
    let server = Server::open().await;
    let cases = [
        ("GET", "/api/v2/ob/clusters?size=many", None, 422, "query-malformed", "size"),
        ("GET", "/api/v2/ob/clusters?size=2001", None, 400, "page-out-of-range", "2001"),
        ("GET", "/api/v2/ob/clusters?sise=1", None, 422, "query-malformed", "sise"),
        ("GET", "/api/v2/ob/clusters/one", None, 422, "path-malformed", "one"),
        ("POST", "/api/v2/ob/clusters", Some("{\"name\": "), 400, "body-malformed", "line 1"),
        ("POST", "/api/v2/ob/clusters", Some("{\"name\": 1}"), 422, "body-of-wrong-shape", "name"),
        (
            "POST",
            "/api/v2/ob/clusters/1/backup/backupNow",
            Some("{\"objekts\": []}"),
            422,
            "body-of-wrong-shape",
            "objekts",
        ),
        ("GET", "/api/v2/ob/clusters/1/backup/sets?startTime=noon", None, 400, "moment-malformed", "noon"),
        ("GET", "/api/v2/nowhere", None, 404, "path-unknown", "/api/v2/nowhere"),
        ("PUT", "/api/v2/ob/clusters", None, 405, "method-not-allowed", "PUT"),
    ];
    for (method, path, body, status, id, named) in cases {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", ADMIN)
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, Body::from));
        let answered = server.send(request.expect("a request")).await;
        let error = &answered.json()["error"];
        assert_eq!(
            (answered.status.as_u16(), error["id"].as_str()),
            (status, Some(id)),
            "{method} {path}: {error}"
        );
        assert!(error["message"].as_str().expect("text").contains(named), "{method} {path}: {error}");
    }
}

#[tokio::test]
async fn a_body_must_be_json_and_not_too_long() {
    let server = Server::open().await;
    let post = |kind: &str, body: Vec<u8>| {
        Request::post("/api/v2/ob/clusters")
            .header("authorization", ADMIN)
            .header("content-type", kind)
            .body(Body::from(body))
            .expect("a request")
    };
    let plain = server.send(post("text/plain", b"{}".to_vec())).await;
    assert_eq!((plain.status.as_u16(), plain.json()["error"]["id"].as_str()), (415, Some("body-not-json")));
    let long = server.send(post("application/json", vec![b' '; 2 << 20])).await;
    assert_eq!((long.status.as_u16(), long.json()["error"]["id"].as_str()), (413, Some("body-too-long")));
}

#[tokio::test]
async fn another_sites_page_may_not_write() {
    let server = Server::open().await;
    let from = |origin: &str, method: &str| {
        Request::builder()
            .method(method)
            .uri("/api/v2/ob/clusters/1/refresh")
            .header("authorization", ADMIN)
            .header("host", "lifeboat:8180")
            .header("origin", origin)
            .body(Body::empty())
            .expect("a request")
    };
    let strange = server.send(from("http://evil.example", "POST")).await;
    assert_eq!(
        (strange.status.as_u16(), strange.json()["error"]["id"].as_str()),
        (403, Some("request-of-other-site"))
    );
    let own = server.send(from("http://lifeboat:8180", "POST")).await;
    assert_eq!(own.status, StatusCode::NOT_FOUND, "{}", own.text);
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_a_browser() {
    let server = Server::open().await;
    for path in ["/", "/api/v2/version", "/api/v2/nowhere", "/healthz"] {
        let answered = server.ask("GET", path, None).await;
        assert_eq!(answered.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answered.headers["x-frame-options"], "DENY", "{path}");
        assert!(answered.headers.contains_key("content-security-policy"), "{path}");
        let kept = answered.headers.get("cache-control").map(|value| value.to_str().expect("text"));
        assert_eq!(kept == Some("no-store"), path.starts_with("/api"), "{path}");
    }
}

#[tokio::test]
async fn the_api_never_falls_through_to_the_page() {
    let server = Server::open().await;
    let root = server.ask("GET", "/", None).await;
    assert_eq!(root.status, StatusCode::OK);
    let is_built = root.text.contains("<!doctype html>");
    assert!(is_built || root.text.contains("console is not built"), "{}", root.text);
    for path in ["/api", "/api/", "/api/v1/x", "/api/v2"] {
        let answered = server.ask("GET", path, None).await;
        assert_eq!(answered.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answered.json()["error"]["id"], "path-unknown", "{path}");
    }
    // The console answers all page addresses; without a console there is nothing.
    assert_eq!(server.ask("GET", "/elsewhere", None).await.status.is_success(), is_built);
    assert_eq!(server.ask("GET", "/assets/elsewhere.js", None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.ask("POST", "/elsewhere", None).await.status, StatusCode::METHOD_NOT_ALLOWED);
}
