//! Placement: servers with their capacity, units and their configurations, log streams with their replicas.

use super::resources::{Pool, Unit};
use super::tenant::{Role, Tenant, TenantKind};
use super::topology::{Server, Zone};
use super::{Cluster, TenantId};
use crate::error::SqlError;
use crate::profile::Profile;
use crate::sql::table::yes_no;
use crate::sql::{Shape, Table, Value};

/// No limit of IOPS or bandwidth.
const UNLIMITED: i64 = i64::MAX;
/// The capacity that every server reports.
const SERVER_CPU: i64 = 16;
const SERVER_MEMORY_BYTES: i64 = 64 << 30;
const SERVER_LOG_BYTES: i64 = 256 << 30;
const SERVER_DATA_BYTES: i64 = 2 << 40;
/// The share of a META tenant in its tenant's unit (a guess at the default).
const META_MEMORY_BYTES: i64 = 1 << 30;

/// A unit of a pool on a server.
#[derive(Clone)]
pub(crate) struct UnitRow {
    pub(crate) id: u64,
    /// Units of one group do the same work in different zones.
    pub(crate) group: u64,
    pub(crate) pool: Pool,
    pub(crate) config: Unit,
    pub(crate) server: Server,
    pub(crate) region: String,
}

impl UnitRow {
    fn log_bytes(&self) -> i64 {
        self.config.log_disk_bytes
    }
}

/// Returns every unit of the pools, distributed over the servers of their zones.
pub(crate) fn unit_rows(cluster: &Cluster) -> Vec<UnitRow> {
    let mut rows = Vec::new();
    let mut groups = 1_000;
    for pool in &cluster.resources.pools {
        let Some(config) = cluster.resources.units.iter().find(|unit| unit.id == pool.unit) else { continue };
        for number in 0..pool.unit_count.max(0) as usize {
            groups += 1;
            for zone in cluster.zones.iter().filter(|zone| pool.zones.contains(&zone.name)) {
                let Some(server) = server_in(cluster, zone, number) else { continue };
                rows.push(UnitRow {
                    id: 1_001 + rows.len() as u64,
                    group: groups,
                    pool: pool.clone(),
                    config: config.clone(),
                    server: server.clone(),
                    region: zone.region.clone(),
                });
            }
        }
    }
    rows
}

fn server_in<'a>(cluster: &'a Cluster, zone: &Zone, number: usize) -> Option<&'a Server> {
    let here: Vec<&Server> = cluster.servers.iter().filter(|server| server.zone == zone.name).collect();
    here.get(number % here.len().max(1)).copied()
}

/// Refuses a pool if a zone has not enough servers with free resources for its units. The error is that of 4.x.
pub(super) fn check_room(
    cluster: &Cluster,
    unit: u64,
    unit_count: i64,
    zones: &[String],
) -> Result<(), SqlError> {
    let Some(config) = cluster.resources.units.iter().find(|known| known.id == unit) else { return Ok(()) };
    let rows = unit_rows(cluster);
    for zone in zones {
        let servers = cluster.servers.iter().filter(|server| server.zone == *zone && server.is_active);
        let fits = |server: &&Server| {
            let here = || rows.iter().filter(|row| row.server.id == server.id);
            let cpu: f64 = here().map(|row| row.config.max_cpu).sum();
            let memory: i64 = here().map(|row| row.config.memory_bytes).sum();
            let log: i64 = here().map(UnitRow::log_bytes).sum();
            cpu + config.max_cpu <= SERVER_CPU as f64
                && memory + config.memory_bytes <= SERVER_MEMORY_BYTES
                && (!cluster.profile.is_tenant_level() || log + config.log_disk_bytes <= SERVER_LOG_BYTES)
        };
        if (servers.filter(fits).count() as i64) < unit_count {
            let text = format!(
                "zone '{zone}' resource not enough to hold {unit_count} unit. You can check resource info by \
                 views: DBA_OB_UNITS, GV$OB_UNITS, GV$OB_SERVERS."
            );
            return Err(SqlError::new(4733, text));
        }
    }
    Ok(())
}

