//! Tasks, their subtasks, logs and events.

use control::tasks::{Event, EventKind, LogLine};
use model::id::TaskId;
use model::task::{Subtask, Task, TaskProgress};
use model::text;
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::alarms::AlarmEventView;
use super::left_out::MissingObjectView;
use super::next_actions::NextActionView;
use super::not_made::NotMadeView;
use super::words;
use crate::call;
use crate::error::Words;

/// A task in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskHeadView {
    /// Its identity.
    id: i64,
    /// Its name.
    name: String,
    /// Its flow.
    #[schema(example = "backup-logical")]
    task_definition_id: String,
    /// The cluster.
    cluster: Option<TaskClusterView>,
    /// Its tenant.
    tenant: Option<TaskTenantView>,
    /// The initiator.
    creator: TaskCreatorView,
    /// Its state.
    status: words::TaskStatus,
    /// Whether its backup left something out without consent, or its recovery does not create everything of the set.
    partial: bool,
    /// Its origin: manual, or a backup strategy.
    #[serde(rename = "type")]
    kind: TaskType,
    /// The backup strategy that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy_id: Option<i64>,
    /// The task that created it and supervises it, such as the recovery of a whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_task_id: Option<i64>,
    /// The current or last requested operation.
    operation: words::TaskOperation,
    /// The executing node.
    executor: Option<String>,
    /// Whether it cannot be rolled back.
    prohibit_rollback: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Words>,
    /// When it was requested.
    #[schema(format = DateTime)]
    create_time: String,
    /// When it first ran.
    #[schema(format = DateTime)]
    start_time: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    finish_time: Option<String>,
}

/// A task with its subtasks: thousands, if many tenants are backed up.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskView {
    #[serde(flatten)]
    head: TaskHeadView,
    /// The objects that its backups left out, as far as known.
    #[serde(rename = "leftOut")]
    left_out: Vec<MissingObjectView>,
    /// The objects of the backup set that its recovery did not create, as far as known.
    #[serde(rename = "notMade")]
    not_made: Vec<NotMadeView>,
    /// The tenants that its recovery of a cluster has restored. They stay, however the task ends.
    #[serde(rename = "restoredTenants")]
    restored: Vec<String>,
    /// Its subtasks in the order of their steps, then lanes.
    subtasks: Vec<SubtaskView>,
}

/// The origin of a task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TaskType {
    /// A user requested it.
    Manual,
    /// A backup strategy did.
    Scheduled,
}

/// The cluster of a task.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskClusterView {
    /// Its ID in Lifeboat.
    id: i64,
    /// Its name when the task was created.
    name: Option<String>,
}

/// The tenant of a task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskTenantView {
    /// Its number.
    id: i64,
    /// The number that OceanBase gave it: the same.
    ob_tenant_id: i64,
    /// Its name when the task was created.
    name: Option<String>,
}

/// The initiator of a task.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskCreatorView {
    /// The account's name.
    name: String,
}

impl From<Task> for TaskView {
    fn from(mut task: Task) -> Self {
        let (id, subtasks) = (task.id, std::mem::take(&mut task.subtasks));
        let subtasks = subtasks.into_iter().map(|subtask| SubtaskView::of(id, subtask)).collect();
        let left_out = task.left_out.iter().cloned().map(Into::into).collect();
        let not_made = task.not_made.iter().cloned().map(Into::into).collect();
        let restored = std::mem::take(&mut task.restored);
        Self { head: task.into(), left_out, not_made, restored, subtasks }
    }
}

impl From<Task> for TaskHeadView {
    fn from(task: Task) -> Self {
        let Task {
            id,
            kind,
            name,
            status,
            operation,
            note,
            creator,
            executor,
            cluster,
            cluster_name,
            tenant,
            tenant_name,
            strategy,
            parent,
            can_roll_back,
            left_out,
            not_made,
            restored: _,
            created,
            started,
            finished,
            subtasks: _,
        } = task;
        Self {
            id: id.0,
            name: name.message(call::language()),
            task_definition_id: kind,
            cluster: cluster.map(|id| TaskClusterView { id: id.0, name: cluster_name }),
            tenant: tenant.map(|id| TaskTenantView { id: id.0, ob_tenant_id: id.0, name: tenant_name }),
            creator: TaskCreatorView { name: creator },
            status: status.into(),
            partial: left_out.iter().any(|missing| !missing.object.agreed) || !not_made.is_empty(),
            kind: if strategy.is_some() { TaskType::Scheduled } else { TaskType::Manual },
            strategy_id: strategy.map(|id| id.0),
            parent_task_id: parent.map(|id| id.0),
            operation: operation.into(),
            executor,
            prohibit_rollback: !can_roll_back,
            error: note.as_ref().map(Words::here),
            create_time: created.to_rfc3339(),
            start_time: started.map(Timestamp::to_rfc3339),
            finish_time: finished.map(Timestamp::to_rfc3339),
        }
    }
}

