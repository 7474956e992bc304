//! The writes of an operator's decision. The decision is based on an earlier read; the write transaction checks that
//! it is still valid.

use engine::journal::{ApplyError, Change, Decision, EventKind};
use engine::task::{Cancels, Operation, StepStatus};
use engine::{Moment, RowNumber, TaskId, TaskStatus};

use crate::database::Connection;
use crate::error::Error;
use crate::journal::{events, hold};
use crate::sql::{Row, json, statement, word};
use crate::tasks::stored;

pub(crate) async fn apply(
    connection: &mut Connection,
    task: TaskId,
    decision: &Decision,
) -> Result<(), ApplyError> {
    let now = connection.now().await?;
    let read =
        statement("read a task", "SELECT status, revision, exclusive_key, cancels FROM tasks WHERE id = ?");
    let row = connection.row(read.bind(task.0)).await?.ok_or(ApplyError::Changed)?;
    match decision {
        Decision::Resume { seen, operation, change } => {
            if row.integer("revision")? != *seen {
                return Err(ApplyError::Changed);
            }
            resume(connection, task, &row, *operation, change, now).await
        }
        Decision::Cancel { row: cancelled } => cancel(connection, task, &row, *cancelled, now).await,
    }
}

async fn resume(
    connection: &mut Connection,
    task: TaskId,
    row: &Row,
    operation: Operation,
    change: &Change,
    now: Moment,
) -> Result<(), ApplyError> {
    if let Some(key) = row.text_or_none("exclusive_key")?
        && let Some(other) = stored::occupant(connection, &key, Some(task)).await?
    {
        return Err(ApplyError::Occupied { key, task: other });
    }
    hold::write(connection, task, change, now).await?;
    hold::give_back(connection, task).await?;
    let keep = statement(
        "let a task go on",
        "UPDATE tasks SET operation = ?, cancels = ?, fence = fence + 1 WHERE id = ?",
    );
    connection.execute(keep.bind(word(&operation)).bind(json(&Cancels::default())).bind(task.0)).await?;
    Ok(events::record(connection, now, task, &change.events()).await?)
}

async fn cancel(
    connection: &mut Connection,
    task: TaskId,
    row: &Row,
    cancelled: Option<RowNumber>,
    now: Moment,
) -> Result<(), ApplyError> {
    let status: TaskStatus = row.word("status")?;
    if status.is_finished() {
        return Err(ApplyError::Changed);
    }
    let mut cancels: Cancels = row.json("cancels")?;
    match cancelled {
        None => cancels.task = true,
        Some(number) => {
            let open =
                row_status(connection, task, number).await?.is_some_and(|status| !status.is_finished());
            if !open {
                return Err(ApplyError::Changed);
            }
            cancels.rows.insert(number);
        }
    }
    let keep =
        statement("end a task", "UPDATE tasks SET operation = ?, cancels = ?, due_at = ? WHERE id = ?");
    let keep = keep.bind(word(&Operation::Cancel)).bind(json(&cancels)).bind(now).bind(task.0);
    connection.execute(keep).await?;
    Ok(events::record(connection, now, task, &[EventKind::Task]).await?)
}

async fn row_status(
    connection: &mut Connection,
    task: TaskId,
    number: RowNumber,
) -> Result<Option<StepStatus>, Error> {
    let read =
        statement("read a task's row", "SELECT status FROM task_rows WHERE task_id = ? AND row_no = ?");
    let row = connection.row(read.bind(task.0).bind(number.0)).await?;
    row.map(|row| row.word("status")).transpose()
}
