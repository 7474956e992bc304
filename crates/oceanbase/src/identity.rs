//! The identity of a server.

use model::version::Product;

use crate::error::Error;
use crate::login::Login;
use crate::session::Session;
use crate::statement::Statement;

/// Returns the identity of the session's server, which survives a restart: the ID that the server generated at its
/// creation, and the tenant that `user` logs on to. `None` if the server shows no ID.
///
/// OceanBase, seekdb and MySQL show it as `server_uuid`. MariaDB computes `server_uid` from its network card and
/// port, since 10.5.26.
///
/// # Errors
/// Fails when the server does.
pub async fn of_server(session: &mut Session, user: &str) -> Result<Option<String>, Error> {
    let sql = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')";
    let rows = session.rows(&Statement::read(sql)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let number = row.maybe_str(1)?.unwrap_or_default();
    let tenant = match session.server().product {
        Product::Oceanbase => Login::read(user).tenant,
        Product::Seekdb | Product::Mysql | Product::Mariadb => None,
    };
    Ok(match (number, tenant) {
        ("", _) => None,
        (number, None) => Some(number.to_owned()),
        (number, Some(tenant)) => Some(format!("{tenant}@{number}")),
    })
}
