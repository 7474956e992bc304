//! Every route, on one page.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use control::Control;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ingress::Ingress;
use crate::measure::{self, Requests};
use crate::routes::{
    accounts, alarms, audit, backups, channels, clusters, compactions, configuration, history, log_backups,
    metrics, protection, restores, retention, server, signing, storage_uses, storages, strategies, tasks,
    tenants, tokens, users, watchers,
};
use crate::{Api, Settings, auth, call, console, error, events, guard, session};

/// Returns the whole server: the API, and the console for all other paths.
pub fn router(control: Control, settings: Settings) -> axum::Router {
    let Settings { server_name, is_https, trusted_proxies, shutdown } = settings;
    let server: Arc<str> = server_name.into();
    let ingress = Ingress::new(is_https, &trusted_proxies);
    let requests = Requests::new();
    let api = Api { control, ingress: ingress.clone(), requests: requests.clone(), shutdown };
    let (logged_on, _) = api_routes().split_for_parts();
    let (scraped, _) = scraped_routes().split_for_parts();
    let (open, _) = open_routes().split_for_parts();
    let log_on = from_fn_with_state(api.clone(), auth::log_on);
    let routes = axum::Router::new()
        .nest("/api/v2", logged_on.layer(log_on.clone()))
        .merge(scraped.layer(log_on))
        .merge(open)
        .fallback(console::page)
        .method_not_allowed_fallback(error::no_such_method);
    surround(routes, server, ingress, requests).with_state(api)
}

/// Adds the middleware for every request around the routes, the outermost last.
fn surround<S: Clone + Send + Sync + 'static>(
    routes: axum::Router<S>,
    server: Arc<str>,
    ingress: Ingress,
    requests: Requests,
) -> axum::Router<S> {
    routes
        .layer(DefaultBodyLimit::max(guard::BODY_MAX_BYTES))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(ingress, guard::protect))
        .layer(from_fn_with_state(requests, measure::measure))
        .layer(from_fn_with_state(server, call::accompany))
}

/// Every route with its description.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().nest("/api/v2", api_routes()).merge(scraped_routes()).merge(open_routes())
}

/// Routes that need no log-on.
fn open_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(server::healthz))
        .routes(routes!(server::readyz))
        .routes(routes!(session::log_on, session::log_off))
}

/// Routes that need a log-on, at the paths that monitoring expects.
fn scraped_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(metrics::metrics))
}