/// `DBA_OB_UNITS`.
pub(super) fn units(cluster: &Cluster, name: &str) -> Table {
    Shape::<UnitRow>::new()
        .col("UNIT_ID", "bigint", |r| r.id.into())
        .col("TENANT_ID", "bigint", |r| r.pool.tenant.into())
        .col("STATUS", "varchar(128)", |_| "ACTIVE".into())
        .col("RESOURCE_POOL_ID", "bigint", |r| r.pool.id.into())
        .col("UNIT_GROUP_ID", "bigint", |r| r.group.into())
        .col("CREATE_TIME", "timestamp(6)", |r| Value::Instant(r.pool.created_us))
        .col("MODIFY_TIME", "timestamp(6)", |r| Value::Instant(r.pool.created_us))
        .col("ZONE", "varchar(128)", |r| r.server.zone.clone().into())
        .col("SVR_IP", "varchar(46)", |r| r.server.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("MIGRATE_FROM_SVR_IP", "varchar(46)", |_| Value::Null)
        .col("MIGRATE_FROM_SVR_PORT", "bigint", |_| Value::Null)
        .col("MANUAL_MIGRATE", "varchar(3)", |_| Value::Null)
        .col("UNIT_CONFIG_ID", "bigint", |r| r.config.id.into())
        .col("MAX_CPU", "double", |r| Value::Real(r.config.max_cpu))
        .col("MIN_CPU", "double", |r| Value::Real(r.config.max_cpu))
        .col("MEMORY_SIZE", "bigint", |r| r.config.memory_bytes.into())
        .col("LOG_DISK_SIZE", "bigint", |r| r.log_bytes().into())
        .when(has_network(cluster.profile))
        .col("DATA_DISK_SIZE", "bigint", |_| 0.into())
        .when(true)
        .col("MAX_IOPS", "bigint", |_| UNLIMITED.into())
        .col("MIN_IOPS", "bigint", |_| UNLIMITED.into())
        .col("IOPS_WEIGHT", "bigint", |r| (r.config.max_cpu as i64).into())
        .when(has_network(cluster.profile))
        .col("MAX_NET_BANDWIDTH", "bigint", |_| UNLIMITED.into())
        .col("NET_BANDWIDTH_WEIGHT", "bigint", |_| 0.into())
        .table(name, &unit_rows(cluster))
}

/// Returns whether there are columns for the data disk and the network: known from a DESC of 4.3.5; that older
/// versions lack them is a guess.
fn has_network(profile: Profile) -> bool {
    profile >= Profile::V4_3_5
}

/// `DBA_OB_UNIT_CONFIGS`.
pub(super) fn configs(cluster: &Cluster, name: &str) -> Table {
    Shape::<Unit>::new()
        .col("UNIT_CONFIG_ID", "bigint", |u| u.id.into())
        .col("NAME", "varchar(128)", |u| u.name.clone().into())
        .col("CREATE_TIME", "timestamp(6)", |u| Value::Instant(u.created_us))
        .col("MODIFY_TIME", "timestamp(6)", |u| Value::Instant(u.created_us))
        .col("MAX_CPU", "double", |u| Value::Real(u.max_cpu))
        .col("MIN_CPU", "double", |u| Value::Real(u.max_cpu))
        .col("MEMORY_SIZE", "bigint", |u| u.memory_bytes.into())
        .col("LOG_DISK_SIZE", "bigint", |u| u.log_disk_bytes.into())
        .when(has_network(cluster.profile))
        .col("DATA_DISK_SIZE", "bigint", |_| 0.into())
        .when(true)
        .col("MAX_IOPS", "bigint", |_| UNLIMITED.into())
        .col("MIN_IOPS", "bigint", |_| UNLIMITED.into())
        .col("IOPS_WEIGHT", "bigint", |u| (u.max_cpu as i64).into())
        .when(has_network(cluster.profile))
        .col("MAX_NET_BANDWIDTH", "bigint", |_| UNLIMITED.into())
        .col("NET_BANDWIDTH_WEIGHT", "bigint", |_| 0.into())
        .table(name, &cluster.resources.units)
}

/// `GV$OB_UNITS`: a unit's resources, divided between its tenant and the META tenant.
pub(super) fn tenant_units(cluster: &Cluster, viewer: TenantId, name: &str) -> Table {
    struct Row {
        unit: UnitRow,
        tenant: TenantId,
        is_meta: bool,
        data_bytes: i64,
    }
    impl Row {
        /// Returns a value that only the user tenant has, or NULL for a META tenant.
        fn own(&self, value: impl Into<Value>) -> Value {
            if self.is_meta { Value::Null } else { value.into() }
        }
    }
    let only = (!name.starts_with('G')).then(|| cluster.leader().id);
    let mut rows = Vec::new();
    for unit in unit_rows(cluster).into_iter().filter(|unit| only.is_none_or(|id| unit.server.id == id)) {
        let Some(owner) = unit.pool.tenant.and_then(|id| cluster.tenants.get(&id)) else { continue };
        let meta = (owner.kind == TenantKind::User).then(|| owner.id.meta());
        for (tenant, is_meta) in meta.map(|meta| (meta, true)).into_iter().chain([(owner.id, false)]) {
            if viewer == TenantId::SYS || viewer == tenant {
                let data_bytes = if is_meta { 64 << 20 } else { owner.data_bytes(cluster.now_us) };
                rows.push(Row { unit: unit.clone(), tenant, is_meta, data_bytes });
            }
        }
    }
    Shape::<Row>::new()
        .col("SVR_IP", "varchar(46)", |r| r.unit.server.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.unit.server.rpc_port).into())
        .col("UNIT_ID", "bigint", |r| r.unit.id.into())
        .col("TENANT_ID", "bigint", |r| r.tenant.into())
        .col("ZONE", "varchar(128)", |r| r.unit.server.zone.clone().into())
        .col("ZONE_TYPE", "varchar(128)", |_| "ReadWrite".into())
        .col("REGION", "varchar(128)", |r| r.unit.region.clone().into())
        .col("MAX_CPU", "double", |r| r.own(Value::Real(r.unit.config.max_cpu)))
        .col("MIN_CPU", "double", |r| r.own(Value::Real(r.unit.config.max_cpu)))
        .col("MEMORY_SIZE", "bigint", |r| {
            let memory = r.unit.config.memory_bytes;
            (if r.is_meta { META_MEMORY_BYTES } else { memory - META_MEMORY_BYTES }).into()
        })
        .col("MAX_IOPS", "bigint", |r| r.own(UNLIMITED))
        .col("MIN_IOPS", "bigint", |r| r.own(UNLIMITED))
        .col("IOPS_WEIGHT", "bigint", |r| r.own(r.unit.config.max_cpu as i64))
        .when(has_network(cluster.profile))
        .col("MAX_NET_BANDWIDTH", "bigint", |r| r.own(UNLIMITED))
        .col("NET_BANDWIDTH_WEIGHT", "bigint", |r| r.own(0))
        .when(true)
        .col("LOG_DISK_SIZE", "bigint", |r| (r.unit.log_bytes() / if r.is_meta { 10 } else { 1 }).into())
        .col("LOG_DISK_IN_USE", "bigint", |_| (256_i64 << 20).into())
        .when(has_network(cluster.profile))
        .col("DATA_DISK_SIZE", "bigint", |_| Value::Null)
        .when(true)
        .col("DATA_DISK_IN_USE", "bigint", |r| r.data_bytes.into())
        .col("STATUS", "varchar(64)", |_| "NORMAL".into())
        .col("CREATE_TIME", "timestamp(6)", |r| Value::Instant(r.unit.pool.created_us))
        .table(name, &rows)
}

