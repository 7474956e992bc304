//! The state of clusters of 3.x and 4.x. No such cluster runs here, so a fake answers with rows in the form of the
//! public documentation; the statements are golden.

use std::sync::Arc;

use model::ability::Generation;
use model::cluster::ClusterRole;
use model::tenant::TenantMode;
use oceanbase::precheck::{Verdict, precheck};
use oceanbase::{Driver, NoWitness};

use crate::fake::Fake;
use crate::recorder::Recorder;

/// Answers by the first of these words that a statement holds.
type Answers = &'static [(&'static str, &'static str)];

const FOUR: Answers = &[
    ("LIKE 'cluster'", "zone|svr_type|svr_ip|name|value\nz1|observer|10.0.0.1|cluster|prod"),
    // `_` matches any character: a parameter that only looks alike is among the rows.
    ("LIKE 'cluster_id'", "svr_ip|name|value\n10.0.0.1|cluster_id|7\n10.0.0.1|cluster-id|x"),
    ("LIKE 'enable_upgrade_mode'", "svr_ip|name|value\n10.0.0.1|enable_upgrade_mode|False"),
    ("DBA_OB_ZONES", "zone|region|idc|status\nz1|sys_region|NULL|ACTIVE\nz2|sys_region|room2|ACTIVE"),
    (
        "DBA_OB_SERVERS",
        "svr_ip|sql_port|zone|with_rootserver|status|build_version\n\
         10.0.0.1|2881|z1|YES|ACTIVE|4.2.2.0_100000012023120716-c33e(Dec  7 2023 16:30:05)\n\
         10.0.0.2|2881|z2|NO|INACTIVE|4.2.2.0_100000012023120716-c33e(Dec  7 2023 16:30:05)",
    ),
    (
        "DBA_OB_TENANTS",
        "TENANT_ID|TENANT_NAME|TENANT_TYPE|PRIMARY_ZONE|LOCALITY|PREVIOUS_LOCALITY|COMPATIBILITY_MODE|STATUS|LOCKED|TENANT_ROLE\n\
         1|sys|SYS|RANDOM|FULL{1}@z1|NULL|MYSQL|NORMAL|NO|PRIMARY\n\
         1002|shop|USER|z1;z2|FULL{1}@z1, FULL{1}@z2|NULL|MYSQL|NORMAL|YES|STANDBY\n\
         1004|books|USER|RANDOM|FULL{1}@z1|NULL|ORACLE|RESTORE|NO|RESTORE",
    ),
    ("SHOW GRANTS", "Grants for root@%\nGRANT ALL PRIVILEGES ON *.* TO 'root' WITH GRANT OPTION"),
    ("CDB_OB_ARCHIVE_DEST", "tenant_id|value\n1002|file:///backup/clog?x=1"),
    (
        "CDB_OB_BACKUP_PARAMETER",
        "tenant_id|value\n1002|oss://b/data?host=h&access_id=AK&access_key=SK\n1004|",
    ),
    ("CDB_OB_BACKUP_DELETE_POLICY", "tenant_id|recovery_window\n1002|7d"),
    ("CDB_OB_BACKUP_JOBS", "tenant_id|job_id"),
];

