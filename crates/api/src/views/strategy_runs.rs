//! Runs of backup strategies: future and past ones.

use control::strategies::{NextRuns, StrategyRun};
use model::schedule::PlannedRun;
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::words;
use crate::error::Words;

/// A future run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedRunView {
    /// When it is due, by the clocks of the schedule's zone.
    #[schema(format = DateTime)]
    due_time: String,
    /// When it starts if nothing hinders it: later than due by the jitter and the quiet window.
    #[schema(format = DateTime)]
    start_time: String,
    /// The schedule's time zone.
    zone: String,
    /// The backup mode in which it starts.
    data_backup_mode: words::DataBackupMode,
    /// The number of earlier due times that it replaces: of the runs that wait for the end of the quiet window, only the
    /// newest starts.
    replaced_runs: usize,
}

/// A run of a backup strategy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyRunView {
    /// When it was due.
    #[schema(format = DateTime)]
    due_time: String,
    /// The scheduled backup mode.
    planned_data_backup_mode: words::DataBackupMode,
    /// Its status.
    status: words::StrategyRunStatus,
    /// The backup mode; none when no task was created.
    data_backup_mode: Option<words::DataBackupMode>,
    /// The task.
    task_id: Option<i64>,
    /// Why it was missed or failed, what its task waits for, or why it is full instead of incremental.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Words>,
    /// The time of the decision.
    #[schema(format = DateTime)]
    decide_time: String,
    /// When its task ended.
    #[schema(format = DateTime)]
    finish_time: Option<String>,
}

/// Future runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedRunsView {
    /// The next runs, at most 30.
    contents: Vec<PlannedRunView>,
    /// Whether more runs are due on the day of the last one.
    last_day_continues: bool,
}

impl From<NextRuns> for PlannedRunsView {
    fn from(next: NextRuns) -> Self {
        let NextRuns { runs, last_day_continues } = next;
        Self { contents: runs.into_iter().map(PlannedRunView::from).collect(), last_day_continues }
    }
}

impl From<PlannedRun> for PlannedRunView {
    fn from(run: PlannedRun) -> Self {
        let PlannedRun { due, starts, local, zone, replaces } = run;
        Self {
            due_time: local.to_rfc3339(),
            start_time: zone.local(starts).to_rfc3339(),
            zone: zone.to_string(),
            data_backup_mode: due.kind.into(),
            replaced_runs: replaces,
        }
    }
}

impl From<StrategyRun> for StrategyRunView {
    fn from(run: StrategyRun) -> Self {
        let StrategyRun { due, planned, decided, status, kind, task, reason, finished } = run;
        Self {
            due_time: due.to_rfc3339(),
            planned_data_backup_mode: planned.into(),
            status: status.into(),
            data_backup_mode: kind.map(Into::into),
            task_id: task.map(|task| task.0),
            reason: reason.as_ref().map(Words::here),
            decide_time: decided.to_rfc3339(),
            finish_time: finished.map(Timestamp::to_rfc3339),
        }
    }
}
