//! Columns of the views by version, in both spellings and catalogues.

use mysql_async::Row;
use mysql_async::prelude::Queryable;
use sim::Profile;

use crate::simulator::Sim;

async fn columns(profile: Profile, view: &str) -> String {
    let sim = Sim::start(profile).await;
    let mut sys = sim.client("sys").await;
    sys.columns(&format!("SELECT * FROM oceanbase.{view}")).await.join(" ")
}

#[tokio::test]
async fn tenants_have_grown_columns_with_the_versions() {
    let oldest = columns(Profile::V4_0, "DBA_OB_TENANTS").await;
    assert!(oldest.ends_with("STATUS IN_RECYCLEBIN LOCKED"), "{oldest}");
    let next = columns(Profile::V4_1, "DBA_OB_TENANTS").await;
    assert!(next.ends_with("RECOVERY_UNTIL_SCN LOG_MODE ARBITRATION_SERVICE_STATUS"), "{next}");
    let middle = columns(Profile::V4_2_5, "DBA_OB_TENANTS").await;
    assert!(middle.ends_with("UNIT_NUM COMPATIBLE MAX_LS_ID"), "{middle}");
    assert!(columns(Profile::V4_3_5, "DBA_OB_TENANTS").await.ends_with("RESTORE_DATA_MODE"));
    assert!(columns(Profile::V4_4, "DBA_OB_TENANTS").await.ends_with("PROTECTION_LEVEL"));
}

#[tokio::test]
async fn backup_views_keep_their_order_and_odd_spelling() {
    let jobs = "TENANT_ID JOB_ID INCARNATION BACKUP_SET_ID INITIATOR_TENANT_ID INITIATOR_JOB_ID EXECUTOR_TENANT_ID PLUS_ARCHIVELOG \
                BACKUP_TYPE JOB_LEVEL ENCRYPTION_MODE PASSWD START_TIMESTAMP END_TIMESTAMP STATUS RESULT COMMENT DESCRIPTION PATH";
    for profile in [Profile::V4_0, Profile::V4_4] {
        assert_eq!(columns(profile, "CDB_OB_BACKUP_JOBS").await, jobs);
        assert_eq!(
            columns(profile, "DBA_OB_BACKUP_JOB_HISTORY").await,
            jobs.trim_start_matches("TENANT_ID ")
        );
    }
    let sets = columns(Profile::V4_1, "CDB_OB_BACKUP_SET_FILES").await;
    assert!(
        sets.contains("FILE_STATUS ELAPSED_SECONDES PLUS_ARCHIVELOG")
            && sets.ends_with("BACKUP_COMPATIBLE PATH"),
        "{sets}"
    );
    assert!(
        columns(Profile::V4_2_5, "CDB_OB_BACKUP_SET_FILES")
            .await
            .ends_with("CLUSTER_VERSION CONSISTENT_SCN MINOR_TURN_ID MAJOR_TURN_ID")
    );
    let tasks = columns(Profile::V4_1, "CDB_OB_BACKUP_TASKS").await;
    assert!(!tasks.contains("DATA_PROGRESS"), "{tasks}");
    assert!(columns(Profile::V4_2_5, "CDB_OB_BACKUP_TASKS").await.ends_with("DATA_PROGRESS"));
    assert!(columns(Profile::V4_3_5, "CDB_OB_BACKUP_TASKS").await.ends_with("LOG_PROGRESS"));
    assert!(columns(Profile::V4_3_5, "CDB_OB_BACKUP_TASK_HISTORY").await.ends_with("MAJOR_TURN_ID"));
}

/// `fixtures/views-4.3.5.tsv` is what DESC printed on a real 4.3.5: view, column, type.
#[tokio::test]
async fn every_view_of_4_3_5_has_the_columns_that_a_real_one_describes() {
    let mut real: Vec<(&str, Vec<String>)> = Vec::new();
    for line in include_str!("../fixtures/views-4.3.5.tsv").lines() {
        let (view, column) = line.split_once('\t').expect("view, column, type");
        let column = column.replace('\t', "|");
        match real.last_mut() {
            Some((last, columns)) if *last == view => columns.push(column),
            _ => real.push((view, vec![column])),
        }
    }
    let sim = Sim::start(Profile::V4_3_5).await;
    let mut sys = sim.client("sys").await;
    let listed = sys.rows("SHOW TABLES").await;
    let mut wrong = Vec::new();
    for (view, columns) in &real {
        let described: Vec<String> = match sys.0.query::<Row, _>(format!("DESC oceanbase.{view}")).await {
            Ok(rows) => rows.into_iter().map(|row| format!("{}|{}", cell(&row, 0), cell(&row, 1))).collect(),
            Err(error) => vec![error.to_string()],
        };
        if described != *columns {
            let differs = columns.iter().zip(&described).find(|(real, ours)| real != ours);
            wrong.push(format!(
                "{view}: {} columns, {} described, first {differs:?}",
                columns.len(),
                described.len()
            ));
        }
        if !listed.contains(&(*view).to_owned()) {
            wrong.push(format!("{view} is not listed"));
        }
    }
    assert_eq!(real.len(), 78);
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), real.len(), wrong.join("\n"));
}

fn cell(row: &Row, at: usize) -> String {
    row.get(at).expect("a text")
}

