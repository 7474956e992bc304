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
    /// What is compacted, by the names of the lanes; tenant 1 stands for all there is where tenants do not merge alone.
    pub(crate) tenants: BTreeMap<String, TenantId>,
}

/// What is known of one lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The newest freeze before ours.
    pub(super) before: Option<u64>,
}

pub(super) type Here = At<MajorCompaction>;
