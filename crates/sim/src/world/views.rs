//! Tables of both generations: servers, zones, tenants, parameters, pools, events.

use super::catalogue;
use super::event_views::{events, upgrade_events};
use super::internal_views::{internal_parameters, internal_tenants, internal_zones, recycle_bin};
use super::parameters::{self, Parameter};
use super::resources::Pool;
use super::tenant::{Role, Tenant, TenantKind};
use super::topology::{Server, Zone};
use super::unit_views;
use super::{Cluster, TenantId};
use crate::profile::Profile;
use crate::sql::table::yes_no;
use crate::sql::{Shape, Table, Value};
use crate::{gen3, gen4};

/// Returns the table of an upper-case name, as a tenant sees it.
pub(crate) fn table(cluster: &Cluster, viewer: TenantId, name: &str) -> Option<Table> {
    if cluster.profile.is_tenant_level() {
        gen4::views::table(cluster, viewer, name).or_else(|| new_tables(cluster, viewer, name))
    } else {
        gen3::views::table(cluster, viewer, name).or_else(|| old_tables(cluster, viewer, name))
    }
    .or_else(|| {
        let views = || {
            let all = names(cluster, viewer).into_iter();
            all.map(|view| {
                let table = table(cluster, viewer, &view);
                (view, table)
            })
            .collect()
        };
        catalogue::table(cluster, viewer, name, &views)
    })
}

/// Returns the names that a tenant sees.
pub(crate) fn names(cluster: &Cluster, viewer: TenantId) -> Vec<String> {
    let more: &[&str] = if cluster.profile.is_tenant_level() {
        &[
            "DBA_OB_SERVERS",
            "DBA_OB_ZONES",
            "DBA_OB_TENANTS",
            "DBA_OB_RESOURCE_POOLS",
            "DBA_OB_UNITS",
            "DBA_OB_UNIT_CONFIGS",
            "DBA_OB_ROOTSERVICE_EVENT_HISTORY",
            "DBA_OB_CLUSTER_EVENT_HISTORY",
            "GV$OB_PARAMETERS",
            "V$OB_PARAMETERS",
            "GV$OB_SERVERS",
            "V$OB_SERVERS",
            "__ALL_TENANT",
            "__ALL_ZONE",
            "__ALL_VIRTUAL_SYS_PARAMETER_STAT",
        ]
    } else {
        &["__ALL_TENANT", "GV$TENANT", "__ALL_RESOURCE_POOL", "__ALL_VIRTUAL_SYS_PARAMETER_STAT"]
    };
    let mut names = if cluster.profile.is_tenant_level() {
        gen4::views::names(cluster.profile, viewer)
    } else {
        gen3::views::names(viewer)
    };
    if viewer == TenantId::SYS {
        names.extend(more.iter().map(|name| (*name).to_owned()));
        names.push("__ALL_SERVER".to_owned());
    }
    if cluster.profile.is_tenant_level() {
        names.extend(["GV$OB_UNITS", "V$OB_UNITS", "GV$OB_LOG_STAT", "DBA_RECYCLEBIN"].map(str::to_owned));
    }
    if cluster.profile >= Profile::V4_2_5 {
        names.push("V$OB_TIMESTAMP_SERVICE".to_owned());
    }
    names
}

