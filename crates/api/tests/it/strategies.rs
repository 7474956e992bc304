//! A backup strategy over REST, on a simulated cluster, from its creation to its end.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use sim::{ClusterConfig, Config, Profile, TenantConfig};

use crate::server::{ADMIN, Server};

/// How long a test waits for the scheduler, which runs every few seconds.
const LIMIT: Duration = Duration::from_secs(60);

const HOUR: Duration = Duration::from_secs(3_600);

struct Story {
    server: Server,
    simulator: sim::Handle,
    cluster: Value,
    storage: Value,
}

impl Story {
    async fn begin() -> Self {
        let simulated = ClusterConfig {
            version: Profile::V4_2_5.to_string(),
            sys_password: "of-the-sys-tenant".into(),
            tenants: vec![TenantConfig::named("shop"), TenantConfig::named("books")],
            ..ClusterConfig::default()
        };
        let config = Config { clusters: vec![simulated], ..Config::paused(Profile::V4_2_5) };
        let simulator = sim::Server::start(config).await.expect("the simulator starts");
        let server = Server::open().await;
        let story = Self { server, simulator, cluster: Value::Null, storage: Value::Null };
        let cluster = json!({
            "name": "prod", "addresses": [format!("127.0.0.1:{}", story.simulator.port())], "user": "root@sys",
            "password": "of-the-sys-tenant",
        });
        let cluster = story.done("POST", "/ob/clusters", Some(cluster)).await["id"].clone();
        let storage = json!({
            "configName": "nightly",
            "obBackupStorageBaseInfo": {
                "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": story.server.dir.path().join("backups"),
            },
        });
        let storage = story.done("POST", "/backup/storages", Some(storage)).await["storageId"].clone();
        Self { cluster, storage, ..story }
    }

    /// Sends a request that must succeed, and returns the data.
    async fn done(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answered = self.server.ask(method, &format!("/api/v2{path}"), body.as_ref()).await;
        assert_eq!(answered.status, StatusCode::OK, "{method} {path}: {}", answered.text);
        answered.json()["data"].clone()
    }

    /// Sends a request that must be refused, and returns OCP's error code.
    async fn refused(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answered = self.server.ask(method, &format!("/api/v2{path}"), body.as_ref()).await;
        assert_ne!(answered.status, StatusCode::OK, "{method} {path}: {}", answered.text);
        answered.json()["error"]["code"].clone()
    }

    fn strategy(&self, rest: &str) -> String {
        format!("/ob/clusters/{}/backup/config/backupStrategy{rest}", self.cluster)
    }