/// Routes that need a log-on. Their paths are below `/api/v2`.
#[rustfmt::skip]
fn api_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        // Clusters: take over, show, remove
        .routes(routes!(clusters::cluster_list, clusters::cluster_add))
        .routes(routes!(clusters::cluster_precheck))
        .routes(routes!(clusters::cluster_get, clusters::cluster_change, clusters::cluster_remove))
        .routes(routes!(clusters::cluster_refresh))
        .routes(routes!(clusters::cluster_zones))
        .routes(routes!(clusters::cluster_servers))
        .routes(routes!(tenants::tenant_list))
        .routes(routes!(tenants::all_tenant_list))
        .routes(routes!(tenants::tenant_credential_set, tenants::tenant_credential_remove))
        .routes(routes!(tenants::tenant_credential_test))
        .routes(routes!(clusters::database_list))
        .routes(routes!(clusters::table_list))
        // Backups of a cluster, and of one tenant
        .routes(routes!(backups::backup_ability))
        .routes(routes!(backups::all_backup_overview))
        .routes(routes!(backups::backup_overview))
        .routes(routes!(backups::backup_now))
        .routes(routes!(backups::tenant_backup_now))
        .routes(routes!(backups::tenant_backup_ability))
        .routes(routes!(backups::data_backup_task_list))
        .routes(routes!(backups::tenant_data_backup_task_list))
        .routes(routes!(backups::all_backup_set_list))
        .routes(routes!(protection::protection_list))
        .routes(routes!(backups::restore_statements))
        .routes(routes!(signing::set_origin))
        .routes(routes!(backups::set_database_list))
        .routes(routes!(backups::set_table_list))
        .routes(routes!(backups::backup_set_list))
        .routes(routes!(backups::tenant_backup_set_list))
        // Log backup
        .routes(routes!(log_backups::log_backup_task_list))
        .routes(routes!(log_backups::tenant_log_backup_task_list))
        .routes(routes!(log_backups::log_delay_list))
        .routes(routes!(log_backups::log_gap_list))
        .routes(routes!(storage_uses::storage_usage_list))
        .routes(routes!(log_backups::log_backup_change))
        .routes(routes!(log_backups::tenant_log_backup_change))
        // Major compaction
        .routes(routes!(compactions::compaction_get))
        .routes(routes!(compactions::compaction_start))
        .routes(routes!(compactions::compaction_clear))
        // Recovery
        .routes(routes!(restores::restore))
        .routes(routes!(restores::tenant_restore))
        .routes(routes!(restores::restore_preview))
        .routes(routes!(restores::cluster_restore))
        .routes(routes!(restores::cluster_restore_preview))
        .routes(routes!(restores::backup_info))
        .routes(routes!(restores::tenant_backup_info))
        .routes(routes!(restores::storage_restore_info))
        .routes(routes!(restores::restore_task_list))
        .routes(routes!(restores::tenant_restore_task_list))
        // Retention
        .routes(routes!(retention::retention_plan))
        .routes(routes!(retention::retention_apply))
        .routes(routes!(retention::delete_policy_list))
        .routes(routes!(retention::delete_policy_preview))
        .routes(routes!(retention::delete_policy_change))
        .routes(routes!(retention::set_hold, retention::set_release))
        // Storage configurations
        .routes(routes!(storages::storage_list, storages::storage_add))
        .routes(routes!(storages::storage_get, storages::storage_change, storages::storage_remove))
        .routes(routes!(storages::storage_test))
        .routes(routes!(storages::storage_scan))
        .routes(routes!(storages::storage_test_typed))
        .routes(routes!(storages::cluster_storage_test))
        // Backup strategies
        .routes(routes!(strategies::all_strategy_list))
        .routes(routes!(strategies::schedule_preview))
        .routes(routes!(
            strategies::strategy_get, strategies::strategy_create, strategies::strategy_change, strategies::strategy_delete
        ))
        .routes(routes!(strategies::schedule_start))
        .routes(routes!(strategies::schedule_stop))
        .routes(routes!(strategies::strategy_run_list))
        .routes(routes!(strategies::strategy_next_runs))
        .routes(routes!(
            strategies::tenant_strategy_get, strategies::tenant_strategy_create, strategies::tenant_strategy_change,
            strategies::tenant_strategy_delete
        ))
        .routes(routes!(strategies::tenant_schedule_start))
        .routes(routes!(strategies::tenant_schedule_stop))
        .routes(routes!(strategies::tenant_strategy_run_list))
        .routes(routes!(strategies::tenant_strategy_next_runs))
        // Alarms
        .routes(routes!(alarms::alarm_list))
        .routes(routes!(alarms::alarm_get))
        .routes(routes!(alarms::alarm_acknowledge))
        .routes(routes!(alarms::alarm_silence, alarms::alarm_unsilence))
        .routes(routes!(channels::channel_list, channels::channel_add))
        .routes(routes!(channels::channel_get, channels::channel_change, channels::channel_remove))
        .routes(routes!(channels::channel_test))
        .routes(routes!(channels::channel_outbox))
        // Tasks
        .routes(routes!(tasks::task_list))
        .routes(routes!(tasks::task_get))
        .routes(routes!(tasks::task_retry))
        .routes(routes!(tasks::task_cancel))
        .routes(routes!(tasks::task_rollback))
        .routes(routes!(tasks::subtask_log))
        .routes(routes!(tasks::subtask_retry))
        .routes(routes!(tasks::subtask_skip))
        .routes(routes!(tasks::subtask_cancel))
        .routes(routes!(events::events))
        // Users, and the server itself
        .routes(routes!(users::me))
        .routes(routes!(users::change_my_password))
        .routes(routes!(tokens::token_list, tokens::token_add))
        .routes(routes!(tokens::token_revoke))
        .routes(routes!(accounts::account_list, accounts::account_add))
        .routes(routes!(accounts::account_get, accounts::account_change, accounts::account_remove))
        .routes(routes!(accounts::account_set_password))
        .routes(routes!(audit::audit_list))
        .routes(routes!(signing::signing_keys))
        .routes(routes!(signing::signing_key_rotate))
        .routes(routes!(signing::signing_key_trust))
        .routes(routes!(signing::signing_key_distrust))
        .routes(routes!(watchers::watcher_list))
        .routes(routes!(history::history_get))
        .routes(routes!(configuration::configuration_get))
        .routes(routes!(server::version))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt as _;

    async fn broken() -> &'static str {
        panic!("the password is hunter2")
    }

    #[tokio::test]
    async fn a_panic_is_answered_in_the_envelope_without_its_message() {
        let routes = axum::Router::new().route("/broken", get(broken));
        let router =
            super::surround(routes, "here".into(), super::Ingress::new(false, &[]), super::Requests::new());
        let request = Request::get("/broken").body(Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("a router always answers");
        assert_eq!(response.status().as_u16(), 500);
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("the whole answer");
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["error"]["id"], "server-fault", "{body}");
        assert_eq!(body["server"], "here", "{body}");
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }
}
