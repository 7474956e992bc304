//! Permissions: every operation of the description, with each role and without a log-on, compared with the reviewed
//! table. A new route without a decision fails here.

use std::fmt::Write as _;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Map, Value, json};

use crate::server::{ADMIN, Server, basic};

const ROLES: [&str; 2] = ["BACKUP_MANAGER", "CLUSTER_VIEWER"];

/// The answer to a caller without permission.
const REFUSALS: [&str; 3] = ["not-logged-on", "permission-missing", "password-must-change"];

#[tokio::test]
async fn every_route_is_open_to_exactly_those_the_table_says() {
    let server = Server::open().await;
    server.shutdown.cancel(); // so that a stream of events ends at once
    let [manager, viewer] = ROLES.map(|role| (role.to_lowercase(), role));
    let mut callers = vec![("nobody", None), ("ADMIN", Some(ADMIN.to_owned()))];
    for (name, role) in [manager, viewer] {
        callers.push((role, Some(server.account(&name, role).await)));
    }
    let given = json!({ "name": "new", "role": "ADMIN", "password": "given to him" });
    assert_eq!(server.ask("POST", "/api/v2/users", Some(&given)).await.status.as_u16(), 200);
    callers.push(("not activated", Some(basic("new", "given to him"))));

    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let mut table = String::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let mut allowed = Vec::new();
            for (role, credential) in &callers {
                let request = request(&document, path, method, operation, credential.as_deref());
                let answered = server.send(request).await;
                let status = answered.status.as_u16();
                let id = if status >= 400 { answered.json()["error"]["id"].clone() } else { Value::Null };
                // With all permissions a request may still be invalid; with few it must be refused before that check.
                let may_be_wrong = status == 400 && ["ADMIN", "BACKUP_MANAGER"].contains(role);
                let is_unread = [400, 415, 422, 429].contains(&status) || id == "log-on-wrong";
                let decided = may_be_wrong || !is_unread;
                let is_own_password = path.ends_with("/me/password") || path.ends_with("/session");
                assert!(decided || is_own_password, "{method} {path} decides nothing: {}", answered.text);
                if !REFUSALS.iter().any(|refusal| id == *refusal) {
                    allowed.push(*role);
                    continue;
                }
                let answered = server.send(garbage(path, method, credential.as_deref())).await;
                let id = answered.json()["error"]["id"].clone();
                assert!(
                    REFUSALS.iter().any(|refusal| id == *refusal),
                    "{role} learns of {method} {path} what is wrong with its fields: {}",
                    answered.text
                );
            }
            let method = method.to_uppercase();
            let _ = writeln!(table, "{:<7} {path:<72} {}", method, allowed.join(", "));
        }
    }
    let reviewed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/permissions.txt");
    if std::env::var_os("UPDATE_PERMISSIONS").is_some() {
        std::fs::write(reviewed, table).expect("the table can be written");
        return;
    }
    let reviewed = std::fs::read_to_string(reviewed).unwrap_or_default();
    let news = |old: &str, new: &str| -> Vec<String> {
        new.lines().filter(|line| !old.lines().any(|known| known == *line)).map(str::to_owned).collect()
    };
    assert!(
        table == reviewed,
        "decide, then run `UPDATE_PERMISSIONS=1 cargo test -p api`: now {:#?}, reviewed {:#?}",
        news(&reviewed, &table),
        news(&table, &reviewed)
    );
}

/// Returns an unreadable request: path, query and body are wrong.
fn garbage(path: &str, method: &str, credential: Option<&str>) -> Request<Body> {
    let wrong = path.split('/').map(|part| if part.starts_with('{') { "no-number" } else { part });
    let wrong = format!("{}?page=x&size=x&pageNumber=x", wrong.collect::<Vec<_>>().join("/"));
    let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(wrong);
    if let Some(credential) = credential {
        request = request.header("authorization", credential);
    }
    let request = request.header("content-type", "application/json").body(Body::from("{\"\": ["));
    request.expect("a request")
}

fn request(
    document: &Value,
    path: &str,
    method: &str,
    operation: &Value,
    credential: Option<&str>,
) -> Request<Body> {
    let filled = path.split('/').map(|part| match part {
        "{database}" => "shop",
        "{action}" => "start",
        part if part.starts_with('{') => "4711",
        part => part,
    });
    let filled = filled.collect::<Vec<_>>().join("/");
    let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(filled);
    if let Some(credential) = credential {
        request = request.header("authorization", credential);
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let request = if schema.is_null() {
        request.body(Body::empty())
    } else {
        let body = body(path).unwrap_or_else(|| smallest(document, schema)).to_string();
        request.header("content-type", "application/json").body(Body::from(body))
    };
    request.expect("a request")
}

/// Returns a body that passes the checks, for paths where the smallest body of the schema does not.
fn body(path: &str) -> Option<Value> {
    let base = json!({ "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": "/nowhere/" });
    let schedule =
        json!({ "backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC" });
    let cluster = json!({ "name": "x", "addresses": ["127.0.0.1:1"], "user": "root@sys", "password": "x" });
    match path.strip_prefix("/api/v2")? {
        "/backup/strategies/nextRuns" => Some(schedule),
        strategy if strategy.ends_with("/backupStrategy") => {
            Some(json!({ "obBackupScheduleConfig": schedule }))
        }
        policy if policy.ends_with("/deletePolicies/preview") => {
            Some(json!({ "tenantIdList": [1], "action": "DROP" }))
        }
        "/backup/storages" => Some(json!({ "configName": "x", "obBackupStorageBaseInfo": base })),
        "/backup/storages/test" | "/ob/clusters/{id}/backup/storage/test" => {
            Some(json!({ "obBackupStorageBaseInfo": base }))
        }
        "/ob/clusters" | "/ob/clusters/precheck" => Some(cluster),
        "/ob/clusters/{id}/backup/restore/preview" => Some(json!({
            "restoreOnlineTenantRequiredParam": {
                "backupTenantId": 1002,
                "restoreTenantInfoParam": { "name": "x", "poolList": ["x"] },
            },
        })),
        "/backup/sets/{id}/hold" => Some(json!({ "reason": "x" })),
        restore if restore.ends_with("/restore") => {
            Some(json!({ "backupSetId": 4711, "restoreTenantId": 1 }))
        }
        _ => None,
    }
}

/// Returns the smallest value that a schema allows.
fn smallest(document: &Value, schema: &Value) -> Value {
    if let Some(pointer) = schema["$ref"].as_str() {
        return smallest(document, &document.pointer(&pointer[1..]).expect("a schema").clone());
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(first) =
            schema[several].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"))
        {
            return smallest(document, first);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = required.iter().filter_map(Value::as_str);
            let fields =
                fields.map(|name| (name.to_owned(), smallest(document, &schema["properties"][name])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Some("array") => json!([]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        _ if schema["format"] == "password" => json!("no password of anybody"),
        _ => json!("x"),
    }
}