    /// Lets an hour pass, and waits until the newest due time has a row.
    async fn next_run(&self) -> Value {
        let before = self.done("GET", &self.strategy("/runs"), None).await["page"]["totalElements"].clone();
        self.server.control.pass(HOUR).await.expect("the clock can be moved");
        self.simulator.advance_seconds(HOUR.as_secs_f64());
        let begun = Instant::now();
        loop {
            let runs = self.done("GET", &self.strategy("/runs"), None).await;
            if runs["page"]["totalElements"] != before {
                return runs["contents"][0].clone();
            }
            assert!(begun.elapsed() < LIMIT, "nothing happens: {runs:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn hourly() -> Value {
    json!({ "backupScheduleMode": "CRON", "cronExpression": "0 * * * *", "scheduleZone": "Asia/Shanghai" })
}

#[tokio::test]
async fn a_strategy_is_created_runs_is_paused_and_deleted() {
    let story = Story::begin().await;
    let control = story.server.control.clone();
    let working = tokio::spawn({
        let shutdown = story.server.shutdown.clone();
        async move { control.run(shutdown).await }
    });
    assert_eq!(story.refused("GET", &story.strategy(""), None).await, 20106);
    let preview = story.done("POST", "/backup/strategies/nextRuns", Some(hourly())).await;
    let preview = preview["contents"].as_array().expect("a list");
    assert_eq!((preview.len(), &preview[0]["zone"]), (30, &json!("Asia/Shanghai")));
    assert!(preview[0]["dueTime"].as_str().expect("a text").ends_with(":00:00+08:00"), "{}", preview[0]);
    let mut incremental = hourly();
    incremental["dataBackupMode"] = json!("INCREMENTAL_BACKUP");
    (incremental["fullOnCycle"], incremental["fullOnDays"]) = (json!("MONTH"), json!(["L"]));
    for (meant, first) in [
        (String::new(), "INCREMENTAL_BACKUP"),
        (format!("?clusterId={}&storageId={}", story.cluster, story.storage), "FULL_BACKUP"),
        (format!("?clusterId={}", story.cluster), "FULL_BACKUP"),
    ] {
        let path = format!("/backup/strategies/nextRuns{meant}");
        let runs = story.done("POST", &path, Some(incremental.clone())).await;
        // On the last day of a month every run is full.
        let is_scheduled_full = runs["contents"][1]["dataBackupMode"] == "FULL_BACKUP";
        let first = if is_scheduled_full { "FULL_BACKUP" } else { first };
        assert_eq!(runs["contents"][0]["dataBackupMode"], first, "{meant}: no set exists: {runs:#}");
    }
    for (meant, status) in [("?tenantId=1001", 400), ("?clusterId=4711", 404)] {
        let path = format!("/backup/strategies/nextRuns{meant}");
        assert_eq!(story.refused("POST", &path, Some(hourly())).await, status, "{meant}");
    }

    let mut cleaned = json!({ "obBackupScheduleConfig": hourly() });
    cleaned["obBackupScheduleConfig"]["cleanEnabled"] = json!(true);
    cleaned["obBackupScheduleConfig"]["backupDataRetentionDays"] = json!(7);
    cleaned["obBackupScheduleConfig"]["cleanScheduleTime"] = json!("03:00");
    let refused = story.refused("POST", &story.strategy(""), Some(cleaned.clone())).await;
    assert_eq!(refused, 400, "the database decides when it deletes");
    cleaned["obBackupScheduleConfig"].as_object_mut().expect("a map").remove("cleanScheduleTime");
    cleaned["dryRun"] = json!(true);
    story.done("POST", &story.strategy(""), Some(cleaned.clone())).await;
    cleaned["obBackupScheduleConfig"]["cleanEnabled"] = json!(false);
    cleaned["obBackupScheduleConfig"].as_object_mut().expect("a map").remove("backupDataRetentionDays");
    cleaned["takeOverDeletePolicies"] = json!(true);
    let refused = story.refused("POST", &story.strategy(""), Some(cleaned)).await;
    assert_eq!(refused, 400, "there is nothing to take over");
    let mut kept = json!({ "obBackupScheduleConfig": hourly() });
    kept["obBackupThresholdConfig"] = json!({ "libObLogExpireDays": 7 });
    assert_eq!(story.refused("POST", &story.strategy(""), Some(kept)).await, 400, "it would do nothing");
    let new = json!({ "obBackupScheduleConfig": hourly() });
    let made = story.done("POST", &story.strategy(""), Some(new.clone())).await;
    assert_eq!(made["obBackupTaskType"], "CREATE_BACKUP_STRATEGY");
    assert_eq!(made["backupObjectOpsResultList"][0]["beSuccessful"], true);
    assert_eq!(story.refused("POST", &story.strategy(""), Some(new)).await, 20100);
    assert_eq!(story.refused("PATCH", &story.strategy(""), Some(json!({}))).await, 20116);
    for (minutes, shown) in [(30, json!(30)), (0, Value::Null)] {
        let changed = json!({
            "obBackupThresholdConfig": { "dataBackupTimeoutMinutes": minutes },
            "obBackupServiceStorageConfig": { "alarmStoragePercentageThreshold": 70 },
        });
        story.done("PATCH", &story.strategy(""), Some(changed)).await;
        let found = story.done("GET", &story.strategy(""), None).await;
        assert_eq!(found["obBackupThresholdConfig"]["dataBackupTimeoutMinutes"], shown, "0 means never");
        assert_eq!(found["obBackupServiceStorageConfig"]["alarmStoragePercentageThreshold"], 70);
    }
    let shown = story.done("GET", &story.strategy(""), None).await;
    assert_eq!(shown["obBackupServiceStorageConfig"]["configName"], "nightly", "the storage stays");
    assert_eq!(shown["obBackupScheduleConfig"]["cronExpression"], "0 * * * *");
    assert_eq!((&shown["backupMode"], &shown["owner"]), (&json!("PHYSICAL_BACKUP"), &json!("admin")));
    let ability = story.done("GET", &format!("/ob/clusters/{}/backup/ability", story.cluster), None).await;
    assert_eq!(ability["storageId"], shown["obBackupServiceStorageConfig"]["storageId"]);
    let overview = async || {
        let seen = story.done("GET", &format!("/ob/clusters/{}/backup/overview", story.cluster), None).await;
        assert_eq!(seen["obClusterBackupStatus"], "HAS_BACKUP_STRATEGY");
        seen
    };
    assert_eq!(overview().await["backupScheduleStatus"], "NORMAL");

    let run = story.next_run().await;
    assert_eq!((&run["status"], &run["dataBackupMode"]), (&json!("RUNNING"), &json!("FULL_BACKUP")), "{run}");
    let task = story.done("GET", &format!("/tasks/instances/{}", run["taskId"]), None).await;
    assert_eq!((&task["type"], &task["strategyId"]), (&json!("SCHEDULED"), &shown["strategyId"]), "{task}");

    // A client may send the content type although there is no body, and then no length either.
    let stop = Request::post(format!("/api/v2{}", story.strategy("/stopSchedule")))
        .header("authorization", ADMIN)
        .header("content-type", "application/json")
        .body(Body::empty());
    let stopped = story.server.send(stop.expect("a request")).await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.text);
    assert_eq!(overview().await["backupScheduleStatus"], "PAUSED");
    let run = story.next_run().await;
    assert_eq!((&run["status"], &run["taskId"]), (&json!("MISSED"), &Value::Null), "{run}");
    assert_eq!(run["reason"]["message"], "The strategy is paused");
    assert_eq!(overview().await["lastBackupRun"]["status"], "MISSED");
    story.done("POST", &story.strategy("/startSchedule"), None).await;
    let all = story.done("GET", "/backup/strategies", None).await;
    assert_eq!(all["contents"][0]["obBackupScheduleConfig"]["backupScheduleEnabled"], true, "{all}");
    assert_eq!(all["unreadable"], json!([]));
    let next = story.done("GET", &story.strategy("/nextRuns"), None).await;
    assert_eq!(next["contents"][0]["dueTime"], all["contents"][0]["nextRun"]["dueTime"]);
    let without_clean_up = Some(json!({ "pauseCleanUp": true }));
    assert_eq!(story.refused("POST", &story.strategy("/stopSchedule"), without_clean_up).await, 400);
    let with_logs = json!({ "pauseLogBackup": true });
    let paused = story.done("POST", &story.strategy("/stopSchedule"), Some(with_logs)).await;
    let tasks = &paused["backupObjectOpsResultList"][0]["taskIdList"];
    let task = story.done("GET", &format!("/tasks/instances/{}", tasks[0]), None).await;
    assert_eq!(task["strategyId"], shown["strategyId"], "{paused} {task}");
    story.done("DELETE", &story.strategy(""), None).await;
    assert_eq!(story.refused("GET", &story.strategy("/runs"), None).await, 20106);
    story.server.shutdown.cancel();
    tokio::time::timeout(LIMIT, working).await.expect("the server stops in time").expect("no panic");
}

#[tokio::test]
async fn ocps_list_of_objects_may_only_name_the_object_of_the_path() {
    let story = Story::begin().await;
    let tenants = story.done("GET", &format!("/ob/clusters/{}/tenants", story.cluster), None).await;
    let tenants = tenants["contents"].as_array().expect("a list");
    let shop = tenants.iter().find(|tenant| tenant["name"] == "shop").expect("shop")["id"].clone();
    let of_shop = format!("/ob/clusters/{}/tenants/{shop}/backup/config/backupStrategy", story.cluster);
    let with = |objects: Value| json!({ "obBackupScheduleConfig": hourly(), "obBackupObjectList": objects, "dryRun": true });
    let whole = json!({ "clusterId": story.cluster, "backupDimension": "CLUSTER" });
    let tenant = json!({ "clusterId": story.cluster, "tenantId": shop, "backupDimension": "TENANT" });
    let database = json!({ "tenantId": shop, "databaseName": "crm", "backupDimension": "DATABASE" });
    let elsewhere = json!({ "clusterId": 99, "backupDimension": "CLUSTER" });
    for (path, fits, unfit) in [(story.strategy(""), &whole, &tenant), (of_shop, &tenant, &whole)] {
        for objects in [json!([]), json!([fits])] {
            let checked = story.done("POST", &path, Some(with(objects))).await;
            assert_eq!(checked["backupObjectOpsResultList"], json!([]), "a dry run does nothing");
        }
        for object in [unfit, &database, &elsewhere] {
            assert_eq!(story.refused("POST", &path, Some(with(json!([object])))).await, 20107, "{object}");
        }
        assert_eq!(story.refused("GET", &path, None).await, 20106, "nothing is saved");
    }
    let mut second = with(json!([]));
    second["obSecondaryBackupConfig"] = json!({ "scheduleConfig": { "dataBackupScheduleEnabled": true } });
    assert_eq!(story.refused("POST", &story.strategy(""), Some(second)).await, 20113);
    story.server.shutdown.cancel();
}
