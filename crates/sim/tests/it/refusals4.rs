//! Each row of the reference's tables of refusals for 4.x: exact number, SQLSTATE and text.

use sim::Profile;

use crate::simulator::{Client, Sim};

/// Points `t1` at a destination, archives and waits until it does.
pub(crate) async fn archiving(sim: &Sim, client: &mut Client) {
    client.run("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///b/clog' TENANT = t1").await;
    client.run("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///b/data' TENANT = t1").await;
    client.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    sim.pass(30.0);
    assert_eq!(client.cell("SELECT status FROM CDB_OB_ARCHIVELOG WHERE tenant_id = 1002").await, "DOING");
}

async fn refused(client: &mut Client, sql: &str, number: u16, text: &str) {
    let (code, state, message) = client.refusal(sql).await;
    assert_eq!((code, message.as_str()), (number, text), "{sql}");
    let expected = match number {
        1235 => "0A000",
        1227 => "42501",
        1062 => "23000",
        1064 | 5099 => "42000",
        1146 => "42S02",
        _ => "HY000",
    };
    assert_eq!(state, expected, "{sql}");
}

#[tokio::test]
async fn destinations_are_refused_in_the_kernels_words() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let mut tenant = sim.client("t1").await;
    let s3 = "s3://b/p?host=h&access_id=a&access_key=k&s3_region=r";
    std::fs::create_dir_all(sim.file("/foreign/x")).expect("room for a directory");
    for (sql, number, text) in [
        (
            "SET LOG_ARCHIVE_DEST = 'BINDING=Optional' TENANT = t1",
            1235,
            "set archive dest without location is not supported",
        ),
        (
            "SET LOG_ARCHIVE_DEST = 'LOCATION=file:///a PIECE_SWITCH_INTERVAL=1h' TENANT = t1",
            1235,
            "invalid piece_switch_interval out of range [1d,7d] is not supported",
        ),
        (
            "SET archive_lag_target = '10s' TENANT = t1",
            4179,
            "log_archive_dest has not been set, set archive_lag_target is not allowed",
        ),
        ("SET LOG_ARCHIVE_DEST = 'LOCATION=file:///a'", 1235, "Not supported feature or function"),
        (
            "SET DATA_BACKUP_DEST = 'file:///a', enable_ddl = 'True' TENANT = t1",
            1235,
            "backup configuration items cannot be set together with non data backup configuration items not supported",
        ),
        (
            "SET DATA_BACKUP_DEST = 'file:///foreign' TENANT = t1",
            9080,
            "format file does not exist, try to set a new directory.",
        ),
        ("SET DATA_BACKUP_DEST = 'backup' TENANT = t1", 9026, "backup destination is not valid"),
        ("SET DATA_BACKUP_DEST = 'file:///a' TENANT = nobody", 5157, "Unknown tenant 'nobody'"),
        ("SET nonsense = '1'", 5099, "System config unknown"),
    ] {
        refused(&mut sys, &format!("ALTER SYSTEM {sql}"), number, text).await;
    }
    let denied = "Access denied; you need (at least one of) the sys tenant privilege(s) for this operation";
    refused(&mut tenant, "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///a' TENANT = t2", 1227, denied).await;

    archiving(&sim, &mut sys).await;
    let change = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///c' TENANT = t1";
    refused(&mut sys, change, 1235, "change archive dest when archive is running is not supported").await;
    sys.run("ALTER SYSTEM SET archive_lag_target = '10s' TENANT = t1").await;
    sys.run("ALTER SYSTEM NOARCHIVELOG TENANT = t1").await;
    refused(&mut sys, change, 1235, "change archive dest when archive is running is not supported").await;
    sim.pass(10.0);
    let to_s3 = format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION={s3}' TENANT = t1");
    refused(
        &mut sys,
        &to_s3,
        4179,
        "archive_lag_target is smaller than 60s, set log_archive_dest to S3 is not allowed",
    )
    .await;
    let clash = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///b/data' TENANT = t1";
    refused(&mut sys, clash, 9081, "format file does not match, try to set a new directory.").await;
    sys.run(change).await;
}

#[tokio::test]
async fn an_old_kernel_words_a_foreign_format_file_differently() {
    let sim = Sim::start(Profile::V4_1).await;
    let mut sys = sim.client("sys").await;
    sys.run("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///a' TENANT = t1").await;
    let clash = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///a' TENANT = t1";
    refused(&mut sys, clash, 9081, "the content of the format file at the destination does not match").await;
    let other = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///a' TENANT = t2";
    refused(&mut sys, other, 9081, "the content of the format file at the destination does not match").await;
}

