//! RECOVER TABLE of 4.x: an auxiliary tenant comes and goes, tables are imported, some fail.

use sim::Profile;

use crate::refusals4::archiving;
use crate::simulator::{Client, Sim};

/// A tenant with tables in two databases and one full backup; a free pool `p`.
async fn backed_up(profile: Profile) -> (Sim, Client) {
    backed_up_with(profile, &[]).await
}

async fn backed_up_with(profile: Profile, refused_imports: &[&str]) -> (Sim, Client) {
    let sim = Sim::start_with(profile, 0.0, |config| {
        let tenant = &mut config.clusters[0].tenants[0];
        tenant.tables = ["shop.orders", "shop.items", "hr.people"].map(str::to_owned).to_vec();
        tenant.databases = vec!["spare".to_owned()];
        tenant.refused_imports = refused_imports.iter().map(|name| (*name).to_owned()).collect();
    })
    .await;
    let mut sys = sim.client("sys").await;
    archiving(&sim, &mut sys).await;
    sys.run("ALTER SYSTEM BACKUP TENANT t1").await;
    sim.pass(600.0);
    sys.run(
        "CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '2G'; CREATE RESOURCE POOL p UNIT 'u', UNIT_NUM 1",
    )
    .await;
    (sim, sys)
}

const FROM: &str = "FROM 'file:///b/data,file:///b/clog'";

/// The tables of a tenant that were recovered: name, name in the backup, moment.
fn recovered(sim: &Sim) -> Vec<(String, String, i64)> {
    let world = sim.handle.world(0);
    let tenants = world["tenants"].as_object().expect("there are some");
    let t1 = tenants.values().find(|tenant| tenant["name"] == "t1").expect("it is there");
    let tables = t1["tables"].as_object().expect("there are some");
    let came = tables.iter().filter_map(|(name, table)| {
        Some((name.clone(), table["from"].as_str()?.to_owned(), table["data_scn"].as_i64()?))
    });
    came.collect()
}

#[tokio::test]
async fn tables_come_back_under_other_names_and_of_the_moment() {
    for profile in [Profile::V4_2_5, Profile::V4_3_5, Profile::V4_6] {
        let (sim, mut sys) = backed_up(profile).await;
        let scn = sys.cell("SELECT min_restore_scn + 60000000000 FROM CDB_OB_BACKUP_SET_FILES").await;
        sys.run(&format!(
            "ALTER SYSTEM RECOVER TABLE `shop`.`orders`, hr.* TO TENANT t1 {FROM} UNTIL SCN = {scn} WITH 'pool_list=p' \
             REMAP TABLE `shop`.`orders`:`spare`.`old;orders`, hr.*:spare.* DESCRIPTION 'lifeboat-7'"
        ))
        .await;
        let jobs = "SELECT tenant_id, status, description FROM CDB_OB_RECOVER_TABLE_JOBS ORDER BY tenant_id";
        let mut seen: Vec<Vec<String>> = Vec::new();
        for _ in 0..60 {
            let now = sys.rows(jobs).await;
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            sim.pass(1.0);
        }
        let stages = [
            "PREPARE",
            "RESTORE_AUX_TENANT",
            "ACTIVE_AUX_TENANT",
            "PRECHECK_IMPORT",
            "GEN_IMPORT_JOB",
            "IMPORTING",
            "COMPLETED",
        ];
        let row = |stage: &&str| {
            let sys = match *stage {
                "PREPARE" | "COMPLETED" => stage,
                _ => "RECOVERING",
            };
            vec![format!("1|{sys}|lifeboat-7"), format!("1002|{stage}|lifeboat-7")]
        };
        let expected: Vec<Vec<String>> = stages.iter().map(row).chain([Vec::new()]).collect();
        assert_eq!(seen, expected, "{profile}");
        let history = "SELECT tenant_id, result, db_list, table_list, remap_db_list, remap_table_list, import_all \
                       FROM CDB_OB_RECOVER_TABLE_JOB_HISTORY ORDER BY tenant_id";
        let row = "SUCCESS|`hr`|`shop`.`orders`|`hr`:`spare`|`shop`.`orders`:`spare`.`old;orders`|0";
        assert_eq!(sys.rows(history).await, [format!("1|{row}"), format!("1002|{row}")], "{profile}");
        let tasks = "SELECT src_database, src_table, target_database, target_table, status, result \
                     FROM CDB_OB_IMPORT_TABLE_TASK_HISTORY ORDER BY task_id";
        let expected =
            ["hr|people|spare|people|FINISH|SUCCESS", "shop|orders|spare|old;orders|FINISH|SUCCESS"];
        assert_eq!(sys.rows(tasks).await, expected, "{profile}");
        let counts = "SELECT total_table_count, finished_table_count, failed_table_count, result \
                      FROM CDB_OB_IMPORT_TABLE_JOB_HISTORY";
        assert_eq!(sys.rows(counts).await, ["2|2|0|SUCCESS"], "{profile}");
        let scn: i64 = scn.parse().expect("a number");
        let expected = [("spare.old;orders", "shop.orders"), ("spare.people", "hr.people")];
        let expected = expected.map(|(name, from)| (name.to_owned(), from.to_owned(), scn));
        assert_eq!(recovered(&sim), expected, "{profile}");
        assert_eq!(sys.cell("SELECT COUNT(*) FROM DBA_OB_TENANTS WHERE tenant_name LIKE 'AUX%'").await, "0");
        assert_eq!(sys.cell("SELECT tenant_id FROM DBA_OB_RESOURCE_POOLS WHERE name = 'p'").await, "NULL");
    }
}

