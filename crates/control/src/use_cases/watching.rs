//! The watchers of this server, and their recent runs.

use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
pub use crate::context::{WakesBy, Watched};
use crate::error::Error;

/// Returns the watchers of this server by name.
///
/// # Errors
/// When the actor may not read them.
pub fn list(control: &Control, actor: &Actor) -> Result<Vec<Watched>, Error> {
    actor.must(Permission::Read)?;
    Ok(control.context.watch_log.list())
}
