//! 2.2.77 and 3.x: archive, backup, merge, cleanup and restore of a whole cluster.

use sim::{Config, Fault, FaultName, Profile};

use crate::simulator::{Client, Sim};

const STATUS: &str = "SELECT tenant_id, status FROM CDB_OB_BACKUP_ARCHIVELOG ORDER BY tenant_id";

async fn archiving(sim: &Sim, sys: &mut Client) {
    sys.run("ALTER SYSTEM SET backup_dest = 'file:///b'").await;
    sys.run("ALTER SYSTEM ARCHIVELOG").await;
    sim.pass(10.0);
    assert_eq!(sys.rows(STATUS).await, ["1|DOING", "1001|DOING", "1002|DOING"]);
}

async fn refused(sys: &mut Client, sql: &str, number: u16, text: &str) {
    let (code, _, message) = sys.refusal(sql).await;
    assert_eq!((code, message.as_str()), (number, text), "{sql}");
}

#[tokio::test]
async fn the_archive_refuses_what_its_version_refuses() {
    for (profile, again) in [
        (Profile::V2_2_77, (9023, "cannot start log archive backup")),
        (Profile::V3_1_5, (1235, "start log archive backup when not STOP is not supported")),
    ] {
        let sim = Sim::start(profile).await;
        let mut sys = sim.client("sys").await;
        assert_eq!(sys.rows(STATUS).await, ["1|STOP"]);
        refused(&mut sys, "ALTER SYSTEM ARCHIVELOG", 9026, "backup destination is not valid").await;
        refused(&mut sys, "ALTER SYSTEM NOARCHIVELOG", 9024, "log archive backup is already disabled").await;
        archiving(&sim, &mut sys).await;
        assert_eq!(
            sys.cell("SELECT value FROM __all_virtual_sys_parameter_stat WHERE name = 'enable_log_archive'")
                .await,
            "True"
        );
        refused(&mut sys, "ALTER SYSTEM ARCHIVELOG", again.0, again.1).await;
        sys.run("ALTER SYSTEM NOARCHIVELOG").await;
        refused(&mut sys, "ALTER SYSTEM NOARCHIVELOG", 9024, "log archive backup is already disabled").await;
        sim.pass(10.0);
        assert_eq!(sys.rows(STATUS).await[0], "1|STOP");
        let summary = "SELECT tenant_id, status FROM CDB_OB_BACKUP_ARCHIVELOG_SUMMARY ORDER BY 1";
        assert_eq!(sys.rows(summary).await, ["1|STOP", "1001|STOP", "1002|STOP"]);
    }
}

#[tokio::test]
async fn a_standby_cluster_cannot_archive() {
    for (profile, text) in [
        (Profile::V2_2_77, "Not supported feature or function"),
        (Profile::V3_2_4, "backup in not primary cluster is not supported"),
    ] {
        let sim = Sim::start_with(profile, 0.0, |config| config.clusters[0].standby = true).await;
        let mut sys = sim.client("sys").await;
        sys.run("ALTER SYSTEM SET backup_dest = 'file:///b'").await;
        refused(&mut sys, "ALTER SYSTEM ARCHIVELOG", 1235, text).await;
    }
}

