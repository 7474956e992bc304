//! Internal tables that 4.x still has and that clients read, and the recycle bin.

use super::parameters::{self, Parameter};
use super::system_variables;
use super::tenant::{Tenant, TenantKind};
use super::topology::Server;
use super::{Cluster, TenantId};
use crate::profile::Profile;
use crate::sql::table::yes_no;
use crate::sql::{Shape, Table, Value};

/// `__all_tenant` of 4.x; its columns are those of the kernel's schema.
pub(super) fn internal_tenants(cluster: &Cluster, name: &str) -> Table {
    let rows: Vec<(Tenant, String)> =
        cluster.tenants.values().map(|tenant| (tenant.clone(), cluster.zone_names().join(";"))).collect();
    Shape::<(Tenant, String)>::new()
        .col("gmt_create", "timestamp(6)", |r| Value::Instant(r.0.created_us))
        .col("gmt_modified", "timestamp(6)", |r| Value::Instant(r.0.created_us))
        .col("tenant_id", "bigint", |r| r.0.id.into())
        .col("tenant_name", "varchar(128)", |r| r.0.name.clone().into())
        .col("zone_list", "varchar(8192)", |r| r.1.clone().into())
        .col("primary_zone", "varchar(8192)", |_| "RANDOM".into())
        .col("locked", "bigint", |r| i64::from(r.0.is_locked).into())
        .col("collation_type", "bigint", |_| 0.into())
        .col("info", "varchar(4096)", |_| "".into())
        .col("locality", "varchar(4096)", |r| r.0.locality.clone().into())
        .col("previous_locality", "varchar(4096)", |_| "".into())
        .col("default_tablegroup_id", "bigint", |_| (-1).into())
        .col("compatibility_mode", "bigint", |r| i64::from(r.0.mode == "ORACLE").into())
        .col("drop_tenant_time", "bigint", |_| (-1).into())
        .col("status", "varchar(64)", |r| r.0.status.clone().into())
        .col("in_recyclebin", "bigint", |r| i64::from(r.0.in_recyclebin).into())
        .col("arbitration_service_status", "varchar(64)", |_| "DISABLED".into())
        .table(name, &rows)
}

