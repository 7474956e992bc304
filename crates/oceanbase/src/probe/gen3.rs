//! OceanBase 2.2.77 to 3.x: everything is in inner tables; zones are stored as names and values.

use model::cluster::{ClusterRole, Observer, Zone};
use model::id::TenantId;
use model::tenant::{Tenant, TenantMode};

use super::{Identity, builds_differ, parameters};
use crate::answer::Row;
use crate::error::{Error, NO_SUCH_TABLE};
use crate::session::Session;
use crate::statement::Statement;

/// Rows without a zone describe the cluster.
const ZONES: &str = "SELECT zone, name, info FROM oceanbase.__all_zone \
                     WHERE zone <> '' AND name IN ('region', 'idc', 'status') ORDER BY zone, name";

/// `inner_port` is the one for SQL.
const SERVERS: &str = "SELECT svr_ip, inner_port, zone, with_rootserver, status, build_version \
                       FROM oceanbase.__all_server ORDER BY zone, svr_ip, svr_port";

/// Of the tenants with IDs up to 1000, only the sys tenant is a real one. All columns: they differ between versions.
const TENANTS: &str = "SELECT * FROM oceanbase.__all_tenant \
                       WHERE tenant_id = 1 OR tenant_id > 1000 ORDER BY tenant_id";

/// One row: this cluster. The documentation lists the view as "from 2.2.30"; a build without it has no standby clusters.
const ROLE: &str = "SELECT cluster_role FROM oceanbase.v$ob_cluster";

/// The standby clusters of a primary.
const STANDBYS: &str = "SELECT cluster_id FROM oceanbase.v$ob_standby_status";

/// The role of a standby cluster; the other one is `PRIMARY`.
const STANDBY: &str = "PHYSICAL STANDBY";

/// The prefix of a tenant's status in some versions.
const STATUS_PREFIX: &str = "TENANT_STATUS_";

pub(super) async fn identity(session: &mut Session) -> Result<Identity, Error> {
    let (ob_name, ob_cluster_id) = parameters::name_and_id(session).await?;
    let zones = zones(&session.rows(&Statement::read(ZONES)).await?)?;
    let servers = session.rows(&Statement::read(SERVERS)).await?;
    let servers = servers.iter().map(server).collect::<Result<Vec<_>, _>>()?;
    let upgrading = parameters::in_upgrade_mode(session).await? || builds_differ(&servers);
    let role = rows_if_there(session, ROLE).await?;
    let is_standby = role.first().map(|row| row.str("cluster_role")).transpose()? == Some(STANDBY);
    let role = if is_standby { ClusterRole::Standby } else { ClusterRole::Primary };
    let has_standby = !rows_if_there(session, STANDBYS).await?.is_empty();
    Ok(Identity { ob_name, ob_cluster_id, zones, servers, upgrading, role, has_standby })
}

/// Returns no rows if the view does not exist.
async fn rows_if_there(session: &mut Session, query: &'static str) -> Result<Vec<Row>, Error> {
    match session.rows(&Statement::read(query)).await {
        Err(error) if error.number() == Some(NO_SUCH_TABLE) => Ok(Vec::new()),
        answer => answer,
    }
}

pub(super) async fn tenants(session: &mut Session) -> Result<Vec<Tenant>, Error> {
    session.rows(&Statement::read(TENANTS)).await?.iter().map(tenant).collect()
}

/// Groups the rows of each zone, which are consecutive.
fn zones(rows: &[Row]) -> Result<Vec<Zone>, Error> {
    let mut zones: Vec<Zone> = Vec::new();
    for row in rows {
        let name = row.str("zone")?;
        if zones.last().is_none_or(|zone| zone.name != name) {
            let text = String::new;
            zones.push(Zone { name: name.to_owned(), region: text(), idc: text(), status: text() });
        }
        let zone = zones.last_mut().expect("one was pushed if there was none");
        let info = row.maybe_str("info")?.unwrap_or_default().to_owned();
        match row.str("name")? {
            "region" => zone.region = info,
            "idc" => zone.idc = info,
            _ => zone.status = info,
        }
    }
    Ok(zones)
}

fn server(row: &Row) -> Result<Observer, Error> {
    Ok(Observer {
        ip: row.str("svr_ip")?.to_owned(),
        sql_port: row.number("inner_port", "a port")?,
        zone: row.str("zone")?.to_owned(),
        status: row.str("status")?.to_ascii_uppercase(),
        root_server: row.str("with_rootserver")? == "1",
        build: row.maybe_str("build_version")?.unwrap_or_default().to_owned(),
    })
}

fn tenant(row: &Row) -> Result<Tenant, Error> {
    let maybe = |column: &'static str| if row.has(column) { row.maybe_str(column) } else { Ok(None) };
    let status = maybe("status")?.unwrap_or("NORMAL");
    Ok(Tenant {
        id: TenantId(row.i64("tenant_id")?),
        name: row.str("tenant_name")?.to_owned(),
        mode: if maybe("compatibility_mode")? == Some("1") { TenantMode::Oracle } else { TenantMode::Mysql },
        status: status.strip_prefix(STATUS_PREFIX).unwrap_or(status).to_owned(),
        role: "PRIMARY".to_owned(),
        locked: maybe("locked")? == Some("1"),
        primary_zone: maybe("primary_zone")?.unwrap_or_default().to_owned(),
        locality: maybe("locality")?.unwrap_or_default().to_owned(),
        data_version: None,
    })
}