#[tokio::test]
async fn only_the_oldest_kernel_wants_a_freeze_after_the_archive_has_begun() {
    let sim = Sim::start(Profile::V2_2_77).await;
    let mut sys = sim.client("sys").await;
    refused(
        &mut sys,
        "ALTER SYSTEM BACKUP DATABASE",
        9040,
        "backup can not start, because log archive is not doing. log archive status : STOP.",
    )
    .await;
    archiving(&sim, &mut sys).await;
    let (code, _, text) = sys.refusal("ALTER SYSTEM BACKUP DATABASE").await;
    let start = "backup can not start, because log archive start timestamp is bigger than frozen timestamp, need major freeze first. \
                 start timestamp : 17600000";
    assert!(code == 9040 && text.starts_with(start), "{text}");
    sys.run("ALTER SYSTEM MAJOR FREEZE").await;
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    refused(&mut sys, "ALTER SYSTEM BACKUP DATABASE", 9036, "Backup is in progress").await;

    let later = Sim::start(Profile::V3_1_5).await;
    let mut sys = later.client("sys").await;
    archiving(&later, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
}

#[tokio::test]
async fn all_tenants_of_a_backup_share_its_key() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    refused(&mut sys, "ALTER SYSTEM CANCEL BACKUP", 9049, "backup status is stopped, can not cancel").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(4.0);
    let progress =
        "SELECT bs_key, backup_type, tenant_id, status FROM CDB_OB_BACKUP_PROGRESS ORDER BY tenant_id";
    assert_eq!(sys.rows(progress).await, ["1|D|1|RUNNING", "1|D|1001|RUNNING", "1|D|1002|RUNNING"]);
    sim.pass(60.0);
    assert!(sys.rows(progress).await.is_empty());
    sys.run("ALTER SYSTEM BACKUP INCREMENTAL DATABASE").await;
    sim.pass(60.0);
    let sets = "SELECT bs_key, backup_type, status, file_status, COUNT(*) FROM CDB_OB_BACKUP_SET_FILES \
                GROUP BY bs_key, backup_type, status, file_status ORDER BY bs_key";
    assert_eq!(sys.rows(sets).await, ["1|D|SUCCESS|AVAILABLE|3", "2|I|SUCCESS|AVAILABLE|3"]);
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(4.0);
    sys.run("ALTER SYSTEM CANCEL BACKUP").await;
    sim.pass(10.0);
    assert_eq!(
        sys.cell("SELECT DISTINCT status FROM CDB_OB_BACKUP_SET_DETAILS WHERE bs_key = 3").await,
        "FAILED"
    );
    assert!(sim.file("/b/obcluster/1/incarnation_1/1001/data").join("tenant_data_backup_info").exists());
    assert!(sim.file("/b/obcluster/1/incarnation_1/1/clog/1/data/1").exists());
}

const PROGRESS: &str = "SELECT tenant_id, status FROM CDB_OB_BACKUP_PROGRESS ORDER BY tenant_id";
const DETAILS: &str = "SELECT tenant_id, status FROM CDB_OB_BACKUP_JOB_DETAILS ORDER BY tenant_id";
const HISTORY: &str = "SELECT tenant_id, status FROM CDB_OB_BACKUP_SET_DETAILS ORDER BY tenant_id";

#[tokio::test]
async fn the_running_views_are_emptied_at_cleanup_and_the_history_keeps_the_outcome() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    let mut seen: Vec<(String, String)> = Vec::new();
    for _ in 0..200 {
        let now = (sys.rows(PROGRESS).await.join(" "), sys.rows(HISTORY).await.join(" "));
        assert_eq!(now.0, sys.rows(DETAILS).await.join(" "), "both show the running tasks");
        if now.0.ends_with("1002|COMPLETED") && !now.0.contains("RUNNING") {
            refused(&mut sys, "ALTER SYSTEM CANCEL BACKUP", 9041, "cancel backup do not allow").await;
        }
        if now.0 == "1|COMPLETED" {
            // The tenants' rows are gone, and the sys tenant's is not.
            refused(&mut sys, "ALTER SYSTEM BACKUP DATABASE", 9036, "Backup is in progress").await;
        }
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        sim.pass(0.5);
    }
    let running = ["1|RUNNING", "1001|RUNNING", "1002|RUNNING"];
    let ended = ["1|COMPLETED", "1001|COMPLETED", "1002|COMPLETED"];
    let expected = [
        (String::new(), String::new()),
        (running[1..].join(" "), String::new()),
        (running.join(" "), String::new()),
        (format!("{} {} {}", running[0], ended[1], running[2]), ended[1].to_owned()),
        (ended.join(" "), ended.join(" ")),
        (ended[..2].join(" "), ended.join(" ")),
        (ended[0].to_owned(), ended.join(" ")),
        (String::new(), ended.join(" ")),
    ];
    assert_eq!(seen, expected);
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
}

#[tokio::test]
async fn builds_differ_in_what_they_keep_of_a_backup_that_is_over() {
    for (fault, running) in [(FaultName::BackupCleanedUpAtOnce, 0), (FaultName::BackupRowsKept, 3)] {
        let sim = Sim::start(Profile::V3_1_5).await;
        let mut sys = sim.client("sys").await;
        archiving(&sim, &mut sys).await;
        sim.handle.fault(&Fault::new(fault));
        sys.run("ALTER SYSTEM BACKUP DATABASE").await;
        for _ in 0..200 {
            let is_over = !sys.rows(HISTORY).await.iter().any(|row| row.starts_with("1|"));
            let shown = sys.rows(DETAILS).await;
            if fault == FaultName::BackupCleanedUpAtOnce {
                assert!(!shown.iter().any(|row| row == "1|COMPLETED"), "{shown:?}");
            }
            if !is_over {
                break;
            }
            sim.pass(0.5);
        }
        sim.pass(10.0);
        assert_eq!(sys.rows(DETAILS).await.len(), running, "{fault:?}");
        assert_eq!(sys.rows(HISTORY).await.len(), 3, "{fault:?}");
        sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    }
}

