//! A stored task as users see it: the engine's rows become subtasks, with OCP's states.

use engine::task::{Operation, Progress, Row, StepStatus, TaskStatus, Undo};
use engine::{Flow as _, Moment, Task};
use metadata::tasks::subject;
use model::id::{ClusterId, StrategyId, TaskId, TenantId};
use model::task as seen;
use model::text::Text;
use model::time::Timestamp;

use super::next;
use super::number::subtask_id;
use crate::flows::metered::{BYTES, ROWS};
use crate::flows::restore_cluster::{self, RestoreCluster};
use crate::flows::{backup_logical, recover_tables, restore_logical};
use crate::orders::subjects;
use crate::{flows, words};

/// Returns the task with its subtasks, and while it is in the queue, the reason for its wait.
pub(super) fn task(stored: Task, waits_for: Option<Text>) -> seen::Task {
    let can_roll_back = engine::operator::decide(&stored, engine::operator::Command::RollBack).is_ok();
    let about = |key: &str| stored.subject.get(key).cloned();
    let number = |key: &str| about(key).and_then(|text| text.parse().ok());
    seen::Task {
        id: TaskId(stored.id.0),
        cluster: number(subject::CLUSTER).map(ClusterId),
        cluster_name: about(subjects::CLUSTER_NAME),
        tenant: number(subject::TENANT).map(TenantId),
        tenant_name: about(subjects::TENANT_NAME),
        strategy: number(subject::STRATEGY).map(StrategyId),
        parent: parent(&stored),
        status: status(stored.status),
        operation: operation(stored.operation),
        note: match stored.status {
            TaskStatus::RolledBack => Some(Text::new("task-rolled-back")),
            status if !status.is_finished() && flows::is_newer(&stored) => {
                Some(Text::new("task-of-newer-version"))
            }
            _ => waits_for.or_else(|| stored.note.clone().map(words::text)),
        },
        executor: stored.lease.as_ref().map(|lease| lease.owner.clone()),
        can_roll_back,
        left_out: backup_logical::left_out(&stored),
        not_made: [restore_logical::not_made(&stored), recover_tables::not_made(&stored)].concat(),
        restored: restore_cluster::restored(&stored),
        created: moment(stored.created_at),
        started: stored.started_at.map(moment),
        finished: stored.finished_at.map(moment),
        subtasks: subtasks(&stored),
        kind: stored.kind,
        name: words::text(stored.name),
        creator: stored.creator,
    }
}

/// Returns the task that created this one and supervises it, if any.
pub(crate) fn parent(stored: &Task) -> Option<TaskId> {
    stored.subject.get(subject::PARENT).and_then(|id| id.parse().ok()).map(TaskId)
}

/// Returns the task that a lane supervises, if any.
fn child(stored: &Task, row: &Row) -> Option<TaskId> {
    let lane = stored.lanes.iter().find(|lane| lane.key == row.lane)?;
    if stored.kind != RestoreCluster::KIND {
        return None;
    }
    let lane: restore_cluster::Lane = serde_json::from_value(lane.state.clone()).ok()?;
    lane.child.map(TaskId)
}

fn subtasks(stored: &Task) -> Vec<seen::Subtask> {
    let mut subtasks = Vec::with_capacity(stored.rows.len());
    for (place, rows) in stored.steps().enumerate() {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        subtasks.extend(rows.iter().map(|row| {
            let lane = stored.lanes.iter().position(|lane| lane.key == row.lane);
            let parallel_idx = lane.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1);
            subtask(stored, row, place, parallel_idx)
        }));
    }
    subtasks
}

fn subtask(stored: &Task, row: &Row, place: u32, parallel_idx: i64) -> seen::Subtask {
    let doing = row.progress.as_ref().and_then(|progress| progress.note.clone());
    seen::Subtask {
        id: subtask_id(row.number),
        step: row.step.clone(),
        place,
        lane: row.is_lane().then(|| row.lane.clone()),
        child: child(stored, row),
        parallel_idx,
        status: subtask_status(row.status),
        skipped: row.skipped,
        undone: row.undo == Undo::Done,
        skippable: row.skippable,
        attempts: row.runs,
        progress: row.progress.as_ref().map(progress),
        note: row.note.clone().or(doing).map(words::text),
        next: next::actions(stored, row),
        timeout_s: row.timeout.as_secs(),
        started: row.started_at.map(moment),
        finished: row.finished_at.map(moment),
    }
}

/// Returns the status of a task as one of the three that users see.
pub(crate) fn status(status: TaskStatus) -> seen::TaskStatus {
    match status {
        TaskStatus::Pending | TaskStatus::Running | TaskStatus::RollingBack => seen::TaskStatus::Running,
        TaskStatus::Failed | TaskStatus::RolledBack => seen::TaskStatus::Failed,
        TaskStatus::Successful => seen::TaskStatus::Successful,
    }
}

fn operation(operation: Operation) -> seen::TaskOperation {
    match operation {
        Operation::Execute => seen::TaskOperation::Execute,
        Operation::Retry => seen::TaskOperation::Retry,
        Operation::Skip => seen::TaskOperation::Skip,
        Operation::Cancel => seen::TaskOperation::Cancel,
        Operation::Rollback => seen::TaskOperation::Rollback,
    }
}

fn subtask_status(status: StepStatus) -> seen::SubtaskStatus {
    match status {
        StepStatus::Pending => seen::SubtaskStatus::Pending,
        StepStatus::Ready => seen::SubtaskStatus::Ready,
        StepStatus::Running => seen::SubtaskStatus::Running,
        StepStatus::Canceling => seen::SubtaskStatus::Canceling,
        StepStatus::Failed => seen::SubtaskStatus::Failed,
        StepStatus::Successful => seen::SubtaskStatus::Successful,
    }
}

fn progress(stored: &Progress) -> seen::TaskProgress {
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown with a few digits")]
    let rate_per_s = stored.rate_per_s.map(|rate| rate as f64);
    let unit = match stored.unit.as_str() {
        BYTES => seen::ProgressUnit::Bytes,
        ROWS => seen::ProgressUnit::Rows,
        _ => seen::ProgressUnit::Items,
    };
    seen::TaskProgress { done: stored.done, total: stored.total, unit, rate_per_s }
}

/// Converts a time of the journal to ours: both count microseconds since 1970.
pub(crate) fn moment(moment: Moment) -> Timestamp {
    Timestamp(moment.0)
}