fn new_tables(cluster: &Cluster, viewer: TenantId, name: &str) -> Option<Table> {
    let is_sys = viewer == TenantId::SYS;
    Some(match name {
        "DBA_OB_TENANTS" => {
            let tenants =
                cluster.tenants.values().filter(|t| is_sys || t.id == viewer || t.id == viewer.meta());
            let rows: Vec<TenantRow> = tenants.map(|tenant| TenantRow::new(cluster, tenant)).collect();
            tenants_shape(cluster.profile).table(name, &rows)
        }
        "GV$OB_PARAMETERS" | "V$OB_PARAMETERS" => parameters_table(cluster, viewer, name),
        "GV$OB_UNITS" | "V$OB_UNITS" => unit_views::tenant_units(cluster, viewer, name),
        "GV$OB_LOG_STAT" | "V$OB_LOG_STAT" => unit_views::log_streams(cluster, viewer, name),
        "DBA_RECYCLEBIN" => recycle_bin(cluster, viewer, name),
        "V$OB_TIMESTAMP_SERVICE" if cluster.profile >= Profile::V4_2_5 => timestamps(cluster, viewer, name),
        _ if !is_sys => return None,
        "DBA_OB_SERVERS" => servers_shape(cluster.profile).table(name, &server_rows(cluster)),
        "__ALL_SERVER" | "__ALL_VIRTUAL_SERVER_STAT" => old_servers(cluster, name),
        "DBA_OB_ZONES" => zones(cluster, name),
        "DBA_OB_RESOURCE_POOLS" => pools(cluster, name),
        "DBA_OB_UNITS" => unit_views::units(cluster, name),
        "DBA_OB_UNIT_CONFIGS" => unit_views::configs(cluster, name),
        "GV$OB_SERVERS" | "V$OB_SERVERS" => unit_views::servers(cluster, name),
        "__ALL_TENANT" => internal_tenants(cluster, name),
        "__ALL_ZONE" => internal_zones(cluster, name),
        "__ALL_VIRTUAL_SYS_PARAMETER_STAT" => internal_parameters(cluster, viewer, name),
        "DBA_OB_ROOTSERVICE_EVENT_HISTORY" | "__ALL_ROOTSERVICE_EVENT_HISTORY" => events(cluster, name),
        "DBA_OB_CLUSTER_EVENT_HISTORY" => upgrade_events(cluster, name),
        _ => return None,
    })
}

/// The current SCNs: a tenant sees its own, the sys tenant sees all. The type of a standby tenant's SCN is STS.
fn timestamps(cluster: &Cluster, viewer: TenantId, name: &str) -> Table {
    type Row = (TenantId, &'static str, i64, Server);
    let seen = cluster.tenants.values().filter(|tenant| viewer == TenantId::SYS || tenant.id == viewer);
    let rows: Vec<Row> = seen
        .map(|tenant| {
            let kind = if tenant.role == Role::Standby { "STS" } else { "GTS" };
            (tenant.id, kind, cluster.now_us * 1_000, cluster.leader().clone())
        })
        .collect();
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.0.into())
        .col("TS_TYPE", "varchar(100)", |r| r.1.into())
        .col("TS_VALUE", "bigint", |r| r.2.into())
        .col("SVR_IP", "varchar(46)", |r| r.3.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.3.rpc_port).into())
        .table(name, &rows)
}

fn old_tables(cluster: &Cluster, viewer: TenantId, name: &str) -> Option<Table> {
    if viewer != TenantId::SYS {
        return None;
    }
    Some(match name {
        "__ALL_SERVER" => old_servers(cluster, name),
        "__ALL_TENANT" | "GV$TENANT" => old_tenants(cluster, name),
        "__ALL_RESOURCE_POOL" => old_pools(cluster, name),
        "__ALL_VIRTUAL_SYS_PARAMETER_STAT" | "__ALL_VIRTUAL_TENANT_PARAMETER_STAT" => {
            show_parameters(cluster, viewer, name)
        }
        "__ALL_ROOTSERVICE_EVENT_HISTORY" => events(cluster, name),
        _ => return None,
    })
}

struct TenantRow {
    tenant: Tenant,
    scn: Option<i64>,
    zones: String,
    has_meta: bool,
}

impl TenantRow {
    fn new(cluster: &Cluster, tenant: &Tenant) -> Self {
        // The sys tenant and META tenants have no recovery points.
        let scn = (tenant.kind == TenantKind::User).then(|| (cluster.now_us - 200_000) * 1_000);
        let meta = cluster.tenants.get(&tenant.id.meta());
        let has_meta = meta.is_none_or(|meta| meta.status == "NORMAL");
        Self { tenant: tenant.clone(), scn, zones: cluster.zone_names().join(";"), has_meta }
    }

