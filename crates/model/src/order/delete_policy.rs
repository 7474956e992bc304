//! A change of the delete policies of tenants of 4.x.

use serde::{Deserialize, Serialize};

use crate::id::{ClusterId, StrategyId, TenantId};
use crate::physical::delete_policy::PolicyWish;

/// A change of delete policies. The database deletes expired backups as soon as a policy is added, so an order names
/// the preview that its sender has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletePolicyOrder {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenants, at least one.
    pub tenants: Vec<TenantId>,
    /// The requested policy.
    pub wish: PolicyWish,
    /// Whether policies that Lifeboat did not set may be replaced or dropped.
    pub take_over: bool,
    /// The digest of the preview.
    pub plan: String,
    /// The backup strategy that orders the change; none if a user requests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyId>,
}
