//! Watching and controlling tasks.

mod next;
mod number;
pub(crate) mod view;
pub(crate) mod waits;

use engine::operator::Command;
use engine::{Journal as _, TaskStatus as Stored};
use metadata::tasks::{EventQuery, TaskQuery, subject};
use model::Problem;
use model::id::{ClusterId, SubtaskId, TaskId, TenantId};
use model::task::{Task, TaskStatus};
use model::text::Text;
use model::time::Timestamp;
use model::user::Permission;
use tokio::sync::watch;

use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
use crate::orders::{self, subjects};
use crate::page::{Page, PageAsk};
use crate::words;

/// A filter for tasks; `None` does not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
    /// The name of this cluster when the task was created.
    pub cluster_name: Option<String>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// The name of this tenant when the task was created.
    pub tenant_name: Option<String>,
    /// In this state.
    pub status: Option<TaskStatus>,
    /// Of this kind, such as `backup-logical`.
    pub kind: Option<String>,
}

/// The order of a list of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaskOrder {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// An action on a task or a subtask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// Run the failed subtasks again.
    Retry,
    /// End it.
    Cancel,
    /// Roll back, last step first.
    RollBack,
    /// Run one failed subtask again.
    RetrySubtask(SubtaskId),
    /// Continue without one failed subtask.
    SkipSubtask(SubtaskId),
    /// End one subtask.
    CancelSubtask(SubtaskId),
}

/// One line of a subtask's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its number within the subtask, from 1.
    pub seq: i64,
    /// When it was written.
    pub at: Timestamp,
    /// Its text.
    pub text: Text,
}

/// A filter for events; `None` does not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this task.
    pub task: Option<TaskId>,
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
}

/// A change of a task; [`crate::tasks`] returns the new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Strictly increasing.
    pub seq: i64,
    /// The time of the change.
    pub at: Timestamp,
    /// The task.
    pub task: TaskId,
    /// The cluster of the task.
    pub cluster: Option<ClusterId>,
    /// What has changed.
    pub kind: EventKind,
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The task itself.
    Task,
    /// A subtask of a step that runs once.
    Step(SubtaskId),
    /// A subtask of one tenant.
    Lane(SubtaskId),
}

/// Returns tasks with their subtasks.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn list(
    control: &Control,
    actor: &Actor,
    filter: &TaskFilter,
    order: TaskOrder,
    page: PageAsk,
) -> Result<Page<Task>, Error> {
    actor.must(Permission::Read)?;
    let mut query = TaskQuery { oldest_first: order == TaskOrder::OldestFirst, ..TaskQuery::default() };
    query.statuses = filter.status.map(stored_statuses).unwrap_or_default();
    query.kinds = filter.kind.iter().cloned().collect();
    let mut about = |key: &str, value: Option<String>| {
        query.subjects.extend(value.map(|value| (key.to_owned(), value)));
    };
    about(subject::CLUSTER, filter.cluster.map(|id| id.to_string()));
    about(subjects::CLUSTER_NAME, filter.cluster_name.clone());
    about(subject::TENANT, filter.tenant.map(|id| id.to_string()));
    about(subjects::TENANT_NAME, filter.tenant_name.clone());
    let page = page.filled(control.metadata().task_list(&query, page.slice()).await?);
    let mut waits = waits::reasons(&control.context, &page.contents).await?;
    Ok(page.map(|task| {
        let waits_for = waits.remove(&task.id);
        view::task(task, waits_for)
    }))
}

/// Returns a task with its subtasks.
///
/// # Errors
/// When there is none.
pub async fn get(control: &Control, actor: &Actor, task: TaskId) -> Result<Task, Error> {
    actor.must(Permission::Read)?;
    let task = control.context.task(task).await?;
    let waits_for = waits::reasons(&control.context, std::slice::from_ref(&task)).await?.remove(&task.id);
    Ok(view::task(task, waits_for))
}

