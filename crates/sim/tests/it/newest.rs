//! What 4.4.1, 4.4.2.3 and 4.6 brought: deletion of chosen sets and pieces, `log_only`, copies of the archive,
//! validation, options of destinations; and that the version of the data decides, not that of the binary.

use sim::Profile;

use crate::refusals4::archiving;
use crate::simulator::{Client, Sim};

const NEWEST: Profile = Profile::V4_6;

/// Gives a statement and waits until its job has ended.
async fn run(sim: &Sim, client: &mut Client, sql: &str) {
    client.run(sql).await;
    sim.pass(60.0);
}

async fn refused(client: &mut Client, cases: &[(&str, u16, &str)]) {
    for (sql, number, text) in cases {
        let (found, _, message) = client.refusal(sql).await;
        assert_eq!((found, message.as_str()), (*number, *text), "{sql}");
    }
}

/// A simulator whose data are older than its binary.
async fn half_upgraded(compatible: &str) -> Sim {
    Sim::start_with(NEWEST, 0.0, |config| config.clusters[0].compatible = Some(compatible.to_owned())).await
}

#[tokio::test]
async fn a_new_binary_refuses_what_the_data_do_not_know_yet() {
    let sim = half_upgraded("4.3.5.0").await;
    let mut sys = sim.client("sys").await;
    assert_eq!(sys.cell("SELECT DISTINCT compatible FROM DBA_OB_TENANTS").await, "4.3.5.0");
    refused(
        &mut sys,
        &[
            ("ALTER SYSTEM DELETE BACKUPSET 1 TENANT = t1", 1235, "manual backup clean not supported"),
            (
                "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///d' TENANT = t1",
                1235,
                "set backup dest during upgrade is not supported not supported",
            ),
            (
                "ALTER SYSTEM SET BACKUP_ARCHIVE_DEST = 'LOCATION=file:///c' TENANT = t1",
                1235,
                "set backup archive dest during upgrade is not supported not supported",
            ),
            (
                "ALTER SYSTEM BACKUP ARCHIVELOG ALL TENANT = t1",
                1235,
                "backup archivelog all with data version less than 4.4.2.3 is not supported",
            ),
            (
                "ALTER SYSTEM VALIDATE BACKUP TENANT = t1",
                1235,
                "BACKUP_VALIDATE command is not supported in data version less than 4.5.1 not supported",
            ),
            (
                "ALTER SYSTEM ADD DELETE BACKUP POLICY 'log_only' RECOVERY_WINDOW '7d' TENANT t1",
                1235,
                "The policy name is not 'default', it is not supported",
            ),
            (
                "ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'LOCATION=file:///a DELAY=1h' TENANT = t1",
                1235,
                "set DELAY in log_restore_source before version 4.4.2.2 is not supported",
            ),
        ],
    )
    .await;
    sys.run("ALTER SYSTEM RUN UPGRADE JOB 'UPGRADE_ALL' TENANT = t1").await;
    sys.run("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///d' TENANT = t1").await;
}

