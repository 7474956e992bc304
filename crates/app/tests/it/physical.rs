//! Physical backup through REST, on simulated clusters, as a DBA uses it.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use sim::{Fault, FaultName, Profile};

use crate::lifeboat::Server;
use crate::simulated::Stand;

const FULL: &str = "FULL_BACKUP";
const INCREMENTAL: &str = "INCREMENTAL_BACKUP";

/// The test for every cluster of 4.x, simulated or real: a full and an incremental backup, then a pause and a resume of
/// log backup.
async fn full_incremental_and_logs(stand: &Stand) {
    let full = stand.back_up(FULL, json!({})).await.task();
    stand.succeeded(full).await;
    let incremental = stand.back_up(INCREMENTAL, json!({})).await.task();
    stand.succeeded(incremental).await;
    for (task, mode) in [(full, FULL), (incremental, INCREMENTAL)] {
        let rows = backups(stand).await;
        let mut ours = rows.iter().filter(|row| row["taskId"] == task);
        assert!(
            ours.all(|row| row["dataBackupTaskType"] == mode && row["backupSetId"].is_i64()),
            "{rows:#?}"
        );
    }
    let others =
        backups(stand).await.into_iter().filter(|row| row["source"] == "OTHER" && row["status"] == "RUNNING");
    assert_eq!(others.count(), 0, "ours are told from those of others");
    for (action, status) in [("pause", "SUSPEND"), ("resume", "DOING")] {
        let task = stand.post(&stand.below(&format!("backup/logBackup/{action}")), &json!({})).await.task();
        stand.succeeded(task).await;
        let logs = stand.get(&stand.below("backup/task/logBackupTasks?size=100")).await;
        let mut rows = logs["contents"].as_array().expect("a list").iter();
        assert!(rows.all(|row| row["status"] == status), "{logs:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_version_is_backed_up_and_its_log_backup_paused_and_resumed() {
    full_incremental_and_logs(&Stand::new(Profile::V4_6, &["shop"]).await).await;
}

/// See docs/operate/real-cluster.md.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_cluster_is_backed_up_where_one_is_named() {
    let setting = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(address) = setting("LIFEBOAT_OB_URL") else {
        println!("skipped: LIFEBOAT_OB_URL names no cluster");
        return;
    };
    let address = address.trim_start_matches("mysql://").trim_end_matches('/').to_owned();
    let (user, address) = address.rsplit_once('@').expect("LIFEBOAT_OB_URL is mysql://USER@HOST:PORT");
    let password = setting("LIFEBOAT_OB_PASSWORD").unwrap_or_default();
    let place =
        setting("LIFEBOAT_OB_STORAGE").expect("LIFEBOAT_OB_STORAGE is a directory that every OBServer sees");
    let place = PathBuf::from(place);
    let server = Server::start_with_root(&place);
    full_incremental_and_logs(
        &Stand::over(server, address, &user.replace("%40", "@"), &password, &place).await,
    )
    .await;
}

/// Returns the rows of the list of data backups.
async fn backups(stand: &Stand) -> Vec<Value> {
    let listed = stand.get(&stand.below("backup/task/dataBackupTasks?size=100")).await;
    assert_eq!(listed["clusterError"], Value::Null, "{listed:#}");
    listed["contents"].as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incremental_backup_is_repaired_by_what_its_failed_step_offers() {
    let stand = Stand::new(Profile::V4_2_5, &["shop", "books"]).await;
    let ability = stand.get(&stand.below("backup/ability")).await;
    assert_eq!(ability["backupAbility"], "LOGICAL_AND_PHYSICAL");
    let support = &ability["obDataBackupSupportAbility"];
    assert_eq!(
        (&support["incrementBackupEnabled"], &support["canDoIncrementalBackup"]),
        (&json!(true), &json!(false))
    );

    let refusal = stand.back_up(INCREMENTAL, json!({ "dryRun": true })).await.refused();
    let famous = "Full data backup needed before incremental data backup";
    assert_eq!(refusal, (20111, famous.to_owned()));

    let incremental = stand.back_up(INCREMENTAL, json!({})).await.task();
    let step = stand.failed(incremental).await;
    assert_eq!(
        (step["name"].as_str(), step["note"]["message"].as_str()),
        (Some("Check if ready to data backup"), Some(famous))
    );
    let full = stand.press(&step, "back-up-in-full").await.task();
    let (code, _) = stand.back_up(FULL, json!({})).await.refused();
    assert_eq!(code, 20007, "two at once");
    stand.succeeded(full).await;
    stand.press(&step, "retry").await.done();
    stand.succeeded(incremental).await;

    let rows = backups(&stand).await;
    let modes: Vec<_> = rows.iter().map(|row| row["dataBackupTaskType"].as_str().expect("a mode")).collect();
    assert_eq!(modes.iter().filter(|mode| **mode == FULL).count(), 2, "one for each tenant: {rows:#?}");
    assert!(rows.iter().all(|row| row["source"] == "MANUAL" && row["status"] == "SUCCESSFUL"), "{rows:#?}");
    let ability = stand.get(&stand.below("backup/ability")).await;
    assert_eq!(ability["obDataBackupSupportAbility"]["canDoIncrementalBackup"], true);

    let overview = stand.get(&stand.below("backup/overview")).await;
    for (field, expected) in [
        ("obClusterType", "PRIMARY"),
        ("compactionStatus", "IDLE"),
        ("obClusterBackupStatus", "NO_BACKUP_STRATEGY"),
        ("backupScheduleStatus", "NONE"),
        ("backupDimension", "TENANT"),
    ] {
        assert_eq!(overview[field], expected, "{overview:#}");
    }
    assert_eq!(overview["primaryAndStandbyMode"], false, "{overview:#}");
    assert!(
        overview["lastDataBackupTime"].is_string() && overview["latestLogBackupCheckpoint"].is_string(),
        "{overview:#}"
    );
    assert!(
        overview["backupSize"].as_u64() > Some(0) && overview["logBackupDelaySeconds"].is_u64(),
        "{overview:#}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compaction_that_is_needed_is_performed_by_what_the_failed_step_offers() {
    let stand = Stand::new(Profile::V3_1_5, &["books"]).await;
    let task = stand.back_up(FULL, json!({ "autoCompaction": false })).await.task();
    let step = stand.failed(task).await;
    assert_eq!(step["name"], "Start cluster compact if necessary");
    assert_eq!(step["note"]["message"], "Cluster compaction needed before full data backup");
    let compaction = stand.press(&step, "compact").await.task();
    stand.succeeded(compaction).await;
    let seen = stand.get(&stand.below("compaction")).await;
    assert_eq!(
        (&seen["compactionStatus"], &seen["tenants"][0]["tenantName"]),
        (&json!("IDLE"), &json!("cluster"))
    );
    stand.press(&step, "retry").await.done();
    stand.succeeded(task).await;
    let incremental = stand.back_up(INCREMENTAL, json!({})).await.task();
    stand.succeeded(incremental).await;
    let sets = stand.get(&stand.below("backup/sets")).await;
    assert_eq!(sets["page"]["totalElements"], 2, "{sets:#}");
    let year = |set: &Value| set["consistentTime"].as_str().expect("a moment")[..4].parse::<u32>();
    assert!(
        sets["contents"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|set| year(set).is_ok_and(|year| year > 2000)),
        "{sets:#}"
    );
    let (code, _) = stand.post(&stand.below("backup/logBackup/pause"), &json!({})).await.refused();
    assert_eq!(code, 20108, "3.x knows no pause");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_do_on_the_cluster_is_seen_named_and_left_alone() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    let password = "of-the-backup-itself";
    let more = json!({ "encryption": { "password": password }, "plusArchivelog": true });
    let task = stand.back_up(FULL, more).await.task();
    stand.succeeded(task).await;
    let sent = stand.simulator().transcript();
    assert!(sent.iter().any(|entry| entry.sql.contains("PLUS ARCHIVELOG")), "as it was asked for");
    let log = stand.server.run(&format!("task log {task}"));
    assert!(log.out.contains("SET ENCRYPTION ON IDENTIFIED BY '***' ONLY"), "{}", log.out);
    assert!(!log.out.contains(password), "the password is in the log");

    stand.say("ALTER SYSTEM BACKUP TENANT = shop").await;
    let rows = backups(&stand).await;
    assert_eq!(
        (&rows[0]["source"], &rows[0]["taskId"], &rows[0]["tenantName"]),
        (&json!("OTHER"), &Value::Null, &json!("shop"))
    );
    assert_eq!(
        rows.iter().filter(|row| row["source"] == "OTHER").count(),
        1,
        "ours is told from it: {rows:#?}"
    );

    let paused = stand.post(&stand.below("backup/logBackup/pause"), &json!({})).await.task();
    stand.succeeded(paused).await;
    let logs = stand.get(&stand.below("backup/task/logBackupTasks")).await;
    assert_eq!(
        (&logs["contents"][0]["status"], &logs["contents"][0]["tenantName"]),
        (&json!("SUSPEND"), &json!("shop")),
        "{logs:#}"
    );
    let resumed = stand.post(&stand.below("backup/logBackup/resume"), &json!({})).await.task();
    stand.succeeded(resumed).await;
}

/// Cancels a running backup.
async fn a_cancelled_backup_ends_on_the_cluster_too(profile: Profile) {
    let stand = Stand::standing_still(profile, &["shop"]).await;
    let sent = |beginning: &str| {
        stand.simulator().transcript().iter().filter(|entry| entry.sql.starts_with(beginning)).count()
    };
    let task = stand.back_up(FULL, json!({})).await.task();
    let path = format!("/tasks/instances/{task}");
    let mut seen = stand.get(&path).await;
    while sent("ALTER SYSTEM BACKUP") == 0 {
        assert_eq!(seen["status"], "RUNNING", "{profile}: {seen:#}");
        seen = a_little_later(&stand, &path).await;
    }
    stand.post(&format!("{path}/cancel"), &json!({})).await.done();
    // The cluster's clock stands still until the cancel arrives: the backup cannot end before.
    while sent("ALTER SYSTEM CANCEL BACKUP") == 0 {
        assert_eq!(seen["status"], "RUNNING", "{profile}: {seen:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        seen = stand.get(&path).await;
    }
    // 3.x refuses the cancel while the backup prepares, so it may have to be repeated.
    while seen["status"] == "RUNNING" {
        seen = a_little_later(&stand, &path).await;
    }
    assert_eq!(seen["status"], "FAILED", "{profile}: {seen:#}");
    assert_eq!(sent("ALTER SYSTEM BACKUP"), 1, "{profile}");
    let sets = stand.get(&stand.below("backup/sets")).await;
    assert_eq!(sets["page"]["totalElements"], 0, "{profile}: what was cancelled is no backup");
    let rows = backups(&stand).await;
    assert!(rows.iter().all(|row| row["status"] != "RUNNING"), "{profile}: {rows:#?}");
}

async fn a_little_later(stand: &Stand, path: &str) -> Value {
    stand.simulator().advance_seconds(2.0);
    tokio::time::sleep(Duration::from_millis(100)).await;
    stand.get(path).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_every_version_is_cancelled() {
    let mut versions = tokio::task::JoinSet::new();
    for profile in Profile::ALL {
        versions.spawn(a_cancelled_backup_ends_on_the_cluster_too(profile)); // most of the time they wait
    }
    while let Some(version) = versions.join_next().await {
        version.expect("it holds");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_fails_takes_nothing_from_the_others() {
    let stand = Stand::new(Profile::V4_2_5, &["shop", "books", "crm", "hr"]).await;
    stand.simulator().fault(&Fault { tenant: Some("hr".into()), ..Fault::new(FaultName::TenantNotNormal) });
    let task = stand.back_up(FULL, json!({})).await.task();
    let ended = stand.ended(task).await;
    assert_eq!(ended["error"]["message"], "3 of 4 tenants succeeded, 1 failed", "{ended:#}");
    let step = stand.failed(task).await;
    assert_eq!((&step["lane"], &step["note"]["id"]), (&json!("hr"), &json!("tenant-not-normal")));
    let sets = stand.get(&stand.below("backup/sets")).await;
    assert_eq!(sets["page"]["totalElements"], 3, "what succeeded is recorded");
    stand.simulator().clear_faults(None);
    stand.press(&step, "retry").await.done();
    stand.succeeded(task).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrading_or_silent_cluster_is_reported_and_keeps_its_known_data() {
    let stand = Stand::new(Profile::V3_1_5, &["books"]).await;
    let (code, _) = stand
        .back_up(FULL, json!({ "obBackupObjectList": [{ "backupDimension": "TENANT", "tenantId": 1001 }] }))
        .await
        .refused();
    assert_eq!(code, 20300, "3.1.5 backs up no single tenants");
    stand.simulator().fault(&Fault::new(FaultName::UpgradeMode));
    let acts = |stand: &Stand| {
        stand
            .simulator()
            .transcript()
            .into_iter()
            .filter(|entry| entry.sql.starts_with("ALTER SYSTEM"))
            .count()
    };
    let before = acts(&stand);
    let task = stand.back_up(FULL, json!({})).await.task();
    let step = stand.failed(task).await;
    assert_eq!(
        (&step["name"], &step["note"]["id"]),
        (&json!("Check cluster status"), &json!("cluster-upgrading"))
    );
    stand.post(&stand.below("refresh"), &json!({})).await.done();
    let (code, _) = stand.back_up(FULL, json!({})).await.refused();
    assert_eq!((code, acts(&stand)), (20036, before), "nothing was changed");
    let ability = stand.get(&stand.below("backup/ability")).await;
    assert_eq!(ability["disabled"]["code"], 20036, "{ability:#}");

    stand.simulator().clear_faults(None);
    stand
        .simulator()
        .fault(&Fault { statement: Some("SELECT".into()), ..Fault::new(FaultName::ConnectionCut) });
    let listed = stand.get(&stand.below("backup/task/dataBackupTasks")).await;
    assert!(listed["clusterError"]["message"].is_string(), "{listed:#}");
    assert_eq!(listed["contents"][0]["taskId"], task, "our own are shown all the same");
    let overview = stand.get(&stand.below("backup/overview")).await;
    assert!(
        overview["clusterError"]["message"].is_string() && overview["compactionStatus"].is_null(),
        "{overview:#}"
    );
}
