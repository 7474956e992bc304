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
    // Read in the transaction that writes, so that the decision matches the state of the task.
    let stored = writer.task_now(task).await?.ok_or(OperateError::NoSuchTask(task))?;
    let decision = decide(&stored, command).map_err(OperateError::Refused)?;
    writer.task_apply(task, &decision).await.map_err(|error| match error {
        ApplyError::Changed => OperateError::Busy(task),
        ApplyError::Occupied { key, task } => OperateError::Occupied { key, task },
        ApplyError::Journal(cause) => OperateError::Journal(cause),
    })?;
    Ok(())
}
