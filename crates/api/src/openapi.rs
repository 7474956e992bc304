//! The OpenAPI description, which is stored in `docs/openapi.json`.

use std::collections::HashMap;

use serde_json::{Value, json};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;

use crate::router::routes;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Lifeboat",
        description = "Backup and recovery for OceanBase.\n\nEvery answer has an envelope: `data`, or `error` instead. \
            `Accept-Language` chooses the language of messages (en-US, zh-CN). Lists are returned page by page, from page 1, \
            with at most 2000 rows each. Times carry their offset.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "clusters", description = "Take over, show and remove clusters"),
        (name = "backups", description = "Options for a backup, Back up Now, backup sets"),
        (name = "strategies", description = "Backup strategies: schedules, runs, previews"),
        (name = "log backup", description = "Status of log backup; start, stop, pause, resume"),
        (name = "compaction", description = "Status of major compaction; start, clear exceptions"),
        (name = "alarms", description = "Current and recovered alarms"),
        (name = "channels", description = "Receivers of notices of alarms, and the outbox"),
        (name = "recovery", description = "Recover backup sets and tenants"),
        (name = "retention", description = "Which backup sets are kept, clean-up, holds"),
        (name = "storages", description = "Storage configurations and their tests"),
        (name = "tasks", description = "Watch, retry, skip, cancel and roll back tasks"),
        (name = "users", description = "The logged-on user; accounts, tokens, the audit log"),
        (name = "server", description = "The server itself")
    ),
    components(schemas(crate::error::FailureEnvelope)),
    security(("basic" = []), ("token" = [])),
    modifiers(&Schemes)
)]
struct Description;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("basic", basic);
        components.add_security_scheme("token", token);
    }
}

/// Returns the description as JSON, generated from the handlers.
///
/// # Panics
/// Never: the description is plain data.
#[must_use]
pub fn document() -> String {
    let described = OpenApiRouter::with_openapi(Description::openapi()).merge(routes()).into_openapi();
    let mut document = serde_json::to_value(described).expect("plain data can be written as JSON");
    let named: HashMap<String, String> = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, schema)| (schema.to_string(), format!("#/components/schemas/{name}")))
        .collect();
    for schema in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        for part in children(schema.1) {
            refer(part, &named);
        }
    }
    format!("{document:#}\n")
}

/// Replaces every named schema with a reference: utoipa writes the arguments of generic types inline.
fn refer(value: &mut Value, named: &HashMap<String, String>) {
    if let Some(reference) = value.is_object().then(|| named.get(&value.to_string())).flatten() {
        *value = json!({ "$ref": reference });
        return;
    }
    for part in children(value) {
        refer(part, named);
    }
}

fn children(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    }
}