    fn scn(&self) -> Value {
        self.scn.map(|scn| scn.min(self.tenant.recovery_until_scn)).into()
    }
}

fn tenants_shape(profile: Profile) -> Shape<TenantRow> {
    Shape::<TenantRow>::new()
        .col("TENANT_ID", "bigint", |r| r.tenant.id.into())
        .col("TENANT_NAME", "varchar(128)", |r| r.tenant.name.clone().into())
        .col("TENANT_TYPE", "varchar(4)", |r| {
            match r.tenant.kind {
                TenantKind::Sys => "SYS",
                TenantKind::User => "USER",
                TenantKind::Meta => "META",
            }
            .into()
        })
        .col("CREATE_TIME", "timestamp(6)", |r| Value::Instant(r.tenant.created_us))
        .col("MODIFY_TIME", "timestamp(6)", |r| Value::Instant(r.tenant.created_us))
        .col("PRIMARY_ZONE", "varchar(8192)", |_| "RANDOM".into())
        .col("LOCALITY", "varchar(4096)", |r| r.tenant.locality.clone().into())
        .col("PREVIOUS_LOCALITY", "varchar(4096)", |_| Value::Null)
        .col("COMPATIBILITY_MODE", "varchar(6)", |r| r.tenant.mode.clone().into())
        .col("STATUS", "varchar(64)", |r| r.tenant.status.clone().into())
        .col("IN_RECYCLEBIN", "varchar(3)", |r| yes_no(r.tenant.in_recyclebin))
        .col("LOCKED", "varchar(3)", |r| yes_no(r.tenant.is_locked))
        .when(profile >= Profile::V4_1)
        .col("TENANT_ROLE", "varchar(100)", |r| match r.tenant.role {
            // The META tenant stores the role.
            Role::Restore if !r.has_meta => Value::Null,
            Role::Primary => "PRIMARY".into(),
            Role::Standby => "STANDBY".into(),
            Role::Restore => "RESTORE".into(),
        })
        .col("SWITCHOVER_STATUS", "varchar(100)", |_| "NORMAL".into())
        .col("SWITCHOVER_EPOCH", "bigint", |_| 0.into())
        .col("SYNC_SCN", "bigint unsigned", TenantRow::scn)
        .col("REPLAYABLE_SCN", "bigint unsigned", TenantRow::scn)
        .col("READABLE_SCN", "bigint unsigned", TenantRow::scn)
        .col("RECOVERY_UNTIL_SCN", "bigint unsigned", |r| r.scn.map(|_| r.tenant.recovery_until_scn).into())
        .col("LOG_MODE", "varchar(100)", |r| {
            if r.tenant.archives { "ARCHIVELOG" } else { "NOARCHIVELOG" }.into()
        })
        .col("ARBITRATION_SERVICE_STATUS", "varchar(64)", |_| "DISABLED".into())
        .when(profile >= Profile::V4_2_5)
        .col("UNIT_NUM", "bigint", |_| 1.into())
        .col("COMPATIBLE", "varchar(65536)", |r| r.tenant.compatible.clone().into())
        .col("MAX_LS_ID", "bigint", |r| r.tenant.log_streams.last().copied().into())
        .when(profile >= Profile::V4_3_5)
        .col("RESTORE_DATA_MODE", "varchar(128)", |_| "NORMAL".into())
        .when(profile >= Profile::V4_4)
        .col("ZONE_UNIT_NUM_LIST", "varchar(4096)", |r| r.zones.clone().into())
        .col("FLASHBACK_LOG_SCN", "bigint unsigned", |_| Value::Null)
        .col("COMMENT", "varchar(4096)", |_| "".into())
        .col("PROTECTION_MODE", "varchar(128)", |_| "MAXIMUM PERFORMANCE".into())
        .col("PROTECTION_LEVEL", "varchar(128)", |_| "MAXIMUM PERFORMANCE".into())
}

