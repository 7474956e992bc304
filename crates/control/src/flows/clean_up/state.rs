//! The request of a clean-up, and the state of each tenant's lane.

use std::collections::BTreeMap;

use engine::At;
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use model::retention::Policy;
use serde::{Deserialize, Serialize};

pub(super) type Here = At<CleanUp>;

/// A clean-up of expired backup sets.
pub(crate) struct CleanUp;

/// The request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    pub(crate) storage: StorageId,
    /// The retention policy; if none, the backup strategy of each tenant decides.
    pub(crate) policy: Option<Policy>,
    /// The tenants, by lane.
    pub(crate) tenants: BTreeMap<String, Part>,
}

/// One tenant's part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) tenant: TenantId,
    /// The sets to delete when the clean-up was requested. Sets that expire later are not deleted.
    pub(crate) planned: Vec<BackupSetId>,
}

/// The state of one tenant's lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The sets whose files are deleted.
    pub(crate) gone: Vec<Gone>,
}

/// A set whose files are deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Gone {
    pub(crate) set: BackupSetId,
    pub(crate) bytes: u64,
}