#[tokio::test]
async fn a_backup_that_was_accepted_is_in_no_view_until_its_destination_answers() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sim.handle.fault(&Fault::new(FaultName::DestinationUnreachable));
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(300.0);
    for view in [PROGRESS, DETAILS, HISTORY] {
        assert!(sys.rows(view).await.is_empty(), "{view}");
    }
    refused(&mut sys, "ALTER SYSTEM BACKUP DATABASE", 9036, "Backup is in progress").await;
    // One that is cancelled so early leaves its failure.
    sys.run("ALTER SYSTEM CANCEL BACKUP").await;
    sim.pass(30.0);
    assert_eq!(sys.rows(HISTORY).await, ["1|FAILED", "1001|FAILED", "1002|FAILED"]);
    assert!(sys.rows(PROGRESS).await.is_empty());
}

#[tokio::test]
async fn sets_are_deleted_from_the_oldest_on_and_one_stays() {
    let sim = Sim::start(Profile::V3_2_4).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    for _ in 0..2 {
        sys.run("ALTER SYSTEM BACKUP DATABASE").await;
        sim.pass(60.0);
    }
    refused(&mut sys, "ALTER SYSTEM DELETE BACKUPSET 9", 9046, "backup set id is not valid").await;
    refused(&mut sys, "ALTER SYSTEM DELETE BACKUPSET 2", 9045, "delete backup set do not allow").await;
    refused(&mut sys, "ALTER SYSTEM CANCEL DELETE BACKUP", 9053, "cancel delete backup do not allow").await;
    refused(&mut sys, "ALTER SYSTEM DELETE BACKUPPIECE 1", 9069, "deleting backup piece is not allowed")
        .await;
    sys.run("ALTER SYSTEM DELETE BACKUPSET 1").await;
    refused(&mut sys, "ALTER SYSTEM DELETE BACKUPSET 1", 9044, "delete backup data is in progress").await;
    sim.pass(10.0);
    refused(&mut sys, "ALTER SYSTEM DELETE BACKUPSET 2", 9045, "delete backup set do not allow").await;
    let sets = "SELECT DISTINCT bs_key, file_status FROM CDB_OB_BACKUP_SET_FILES ORDER BY 1";
    assert_eq!(sys.rows(sets).await, ["1|DELETED", "2|AVAILABLE"]);
    sys.run("ALTER SYSTEM CANCEL ALL BACKUP FORCE").await;
    assert_eq!(sys.rows(STATUS).await[0], "1|STOP");
    refused(&mut sys, "ALTER SYSTEM ARCHIVELOG", 9026, "backup destination is not valid").await;
}

#[tokio::test]
async fn a_merge_is_done_when_idle_and_merged_is_frozen() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    let merge = "SELECT name, value, info FROM __all_zone WHERE zone = '' AND name IN ('frozen_version', 'last_merged_version', 'merge_status') ORDER BY name";
    assert_eq!(sys.rows(merge).await, ["frozen_version|2|", "last_merged_version|2|", "merge_status|0|IDLE"]);
    sys.run("ALTER SYSTEM MAJOR FREEZE").await;
    assert_eq!(
        sys.rows(merge).await,
        ["frozen_version|3|", "last_merged_version|2|", "merge_status|1|MERGING"]
    );
    refused(&mut sys, "ALTER SYSTEM MAJOR FREEZE", 4213, "last major freeze not finish").await;
    sim.pass(20.0);
    assert_eq!(sys.rows(merge).await, ["frozen_version|3|", "last_merged_version|3|", "merge_status|0|IDLE"]);
    sys.run("ALTER SYSTEM SET enable_major_freeze = 'False'").await;
    refused(&mut sys, "ALTER SYSTEM MAJOR FREEZE", 4179, "Operation not allowed now").await;
}

#[tokio::test]
async fn a_tenant_is_backed_up_alone_only_where_the_kernel_can() {
    let sql = "ALTER SYSTEM BACKUP TENANT t1 TO 'file:///tenant'";
    for (profile, can) in [(Profile::V3_1_5, false), (Profile::V3_2_4, true)] {
        let sim = Sim::start(profile).await;
        let mut sys = sim.client("sys").await;
        archiving(&sim, &mut sys).await;
        if can {
            sys.run(sql).await;
            sim.pass(60.0);
            let sets = "SELECT tenant_id, backup_type, status FROM CDB_OB_BACKUP_SET_FILES";
            assert_eq!(sys.rows(sets).await, ["1001|D|SUCCESS"]);
        } else {
            refused(&mut sys, sql, 1235, "Not supported feature or function").await;
        }
    }
}

