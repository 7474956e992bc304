//! The schedule of a backup strategy, in requests and answers.

use std::collections::BTreeMap;

use model::schedule::form;
use model::schedule::form::{Form, QuietWindowForm};
use model::strategy::CleanUp;
use model::strategy::draft::ScheduleConfig;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{whole, words};

/// The schedule of data backups, and the retention of backups.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScheduleBody {
    /// Its kind of repetition.
    backup_schedule_mode: ScheduleMode,
    /// Whether it is enabled; defaults to true for a new strategy.
    pub(super) backup_schedule_enabled: Option<bool>,
    /// WEEK and MONTH: the time of day, with an offset or beside a `scheduleZone`.
    #[schema(example = "02:00:00.000+08:00")]
    backup_schedule_time: Option<String>,
    /// WEEK and MONTH: the backup mode of each day: 1 (Monday) to 7 of a week; 1 to 31 and L of a month.
    #[serde(default)]
    day_and_data_backup_model_map: BTreeMap<String, words::DataBackupMode>,
    /// The time zone: an IANA name, or an offset.
    #[schema(example = "Asia/Shanghai")]
    schedule_zone: Option<String>,
    /// The former name of `scheduleZone`.
    #[schema(ignore)]
    zone: Option<String>,
    /// CRON: minute, hour, day of the month, month, day of the week.
    #[schema(example = "0 2 * * *")]
    cron_expression: Option<String>,
    /// CRON: the backup mode; defaults to full.
    data_backup_mode: Option<words::DataBackupMode>,
    /// CRON: whether the days in `fullOnDays` are days of the week or of the month.
    full_on_cycle: Option<ScheduleCycle>,
    /// CRON: the days whose runs are full.
    #[serde(default)]
    full_on_days: Vec<String>,
    /// The hours in which nothing starts.
    quiet_window: Option<QuietWindowView>,
    /// The maximum random delay of a run in seconds.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1, maximum = 14400)]
    jitter_seconds: Option<u32>,
    /// Whether a run starts log backup if it is not running.
    start_log_backup: Option<bool>,
    /// Whether an interrupted log backup is restarted once the cause is gone, followed by a full backup.
    #[serde(default)]
    restart_interrupted_log_backup: bool,
    /// Whether expired backups are deleted. Those of a physical strategy are deleted by the database, from 4.0 on.
    #[serde(default)]
    clean_enabled: bool,
    /// For how many days back every moment stays recoverable that is recoverable now.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1, maximum = 3660)]
    backup_data_retention_days: Option<u32>,
    /// When expired backups are deleted, each day: a time with an offset, or in the zone of the schedule; 03:00 when left out.
    /// Only for a logical strategy.
    #[schema(example = "03:00")]
    clean_schedule_time: Option<String>,
}

/// How a schedule repeats.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ScheduleMode {
    /// On days of a week.
    Week,
    /// On days of a month.
    Month,
    /// By a cron expression.
    Cron,
}

/// What repeats.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ScheduleCycle {
    /// Days are 1 (Monday) to 7.
    Week,
    /// Days are 1 to 31, and L for the last one.
    Month,
}

/// The hours of each day in which nothing starts.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QuietWindowView {
    /// The start.
    #[schema(example = "08:00")]
    from: String,
    /// The end.
    #[schema(example = "20:00")]
    until: String,
}

/// The schedule.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleView {
    /// Its kind of repetition.
    backup_schedule_mode: ScheduleMode,
    /// Whether it is enabled.
    backup_schedule_enabled: bool,
    /// WEEK and MONTH: the time of day.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_schedule_time: Option<String>,
    /// WEEK and MONTH: the backup mode of each day.
    day_and_data_backup_model_map: BTreeMap<String, words::DataBackupMode>,
    /// The time zone, if the time has no offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_zone: Option<String>,
    /// CRON: the expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    cron_expression: Option<String>,
    /// CRON: the backup mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_backup_mode: Option<words::DataBackupMode>,
    /// CRON: whether the days in `fullOnDays` are days of the week or of the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_on_cycle: Option<ScheduleCycle>,
    /// CRON: the days whose runs are full.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    full_on_days: Vec<String>,
    /// The hours in which nothing starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet_window: Option<QuietWindowView>,
    /// The maximum random delay of a run in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter_seconds: Option<u32>,
    /// Whether a run starts log backup if it is not running.
    start_log_backup: bool,
    /// Whether an interrupted log backup is restarted once the cause is gone.
    restart_interrupted_log_backup: bool,
    /// Whether expired backups are deleted.
    clean_enabled: bool,
    /// For how many days back every moment stays recoverable.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_data_retention_days: Option<u32>,
    /// When expired backups are deleted, each day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "03:00:00")]
    pub(super) clean_schedule_time: Option<String>,
}

