//! The recoverable periods of tenants.

use serde::Deserialize;

/// The recoverable periods of a tenant.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantWindowRow {
    pub(crate) tenant_name: String,
    pub(crate) intervals: Vec<IntervalRow>,
    pub(crate) gaps: Vec<GapRow>,
    #[serde(default)]
    pub(crate) loss_seconds: Option<u64>,
}

/// A recoverable period.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntervalRow {
    pub(crate) start_time: String,
    pub(crate) end_time: String,
    pub(crate) proven: bool,
}

/// A gap between recoverable periods.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GapRow {
    pub(crate) after_time: String,
    pub(crate) before_time: String,
    pub(crate) message: String,
}

/// The tenants in a storage, and the periods of one.
#[derive(Deserialize)]
pub(crate) struct StorageWindowsRow {
    pub(crate) tenants: Vec<TenantFolderRow>,
    #[serde(default)]
    pub(crate) recoverable: Option<NamesWindowRow>,
}

/// The folder of a tenant's backups in a storage.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantFolderRow {
    pub(crate) backup_cluster_name: String,
    pub(crate) backup_ob_cluster_id: i64,
    pub(crate) backup_ob_tenant_id: i64,
    pub(crate) folder: String,
}

/// The presumably recoverable periods of a tenant.
#[derive(Deserialize)]
pub(crate) struct NamesWindowRow {
    pub(crate) zone: String,
    pub(crate) intervals: Vec<IntervalRow>,
    pub(crate) gaps: Vec<GapRow>,
    pub(crate) sets: Vec<NamedSetRow>,
    pub(crate) unread: Vec<String>,
}

/// A backup set in a storage.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedSetRow {
    pub(crate) backup_set_id: i64,
}