#[tokio::test]
async fn a_table_that_can_not_be_imported_makes_the_recovery_partial() {
    let (sim, mut sys) = backed_up_with(Profile::V4_2_5, &["shop.items"]).await;
    let sql = format!(
        "ALTER SYSTEM RECOVER TABLE shop.* TO t1 {FROM} WITH 'pool_list=p' REMAP TABLE shop.*:spare.*"
    );
    sys.run(&sql).await;
    sim.pass(120.0);
    let result = "SELECT DISTINCT status, result FROM CDB_OB_RECOVER_TABLE_JOB_HISTORY";
    assert_eq!(sys.rows(result).await, ["COMPLETED|PARTIAL_SUCCESS"]);
    let tasks =
        "SELECT src_table, result, comment LIKE '%-4184%' FROM CDB_OB_IMPORT_TABLE_TASK_HISTORY ORDER BY 1";
    assert_eq!(sys.rows(tasks).await, ["items|FAILED|1", "orders|SUCCESS|0"]);
    assert_eq!(recovered(&sim).len(), 1);
}

#[tokio::test]
async fn what_can_not_be_imported_ends_the_job_before_anything_is() {
    let (sim, mut sys) = backed_up(Profile::V4_2_5).await;
    for (what, comment) in [
        ("shop.orders", "import table shop.orders exist"),
        ("shop.nothing", "import table shop.nothing not exist"),
        ("nothing.*", "import database nothing not exist"),
        ("shop.orders,hr.people", "import table hr.people exist"),
    ] {
        sys.run(&format!("ALTER SYSTEM RECOVER TABLE {what} TO t1 {FROM} WITH 'pool_list=p'")).await;
        sim.pass(120.0);
        let end = "SELECT status, result, comment FROM CDB_OB_RECOVER_TABLE_JOB_HISTORY \
                   WHERE tenant_id = 1 ORDER BY job_id DESC LIMIT 1";
        assert_eq!(sys.rows(end).await, [format!("FAILED|FAILED|{comment}")], "{what}");
    }
    let elsewhere = format!(
        "ALTER SYSTEM RECOVER TABLE shop.orders TO t1 {FROM} WITH 'pool_list=p' REMAP TABLE shop.orders:gone.orders"
    );
    sys.run(&elsewhere).await;
    sim.pass(120.0);
    let end = "SELECT comment FROM CDB_OB_RECOVER_TABLE_JOB_HISTORY WHERE tenant_id = 1 ORDER BY job_id DESC LIMIT 1";
    assert_eq!(sys.rows(end).await, ["import database gone not exist"], "no database is created");
    assert!(recovered(&sim).is_empty());
}