#[tokio::test]
async fn archiving_is_refused_in_the_kernels_words() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let mut tenant = sim.client("t1").await;
    refused(&mut sys, "ALTER SYSTEM NOARCHIVELOG TENANT = t1", 9092, "Already in NOARCHIVELOG mode").await;
    tenant.run("ALTER SYSTEM ARCHIVELOG").await;
    refused(&mut tenant, "ALTER SYSTEM ARCHIVELOG", 9091, "Already in ARCHIVELOG mode").await;
    let denied = "Access denied; you need (at least one of) the sys tenant privilege(s) for this operation";
    refused(&mut tenant, "ALTER SYSTEM ARCHIVELOG TENANT = t2", 1227, denied).await;
    for (verb, all) in [("ARCHIVELOG", "all_user"), ("ARCHIVELOG", "all_meta"), ("NOARCHIVELOG", "all_user")]
    {
        let text = "use all_user/all_meta in 'ALTER SYSTEM ARCHIVELOG' syntax is not supported";
        refused(&mut sys, &format!("ALTER SYSTEM {verb} TENANT = {all}"), 1235, text).await;
    }
    refused(
        &mut sys,
        "ALTER SYSTEM ARCHIVELOG TENANT = sys",
        1235,
        "No valid tenant name given not supported",
    )
    .await;
    // A list swallows what one of its tenants answers, on the way in but not on the way out.
    sys.run("ALTER SYSTEM ARCHIVELOG TENANT = t1, t2").await;
    sys.run("ALTER SYSTEM NOARCHIVELOG TENANT = t2").await;
    refused(&mut sys, "ALTER SYSTEM NOARCHIVELOG TENANT = t1, t2", 9092, "Already in NOARCHIVELOG mode")
        .await;
    let modes = "SELECT DISTINCT log_mode FROM DBA_OB_TENANTS WHERE tenant_type = 'USER'";
    assert_eq!(sys.cell(modes).await, "NOARCHIVELOG");
    sys.run("DROP TENANT t2").await;
    let gone = sys.cell("SELECT tenant_name FROM DBA_OB_TENANTS WHERE in_recyclebin = 'YES'").await;
    refused(
        &mut sys,
        &format!("ALTER SYSTEM ARCHIVELOG TENANT = `{gone}`"),
        9023,
        "cannot start log archive backup",
    )
    .await;
}

#[tokio::test]
async fn backups_are_refused_in_the_kernels_words_and_order() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let mut tenant = sim.client("t1").await;
    let none = "backup can not start, because no tenant meets the backup condition, \u{fffc}please check the tenant status, \
                log archive status, backup data dest, and backup status for each tenant";
    for (sql, number, text) in [
        ("BACKUP DATABASE", 9040, none),
        ("BACKUP DATABASE TO 'file:///x'", 1235, "backup do not support using specify path not supported"),
        ("BACKUP TENANT t1, t1", 1235, "duplicate tenant t1 is not supported"),
        ("BACKUP TENANT nobody", 5157, "Unknown tenant 'nobody'"),
        ("BACKUP TENANT t1", 9040, "backup can not start, because log archive status is not doing."),
    ] {
        refused(&mut sys, &format!("ALTER SYSTEM {sql}"), number, text).await;
    }
    refused(
        &mut tenant,
        "ALTER SYSTEM BACKUP TENANT t1",
        1235,
        "user tenant cannot specify tenant names not supported",
    )
    .await;
    refused(&mut tenant, "ALTER SYSTEM BACKUP DATABASE", 9040, "backup can not start").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM SET DATA_BACKUP_DEST = '' TENANT = t1").await;
    refused(
        &mut sys,
        "ALTER SYSTEM BACKUP TENANT t1",
        9040,
        "backup can not start, because backup dest is not set.",
    )
    .await;
    sys.run("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///b/data' TENANT = t1").await;
    sys.run("ALTER SYSTEM SET enable_upgrade_mode = true").await;
    refused(
        &mut tenant,
        "ALTER SYSTEM BACKUP DATABASE",
        9040,
        "backup can not start, because cluster upgrading",
    )
    .await;
    sys.run("ALTER SYSTEM SET enable_upgrade_mode = false").await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    refused(&mut sys, "ALTER SYSTEM BACKUP TENANT t1", 9036, "Backup is in progress").await;
    // The same tenant's own job is another initiator's: it queues.
    tenant.run("ALTER SYSTEM BACKUP DATABASE").await;
    sim.pass(3.0);
    refused(&mut sys, "ALTER SYSTEM SET DATA_BACKUP_DEST = '' TENANT = t1", 9036, "Backup is in progress")
        .await;
}