/// One step of a task in one lane.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubtaskView {
    /// Its identity within its task.
    id: i64,
    /// The step's name.
    name: String,
    /// The ID of the step; the same in every language.
    step: String,
    /// The step's place in its flow, from 0.
    series_id: u32,
    /// The tenant whose lane it is.
    lane: Option<String>,
    /// The task that does the work of this lane, if another task does.
    #[serde(skip_serializing_if = "Option::is_none")]
    child_task_id: Option<i64>,
    /// The lane's place, from 0; -1 for a step that runs once.
    parallel_idx: i64,
    /// Its state.
    status: words::SubtaskStatus,
    /// Whether it was skipped.
    skipped: bool,
    /// Whether it was rolled back.
    undone: bool,
    /// Whether it can be skipped after a failure.
    skippable: bool,
    /// The number of attempts.
    run_time: u32,
    /// Its time limit in seconds.
    timeout: u64,
    /// Its progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressView>,
    /// What it is waiting for, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Words>,
    /// The actions after a failure: the repair first.
    next_actions: Vec<NextActionView>,
    /// When it became due.
    #[schema(format = DateTime)]
    start_time: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    finish_time: Option<String>,
}

impl SubtaskView {
    fn of(task: TaskId, subtask: Subtask) -> Self {
        let Subtask {
            id,
            step,
            place,
            lane,
            child,
            parallel_idx,
            status,
            skipped,
            undone,
            skippable,
            attempts,
            progress,
            note,
            next,
            timeout_s,
            started,
            finished,
        } = subtask;
        let is_waiting = matches!(status, model::task::SubtaskStatus::Ready);
        Self {
            id: id.0,
            name: text::step_name(call::language(), &step),
            step,
            series_id: place,
            lane,
            child_task_id: child.map(|id| id.0),
            parallel_idx,
            status: status.into(),
            skipped,
            undone,
            skippable,
            run_time: attempts,
            timeout: timeout_s,
            progress: progress.map(ProgressView::from),
            note: note
                .as_ref()
                .map(|note| if is_waiting { Words::of_retried(note) } else { Words::here(note) }),
            next_actions: next.into_iter().map(|action| NextActionView::of(task, action)).collect(),
            start_time: started.map(Timestamp::to_rfc3339),
            finish_time: finished.map(Timestamp::to_rfc3339),
        }
    }
}

/// The progress.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProgressView {
    /// The completed amount.
    done: u64,
    /// The total amount, if known.
    total: Option<u64>,
    /// The unit.
    unit: words::ProgressUnit,
    /// The percentage, from 0 to 100.
    percent: Option<u64>,
    /// The amount per second.
    rate_per_s: Option<f64>,
    /// The remaining seconds at the current rate.
    remaining_s: Option<u64>,
}

impl From<TaskProgress> for ProgressView {
    fn from(progress: TaskProgress) -> Self {
        let (percent, remaining_s) = (progress.percent(), progress.remaining_s());
        let TaskProgress { done, total, unit, rate_per_s } = progress;
        Self { done, total, unit: unit.into(), percent, rate_per_s, remaining_s }
    }
}

/// A part of a subtask's log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogView {
    /// The lines, joined by line ends.
    log: String,
    /// The same lines, one by one.
    lines: Vec<LogLineView>,
    /// The value of `after` for the lines that follow these.
    next: i64,
}

/// One line of a subtask's log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogLineView {
    /// Its number within the subtask, from 1.
    seq: i64,
    /// When it was written.
    #[schema(format = DateTime)]
    at: String,
    /// Its text.
    text: String,
}

impl LogView {
    /// Renders the lines after `after`.
    pub(crate) fn of(lines: Vec<LogLine>, after: i64) -> Self {
        let lines: Vec<LogLineView> = lines.into_iter().map(LogLineView::from).collect();
        let written = lines.iter().map(|line| format!("{} {}", line.at, line.text)).collect::<Vec<_>>();
        Self { log: written.join("\n"), next: lines.last().map_or(after, |line| line.seq), lines }
    }
}

impl From<LogLine> for LogLineView {
    fn from(line: LogLine) -> Self {
        let LogLine { seq, at, text } = line;
        let message = text.message(call::language());
        let text = match text.raw {
            Some(raw) if raw != message => format!("{message}: {raw}"),
            _ => message,
        };
        Self { seq, at: at.to_rfc3339(), text }
    }
}

/// A change of a task; read its new value with a GET.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventView {
    /// The task.
    task_id: i64,
    /// The subtask, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    subtask_id: Option<i64>,
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_id: Option<i64>,
    /// The time.
    #[schema(format = DateTime)]
    at: String,
}

impl EventView {
    /// Returns the event's number, its type and what it carries.
    pub(crate) fn of(event: &Event) -> (i64, &'static str, Self) {
        let Event { seq, at, task, cluster, kind } = *event;
        let (name, subtask) = match kind {
            EventKind::Task => ("task", None),
            EventKind::Step(id) => ("step", Some(id)),
            EventKind::Lane(id) => ("lane", Some(id)),
        };
        let view = Self {
            task_id: task.0,
            subtask_id: subtask.map(|id| id.0),
            cluster_id: cluster.map(|id| id.0),
            at: at.to_rfc3339(),
        };
        (seq, name, view)
    }
}

/// The data of an event, by its type.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only described; each kind is written by itself")]
pub(crate) enum AnyEventView {
    /// Types `task`, `step` and `lane`.
    Task(EventView),
    /// Type `alarm`.
    Alarm(AlarmEventView),
}