#[tokio::test]
async fn a_recovery_of_tables_is_canceled_and_leaves_nothing() {
    let (sim, mut sys) = backed_up(Profile::V4_6).await;
    let sql = format!("ALTER SYSTEM RECOVER TABLE *.* TO t1 {FROM} WITH 'pool_list=p'");
    sys.run("ALTER SYSTEM CANCEL RECOVER TABLE t1").await; // without a job nothing happens
    sys.run(&sql).await;
    sim.pass(4.0);
    let aux = "SELECT COUNT(*) FROM DBA_OB_TENANTS WHERE tenant_name LIKE 'AUX_RECOVER$%'";
    assert_eq!(sys.cell(aux).await, "1");
    sys.run("ALTER SYSTEM CANCEL RECOVER TABLE t1").await;
    assert_eq!(
        sys.cell("SELECT status FROM CDB_OB_RECOVER_TABLE_JOBS WHERE tenant_id = 1002").await,
        "CANCELING"
    );
    sim.pass(20.0);
    assert_eq!(sys.cell(aux).await, "0");
    let end = "SELECT DISTINCT status, result, comment FROM CDB_OB_RECOVER_TABLE_JOB_HISTORY";
    assert_eq!(sys.rows(end).await, ["FAILED|FAILED|recover table is canceled"]);
    assert_eq!(sys.cell("SELECT tenant_id FROM DBA_OB_RESOURCE_POOLS WHERE name = 'p'").await, "NULL");
}

#[tokio::test]
async fn recoveries_of_tables_are_refused_in_the_kernels_words() {
    let (sim, mut sys) = backed_up(Profile::V4_2_5).await;
    for (sql, number, text) in [
        (
            format!("shop.orders TO sys {FROM} WITH 'pool_list=p'"),
            1210,
            "Incorrect arguments to TENANT, it must be user tenant",
        ),
        (format!("shop.orders TO t1 {FROM} WITH 'pool_list=q'"), 4650, "resource pool 'q' not exist"),
        (
            format!("shop.orders TO t1 {FROM} UNTIL SCN = 0 WITH 'pool_list=p'"),
            1210,
            "Incorrect arguments to until scn, it should be positive integer",
        ),
    ] {
        let (code, _, message) = sys.refusal(&format!("ALTER SYSTEM RECOVER TABLE {sql}")).await;
        assert_eq!((code, message.as_str()), (number, text), "{sql}");
    }
    let mut tenant = sim.client("t1").await;
    for (sql, text) in [
        (
            format!("RECOVER TABLE shop.orders TO t1 {FROM} WITH 'pool_list=p'"),
            "user tenant initiate recover table is not allowed",
        ),
        ("CANCEL RECOVER TABLE t1".to_owned(), "user tenant cancel recover table is not allowed"),
    ] {
        let (code, _, message) = tenant.refusal(&format!("ALTER SYSTEM {sql}")).await;
        assert_eq!((code, message.as_str()), (4179, text), "{sql}");
    }
    for profile in [Profile::V4_0, Profile::V4_1] {
        let sim = Sim::start(profile).await;
        let mut sys = sim.client("sys").await;
        let sql = format!("ALTER SYSTEM RECOVER TABLE d.t TO t1 {FROM} WITH 'pool_list=p'");
        assert_eq!(sys.refusal(&sql).await.0, 1064, "{profile} does not know it");
    }
}
