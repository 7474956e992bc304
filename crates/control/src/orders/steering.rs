//! The commands to tasks: of users, and of tasks that supervise others.

use engine::TaskId;
use engine::journal::ApplyError;
use engine::operator::{Command, OperateError, decide};
use metadata::Transaction;

use crate::context::Error;

/// Gives a command to a task. Workers see it after the commit.
///
/// # Errors
/// When there is no such task, or its state does not allow the command.
pub(crate) async fn command(writer: &mut Transaction, task: TaskId, command: Command) -> Result<(), Error> {
    Ok(try_command(writer, task, command).await??)
}

/// As [`command`], but returns why the task does not accept the command apart from failures of the database.
pub(super) async fn try_command(
    writer: &mut Transaction,
    task: TaskId,
    command: Command,
) -> Result<Result<(), OperateError>, Error> {
    // Read in the transaction that writes, so that the decision matches the state of the task.
    let Some(stored) = writer.task_now(task).await? else { return Ok(Err(OperateError::NoSuchTask(task))) };
    let decision = match decide(&stored, command) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(OperateError::Refused(refusal))),
    };
    Ok(writer.task_apply(task, &decision).await.map_err(|error| match error {
        ApplyError::Changed => OperateError::Busy(task),
        ApplyError::Occupied { key, task } => OperateError::Occupied { key, task },
        ApplyError::Journal(cause) => OperateError::Journal(cause),
    }))
}
