//! Archiving and backup of 4.x, second by second.

use sim::Profile;

use crate::refusals4::archiving;
use crate::simulator::Sim;

#[tokio::test]
async fn an_archive_goes_through_its_states_and_keeps_its_stopped_round() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let status = "SELECT round_id, status FROM CDB_OB_ARCHIVELOG WHERE tenant_id = 1002";
    // Without a destination only the mode changes: no round ever appears.
    sys.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    sim.pass(600.0);
    assert!(sys.rows(status).await.is_empty());
    assert_eq!(sys.cell("SELECT log_mode FROM DBA_OB_TENANTS WHERE tenant_id = 1002").await, "ARCHIVELOG");
    sys.run("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///b/clog BINDING=Mandatory' TENANT = t1")
        .await;
    let mut seen: Vec<String> = Vec::new();
    let steps = [
        ("", 10.0),
        ("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = t1", 5.0),
        ("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = t1", 6.0),
        ("ALTER SYSTEM NOARCHIVELOG TENANT = t1", 6.0),
        ("ALTER SYSTEM ARCHIVELOG TENANT = t1", 10.0),
    ];
    for (sql, seconds) in steps {
        if !sql.is_empty() {
            sys.run(sql).await;
        }
        for _ in 0..(seconds * 2.0) as u32 {
            let now = sys.rows(status).await.join("");
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            sim.pass(0.5);
        }
    }
    let expected = [
        "",
        "1|PREPARE",
        "1|BEGINNING",
        "1|DOING",
        "1|SUSPENDING",
        "1|SUSPEND",
        "1|BEGINNING",
        "1|DOING",
        "1|STOPPING",
        "1|STOP",
        "2|PREPARE",
        "2|BEGINNING",
        "2|DOING",
    ];
    assert_eq!(seen, expected);
    let summary = "SELECT round_id, status FROM CDB_OB_ARCHIVELOG_SUMMARY WHERE tenant_id = 1002 ORDER BY round_id DESC";
    assert_eq!(sys.rows(summary).await, ["2|DOING", "1|STOP"]);
    let settings = "SELECT name, value FROM CDB_OB_ARCHIVE_DEST WHERE tenant_id = 1002 ORDER BY name";
    let expected = [
        "binding|MANDATORY",
        "dest_id|1001",
        "path|file:///b/clog",
        "piece_switch_interval|1d",
        "state|ENABLE",
    ];
    assert_eq!(sys.rows(settings).await, expected);
}

#[tokio::test]
async fn pieces_follow_each_other_without_a_gap() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sim.pass(3.5 * 86_400.0);
    let pieces =
        "SELECT piece_id, status, end_scn - start_scn FROM CDB_OB_ARCHIVELOG_PIECE_FILES ORDER BY piece_id";
    let day = "86400000000000";
    let expected = [
        format!("1|FROZEN|{day}"),
        format!("2|FROZEN|{day}"),
        format!("3|FROZEN|{day}"),
        format!("4|ACTIVE|{day}"),
    ];
    assert_eq!(sys.rows(pieces).await, expected);
    let joins = "SELECT COUNT(*) FROM CDB_OB_ARCHIVELOG_PIECE_FILES a JOIN CDB_OB_ARCHIVELOG_PIECE_FILES b \
                 ON b.piece_id = a.piece_id + 1 AND b.start_scn = a.end_scn";
    assert_eq!(sys.cell(joins).await, "3");
    let delay = "SELECT truncate((time_to_usec(now(6)) - checkpoint_scn/1000)/1000000, 4) FROM oceanbase.cdb_ob_archivelog";
    assert_eq!(sys.cell(delay).await, "10.0000");
    for file in [
        "pieces/piece_d1001r1p1_start_",
        "piece_d1001r1p4/checkpoint/checkpoint_info.0.obarc",
        "format.obbak",
    ] {
        let (directory, name) = file.rsplit_once('/').unwrap_or(("", file));
        let names: Vec<String> = std::fs::read_dir(sim.file("/b/clog").join(directory))
            .expect("the archive's directory")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        assert!(names.iter().any(|found| found.starts_with(name)), "{file}: {names:?}");
    }
}

