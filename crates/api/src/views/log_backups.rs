//! The status of log backup, and its operations.

use control::log_backups::{LogBackupTask, LogBackupTasks};
use control::log_delays::LogDelay;
use model::archive::{self, ArchiveStatus, LogBackupWish};
use model::log_gap::LogGap;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plans::ActionType;
use super::words;
use crate::call;
use crate::envelope::{List, ListPage};
use crate::error::{ErrorView, Words};

/// The requested operation on log backup.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogBackupAction {
    /// It is to run.
    Start,
    /// It is to be stopped; the round ends.
    Stop,
    /// It is to stand still and keep its round (4.x).
    Pause,
    /// Resumes after a pause (4.x).
    Resume,
}

impl LogBackupAction {
    /// Returns what the answer calls it.
    pub(crate) fn kind(self) -> ActionType {
        match self {
            Self::Start => ActionType::StartLogBackup,
            Self::Stop => ActionType::StopLogBackup,
            Self::Pause => ActionType::PauseLogBackup,
            Self::Resume => ActionType::ResumeLogBackup,
        }
    }
}

impl From<LogBackupAction> for LogBackupWish {
    fn from(action: LogBackupAction) -> Self {
        match action {
            LogBackupAction::Start => Self::Start,
            LogBackupAction::Stop => Self::Stop,
            LogBackupAction::Pause => Self::Pause,
            LogBackupAction::Resume => Self::Resume,
        }
    }
}

/// One page of the log backup status. Only the cluster itself knows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogBackupTasksView {
    /// Its rows; none if the cluster does not respond.
    contents: Vec<LogBackupTaskView>,
    /// The page.
    page: ListPage,
    /// Why the cluster does not respond.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_error: Option<ErrorView>,
}

impl From<LogBackupTasks> for LogBackupTasksView {
    fn from(tasks: LogBackupTasks) -> Self {
        let LogBackupTasks { page, unknown } = tasks;
        let (contents, page) = List::of(page).into_parts();
        let cluster_error = unknown.map(|problem| ErrorView::of(&problem, call::language()));
        Self { contents, page, cluster_error }
    }
}

/// The log backup of one tenant; on 3.x of the cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogBackupTaskView {
    /// The cluster.
    cluster_id: i64,
    /// The cluster's name.
    cluster_name: String,
    /// OceanBase's ID of the cluster.
    ob_cluster_id: i64,
    /// The tenant; 1 for a whole cluster.
    tenant_id: i64,
    /// OceanBase's ID of the tenant: the same.
    ob_tenant_id: i64,
    /// The tenant's name; `cluster` for a whole cluster.
    tenant_name: String,
    /// Its method.
    backup_mode: words::BackupMode,
    /// Its status.
    status: words::ArchiveStatus,
    /// The round's number; 0 when there is none.
    round: i64,
    /// The start of the backed-up logs.
    #[schema(format = DateTime)]
    start_time: Option<String>,
    /// The checkpoint.
    #[schema(format = DateTime)]
    checkpoint: Option<String>,
    /// Its delay in seconds, by the database's clock; none while it is stopped.
    delay: Option<u64>,
    /// The log destination.
    backup_uri: String,
    /// The error, its cause and fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Words>,
    /// The error, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
}

impl From<LogBackupTask> for LogBackupTaskView {
    fn from(task: LogBackupTask) -> Self {
        let LogBackupTask { cluster, cluster_name, ob_cluster_id, tenant, tenant_name, round, delay_us } =
            task;
        let is_interrupted = round.status == ArchiveStatus::Interrupted;
        let problem = is_interrupted.then(|| archive::interrupted(&round));
        Self {
            cluster_id: cluster.0,
            cluster_name,
            ob_cluster_id,
            tenant_id: tenant.0,
            ob_tenant_id: tenant.0,
            tenant_name,
            backup_mode: words::BackupMode::Physical,
            status: round.status.into(),
            round: round.round,
            start_time: round.start.map(Timestamp::to_rfc3339),
            checkpoint: round.checkpoint.map(Timestamp::to_rfc3339),
            delay: delay_us.map(|delay_us| delay_us / 1_000_000),
            backup_uri: round.path,
            error_msg: problem.as_ref().map(|problem| problem.text.message(call::language())),
            error: problem.map(|problem| Words::here(&problem.text)),
        }
    }
}

/// The delays of log backup for each tenant, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogDelaysView {
    /// The samples, or the worst of each span of a long time.
    contents: Vec<LogDelayView>,
}

/// The delay of a tenant's log backup.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogDelayView {
    /// The tenant; 1 for a whole cluster of 3.x.
    tenant_id: i64,
    /// The time.
    #[schema(format = DateTime)]
    time: String,
    /// The delay in seconds, by the database's clock.
    delay_seconds: u64,
}

impl From<Vec<LogDelay>> for LogDelaysView {
    fn from(delays: Vec<LogDelay>) -> Self {
        let view = |LogDelay { tenant, taken, delay_us }| LogDelayView {
            tenant_id: tenant.0,
            time: taken.to_rfc3339(),
            delay_seconds: delay_us / 1_000_000,
        };
        Self { contents: delays.into_iter().map(view).collect() }
    }
}

/// A gap in the logs of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogGapView {
    /// The tenant; 1 for a whole cluster of 3.x.
    tenant_id: i64,
    /// The interrupted round.
    round_id: i64,
    /// The last backed-up time; none if the database does not show it.
    #[schema(format = DateTime)]
    start_time: Option<String>,
    /// When log backup continued; none while it has not.
    #[schema(format = DateTime)]
    end_time: Option<String>,
    /// The database's message about it.
    comment: String,
    /// When it was detected.
    #[schema(format = DateTime)]
    found_time: String,
    /// The task that stopped log backup, if the backup strategy allows that.
    stop_task_id: Option<i64>,
    /// The task that started it again.
    start_task_id: Option<i64>,
    /// The task that took a full backup then.
    backup_task_id: Option<i64>,
    /// Whether the gap is settled.
    closed: bool,
}

impl From<LogGap> for LogGapView {
    fn from(gap: LogGap) -> Self {
        let LogGap { key, from, comment, found, stop, start, backup, until, is_closed } = gap;
        Self {
            tenant_id: key.tenant.0,
            round_id: key.round,
            start_time: from.map(Timestamp::to_rfc3339),
            end_time: until.map(Timestamp::to_rfc3339),
            comment,
            found_time: found.to_rfc3339(),
            stop_task_id: stop.map(|task| task.0),
            start_task_id: start.map(|task| task.0),
            backup_task_id: backup.map(|task| task.0),
            closed: is_closed,
        }
    }
}
