//! Faults by name, as clients feel them.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use sim::{Fault, FaultName, Profile};

use crate::refusals4::archiving;
use crate::simulator::Sim;

#[tokio::test]
async fn a_destination_fails_as_requested() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    for (name, number) in [
        (FaultName::DestinationUnreachable, 9070),
        (FaultName::DestinationDenied, 9071),
        (FaultName::DestinationFull, 9082),
        (FaultName::DestinationForeign, 9081),
    ] {
        sim.handle.fault(&Fault { path: Some("file:///bad".into()), times: Some(1), ..Fault::new(name) });
        assert_eq!(
            sys.refusal("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///bad/x' TENANT = t1").await.0,
            number
        );
    }
    sys.run("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///bad/x' TENANT = t1").await;
}

#[tokio::test]
async fn a_full_destination_fails_the_running_job() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(4.0);
    sim.handle
        .fault(&Fault { path: Some("file:///b/data".into()), ..Fault::new(FaultName::DestinationFull) });
    sim.pass(30.0);
    assert_eq!(
        sys.rows("SELECT status, result FROM CDB_OB_BACKUP_JOB_HISTORY WHERE tenant_id = 1002").await,
        ["FAILED|-9082"]
    );
}

#[tokio::test]
async fn an_interrupted_archive_leaves_only_through_noarchivelog() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(5.0);
    sim.handle.fault(&Fault { tenant: Some("t1".into()), ..Fault::new(FaultName::ArchiveInterrupted) });
    let status = "SELECT status, comment FROM CDB_OB_ARCHIVELOG WHERE tenant_id = 1002";
    sim.pass(600.0);
    assert_eq!(sys.rows(status).await, ["INTERRUPTED|log stream 1001 interrupted"]);
    assert_eq!(
        sys.rows("SELECT result FROM CDB_OB_BACKUP_JOB_HISTORY WHERE tenant_id = 1002").await,
        ["-9027"]
    );
    sys.run("ALTER SYSTEM NOARCHIVELOG TENANT = t1").await;
    sim.pass(10.0);
    sys.run("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    sim.pass(10.0);
    assert_eq!(
        sys.rows("SELECT round_id, status, comment FROM CDB_OB_ARCHIVELOG WHERE tenant_id = 1002").await,
        ["2|DOING|"]
    );
}

#[tokio::test]
async fn a_log_gap_cannot_be_restored_across() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(3_600.0);
    sim.handle.fault(&Fault::new(FaultName::LogGap));
    sys.run(
        "CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '2G'; CREATE RESOURCE POOL p UNIT 'u', UNIT_NUM 1",
    )
    .await;
    let (code, _, text) =
        sys.refusal("ALTER SYSTEM RESTORE t9 FROM 'file:///b/data,file:///b/clog' WITH 'pool_list=p'").await;
    assert_eq!((code, text.as_str()), (9119, "No enough log for restore"));
}

#[tokio::test]
async fn tenants_and_upgrades_keep_backups_away() {
    let sim = Sim::start_with(Profile::V4_2_5, 0.0, |config| config.clusters[0].zones = 3).await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sim.handle.fault(&Fault { tenant: Some("t1".into()), ..Fault::new(FaultName::TenantNotNormal) });
    assert_eq!(
        sys.refusal("ALTER SYSTEM BACKUP TENANT t1").await.2,
        "backup can not start, because tenant status is not normal."
    );
    sim.handle.clear_faults(Some(FaultName::TenantNotNormal));
    sim.handle.fault(&Fault::new(FaultName::UpgradeMode));
    let mode = "SELECT DISTINCT value FROM GV$OB_PARAMETERS WHERE name = 'enable_upgrade_mode'";
    assert_eq!(sys.cell(mode).await, "True");
    let builds = "SELECT COUNT(DISTINCT build_version) FROM DBA_OB_SERVERS";
    assert_eq!(sys.cell(builds).await, "2");
    let mut tenant = sim.client("t1").await;
    assert_eq!(
        tenant.refusal("ALTER SYSTEM BACKUP DATABASE").await.2,
        "backup can not start, because cluster upgrading"
    );
    sim.handle.clear_faults(None);
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
}

#[tokio::test]
async fn a_lost_server_hangs_up_and_reads_inactive() {
    let sim = Sim::start_with(Profile::V4_2_5, 0.0, |config| config.clusters[0].zones = 3).await;
    let mut sys = sim.client("sys").await;
    let servers = "SELECT zone, sql_port, status FROM DBA_OB_SERVERS ORDER BY zone";
    let ports = sim.handle.clusters[0].ports.clone();
    assert_eq!(sys.rows(servers).await[2], format!("zone3|{}|ACTIVE", ports[2]));
    sim.handle.fault(&Fault::new(FaultName::ObserverLost));
    assert_eq!(sys.rows(servers).await[2], format!("zone3|{}|INACTIVE", ports[2]));
    assert!(mysql_async::Conn::new(crate::simulator::options(ports[2], "root@sys")).await.is_err());
    assert!(mysql_async::Conn::new(crate::simulator::options(ports[1], "root@sys")).await.is_ok());
}

