//! Statements as the scripts of other tools send them: whole sequences of reads around a backup.

use sim::Profile;

use crate::simulator::{Client, Sim};

/// Both tenants archive and have a destination for data.
async fn archiving(sim: &Sim, sys: &mut Client) {
    for tenant in ["t1", "t2"] {
        sys.run(&format!(
            "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///a/{tenant}' TENANT = {tenant}"
        ))
        .await;
        sys.run(&format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///d/{tenant}' TENANT = {tenant}")).await;
        sys.run(&format!("ALTER SYSTEM ARCHIVELOG TENANT = {tenant}")).await;
    }
    sim.pass(60.0);
}

fn no_gaps(sim: &Sim) {
    let gaps: Vec<_> = sim.handle.transcript().into_iter().filter(|entry| entry.gap).collect();
    assert!(gaps.is_empty(), "{gaps:#?}");
}

/// As an operator of Kubernetes backs up: all tenants at once, found again by the initiator's job, with what is needed
/// to make their units and pools elsewhere.
#[tokio::test]
async fn a_script_that_follows_the_initiator_and_reads_units_works_unchanged() {
    for profile in [Profile::V4_2_5, Profile::V4_3_5, Profile::V4_6] {
        let sim = Sim::start(profile).await;
        let mut sys = sim.client("sys").await;
        archiving(&sim, &mut sys).await;
        let wanted =
            "SELECT count(*) FROM oceanbase.DBA_OB_TENANTS WHERE tenant_type = 'user' AND status = 'NORMAL'";
        let archiving = "SELECT count(*) FROM oceanbase.CDB_OB_ARCHIVELOG WHERE status = 'DOING'";
        assert_eq!(sys.cell(wanted).await, sys.cell(archiving).await);
        sys.run("ALTER SYSTEM BACKUP DATABASE").await;
        sim.pass(3.0);
        let initiator =
            "SELECT initiator_job_id FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE job_level = 'CLUSTER' LIMIT 1";
        let initiator = sys.cell(initiator).await;
        let running = "SELECT count(*) FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE job_level = 'USER_TENANT'";
        assert_eq!(sys.cell(running).await, "2");
        sim.pass(600.0);
        assert_eq!(sys.cell(running).await, "0");
        let done = format!(
            "SELECT tenant_id, backup_set_id FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY \
             WHERE initiator_job_id = {initiator} AND backup_set_id <> 0 ORDER BY 1"
        );
        assert_eq!(sys.rows(&done).await, ["1002|1", "1004|1"], "{profile}");
        let set = "SELECT t.tenant_name, s.status, s.result, s.start_replay_scn < s.min_restore_scn \
                   FROM oceanbase.CDB_OB_BACKUP_SET_FILES s, oceanbase.DBA_OB_TENANTS t \
                   WHERE s.tenant_id = t.tenant_id AND s.backup_set_id = 1 AND s.tenant_id = 1002";
        assert_eq!(sys.rows(set).await, ["t1|SUCCESS|0|1"], "{profile}");
        let pool = "SELECT p.name, u.name AS unit_name, p.unit_count, p.zone_list \
                    FROM oceanbase.DBA_OB_RESOURCE_POOLS p, oceanbase.DBA_OB_UNIT_CONFIGS u \
                    WHERE u.unit_config_id = p.unit_config_id AND p.tenant_id = 1002";
        assert_eq!(sys.rows(pool).await, ["pool_t1|unit_1002|1|zone1"], "{profile}");
        let unit = "SELECT name, max_cpu, min_cpu, memory_size, log_disk_size, max_iops, min_iops, iops_weight \
                    FROM oceanbase.DBA_OB_UNIT_CONFIGS WHERE name = 'unit_1002'";
        let unlimited = i64::MAX;
        let expected = format!("unit_1002|2|2|{}|{}|{unlimited}|{unlimited}|2", 4_u64 << 30, 12_u64 << 30);
        assert_eq!(sys.rows(unit).await, [expected], "{profile}");
        no_gaps(&sim);
    }
}

#[tokio::test]
async fn units_lie_on_the_servers_of_their_zones_and_add_up_to_what_is_assigned() {
    let sim = Sim::start_with(Profile::V4_3_5, 0.0, |config| config.clusters[0].zones = 3).await;
    let mut sys = sim.client("sys").await;
    let units = "SELECT u.zone, u.status, s.status FROM DBA_OB_UNITS u JOIN DBA_OB_SERVERS s \
                 ON s.svr_ip = u.svr_ip AND s.svr_port = u.svr_port AND s.zone = u.zone WHERE u.tenant_id = 1002 ORDER BY 1";
    assert_eq!(sys.rows(units).await, ["zone1|ACTIVE|ACTIVE", "zone2|ACTIVE|ACTIVE", "zone3|ACTIVE|ACTIVE"]);
    let shares = "SELECT count(*), sum(memory_size) FROM GV$OB_UNITS WHERE tenant_id IN (1001, 1002)";
    assert_eq!(
        sys.cell(shares).await,
        format!("6|{}", 12_u64 << 30),
        "a META tenant lives on its tenant's unit"
    );
    let assigned = "SELECT DISTINCT cpu_assigned, mem_assigned FROM GV$OB_SERVERS";
    assert_eq!(sys.rows(assigned).await, [format!("4|{}", 8_u64 << 30)], "two tenants of two processors");
    assert_eq!(sys.rows("SELECT count(*) FROM V$OB_SERVERS").await, ["1"]);
    let points = "SELECT group_concat(host SEPARATOR ';') FROM (SELECT concat(svr_ip, ':', sql_port) AS host \
                  FROM CDB_OB_ACCESS_POINT WHERE tenant_name = 't1') points";
    assert_eq!(sys.cell(points).await.split(';').count(), 3);
    let leaders = "SELECT count(*) FROM GV$OB_LOG_STAT WHERE tenant_id = 1002 AND role = 'LEADER'";
    assert_eq!(sys.cell(leaders).await, "2", "one for each log stream");
    let mut own = sim.client("t1").await;
    assert_eq!(own.rows("SELECT DISTINCT tenant_id FROM GV$OB_UNITS").await, ["1002"]);
    assert_eq!(own.refusal("SELECT * FROM DBA_OB_UNITS").await.0, 1146);
    let variable = "SELECT value FROM DBA_OB_SYS_VARIABLES WHERE name = 'ob_compatibility_mode'";
    assert_eq!(own.cell(variable).await, "MYSQL");
}

#[tokio::test]
async fn a_dropped_tenant_is_found_in_the_recycle_bin_under_the_name_it_had() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    sys.run("DROP TENANT t2").await;
    let bin = "SELECT original_name, object_name REGEXP '^__recycle_' FROM DBA_RECYCLEBIN";
    assert_eq!(sys.rows(bin).await, ["t2|1"]);
}