#[tokio::test]
async fn plus_archivelog_is_younger_than_4_0() {
    let sim = Sim::start(Profile::V4_0).await;
    let mut sys = sim.client("sys").await;
    let text = "plus archive is not supported not supported";
    refused(&mut sys, "ALTER SYSTEM BACKUP DATABASE PLUS ARCHIVELOG", 1235, text).await;
}

#[tokio::test]
async fn delete_policies_are_refused_in_the_kernels_words() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let mut tenant = sim.client("t1").await;
    for (sql, number, text) in [
        (
            "ADD DELETE BACKUP POLICY 'DEFAULT' RECOVERY_WINDOW '7d' TENANT t1",
            1235,
            "The policy name is not 'default', it is not supported",
        ),
        (
            "ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d'",
            1235,
            "Too little tenant names specified, only one tenant name can be specified not supported",
        ),
        (
            "ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' TENANT t1, t2",
            1235,
            "Too many tenant names specified, only one tenant name can be specified not supported",
        ),
        (
            "ADD DELETE BACKUP POLICY 'default' TENANT t1",
            1235,
            "Neither recovery_window nor redundancy is set not supported",
        ),
        (
            "ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW 'soon' TENANT t1",
            1235,
            "recovery window is not be time string not supported",
        ),
        (
            "ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' REDUNDANCY '2' TENANT t1",
            1235,
            "Redundancy not equal to 1 is not supported",
        ),
        ("DELETE BACKUPSET 1", 1235, "function is not supported"),
        ("DELETE OBSOLETE BACKUP", 1235, "function is not supported"),
    ] {
        refused(&mut sys, &format!("ALTER SYSTEM {sql}"), number, text).await;
    }
    let named = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' TENANT t1";
    refused(&mut tenant, named, 1235, "user tenant cannot specify tenant names not supported").await;
    sys.run("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT t1").await;
    sys.run(named).await;
    refused(&mut sys, named, 1062, "Duplicate entry '1002-default' for key 'PRIMARY'").await;
    assert_eq!(tenant.rows("SELECT * FROM DBA_OB_BACKUP_DELETE_POLICY").await, ["default|7d"]);
    sys.run("ALTER SYSTEM CANCEL DELETE BACKUP").await;
}

#[tokio::test]
async fn major_freezes_are_refused_or_only_warned_of() {
    let sim = Sim::start_with(Profile::V4_2_5, 0.0, |config| {
        config.clusters[0].tenants[1].role = "STANDBY".to_owned();
    })
    .await;
    let mut sys = sim.client("sys").await;
    sys.run("ALTER SYSTEM SET enable_major_freeze = 'False'").await;
    refused(&mut sys, "ALTER SYSTEM MAJOR FREEZE", 4217, "Major freeze not allowed now").await;
    sys.run("ALTER SYSTEM SET enable_major_freeze = 'True'").await;
    refused(&mut sys, "ALTER SYSTEM MAJOR FREEZE TENANT = t2", 4217, "Major freeze not allowed now").await;
    sys.run("ALTER SYSTEM MAJOR FREEZE TENANT = all_user").await;
    let warning = "Warning|4217|[T1004]standby tenant sync freeze info from primary tenant, not allowed to launch major freeze";
    assert_eq!(sys.rows("SHOW WARNINGS").await, [warning]);
    sys.run("ALTER SYSTEM MAJOR FREEZE TENANT = t1").await;
    assert_eq!(
        sys.rows("SHOW WARNINGS").await,
        ["Warning|4744|larger frozen_scn already exist, prev merge may not finish"]
    );
    assert_eq!(sys.rows("SHOW WARNINGS").await.len(), 1, "asking twice answers twice");
    let status = "SELECT status, last_scn = 1 FROM CDB_OB_MAJOR_COMPACTION WHERE tenant_id = 1002";
    assert_eq!(sys.rows(status).await, ["COMPACTING|1"]);
    sim.pass(9.0);
    assert_eq!(sys.rows(status).await, ["VERIFYING|1"]);
    sim.pass(2.0);
    let done = "SELECT status, last_scn = frozen_scn FROM CDB_OB_MAJOR_COMPACTION WHERE tenant_id = 1002";
    assert_eq!(sys.rows(done).await, ["IDLE|1"]);
    let others = "SELECT COUNT(*) FROM CDB_OB_MAJOR_COMPACTION WHERE last_scn = 1";
    assert_eq!(sys.cell(others).await, "4", "sys, the standby and both META tenants were left alone");
}

#[tokio::test]
async fn rich_errors_tell_where_and_when_they_were_written() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    sys.run("ALTER SYSTEM SET enable_rich_error_msg = true").await;
    let text = sys.refusal("ALTER SYSTEM NOARCHIVELOG TENANT = t1").await.2;
    let start = "[127.0.0.1:2882] [2025-10-09 16:53:20.000000] [";
    assert!(text.starts_with(start) && text.ends_with("] Already in NOARCHIVELOG mode"), "{text}");
}

