//! Restore of 4.x: the blocking statement, the two rows, what can be reached, what damage does.

use mysql_async::prelude::Queryable;
use sim::Profile;

use crate::refusals4::archiving;
use crate::simulator::{Client, Sim};

/// A tenant with one full backup and ten minutes of log; a free pool `p`.
async fn backed_up(sim: &Sim, sys: &mut Client) {
    archiving(sim, sys).await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(600.0);
    sys.run("CREATE RESOURCE UNIT u MAX_CPU = 1, MEMORY_SIZE = 2G").await;
    sys.run("CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')").await;
}

const RESTORE: &str = "ALTER SYSTEM RESTORE t9 FROM 'file:///b/data,file:///b/clog' WITH 'pool_list=p'";

#[tokio::test]
async fn the_statement_blocks_until_the_meta_tenant_is_there_and_then_the_tenant_follows() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let mut other = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    let statement = tokio::spawn(async move {
        sys.run(RESTORE).await;
        sys
    });
    let progress = "SELECT tenant_id, status, restore_tenant_id, restore_progress IS NULL FROM CDB_OB_RESTORE_PROGRESS ORDER BY tenant_id";
    let mut rows = Vec::new();
    for _ in 0..1_000 {
        rows = other.rows(progress).await;
        if !rows.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(rows, ["1|CREATE_TENANT|1006|1", "1006|RESTORING|1006|0"]);
    assert!(!statement.is_finished());
    let names = "SELECT tenant_name, status, tenant_role FROM DBA_OB_TENANTS WHERE tenant_id > 1004 ORDER BY tenant_id";
    assert_eq!(other.rows(names).await, ["META$1006|RESTORE|PRIMARY", "t9|RESTORE|NULL"]);
    sim.pass(6.0);
    let mut sys = statement.await.expect("the statement is answered");
    let rows = sys.rows(progress).await;
    assert_eq!(rows, ["1|WAIT_TENANT_RESTORE_FINISH|1006|1", "1006|RESTORING|1006|0"]);
    assert_eq!(sys.rows(names).await[1], "t9|RESTORE|RESTORE");
    sim.pass(30.0);
    assert!(sys.rows(progress).await.is_empty());
    let history =
        "SELECT tenant_id, status FROM CDB_OB_RESTORE_HISTORY WHERE restore_tenant_name = 't9' ORDER BY 1";
    assert_eq!(sys.rows(history).await, ["1|SUCCESS", "1006|SUCCESS"]);
    assert_eq!(sys.rows(names).await[1], "t9|NORMAL|STANDBY");
    assert_eq!(sys.refusal(RESTORE).await.2, "tenant 't9' already exist");
    sys.run("ALTER SYSTEM ACTIVATE STANDBY TENANT 't9'").await;
    assert_eq!(sys.rows(names).await[1], "t9|NORMAL|PRIMARY");
}

#[tokio::test]
async fn a_timeout_ends_the_statement_and_not_the_restore() {
    let sim = Sim::start_with(Profile::V4_2_5, 1.0, |_| ()).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    sys.run("SET ob_query_timeout = 100000").await;
    assert_eq!(sys.refusal(RESTORE).await.0, 4012);
    assert_eq!(sys.cell("SELECT COUNT(*) FROM CDB_OB_RESTORE_PROGRESS").await, "2");
    assert_eq!(sys.refusal(RESTORE).await.0, 5156);
    sys.run("ALTER SYSTEM CANCEL RESTORE `t9`").await;
    sim.pass(10.0);
    let end = "SELECT DISTINCT status FROM CDB_OB_RESTORE_HISTORY";
    assert_eq!(sys.cell(end).await, "FAIL");
    assert_eq!(sys.cell("SELECT COUNT(*) FROM DBA_OB_TENANTS WHERE tenant_name = 't9'").await, "0");
    sys.run("ALTER RESOURCE UNIT u MAX_CPU 4; ALTER RESOURCE POOL p UNIT_NUM = 2").await;
    assert_eq!(sys.cell("SELECT unit_count FROM DBA_OB_RESOURCE_POOLS WHERE name = 'p'").await, "2");
    assert_eq!(sys.refusal("ALTER RESOURCE POOL q UNIT_NUM = 2").await.0, 4650);
    assert_eq!(sys.cell("SELECT tenant_id FROM DBA_OB_RESOURCE_POOLS WHERE name = 'p'").await, "NULL");
}

