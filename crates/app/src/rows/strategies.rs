//! Backup strategies and their runs.

use serde::Deserialize;

use super::{Said, StorageRow};

/// A backup strategy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyRow {
    pub(crate) cluster_name: String,
    pub(crate) tenant_name: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) backup_mode: String,
    ob_backup_service_storage_config: StorageRow,
    pub(crate) backup_schedule_status: String,
    pub(crate) next_run: Option<PlannedRunRow>,
    pub(crate) last_run: Option<StrategyRunRow>,
}

impl StrategyRow {
    /// Returns the name of its storage; without a name, the location.
    pub(crate) fn storage_shown(&self) -> String {
        let storage = &self.ob_backup_service_storage_config;
        storage.config_name.as_ref().unwrap_or(&storage.uri).clone()
    }
}

/// A strategy that the server cannot read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnreadableStrategyRow {
    pub(crate) cluster_name: String,
    pub(crate) tenant_name: Option<String>,
}

impl UnreadableStrategyRow {
    /// Returns what it backs up.
    pub(crate) fn object(&self) -> String {
        match &self.tenant_name {
            Some(tenant) => format!("{}/{tenant}", self.cluster_name),
            None => self.cluster_name.clone(),
        }
    }
}

/// A future run.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedRunRow {
    pub(crate) due_time: String,
    pub(crate) zone: String,
    pub(crate) data_backup_mode: String,
}

/// A run of a backup strategy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyRunRow {
    pub(crate) due_time: String,
    pub(crate) status: String,
    pub(crate) data_backup_mode: Option<String>,
    pub(crate) task_id: Option<i64>,
    pub(crate) finish_time: Option<String>,
    pub(crate) reason: Option<Said>,
}