/// Returns a subtask's log after line `after`, at most `limit` lines.
///
/// # Errors
/// When there is no such subtask.
pub async fn log(
    control: &Control,
    actor: &Actor,
    task: TaskId,
    subtask: SubtaskId,
    after: i64,
    limit: u32,
) -> Result<Vec<LogLine>, Error> {
    actor.must(Permission::Read)?;
    let row = number::row_number(subtask);
    if control.context.task(task).await?.row(row).is_none() {
        return Err(Problem::not_found("subtask-unknown").with("subtask", subtask).into());
    }
    let lines = control.metadata().logs(engine::TaskId(task.0), row, after, limit).await?;
    let line = |line: engine::journal::LogLine| LogLine {
        seq: line.seq,
        at: view::moment(line.at),
        text: words::text(line.note),
    };
    Ok(lines.into_iter().map(line).collect())
}

/// Sends a command to a task or one of its subtasks.
///
/// # Errors
/// When there is none, or its state does not allow the command.
pub async fn steer(control: &Control, actor: &Actor, task: TaskId, wish: Steer) -> Result<(), Error> {
    let (action, command) = match wish {
        Steer::Retry => ("task-retry", Command::RetryTask),
        Steer::Cancel => ("task-cancel", Command::CancelTask),
        Steer::RollBack => ("task-roll-back", Command::RollBack),
        Steer::RetrySubtask(subtask) => ("subtask-retry", Command::RetryStep(number::row_number(subtask))),
        Steer::SkipSubtask(subtask) => ("subtask-skip", Command::SkipStep(number::row_number(subtask))),
        Steer::CancelSubtask(subtask) => ("subtask-cancel", Command::CancelStep(number::row_number(subtask))),
    };
    let target = match wish {
        Steer::RetrySubtask(subtask) | Steer::SkipSubtask(subtask) | Steer::CancelSubtask(subtask) => {
            format!("task/{task}/subtask/{subtask}")
        }
        Steer::Retry | Steer::Cancel | Steer::RollBack => format!("task/{task}"),
    };
    let attempt = Attempt::new(actor, action, target);
    let work = Box::pin(async {
        actor.must(Permission::Backup)?;
        let mut writer = control.metadata().begin().await?;
        orders::command(&mut writer, engine::TaskId(task.0), command).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.wake().now();
        Ok(())
    });
    attempt.watch(&control.context, work).await
}

/// Returns the events after `after`, oldest first, at most `limit`.
///
/// # Errors
/// When the actor may not read it, or the metadata database fails.
pub async fn events(
    control: &Control,
    actor: &Actor,
    after: i64,
    limit: u32,
    filter: EventFilter,
) -> Result<Vec<Event>, Error> {
    actor.must(Permission::Read)?;
    let query = EventQuery { task: filter.task.map(|task| engine::TaskId(task.0)), cluster: filter.cluster };
    let events = control.metadata().task_event_list(&query, after, limit).await?;
    let event = |seen: metadata::tasks::TaskEvent| Event {
        seq: seen.event.seq,
        at: view::moment(seen.event.at),
        task: TaskId(seen.event.task.0),
        cluster: seen.cluster,
        kind: match seen.event.kind {
            engine::journal::EventKind::Task => EventKind::Task,
            engine::journal::EventKind::Step(row) => EventKind::Step(number::subtask_id(row)),
            engine::journal::EventKind::Lane(row) => EventKind::Lane(number::subtask_id(row)),
        },
    };
    Ok(events.into_iter().map(event).collect())
}

/// Returns the number of the newest event, from which a new subscriber starts to read.
///
/// # Errors
/// When the actor may not read it, or the metadata database fails.
pub async fn newest_event(control: &Control, actor: &Actor) -> Result<i64, Error> {
    actor.must(Permission::Read)?;
    Ok(control.metadata().task_event_newest().await?)
}

/// Returns a receiver for the number of the newest event; it lags by less than a second.
#[must_use]
pub fn changes(control: &Control) -> watch::Receiver<i64> {
    control.newest_event()
}

/// Returns the stored statuses that are shown as this one.
pub(crate) fn stored_statuses(status: TaskStatus) -> Vec<Stored> {
    Stored::ALL.iter().copied().filter(|stored| view::status(*stored) == status).collect()
}