#[tokio::test]
async fn restores_are_refused_in_the_kernels_words() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    sys.run("SET time_zone = '+00:00'").await;
    let first = sys.cell("SELECT scn_to_timestamp(min_restore_scn) FROM CDB_OB_BACKUP_SET_FILES").await;
    let from = "FROM 'file:///b/data,file:///b/clog'";
    let too_early = format!(
        "no full backup set can be used to restore to given time, minimum restorable time is {first}"
    );
    for (sql, number, text) in [
        (format!("RESTORE t1 {from} WITH 'pool_list=p'"), 5156, "tenant 't1' already exist"),
        (format!("RESTORE t9 {from} WITH 'pool_list=q'"), 4650, "resource pool 'q' not exist"),
        (
            format!("RESTORE t9 {from} WITH 'pool_list=pool_t1'"),
            4626,
            "resource pool 'pool_t1' has already been granted to a tenant",
        ),
        (format!("RESTORE t9 {from} WITH ''"), 1210, "Incorrect arguments to resource pool list"),
        (
            format!("RESTORE t9 {from} WITH 'pool_list=p&concurrency=x'"),
            1210,
            "Incorrect arguments to restore concurrency",
        ),
        ("RESTORE t9 FROM 'nonsense' WITH 'pool_list=p'".to_owned(), 9026, "nonsense is not a valid uri"),
        (
            "RESTORE t9 FROM 'file:///empty' WITH 'pool_list=p'".to_owned(),
            4018,
            "no backup set path or log piece can be used to restore",
        ),
        (
            format!("RESTORE t9 {from} UNTIL TIME='2020-01-01 00:00:00' WITH 'pool_list=p'"),
            9119,
            too_early.as_str(),
        ),
        (
            format!("RESTORE t9 {from} UNTIL TIME='soon' WITH 'pool_list=p'"),
            1525,
            "Incorrect TIMESTAMP value: 'soon'",
        ),
        (
            format!("RESTORE t9 {from} UNTIL SCN=0 WITH 'pool_list=p'"),
            1210,
            "Incorrect arguments to until scn, it should be positive integer",
        ),
        ("RESTORE t9 FROM 'file:///b/clog' WITH 'pool_list=p'".to_owned(), 9119, "no full backup set exists"),
        (
            format!("RESTORE {from} PREVIEW"),
            4179,
            "restore preview must have a scn or timestamp, otherwise not allowed",
        ),
    ] {
        let sql = format!("ALTER SYSTEM {sql}").replace("RESTORE FROM", "RESTORE FROM");
        let (code, _, message) = sys.refusal(&sql).await;
        assert_eq!((code, message.as_str()), (number, text), "{sql}");
    }
    let far = "ALTER SYSTEM RESTORE t9 FROM 'file:///b/data,file:///b/clog' UNTIL TIME='9999-12-31 00:00:00' WITH 'pool_list=p'";
    assert_eq!(sys.refusal(far).await.0, 9119);
    let late = sys.refusal("ALTER SYSTEM RESTORE t9 FROM 'file:///b/data,file:///b/clog' UNTIL TIME='2030-01-01 00:00:00' WITH 'pool_list=p'").await;
    assert!(
        late.0 == 9119 && late.2.starts_with("no enough log, maximum restorable time is 2025-"),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_restore_never_reads_across_a_stop_of_the_archive() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    for statement in ["NOARCHIVELOG", "ARCHIVELOG"] {
        sys.run(&format!("ALTER SYSTEM {statement} TENANT = t1")).await;
        sim.pass(600.0);
    }
    // END_SCN of the stopped piece stays at its planned time, which is after the next one has started.
    let pieces = "SELECT piece_id, status, end_scn - start_scn FROM CDB_OB_ARCHIVELOG_PIECE_FILES ORDER BY 1";
    assert_eq!(sys.rows(pieces).await, ["1|FROZEN|86400000000000", "2|ACTIVE|86400000000000"]);
    let ends = "SELECT checkpoint_scn FROM CDB_OB_ARCHIVELOG_PIECE_FILES ORDER BY piece_id";
    let ends = sys.rows(ends).await;
    let preview = |scn: &str| {
        format!("ALTER SYSTEM RESTORE FROM 'file:///b/data,file:///b/clog' UNTIL SCN={scn} PREVIEW")
    };
    sys.run(&preview(&ends[0])).await;
    assert_eq!(sys.rows("SHOW RESTORE PREVIEW").await.len(), 2, "up to the stop");
    sys.run(&preview(&ends[1])).await;
    for sql in ["SHOW RESTORE PREVIEW", RESTORE] {
        let (code, _, text) = sys.refusal(sql).await;
        assert_eq!((code, text.as_str()), (9119, "No enough log for restore"), "{sql}");
    }
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(600.0);
    let last = sys.cell("SELECT MAX(checkpoint_scn) FROM CDB_OB_ARCHIVELOG_PIECE_FILES").await;
    sys.run(&preview(&last)).await;
    let rows = sys.rows("SHOW RESTORE PREVIEW").await;
    assert!(rows[0].starts_with("BACKUP_SET|2|") && rows[1].starts_with("BACKUP_PIECE|2|"), "{rows:?}");
    assert_eq!(rows.len(), 2, "{rows:?}");
}

