//! The destination of the cluster's data and logs: one parameter, which every server must have applied.

use model::Secret;
use model::physical::bare;

use crate::error::Error;
use crate::probe::parameters;
use crate::session::Session;
use crate::statement::{Statement, literal};

/// Sets it for the cluster; servers apply it within a few seconds.
pub(crate) fn set(address: &Secret) -> Statement {
    Statement::act(format!("ALTER SYSTEM SET backup_dest = {}", literal(address.expose())))
}

/// Reads it from each server, without keys.
pub(crate) async fn found(session: &mut Session) -> Result<Vec<String>, Error> {
    let values = parameters::values(session, "backup_dest").await?;
    Ok(values.iter().map(|value| bare(value).to_owned()).collect())
}
