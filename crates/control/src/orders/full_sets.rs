//! Whether an incremental backup would find its ground, as far as the catalogue knows.

use std::collections::BTreeSet;

use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::BackupSetStatus;
use model::cluster::Cluster;
use model::id::{StorageId, TenantId};
use model::physical::SYS;
use model::tenant::Tenant;

use crate::context::{Context, Error};

/// How many of a cluster's sets are looked through for full ones.
const LOOKED_THROUGH: u32 = 2_000;

/// Tells whether the catalogue knows a full physical set of each tenant, in that storage if one is named. The task itself
/// asks the cluster.
pub(crate) async fn has_full_sets(
    context: &Context,
    cluster: &Cluster,
    tenants: &[Tenant],
    storage: Option<StorageId>,
) -> Result<bool, Error> {
    let query = BackupSetQuery {
        cluster: Some(cluster.id),
        storage,
        statuses: vec![BackupSetStatus::Available, BackupSetStatus::Unverified],
        ..BackupSetQuery::default()
    };
    let sets = context.metadata.backup_set_list(&query, Slice { offset: 0, limit: LOOKED_THROUGH }).await?;
    let is_full_one = |method, mode| method == BackupMethod::Physical && mode == DataBackupMode::Full;
    let full: BTreeSet<TenantId> = sets
        .items
        .into_iter()
        .filter(|set| is_full_one(set.method, set.mode))
        .map(|set| set.tenant)
        .collect();
    // A cluster of 3.x is one set: tenants that are newer come into the next incremental one by themselves.
    if cluster.facts.generation == Generation::Gen3 {
        return Ok(!full.is_empty());
    }
    Ok(tenants.iter().filter(|tenant| tenant.id != SYS).all(|tenant| full.contains(&tenant.id)))
}