#[tokio::test]
async fn every_place_of_logs_must_reach_the_moment_alone() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM NOARCHIVELOG TENANT = t1").await;
    sim.pass(60.0);
    sys.run("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///b/clog2' TENANT = t1").await;
    sys.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    sim.pass(600.0);
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(600.0);
    let restore = |from: &str| format!("ALTER SYSTEM RESTORE t9 FROM '{from}' WITH 'pool_list=p'");
    let both = restore("file:///b/data,file:///b/clog,file:///b/clog2");
    assert_eq!(sys.refusal(&both).await.0, 9119);
    let scn = sys.cell("SELECT MAX(checkpoint_scn) FROM CDB_OB_ARCHIVELOG_PIECE_FILES").await;
    let one = format!("ALTER SYSTEM RESTORE FROM 'file:///b/data,file:///b/clog2' UNTIL SCN={scn} PREVIEW");
    sys.run(&one).await;
    assert_eq!(sys.rows("SHOW RESTORE PREVIEW").await.len(), 2);
}

#[tokio::test]
async fn a_preview_shows_what_a_restore_would_read() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    let scn = sys.cell("SELECT min_restore_scn + 1000000000 FROM CDB_OB_BACKUP_SET_FILES").await;
    sys.run(&format!("ALTER SYSTEM RESTORE FROM 'file:///b/clog,file:///b/data' UNTIL SCN={scn} PREVIEW"))
        .await;
    let rows = sys.rows("SHOW RESTORE PREVIEW").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], "BACKUP_SET|1|file:///b/data/backup_set_1_full|");
    assert!(
        rows[1].starts_with("BACKUP_PIECE|1|file:///b/clog/piece_d1001r1p1|start_scn_display: 2025"),
        "{rows:?}"
    );
}

#[tokio::test]
async fn a_damaged_set_fails_the_restore_as_the_kernel_would() {
    let sim = Sim::start_with(Profile::V4_2_5, 1_000.0, |_| ()).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    let data = sim
        .file("/b/data/backup_set_1_full/logstream_1001/major_data_turn_1_retry_0/macro_block_data.0.obbak");
    let mut bytes = std::fs::read(&data).expect("the data file");
    bytes[4_711] ^= 1;
    std::fs::write(&data, bytes).expect("room for a file");
    sys.run("SET ob_query_timeout = 600000000").await;
    sys.run(RESTORE).await;
    sim.pass(60.0);
    let end = "SELECT status, comment LIKE '(SERVER)ls_id: 1001, addr: 127.0.0.1:2882, module: RESTORE_DATA, result: -4103(%' \
               FROM CDB_OB_RESTORE_HISTORY WHERE tenant_id = 1";
    assert_eq!(sys.rows(end).await, ["FAIL|1"]);
    // The partly restored tenant stays until it is dropped, and keeps its pool.
    assert_eq!(sys.cell("SELECT tenant_role FROM DBA_OB_TENANTS WHERE tenant_name = 't9'").await, "RESTORE");
    sys.run("DROP TENANT t9 FORCE").await;
    assert_eq!(sys.cell("SELECT tenant_id FROM DBA_OB_RESOURCE_POOLS WHERE name = 'p'").await, "NULL");
}

