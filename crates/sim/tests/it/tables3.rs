//! The internal tables of 3.x that scripts read beside the backup views.

use sim::{Fault, FaultName, Profile};

use crate::simulator::{Client, Sim};

const TASKS: &str =
    "SELECT tenant_id, backup_set_id, status, result FROM __all_virtual_backup_task ORDER BY tenant_id";

async fn archiving(sim: &Sim, sys: &mut Client) {
    sys.run("ALTER SYSTEM SET backup_dest = 'file:///b'").await;
    sys.run("ALTER SYSTEM ARCHIVELOG").await;
    sim.pass(10.0);
}

/// A key of a tenant, as the virtual table shows it.
async fn key(sys: &mut Client, tenant: u64, name: &str) -> String {
    let sql =
        format!("SELECT value FROM __all_virtual_backup_info WHERE tenant_id = {tenant} AND name = '{name}'");
    sys.cell(&sql).await
}

async fn described(sys: &mut Client, table: &str) -> Vec<String> {
    let columns = sys.rows(&format!("DESC oceanbase.{table}")).await;
    columns.iter().map(|row| row.split('|').take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn columns_are_those_of_the_kernel() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    let (create, modify) = ("gmt_create timestamp(6)", "gmt_modified timestamp(6)");
    let (tenant, name, value) = ("tenant_id bigint(20)", "name varchar(1024)", "value varchar(4096)");
    let virtual_info = described(&mut sys, "__all_virtual_backup_info").await;
    assert_eq!(virtual_info, [tenant, name, create, modify, value], "the primary key comes first");
    let info = described(&mut sys, "__all_tenant_backup_info").await;
    assert_eq!(info, [create, modify, tenant, name, value]);
    let restore = described(&mut sys, "__all_restore_info").await;
    assert_eq!(restore, [create, modify, "job_id bigint(20)", name, value]);
    let tasks = described(&mut sys, "__all_virtual_backup_task").await;
    let expected = "tenant_id bigint(20),incarnation bigint(20),backup_set_id bigint(20),gmt_create timestamp(6),\
        gmt_modified timestamp(6),backup_type varchar(1),device_type varchar(64),snapshot_version bigint(20),\
        prev_full_backup_set_id bigint(20),prev_inc_backup_set_id bigint(20),prev_backup_data_version bigint(20),\
        pg_count bigint(20),macro_block_count bigint(20),finish_pg_count bigint(20),finish_macro_block_count bigint(20),\
        input_bytes bigint(20),output_bytes bigint(20),start_time timestamp(6),end_time timestamp(6),\
        compatible bigint(20),cluster_version bigint(20),status varchar(64),result bigint(20),cluster_id bigint(20),\
        backup_dest varchar(2048),backup_data_version bigint(20),backup_schema_version bigint(20),\
        cluster_version_display varchar(64),partition_count bigint(20),finish_partition_count bigint(20),\
        encryption_mode varchar(64),passwd varchar(128),start_replay_log_ts bigint(20),date bigint(20)";
    assert_eq!(tasks.join(","), expected);
    let oldest = Sim::start(Profile::V2_2_77).await;
    let tasks = described(&mut oldest.client("sys").await, "__all_virtual_backup_task").await;
    assert_eq!(tasks.last().map(String::as_str), Some("passwd varchar(128)"));
    let newer = Sim::start(Profile::V4_2_5).await;
    let (code, ..) = newer.client("sys").await.refusal("SELECT * FROM __all_tenant_backup_info").await;
    assert_eq!(code, 1146, "4.x keeps its backups elsewhere");
}

#[tokio::test]
async fn tasks_are_listed_while_they_run_and_go_at_cleanup() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    assert!(sys.rows(TASKS).await.is_empty());
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    let mut seen: Vec<Vec<String>> = Vec::new();
    for _ in 0..200 {
        let now = sys.rows(TASKS).await;
        let ids: Vec<String> =
            now.iter().map(|row| row.split('|').next().unwrap_or_default().into()).collect();
        let view = "SELECT tenant_id FROM CDB_OB_BACKUP_PROGRESS ORDER BY tenant_id";
        assert_eq!(ids, sys.rows(view).await, "the view shows this table");
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        sim.pass(0.5);
    }
    let rows = |status: [&str; 3]| -> Vec<String> {
        ["1", "1001", "1002"].iter().zip(status).map(|(id, status)| format!("{id}|1|{status}|0")).collect()
    };
    let expected = [
        Vec::new(),
        rows(["GENERATE"; 3])[1..].to_vec(),
        rows(["DOING"; 3]),
        rows(["DOING", "FINISH", "DOING"]),
        rows(["FINISH"; 3]),
        rows(["FINISH"; 3])[..2].to_vec(),
        rows(["FINISH"; 3])[..1].to_vec(),
        Vec::new(),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_task_names_its_base() {
    let sim = Sim::start(Profile::V3_2_4).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    for statement in ["BACKUP DATABASE", "BACKUP INCREMENTAL DATABASE"] {
        sys.run(&format!("ALTER SYSTEM {statement}")).await;
        sim.pass(60.0);
    }
    sys.run("SET ENCRYPTION ON IDENTIFIED BY 'secret' ONLY").await;
    sys.run("ALTER SYSTEM BACKUP INCREMENTAL DATABASE").await;
    sim.pass(2.0);
    let facts = "SELECT backup_set_id, backup_type, prev_full_backup_set_id, prev_inc_backup_set_id, device_type, backup_dest, \
                 cluster_id, cluster_version, cluster_version_display, encryption_mode \
                 FROM __all_virtual_backup_task WHERE tenant_id = 1001";
    let expected = "3|I|1|2|FILE|file:///b|1|12885033984|12885033984(3, 2, 4, 0)|PASSWORD";
    assert_eq!(sys.rows(facts).await, [expected]);
    assert!(!key(&mut sys, 1001, "backup_passwd").await.contains("secret"));
    sys.run("ALTER SYSTEM CANCEL BACKUP").await;
    assert_eq!(sys.rows(TASKS).await[0], "1001|3|CANCEL|0");
    sim.pass(2.0);
    assert_eq!(sys.rows(TASKS).await, ["1|3|FINISH|-4072", "1001|3|FINISH|-4072", "1002|3|FINISH|-4072"]);
}

#[tokio::test]
async fn the_status_of_a_backup_goes_its_way_for_each_tenant() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    assert_eq!(key(&mut sys, 1, "backup_status").await, "STOP");
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    let mut seen = [Vec::<String>::new(), Vec::new()];
    for _ in 0..200 {
        for (tenant, seen) in [1, 1001].into_iter().zip(&mut seen) {
            let now = key(&mut sys, tenant, "backup_status").await;
            if seen.last() != Some(&now) {
                seen.push(now);
            }
        }
        sim.pass(0.5);
    }
    assert_eq!(seen[0], ["SCHEDULE", "DOING", "CLEANUP", "STOP"]);
    assert_eq!(seen[1], ["SCHEDULE", "DOING", "STOP"], "a tenant's own clean-up takes no time");
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(4.0);
    sys.run("ALTER SYSTEM CANCEL BACKUP").await;
    assert_eq!(key(&mut sys, 1, "backup_status").await, "CANCEL");
    assert_eq!(key(&mut sys, 1002, "backup_status").await, "CANCEL");
    sim.pass(2.0);
    assert_eq!(key(&mut sys, 1, "backup_status").await, "CLEANUP");
    sim.pass(10.0);
    assert_eq!(key(&mut sys, 1, "backup_status").await, "STOP");
}

#[tokio::test]
async fn versions_stand_while_a_backup_runs_and_the_set_stays_named() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    let names = [
        "backup_data_version",
        "backup_dest",
        "backup_encryption_mode",
        "backup_passwd",
        "backup_scheduler_leader",
        "backup_schema_version",
        "backup_set_id",
        "backup_snapshot_version",
        "backup_status",
        "backup_task_id",
        "backup_type",
        "detected_backup_region",
        "incarnation",
        "last_delete_expired_data_snapshot",
        "log_archive_status",
    ];
    let listed = "SELECT name FROM __all_virtual_backup_info WHERE tenant_id = 1002";
    assert_eq!(sys.rows(listed).await, names, "in the order of the primary key");
    let life = "SELECT value FROM __all_virtual_backup_info WHERE tenant_id = 1001 AND name IN ('backup_data_version', \
                'backup_dest', 'backup_encryption_mode', 'backup_set_id', 'backup_snapshot_version', 'backup_task_id', \
                'backup_type', 'log_archive_status')";
    assert_eq!(sys.rows(life).await, ["", "", "", "0", "", "0", "", "STOP"]);
    archiving(&sim, &mut sys).await;
    let version = sys.cell("SELECT value FROM __all_zone WHERE name = 'frozen_version'").await;
    assert_eq!(sys.rows(life).await, ["", "file:///b", "", "0", "", "0", "", "DOING"]);
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    let snapshot = "1760000010000000";
    assert_eq!(sys.rows(life).await, [&version, "file:///b", "NONE", "1", snapshot, "", "D", "DOING"]);
    sim.pass(120.0);
    assert_eq!(sys.rows(life).await, ["", "file:///b", "NONE", "1", "", "", "", "DOING"]);
    // A tenant sees its own rows, and the sys tenant those of itself.
    let own = "SELECT tenant_id, value FROM __all_tenant_backup_info WHERE name = 'backup_set_id'";
    assert_eq!(sys.rows(own).await, ["1|1"]);
    let mut tenant = sim.client("t2").await;
    assert_eq!(tenant.rows(own).await, ["1002|1"]);
    for table in ["__all_virtual_backup_info", "__all_virtual_backup_task", "__all_restore_info"] {
        assert_eq!(tenant.refusal(&format!("SELECT * FROM {table}")).await.0, 1146, "{table}");
    }
}