#[tokio::test]
async fn a_backup_of_all_tenants_fans_out_and_moves_to_the_history() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    // t2 has no destination: it is passed over in silence.
    sys.run(
        "SET ENCRYPTION ON IDENTIFIED BY 'secret' ONLY; ALTER SYSTEM BACKUP DATABASE DESCRIPTION = 'nightly'",
    )
    .await;
    let jobs = "SELECT tenant_id, job_level, executor_tenant_id, initiator_tenant_id, initiator_job_id, backup_set_id, status, \
                end_timestamp, encryption_mode, description, path FROM CDB_OB_BACKUP_JOBS ORDER BY tenant_id";
    assert_eq!(sys.rows(jobs).await, ["1|CLUSTER|1002|1|1|0|INIT|NULL|PASSWORD|nightly|"]);
    sim.pass(4.0);
    let running = [
        "1|CLUSTER|1002|1|1|0|DOING|NULL|PASSWORD|nightly|",
        "1002|USER_TENANT|1002|1|1|1|DOING|NULL|PASSWORD|nightly|file:///b/data",
    ];
    assert_eq!(sys.rows(jobs).await, running);
    let rate = "SELECT output_rate_bytes FROM CDB_OB_BACKUP_TASKS";
    assert_eq!(sys.cell(rate).await, "0.0000");
    sim.pass(6.0);
    let progress: f64 =
        sys.cell("SELECT data_progress FROM CDB_OB_BACKUP_TASKS").await.parse().expect("a number");
    assert!(progress > 0.0 && progress < 100.0, "{progress}");
    sim.pass(30.0);
    assert!(sys.rows(jobs).await.is_empty());
    let history = "SELECT tenant_id, status, result FROM CDB_OB_BACKUP_JOB_HISTORY ORDER BY tenant_id";
    assert_eq!(sys.rows(history).await, ["1|COMPLETED|0", "1002|COMPLETED|0"]);
    let sets = "SELECT backup_set_id, backup_type, status, file_status, min_restore_scn >= start_replay_scn, \
                tenant_compatible FROM CDB_OB_BACKUP_SET_FILES";
    assert_eq!(sys.rows(sets).await, ["1|FULL|SUCCESS|AVAILABLE|1|4.2.5.0"]);
    let bytes: u64 =
        sys.cell("SELECT output_bytes FROM CDB_OB_BACKUP_SET_FILES").await.parse().expect("a number");
    let data = sim
        .file("/b/data/backup_set_1_full/logstream_1001/major_data_turn_1_retry_0/macro_block_data.0.obbak");
    let size = std::fs::metadata(data).expect("the data file").len();
    assert!(size <= bytes && size > bytes * 9 / 10, "{size} of {bytes}");
    let mut tenant = sim.client("t1").await;
    assert_eq!(
        tenant.rows("SELECT backup_set_id FROM DBA_OB_BACKUP_SET_FILES WHERE backup_type = 'FULL'").await,
        ["1"]
    );
    assert_eq!(tenant.refusal("SELECT * FROM CDB_OB_BACKUP_JOBS").await.0, 1146);
}

#[tokio::test]
async fn an_incremental_backup_holds_the_changes_and_without_a_full_one_becomes_full() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    for _ in 0..2 {
        sys.run("ALTER SYSTEM BACKUP INCREMENTAL TENANT t1").await;
        sim.pass(3_600.0);
    }
    let sets = "SELECT backup_set_id, backup_type, prev_full_backup_set_id, prev_inc_backup_set_id FROM CDB_OB_BACKUP_SET_FILES ORDER BY 1";
    assert_eq!(sys.rows(sets).await, ["1|FULL|0|0", "2|INC|1|1"]);
    let smaller = "SELECT a.output_bytes > 3 * b.output_bytes FROM CDB_OB_BACKUP_SET_FILES a, CDB_OB_BACKUP_SET_FILES b \
                   WHERE a.backup_set_id = 1 AND b.backup_set_id = 2";
    assert_eq!(sys.cell(smaller).await, "1");
    assert!(sim.file("/b/data/backup_set_2_inc/single_backup_set_info.obbak").exists());
}