#[tokio::test]
async fn a_tenant_deletes_sets_and_the_job_names_those_that_must_stay() {
    let sim = Sim::start(NEWEST).await;
    let mut sys = sim.client("sys").await;
    let many: Vec<String> = (1..=33).map(|id| id.to_string()).collect();
    refused(
        &mut sys,
        &[
            (
                &format!("ALTER SYSTEM DELETE BACKUPSET {} TENANT = t1", many.join(",")),
                1235,
                "the number of ids to be deleted more than 32 not supported",
            ),
            ("ALTER SYSTEM DELETE BACKUPSET 1", 1235, "need to specify a tenant name not supported"),
            (
                "ALTER SYSTEM DELETE BACKUPSET 1 TENANT = sys",
                4016,
                "tenant list should not contain system tenant",
            ),
            (
                "ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = t1",
                9040,
                "no delete policy for some user tenant",
            ),
        ],
    )
    .await;
    let mut own = sim.client("t1").await;
    refused(
        &mut own,
        &[(
            "ALTER SYSTEM DELETE BACKUPSET 1 TENANT = t1",
            1235,
            "user tenant cannot specify tenant names not supported",
        )],
    )
    .await;
    archiving(&sim, &mut sys).await;
    for kind in ["", "INCREMENTAL", ""] {
        run(&sim, &mut sys, &format!("ALTER SYSTEM BACKUP {kind} TENANT t1")).await;
    }
    run(&sim, &mut own, "ALTER SYSTEM DELETE BACKUPSET 1").await;
    run(&sim, &mut own, "ALTER SYSTEM DELETE BACKUPSET 1, 2").await;
    let jobs = "SELECT type, status, result, comment FROM DBA_OB_BACKUP_DELETE_JOB_HISTORY ORDER BY job_id";
    let expected = [
        "DELETE BACKUP SET|FAILED|-9045|id=1(dependent by backup set id=2)",
        "DELETE BACKUP SET|COMPLETED|0|",
    ];
    assert_eq!(own.rows(jobs).await, expected, "together they need no other");
    let left = "SELECT backup_set_id FROM DBA_OB_BACKUP_SET_FILES WHERE file_status = 'AVAILABLE'";
    assert_eq!(own.rows(left).await, ["3"]);
    assert!(!sim.file("/b/data/backup_set_1_full").exists());
    run(&sim, &mut sys, "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' TENANT t1")
        .await;
    run(&sim, &mut own, "ALTER SYSTEM DELETE BACKUPSET 3").await;
    let reason = "id=3(cannot delete backup set in current path when delete policy is set)";
    assert_eq!(own.rows(jobs).await[2], format!("DELETE BACKUP SET|FAILED|-9045|{reason}"));
    // The operator alone manages the content of a former destination.
    run(&sim, &mut sys, "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///other' TENANT = t1").await;
    run(&sim, &mut own, "ALTER SYSTEM DELETE BACKUPSET 3").await;
    assert_eq!(own.rows(jobs).await[3], "DELETE BACKUP SET|COMPLETED|0|");
}

#[tokio::test]
async fn pieces_go_oldest_first_and_never_before_the_set_that_needs_them() {
    let sim = Sim::start(NEWEST).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sim.pass(3.0 * 86_400.0);
    let pieces =
        "SELECT piece_id, status FROM CDB_OB_ARCHIVELOG_PIECE_FILES WHERE tenant_id = 1002 ORDER BY 1";
    assert_eq!(sys.rows(pieces).await.len(), 4);
    run(&sim, &mut sys, "ALTER SYSTEM DELETE ARCHIVELOG_PIECE 1 TENANT = t1").await;
    run(&sim, &mut sys, "ALTER SYSTEM BACKUP TENANT t1").await;
    for ids in ["9", "4", "2", "1", "1", "2,3"] {
        run(&sim, &mut sys, &format!("ALTER SYSTEM DELETE ARCHIVELOG_PIECE {ids} TENANT = t1")).await;
    }
    let jobs = "SELECT status, result, comment FROM CDB_OB_BACKUP_DELETE_JOB_HISTORY WHERE tenant_id = 1002 ORDER BY job_id";
    let expected = [
        "FAILED|-9069|id=1(no full backup exists)",
        "FAILED|-9069|id=9(not exist)",
        "FAILED|-9069|id=4(is active piece)",
        "FAILED|-9069|id=2(smaller piece exists id=1)",
        "COMPLETED|0|",
        "FAILED|-9069|id=1(already deleted)",
        "COMPLETED|0|",
    ];
    assert_eq!(sys.rows(jobs).await, expected);
}