struct ServerRow {
    server: Server,
    build: String,
    is_root: bool,
}

fn server_rows(cluster: &Cluster) -> Vec<ServerRow> {
    let root = cluster.leader().id;
    let build = |server: &Server| server.build.clone().unwrap_or_else(|| cluster.profile.build_version());
    cluster
        .servers
        .iter()
        .map(|server| ServerRow { server: server.clone(), build: build(server), is_root: server.id == root })
        .collect()
}

fn servers_shape(profile: Profile) -> Shape<ServerRow> {
    Shape::<ServerRow>::new()
        .col("SVR_IP", "varchar(46)", |r| r.server.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("ID", "bigint", |r| r.server.id.into())
        .col("ZONE", "varchar(128)", |r| r.server.zone.clone().into())
        .col("SQL_PORT", "bigint", |r| i64::from(r.server.sql_port).into())
        .col("WITH_ROOTSERVER", "varchar(3)", |r| yes_no(r.is_root))
        .col("STATUS", "varchar(64)", |r| if r.server.is_active { "ACTIVE" } else { "INACTIVE" }.into())
        .col("START_SERVICE_TIME", "timestamp(6)", |r| Value::instant(r.server.started_us))
        .col("STOP_TIME", "timestamp(6)", |_| Value::Null)
        .col("BLOCK_MIGRATE_IN_TIME", "timestamp(6)", |_| Value::Null)
        .when(profile > Profile::V4_0)
        .col("CREATE_TIME", "timestamp(6)", |r| Value::instant(r.server.started_us))
        .col("MODIFY_TIME", "timestamp(6)", |r| Value::instant(r.server.started_us))
        .when(true)
        .col("BUILD_VERSION", "varchar(256)", |r| r.build.clone().into())
        .col("LAST_OFFLINE_TIME", "timestamp(6)", |r| Value::instant(r.server.lost_us))
}

fn old_servers(cluster: &Cluster, name: &str) -> Table {
    Shape::<ServerRow>::new()
        .col("gmt_create", "timestamp(6)", |r| Value::Instant(r.server.started_us))
        .col("gmt_modified", "timestamp(6)", |r| Value::Instant(r.server.started_us))
        .col("svr_ip", "varchar(46)", |r| r.server.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("id", "bigint", |r| r.server.id.into())
        .col("zone", "varchar(128)", |r| r.server.zone.clone().into())
        .col("inner_port", "bigint", |r| i64::from(r.server.sql_port).into())
        .col("with_rootserver", "bigint", |r| i64::from(r.is_root).into())
        .col("status", "varchar(64)", |r| if r.server.is_active { "active" } else { "inactive" }.into())
        .col("block_migrate_in_time", "bigint", |_| 0.into())
        .col("build_version", "varchar(256)", |r| r.build.clone().into())
        .col("stop_time", "bigint", |_| 0.into())
        .col("start_service_time", "bigint", |r| r.server.started_us.into())
        .col("first_sessid", "bigint", |_| 0.into())
        .col("with_partition", "bigint", |_| 1.into())
        .col("last_offline_time", "bigint", |r| r.server.lost_us.into())
        .table(name, &server_rows(cluster))
}

fn zones(cluster: &Cluster, name: &str) -> Table {
    let started_us = cluster.servers.first().map_or(0, |server| server.started_us);
    let rows: Vec<(Zone, i64)> = cluster.zones.iter().map(|zone| (zone.clone(), started_us)).collect();
    Shape::<(Zone, i64)>::new()
        .col("ZONE", "varchar(128)", |r| r.0.name.clone().into())
        .col("CREATE_TIME", "timestamp(6)", |r| Value::Instant(r.1))
        .col("MODIFY_TIME", "timestamp(6)", |r| Value::Instant(r.1))
        .col("STATUS", "varchar(4096)", |_| "ACTIVE".into())
        .col("IDC", "varchar(4096)", |r| r.0.idc.clone().into())
        .col("REGION", "varchar(4096)", |r| r.0.region.clone().into())
        .col("TYPE", "varchar(4096)", |_| "ReadWrite".into())
        .table(name, &rows)
}

fn pools(cluster: &Cluster, name: &str) -> Table {
    Shape::<Pool>::new()
        .col("RESOURCE_POOL_ID", "bigint", |p| p.id.into())
        .col("NAME", "varchar(128)", |p| p.name.clone().into())
        .col("TENANT_ID", "bigint", |p| p.tenant.into())
        .col("CREATE_TIME", "timestamp(6)", |p| Value::Instant(p.created_us))
        .col("MODIFY_TIME", "timestamp(6)", |p| Value::Instant(p.created_us))
        .col("UNIT_COUNT", "bigint", |p| p.unit_count.into())
        .col("UNIT_CONFIG_ID", "bigint", |p| p.unit.into())
        .col("ZONE_LIST", "varchar(8192)", |p| p.zones.join(";").into())
        .col("REPLICA_TYPE", "varchar(4)", |_| "FULL".into())
        .table(name, &cluster.resources.pools)
}

fn old_pools(cluster: &Cluster, name: &str) -> Table {
    Shape::<Pool>::new()
        .col("gmt_create", "timestamp(6)", |p| Value::Instant(p.created_us))
        .col("gmt_modified", "timestamp(6)", |p| Value::Instant(p.created_us))
        .col("resource_pool_id", "bigint", |p| p.id.into())
        .col("name", "varchar(128)", |p| p.name.clone().into())
        .col("unit_count", "bigint", |p| p.unit_count.into())
        .col("unit_config_id", "bigint", |p| p.unit.into())
        .col("zone_list", "varchar(8192)", |p| p.zones.join(";").into())
        .col("tenant_id", "bigint", |p| p.tenant.map_or(Value::Int(-1), Value::from))
        .col("replica_type", "bigint", |_| 0.into())
        .table(name, &cluster.resources.pools)
}

fn old_tenants(cluster: &Cluster, name: &str) -> Table {
    let rows: Vec<(Tenant, String)> =
        cluster.tenants.values().map(|tenant| (tenant.clone(), cluster.zone_names().join(";"))).collect();
    Shape::<(Tenant, String)>::new()
        .when(name == "__ALL_TENANT")
        .col("gmt_create", "timestamp(6)", |r| Value::Instant(r.0.created_us))
        .col("gmt_modified", "timestamp(6)", |r| Value::Instant(r.0.created_us))
        .when(true)
        .col("tenant_id", "bigint", |r| r.0.id.into())
        .col("tenant_name", "varchar(128)", |r| r.0.name.clone().into())
        .col("zone_list", "varchar(8192)", |r| r.1.clone().into())
        .col("primary_zone", "varchar(128)", |_| "RANDOM".into())
        .col("collation_type", "bigint", |_| 0.into())
        .col("info", "varchar(4096)", |_| "".into())
        .col("read_only", "bigint", |_| 0.into())
        .col("locality", "varchar(4096)", |r| r.0.locality.clone().into())
        .when(name == "__ALL_TENANT")
        .col("locked", "bigint", |r| i64::from(r.0.is_locked).into())
        .col("compatibility_mode", "bigint", |r| i64::from(r.0.mode == "ORACLE").into())
        .col("status", "varchar(64)", |r| {
            if r.0.status == "NORMAL" { "TENANT_STATUS_NORMAL" } else { "TENANT_STATUS_RESTORE" }.into()
        })
        .col("in_recyclebin", "bigint", |r| i64::from(r.0.in_recyclebin).into())
        .table(name, &rows)
}

struct ParameterRow {
    parameter: Parameter,
    tenant: Option<TenantId>,
    value: String,
    server: Server,
}

/// Returns every parameter on every server; tenant parameters for each visible tenant.
fn parameter_rows(cluster: &Cluster, viewer: TenantId, own_only: bool) -> Vec<ParameterRow> {
    let mut rows = Vec::new();
    for parameter in parameters::of_generation(cluster.profile.is_tenant_level()) {
        for server in &cluster.servers {
            let mut add = |tenant: Option<TenantId>, value: &str| {
                let value = value.to_owned();
                rows.push(ParameterRow { parameter: *parameter, tenant, value, server: server.clone() });
            };
            if !parameter.is_tenant {
                add(None, cluster.parameters.propagated(parameter.name, cluster.now_us).unwrap_or_default());
                continue;
            }
            let tenants = cluster.tenants.values().filter(|tenant| {
                tenant.kind != TenantKind::Meta
                    && (tenant.id == viewer || (viewer == TenantId::SYS && !own_only))
            });
            for tenant in tenants {
                let value = if parameter.name == "compatible" {
                    tenant.compatible.as_str()
                } else {
                    tenant.parameters.get(parameter.name).unwrap_or_default()
                };
                add(Some(tenant.id), value);
            }
        }
    }
    rows
}

fn parameters_table(cluster: &Cluster, viewer: TenantId, name: &str) -> Table {
    Shape::<ParameterRow>::new()
        .col("SVR_IP", "varchar(46)", |r| r.server.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("ZONE", "varchar(128)", |r| r.server.zone.clone().into())
        .col("SCOPE", "varchar(64)", |r| if r.parameter.is_tenant { "TENANT" } else { "CLUSTER" }.into())
        .col("TENANT_ID", "bigint", |r| r.tenant.into())
        .col("NAME", "varchar(128)", |r| r.parameter.name.into())
        .col("DATA_TYPE", "varchar(128)", |r| r.parameter.data_type.into())
        .col("VALUE", "varchar(65536)", |r| r.value.clone().into())
        .col("INFO", "varchar(4096)", |_| "".into())
        .col("SECTION", "varchar(128)", |r| r.parameter.section.into())
        .col("EDIT_LEVEL", "varchar(128)", |_| "DYNAMIC_EFFECTIVE".into())
        .when(cluster.profile >= Profile::V4_2_5)
        .col("DEFAULT_VALUE", "varchar(65536)", |r| r.parameter.default.into())
        .col("ISDEFAULT", "varchar(3)", |r| yes_no(r.value == r.parameter.default))
        .table(name, &parameter_rows(cluster, viewer, false))
}

/// Returns the table of `SHOW PARAMETERS` for a tenant.
pub(crate) fn show_parameters(cluster: &Cluster, tenant: TenantId, name: &str) -> Table {
    Shape::<ParameterRow>::new()
        .col("zone", "varchar(128)", |r| r.server.zone.clone().into())
        .col("svr_type", "varchar(16)", |_| "observer".into())
        .col("svr_ip", "varchar(46)", |r| r.server.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("name", "varchar(128)", |r| r.parameter.name.into())
        .col("data_type", "varchar(128)", |r| {
            (r.parameter.data_type != "STRING" && r.parameter.data_type != "TIME")
                .then_some(r.parameter.data_type)
                .into()
        })
        .col("value", "varchar(4096)", |r| r.value.clone().into())
        .col("info", "varchar(4096)", |_| "".into())
        .col("section", "varchar(64)", |r| r.parameter.section.into())
        .col("scope", "varchar(64)", |r| if r.parameter.is_tenant { "TENANT" } else { "CLUSTER" }.into())
        .col("source", "varchar(64)", |_| "DEFAULT".into())
        .col("edit_level", "varchar(64)", |_| "DYNAMIC_EFFECTIVE".into())
        .when(cluster.profile >= Profile::V4_2_5)
        .col("default_value", "varchar(4096)", |r| r.parameter.default.into())
        .col("isdefault", "bigint", |r| i64::from(r.value == r.parameter.default).into())
        .table(name, &parameter_rows(cluster, tenant, true))
}
