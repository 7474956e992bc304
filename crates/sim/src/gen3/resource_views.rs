//! The views of 3.x about servers, units and logs. The columns are from its documentation, not from a DESC.

use crate::sql::{Shape, Table, Value};
use crate::world::topology::Server;
use crate::world::unit_views::{UnitRow, unit_rows};
use crate::world::{Cluster, TenantId};

/// The capacity that every server reports.
const SERVER_CPU: f64 = 16.0;
const SERVER_MEMORY_BYTES: i64 = 64 << 30;
const SERVER_DISK_BYTES: i64 = 2 << 40;

pub(super) const NAMES: [&str; 8] = [
    "GV$UNIT",
    "V$UNIT",
    "__ALL_UNIT",
    "__ALL_UNIT_CONFIG",
    "__ALL_VIRTUAL_SERVER_STAT",
    "__ALL_VIRTUAL_CLOG_STAT",
    "__ALL_VIRTUAL_CORE_META_TABLE",
    "__ALL_ROOTSERVICE_EVENT_HISTORY",
];

pub(super) fn table(cluster: &Cluster, name: &str) -> Option<Table> {
    Some(match name {
        "GV$UNIT" | "V$UNIT" => tenant_units(cluster, name),
        "__ALL_UNIT" => units(cluster, name),
        "__ALL_UNIT_CONFIG" => configs(cluster, name),
        "__ALL_VIRTUAL_SERVER_STAT" => servers(cluster, name),
        "__ALL_VIRTUAL_CLOG_STAT" => logs(cluster, name),
        "__ALL_VIRTUAL_CORE_META_TABLE" => core(cluster, name),
        _ => return None,
    })
}

fn tenant_units(cluster: &Cluster, name: &str) -> Table {
    struct Row {
        unit: UnitRow,
        tenant_name: Option<String>,
    }
    let rows: Vec<Row> = unit_rows(cluster)
        .into_iter()
        .filter(|unit| !name.starts_with('V') || unit.server.id == cluster.leader().id)
        .map(|unit| {
            let tenant = unit.pool.tenant.and_then(|id| cluster.tenants.get(&id));
            Row { tenant_name: tenant.map(|tenant| tenant.name.clone()), unit }
        })
        .collect();
    Shape::<Row>::new()
        .col("unit_id", "bigint", |r| r.unit.id.into())
        .col("unit_config_id", "bigint", |r| r.unit.config.id.into())
        .col("unit_config_name", "varchar(128)", |r| r.unit.config.name.clone().into())
        .col("resource_pool_id", "bigint", |r| r.unit.pool.id.into())
        .col("resource_pool_name", "varchar(128)", |r| r.unit.pool.name.clone().into())
        .col("zone", "varchar(128)", |r| r.unit.server.zone.clone().into())
        .col("tenant_id", "bigint", |r| r.unit.pool.tenant.map_or(Value::Int(-1), Value::from))
        .col("tenant_name", "varchar(128)", |r| r.tenant_name.clone().into())
        .col("svr_ip", "varchar(46)", |r| r.unit.server.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.unit.server.rpc_port).into())
        .col("migrate_from_svr_ip", "varchar(46)", |_| "".into())
        .col("migrate_from_svr_port", "bigint", |_| 0.into())
        .col("max_cpu", "double", |r| Value::Real(r.unit.config.max_cpu))
        .col("min_cpu", "double", |r| Value::Real(r.unit.config.max_cpu))
        .col("max_memory", "bigint", |r| r.unit.config.memory_bytes.into())
        .col("min_memory", "bigint", |r| r.unit.config.memory_bytes.into())
        .col("max_iops", "bigint", |_| 10_000.into())
        .col("min_iops", "bigint", |_| 1_000.into())
        .col("max_disk_size", "bigint", |_| (512_i64 << 30).into())
        .col("max_session_num", "bigint", |_| 10_000.into())
        .table(name, &rows)
}