impl From<ScheduleMode> for form::Mode {
    fn from(mode: ScheduleMode) -> Self {
        match mode {
            ScheduleMode::Week => Self::Week,
            ScheduleMode::Month => Self::Month,
            ScheduleMode::Cron => Self::Cron,
        }
    }
}

impl ScheduleBody {
    /// Reads when data are backed up, apart from everything else.
    pub(crate) fn form(self) -> Form {
        let cycle = |cycle| match cycle {
            ScheduleCycle::Week => model::schedule::Cycle::Week,
            ScheduleCycle::Month => model::schedule::Cycle::Month,
        };
        let days = self.day_and_data_backup_model_map.into_iter().map(|(day, mode)| (day, mode.into()));
        Form {
            backup_schedule_mode: self.backup_schedule_mode.into(),
            backup_schedule_time: self.backup_schedule_time,
            day_and_data_backup_model_map: days.collect(),
            schedule_zone: self.schedule_zone,
            zone: self.zone,
            cron_expression: self.cron_expression,
            data_backup_mode: self.data_backup_mode.map(Into::into),
            full_on_cycle: self.full_on_cycle.map(cycle),
            full_on_days: self.full_on_days,
            quiet_window: self
                .quiet_window
                .map(|QuietWindowView { from, until }| QuietWindowForm { from, until }),
            jitter_seconds: self.jitter_seconds,
        }
    }

    /// Reads the whole configuration.
    pub(super) fn config(self) -> ScheduleConfig {
        ScheduleConfig {
            backup_schedule_enabled: self.backup_schedule_enabled.unwrap_or(true),
            start_log_backup: self.start_log_backup,
            restart_interrupted_log_backup: self.restart_interrupted_log_backup,
            clean_enabled: self.clean_enabled,
            backup_data_retention_days: self.backup_data_retention_days,
            clean_schedule_time: self.clean_schedule_time.clone(),
            schedule: self.form(),
        }
    }
}

impl ScheduleView {
    /// Returns the schedule of a strategy.
    pub(super) fn of(
        form: Form,
        is_enabled: bool,
        start_log_backup: bool,
        restart_interrupted_log_backup: bool,
        clean_up: Option<CleanUp>,
    ) -> Self {
        let Form {
            backup_schedule_mode,
            backup_schedule_time,
            day_and_data_backup_model_map,
            schedule_zone,
            zone: _,
            cron_expression,
            data_backup_mode,
            full_on_cycle,
            full_on_days,
            quiet_window,
            jitter_seconds,
        } = form;
        Self {
            backup_schedule_mode: match backup_schedule_mode {
                form::Mode::Week => ScheduleMode::Week,
                form::Mode::Month => ScheduleMode::Month,
                form::Mode::Cron => ScheduleMode::Cron,
            },
            backup_schedule_enabled: is_enabled,
            backup_schedule_time,
            day_and_data_backup_model_map: day_and_data_backup_model_map
                .into_iter()
                .map(|(day, mode)| (day, mode.into()))
                .collect(),
            schedule_zone,
            cron_expression,
            data_backup_mode: data_backup_mode.map(Into::into),
            full_on_cycle: full_on_cycle.map(|cycle| match cycle {
                model::schedule::Cycle::Week => ScheduleCycle::Week,
                model::schedule::Cycle::Month => ScheduleCycle::Month,
            }),
            full_on_days,
            quiet_window: quiet_window.map(|QuietWindowForm { from, until }| QuietWindowView { from, until }),
            jitter_seconds,
            start_log_backup,
            restart_interrupted_log_backup,
            clean_enabled: clean_up.is_some(),
            backup_data_retention_days: clean_up.map(|clean_up| clean_up.retention_days),
            clean_schedule_time: clean_up.map(|clean_up| clean_up.time.to_string()),
        }
    }
}
