//! Clusters, their zones, servers, tenants and databases, and the result of their test.

use control::clusters::{DatabaseFacts, NewCluster, TableFacts};
use model::Problem;
use model::cluster::{Address, Cluster, ClusterFacts, Observer, Zone, check_name};
use model::storage::TestLine;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::words;
use crate::call;
use crate::error::ErrorView;

/// A cluster to take over.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewClusterBody {
    /// Its name in Lifeboat.
    #[schema(min_length = 1, max_length = 64, example = "prod")]
    name: String,
    /// Its servers as `host` or `host:port`, tried in this order.
    #[schema(min_items = 1, example = json!(["192.0.2.10:2881"]))]
    addresses: Vec<String>,
    /// A user of the sys tenant; through OBProxy, with the cluster's name.
    #[schema(min_length = 1, example = "root@sys")]
    user: String,
    /// That user's password.
    password: SecretText,
}

impl NewClusterBody {
    /// Reads what can be judged without asking the cluster.
    pub(crate) fn read(self) -> Result<NewCluster, Problem> {
        let Self { name, addresses, user, password } = self;
        check_name(&name)?;
        if addresses.is_empty() {
            return Err(Problem::invalid("address-malformed").with("address", ""));
        }
        if user.is_empty() {
            return Err(Problem::invalid("cluster-user-missing"));
        }
        let addresses =
            addresses.iter().map(|address| address.parse()).collect::<Result<Vec<Address>, _>>()?;
        Ok(NewCluster { name, addresses, user, password: password.0 })
    }
}

/// A change of a cluster.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterChangeBody {
    /// The new password.
    pub(crate) password: SecretText,
}

/// A cluster that was taken over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterView {
    /// Its ID in Lifeboat.
    id: i64,
    /// Its name in Lifeboat.
    name: String,
    /// OceanBase's ID of it.
    ob_cluster_id: i64,
    /// OceanBase's name of it.
    ob_cluster_name: String,
    /// Product and version.
    ob_version: String,
    /// The protocol of its connections.
    generation: words::Generation,
    /// The available backup methods.
    ob_backup_ability: words::BackupAbility,
    /// Its status.
    status: words::ClusterStatus,
    /// The number of servers of each zone.
    #[schema(example = "1-1-1")]
    deployment_mode: String,
    /// Its addresses, in the order of use.
    addresses: Vec<String>,
    /// The user that Lifeboat connects as.
    user: String,
    /// Its zones.
    zones: Vec<ZoneView>,
    /// Its servers.
    servers: Vec<ServerView>,
    /// When it was taken over.
    #[schema(format = DateTime)]
    create_time: String,
    /// When it was last refreshed.
    #[schema(format = DateTime)]
    update_time: String,
}

impl From<Cluster> for ClusterView {
    fn from(cluster: Cluster) -> Self {
        let Cluster { id, name, addresses, user, facts, status, created, probed } = cluster;
        let deployment_mode = facts.deployment_mode();
        let ClusterFacts {
            ob_name,
            ob_cluster_id,
            server,
            generation,
            ability,
            zones,
            servers,
            upgrading: _,
            role: _,
            has_standby: _,
        } = facts;
        Self {
            id: id.0,
            name,
            ob_cluster_id,
            ob_cluster_name: ob_name,
            ob_version: server.to_string(),
            generation: generation.into(),
            ob_backup_ability: ability.into(),
            status: status.into(),
            deployment_mode,
            addresses: addresses.iter().map(Address::to_string).collect(),
            user,
            zones: zones.into_iter().map(ZoneView::from).collect(),
            servers: servers.into_iter().map(ServerView::from).collect(),
            create_time: created.to_rfc3339(),
            update_time: probed.to_rfc3339(),
        }
    }
}

/// A zone of a cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ZoneView {
    /// Its name.
    name: String,
    /// Its region.
    region_name: String,
    /// Its data centre.
    idc_name: String,
    /// As the cluster reports it.
    #[schema(example = "ACTIVE")]
    status: String,
}

impl From<Zone> for ZoneView {
    fn from(zone: Zone) -> Self {
        let Zone { name, region, idc, status } = zone;
        Self { name, region_name: region, idc_name: idc, status }
    }
}

/// A server of a cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerView {
    /// Its IP address.
    ip: String,
    /// The port of the MySQL protocol.
    sql_port: u16,
    /// The zone it belongs to.
    zone_name: String,
    /// As the cluster reports it.
    #[schema(example = "ACTIVE")]
    status: String,
    /// Whether it runs the root service.
    with_rootserver: bool,
    /// Its build.
    version: String,
}

impl From<Observer> for ServerView {
    fn from(server: Observer) -> Self {
        let Observer { ip, sql_port, zone, status, root_server, build } = server;
        Self { ip, sql_port, zone_name: zone, status, with_rootserver: root_server, version: build }
    }
}

/// A database of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatabaseView {
    /// Its name.
    name: String,
    /// Its number of tables.
    tables: u64,
    /// Its estimated size in bytes.
    bytes: u64,
}

impl From<DatabaseFacts> for DatabaseView {
    fn from(database: DatabaseFacts) -> Self {
        let DatabaseFacts { name, tables, bytes } = database;
        Self { name, tables, bytes }
    }
}

/// A table of a database.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TableView {
    /// Its name.
    name: String,
    /// The estimated number of rows.
    rows: u64,
    /// Its estimated size in bytes.
    bytes: u64,
}

impl From<TableFacts> for TableView {
    fn from(table: TableFacts) -> Self {
        let TableFacts { name, rows, bytes } = table;
        Self { name, rows, bytes }
    }
}

/// The results of a test, line by line.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestView {
    /// Whether no line failed.
    passed: bool,
    /// The checks.
    lines: Vec<TestLineView>,
}

impl From<Vec<TestLine>> for TestView {
    fn from(lines: Vec<TestLine>) -> Self {
        let lines: Vec<TestLineView> = lines.into_iter().map(TestLineView::from).collect();
        Self { passed: lines.iter().all(|line| line.outcome != words::TestOutcome::Failed), lines }
    }
}

/// One line of a test.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestLineView {
    /// The ID of the check; the same in every language.
    check: String,
    /// The check, in words.
    name: String,
    /// Its result.
    outcome: words::TestOutcome,
    /// How long it took, in microseconds.
    latency_us: u64,
    /// The error, or why it was not tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
}

impl From<TestLine> for TestLineView {
    fn from(line: TestLine) -> Self {
        let TestLine { check, outcome, latency_us, problem } = line;
        let language = call::language();
        Self {
            name: model::text::Text::new(&check).message(language),
            check,
            outcome: outcome.into(),
            latency_us,
            error: problem.map(|problem| ErrorView::of(&problem, language)),
        }
    }
}