#[tokio::test]
async fn a_password_is_needed_on_the_same_connection() {
    let sim = Sim::start_with(Profile::V4_2_5, 1_000.0, |_| ()).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("SET ENCRYPTION ON IDENTIFIED BY \"pw\" ONLY; ALTER SYSTEM BACKUP TENANT = t1").await;
    sim.pass(600.0);
    sys.run(
        "CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '2G'; CREATE RESOURCE POOL p UNIT 'u', UNIT_NUM 1",
    )
    .await;
    let mut other = sim.client("sys").await;
    other.run("SET DECRYPTION IDENTIFIED BY 'pw'").await;
    assert_eq!(sys.refusal(RESTORE).await.2, "invalid password for backup");
    sys.run(&format!(
        "SET ob_query_timeout = 600000000; SET DECRYPTION IDENTIFIED BY 'other','pw'; {RESTORE}"
    ))
    .await;
    let mut tenant = sim.client("t1").await;
    assert_eq!(
        tenant.refusal("SET DECRYPTION IDENTIFIED BY 'pw'").await.2,
        "non-sys tenant set decryption is not supported"
    );
}

#[tokio::test]
async fn an_old_kernel_calls_every_missing_log_4018() {
    let sim = Sim::start(Profile::V4_1).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    let sql = "ALTER SYSTEM RESTORE t9 FROM 'file:///b/data,file:///b/clog' UNTIL TIME='2030-01-01 00:00:00' WITH 'pool_list=p'";
    let (code, _, text) = sys.refusal(sql).await;
    assert_eq!((code, text.as_str()), (4018, "No enough log for restore"));
}

/// Backs up `t1` of a cluster of one version, and restores it in another of a second version over the same storage.
async fn across(from: Profile, to: Profile) -> (Sim, Result<(), (u16, String, String)>) {
    let sim = Sim::start_with(from, 1_000.0, |config| {
        let mut second = config.clusters[0].clone();
        (second.name, second.id, second.version) = ("second".to_owned(), 2, to.to_string());
        config.clusters.push(second);
    })
    .await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(600.0);
    let mut other = second(&sim).await;
    other
        .run(
            "CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '2G'; CREATE RESOURCE POOL p UNIT 'u', UNIT_NUM 1",
        )
        .await;
    other.run("SET ob_query_timeout = 600000000").await;
    let result = match other.0.query_drop(RESTORE).await {
        Ok(()) => Ok(()),
        Err(mysql_async::Error::Server(error)) => Err((error.code, error.state, error.message)),
        Err(other) => panic!("{other}"),
    };
    (sim, result)
}

async fn second(sim: &Sim) -> Client {
    let port = sim.handle.clusters[1].ports[0];
    Client(mysql_async::Conn::new(crate::simulator::options(port, "root@sys#second")).await.expect("a login"))
}

#[tokio::test]
async fn a_newer_cluster_restores_an_older_backup_and_is_upgraded_afterwards() {
    let (sim, result) = across(Profile::V4_1, Profile::V4_2_5).await;
    result.expect("the tenant is there");
    sim.pass(60.0);
    let mut other = second(&sim).await;
    let tenant = "SELECT tenant_role, compatible FROM DBA_OB_TENANTS WHERE tenant_name = 't9'";
    assert_eq!(other.rows(tenant).await, ["STANDBY|4.1.0.0"]);
    let source = "SELECT backup_cluster_name, backup_tenant_name, backup_tenant_id FROM CDB_OB_RESTORE_HISTORY WHERE tenant_id = 1";
    assert_eq!(other.rows(source).await, ["obcluster|t1|1002"]);
    other.run("ALTER SYSTEM ACTIVATE STANDBY TENANT t9; ALTER SYSTEM RUN UPGRADE JOB \"UPGRADE_ALL\" TENANT = t9").await;
    assert_eq!(other.rows(tenant).await, ["PRIMARY|4.2.5.0"]);
    let job = "SELECT job_type, job_status FROM DBA_OB_TENANT_JOBS WHERE tenant_id = 1006";
    assert_eq!(other.rows(job).await, ["UPGRADE_ALL|SUCCESS"]);
    let (code, _, _) = other.refusal("SELECT job_id FROM oceanbase.CDB_OB_TENANT_JOBS").await;
    assert_eq!(code, 1146, "it has no twin");
}