#[tokio::test]
async fn a_running_backup_ends_when_its_conditions_do() {
    for (sql, result) in [
        ("ALTER SYSTEM NOARCHIVELOG TENANT = t1", "FAILED|-9029"),
        ("ALTER SYSTEM SET enable_upgrade_mode = 'True'", "FAILED|-4109"),
        ("ALTER SYSTEM CANCEL BACKUP", "CANCELED|-4072"),
    ] {
        let sim = Sim::start(Profile::V4_3_5).await;
        let mut sys = sim.client("sys").await;
        archiving(&sim, &mut sys).await;
        sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
        sim.pass(5.0);
        sys.run(sql).await;
        sim.pass(30.0);
        let job = "SELECT status, result FROM CDB_OB_BACKUP_JOB_HISTORY WHERE tenant_id = 1002";
        assert_eq!(sys.rows(job).await, [result], "{sql}");
        let set = "SELECT status FROM CDB_OB_BACKUP_SET_FILES";
        assert_eq!(sys.rows(set).await, ["FAILED"], "{sql}");
        sys.run("ALTER SYSTEM CANCEL BACKUP").await;
    }
}

#[tokio::test]
async fn a_missing_format_file_fails_the_job_and_not_the_statement() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    std::fs::remove_file(sim.file("/b/data/format.obbak")).expect("the format file");
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(30.0);
    let job = "SELECT status, result, comment LIKE '(ROOTSERVICE)addr: 127.0.0.1:2882, result: -9080(%' FROM CDB_OB_BACKUP_JOB_HISTORY WHERE tenant_id = 1002";
    assert_eq!(sys.rows(job).await, ["FAILED|-9080|1"]);
}

#[tokio::test]
async fn cleanup_deletes_what_the_window_does_not_need_and_nothing_else() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    for kind in ["", "INCREMENTAL", "", ""] {
        sys.run(&format!("ALTER SYSTEM BACKUP {kind} TENANT t1")).await;
        sim.pass(2.0 * 86_400.0);
    }
    sys.run("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '3d' TENANT t1").await;
    sim.pass(7_300.0);
    let sets = "SELECT backup_set_id, file_status FROM CDB_OB_BACKUP_SET_FILES ORDER BY 1";
    assert_eq!(sys.rows(sets).await, ["1|DELETED", "2|DELETED", "3|AVAILABLE", "4|AVAILABLE"]);
    assert!(!sim.file("/b/data/backup_set_1_full").exists());
    assert!(sim.file("/b/data/backup_set_3_full").exists());
    let job = "SELECT type, status FROM CDB_OB_BACKUP_DELETE_JOB_HISTORY";
    assert_eq!(sys.rows(job).await, ["DELETE OBSOLETE BACKUP|COMPLETED"]);
    let kept = "SELECT COUNT(*) FROM CDB_OB_ARCHIVELOG_PIECE_FILES p, CDB_OB_BACKUP_SET_FILES s \
                WHERE s.backup_set_id = 3 AND p.file_status = 'AVAILABLE' AND p.end_scn <= s.start_replay_scn";
    assert_eq!(sys.cell(kept).await, "0");
}

#[tokio::test]
async fn the_newest_kernel_deletes_named_sets_and_the_job_has_the_refusals() {
    let sim = Sim::start(Profile::V4_4).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    for kind in ["", "INCREMENTAL", ""] {
        sys.run(&format!("ALTER SYSTEM BACKUP {kind} TENANT t1")).await;
        sim.pass(60.0);
    }
    for set in ["1", "9", "3", "2"] {
        sys.run(&format!("ALTER SYSTEM DELETE BACKUPSET {set} TENANT = t1")).await;
        sim.pass(30.0);
    }
    let jobs = "SELECT parameter, status, comment FROM CDB_OB_BACKUP_DELETE_JOB_HISTORY ORDER BY job_id";
    let expected = [
        "1|FAILED|id=1(dependent by backup set id=2)",
        "9|FAILED|id=9(get set failed)",
        "3|FAILED|id=3(newer than latest full backupset id=3)",
        "2|COMPLETED|",
    ];
    assert_eq!(sys.rows(jobs).await, expected);
}
