//! The request of a change of delete policies, and the state of each tenant's lane.

use std::collections::BTreeMap;
use std::fmt;

use engine::At;
use model::cluster::ClusterFacts;
use model::id::{ClusterId, StrategyId, TenantId};
use model::physical::delete_policy::{DeletePolicy, PolicyWish};
use serde::{Deserialize, Serialize};

use super::foreseen::Foreseen;

pub(super) type Here = At<ChangeDeletePolicy>;

/// A change of delete policies.
pub(crate) struct ChangeDeletePolicy;

/// The request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(super) cluster: ClusterId,
    /// The cluster that answered when the change was requested.
    pub(super) identity: Identity,
    /// The strategy that ordered the change; none if a user requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) strategy: Option<StrategyId>,
    /// The requested policy.
    pub(super) wish: PolicyWish,
    /// The chosen tenants, also those whose policy does not change.
    pub(super) chosen: Vec<TenantId>,
    /// The digest of the plan that the sender of the request has seen.
    pub(super) plan: String,
    /// The tenants whose policy changes, by lane: their names, which the statements contain.
    pub(super) tenants: BTreeMap<String, Part>,
}

/// What a cluster calls itself: another cluster may be reached at the same address later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    name: String,
    id: i64,
}

impl Identity {
    pub(super) fn of(facts: &ClusterFacts) -> Self {
        Self { name: facts.ob_name.clone(), id: facts.ob_cluster_id }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.id)
    }
}

/// One tenant's part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(super) tenant: TenantId,
    /// The policy in the plan. No other one is dropped.
    pub(super) old: Option<DeletePolicy>,
    /// What the database deletes when the new policy is added, according to the plan.
    pub(super) foreseen: Foreseen,
}

/// The state of one tenant's lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// Whether the old policy may have been dropped.
    pub(super) drops: bool,
    /// Whether the new policy may have been added.
    pub(super) adds: bool,
    /// How often the new policy was sent.
    pub(super) sent: u32,
    /// Whether the database has shown the new policy: if it is gone later, somebody else has dropped it.
    #[serde(default)]
    pub(super) is_seen: bool,
}
