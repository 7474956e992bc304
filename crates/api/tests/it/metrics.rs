//! Metrics over HTTP.

use axum::body::Body;
use axum::http::Request;

use crate::server::Server;

async fn send(server: &Server, method: &str, path: &str, credential: Option<&str>) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(credential) = credential {
        request = request.header("authorization", credential);
    }
    let answered = server.send(request.body(Body::empty()).expect("a request")).await;
    (answered.status.as_u16(), answered.text)
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status_and_never_by_what_was_sent() {
    let server = Server::open().await;
    assert_eq!(server.ask("GET", "/api/v2/ob/clusters/4711", None).await.status.as_u16(), 404);
    assert_eq!(server.ask("GET", "/api/v2/ob/clusters/4712", None).await.status.as_u16(), 404);
    assert_eq!(send(&server, "GET", "/api/v2/ob/clusters/4711", None).await.0, 401);
    send(&server, "BREW", "/api/v2/hunter2", None).await;
    send(&server, "GET", "/api/v2/hunter2", None).await;
    let answered = server.ask("GET", "/metrics", None).await;
    assert_eq!(answered.status.as_u16(), 200);
    assert_eq!(answered.headers["cache-control"], "no-store");
    let text = answered.text;
    for (status, count) in [(404, "2.0"), (401, "1.0")] {
        let series = format!(
            r#"lifeboat_http_requests_total{{route="/api/v2/ob/clusters/{{id}}",method="GET",status="{status}"}} {count}"#
        );
        assert!(text.contains(&series), "{series}: {text}");
    }
    assert!(text.contains(r#"{route="unmatched",method="other","#), "{text}");
    for sent in ["4711", "4712", "hunter2", "BREW"] {
        assert!(!text.contains(sent), "{sent}: {text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn a_server_without_clusters_reports_no_objects_and_no_age() {
    let server = Server::open().await;
    let viewer = server.account("vera", "CLUSTER_VIEWER").await;
    let (status, text) = send(&server, "GET", "/metrics", Some(&viewer)).await;
    assert_eq!(status, 200, "any role may read them: {text}");
    for series in [
        "lifeboat_objects 0.0\n",
        "lifeboat_objects_left_out 0.0\n",
        "lifeboat_tasks{state=\"pending\"} 0.0\n",
        "lifeboat_leases{server=\"here\"} 0.0\n",
        "lifeboat_alarms{alarm=\"base_backup_fail\",level=\"2\"} 0.0\n",
        "lifeboat_run_duration_seconds_count{kind=\"backup\",method=\"physical\",mode=\"incremental\",outcome=\"failed\"} 0\n",
        "lifeboat_watcher_failing{watcher=\"clusters\"} 0.0\n",
        "lifeboat_metadata_statement_failures_total{statement=\"list protected clusters\"} 0.0\n",
    ] {
        assert!(text.contains(series), "{series}: {text}");
    }
    assert!(!text.contains("lifeboat_object_backup_age_seconds{"), "{text}");
}
