//! The state of the real seekdb.

use std::sync::Arc;

use model::ability::{BackupAbility, Generation};
use model::tenant::TenantMode;
use model::version::Product;
use oceanbase::{Driver, NoWitness};

use crate::recorder::Recorder;
use crate::seekdb;

#[tokio::test]
async fn seekdb_is_a_cluster_of_one_zone_one_server_and_one_tenant() {
    let endpoint = seekdb::endpoint();
    let mut driver = Driver::open(&endpoint, Arc::new(NoWitness)).await.expect("seekdb answers");
    let facts = driver.probe().await.expect("it says what it is");
    assert_eq!((facts.ob_name.as_str(), facts.ob_cluster_id), ("seekdb", 1));
    assert_eq!((facts.generation, facts.ability), (Generation::Seekdb, BackupAbility::LogicalBackup));
    assert_eq!(facts.server.product, Product::Seekdb);
    assert_eq!(facts.deployment_mode(), "1");
    assert_eq!(facts.servers[0].sql_port, endpoint.addresses[0].port);
    assert!(!facts.upgrading);
    let tenants = driver.tenants().await.expect("it has one");
    assert_eq!(tenants.len(), 1);
    let tenant = &tenants[0];
    assert_eq!((tenant.id.0, tenant.name.as_str(), tenant.mode), (1, "sys", TenantMode::Mysql));
    assert_eq!((tenant.status.as_str(), tenant.role.as_str(), tenant.locked), ("NORMAL", "PRIMARY", false));
}

#[tokio::test]
async fn seekdb_receives_exactly_these_statements() {
    let recorder = Recorder::new();
    let mut driver = Driver::open(&seekdb::endpoint(), recorder.clone()).await.expect("seekdb answers");
    driver.probe().await.expect("it says what it is");
    driver.tenants().await.expect("it has one");
    insta::assert_snapshot!(recorder.transcript(), @r"
    > SET SESSION sql_select_limit = 9223372036854775807, sql_mode = '', autocommit = 1, … (8 variables)
      ok
    > SELECT /*+ QUERY_TIMEOUT(30000000) */ version(), @@version_comment
      1 rows
    > SET SESSION tx_isolation = 'READ-COMMITTED', tx_read_only = 0, completion_type = 0, … (34 variables)
      ok
    > SET SESSION ob_query_timeout = 30000000
      ok
    > SELECT svr_ip, role FROM oceanbase.V$OB_SERVER_STAT
      1 rows
    > SELECT svr_ip, role FROM oceanbase.V$OB_SERVER_STAT
      1 rows
    ");
}