#[tokio::test]
async fn a_tenant_that_only_archives_is_cleaned_by_log_only_at_once_and_then_hourly() {
    let sim = Sim::start(NEWEST).await;
    let mut sys = sim.client("sys").await;
    sys.run("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///a PIECE_SWITCH_INTERVAL=1h' TENANT = t1")
        .await;
    sys.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    sim.pass(5.0 * 3_600.0 + 60.0);
    let add = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'log_only' RECOVERY_WINDOW '2h' TENANT t1";
    sys.run(add).await;
    sim.pass(15.0);
    let gone = "SELECT count(*) FROM CDB_OB_ARCHIVELOG_PIECE_FILES WHERE file_status = 'DELETED'";
    assert_eq!(sys.cell(gone).await, "3", "at once");
    assert_eq!(sys.rows("SELECT * FROM CDB_OB_BACKUP_DELETE_POLICY").await, ["1002|log_only|2h"]);
    sim.pass(3_600.0);
    assert_eq!(sys.cell(gone).await, "4");
    assert_eq!(sys.refusal(add).await.2, "policy already exists");
    let data = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///d' TENANT = t1";
    assert!(sys.refusal(data).await.2.contains("log_only"));
    sys.run("ALTER SYSTEM DROP DELETE BACKUP POLICY 'log_only' TENANT t1").await;
    sys.run(data).await;
    assert!(sys.refusal(add).await.2.contains("data_backup_dest"));
    let none = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '0d' TENANT t1";
    assert_eq!(sys.refusal(none).await.2, "Incorrect arguments to the recovery window");
}

#[tokio::test]
async fn the_archive_is_copied_by_a_job_without_a_set_and_the_copies_count_when_the_input_is_gone() {
    let sim = Sim::start(Profile::V4_4_2).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    run(&sim, &mut sys, "ALTER SYSTEM BACKUP TENANT t1").await;
    refused(
        &mut sys,
        &[
            (
                "ALTER SYSTEM BACKUP ARCHIVELOG ALL TENANT = t1",
                9040,
                "backup can not start, because backup archive dest is not configured.",
            ),
            (
                "ALTER SYSTEM SET BACKUP_ARCHIVE_DEST = 'BINDING=OPTIONAL' TENANT = t1",
                1235,
                "set backup archive dest without location is not supported",
            ),
            (
                "ALTER SYSTEM SET BACKUP_ARCHIVE_DEST = 'LOCATION=file:///b/clog' TENANT = t1",
                4179,
                "backup archive dest must differ from log archive dest not allowed",
            ),
        ],
    )
    .await;
    sys.run("ALTER SYSTEM SET BACKUP_ARCHIVE_DEST = 'LOCATION=file:///c' TENANT = t1").await;
    sim.pass(2.0 * 86_400.0);
    sys.run("ALTER SYSTEM BACKUP ARCHIVELOG ALL DELETE INPUT TENANT = t1 DESCRIPTION 'copy'").await;
    assert_eq!(sys.refusal("ALTER SYSTEM BACKUP ARCHIVELOG ALL TENANT = t1").await.0, 9036);
    let moved = "ALTER SYSTEM SET BACKUP_ARCHIVE_DEST = 'LOCATION=file:///c2' TENANT = t1";
    let busy = "modifying backup archive dest while a backup archive job is in progress is not allowed";
    assert_eq!(sys.refusal(moved).await.2, busy);
    let current = "SELECT backup_set_id, job_level, initiator_job_id, plus_archivelog, description FROM CDB_OB_BACKUP_JOBS";
    assert_eq!(sys.rows(current).await, ["0|USER_TENANT|0|OFF|copy"]);
    sim.pass(60.0);
    let pieces =
        "SELECT piece_id, file_status FROM CDB_OB_ARCHIVELOG_PIECE_FILES WHERE tenant_id = 1002 ORDER BY 1";
    assert_eq!(sys.rows(pieces).await, ["1|DELETED", "2|DELETED", "3|AVAILABLE"]);
    let done = "SELECT status, result FROM CDB_OB_BACKUP_JOB_HISTORY WHERE description = 'copy'";
    assert_eq!(sys.rows(done).await, ["COMPLETED|0"]);
    assert!(sim.file("/c").read_dir().expect("copies").count() > 1);
    sys.run("CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '2G'").await;
    sys.run("CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1").await;
    let set = sys.cell("SELECT min_restore_scn FROM CDB_OB_BACKUP_SET_FILES WHERE tenant_id = 1002").await;
    let preview = format!("ALTER SYSTEM RESTORE FROM 'file:///b/data,file:///c' UNTIL SCN = {set} PREVIEW");
    sys.run(&preview).await;
    assert_eq!(sys.rows("SHOW RESTORE PREVIEW").await.len(), 2, "the set, and the copied piece");
}