#[tokio::test]
async fn versions_that_do_not_fit_are_refused() {
    for (from, to, text) in [
        (Profile::V4_3_5, Profile::V4_2_5, "restore from higher cluster version is not allowed"),
        (Profile::V4_0, Profile::V4_2_5, "restore from backup with unsupported data version is not allowed"),
    ] {
        let (_, result) = across(from, to).await;
        let (code, _, message) = result.expect_err(text);
        assert_eq!((code, message.as_str()), (4179, text));
    }
}

/// The rows of a tenant are simulated; the world shows their SCN, so that a test detects a wrong one.
#[tokio::test]
async fn a_restored_tenant_carries_the_moment_whose_data_it_has() {
    let sim = Sim::start_with(Profile::V4_2_5, 1_000.0, |_| ()).await;
    let mut sys = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    let scn = sys.cell("SELECT min_restore_scn + 60000000000 FROM CDB_OB_BACKUP_SET_FILES").await;
    sys.run("SET ob_query_timeout = 600000000").await;
    let from = "'file:///b/data,file:///b/clog'";
    sys.run(&format!("ALTER SYSTEM RESTORE t9 FROM {from} UNTIL SCN={scn} WITH 'pool_list=p'")).await;
    sim.pass(60.0);
    let world = sim.handle.world(0);
    let data_scn = |name: &str| {
        let tenants = world["tenants"].as_object().expect("there are some");
        let found = tenants.values().find(|tenant| tenant["name"] == name).cloned();
        found.expect("it is there")["data_scn"].clone()
    };
    assert_eq!(data_scn("t9").to_string(), scn);
    assert!(data_scn("t1").is_null(), "nothing was restored into it");
}

#[tokio::test]
async fn a_half_tenant_that_is_dropped_ends_its_restore() {
    let sim = Sim::start(Profile::V4_0).await;
    let mut sys = sim.client("sys").await;
    let mut other = sim.client("sys").await;
    backed_up(&sim, &mut sys).await;
    let statement = tokio::spawn(async move { sys.0.query_drop(RESTORE).await.is_ok() });
    while other.cell("SELECT COUNT(*) FROM CDB_OB_RESTORE_PROGRESS").await == "0" {
        tokio::task::yield_now().await;
    }
    let cancel = "ALTER SYSTEM CANCEL RESTORE t9";
    assert_eq!(other.refusal(cancel).await.0, 1235, "the first versions do not know it");
    other.run("DROP TENANT t9 FORCE").await;
    sim.pass(600.0);
    assert!(!statement.await.expect("it is answered"), "its tenant never came");
    assert_eq!(other.cell("SELECT DISTINCT status FROM CDB_OB_RESTORE_HISTORY").await, "FAIL");
    assert_eq!(other.cell("SELECT tenant_id FROM DBA_OB_RESOURCE_POOLS WHERE name = 'p'").await, "NULL");
}

#[tokio::test]
async fn a_pool_that_no_server_has_room_for_is_refused() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    sys.run("CREATE RESOURCE UNIT large MAX_CPU = 15, MEMORY_SIZE = 4G").await;
    let (code, _, text) = sys.refusal("CREATE RESOURCE POOL p UNIT = 'large', UNIT_NUM = 1").await;
    assert!(code == 4733 && text.starts_with("zone 'zone1' resource not enough to hold 1 unit"), "{text}");
    assert_eq!(sys.cell("SELECT COUNT(*) FROM DBA_OB_RESOURCE_POOLS WHERE name = 'p'").await, "0");
}
