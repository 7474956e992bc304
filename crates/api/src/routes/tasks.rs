//! Watching and controlling tasks.

use axum::extract::State;
use control::tasks::Steer;
use model::id::{SubtaskId, TaskId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Done, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Parameters, Path};
use crate::queries::{LogQuery, TaskQuery};
use crate::views::tasks::{LogView, TaskHeadView, TaskView};

/// Lists the tasks, without their subtasks
#[utoipa::path(
    get,
    path = "/tasks/instances",
    tag = "tasks",
    params(TaskQuery),
    responses((status = 200, body = Envelope<List<TaskHeadView>>), Failures)
)]
pub(crate) async fn task_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<TaskQuery>,
) -> Result<Answer<List<TaskHeadView>>, Failure> {
    let (filter, order, page) = query.read()?;
    let tasks = control::tasks::list(&api.control, &actor, &filter, order, page).await?;
    Ok(Answer(List::of(tasks)))
}

/// Returns a task with its subtasks
#[utoipa::path(
    get,
    path = "/tasks/instances/{id}",
    tag = "tasks",
    params(("id" = i64, Path, description = "The task.")),
    responses((status = 200, body = Envelope<TaskView>), Failures)
)]
pub(crate) async fn task_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<TaskView>, Failure> {
    let task = control::tasks::get(&api.control, &actor, TaskId(id)).await?;
    Ok(Answer(task.into()))
}

/// Retries a failed task from the step that failed
#[utoipa::path(
    post,
    path = "/tasks/instances/{id}/retry",
    tag = "tasks",
    params(("id" = i64, Path, description = "The task.")),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn task_retry(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<Done>, Failure> {
    steer(&api, &actor, id, Steer::Retry).await
}

/// Cancels a task
#[utoipa::path(
    post,
    path = "/tasks/instances/{id}/cancel",
    tag = "tasks",
    params(("id" = i64, Path, description = "The task.")),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn task_cancel(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<Done>, Failure> {
    steer(&api, &actor, id, Steer::Cancel).await
}

/// Rolls back a failed task, last step first
#[utoipa::path(
    post,
    path = "/tasks/instances/{id}/rollback",
    tag = "tasks",
    params(("id" = i64, Path, description = "The task.")),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn task_rollback(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<Done>, Failure> {
    steer(&api, &actor, id, Steer::RollBack).await
}

/// Returns lines of a subtask's log
#[utoipa::path(
    get,
    path = "/tasks/instances/{id}/subtasks/{subtaskId}/log",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "The task."),
        ("subtaskId" = i64, Path, description = "The subtask."),
        LogQuery,
    ),
    responses((status = 200, body = Envelope<LogView>), Failures)
)]
pub(crate) async fn subtask_log(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, subtask)): Path<(i64, i64)>,
    Parameters(query): Parameters<LogQuery>,
) -> Result<Answer<LogView>, Failure> {
    let (after, limit) = query.read()?;
    let lines =
        control::tasks::log(&api.control, &actor, TaskId(id), SubtaskId(subtask), after, limit).await?;
    Ok(Answer(LogView::of(lines, after)))
}

/// Retries a failed subtask
#[utoipa::path(
    post,
    path = "/tasks/instances/{id}/subtasks/{subtaskId}/retry",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "The task."),
        ("subtaskId" = i64, Path, description = "The subtask."),
    ),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn subtask_retry(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, subtask)): Path<(i64, i64)>,
) -> Result<Answer<Done>, Failure> {
    steer(&api, &actor, id, Steer::RetrySubtask(SubtaskId(subtask))).await
}

/// Skips a failed subtask
#[utoipa::path(
    post,
    path = "/tasks/instances/{id}/subtasks/{subtaskId}/skip",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "The task."),
        ("subtaskId" = i64, Path, description = "The subtask."),
    ),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn subtask_skip(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, subtask)): Path<(i64, i64)>,
) -> Result<Answer<Done>, Failure> {
    steer(&api, &actor, id, Steer::SkipSubtask(SubtaskId(subtask))).await
}

/// Cancels a subtask
#[utoipa::path(
    post,
    path = "/tasks/instances/{id}/subtasks/{subtaskId}/cancel",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "The task."),
        ("subtaskId" = i64, Path, description = "The subtask."),
    ),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn subtask_cancel(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, subtask)): Path<(i64, i64)>,
) -> Result<Answer<Done>, Failure> {
    steer(&api, &actor, id, Steer::CancelSubtask(SubtaskId(subtask))).await
}

async fn steer(api: &Api, actor: &control::Actor, task: i64, wish: Steer) -> Result<Answer<Done>, Failure> {
    control::tasks::steer(&api.control, actor, TaskId(task), wish).await?;
    Ok(Answer(Done {}))
}