#[tokio::test]
async fn a_missing_privilege_is_named() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    sys.run("CREATE USER 'viewer' IDENTIFIED BY ''").await;
    let mut viewer = Client(
        mysql_async::Conn::new(crate::simulator::options(sim.handle.port(), "viewer@sys"))
            .await
            .expect("a login"),
    );
    let denied = "Access denied; you need (at least one of) the ALTER SYSTEM privilege(s) for this operation";
    refused(&mut viewer, "ALTER SYSTEM MAJOR FREEZE", 1227, denied).await;
    assert_eq!(viewer.refusal("SELECT * FROM DBA_OB_TENANTS").await.0, 1142);
    sys.run("GRANT SELECT ON oceanbase.* TO viewer").await;
    assert_eq!(viewer.rows("SELECT tenant_id FROM DBA_OB_TENANTS WHERE tenant_name = 't1'").await, ["1002"]);
    sys.run("GRANT ALTER SYSTEM ON *.* TO 'viewer'@'%'").await;
    viewer.run("ALTER SYSTEM MAJOR FREEZE").await;
    let grants = viewer.rows("SHOW GRANTS").await;
    assert!(grants.contains(&"GRANT ALTER SYSTEM ON *.* TO 'viewer'".to_owned()), "{grants:?}");
}

#[tokio::test]
async fn a_backup_that_sys_starts_in_upgrade_mode_is_accepted_and_hands_out_nothing() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM SET enable_upgrade_mode = true").await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(60.0);
    let jobs = "SELECT tenant_id, initiator_job_id = job_id, status, result FROM CDB_OB_BACKUP_JOB_HISTORY";
    assert_eq!(sys.rows(jobs).await, ["1|1|COMPLETED|0"]);
    let event = "SELECT value2 FROM DBA_OB_ROOTSERVICE_EVENT_HISTORY \
                 WHERE module = 'backup_data' AND event = 'start_backup_data'";
    assert_eq!(sys.rows(event).await, ["-9040"]);
    assert_eq!(sys.cell("SELECT COUNT(*) FROM CDB_OB_BACKUP_SET_FILES").await, "0");
}

#[tokio::test]
async fn compression_of_the_archive_is_only_switched() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let set = |word: &str| {
        format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///c COMPRESSION={word}' TENANT = t1")
    };
    for word in ["lz4_1.0", "none", ""] {
        assert_eq!(sys.refusal(&set(word)).await.0, 1235, "{word}");
    }
    sys.run(&set("enable")).await;
    sys.run(&set("disable")).await;
}

#[tokio::test]
async fn restores_are_refused_in_the_order_of_the_kernel() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let mut tenant = sim.client("t1").await;
    let text = "Cancel tenant not in restore is not allowed";
    refused(&mut sys, "ALTER SYSTEM CANCEL RESTORE t1", 4179, text).await;
    refused(&mut sys, "ALTER SYSTEM CANCEL RESTORE nobody", 5157, "Unknown tenant 'nobody'").await;
    let older = Sim::start(Profile::V4_1).await;
    let text = "cancel restore is not supported";
    refused(&mut older.client("sys").await, "ALTER SYSTEM CANCEL RESTORE t1", 1235, text).await;
    let source = "ALTER SYSTEM ADD RESTORE SOURCE 'file:///d'";
    refused(&mut tenant, source, 1235, "Not supported feature or function").await;
    // The pool does not exist either; it is looked at later.
    let restore = "ALTER SYSTEM RESTORE t9 FROM 'file:///d' UNTIL SCN = 0 WITH 'pool_list=nobody'";
    let text = "Incorrect arguments to until scn, it should be positive integer";
    refused(&mut sys, restore, 1210, text).await;
}

#[tokio::test]
async fn what_cannot_be_answered_is_listed_among_the_gaps() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    for sql in [
        "SELECT no_such_column FROM CDB_OB_BACKUP_JOBS",
        "SELECT * FROM CDB_OB_NO_SUCH_VIEW",
        "ALTER SYSTEM SET no_such_parameter = 1",
        "ALTER SYSTEM RECOVER TABLE d.t TO TENANT t1 FROM 'file:///d' WITH 'pool_list=p'",
        "ALTER SYSTEM CANCEL RECOVER TABLE t1",
        "SELECT 'never closed",
    ] {
        let before = sim.handle.transcript().iter().filter(|entry| entry.gap).count();
        sys.refusal(sql).await;
        let after = sim.handle.transcript().iter().filter(|entry| entry.gap).count();
        assert_eq!(after, before + 1, "{sql}");
    }
}