/// The official documentation lists the views of sets and pieces as "from 2.2.77".
#[tokio::test]
async fn the_oldest_version_has_the_views_of_3_1_without_the_columns_of_pieces() {
    let sim = Sim::start(Profile::V2_2_77).await;
    let mut sys = sim.client("sys").await;
    for view in ["CDB_OB_ARCHIVELOG", "DBA_OB_TENANTS"] {
        assert_eq!(sys.refusal(&format!("SELECT * FROM {view}")).await.0, 1146, "{view}");
    }
    for profile in [Profile::V2_2_77, Profile::V3_1_5] {
        let sets = columns(profile, "CDB_OB_BACKUP_SET_FILES").await;
        assert!(sets.contains("COPY_ID BACKUP_TYPE"), "{profile}: {sets}");
        let pieces = columns(profile, "CDB_OB_BACKUP_PIECE_FILES").await;
        assert!(pieces.contains("ROUND_ID BACKUP_PIECE_ID"), "{profile}: {pieces}");
    }
    let start = "INCARNATION LOG_ARCHIVE_ROUND TENANT_ID STATUS";
    let archive = columns(Profile::V2_2_77, "cdb_ob_backup_archivelog").await;
    assert!(archive.starts_with(&format!("{start} MIN_FIRST_TIME")), "{archive}");
    let archive = columns(Profile::V3_1_5, "cdb_ob_backup_archivelog").await;
    assert!(archive.starts_with(&format!("{start} START_PIECE_ID")), "{archive}");
}

#[tokio::test]
async fn scripts_can_ask_for_the_types_of_columns() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let ask = "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH FROM information_schema.columns \
        WHERE TABLE_SCHEMA = 'oceanbase' AND TABLE_NAME = 'CDB_OB_BACKUP_JOBS' \
        AND COLUMN_NAME IN ('JOB_ID', 'STATUS') ORDER BY 1";
    assert_eq!(sys.rows(ask).await, ["JOB_ID|bigint|bigint(20)|NULL", "STATUS|varchar|varchar(4096)|4096"]);
}

#[tokio::test]
async fn every_listed_view_can_be_selected_and_described_in_every_version() {
    for profile in Profile::ALL {
        let sim = Sim::start(profile).await;
        for tenant in ["sys", "t1"] {
            let mut client = sim.client(tenant).await;
            for view in client.rows("SHOW TABLES").await {
                let columns = client.columns(&format!("SELECT * FROM {view}")).await;
                let described = client.rows(&format!("DESC oceanbase.{view}")).await;
                assert_eq!(columns.len(), described.len(), "{profile} {view}");
            }
        }
        assert!(sim.handle.transcript().iter().all(|entry| !entry.gap), "{profile}");
    }
}

#[tokio::test]
async fn times_read_in_the_zone_of_the_connection() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut sys = sim.client("sys").await;
    let created = "SELECT create_time FROM DBA_OB_TENANTS WHERE tenant_name = 't1'";
    assert_eq!(sys.cell(created).await, "2025-10-09 16:53:20.000000");
    sys.run("SET time_zone = '+00:00'").await;
    assert_eq!(sys.cell(created).await, "2025-10-09 08:53:20.000000");
    assert_eq!(sys.refusal("SET time_zone = 'nowhere'").await.0, 1298);
}

#[tokio::test]
async fn parameters_are_shown_once_for_each_server() {
    let sim = Sim::start_with(Profile::V4_2_5, 0.0, |config| config.clusters[0].zones = 3).await;
    let mut sys = sim.client("sys").await;
    assert_eq!(sys.rows("SHOW PARAMETERS LIKE 'enable_upgrade_mode'").await.len(), 3);
    assert_eq!(sys.rows("SHOW PARAMETERS LIKE 'cluster%'").await.len(), 6);
    sys.run("ALTER SYSTEM SET ha_low_thread_score = 10 TENANT = t1").await;
    let scores = "SELECT DISTINCT tenant_id, scope, value FROM oceanbase.GV$OB_PARAMETERS WHERE name = 'ha_low_thread_score' ORDER BY 1";
    assert_eq!(sys.rows(scores).await, ["1|TENANT|0", "1002|TENANT|10", "1004|TENANT|0"]);
    assert_eq!(
        sys.rows("SHOW PARAMETERS LIKE 'ha_low_thread_score' TENANT = t1").await[0].split('|').nth(6),
        Some("10")
    );
    assert_eq!(sys.rows("SHOW VARIABLES LIKE 'ob_query_timeout'").await, ["ob_query_timeout|10000000"]);
}

#[tokio::test]
async fn a_tenant_sees_its_own_scn_and_sys_those_of_all() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut tenant = sim.client("t2").await;
    let moment = "SELECT TENANT_ID, TS_TYPE, TS_VALUE FROM oceanbase.V$OB_TIMESTAMP_SERVICE";
    assert_eq!(tenant.rows(moment).await, ["1004|GTS|1760000000000000000"]);
    sim.pass(1.0);
    assert_eq!(tenant.rows(moment).await, ["1004|GTS|1760000001000000000"]);
    let mut sys = sim.client("sys").await;
    assert_eq!(sys.rows(moment).await.len(), 5, "sys, two tenants, and their META tenants");
    let old = Sim::start(Profile::V4_1).await;
    assert_eq!(old.client("t2").await.refusal(moment).await.0, 1146, "since 4.2");
}
