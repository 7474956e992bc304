//! The configuration of this server.

use model::user::Permission;

use crate::actor::Actor;
pub use crate::context::ConfigurationValue;
use crate::context::Control;
use crate::error::Error;

/// Returns every value of this server's configuration with its source. No value is a secret: those are read from files
/// and variables that the configuration only names.
///
/// # Errors
/// When the actor is not an administrator.
pub fn read(control: &Control, actor: &Actor) -> Result<Vec<ConfigurationValue>, Error> {
    actor.must(Permission::ManageUsers)?;
    Ok(control.context.configuration.clone())
}
