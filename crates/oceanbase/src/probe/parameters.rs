//! Reads parameters of a cluster. `SHOW PARAMETERS` is the same in every generation that has clusters.

use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, literal};

/// The parameter that is on during an upgrade.
const UPGRADE_MODE: &str = "enable_upgrade_mode";

/// Returns the values of a parameter: one for each server; of a tenant parameter, one for each tenant.
pub(crate) async fn values(session: &mut Session, name: &str) -> Result<Vec<String>, Error> {
    let statement = Statement::read(format!("SHOW PARAMETERS LIKE {}", literal(name)));
    let mut values = Vec::new();
    for row in session.rows(&statement).await? {
        // `_` matches any character in LIKE, so the rows may include other parameters.
        if row.str("name")? == name {
            values.push(row.str("value")?.to_owned());
        }
    }
    Ok(values)
}

/// Returns the cluster's name and ID.
pub(super) async fn name_and_id(session: &mut Session) -> Result<(String, i64), Error> {
    let name = values(session, "cluster").await?.pop().unwrap_or_default();
    let id = values(session, "cluster_id").await?.pop().unwrap_or_default();
    let unexpected = || Error::UnexpectedAnswer {
        statement: "SHOW PARAMETERS LIKE 'cluster_id'".to_owned(),
        column: "value".to_owned(),
        expected: "a whole number",
        found: id.clone(),
    };
    Ok((name, id.parse().map_err(|_| unexpected())?))
}

/// Returns whether the cluster is in upgrade mode.
pub(super) async fn in_upgrade_mode(session: &mut Session) -> Result<bool, Error> {
    Ok(values(session, UPGRADE_MODE)
        .await?
        .iter()
        .any(|value| value.eq_ignore_ascii_case("true") || value == "1"))
}