const THREE: Answers = &[
    ("LIKE 'cluster'", "zone|name|value\nz1|cluster|old"),
    ("LIKE 'cluster_id'", "zone|name|value\nz1|cluster_id|3"),
    (
        "LIKE 'enable_upgrade_mode'",
        "zone|name|value\nz1|enable_upgrade_mode|True\nz2|enable_upgrade_mode|True",
    ),
    ("v$ob_cluster", "cluster_role\nPHYSICAL STANDBY"),
    ("v$ob_standby_status", "cluster_id"),
    ("LIKE 'backup_dest'", "zone|name|value\nz1|backup_dest|file:///backup\nz2|backup_dest|file:///backup"),
    ("LIKE 'backup_dest_option'", "zone|name|value\nz1|backup_dest_option|recovery_window=7d"),
    (
        "__all_zone",
        "zone|name|info\nz1|idc|\nz1|region|sys_region\nz1|status|ACTIVE\nz2|idc|\nz2|region|r2\nz2|status|INACTIVE",
    ),
    (
        "__all_server",
        "svr_ip|inner_port|zone|with_rootserver|status|build_version\n\
         10.0.0.1|2881|z1|1|active|3.1.5_1-3c4c(Sep  1 2021)\n10.0.0.2|2883|z2|0|inactive|3.1.5_1-3c4c(Sep  1 2021)",
    ),
    (
        "__all_tenant",
        "tenant_id|tenant_name|primary_zone|locality|compatibility_mode|locked|status\n\
         1|sys|z1;z2|FULL{1}@z1|0|0|TENANT_STATUS_NORMAL\n1001|shop|z1|FULL{1}@z1|1|1|TENANT_STATUS_CREATING",
    ),
    ("SHOW GRANTS", "Grants for root@%\nGRANT ALL PRIVILEGES ON *.* TO 'root'"),
    ("CDB_OB_BACKUP_PROGRESS", "tenant_id|bs_key\n1|12\n1001|12"),
];

fn cluster(version: &'static str, comment: &'static str, answers: Answers) -> Fake {
    Fake::database(version, comment, move |peer, text| {
        match answers.iter().find(|(word, _)| text.contains(word)) {
            Some((_, table)) => peer.table(table),
            None => peer.error(1064, "the fake knows no answer"),
        }
    })
}

fn four() -> Fake {
    cluster("5.7.25-OceanBase-v4.2.2.0", "OceanBase 4.2.2.0 (r100000012023120716-c33e)", FOUR)
}

fn three() -> Fake {
    cluster("3.1.5-OceanBase CE", "OceanBase 3.1.5 (r10301-16) (Built Feb 7 2023)", THREE)
}