#[tokio::test]
async fn backups_are_validated_by_one_job_for_each_tenant_with_progress_and_verdict() {
    let sim = Sim::start(NEWEST).await;
    let mut sys = sim.client("sys").await;
    let mut own = sim.client("t1").await;
    archiving(&sim, &mut sys).await;
    run(&sim, &mut sys, "ALTER SYSTEM BACKUP TENANT t1").await;
    let bad = "Incorrect arguments to ";
    refused(
        &mut sys,
        &[
            ("ALTER SYSTEM VALIDATE BACKUP LEVEL = 'deep'", 1210, &format!("{bad}set validate level")),
            (
                "ALTER SYSTEM VALIDATE BACKUP DATA_BACKUP_DEST = 'file:///b/data' TENANT = t1",
                1210,
                &format!("{bad}only validate type backupset can set data_backup_dest"),
            ),
            (
                "ALTER SYSTEM VALIDATE BACKUPSET = '1,x' TENANT = t1",
                1210,
                &format!("{bad}check set/piece ids string"),
            ),
            (
                "ALTER SYSTEM VALIDATE BACKUP = '1' TENANT = t1",
                1210,
                &format!("{bad}validate database with set set or piece ids"),
            ),
            (
                "ALTER SYSTEM VALIDATE BACKUPSET DATA_BACKUP_DEST = 'file:///b/data'",
                1210,
                &format!(
                    "{bad}validate data for a specified path: A unique user tenant must also be specified."
                ),
            ),
            (
                "ALTER SYSTEM VALIDATE BACKUPSET DATA_BACKUP_DEST = 'file:///nowhere' TENANT = t1",
                1210,
                &format!("{bad}validate: empty directory"),
            ),
            (
                "ALTER SYSTEM VALIDATE BACKUPSET DATA_BACKUP_DEST = 'file:///b/clog' TENANT = t1",
                1210,
                &format!("{bad}validate: the specified path type and validate type are inconsistent."),
            ),
            (
                "ALTER SYSTEM VALIDATE BACKUP TENANT = t2",
                1210,
                &format!("{bad}validate: tenant has not set backup dest or archive dest"),
            ),
        ],
    )
    .await;
    assert_eq!(own.refusal("ALTER SYSTEM VALIDATE BACKUP TENANT = t1").await.0, 1235);
    assert_eq!(sys.refusal("ALTER SYSTEM VALIDATE DATABASE").await.0, 1064, "the old grammar is gone");

    sys.run("ALTER SYSTEM VALIDATE BACKUP DESCRIPTION 'weekly'").await;
    sim.pass(3.5);
    let again = "creating new backup validate job when other validate jobs exist not supported";
    assert_eq!(sys.refusal("ALTER SYSTEM VALIDATE BACKUP TENANT = t1").await.2, again);
    let jobs = "SELECT tenant_id, initiator_job_id, executor_tenant_id, type, status, end_timestamp, description \
                FROM CDB_OB_BACKUP_VALIDATE_JOBS ORDER BY 1";
    assert_eq!(
        sys.rows(jobs).await,
        ["1|0|1002|DATABASE|DOING|NULL|weekly", "1002|1|1002|DATABASE|DOING|NULL|weekly"]
    );
    sim.pass(2.0);
    let progress = "SELECT status, validated_bytes > 0, validated_bytes < total_bytes FROM DBA_OB_BACKUP_VALIDATE_TASKS WHERE task_type = 'BACKUPSET'";
    assert_eq!(own.rows(progress).await, ["PHYSICAL|1|1"]);
    sim.pass(60.0);
    let ended = "SELECT tenant_id, status, result, task_count, success_task_count FROM CDB_OB_BACKUP_VALIDATE_JOB_HISTORY ORDER BY 1";
    assert_eq!(sys.rows(ended).await, ["1|COMPLETED|0|0|0", "1002|COMPLETED|0|2|2"]);

    let data = sim
        .file("/b/data/backup_set_1_full/logstream_1001/user_data_turn_1_retry_0/macro_block_data.0.obbak");
    let mut bytes = std::fs::read(&data).expect("the data of the set");
    bytes[1_000] ^= 1;
    std::fs::write(&data, bytes).expect("room for it");
    run(&sim, &mut own, "ALTER SYSTEM VALIDATE BACKUPSET = '1' LEVEL = 'basic'").await;
    run(&sim, &mut own, "ALTER SYSTEM VALIDATE BACKUPSET = '1'").await;
    let verdicts =
        "SELECT validate_level, status, result FROM DBA_OB_BACKUP_VALIDATE_JOB_HISTORY ORDER BY job_id";
    let expected = ["PHYSICAL|COMPLETED|0", "BASIC|COMPLETED|0", "PHYSICAL|FAILED|-4103"];
    assert_eq!(own.rows(verdicts).await, expected, "only the content shows it");
    own.run("ALTER SYSTEM VALIDATE BACKUP").await;
    sim.pass(2.0);
    run(&sim, &mut own, "ALTER SYSTEM CANCEL VALIDATE BACKUP").await;
    assert_eq!(own.rows(verdicts).await[3], "PHYSICAL|CANCELED|-4072");
    let columns = own.columns("SELECT * FROM DBA_OB_BACKUP_VALIDATE_JOB_HISTORY").await.join(" ");
    assert!(columns.ends_with("RESULT COMMENT DESCRIPTION"), "{columns}");
}

