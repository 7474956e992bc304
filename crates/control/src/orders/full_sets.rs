//! Whether an incremental backup would find its ground, as far as the catalogue knows.

use model::ability::Generation;
use model::cluster::Cluster;
use model::id::StorageId;
use model::physical::SYS;
use model::tenant::Tenant;

use crate::context::{Context, Error};

/// Tells whether the catalogue knows a full physical set of each tenant, in that storage if one is named. The task itself
/// asks the cluster.
pub(crate) async fn has_full_sets(
    context: &Context,
    cluster: &Cluster,
    tenants: &[Tenant],
    storage: Option<StorageId>,
) -> Result<bool, Error> {
    let full = context.metadata.backup_set_full_tenants(cluster.id, storage).await?;
    // A cluster of 3.x is one set: tenants that are newer come into the next incremental one by themselves.
    if cluster.facts.generation == Generation::Gen3 {
        return Ok(!full.is_empty());
    }
    Ok(tenants.iter().filter(|tenant| tenant.id != SYS).all(|tenant| full.contains(&tenant.id)))
}
