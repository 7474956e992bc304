//! Channels over REST: their secrets are taken and never shown, and the fate of notices is listed.

use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn a_channel_is_created_tested_changed_and_deleted_and_shows_no_secret() {
    let server = Server::open().await;
    let body = json!({
        "name": "dba", "url": "http://127.0.0.1:1/of-the-url", "signatureSecret": "of-the-signature",
        "headers": [{ "name": "Authorization", "value": "of-the-header" }],
        "levels": [1], "clusterIds": [7], "recovered": true, "language": "zh-CN",
    });
    let made = server.ask("POST", "/api/v2/alarm/channels", Some(&body)).await.json();
    let id = made["data"]["id"].as_i64().unwrap_or_else(|| panic!("created: {made}"));
    let path = format!("/api/v2/alarm/channels/{id}");
    let tested = server.ask("POST", &format!("{path}/test"), None).await.json();
    assert_eq!(
        (&tested["data"]["status"], &tested["data"]["event"]),
        (&json!("FAILED"), &json!("TEST")),
        "{tested}"
    );
    assert_eq!(tested["data"]["problem"]["id"], "notice-no-connection", "{tested}");
    let change = json!({ "levels": [], "enabled": false });
    let changed = server.ask("PATCH", &path, Some(&change)).await.json();
    let data = &changed["data"];
    assert_eq!(
        (&data["levels"], &data["clusterIds"], &data["enabled"]),
        (&json!([]), &json!([7]), &json!(false))
    );
    assert_eq!((&data["endpoint"], &data["signed"]), (&json!("http://127.0.0.1:1"), &json!(true)));
    let moved = json!({ "url": "http://127.0.0.1:2/" });
    let refused = server.ask("PATCH", &path, Some(&moved)).await.json();
    assert_eq!(refused["error"]["id"], "channel-secrets-needed", "{refused}");
    let listed = server.ask("GET", "/api/v2/alarm/channels", None).await;
    let outbox = server.ask("GET", &format!("{path}/outbox"), None).await;
    assert_eq!(outbox.json()["data"]["page"]["totalElements"], 1, "{}", outbox.text);
    for shown in [made.to_string(), tested.to_string(), changed.to_string(), listed.text, outbox.text] {
        for secret in ["of-the-url", "of-the-header", "of-the-signature"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    for (field, value) in [("url", "file:///etc/passwd"), ("levels", "x")] {
        let mut wrong = body.clone();
        wrong[field] = json!(value);
        let refused = server.ask("POST", "/api/v2/alarm/channels", Some(&wrong)).await;
        assert_eq!(refused.status.as_u16() / 100, 4, "{field}: {}", refused.text);
    }
    assert_eq!(server.ask("DELETE", &path, None).await.status.as_u16(), 200);
    assert_eq!(server.ask("GET", &path, None).await.status.as_u16(), 404);
}

#[tokio::test]
async fn an_email_channel_shows_its_settings_and_keeps_its_password_for_its_server() {
    let server = Server::open().await;
    let email = json!({
        "host": "127.0.0.1", "port": 1, "tls": "STARTTLS", "user": "lifeboat", "password": "of-the-account",
        "from": "lifeboat@db.example", "to": ["dba@db.example"],
    });
    let body = json!({ "name": "mail", "kind": "EMAIL", "email": email });
    let made = server.ask("POST", "/api/v2/alarm/channels", Some(&body)).await.json();
    let id = made["data"]["id"].as_i64().unwrap_or_else(|| panic!("created: {made}"));
    let path = format!("/api/v2/alarm/channels/{id}");
    let shown = json!({
        "host": "127.0.0.1", "port": 1, "tls": "STARTTLS", "user": "lifeboat", "from": "lifeboat@db.example",
        "to": ["dba@db.example"],
    });
    let data = &made["data"];
    assert_eq!((&data["kind"], &data["email"]), (&json!("EMAIL"), &shown), "{made}");
    assert_eq!((&data["endpoint"], &data["signed"]), (&json!("smtp://127.0.0.1:1"), &json!(false)));
    let tested = server.ask("POST", &format!("{path}/test"), None).await.json();
    assert_eq!(tested["data"]["problem"]["id"], "notice-no-connection", "{tested}");
    let to = json!({ "email": { "to": ["dba@db.example", "ops@db.example"] } });
    let changed = server.ask("PATCH", &path, Some(&to)).await.json();
    assert_eq!(changed["data"]["email"]["to"][1], "ops@db.example", "{changed}");
    for shown in [made.to_string(), tested.to_string(), changed.to_string()] {
        assert!(!shown.contains("of-the-account"), "{shown}");
    }
    let refusals = [
        (json!({ "email": { "port": 2 } }), "channel-mail-password-needed"),
        (json!({ "email": { "tls": "NONE", "password": "x" } }), "channel-mail-password-unprotected"),
        (json!({ "url": "http://127.0.0.1:1/" }), "channel-kind-differs"),
        (json!({ "email": {}, "url": "http://127.0.0.1:1/" }), "channel-kind-differs"),
        (json!({ "email": { "to": [] } }), "channel-mail-recipients-number"),
    ];
    for (change, expected) in refusals {
        let refused = server.ask("PATCH", &path, Some(&change)).await.json();
        assert_eq!(refused["error"]["id"], expected, "{refused}");
    }
    let of = |kind: &str, setting: &str| json!({ "name": "x", "kind": kind, setting: body["email"] });
    let news = [
        (json!({ "name": "x" }), "channel-setting-missing"),
        (json!({ "name": "x", "kind": "EMAIL" }), "channel-setting-missing"),
        (
            json!({ "name": "x", "kind": "EMAIL", "url": "http://127.0.0.1:1/" }),
            "channel-setting-of-another-kind",
        ),
        (of("WEBHOOK", "email"), "channel-setting-of-another-kind"),
    ];
    for (new, expected) in news {
        let refused = server.ask("POST", "/api/v2/alarm/channels", Some(&new)).await.json();
        assert_eq!(refused["error"]["id"], expected, "{refused}");
    }
    let away = json!({ "email": { "user": "", "tls": "NONE" } });
    let changed = server.ask("PATCH", &path, Some(&away)).await.json();
    assert_eq!(
        (&changed["data"]["email"]["user"], &changed["data"]["email"]["tls"]),
        (&json!(null), &json!("NONE"))
    );
}
