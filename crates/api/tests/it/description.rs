//! The OpenAPI description is true, and every route needs a log-on.

use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;

use crate::server::Server;

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

/// Every path with its methods, as the description lists them.
fn operations() -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            operations.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    operations
}

#[test]
fn the_committed_description_is_the_one_the_handlers_make() {
    let made = api::document();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(committed(), &made).expect("docs can be written");
        return;
    }
    let committed = std::fs::read_to_string(committed()).unwrap_or_default();
    assert!(made == committed, "docs/openapi.json is old: run `UPDATE_OPENAPI=1 cargo test -p api`");
}

#[tokio::test]
async fn every_route_needs_a_log_on() {
    let server = Server::open().await;
    let mut walked = 0;
    for (path, method, operation) in operations() {
        if operation["security"] == serde_json::json!([{}]) {
            continue;
        }
        let path = path.replace("{database}", "shop");
        let filled: String = path
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let request = Request::builder().method(method.as_str()).uri(&filled).body(Body::empty());
        let answered = server.send(request.expect("a request")).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{method} {filled}");
        assert_eq!(answered.json()["error"]["id"], "not-logged-on", "{method} {filled}");
        assert!(answered.headers["www-authenticate"].to_str().expect("text").starts_with("Basic "));
        walked += 1;
    }
    assert!(walked > 40, "only {walked} operations were walked");
}

#[test]
fn only_the_health_check_and_the_log_on_are_open() {
    let open =
        operations().into_iter().filter(|(.., operation)| operation["security"] == serde_json::json!([{}]));
    let mut open: Vec<_> = open.map(|(path, method, _)| format!("{method} {path}")).collect();
    open.sort();
    assert_eq!(open, ["DELETE /api/v2/session", "GET /healthz", "GET /readyz", "POST /api/v2/session"]);
}

#[test]
fn every_operation_has_a_unique_name_and_a_summary() {
    let mut names: Vec<String> = Vec::new();
    for (path, method, operation) in operations() {
        let name = operation["operationId"].as_str().expect("a name").to_owned();
        assert!(!names.contains(&name), "{name}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
        names.push(name);
    }
}

#[test]
fn the_description_spells_words_as_the_wire_does() {
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["TaskStatus"]["enum"], serde_json::json!(["RUNNING", "FAILED", "SUCCESSFUL"]));
    assert_eq!(schemas["ClusterStatus"]["enum"], serde_json::json!(["RUNNING", "UPGRADING", "UNAVAILABLE"]));
}

#[test]
fn the_description_names_every_compression_that_can_be_chosen() {
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let field = &document["components"]["schemas"]["BackupNowBody"]["properties"]["compression"];
    for codec in ["none", "lz4", "zstd"] {
        for part in ["pattern", "description"] {
            assert!(field[part].as_str().is_some_and(|text| text.contains(codec)), "{part} {codec}: {field}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next());
    let lost: Vec<&str> = references.filter(|pointer| document.pointer(pointer).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}
