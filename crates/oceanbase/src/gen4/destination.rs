//! The destinations of a tenant's data and logs. The values of the views contain keys, which are removed immediately.

use model::Secret;
use model::id::TenantId;
use model::physical::bare;
use model::physical::destination::{LogAttributes, LogDestination, TenantDestinations};

use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// Before the statement returns, every server of the cluster writes a file to the destination.
pub(crate) fn set_data(tenant: &str, address: &Secret) -> Statement {
    let (address, tenant) = (literal(address.expose()), identifier(tenant));
    Statement::act(format!("ALTER SYSTEM SET DATA_BACKUP_DEST = {address} TENANT = {tenant}"))
}

/// Omitted options return to their defaults, so all are sent. Never MANDATORY: a stopped archive would block the
/// users' writes.
pub(crate) fn set_log(tenant: &str, address: &Secret, attributes: &LogAttributes) -> Statement {
    let mut value = format!(
        "LOCATION={} BINDING=Optional PIECE_SWITCH_INTERVAL={}",
        address.expose(),
        attributes.piece_switch_interval
    );
    if let Some(compression) = &attributes.compression {
        value.push_str(" COMPRESSION=");
        value.push_str(compression);
    }
    let (value, tenant) = (literal(&value), identifier(tenant));
    Statement::act(format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = {value} TENANT = {tenant}"))
}

/// Reads the destinations of a tenant's data and logs.
pub(crate) async fn found(session: &mut Session, tenant: TenantId) -> Result<TenantDestinations, Error> {
    let data = format!(
        "SELECT value FROM oceanbase.CDB_OB_BACKUP_PARAMETER \
         WHERE tenant_id = {tenant} AND name = 'data_backup_dest'"
    );
    let log = format!(
        "SELECT name, value FROM oceanbase.CDB_OB_ARCHIVE_DEST WHERE tenant_id = {tenant} ORDER BY name"
    );
    let data = match session.rows(&Statement::read(data)).await?.first() {
        Some(row) => row.maybe_str("value")?.map(|value| bare(value).to_owned()),
        None => None,
    };
    let rows = session.rows(&Statement::read(log)).await?;
    let value = |name: &str| -> Result<String, Error> {
        let row = rows.iter().find(|row| row.str("name").is_ok_and(|other| other.eq_ignore_ascii_case(name)));
        Ok(row.map(|row| row.maybe_str("value")).transpose()?.flatten().unwrap_or_default().to_owned())
    };
    let path = bare(&value("path")?).to_owned();
    let log = if path.is_empty() {
        None
    } else {
        Some(LogDestination {
            path,
            binding: value("binding")?,
            piece_switch_interval: value("piece_switch_interval")?,
            compression: value("compression")?,
            enabled: !value("state")?.eq_ignore_ascii_case("DEFER"),
        })
    };
    Ok(TenantDestinations { data: data.filter(|path| !path.is_empty()), log })
}
