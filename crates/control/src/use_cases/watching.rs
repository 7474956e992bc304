//! What this server does by itself, and how that went of late.

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
