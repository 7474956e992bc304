//! What a clean-up was asked for, and what is known of each tenant's sets.

use std::collections::BTreeMap;

use engine::At;
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use model::retention::Policy;
use serde::{Deserialize, Serialize};

pub(super) type Here = At<CleanUp>;

/// Delete expired backup sets.
pub(crate) struct CleanUp;

/// The request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    pub(crate) storage: StorageId,
    /// What is kept; that of each tenant's backup strategy when there is none.
    pub(crate) policy: Option<Policy>,
    /// The tenants by the names of their lanes.
    pub(crate) tenants: BTreeMap<String, Part>,
}

/// One tenant's part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) tenant: TenantId,
    /// The sets that were to be deleted when the clean-up was requested: no other is, whatever expires meanwhile.
    pub(crate) planned: Vec<BackupSetId>,
}

/// What is known of one tenant's sets.
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