#[tokio::test]
async fn rows_that_a_build_keeps_are_rows_of_a_stopped_backup() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sim.handle.fault(&Fault::new(FaultName::BackupRowsKept));
    sys.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(120.0);
    assert_eq!(sys.rows(TASKS).await, ["1|1|FINISH|0", "1001|1|FINISH|0", "1002|1|FINISH|0"]);
    assert_eq!(key(&mut sys, 1, "backup_status").await, "STOP");
}

#[tokio::test]
async fn a_restore_is_described_until_it_is_history() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    for statement in ["BACKUP DATABASE", "BACKUP INCREMENTAL DATABASE"] {
        sys.run(&format!("ALTER SYSTEM {statement}")).await;
        sim.pass(120.0);
    }
    let until = sys.cell("SELECT date_sub(now(6), INTERVAL 30 SECOND)").await;
    sim.pass(60.0);
    sys.run("ALTER SYSTEM SET restore_concurrency = 10").await;
    sim.pass(3.0);
    sys.run("CREATE RESOURCE UNIT u MAX_CPU 1, MAX_MEMORY '2G'; CREATE RESOURCE POOL p UNIT 'u', UNIT_NUM 1")
        .await;
    let options = "backup_cluster_name=obcluster&backup_cluster_id=1&pool_list=p";
    sys.run(&format!("ALTER SYSTEM RESTORE t9 FROM t1 AT 'file:///b' UNTIL '{until}' WITH '{options}'"))
        .await;
    let value =
        |name: &str| format!("SELECT value FROM __all_restore_info WHERE job_id = 1 AND name = '{name}'");
    for (name, expected) in [
        ("status", "CREATE_TENANT"),
        ("tenant_id", "18446744073709551615"),
        ("tenant_name", "t9"),
        ("backup_tenant_id", "1001"),
        ("backup_tenant_name", "t1"),
        ("backup_cluster_name", "obcluster"),
        ("backup_dest", "file:///b"),
        ("cluster_id", "1"),
        ("full_backup_set_id", "1"),
        ("inc_backup_set_id", "2"),
        ("log_archive_round", "1"),
        ("pool_list", "p"),
        ("restore_option", options),
        ("source_cluster_version", "3.1.5"),
        ("restore_timestamp", "1760000220000000"),
    ] {
        assert_eq!(sys.cell(&value(name)).await, expected, "{name}");
    }
    let names = sys.rows("SELECT name FROM __all_restore_info WHERE job_id = 1").await;
    assert!(names.is_sorted() && names.len() == 34, "{names:?}");
    sim.pass(3.0);
    assert_eq!(sys.cell(&value("status")).await, "RESTORE_SYS_REPLICA");
    assert_eq!(sys.cell(&value("tenant_id")).await, "1003");
    sim.pass(120.0);
    assert!(sys.rows("SELECT name FROM __all_restore_info").await.is_empty());
    assert_eq!(sys.rows("SELECT status FROM CDB_OB_RESTORE_HISTORY").await, ["RESTORE_SUCCESS"]);
}