#[tokio::test]
async fn a_restored_tenant_of_3x_is_an_ordinary_one() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(120.0);
    let until = sys.cell("SELECT date_sub(now(6), INTERVAL 30 SECOND)").await;
    sim.pass(60.0);
    sys.run("CREATE RESOURCE UNIT u MAX_CPU 1, MAX_MEMORY '2G'; CREATE RESOURCE POOL p UNIT 'u', UNIT_NUM 1")
        .await;
    let restore = |until: &str| {
        format!(
            "ALTER SYSTEM RESTORE t9 FROM t1 AT 'file:///b' UNTIL '{until}' WITH 'backup_cluster_name=obcluster&backup_cluster_id=1&pool_list=p'"
        )
    };
    let switched_off = "restore tenant when restore_concurrency is 0 not allowed";
    refused(&mut sys, &restore(&until), 4179, switched_off).await;
    sys.run("ALTER SYSTEM SET restore_concurrency = 10").await;
    refused(&mut sys, &restore(&until), 4179, switched_off).await;
    sim.pass(3.0);
    refused(&mut sys, &restore("2020-01-01 00:00:00"), 4018, "No enough log for restore").await;
    sys.run(&restore(&until)).await;
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..60 {
        let now = sys.rows("SELECT status FROM CDB_OB_RESTORE_PROGRESS").await.join("");
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        sim.pass(0.5);
    }
    let expected = [
        "CREATE_TENANT",
        "RESTORE_SYS_REPLICA",
        "MODIFY_SCHEMA",
        "CREATE_USER_PARTITIONS",
        "RESTORE_USER_REPLICA",
        "REBUILD_INDEX",
        "POST_CHECK",
        "RESTORE_SUCCESS",
        "",
    ];
    assert_eq!(seen, expected);
    assert_eq!(
        sys.rows("SELECT tenant_id, tenant_name, status FROM CDB_OB_RESTORE_HISTORY").await,
        ["1003|t9|RESTORE_SUCCESS"]
    );
    assert_eq!(
        sys.cell("SELECT status FROM __all_tenant WHERE tenant_name = 't9'").await,
        "TENANT_STATUS_NORMAL"
    );
}

#[tokio::test]
async fn a_backup_fails_when_the_cluster_runs_sixteen_versions_ahead() {
    let sim =
        Sim::start_with(Profile::V3_1_5, 0.0, |config| config.clusters[0].tenants[0].data_mib = 1 << 20)
            .await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    for _ in 0..16 {
        sys.run("ALTER SYSTEM MAJOR FREEZE").await;
        sim.pass(30.0);
    }
    sim.pass(30.0);
    assert!(sys.rows("SELECT * FROM CDB_OB_BACKUP_PROGRESS").await.is_empty());
    assert_eq!(sys.cell("SELECT DISTINCT status FROM CDB_OB_BACKUP_SET_FILES").await, "FAILED");
    let world = sim.handle.world(0);
    assert!(
        world["three"]["sets"].as_array().expect("sets").iter().all(|set| set["result"] == -9042),
        "{world}"
    );
}

#[tokio::test]
async fn a_freeze_comes_every_night_by_itself() {
    let sim = Sim::start(Profile::V2_2_77).await;
    let mut sys = sim.client("sys").await;
    let version = "SELECT value FROM __all_zone WHERE zone = '' AND name = 'last_merged_version'";
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM SET major_freeze_duty_time = '18:00'").await;
    sim.pass(2.0 * 3_600.0);
    assert_eq!(sys.cell(version).await, "3");
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(2.0 * 86_400.0);
    assert_eq!(sys.cell(version).await, "5");
}

#[tokio::test]
async fn no_freeze_comes_by_itself_where_it_is_disabled() {
    let disable = |config: &mut Config| config.clusters[0].major_freeze_duty_time = "disable".to_owned();
    let sim = Sim::start_with(Profile::V2_2_77, 0.0, disable).await;
    let mut sys = sim.client("sys").await;
    let parameter = "SHOW PARAMETERS LIKE 'major_freeze_duty_time'";
    assert!(sys.rows(parameter).await[0].contains("disable"));
    sim.pass(2.0 * 86_400.0);
    let version = "SELECT value FROM __all_zone WHERE zone = '' AND name = 'last_merged_version'";
    assert_eq!(sys.cell(version).await, "2");
}