/// `GV$OB_SERVERS`.
pub(super) fn servers(cluster: &Cluster, name: &str) -> Table {
    struct Row {
        server: Server,
        cpu: f64,
        memory_bytes: i64,
        log_bytes: i64,
        data_bytes: i64,
    }
    let units = unit_rows(cluster);
    let only = (!name.starts_with('G')).then(|| cluster.leader().id);
    let chosen =
        cluster.servers.iter().filter(|server| server.is_active && only.is_none_or(|id| server.id == id));
    let rows: Vec<Row> = chosen
        .map(|server| {
            let here = || units.iter().filter(|unit| unit.server.id == server.id);
            let tenants = here().filter_map(|unit| cluster.tenants.get(&unit.pool.tenant?));
            Row {
                server: server.clone(),
                cpu: here().map(|unit| unit.config.max_cpu).sum(),
                memory_bytes: here().map(|unit| unit.config.memory_bytes).sum(),
                log_bytes: here().map(UnitRow::log_bytes).sum(),
                data_bytes: tenants.map(|tenant| tenant.data_bytes(cluster.now_us)).sum(),
            }
        })
        .collect();
    Shape::<Row>::new()
        .col("SVR_IP", "varchar(46)", |r| r.server.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("ZONE", "varchar(128)", |r| r.server.zone.clone().into())
        .col("SQL_PORT", "bigint", |r| i64::from(r.server.sql_port).into())
        .col("CPU_CAPACITY", "bigint", |_| SERVER_CPU.into())
        .col("CPU_CAPACITY_MAX", "double", |_| Value::Real(SERVER_CPU as f64))
        .col("CPU_ASSIGNED", "double", |r| Value::Real(r.cpu))
        .col("CPU_ASSIGNED_MAX", "double", |r| Value::Real(r.cpu))
        .col("MEM_CAPACITY", "bigint", |_| SERVER_MEMORY_BYTES.into())
        .col("MEM_ASSIGNED", "bigint", |r| r.memory_bytes.into())
        .col("LOG_DISK_CAPACITY", "bigint", |_| SERVER_LOG_BYTES.into())
        .col("LOG_DISK_ASSIGNED", "bigint", |r| r.log_bytes.into())
        .col("LOG_DISK_IN_USE", "bigint", |_| (1_i64 << 30).into())
        .col("DATA_DISK_CAPACITY", "bigint", |_| SERVER_DATA_BYTES.into())
        .when(has_network(cluster.profile))
        .col("DATA_DISK_ASSIGNED", "bigint", |_| Value::Null)
        .when(true)
        .col("DATA_DISK_IN_USE", "bigint", |r| r.data_bytes.into())
        .col("DATA_DISK_HEALTH_STATUS", "varchar(20)", |_| "NORMAL".into())
        .col("MEMORY_LIMIT", "bigint", |_| SERVER_MEMORY_BYTES.into())
        .col("DATA_DISK_ALLOCATED", "bigint", |r| r.data_bytes.into())
        .col("DATA_DISK_ABNORMAL_TIME", "timestamp(6)", |_| Value::Null)
        .col("SSL_CERT_EXPIRED_TIME", "timestamp(6)", |_| Value::Null)
        .when(has_network(cluster.profile))
        .col("SS_DATA_DISK_OPERATION_SUGGESTED", "varchar(32)", |_| Value::Null)
        .col("SS_DATA_DISK_SIZE_SUGGESTED", "bigint", |_| Value::Null)
        .table(name, &rows)
}

/// `CDB_OB_ACCESS_POINT`: the servers through which a tenant can be reached.
pub(crate) fn access_points(cluster: &Cluster, name: &str) -> Table {
    type Row = (Tenant, Server);
    let units = unit_rows(cluster);
    let serves = |tenant: &Tenant, server: &Server| {
        tenant.kind == TenantKind::Sys
            || units.iter().any(|unit| unit.pool.tenant == Some(tenant.id) && unit.server.id == server.id)
    };
    let tenants = cluster.tenants.values().filter(|tenant| tenant.kind != TenantKind::Meta);
    let rows: Vec<Row> = tenants
        .flat_map(|tenant| cluster.servers.iter().map(move |server| (tenant.clone(), server.clone())))
        .filter(|(tenant, server)| server.is_active && serves(tenant, server))
        .collect();
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.0.id.into())
        .col("TENANT_NAME", "varchar(128)", |r| r.0.name.clone().into())
        .col("SVR_IP", "varchar(46)", |r| r.1.ip.clone().into())
        .col("SQL_PORT", "bigint", |r| i64::from(r.1.sql_port).into())
        .table(name, &rows)
}

