//! Backup strategies and their runs.

use std::collections::BTreeMap;

use serde::Deserialize;

use model::text::Text;

use super::{Said, StorageRow};
use crate::language::language;

/// A backup strategy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyRow {
    pub(crate) cluster_name: String,
    tenant_id: Option<i64>,
    tenant_name: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) backup_mode: String,
    pub(crate) ob_backup_schedule_config: ScheduleRow,
    pub(crate) ob_backup_threshold_config: ThresholdRow,
    ob_backup_service_storage_config: StrategyStorageRow,
    pub(crate) backup_schedule_status: String,
    pub(crate) clean_up_paused: bool,
    pub(crate) next_run: Option<PlannedRunRow>,
    pub(crate) last_run: Option<StrategyRunRow>,
    pub(crate) waiting_run: Option<WaitingRunRow>,
    pub(crate) invalid: Option<Said>,
}

impl StrategyRow {
    /// Returns its tenant: the name, or the ID of a tenant that was dropped; none for a strategy of the cluster.
    pub(crate) fn tenant_shown(&self) -> Option<String> {
        tenant_shown(self.tenant_name.as_ref(), self.tenant_id)
    }

    /// Returns the name of its storage; without a name, the location.
    pub(crate) fn storage_shown(&self) -> String {
        let storage = &self.ob_backup_service_storage_config.storage;
        storage.config_name.as_ref().unwrap_or(&storage.uri).clone()
    }

    /// Returns the status of its schedule, and whether the schedule breaks a rule.
    pub(crate) fn status_shown(&self) -> String {
        let invalid = if self.invalid.is_some() { " (INVALID)" } else { "" };
        format!("{}{invalid}", self.backup_schedule_status)
    }

    /// Returns how full its storage must be, in percent, to raise an alarm.
    pub(crate) fn storage_percent(&self) -> u8 {
        self.ob_backup_service_storage_config.alarm_storage_percentage_threshold
    }
}

fn tenant_shown(name: Option<&String>, id: Option<i64>) -> Option<String> {
    let dropped = |id| Text::new("cli-strategy-tenant-dropped").with("tenant", id).message(language());
    name.cloned().or_else(|| id.map(|id: i64| dropped(id)))
}

/// A run that is due and has no task.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WaitingRunRow {
    pub(crate) due_time: String,
    pub(crate) reason: Option<Said>,
}

/// The schedule of a strategy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleRow {
    pub(crate) backup_schedule_mode: String,
    pub(crate) backup_schedule_time: Option<String>,
    pub(crate) day_and_data_backup_model_map: BTreeMap<String, String>,
    pub(crate) schedule_zone: Option<String>,
    pub(crate) cron_expression: Option<String>,
    pub(crate) data_backup_mode: Option<String>,
    pub(crate) full_on_cycle: Option<String>,
    #[serde(default)]
    pub(crate) full_on_days: Vec<String>,
    pub(crate) quiet_window: Option<QuietWindowRow>,
    pub(crate) jitter_seconds: Option<u32>,
    pub(crate) start_log_backup: bool,
    pub(crate) restart_interrupted_log_backup: bool,
    pub(crate) clean_enabled: bool,
    pub(crate) backup_data_retention_days: Option<u32>,
    pub(crate) clean_schedule_time: Option<String>,
}

/// The hours in which nothing starts.
#[derive(Deserialize)]
pub(crate) struct QuietWindowRow {
    pub(crate) from: String,
    pub(crate) until: String,
}

/// The alarm thresholds of a strategy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThresholdRow {
    pub(crate) data_backup_timeout_minutes: Option<u32>,
    pub(crate) no_successful_data_backup_alarm_days: u32,
    pub(crate) log_backup_delay_seconds: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StrategyStorageRow {
    #[serde(flatten)]
    storage: StorageRow,
    alarm_storage_percentage_threshold: u8,
}

/// A strategy that the server cannot read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnreadableStrategyRow {
    pub(crate) cluster_name: String,
    pub(crate) tenant_id: Option<i64>,
    pub(crate) tenant_name: Option<String>,
}

impl UnreadableStrategyRow {
    /// As [`StrategyRow::tenant_shown`].
    pub(crate) fn tenant_shown(&self) -> Option<String> {
        tenant_shown(self.tenant_name.as_ref(), self.tenant_id)
    }

    /// Returns what it backs up.
    pub(crate) fn object(&self) -> String {
        match self.tenant_shown() {
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
    pub(crate) start_time: String,
    pub(crate) zone: String,
    pub(crate) data_backup_mode: String,
    pub(crate) replaced_runs: usize,
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
