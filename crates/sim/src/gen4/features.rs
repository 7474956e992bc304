//! The features of each data version of a tenant. The binary may be newer: during an upgrade, it still refuses
//! statements that the data version does not support.

use crate::world::tenant::DataVersion;
use crate::world::{Cluster, TenantId};

/// Deletion of selected sets and pieces, the policy `log_only`, and destinations under the rules of 4.4.
pub(super) const MANUAL_DELETION: DataVersion = [4, 4, 1, 0];
/// `DELAY=` in LOG_RESTORE_SOURCE.
pub(super) const DELAYED_LOG: DataVersion = [4, 4, 2, 2];
/// Copies of the archive at a second destination.
pub(super) const ARCHIVE_COPY: DataVersion = [4, 4, 2, 3];
/// VALIDATE.
pub(super) const VALIDATION: DataVersion = [4, 5, 1, 0];

/// Returns whether a tenant's data version supports a feature.
pub(super) fn has(cluster: &Cluster, id: TenantId, feature: DataVersion) -> bool {
    cluster.tenants.get(&id).is_some_and(|tenant| tenant.data_version() >= feature)
}