#[tokio::test]
async fn what_was_taken_away_is_found_with_except() {
    let sim = Sim::start(Profile::V4_3_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM NOARCHIVELOG TENANT = t2").await;
    sim.pass(60.0);
    let silent = "(SELECT tenant_id FROM DBA_OB_TENANTS WHERE tenant_name REGEXP '^t[0-9]$') \
                  EXCEPT (SELECT tenant_id FROM CDB_OB_ARCHIVELOG WHERE status = 'DOING')";
    assert_eq!(sys.rows(silent).await, ["1004"]);
    assert_eq!(sys.cell("SELECT CHARSET('x'), CHARSET(1)").await, "utf8mb4|binary");
    let synchronized = "SELECT tenant_id, synchronized FROM V$OB_ARCHIVE_DEST_STATUS ORDER BY 1";
    assert_eq!(sys.rows(synchronized).await, ["1002|YES", "1004|NO"]);
    no_gaps(&sim);
}

/// Whatever the protocol of a statement, and wherever it is not understood.
#[tokio::test]
async fn a_statement_that_is_not_answered_is_listed_under_gaps() {
    use mysql_async::prelude::Queryable;
    let sim = Sim::start(Profile::V4_3_5).await;
    let mut sys = sim.client("sys").await;
    let statements = [
        "SELECT no_such_column FROM DBA_OB_TENANTS",
        "SELECT * FROM DBA_OB_NO_SUCH_VIEW",
        "SELECT no_such_function(1)",
        "SELECT 'never closed",
        "SELECT 'a' REGEXP '('",
        "SHOW PARAMETERS AND MORE",
        "FROBNICATE",
        "ALTER SYSTEM FROBNICATE",
        "SELECT 1 FROM (",
        "DESC DBA_OB_NO_SUCH_VIEW",
        "SET @@no_such_variable = 1",
    ];
    for (count, sql) in (1..).zip(statements) {
        sys.refusal(sql).await;
        let gaps: Vec<_> = sim.handle.transcript().into_iter().filter(|entry| entry.gap).collect();
        assert_eq!(gaps.len(), count, "{sql}");
        assert!(sql == gaps[count - 1].sql || sql.contains("never"), "{sql}: {}", gaps[count - 1].sql);
    }
    for (count, sql) in
        (statements.len() + 1..).zip(["SELECT no_such_column FROM DBA_OB_TENANTS", "SELECT 'never"])
    {
        assert!(sys.0.prep(sql).await.is_err());
        let gaps = sim.handle.transcript().into_iter().filter(|entry| entry.gap).count();
        assert_eq!(gaps, count, "{sql}, prepared");
    }
}

/// Scripts create what a restore needs without looking first.
#[tokio::test]
async fn what_exists_is_not_created_again_if_a_script_says_so() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    for condition in ["", "IF NOT EXISTS"] {
        let unit = format!("CREATE RESOURCE UNIT {condition} unit_1002 MAX_CPU = 1, MEMORY_SIZE = '1G'");
        let pool = format!("CREATE RESOURCE POOL {condition} pool_t1 UNIT = 'unit_1002', UNIT_NUM = 1");
        if condition.is_empty() {
            assert_eq!(sys.refusal(&unit).await.0, 4649);
            assert_eq!(sys.refusal(&pool).await.0, 4651);
        } else {
            sys.run(&unit).await;
            sys.run(&pool).await;
        }
    }
    let units = "SELECT COUNT(*) FROM oceanbase.DBA_OB_UNIT_CONFIGS WHERE name = 'unit_1002'";
    assert_eq!(sys.cell(units).await, "1");
    assert_eq!(sys.cell("SELECT COUNT(*) FROM mysql.user WHERE user = 'rep_user'").await, "0");
    no_gaps(&sim);
}

