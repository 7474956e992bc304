//! Clusters, their zones, servers, tenants and databases; what a test of them found.

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

/// A cluster to be taken over.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewClusterBody {
    /// The name it gets here.
    #[schema(min_length = 1, max_length = 64, example = "prod")]
    name: String,
    /// Its servers as `host` or `host:port`, tried in this order.
    #[schema(min_items = 1, example = json!(["192.0.2.10:2881"]))]
    addresses: Vec<String>,
    /// A user of the sys tenant; behind OBProxy with the cluster's name.
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

/// What is to change about a cluster.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterChangeBody {
    /// The password that is used from now on.
    pub(crate) password: SecretText,
}

/// A cluster that was taken over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterView {
    /// Its identity here.
    id: i64,
    /// The name that users gave it here.
    name: String,
    /// The number that OceanBase knows it by.
    ob_cluster_id: i64,
    /// The name that OceanBase knows it by.
    ob_cluster_name: String,
    /// Product and version.
    ob_version: String,
    /// How it is spoken to.
    generation: words::Generation,
    /// Which methods of backup it offers.
    ob_backup_ability: words::BackupAbility,
    /// Whether it answers.
    status: words::ClusterStatus,
    /// The number of servers of each zone.
    #[schema(example = "1-1-1")]
    deployment_mode: String,
    /// The addresses it is asked at, in this order.
    addresses: Vec<String>,
    /// The user it is asked as.
    user: String,
    /// Its zones.
    zones: Vec<ZoneView>,
    /// Its servers.
    servers: Vec<ServerView>,
    /// When it was taken over.
    #[schema(format = DateTime)]
    create_time: String,
    /// When it was last asked.
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
    /// The region it lies in.
    region_name: String,
    /// The data centre it lies in.
    idc_name: String,
    /// As the cluster says.
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
    /// As the cluster says.
    #[schema(example = "ACTIVE")]
    status: String,
    /// Whether it holds the root service.
    with_rootserver: bool,
    /// The build it runs.
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
    /// How many tables it has.
    tables: u64,
    /// About how many bytes it takes.
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
    /// About how many rows it has.
    rows: u64,
    /// About how many bytes it takes.
    bytes: u64,
}

impl From<TableFacts> for TableView {
    fn from(table: TableFacts) -> Self {
        let TableFacts { name, rows, bytes } = table;
        Self { name, rows, bytes }
    }
}

/// What a test found, line by line.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestView {
    /// Whether no line failed.
    passed: bool,
    /// What was tested.
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
    /// Names what was tested; the same in every language.
    check: String,
    /// What was tested, in words.
    name: String,
    /// How it ended.
    outcome: words::TestOutcome,
    /// How long it took, in microseconds.
    latency_us: u64,
    /// What went wrong, or why it was not tested.
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