#[tokio::test]
async fn a_hanging_statement_ends_in_4012_or_by_kill() {
    let sim = Sim::start_with(Profile::V4_2_5, 1_000.0, |_| ()).await;
    let mut sys = sim.client("sys").await;
    sim.handle.fault(&Fault { statement: Some("slowly".into()), ..Fault::new(FaultName::StatementHang) });
    let (code, _, text) = sys.refusal("SELECT 'slowly'").await;
    assert!(code == 4012 && text.contains("10000000(us)"), "{text}");
    sys.run("SET ob_query_timeout = 3600000000000").await;
    let id = sys.cell("SELECT CONNECTION_ID()").await;
    let waiting = tokio::spawn(async move { (sys.refusal("SELECT 'slowly'").await, sys) });
    let mut other = sim.client("sys").await;
    for _ in 0..1_000 {
        other.run(&format!("KILL QUERY {id}")).await;
        if waiting.is_finished() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(waiting.await.expect("an answer").0.0, 1317);
    assert_eq!(other.refusal("KILL 4711").await.0, 1094);
}

#[tokio::test]
async fn a_cut_connection_loses_the_answer_and_keeps_the_effect() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    sim.handle.fault(&Fault {
        statement: Some("ARCHIVELOG".into()),
        times: Some(1),
        ..Fault::new(FaultName::ConnectionCut)
    });
    let lost = sys.0.query_drop("ALTER SYSTEM ARCHIVELOG TENANT = t1").await;
    assert!(matches!(lost, Err(mysql_async::Error::Io(_) | mysql_async::Error::Driver(_))), "{lost:?}");
    let mut sys = sim.client("sys").await;
    assert_eq!(sys.cell("SELECT log_mode FROM DBA_OB_TENANTS WHERE tenant_name = 't1'").await, "ARCHIVELOG");
    sim.handle.fault(&Fault {
        statement: Some("DBA_OB_TENANTS".into()),
        times: Some(1),
        ..Fault::new(FaultName::ConnectionCut)
    });
    let half: Result<Vec<String>, _> = sys.0.query("SELECT tenant_name FROM DBA_OB_TENANTS").await;
    assert!(half.is_err());
}

#[tokio::test]
async fn merges_are_refused_and_found_in_error() {
    let sim = Sim::start(Profile::V3_1_5).await;
    let mut sys = sim.client("sys").await;
    sim.handle.fault(&Fault { times: Some(1), ..Fault::new(FaultName::MajorFreezeRefused) });
    assert_eq!(sys.refusal("ALTER SYSTEM MAJOR FREEZE").await.0, 4217);
    sim.handle.fault(&Fault::new(FaultName::MergeError));
    sys.run("ALTER SYSTEM MAJOR FREEZE").await;
    sim.pass(60.0);
    let merge = "SELECT value FROM __all_zone WHERE zone = '' AND name = 'is_merge_error'";
    assert_eq!(sys.cell(merge).await, "1");
    sys.run("ALTER SYSTEM CLEAR MERGE ERROR").await;
    sim.pass(10.0);
    assert_eq!(
        sys.cell("SELECT info FROM __all_zone WHERE zone = '' AND name = 'merge_status'").await,
        "IDLE"
    );

    let sim = Sim::start(Profile::V4_3_5).await;
    let mut sys = sim.client("sys").await;
    sim.handle.fault(&Fault { tenant: Some("t1".into()), ..Fault::new(FaultName::MergeError) });
    sys.run("ALTER SYSTEM MAJOR FREEZE TENANT = all_user").await;
    sim.pass(60.0);
    let status = "SELECT status, is_error, info FROM CDB_OB_MAJOR_COMPACTION WHERE tenant_id IN (1002, 1004) ORDER BY tenant_id";
    assert_eq!(sys.rows(status).await, ["COMPACTING|YES|CHECKSUM_ERROR", "IDLE|NO|"]);
    sys.run("ALTER SYSTEM CLEAR MERGE ERROR TENANT = t1").await;
    sim.pass(10.0);
    assert_eq!(sys.rows(status).await, ["IDLE|NO|", "IDLE|NO|"]);
}

#[tokio::test]
async fn the_clock_jumps() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let before = sim.handle.now_us();
    sim.handle.fault(&Fault { seconds: Some(7_200.0), ..Fault::new(FaultName::ClockJump) });
    assert_eq!(sim.handle.now_us() - before, 7_200_000_000);
}