fn units(cluster: &Cluster, name: &str) -> Table {
    Shape::<UnitRow>::new()
        .col("gmt_create", "timestamp(6)", |r| Value::Instant(r.pool.created_us))
        .col("gmt_modified", "timestamp(6)", |r| Value::Instant(r.pool.created_us))
        .col("unit_id", "bigint", |r| r.id.into())
        .col("resource_pool_id", "bigint", |r| r.pool.id.into())
        .col("group_id", "bigint", |_| 0.into())
        .col("zone", "varchar(128)", |r| r.server.zone.clone().into())
        .col("svr_ip", "varchar(46)", |r| r.server.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("migrate_from_svr_ip", "varchar(46)", |_| "".into())
        .col("migrate_from_svr_port", "bigint", |_| 0.into())
        .col("manual_migrate", "bigint", |_| 0.into())
        .col("status", "varchar(128)", |_| "ACTIVE".into())
        .col("replica_type", "bigint", |_| 0.into())
        .table(name, &unit_rows(cluster))
}

fn configs(cluster: &Cluster, name: &str) -> Table {
    Shape::<crate::world::resources::Unit>::new()
        .col("gmt_create", "timestamp(6)", |u| Value::Instant(u.created_us))
        .col("gmt_modified", "timestamp(6)", |u| Value::Instant(u.created_us))
        .col("unit_config_id", "bigint", |u| u.id.into())
        .col("name", "varchar(128)", |u| u.name.clone().into())
        .col("max_cpu", "double", |u| Value::Real(u.max_cpu))
        .col("min_cpu", "double", |u| Value::Real(u.max_cpu))
        .col("max_memory", "bigint", |u| u.memory_bytes.into())
        .col("min_memory", "bigint", |u| u.memory_bytes.into())
        .col("max_iops", "bigint", |_| 10_000.into())
        .col("min_iops", "bigint", |_| 1_000.into())
        .col("max_disk_size", "bigint", |_| (512_i64 << 30).into())
        .col("max_session_num", "bigint", |_| 10_000.into())
        .table(name, &cluster.resources.units)
}

/// A server with the resources of its units.
struct ServerRow {
    server: Server,
    build: String,
    is_root: bool,
    units: i64,
    cpu: f64,
    memory_bytes: i64,
    now_us: i64,
}

impl ServerRow {
    fn percent(part: f64, whole: f64) -> Value {
        Value::Int((part * 100.0 / whole) as i64)
    }
}

fn servers(cluster: &Cluster, name: &str) -> Table {
    let units = unit_rows(cluster);
    let rows: Vec<ServerRow> = cluster
        .servers
        .iter()
        .map(|server| {
            let here = || units.iter().filter(|unit| unit.server.id == server.id);
            ServerRow {
                server: server.clone(),
                build: server.build.clone().unwrap_or_else(|| cluster.profile.build_version()),
                is_root: server.id == cluster.leader().id,
                units: here().count() as i64,
                cpu: here().map(|unit| unit.config.max_cpu).sum(),
                memory_bytes: here().map(|unit| unit.config.memory_bytes).sum(),
                now_us: cluster.now_us,
            }
        })
        .collect();
    capacities(Shape::new())
        .col("load", "double", |_| Value::Real(0.1))
        .col("cpu_weight", "double", |_| Value::Real(0.4))
        .col("memory_weight", "double", |_| Value::Real(0.4))
        .col("disk_weight", "double", |_| Value::Real(0.2))
        .col("id", "bigint", |r| r.server.id.into())
        .col("inner_port", "bigint", |r| i64::from(r.server.sql_port).into())
        .col("build_version", "varchar(256)", |r| r.build.clone().into())
        .col("register_time", "bigint", |r| r.server.started_us.into())
        .col("last_heartbeat_time", "bigint", |r| {
            (if r.server.is_active { r.now_us } else { r.server.lost_us }).into()
        })
        .col("block_migrate_in_time", "bigint", |_| 0.into())
        .col("start_service_time", "bigint", |r| r.server.started_us.into())
        .col("last_offline_time", "bigint", |r| r.server.lost_us.into())
        .col("stop_time", "bigint", |_| 0.into())
        .col("force_stop_heartbeat", "bigint", |_| 0.into())
        .col("admin_status", "varchar(64)", |_| "NORMAL".into())
        .col("heartbeat_status", "varchar(64)", |r| {
            if r.server.is_active { "alive" } else { "lease_expired" }.into()
        })
        .col("status", "varchar(64)", |r| if r.server.is_active { "active" } else { "inactive" }.into())
        .col("with_rootserver", "bigint", |r| i64::from(r.is_root).into())
        .col("with_partition", "bigint", |_| 1.into())
        .col("mem_in_use", "bigint", |r| (r.memory_bytes / 2).into())
        .col("disk_in_use", "bigint", |_| (8_i64 << 30).into())
        .col("clock_deviation", "bigint", |_| 0.into())
        .col("heartbeat_latency", "bigint", |_| 500.into())
        .col("clock_sync_status", "varchar(64)", |_| "synced".into())
        .table(name, &rows)
}

fn capacities(shape: Shape<ServerRow>) -> Shape<ServerRow> {
    shape
        .col("svr_ip", "varchar(46)", |r| r.server.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("zone", "varchar(128)", |r| r.server.zone.clone().into())
        .col("cpu_total", "double", |_| Value::Real(SERVER_CPU))
        .col("cpu_assigned", "double", |r| Value::Real(r.cpu))
        .col("cpu_assigned_percent", "bigint", |r| ServerRow::percent(r.cpu, SERVER_CPU))
        .col("mem_total", "bigint", |_| SERVER_MEMORY_BYTES.into())
        .col("mem_assigned", "bigint", |r| r.memory_bytes.into())
        .col("mem_assigned_percent", "bigint", |r| {
            ServerRow::percent(r.memory_bytes as f64, SERVER_MEMORY_BYTES as f64)
        })
        .col("disk_total", "bigint", |_| SERVER_DISK_BYTES.into())
        .col("disk_assigned", "bigint", |r| (r.units * (512 << 30)).into())
        .col("disk_assigned_percent", "bigint", |r| {
            ServerRow::percent((r.units * (512 << 30)) as f64, SERVER_DISK_BYTES as f64)
        })
        .col("unit_num", "bigint", |r| r.units.into())
        .col("migrating_unit_num", "bigint", |_| 0.into())
        .col("merged_version", "bigint", |_| 1.into())
        .col("leader_count", "bigint", |r| if r.is_root { 100 } else { 0 }.into())
}

/// A replica of the single partition that represents a tenant's logs.
struct Replica {
    tenant: TenantId,
    server: Server,
    leader: String,
    members: String,
    bytes: i64,
}

fn replicas(cluster: &Cluster) -> Vec<Replica> {
    let first = |zone: &str| cluster.servers.iter().find(|server| server.zone == zone);
    let here: Vec<&Server> = cluster.zones.iter().filter_map(|zone| first(&zone.name)).collect();
    let members: Vec<String> =
        here.iter().map(|server| format!("{}:{}", server.ip, server.rpc_port)).collect();
    let replica = |tenant: TenantId, server: &Server, bytes| Replica {
        tenant,
        server: server.clone(),
        leader: cluster.address(),
        members: members.join(","),
        bytes,
    };
    let tenants = cluster.tenants.values();
    tenants
        .flat_map(|tenant| {
            here.iter().map(|server| replica(tenant.id, server, tenant.data_bytes(cluster.now_us)))
        })
        .collect()
}

impl Replica {
    fn is_leader(&self) -> bool {
        self.leader == format!("{}:{}", self.server.ip, self.server.rpc_port)
    }

    /// The ID of a tenant's first table, which contains the tenant's ID in its upper half.
    fn table_id(&self) -> i64 {
        (self.tenant.0 << 40) as i64 | 1
    }
}

fn logs(cluster: &Cluster, name: &str) -> Table {
    Shape::<Replica>::new()
        .col("svr_ip", "varchar(46)", |r| r.server.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("table_id", "bigint", |r| r.table_id().into())
        .col("partition_idx", "bigint", |_| 0.into())
        .col("partition_cnt", "bigint", |_| 0.into())
        .col("role", "varchar(32)", |r| if r.is_leader() { "LEADER" } else { "FOLLOWER" }.into())
        .col("status", "varchar(32)", |r| if r.is_leader() { "ACTIVE" } else { "REPLAY" }.into())
        .col("leader", "varchar(32)", |r| r.leader.clone().into())
        .col("last_index_log_id", "bigint", |r| (r.bytes / 4_096).into())
        .col("last_log_id", "bigint", |r| (r.bytes / 4_096).into())
        .col("active_freeze_version", "varchar(32)", |_| "1-0".into())
        .col("curr_member_list", "varchar(1024)", |r| r.members.clone().into())
        .col("member_ship_log_id", "bigint", |_| 1.into())
        .col("is_offline", "bigint", |_| 0.into())
        .col("is_in_sync", "bigint", |_| 1.into())
        .col("start_id", "bigint", |r| (r.bytes / 4_096).into())
        .col("parent", "varchar(64)", |_| "".into())
        .col("children_list", "varchar(1024)", |_| "".into())
        .col("accu_log_count", "bigint", |_| 0.into())
        .col("replica_type", "bigint", |_| 0.into())
        .col("allow_gc", "bigint", |_| 0.into())
        .table(name, &replicas(cluster))
}

fn core(cluster: &Cluster, name: &str) -> Table {
    let of_sys: Vec<Replica> =
        replicas(cluster).into_iter().filter(|replica| replica.tenant == TenantId::SYS).collect();
    Shape::<Replica>::new()
        .col("tenant_id", "bigint", |r| r.tenant.into())
        .col("table_id", "bigint", |r| r.table_id().into())
        .col("partition_id", "bigint", |_| 0.into())
        .col("svr_ip", "varchar(46)", |r| r.server.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("sql_port", "bigint", |r| i64::from(r.server.sql_port).into())
        .col("unit_id", "bigint", |_| 1.into())
        .col("partition_cnt", "bigint", |_| 0.into())
        .col("zone", "varchar(128)", |r| r.server.zone.clone().into())
        .col("role", "bigint", |r| if r.is_leader() { 1 } else { 2 }.into())
        .col("member_list", "varchar(1024)", |r| r.members.clone().into())
        .col("row_count", "bigint", |_| 1_000.into())
        .col("data_size", "bigint", |r| r.bytes.into())
        .col("data_version", "bigint", |_| 1.into())
        .col("replica_status", "varchar(64)", |_| "REPLICA_STATUS_NORMAL".into())
        .table(name, &of_sys)
}
