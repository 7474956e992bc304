//! Deleting expired backup sets.

use serde::Serialize;

use crate::id::{BackupSetId, ClusterId, StorageId, TenantId};
use crate::retention::Policy;

/// Which backup sets are cleaned up, and what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CleanUpOrder {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenants; none means all that have sets in the storage.
    pub tenants: Vec<TenantId>,
    /// The storage of the sets.
    pub storage: StorageId,
    /// What is kept; by default, the policy of each tenant's backup strategy.
    pub policy: Option<Policy>,
    /// The only sets that may be deleted; none means all that expire.
    pub sets: Vec<BackupSetId>,
}
