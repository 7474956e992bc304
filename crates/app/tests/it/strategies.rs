//! Backup strategies on the command line: create, export, compare, apply, and their defaults for Back up Now.

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse as _;
use serde_json::{Value, json};
use sim::{ClusterConfig, Config, Profile};
use tokio::net::TcpListener;

use crate::lifeboat::{Ran, Server, run};
use crate::simulated::{SYS_PASSWORD, Stand, simulated_cluster};

/// Runs a command whose words may contain spaces.
fn lifeboat(server: &Server, words: &[&str]) -> Ran {
    run(server.command(words[0]).args(&words[1..]))
}

#[tokio::test(flavor = "multi_thread")]
async fn strategies_are_exported_compared_and_applied_as_a_file() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let done = |args: &[&str]| {
        let ran = lifeboat(server, args);
        assert_eq!(ran.status, 0, "{args:?}: {}", ran.err);
        ran.out
    };
    let create =
        ["strategy", "create", "--cluster", "prod", "--storage", "local", "--weekly", "2=incremental,6=full"];
    done(&[&create[..], &["--at", "02:00", "--zone", "Asia/Shanghai", "--start-log-backup", "no"]].concat());
    let file = done(&["strategy", "export"]);
    insta::assert_snapshot!("the_exported_strategies", file);
    let path = server.path("strategies.yaml");
    let path = path.to_str().expect("a path");
    let write = |text: &str| std::fs::write(path, text).expect("written");

    write(&file);
    let same = "The backup strategy of prod is up to date\n";
    assert_eq!(done(&["strategy", "apply", path, "--dry-run"]), same);
    assert_eq!(done(&["strategy", "apply", path]), same);

    let shop = "\n- clusterName: prod\n  tenantName: shop\n  obBackupScheduleConfig:\n    backupScheduleMode: CRON\n    cronExpression: 0 3 * * *\n    scheduleZone: UTC\n";
    let changed =
        file.replace("02:00:00.000", "03:30").replace("startLogBackup: false", "startLogBackup: true");
    assert_ne!(changed, file);
    write(&format!("{changed}{shop}"));
    let planned = done(&["strategy", "apply", path, "--dry-run"]);
    insta::assert_snapshot!("the_differences_of_a_file", planned);
    assert_eq!(done(&["strategy", "export"]), file, "a dry run changes nothing");
    let applied = done(&["strategy", "apply", path]);
    assert_eq!(applied.lines().count(), planned.lines().count(), "{applied}");
    assert!(applied.contains("Created the backup strategy of prod/shop"), "{applied}");
    let again = done(&["strategy", "apply", path]);
    assert_eq!(again, format!("{same}The backup strategy of prod/shop is up to date\n"));

    write(&file.replace("obBackupThresholdConfig", "thresholds"));
    let refused = lifeboat(server, &["strategy", "apply", path]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("Unknown key `strategies[0].thresholds`"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn back_up_now_reports_that_it_uses_the_storage_of_the_strategy() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let now = ["backup", "now", "--cluster", "prod", "--dry-run"];
    let before = lifeboat(server, &now);
    assert!(before.status == 0 && !before.out.contains("strategy"), "{}{}", before.out, before.err);
    let create = [
        "strategy",
        "create",
        "--cluster",
        "prod",
        "--storage",
        "local",
        "--cron",
        "0 2 * * *",
        "--zone",
        "UTC",
    ];
    assert_eq!(lifeboat(server, &create).status, 0);
    let said = "Backing up to local, the storage of the backup strategy\n";
    for tenant in [&[][..], &["--tenant", "shop"]] {
        let planned = lifeboat(server, &[&now[..], tenant].concat());
        assert!(planned.status == 0 && planned.out.starts_with(said), "{}{}", planned.out, planned.err);
    }
    let chosen = lifeboat(server, &[&now[..], &["--storage", "local"]].concat());
    assert!(!chosen.out.contains("strategy"), "{}", chosen.out);
    let ran = lifeboat(server, &now[..4]);
    assert_eq!(ran.out, format!("{said}Task 1 was created; follow it with `lifeboat task watch 1`\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_a_file_fails_where_the_server_would_refuse_it() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let create = ["strategy", "create", "--cluster", "prod", "--storage", "local", "--cron", "0 2 * * *"];
    assert_eq!(lifeboat(server, &[&create[..], &["--zone", "UTC"]].concat()).status, 0);
    let file = lifeboat(server, &["strategy", "export"]).out;
    let path = server.path("strategies.yaml");
    let path = path.to_str().expect("a path");
    let elsewhere = format!("file://{}", server.path("elsewhere").display());
    let shop = "\n- clusterName: prod\n  tenantName: shop\n  backupMode: LOGICAL_BACKUP\n  obBackupScheduleConfig:\n    backupScheduleMode: CRON\n    cronExpression: 0 3 * * *\n    scheduleZone: UTC\n";
    let moved = file.replace("storage: local", &format!("storage: {elsewhere}"));
    let logical = file
        .replace("PHYSICAL_BACKUP", "LOGICAL_BACKUP")
        .replace("startLogBackup: true", "startLogBackup: false");
    let incremental =
        "    dataBackupMode: INCREMENTAL_BACKUP\n    fullOnCycle: WEEK\n    fullOnDays: ['7']\n";
    let cases = [
        (moved.clone(), "Would not change the backup strategy of prod: A physical backup strategy moves"),
        (
            logical,
            "Would not change the backup strategy of prod: A physical backup strategy cannot become logical",
        ),
        (format!("{file}{shop}{incremental}"), "Would not create the backup strategy of prod/shop: "),
        (
            format!("{file}{shop}"),
            "Would not create the backup strategy of prod/shop: The tenant `shop` has no logical backup account",
        ),
    ];
    for (text, expected) in cases {
        std::fs::write(path, &text).expect("written");
        let dry = lifeboat(server, &["strategy", "apply", path, "--dry-run"]);
        assert_eq!(dry.status, 3, "{text}: {}{}", dry.out, dry.err);
        assert!(dry.out.contains(expected), "{expected}: {}", dry.out);
        let applied = lifeboat(server, &["strategy", "apply", path]);
        assert_eq!((applied.status, &applied.err), (3, &dry.err), "both fail with the same reason");
    }
    assert_eq!(lifeboat(server, &["strategy", "export"]).out, file);
    std::fs::write(path, &moved).expect("written");
    let accepted = lifeboat(server, &["strategy", "apply", path, "--dry-run", "--yes"]);
    assert_eq!(accepted.status, 0, "{}", accepted.err);
    let physical = shop.replace("LOGICAL", "PHYSICAL");
    std::fs::write(path, format!("{file}{physical}")).expect("written");
    let fine = lifeboat(server, &["strategy", "apply", path, "--dry-run"]);
    assert_eq!(fine.status, 0, "{}", fine.err);
    assert!(fine.out.contains("Would create the backup strategy of prod/shop"), "{}", fine.out);
}

/// Starts a proxy before the server that refuses to create strategies below `path`, except in a dry run, and returns its
/// address.
async fn before(stand: &Stand, path: &'static str) -> String {
    let (http, server) = (stand.http.clone(), stand.server.url.clone());
    let pass = move |request: Request, http: reqwest::Client, server: String| async move {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let is_dry = serde_json::from_slice::<Value>(&body).is_ok_and(|body| body["dryRun"] == true);
        if head.method == Method::POST && head.uri.path().contains(path) && !is_dry {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let answer = http.request(head.method, format!("{server}{}", head.uri)).headers(head.headers);
        let answer = answer.body(body).send().await.expect("the server answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.bytes().await.expect("a body")).into_response()
    };
    let proxy = Router::new().fallback(move |request| pass(request, http.clone(), server.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, proxy).await });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_applied_whole_or_reports_what_is_left() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let second = ClusterConfig { id: 2, ..simulated_cluster(Profile::V4_2_5, &["crm"]) };
    let config = Config { clusters: vec![second], ..Config::paused(Profile::V4_2_5) };
    let simulator = sim::Server::start(config).await.expect("the simulator starts");
    let address = format!("127.0.0.1:{}", simulator.port());
    let second =
        json!({ "name": "prod-shop", "addresses": [address], "user": "root@sys", "password": SYS_PASSWORD });
    stand.post("/ob/clusters", &second).await.done();
    let path = server.path("strategies.yaml");
    let path = path.to_str().expect("a path");
    let entry = |cluster: &str, tenant: &str, storage: &str, kind: &str| {
        let tenant = if tenant.is_empty() { String::new() } else { format!("  tenantName: {tenant}\n") };
        format!(
            "- clusterName: {cluster}\n{tenant}  storage: {storage}\n  backupMode: PHYSICAL_BACKUP\n  \
             obBackupScheduleConfig:\n    backupScheduleMode: CRON\n    cronExpression: 0 3 * * *\n    \
             scheduleZone: UTC\n    dataBackupMode: {kind}\n"
        )
    };
    let file = |entries: &[String]| {
        std::fs::write(path, format!("strategies:\n{}", entries.concat())).expect("written");
    };
    let exported = || lifeboat(server, &["strategy", "export"]).out;
    let none = exported();
    let full = "FULL_BACKUP";
    let apply = ["strategy", "apply", path];

    // The server refuses the last one: nothing is changed.
    file(&[
        entry("prod", "", "local", full),
        entry("prod-shop", "", "local", full),
        entry("prod", "shop", "local", full).replace("PHYSICAL", "LOGICAL") + "    startLogBackup: true\n",
    ]);
    let refused = lifeboat(server, &apply);
    assert_eq!(refused.status, 3, "{}{}", refused.out, refused.err);
    assert!(refused.out.contains("Would not create the backup strategy of prod/shop: "), "{}", refused.out);
    assert!(
        refused.out.ends_with("Nothing was changed: the server refuses part of the file\n"),
        "{}",
        refused.out
    );
    assert_eq!(exported(), none);

    file(&[
        entry("prod", "", "local", full),
        entry("prod-shop", "", "local", full),
        entry("prod", "shop", "local", full),
        entry("prod-shop", "crm", "local", full),
    ]);
    let refusing = before(&stand, "/tenants/1002/").await;
    let dry = lifeboat(server, &[&apply[..], &["--dry-run", "--server", &refusing]].concat());
    assert_eq!(dry.status, 0, "{}", dry.err);
    let stopped = lifeboat(server, &[&apply[..], &["--server", &refusing]].concat());
    assert_ne!(stopped.status, 0, "{}", stopped.out);
    let lines: Vec<&str> = stopped.out.lines().filter(|line| !line.starts_with("  ")).collect();
    assert!(lines[2].starts_with("Did not create the backup strategy of prod/shop: "), "{lines:?}");
    let [created, second, _, skipped, closing] = lines[..] else { panic!("{lines:?}") };
    assert_eq!(created, "Created the backup strategy of prod");
    assert_eq!(second, "Created the backup strategy of prod-shop");
    assert_eq!(skipped, "Not created yet: the backup strategy of prod-shop/crm");
    assert_eq!(closing, "Applied 2 of 4 changes. Apply the file again to make the others");

    let json = lifeboat(server, &[&apply[..], &["-o", "json"]].concat());
    assert_eq!(json.status, 0, "{}", json.err);
    let report: Value = serde_json::from_str(&json.out).expect("JSON");
    let stands = report["strategies"].as_array().expect("a list").iter();
    let stands: Vec<_> = stands.map(|entry| (entry["action"].as_str(), entry["applied"].as_bool())).collect();
    let [nothing, create] = [(Some("nothing"), Some(false)), (Some("create"), Some(true))];
    assert_eq!(stands, [nothing, nothing, create, create]);
    drop(simulator);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_prints_the_next_runs_of_what_is_not_saved() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let create = ["strategy", "create", "--cluster", "prod", "--storage", "local", "--zone", "UTC", "--cron"];
    let runs_at = |ran: &Ran, time: &str| {
        assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
        ran.out.lines().filter(|line| line.contains(time) && line.contains("UTC")).count()
    };
    let preview = lifeboat(server, &[&create[..], &["0 2 * * *", "--preview"]].concat());
    assert_eq!(runs_at(&preview, "T02:00:00"), 30, "{}", preview.out);
    let show = ["strategy", "show", "--cluster", "prod"];
    assert_eq!(lifeboat(server, &show).status, 1, "it is not created");
    let refused = ["0 2 * * *", "--method", "logical", "--start-log-backup", "yes", "--preview"];
    assert_eq!(lifeboat(server, &[&create[..], &refused].concat()).status, 3);

    assert_eq!(lifeboat(server, &[&create[..], &["0 2 * * *", "--jitter", "600"]].concat()).status, 0);
    let edit = ["strategy", "edit", "--cluster", "prod", "--preview"];
    let changed = lifeboat(server, &[&edit[..], &["--cron", "0 4 * * *"]].concat());
    assert_eq!(runs_at(&changed, "T04:00:00"), 30, "{}", changed.out);
    assert_eq!(runs_at(&lifeboat(server, &edit), "T02:00:00"), 30, "the saved schedule");
    let shown = lifeboat(server, &show);
    assert_eq!(runs_at(&shown, "T02:00:00"), 30, "{}", shown.out);
    for fact in ["cron 0 2 * * * UTC", "up to 600 s", "over 3600 s behind"] {
        assert!(shown.out.contains(fact), "{fact}: {}", shown.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_the_month_and_every_threshold_are_options() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let create = ["strategy", "create", "--cluster", "prod", "--storage", "local", "--zone", "UTC", "--cron"];
    let mixed = ["0 2 * * *", "--mode", "incremental", "--full-on-month-days", "1,L"];
    let alarms = ["--log-delay-seconds", "600", "--storage-percent", "70"];
    let made = lifeboat(server, &[&create[..], &mixed, &alarms].concat());
    assert_eq!(made.status, 0, "{}", made.err);
    let show = || lifeboat(server, &["strategy", "show", "--cluster", "prod"]).out;
    let shown = show();
    for fact in ["incremental, full on days 1,L of the month", "over 600 s behind", "over 70 % full"] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
    let edit = ["strategy", "edit", "--cluster", "prod"];
    let edited = lifeboat(server, &[&edit[..], &["--full-on", "7", "--storage-percent", "75"]].concat());
    assert_eq!(edited.status, 0, "{}", edited.err);
    let shown = show();
    for fact in ["incremental, full on days 7 of the week", "over 600 s behind", "over 75 % full", "local"] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_runs_of_that_place_and_saves_nothing() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let schedule =
        ["--cron", "0 2 * * *", "--zone", "UTC", "--mode", "incremental", "--full-on-month-days", "L"];
    let settings = [&["--cluster", "prod"][..], &schedule[..]].concat();
    let elsewhere = format!("file://{}", server.path("elsewhere").display());
    for storage in [&["--storage", "local"][..], &["--storage", &elsewhere], &[]] {
        let preview = [&["strategy", "create"][..], &settings, storage, &["--preview"]].concat();
        let seen = lifeboat(server, &preview);
        assert_eq!((seen.status, seen.out.lines().count()), (0, 31), "{storage:?}: {}{}", seen.out, seen.err);
        let first = seen.out.lines().nth(1).expect("a run");
        assert!(first.contains("FULL_BACKUP"), "no set exists: {first}");
    }
    let shown = lifeboat(server, &["strategy", "show", "--cluster", "prod"]);
    assert!(
        shown.status != 0 && shown.err.contains("has no backup strategy"),
        "nothing is saved: {}",
        shown.err
    );
    let create =
        [&["strategy", "create"][..], &settings, &["--storage", "local", "--tenant", "shop"]].concat();
    assert_eq!(lifeboat(server, &create).status, 0);
    let edit = ["strategy", "edit", "--cluster", "prod", "--tenant", "shop", "--jitter", "60", "--preview"];
    let seen = lifeboat(server, &edit);
    assert_eq!((seen.status, seen.out.lines().count()), (0, 31), "{}{}", seen.out, seen.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strategy_of_a_dropped_tenant_is_never_taken_for_that_of_the_cluster() {
    let stand = Stand::new(Profile::V4_2_5, &["shop", "crm"]).await;
    let server = &stand.server;
    let create = [
        "strategy",
        "create",
        "--cluster",
        "prod",
        "--storage",
        "local",
        "--cron",
        "0 2 * * *",
        "--zone",
        "UTC",
    ];
    assert_eq!(lifeboat(server, &[&create[..], &["--tenant", "crm"]].concat()).status, 0);
    let path = server.path("strategies.yaml");
    let path = path.to_str().expect("a path");
    let tenants = stand.get(&stand.below("tenants")).await;
    let crm = tenants["contents"].as_array().expect("a list").iter().find(|tenant| tenant["name"] == "crm");
    let id = crm.expect("crm")["id"].to_string();
    stand.say("DROP TENANT crm FORCE").await;
    assert_eq!(lifeboat(server, &["cluster", "show", "prod", "--refresh"]).status, 0);

    let list = lifeboat(server, &["strategy", "list"]).out;
    assert!(list.contains(&format!("{id} (dropped)")), "{list}");
    let file = lifeboat(server, &["strategy", "export"]).out;
    assert!(
        !file.contains("clusterName") && file.contains(&format!("# The strategy of tenant {id} of prod")),
        "{file}"
    );
    let whole = "strategies:\n- clusterName: prod\n  obBackupScheduleConfig:\n    backupScheduleMode: CRON\n    cronExpression: 0 2 * * *\n    scheduleZone: UTC\n";
    std::fs::write(path, whole).expect("written");
    let dry = lifeboat(server, &["strategy", "apply", path, "--dry-run"]);
    assert!(dry.out.contains("Would create the backup strategy of prod"), "{}{}", dry.out, dry.err);
    let delete = ["strategy", "delete", "--cluster", "prod", "--tenant", &id];
    let deleted = lifeboat(server, &delete);
    assert_eq!(deleted.status, 0, "{}", deleted.err);
    assert_ne!(lifeboat(server, &delete).status, 0, "the ID of no strategy");
}