#[tokio::test]
async fn destinations_take_nodes_sums_and_other_keys_and_no_compression_any_more() {
    let sim = Sim::start(NEWEST).await;
    let mut sys = sim.client("sys").await;
    refused(
        &mut sys,
        &[
            (
                "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///d?zone=zone9' TENANT = t1",
                9133,
                "backup zone or backup idc or backup region invalid",
            ),
            (
                "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///a COMPRESSION=enable' TENANT = t1",
                1235,
                "Not supported feature or function",
            ),
            (
                "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///d'",
                1235,
                "backup config only support user tenant not supported",
            ),
        ],
    )
    .await;
    let keys = "host=h&access_id=a&access_key=k";
    sys.run(&format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://bucket/d?{keys}&zone=zone1' TENANT = t1"))
        .await;
    let stored = "SELECT authorization, extension FROM CDB_OB_BACKUP_STORAGE_INFO WHERE tenant_id = 1002";
    assert_eq!(sys.rows(stored).await, ["access_id=a&encrypt_key=*|checksum_type=md5&zone=zone1"]);
    let value = "SELECT value FROM CDB_OB_BACKUP_PARAMETER WHERE tenant_id = 1002";
    assert!(!sys.cell(value).await.contains("zone"));
    let rotate = "ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = 'oss://bucket/d' \
                  ACCESS_INFO = 'access_id=b&access_key=l' ATTRIBUTE = 'zone=zone1&max_iops=100'";
    assert_eq!(sys.refusal(rotate).await.0, 1235, "only the tenant itself");
    let mut own = sim.client("t1").await;
    own.run(rotate).await;
    assert_eq!(
        sys.rows(stored).await,
        ["access_id=b&encrypt_key=*|checksum_type=md5&zone=zone1&max_iops=100"]
    );
    assert!(sys.cell(value).await.contains("access_key=l"));
    let unknown = "ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = 'oss://bucket/x' ACCESS_INFO = 'access_id=b&access_key=l'";
    assert_eq!(own.refusal(unknown).await, (4018, "HY000".to_owned(), "the path does not exist".to_owned()));
}
