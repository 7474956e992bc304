//! seekdb has no cluster, zones or tenants; it is shown as a cluster with one of each.

use model::cluster::{ClusterRole, Observer, Zone};
use model::id::TenantId;
use model::tenant::{Tenant, TenantMode};

use super::Identity;
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

const NAME: &str = "seekdb";
const ZONE: &str = "zone1";

pub(super) async fn identity(session: &mut Session) -> Result<Identity, Error> {
    let row = server(session).await?;
    let server = Observer {
        ip: row.str("svr_ip")?.to_owned(),
        sql_port: session.address().port, // the server's own port may be mapped to another one
        zone: ZONE.to_owned(),
        status: "ACTIVE".to_owned(),
        root_server: true,
        build: session.server().version.to_string(),
    };
    let (region, idc) = ("default_region".to_owned(), String::new());
    let zone = Zone { name: ZONE.to_owned(), region, idc, status: "ACTIVE".to_owned() };
    let (zones, servers) = (vec![zone], vec![server]);
    Ok(Identity {
        ob_name: NAME.to_owned(),
        ob_cluster_id: 1,
        zones,
        servers,
        upgrading: false,
        role: ClusterRole::Primary,
        has_standby: false,
    })
}

pub(super) async fn tenants(session: &mut Session) -> Result<Vec<Tenant>, Error> {
    let role = server(session).await?.str("role")?.to_owned();
    Ok(vec![Tenant {
        id: TenantId(1),
        name: "sys".to_owned(),
        mode: TenantMode::Mysql,
        status: "NORMAL".to_owned(),
        role,
        locked: false,
        primary_zone: ZONE.to_owned(),
        locality: format!("FULL{{1}}@{ZONE}"),
        data_version: None,
    }])
}

async fn server(session: &mut Session) -> Result<Row, Error> {
    let statement = Statement::read("SELECT svr_ip, role FROM oceanbase.V$OB_SERVER_STAT");
    session.rows(&statement).await?.pop().ok_or_else(|| Error::no_rows(&statement))
}