/// `GV$OB_LOG_STAT`: the replicas of each log stream, one in each zone; the cluster's leader leads them.
pub(super) fn log_streams(cluster: &Cluster, viewer: TenantId, name: &str) -> Table {
    struct Row {
        tenant: TenantId,
        stream: u64,
        server: Server,
        is_leader: bool,
        is_standby: bool,
        members: String,
        count: i64,
        log_bytes: i64,
        start_scn: i64,
        end_scn: i64,
    }
    let replicas: Vec<&Server> =
        cluster.zones.iter().filter_map(|zone| server_in(cluster, zone, 0)).collect();
    let members: Vec<String> =
        replicas.iter().map(|server| format!("{}:{}:1", server.ip, server.rpc_port)).collect();
    let mut rows = Vec::new();
    for tenant in cluster.tenants.values().filter(|tenant| viewer == TenantId::SYS || tenant.id == viewer) {
        for stream in &tenant.log_streams {
            for server in replicas.iter().filter(|server| server.is_active) {
                rows.push(Row {
                    tenant: tenant.id,
                    stream: *stream,
                    server: (*server).clone(),
                    is_leader: server.id == cluster.leader().id,
                    is_standby: tenant.role != Role::Primary,
                    members: members.join(","),
                    count: members.len() as i64,
                    log_bytes: tenant.data_bytes(cluster.now_us) / tenant.log_streams.len() as i64,
                    start_scn: tenant.created_us * 1_000,
                    end_scn: cluster.now_us * 1_000,
                });
            }
        }
    }
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.tenant.into())
        .col("LS_ID", "bigint", |r| r.stream.into())
        .col("SVR_IP", "varchar(46)", |r| r.server.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("ROLE", "varchar(32)", |r| if r.is_leader { "LEADER" } else { "FOLLOWER" }.into())
        .col("PROPOSAL_ID", "bigint", |_| 1.into())
        .col("CONFIG_VERSION", "varchar(128)", |_| "{proposal_id:1, config_seq:1}".into())
        .col("ACCESS_MODE", "varchar(32)", |r| if r.is_standby { "RAW_WRITE" } else { "APPEND" }.into())
        .col("PAXOS_MEMBER_LIST", "varchar(1024)", |r| r.members.clone().into())
        .col("PAXOS_REPLICA_NUM", "bigint", |r| r.count.into())
        .col("IN_SYNC", "varchar(3)", |_| yes_no(true))
        .col("BASE_LSN", "bigint unsigned", |_| 0.into())
        .col("BEGIN_LSN", "bigint unsigned", |_| 0.into())
        .col("BEGIN_SCN", "bigint unsigned", |r| r.start_scn.into())
        .col("END_LSN", "bigint unsigned", |r| r.log_bytes.into())
        .col("END_SCN", "bigint unsigned", |r| r.end_scn.into())
        .col("MAX_LSN", "bigint unsigned", |r| r.log_bytes.into())
        .col("MAX_SCN", "bigint unsigned", |r| r.end_scn.into())
        .col("ARBITRATION_MEMBER", "varchar(128)", |_| "".into())
        .col("DEGRADED_LIST", "varchar(1024)", |_| "".into())
        .col("LEARNER_LIST", "longtext", |_| "".into())
        .table(name, &rows)
}
