//! The tenants of one cluster and of all, and their tenant credentials.

pub mod credential;

pub use metadata::tenants::PlacedTenant;
use model::Problem;
use model::id::ClusterId;
use model::physical::scope::check_tenant;
use model::tenant::{Tenant, check_readable};
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// A tenant of a cluster, and whether Lifeboat can read its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadableTenant {
    /// Its data from the cluster.
    pub tenant: Tenant,
    /// The user of its credential, if one is saved.
    pub credential: Option<String>,
    /// Why it can't be backed up logically, if it can't.
    pub logical_disabled: Option<Problem>,
    /// Why it can't be chosen for a physical backup, if it can't.
    pub physical_disabled: Option<Problem>,
}

/// Returns the tenants of all clusters at their last refresh, by cluster and ID.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn list(control: &Control, actor: &Actor, page: PageAsk) -> Result<Page<PlacedTenant>, Error> {
    actor.must(Permission::Read)?;
    Ok(page.filled(control.metadata().tenant_list_all(page.slice()).await?))
}

/// Returns a cluster's tenants at its last refresh.
///
/// # Errors
/// When there is no such cluster.
pub async fn of_cluster(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
) -> Result<Vec<ReadableTenant>, Error> {
    actor.must(Permission::Read)?;
    let cluster = control.context.cluster(id).await?;
    let mut users = control.metadata().tenant_credential_users(id).await?;
    let tenants = control.metadata().tenant_list(id).await?;
    let readable = |tenant: Tenant| {
        let credential = users.remove(&tenant.id);
        let facts = &cluster.facts;
        let logical = check_readable(facts.generation, &tenant, credential.is_some(), &cluster.name);
        let physical = check_tenant(&facts.server, facts.generation, &tenant);
        ReadableTenant {
            tenant,
            credential,
            logical_disabled: logical.err(),
            physical_disabled: physical.err(),
        }
    };
    Ok(tenants.into_iter().map(readable).collect())
}
