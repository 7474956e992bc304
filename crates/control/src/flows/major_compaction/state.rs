//! The request of a major compaction, and the state of each lane.

use std::collections::BTreeMap;

use engine::At;
use model::id::{ClusterId, TenantId};
use serde::{Deserialize, Serialize};

/// A major compaction.
pub(crate) struct MajorCompaction;

/// The request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    /// The tenants to compact, by lane. Before 4.0 and on seekdb, tenant 1 stands for the whole cluster.
    pub(crate) tenants: BTreeMap<String, TenantId>,
}

/// The state of one lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The newest freeze before ours; none until it was read.
    pub(super) before: Option<u64>,
}

pub(super) type Here = At<MajorCompaction>;
