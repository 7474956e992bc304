//! Whether an incremental backup would find a full set, according to the catalogue.

use std::collections::BTreeSet;

use model::ability::Generation;
use model::cluster::Cluster;
use model::id::{StorageId, TenantId};
use model::physical::SYS;
use model::tenant::Tenant;

use crate::context::{Context, Error};

/// Returns whether the catalogue has a full physical set of each tenant, in any location. The task itself checks with
/// the cluster.
pub(crate) async fn has_full_sets(
    context: &Context,
    cluster: &Cluster,
    tenants: &[Tenant],
) -> Result<bool, Error> {
    let full = context.metadata.backup_set_full_tenants(cluster.id, None).await?;
    Ok(have(cluster, tenants, &full).all(|has_one| has_one))
}

/// Returns whether the catalogue has a full physical set of any of the tenants in this storage. One is enough: a run of
/// a strategy makes full sets of only those tenants that have none.
pub(crate) async fn has_a_full_set(
    context: &Context,
    cluster: &Cluster,
    tenants: &[Tenant],
    storage: StorageId,
) -> Result<bool, Error> {
    let full = context.metadata.backup_set_full_tenants(cluster.id, Some(storage)).await?;
    Ok(have(cluster, tenants, &full).any(|has_one| has_one))
}

/// Returns for each tenant whether the catalogue has a full set. A cluster of 3.x has one set for all tenants, so the
/// result is one value: the next incremental backup includes newer tenants automatically.
fn have(cluster: &Cluster, tenants: &[Tenant], full: &BTreeSet<TenantId>) -> impl Iterator<Item = bool> {
    let is_one_set = cluster.facts.generation == Generation::Gen3;
    let of_cluster = is_one_set.then_some(!full.is_empty());
    let of_tenants = tenants.iter().filter(move |tenant| !is_one_set && tenant.id != SYS);
    of_cluster.into_iter().chain(of_tenants.map(|tenant| full.contains(&tenant.id)))
}
