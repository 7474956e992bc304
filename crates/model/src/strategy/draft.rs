//! The request of a strategy: OCP's `obBackupScheduleConfig` and `obBackupThresholdConfig`, and the rest of a request
//! after its storage and objects are determined.

use serde::{Deserialize, Serialize};

use super::{CleanUp, Thresholds};
use crate::backup::BackupMethod;
use crate::id::StorageId;
use crate::problem::Problem;
use crate::retention::Policy;
use crate::schedule::{Daily, Form};
use crate::time::Timestamp;

/// A request for a strategy, with its storage already found or saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The method; by default the cluster's preferred one.
    pub method: Option<BackupMethod>,
    /// The storage.
    pub storage: StorageId,
    /// The schedule, and how long backups are kept.
    pub schedule: ScheduleConfig,
    /// Its alarm thresholds.
    pub thresholds: ThresholdConfig,
    /// Whether a copy in a second storage is requested.
    pub secondary_backup: bool,
}

/// OCP's `obBackupScheduleConfig`; [`Form`] has the fields of the schedule itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleConfig {
    /// The schedule.
    #[serde(flatten)]
    pub schedule: Form,
    /// Whether it runs; false saves it paused.
    #[serde(default = "yes")]
    pub backup_schedule_enabled: bool,
    /// Whether a run starts log backup if it is not running. By default, a physical strategy does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_log_backup: Option<bool>,
    /// Whether log backup is stopped and started again when it was interrupted and the cause is gone.
    #[serde(default)]
    pub restart_interrupted_log_backup: bool,
    /// Whether expired backups are deleted.
    #[serde(default)]
    pub clean_enabled: bool,
    /// The number of past days that stay recoverable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_data_retention_days: Option<u32>,
    /// When expired backups are deleted. OceanBase 4.x deletes hourly and has no such setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean_schedule_time: Option<String>,
}

const fn yes() -> bool {
    true
}

/// OCP's `obBackupThresholdConfig`, with the storage's threshold. [`Thresholds`] has the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdConfig {
    /// The time limit of a data backup in minutes; 0 means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_backup_timeout_minutes: Option<u32>,
    /// The number of days without a successful data backup after which an alarm is raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_successful_data_backup_alarm_days: Option<u32>,
    /// The delay of log backup in seconds from which an alarm is raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_backup_delay_seconds: Option<u32>,
    /// How full a storage must be, in percent, to raise an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_storage_percentage_threshold: Option<u8>,
}

impl ThresholdConfig {
    /// Fills in omitted values, and checks the others.
    ///
    /// # Errors
    /// Names the threshold that is out of range, and the range.
    pub fn checked(self) -> Result<Thresholds, Problem> {
        let usual = Thresholds::default();
        let timeout = self.data_backup_timeout_minutes.filter(|minutes| *minutes > 0);
        let percent = self.alarm_storage_percentage_threshold.unwrap_or(usual.storage_percent);
        let thresholds = Thresholds {
            data_backup_timeout_minutes: timeout,
            no_successful_data_backup_alarm_days: self
                .no_successful_data_backup_alarm_days
                .unwrap_or(usual.no_successful_data_backup_alarm_days),
            log_backup_delay_s: self.log_backup_delay_seconds.unwrap_or(usual.log_backup_delay_s),
            storage_percent: percent,
        };
        let ranges = [
            // A week, in minutes.
            ("dataBackupTimeoutMinutes", timeout.unwrap_or(1), 10_080),
            ("noSuccessfulDataBackupAlarmDays", thresholds.no_successful_data_backup_alarm_days, 366),
            // A day, in seconds.
            ("logBackupDelaySeconds", thresholds.log_backup_delay_s, 86_400),
            ("alarmStoragePercentageThreshold", u32::from(percent), 100),
        ];
        match ranges.into_iter().find(|&(_, found, most)| !(1..=most).contains(&found)) {
            Some((field, found, most)) => Err(Problem::invalid("strategy-threshold-out-of-range")
                .with("field", field)
                .with("found", found)
                .with("most", most)),
            None => Ok(thresholds),
        }
    }
}

impl ScheduleConfig {
    /// Returns how long backups are kept, if they are ever deleted. The caller must still set `since`.
    ///
    /// # Errors
    /// Refuses clean-up without a number of days, with 0 days, or with more than ten years; an invalid time; and days
    /// or a time without clean-up, which would have no effect.
    pub fn clean_up(&self) -> Result<Option<CleanUp>, Problem> {
        const DAYS_MAX: u32 = Policy::DAYS_MAX;
        if !self.clean_enabled {
            let useless = [
                ("backupDataRetentionDays", self.backup_data_retention_days.is_some()),
                ("cleanScheduleTime", self.clean_schedule_time.is_some()),
            ];
            return match useless.into_iter().find(|(_, is_given)| *is_given) {
                Some((field, _)) => Err(Problem::invalid("strategy-clean-up-off").with("field", field)),
                None => Ok(None),
            };
        }
        match self.backup_data_retention_days {
            Some(retention_days) if (1..=DAYS_MAX).contains(&retention_days) => {
                let time = self.clean_schedule_time.as_deref();
                let time = time.map_or_else(|| Ok(Daily::usual()), str::parse)?;
                Ok(Some(CleanUp { retention_days, time, since: Timestamp(0), stops_in_pause: false }))
            }
            found => Err(Problem::invalid("strategy-retention-days-out-of-range")
                .with("found", found.map_or_else(|| "-".to_owned(), |days| days.to_string()))
                .with("most", DAYS_MAX)),
        }
    }
}
