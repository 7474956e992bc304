//! The delete policies of a 4.x cluster, and what the database deletes by them.

use control::delete_policies::{Expiring, ExpiringSet, TenantDeletePolicy};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::words;

/// Which window is asked about.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeletePolicyQuery {
    /// The window in days of a policy whose deletions to show. Defaults to each tenant's own policy.
    #[param(minimum = 1, maximum = 3660)]
    pub(crate) retention_days: Option<u32>,
}

/// The delete policies of a cluster's tenants.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeletePoliciesView {
    /// The tenants.
    contents: Vec<DeletePolicyView>,
}

/// The delete policy of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletePolicyView {
    /// The tenant.
    tenant_id: i64,
    /// Its name.
    tenant_name: String,
    /// The policy's name; none where the tenant has no policy.
    #[schema(example = "default")]
    policy_name: Option<String>,
    /// The policy's window, as the database shows it.
    #[schema(example = "7d")]
    recovery_window: Option<String>,
    /// What the database deletes when it looks next, about once an hour; none without a window.
    expiring: Option<ExpiringView>,
}

/// What the database deletes when it looks next.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiringView {
    /// The number of the full set that what is kept starts with; none where no good set expires.
    first_kept_set: Option<i64>,
    /// The sets.
    sets: Vec<ExpiringSetView>,
    /// How many pieces of archived logs.
    pieces: u64,
    /// The bytes of all of them.
    bytes: u64,
}

/// A set that the database deletes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiringSetView {
    /// The cluster's number of it.
    ob_backup_set_id: i64,
    /// How much it holds.
    data_backup_task_type: words::DataBackupMode,
    /// Its earliest recoverable time.
    #[schema(format = DateTime)]
    consistent_time: String,
    /// Its size in bytes.
    bytes: u64,
}

impl From<Vec<TenantDeletePolicy>> for DeletePoliciesView {
    fn from(policies: Vec<TenantDeletePolicy>) -> Self {
        let view = |TenantDeletePolicy { tenant, tenant_name, policy, prediction }| {
            let (name, window) = policy.map(|policy| (policy.name, policy.window)).unzip();
            DeletePolicyView {
                tenant_id: tenant.0,
                tenant_name,
                policy_name: name,
                recovery_window: window,
                expiring: prediction.map(ExpiringView::from),
            }
        };
        Self { contents: policies.into_iter().map(view).collect() }
    }
}

impl From<Expiring> for ExpiringView {
    fn from(expiring: Expiring) -> Self {
        let Expiring { anchor, sets, pieces, bytes } = expiring;
        let set = |ExpiringSet { id, mode, restore, bytes }| ExpiringSetView {
            ob_backup_set_id: id,
            data_backup_task_type: mode.into(),
            consistent_time: restore.to_rfc3339(),
            bytes,
        };
        Self { first_kept_set: anchor, sets: sets.into_iter().map(set).collect(), pieces, bytes }
    }
}