/// `__all_zone` of 4.x: facts about the cluster and its zones as names and values.
pub(super) fn internal_zones(cluster: &Cluster, name: &str) -> Table {
    /// zone, name, value, info.
    type Row = (String, &'static str, i64, String);
    let mut rows: Vec<(Row, i64)> = Vec::new();
    let started_us = cluster.servers.first().map_or(0, |server| server.started_us);
    rows.push(((String::new(), "cluster", 0, cluster.name.clone()), started_us));
    rows.push(((String::new(), "config_version", cluster.now_us, String::new()), started_us));
    for zone in &cluster.zones {
        for (name, value, info) in [
            ("idc", 0, zone.idc.as_str()),
            ("region", 0, zone.region.as_str()),
            ("status", 2, "ACTIVE"),
            ("storage_type", 0, "LOCAL"),
            ("zone_type", 0, "ReadWrite"),
        ] {
            rows.push(((zone.name.clone(), name, value, info.to_owned()), started_us));
        }
    }
    Shape::<(Row, i64)>::new()
        .col("gmt_create", "timestamp(6)", |r| Value::Instant(r.1))
        .col("gmt_modified", "timestamp(6)", |r| Value::Instant(r.1))
        .col("zone", "varchar(128)", |r| r.0.0.clone().into())
        .col("name", "varchar(128)", |r| r.0.1.into())
        .col("value", "bigint", |r| r.0.2.into())
        .col("info", "varchar(4096)", |r| r.0.3.clone().into())
        .table(name, &rows)
}

/// `__all_virtual_sys_parameter_stat` of 4.x: the parameters on every server, with the viewer's values of tenant
/// parameters.
pub(super) fn internal_parameters(cluster: &Cluster, viewer: TenantId, name: &str) -> Table {
    type Row = (Parameter, Server, String);
    let tenant = cluster.tenants.get(&viewer);
    let mut rows: Vec<Row> = Vec::new();
    for parameter in parameters::of_generation(true) {
        let value = match tenant {
            Some(tenant) if parameter.name == "compatible" => Some(tenant.compatible.as_str()),
            Some(tenant) if parameter.is_tenant => tenant.parameters.get(parameter.name),
            _ => cluster.parameters.propagated(parameter.name, cluster.now_us),
        };
        let value = value.unwrap_or_default();
        rows.extend(cluster.servers.iter().map(|server| (*parameter, server.clone(), value.to_owned())));
    }
    Shape::<Row>::new()
        .col("zone", "varchar(128)", |r| r.1.zone.clone().into())
        .col("svr_type", "varchar(16)", |_| "observer".into())
        .col("svr_ip", "varchar(46)", |r| r.1.ip.clone().into())
        .col("svr_port", "bigint", |r| i64::from(r.1.rpc_port).into())
        .col("name", "varchar(128)", |r| r.0.name.into())
        .col("data_type", "varchar(128)", |r| r.0.data_type.into())
        .col("value", "varchar(65536)", |r| r.2.clone().into())
        .col("value_strict", "varchar(4096)", |r| r.2.clone().into())
        .col("info", "varchar(4096)", |_| "".into())
        .col("need_reboot", "bigint", |_| 0.into())
        .col("section", "varchar(128)", |r| r.0.section.into())
        .col("visible_level", "varchar(64)", |_| "COMMON".into())
        .col("scope", "varchar(64)", |r| if r.0.is_tenant { "TENANT" } else { "CLUSTER" }.into())
        .col("source", "varchar(64)", |_| "DEFAULT".into())
        .col("edit_level", "varchar(128)", |_| "DYNAMIC_EFFECTIVE".into())
        .when(cluster.profile >= Profile::V4_2_5)
        .col("default_value", "varchar(65536)", |r| r.0.default.into())
        .col("isdefault", "bigint", |r| i64::from(r.2 == r.0.default).into())
        .table(name, &rows)
}

/// `CDB_OB_SYS_VARIABLES`: the global values, which are always the defaults here.
pub(crate) fn system_variables(cluster: &Cluster, name: &str) -> Table {
    type Row = (Tenant, &'static str, &'static str);
    let tenants = cluster.tenants.values().filter(|tenant| tenant.kind != TenantKind::Meta);
    let rows: Vec<Row> = tenants
        .flat_map(|tenant| {
            system_variables::DEFAULTS.iter().map(|(name, value)| (tenant.clone(), *name, *value))
        })
        .collect();
    Shape::<Row>::new()
        .col("CREATE_TIME", "timestamp(6)", |r| Value::Instant(r.0.created_us))
        .col("MODIFY_TIME", "timestamp(6)", |r| Value::Instant(r.0.created_us))
        .col("TENANT_ID", "bigint", |r| r.0.id.into())
        .col("NAME", "varchar(128)", |r| r.1.into())
        .col("VALUE", "varchar(65536)", |r| {
            if r.1 == "ob_compatibility_mode" { r.0.mode.clone().into() } else { r.2.into() }
        })
        .col("MIN_VALUE", "varchar(65536)", |_| "".into())
        .col("MAX_VALUE", "varchar(65536)", |_| "".into())
        .col("SCOPE", "varchar(16)", |_| "GLOBAL | SESSION".into())
        .col("INFO", "varchar(4096)", |_| "".into())
        // A guess: added in the same release as the columns of the parameters.
        .when(cluster.profile >= Profile::V4_2_5)
        .col("DEFAULT_VALUE", "varchar(65536)", |r| r.2.into())
        .col("ISDEFAULT", "varchar(3)", |_| yes_no(true))
        .table(name, &rows)
}

/// `DBA_RECYCLEBIN`: contains only tenants, and only the sys tenant sees them.
pub(super) fn recycle_bin(cluster: &Cluster, viewer: TenantId, name: &str) -> Table {
    let gone = cluster.tenants.values().filter(|tenant| viewer == TenantId::SYS && tenant.in_recyclebin);
    Shape::<Tenant>::new()
        .col("OWNER", "varchar(128)", |_| Value::Null)
        .col("OBJECT_NAME", "varchar(128)", |t| t.name.clone().into())
        .col("ORIGINAL_NAME", "varchar(128)", |t| t.original_name.clone().into())
        .col("OPERATION", "varchar(9)", |_| "DROP".into())
        .col("TYPE", "varchar(25)", |_| "TENANT".into())
        .col("TS_NAME", "varchar(30)", |_| Value::Null)
        .col("CREATETIME", "date", |_| Value::Null)
        .col("DROPTIME", "date", |_| Value::Null)
        .col("DROPSCN", "bigint(0)", |_| Value::Null)
        .col("PARTITION_NAME", "varchar(128)", |_| Value::Null)
        .col("CAN_UNDROP", "varchar(3)", |_| yes_no(true))
        .col("CAN_PURGE", "varchar(3)", |_| yes_no(true))
        .col("RELATED", "bigint(0)", |_| Value::Null)
        .col("BASE_OBJECT", "bigint(0)", |_| Value::Null)
        .col("PURGE_OBJECT", "bigint(0)", |_| Value::Null)
        .col("SPACE", "bigint(0)", |_| Value::Null)
        .table(name, gone)
}