#[tokio::test]
async fn a_cluster_of_4_reports_its_servers_and_tenants() {
    let fake = four();
    let recorder = Recorder::new();
    let mut driver = Driver::open(&fake.endpoint(), recorder.clone()).await.expect("it lets us in");
    let facts = driver.probe().await.expect("it says what it is");
    assert_eq!(
        (facts.ob_name.as_str(), facts.ob_cluster_id, facts.generation),
        ("prod", 7, Generation::Gen4)
    );
    assert_eq!((facts.deployment_mode().as_str(), facts.upgrading), ("1-1", false));
    assert_eq!((facts.zones[0].idc.as_str(), facts.zones[1].idc.as_str()), ("", "room2"));
    assert!(facts.servers[0].root_server && !facts.servers[1].root_server);
    let tenants = driver.tenants().await.expect("it has some");
    let shown: Vec<_> = tenants
        .iter()
        .map(|tenant| (tenant.id.0, tenant.mode, tenant.status.as_str(), tenant.role.as_str(), tenant.locked))
        .collect();
    assert_eq!(
        shown,
        [
            (1, TenantMode::Mysql, "NORMAL", "PRIMARY", false),
            (1002, TenantMode::Mysql, "NORMAL", "STANDBY", true),
            (1004, TenantMode::Oracle, "RESTORE", "RESTORE", false),
        ]
    );
    insta::assert_snapshot!(recorder.statements(), @r"
    > SET SESSION sql_select_limit = 9223372036854775807, sql_mode = '', autocommit = 1, … (8 variables)
    > SELECT /*+ QUERY_TIMEOUT(30000000) */ version(), @@version_comment
    > SET SESSION tx_isolation = 'READ-COMMITTED', tx_read_only = 0, completion_type = 0, … (34 variables)
    > SET SESSION ob_query_timeout = 30000000
    > SHOW PARAMETERS LIKE 'cluster'
    > SHOW PARAMETERS LIKE 'cluster_id'
    > SELECT zone, region, idc, status FROM oceanbase.DBA_OB_ZONES ORDER BY zone
    > SELECT svr_ip, sql_port, zone, with_rootserver, status, build_version FROM oceanbase.DBA_OB_SERVERS ORDER BY zone, svr_ip, svr_port
    > SHOW PARAMETERS LIKE 'enable_upgrade_mode'
    > SELECT * FROM oceanbase.DBA_OB_TENANTS WHERE tenant_type <> 'META' ORDER BY tenant_id
    ");
}

#[tokio::test]
async fn a_cluster_of_3_reports_its_servers_and_tenants() {
    let fake = three();
    let recorder = Recorder::new();
    let mut driver = Driver::open(&fake.endpoint(), recorder.clone()).await.expect("it lets us in");
    let facts = driver.probe().await.expect("it says what it is");
    assert_eq!((facts.ob_name.as_str(), facts.ob_cluster_id, facts.generation), ("old", 3, Generation::Gen3));
    assert!(facts.upgrading);
    assert_eq!((facts.role, facts.has_standby), (ClusterRole::Standby, false));
    let zones =
        facts.zones.iter().map(|zone| (zone.name.as_str(), zone.region.as_str(), zone.status.as_str()));
    assert_eq!(zones.collect::<Vec<_>>(), [("z1", "sys_region", "ACTIVE"), ("z2", "r2", "INACTIVE")]);
    let servers: Vec<_> =
        facts.servers.iter().map(|server| (server.sql_port, server.status.as_str())).collect();
    assert_eq!(servers, [(2881, "ACTIVE"), (2883, "INACTIVE")]);
    let tenants = driver.tenants().await.expect("it has some");
    let shown: Vec<_> = tenants
        .iter()
        .map(|tenant| (tenant.id.0, tenant.mode, tenant.status.as_str(), tenant.locked))
        .collect();
    assert_eq!(
        shown,
        [(1, TenantMode::Mysql, "NORMAL", false), (1001, TenantMode::Oracle, "CREATING", true)]
    );
    insta::assert_snapshot!(recorder.statements(), @r"
    > SET SESSION sql_select_limit = 9223372036854775807, sql_mode = '', autocommit = 1, … (8 variables)
    > SELECT /*+ QUERY_TIMEOUT(30000000) */ version(), @@version_comment
    > SET SESSION tx_isolation = 'READ-COMMITTED', tx_read_only = 0, completion_type = 0, … (34 variables)
    > SET SESSION ob_query_timeout = 30000000
    > SHOW PARAMETERS LIKE 'cluster'
    > SHOW PARAMETERS LIKE 'cluster_id'
    > SELECT zone, name, info FROM oceanbase.__all_zone WHERE zone <> '' AND name IN ('region', 'idc', 'status') ORDER BY zone, name
    > SELECT svr_ip, inner_port, zone, with_rootserver, status, build_version FROM oceanbase.__all_server ORDER BY zone, svr_ip, svr_port
    > SHOW PARAMETERS LIKE 'enable_upgrade_mode'
    > SELECT cluster_role FROM oceanbase.v$ob_cluster
    > SELECT cluster_id FROM oceanbase.v$ob_standby_status
    > SELECT * FROM oceanbase.__all_tenant WHERE tenant_id = 1 OR tenant_id > 1000 ORDER BY tenant_id
    ");
}

#[tokio::test]
async fn backups_that_others_make_are_warned_of_without_their_keys() {
    for (fake, expected) in [
        (
            four(),
            [
                ("takeover-destinations", "1002: file:///backup/clog, 1002: oss://b/data"),
                ("takeover-policies", "1002: 7d"),
                ("takeover-jobs", ""),
            ],
        ),
        (
            three(),
            [
                ("takeover-destinations", "file:///backup"),
                ("takeover-policies", ""),
                ("takeover-jobs", "1: 12, 1001: 12"),
            ],
        ),
    ] {
        let report = precheck(&fake.endpoint(), Arc::new(NoWitness)).await;
        assert!(report.passed(), "warnings hinder nothing: {:?}", report.lines);
        for (check, found) in expected {
            let line = report.lines.iter().find(|line| line.check == check).expect("it is checked");
            let verdict = if found.is_empty() { Verdict::Passed } else { Verdict::Warned };
            assert_eq!(line.verdict, verdict, "{check}");
            let problem = line.problem.as_ref().map(|problem| problem.args()["found"].as_str());
            assert_eq!(problem.unwrap_or_default(), found, "{check}");
        }
    }
}
