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
