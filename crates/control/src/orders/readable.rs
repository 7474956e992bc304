//! Whether the data of tenants can be read for a logical backup.

use model::Problem;
use model::cluster::Cluster;
use model::problem::codes;
use model::tenant::{Tenant, check_readable};

use crate::context::{Context, Error};

/// Returns whether one of the tenants can be backed up logically, or why not: a reason that the user can fix comes
/// first.
pub(crate) async fn readable(
    context: &Context,
    cluster: &Cluster,
    tenants: &[Tenant],
) -> Result<Result<(), Problem>, Error> {
    let users = context.metadata.tenant_credential_users(cluster.id).await?;
    let check = |tenant: &Tenant| {
        check_readable(cluster.facts.generation, tenant, users.contains_key(&tenant.id), &cluster.name)
    };
    let mut obstacles = Vec::new();
    for tenant in tenants {
        match check(tenant) {
            Ok(()) => return Ok(Ok(())),
            Err(problem) => obstacles.push(problem),
        }
    }
    obstacles.sort_by_key(|problem| problem.text.id != "tenant-credential-missing");
    let nothing = || Problem::refused(codes::NO_BACKUP_OBJECT, "backup-without-tenant");
    Ok(Err(obstacles.into_iter().next().unwrap_or_else(nothing)))
}
