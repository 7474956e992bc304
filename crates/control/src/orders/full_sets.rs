//! Whether an incremental backup would find its full set, according to the catalogue.

use std::collections::BTreeSet;

use model::ability::Generation;
use model::cluster::Cluster;
use model::id::{StorageId, TenantId};
use model::physical::SYS;
use model::tenant::Tenant;

use crate::context::{Context, Error};

/// Returns whether the catalogue has a full physical set of each tenant, in any location. The task itself queries the
/// cluster.
pub(crate) async fn has_full_sets(
    context: &Context,
    cluster: &Cluster,
    tenants: &[Tenant],
) -> Result<bool, Error> {
    let full = context.metadata.backup_set_full_tenants(cluster.id, None).await?;
    Ok(have(cluster, tenants, &full).all(|has_one| has_one))
}

/// Returns whether the catalogue knows a full physical set of any of the tenants in that storage. A run of a strategy
/// makes full sets of the others, so that one without does not cost all of them a full set.
pub(crate) async fn has_a_full_set(
    context: &Context,
    cluster: &Cluster,
    tenants: &[Tenant],
    storage: StorageId,
) -> Result<bool, Error> {
    let full = context.metadata.backup_set_full_tenants(cluster.id, Some(storage)).await?;
    Ok(have(cluster, tenants, &full).any(|has_one| has_one))
}

/// Returns for each tenant whether a full set is known; for a cluster of 3.x, which has one set, once: newer tenants
/// are part of the next incremental one automatically.
fn have(cluster: &Cluster, tenants: &[Tenant], full: &BTreeSet<TenantId>) -> impl Iterator<Item = bool> {
    let is_one_set = cluster.facts.generation == Generation::Gen3;
    let of_cluster = is_one_set.then_some(!full.is_empty());
    let of_tenants = tenants.iter().filter(move |tenant| !is_one_set && tenant.id != SYS);
    of_cluster.into_iter().chain(of_tenants.map(|tenant| full.contains(&tenant.id)))
}
