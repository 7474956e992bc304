//! The tenants of all clusters.

pub use metadata::tenants::PlacedTenant;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// Returns the tenants of all clusters, as they were last seen, by cluster and number.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn list(control: &Control, actor: &Actor, page: PageAsk) -> Result<Page<PlacedTenant>, Error> {
    actor.must(Permission::Read)?;
    Ok(page.filled(control.metadata().tenant_list_all(page.slice()).await?))
}
