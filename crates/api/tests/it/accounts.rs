//! Accounts, tokens and the audit log over HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::server::{Answered, Server, basic};

async fn as_one(server: &Server, credential: &str, method: &str, path: &str, body: Value) -> Answered {
    let request = Request::builder().method(method).uri(path).header("authorization", credential);
    let request = request.header("content-type", "application/json").body(Body::from(body.to_string()));
    server.send(request.expect("a request")).await
}

async fn me(server: &Server, credential: &str) -> Answered {
    as_one(server, credential, "GET", "/api/v2/users/me", json!({})).await
}

/// Creates a token in the name of a user.
async fn token(server: &Server, credential: &str, body: Value) -> String {
    let made = as_one(server, credential, "POST", "/api/v2/users/me/tokens", body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    format!("Bearer {}", made.json()["data"]["token"].as_str().expect("the token"))
}

async fn id(server: &Server, name: &str) -> i64 {
    let list = server.ask("GET", "/api/v2/users?size=100", None).await.json();
    let accounts = list["data"]["contents"].as_array().expect("accounts").clone();
    accounts.iter().find(|account| account["name"] == name).expect("it is listed")["id"]
        .as_i64()
        .expect("an id")
}

#[tokio::test]
async fn a_token_stands_for_its_user_until_it_is_revoked_and_is_shown_once() {
    let server = Server::open().await;
    let eva = server.account("eva", "CLUSTER_VIEWER").await;
    let token = token(&server, &eva, json!({ "name": "ci", "days": 30 })).await;
    let who = me(&server, &token).await.json();
    assert_eq!((&who["data"]["name"], &who["data"]["role"]), (&json!("eva"), &json!("CLUSTER_VIEWER")));
    assert_eq!(who["data"]["permissions"], json!(["READ"]));

    let listed = as_one(&server, &eva, "GET", "/api/v2/users/me/tokens", json!({})).await;
    let row = listed.json()["data"]["contents"][0].clone();
    assert_eq!(row["name"], "ci");
    assert!(row["expireTime"].is_string() && row["lastUseTime"].is_string(), "{row}");
    assert!(!listed.text.contains(token.trim_start_matches("Bearer ")), "it is shown once only");

    let again = as_one(&server, &eva, "POST", "/api/v2/users/me/tokens", json!({ "name": "ci" })).await;
    assert_eq!(again.json()["error"]["id"], "name-taken");
    let others = server.ask("DELETE", &format!("/api/v2/users/me/tokens/{}", row["id"]), None).await;
    assert_eq!(others.status, StatusCode::NOT_FOUND, "only its own user revokes it");
    let path = format!("/api/v2/users/me/tokens/{}", row["id"]);
    assert_eq!(as_one(&server, &eva, "DELETE", &path, json!({})).await.status, StatusCode::OK);
    assert_eq!(me(&server, &token).await.json()["error"]["id"], "token-unknown");
}

#[tokio::test]
async fn another_role_another_password_or_none_at_all_ends_everything_at_once() {
    let server = Server::open().await;
    let changes = [
        ("PATCH", "", json!({ "role": "BACKUP_MANAGER" })),
        ("PATCH", "", json!({ "enabled": false })),
        ("POST", "/password", json!({ "password": "given by admin" })),
        ("DELETE", "", Value::Null),
    ];
    for (number, (method, path, body)) in changes.into_iter().enumerate() {
        let name = format!("eva{number}");
        let eva = server.account(&name, "CLUSTER_VIEWER").await;
        let token = token(&server, &eva, json!({ "name": "ci" })).await;
        let session = server.browser(&name).await;
        assert_eq!(me(&server, &token).await.status, StatusCode::OK);
        assert_eq!(server.send(server.with(&session)).await.status, StatusCode::OK);

        let id = id(&server, &name).await;
        let body = Some(body).filter(|body| !body.is_null());
        let done = server.ask(method, &format!("/api/v2/users/{id}{path}"), body.as_ref()).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        assert_eq!(me(&server, &token).await.json()["error"]["id"], "token-unknown", "{name}");
        let resumed = server.send(server.with(&session)).await;
        assert_eq!(resumed.json()["error"]["id"], "session-over", "{name}");
        // The recent verification of the password must not count any more either.
        let basic = me(&server, &eva).await.json();
        let expected = [
            json!("BACKUP_MANAGER"),
            json!("account-disabled"),
            json!("log-on-wrong"),
            json!("log-on-wrong"),
        ];
        let found = if basic["error"].is_null() { &basic["data"]["role"] } else { &basic["error"]["id"] };
        assert_eq!(*found, expected[number], "{name}");
    }
}

#[tokio::test]
async fn the_last_active_administrator_stays() {
    let server = Server::open().await;
    let admin = id(&server, "admin").await;
    let path = format!("/api/v2/users/{admin}");
    let refused = async |method: &str, body: Option<Value>| {
        server.ask(method, &path, body.as_ref()).await.json()["error"]["id"].clone()
    };
    assert_eq!(refused("PATCH", Some(json!({ "enabled": false }))).await, "account-last-admin");
    assert_eq!(refused("PATCH", Some(json!({ "role": "CLUSTER_VIEWER" }))).await, "account-last-admin");
    assert_eq!(refused("DELETE", None).await, "account-last-admin");
    // Another administrator counts only if the account is not disabled.
    server.account("eva", "ADMIN").await;
    let eva = format!("/api/v2/users/{}", id(&server, "eva").await);
    server.ask("PATCH", &eva, Some(&json!({ "enabled": false }))).await;
    assert_eq!(refused("DELETE", None).await, "account-last-admin");
    server.ask("PATCH", &eva, Some(&json!({ "enabled": true }))).await;
    assert_eq!(refused("PATCH", Some(json!({ "role": "CLUSTER_VIEWER" }))).await, Value::Null);
}

#[tokio::test]
async fn every_change_of_an_account_is_in_the_audit_log_and_can_be_found_there() {
    let server = Server::open().await;
    let eva = server.account("eva", "CLUSTER_VIEWER").await;
    let path = format!("/api/v2/users/{}", id(&server, "eva").await);
    token(&server, &eva, json!({ "name": "ci" })).await;
    server.ask("PATCH", &path, Some(&json!({ "role": "BACKUP_MANAGER" }))).await;
    server.ask("PATCH", &path, Some(&json!({ "enabled": false }))).await;
    server.ask("PATCH", &path, Some(&json!({ "enabled": true }))).await;
    server.ask("POST", &format!("{path}/password"), Some(&json!({ "password": "short" }))).await;
    server.ask("POST", &format!("{path}/password"), Some(&json!({ "password": "long enough" }))).await;
    server.ask("DELETE", &path, None).await;
    let all = server.ask("GET", "/api/v2/audit?object=user/eva&size=100", None).await.json();
    let contents = all["data"]["contents"].as_array().expect("lines").clone();
    let deeds: Vec<String> = contents
        .iter()
        .rev()
        .map(|line| format!("{} {}: {}", line["user"], line["action"], line["outcome"]).replace('"', ""))
        .collect();
    assert_eq!(
        deeds,
        [
            "admin account-create: done",
            "eva change-password: done",
            "eva token-create: done",
            "admin account-change: done",
            "admin account-disable: done",
            "admin account-enable: done",
            "admin account-set-password: password-too-short",
            "admin account-set-password: done",
            "admin account-remove: done",
        ]
    );
    let total = async |query: &str| {
        let path = format!("/api/v2/audit?{query}");
        server.ask("GET", &path, None).await.json()["data"]["page"]["totalElements"].as_u64()
    };
    assert_eq!(total("user=eva&action=token-create").await, Some(1));
    assert_eq!(total("user=nobody").await, Some(0));
    assert_eq!(total("endTime=2020-01-01T00:00:00Z").await, Some(0));
    assert_eq!(total("startTime=2020-01-01T00:00:00Z&object=user/eva").await, Some(9));
    let page = server.ask("GET", "/api/v2/audit?object=user/eva&page=5&size=2", None).await.json();
    assert_eq!(page["data"]["contents"].as_array().map(Vec::len), Some(1), "{page}");
    assert_eq!(page["data"]["contents"][0]["action"], "account-create");
}

#[tokio::test]
async fn invalid_input_is_refused_with_a_reason() {
    let server = Server::open().await;
    let create = async |name: &str, password: &str| {
        let body = json!({ "name": name, "role": "ADMIN", "password": password });
        server.ask("POST", "/api/v2/users", Some(&body)).await.json()["error"]["id"].clone()
    };
    assert_eq!(create("a:b", "long enough").await, "account-name-malformed");
    assert_eq!(create("eva", "short").await, "password-too-short");
    assert_eq!(create("admin", "long enough").await, "name-taken");
    let days = json!({ "name": "ci", "days": 0 });
    let days = server.ask("POST", "/api/v2/users/me/tokens", Some(&days)).await;
    assert_eq!(days.json()["error"]["id"], "token-days-out-of-range");
    let own = format!("/api/v2/users/{}/password", id(&server, "admin").await);
    let own = server.ask("POST", &own, Some(&json!({ "password": "long enough" }))).await;
    assert_eq!(own.json()["error"]["id"], "account-own-password");
    let wrong = me(&server, &basic("eva", "x")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_makes_none_that_outlives_it_and_takes_those_it_made_along() {
    let server = Server::open().await;
    let eva = server.account("eva", "CLUSTER_VIEWER").await;
    let make = async |by: &str, body: Value| {
        as_one(&server, by, "POST", "/api/v2/users/me/tokens", body).await.json()["data"].clone()
    };
    let bearer = |made: &Value| format!("Bearer {}", made["token"].as_str().expect("the token"));
    let parent = make(&eva, json!({ "name": "parent", "days": 1 })).await;
    let child = make(&bearer(&parent), json!({ "name": "child", "days": 3650 })).await;
    let grandchild = make(&bearer(&child), json!({ "name": "grandchild" })).await;
    let end = |made: &Value| made["expireTime"].clone();
    assert!(end(&parent).is_string(), "{parent}");
    assert_eq!([end(&child), end(&grandchild)], [end(&parent), end(&parent)]);
    let other = make(&eva, json!({ "name": "other" })).await;

    let path = format!("/api/v2/users/me/tokens/{}", parent["id"]);
    let revoked = as_one(&server, &eva, "DELETE", &path, json!({})).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    for gone in [&parent, &child, &grandchild] {
        assert_eq!(me(&server, &bearer(gone)).await.json()["error"]["id"], "token-unknown", "{gone}");
    }
    assert_eq!(me(&server, &bearer(&other)).await.status, StatusCode::OK);
}
