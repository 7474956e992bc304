//! OceanBase 4.x: everything is in `DBA_OB_*` views of the sys tenant.

use model::cluster::{ClusterRole, Observer, Zone};
use model::id::TenantId;
use model::tenant::{Tenant, TenantMode};

use super::{Identity, builds_differ, parameters};
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

const ZONES: &str = "SELECT zone, region, idc, status FROM oceanbase.DBA_OB_ZONES ORDER BY zone";

const SERVERS: &str = "SELECT svr_ip, sql_port, zone, with_rootserver, status, build_version \
                       FROM oceanbase.DBA_OB_SERVERS ORDER BY zone, svr_ip, svr_port";

/// All columns: 4.0 has no role, and 4.1 no data version.
const TENANTS: &str = "SELECT * FROM oceanbase.DBA_OB_TENANTS WHERE tenant_type <> 'META' ORDER BY tenant_id";

pub(super) async fn identity(session: &mut Session) -> Result<Identity, Error> {
    let (ob_name, ob_cluster_id) = parameters::name_and_id(session).await?;
    let zones = session.rows(&Statement::read(ZONES)).await?;
    let zones = zones.iter().map(zone).collect::<Result<Vec<_>, _>>()?;
    let servers = session.rows(&Statement::read(SERVERS)).await?;
    let servers = servers.iter().map(server).collect::<Result<Vec<_>, _>>()?;
    let upgrading = parameters::in_upgrade_mode(session).await? || builds_differ(&servers);
    Ok(Identity {
        ob_name,
        ob_cluster_id,
        zones,
        servers,
        upgrading,
        role: ClusterRole::Primary,
        has_standby: false,
    })
}

pub(super) async fn tenants(session: &mut Session) -> Result<Vec<Tenant>, Error> {
    session.rows(&Statement::read(TENANTS)).await?.iter().map(tenant).collect()
}

fn zone(row: &Row) -> Result<Zone, Error> {
    Ok(Zone {
        name: row.str("zone")?.to_owned(),
        region: row.maybe_str("region")?.unwrap_or_default().to_owned(),
        idc: row.maybe_str("idc")?.unwrap_or_default().to_owned(),
        status: row.str("status")?.to_owned(),
    })
}

fn server(row: &Row) -> Result<Observer, Error> {
    Ok(Observer {
        ip: row.str("svr_ip")?.to_owned(),
        sql_port: row.number("sql_port", "a port")?,
        zone: row.str("zone")?.to_owned(),
        status: row.str("status")?.to_owned(),
        root_server: row.str("with_rootserver")? == "YES",
        build: row.maybe_str("build_version")?.unwrap_or_default().to_owned(),
    })
}

fn tenant(row: &Row) -> Result<Tenant, Error> {
    let oracle = row.str("compatibility_mode")?.eq_ignore_ascii_case("ORACLE");
    // The role is unknown while the tenant's META tenant does not answer.
    let role = if row.has("tenant_role") { row.maybe_str("tenant_role")?.unwrap_or("") } else { "PRIMARY" };
    let compatible = if row.has("compatible") { row.maybe_str("compatible")? } else { None };
    Ok(Tenant {
        id: TenantId(row.i64("tenant_id")?),
        name: row.str("tenant_name")?.to_owned(),
        mode: if oracle { TenantMode::Oracle } else { TenantMode::Mysql },
        status: row.str("status")?.to_owned(),
        role: role.to_owned(),
        locked: row.str("locked")? == "YES",
        primary_zone: row.maybe_str("primary_zone")?.unwrap_or_default().to_owned(),
        locality: row.maybe_str("locality")?.unwrap_or_default().to_owned(),
        data_version: compatible.and_then(|version| version.trim().parse().ok()),
    })
}