/// The kernel reads mode and destination at each check, not only when they change.
#[tokio::test]
async fn the_archive_follows_a_mode_and_a_destination_that_changed_in_between() {
    let sim = Sim::start(Profile::V4_3_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    let status = "SELECT status FROM oceanbase.CDB_OB_ARCHIVELOG WHERE tenant_id = 1002";
    sys.run("ALTER SYSTEM NOARCHIVELOG TENANT = t1").await;
    assert_eq!(sys.cell(status).await, "STOPPING");
    sys.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    sim.pass(60.0);
    assert_eq!(sys.cell(status).await, "DOING", "a new round has begun");
    let state = |state: &str| format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = '{state}' TENANT = t1");
    sys.run(&state("DEFER")).await;
    assert_eq!(sys.cell(status).await, "SUSPENDING");
    sys.run(&state("ENABLE")).await;
    sim.pass(60.0);
    assert_eq!(sys.cell(status).await, "DOING", "the round was resumed");
    sys.run("ALTER SYSTEM NOARCHIVELOG TENANT = t1").await;
    sim.pass(60.0);
    sys.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    sim.pass(3.0);
    assert_eq!(sys.cell(status).await, "BEGINNING");
    sys.run(&state("DEFER")).await;
    sim.pass(60.0);
    assert_eq!(sys.cell(status).await, "SUSPEND");
}
