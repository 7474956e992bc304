//! The status of major compaction.

use control::compactions::Compactions;
use model::compaction::Compaction;
use model::id::TenantId;
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::words;

/// The status of major compaction.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompactionsView {
    /// Its status: the worst of all tenants.
    compaction_status: words::CompactionStatus,
    /// The running task.
    running_task_id: Option<i64>,
    /// Each tenant on 4.x; before, and on seekdb, one row for the whole cluster.
    tenants: Vec<CompactionView>,
}

/// The major compaction of one tenant, or of the whole cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompactionView {
    /// The tenant; 1 for the whole cluster.
    tenant_id: i64,
    /// OceanBase's ID of the tenant: the same.
    ob_tenant_id: i64,
    /// The tenant's name; `cluster` for the whole cluster.
    tenant_name: String,
    /// Its status.
    status: words::CompactionStatus,
    /// Whether it is suspended.
    suspended: bool,
    /// The newest frozen version; text, because it may have 19 digits.
    frozen_version: String,
    /// The newest completely merged version.
    merged_version: String,
    /// When the newest freeze was.
    #[schema(format = DateTime)]
    freeze_time: Option<String>,
    /// When the last merge started.
    #[schema(format = DateTime)]
    start_time: Option<String>,
    /// When the last merge ended.
    #[schema(format = DateTime)]
    finish_time: Option<String>,
    /// The error, in the database's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
}

impl From<Compactions> for CompactionsView {
    fn from(compactions: Compactions) -> Self {
        let Compactions { running, status, tenants } = compactions;
        Self {
            compaction_status: status.into(),
            running_task_id: running.map(|task| task.0),
            tenants: tenants.into_iter().map(CompactionView::from).collect(),
        }
    }
}

impl From<(String, Compaction)> for CompactionView {
    fn from((tenant_name, compaction): (String, Compaction)) -> Self {
        let Compaction { tenant, status, frozen, merged, frozen_at, started, finished, suspended, info } =
            compaction;
        Self {
            tenant_id: tenant.0,
            ob_tenant_id: tenant.0,
            tenant_name,
            status: status.into(),
            suspended,
            frozen_version: frozen.to_string(),
            merged_version: merged.to_string(),
            freeze_time: frozen_at.map(Timestamp::to_rfc3339),
            start_time: started.map(Timestamp::to_rfc3339),
            finish_time: finished.map(Timestamp::to_rfc3339),
            error_msg: Some(info).filter(|info| !info.is_empty()),
        }
    }
}

/// The tenants whose major compaction continues.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClearedView {
    /// The tenants; 1 for the whole cluster.
    tenant_id_list: Vec<i64>,
}

impl From<Vec<TenantId>> for ClearedView {
    fn from(cleared: Vec<TenantId>) -> Self {
        Self { tenant_id_list: cleared.into_iter().map(|tenant| tenant.0).collect() }
    }
}
