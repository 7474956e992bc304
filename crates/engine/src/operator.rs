//! The commands of an operator, their conditions and effects. Pure, and based on stored rows only, so that a server
//! without the flow can refuse; [`operate`] passes a decision to the journal.

use crate::journal::{ApplyError, Change, Decision, Journal, JournalError};
use crate::task::{Operation, Row, RowNumber, StepStatus, Task, TaskId, TaskStatus, Undo};

/// The commands of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Run the failed rows again, and the `One` steps after them.
    RetryTask,
    /// Run one failed row again, and the rows after it; other failed lanes are not changed.
    RetryStep(RowNumber),
    /// Continue without one failed row.
    SkipStep(RowNumber),
    /// End the task.
    CancelTask,
    /// End one row's work.
    CancelStep(RowNumber),
    /// Roll back, last step first.
    RollBack,
}

/// A row of the table: when a command is allowed, and its effect.
struct Rule {
    /// The operation that the task then shows.
    operation: Operation,
    /// The required state of the task.
    task: &'static [TaskStatus],
    /// The required state of the row, if the command names one.
    row: &'static [StepStatus],
    /// Their state afterwards; `None` if the holder of the task is asked to end it.
    becomes: Option<Becomes>,
}

struct Becomes {
    task: TaskStatus,
    row: Option<StepStatus>,
}

const UNFINISHED: &[TaskStatus] = &[TaskStatus::Pending, TaskStatus::Running, TaskStatus::RollingBack];
const FAILED: &[TaskStatus] = &[TaskStatus::Failed];

#[rustfmt::skip] // a table
const fn rule(command: Command) -> Rule {
    use Operation as O;
    use StepStatus as S;
    use TaskStatus as T;
    match command {
        Command::RetryTask     => Rule { operation: O::Retry,    task: FAILED,         row: &[],          becomes: Some(Becomes { task: T::Running,     row: Some(S::Ready) }) },
        Command::RetryStep(_)  => Rule { operation: O::Retry,    task: FAILED,         row: &[S::Failed], becomes: Some(Becomes { task: T::Running,     row: Some(S::Ready) }) },
        Command::SkipStep(_)   => Rule { operation: O::Skip,     task: FAILED,         row: &[S::Failed], becomes: Some(Becomes { task: T::Running,     row: Some(S::Successful) }) },
        Command::RollBack      => Rule { operation: O::Rollback, task: FAILED,         row: &[],          becomes: Some(Becomes { task: T::RollingBack, row: None }) },
        Command::CancelTask    => Rule { operation: O::Cancel,   task: UNFINISHED,     row: &[],          becomes: None },
        Command::CancelStep(_) => Rule { operation: O::Cancel,   task: &[T::Running],  row: &[S::Ready, S::Running, S::Canceling], becomes: None },
    }
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The task has no such row.
    #[error("the task has no step number {0}")]
    NoSuchRow(RowNumber),
    /// The state of the task does not allow the command.
    #[error("the task is {0}")]
    Task(TaskStatus),
    /// The state of the row does not allow the command.
    #[error("step `{step}` is {status}")]
    Row {
        /// The step's id.
        step: String,
        /// Its status.
        status: StepStatus,
    },
    /// The flow does not allow this step to be skipped.
    #[error("step `{0}` cannot be skipped")]
    NotSkippable(String),
    /// Later steps need the undone ones, so the roll-back must be completed.
    #[error("the task is partly rolled back")]
    PartlyRolledBack,
    /// No started step can be undone.
    #[error("no step that was begun can be undone")]
    NothingToUndo,
}

/// Returns the effect of a command, or why it is refused.
pub fn decide(task: &Task, command: Command) -> Result<Decision, Refusal> {
    let rule = rule(command);
    if !rule.task.contains(&task.status) {
        return Err(Refusal::Task(task.status));
    }
    let named = match command {
        Command::RetryStep(row) | Command::SkipStep(row) | Command::CancelStep(row) => {
            Some(named_row(task, row, &rule)?)
        }
        Command::RetryTask | Command::CancelTask | Command::RollBack => None,
    };
    let Some(becomes) = rule.becomes else {
        return Ok(Decision::Cancel { row: named.map(|row| row.number) });
    };
    let rows = match command {
        Command::RollBack => undone_next(task)?,
        _ => resumed(task, named, command, becomes.row.unwrap_or(StepStatus::Ready))?,
    };
    Ok(Decision::Resume {
        seen: task.revision,
        operation: rule.operation,
        change: Box::new(Change {
            status: becomes.task,
            note: None,
            started_at: task.started_at,
            finished_at: None,
            due_at: task.due_at,
            cancels_seen: task.cancels.clone(),
            state: None,
            lanes: Vec::new(),
            rows,
            release: true,
        }),
    })
}

fn named_row<'a>(task: &'a Task, number: RowNumber, rule: &Rule) -> Result<&'a Row, Refusal> {
    let row = task.row(number).ok_or(Refusal::NoSuchRow(number))?;
    if !rule.row.contains(&row.status) {
        return Err(Refusal::Row { step: row.step.clone(), status: row.status });
    }
    Ok(row)
}

/// Returns the rows that a retry or a skip changes: the affected failed rows, and the `One` rows after them, which
/// ran without their results. If a roll-back undid nothing, for example because it was refused, a retry begins with
/// the step whose undo failed.
fn resumed(
    task: &Task,
    named: Option<&Row>,
    command: Command,
    becomes: StepStatus,
) -> Result<Vec<Row>, Refusal> {
    let has_lanes = task.rows.iter().any(Row::is_lane);
    let is_built_on = |row: &Row| match row.undo {
        Undo::Absent | Undo::Available => true,
        // The undo may have removed something, so the step runs again and checks. The lanes after it would not run
        // again.
        Undo::Failed | Undo::PassedOver => !has_lanes && !matches!(command, Command::SkipStep(_)),
        Undo::Running | Undo::Done => false,
    };
    if !task.rows.iter().all(is_built_on) {
        return Err(Refusal::PartlyRolledBack);
    }
    if let (Command::SkipStep(_), Some(row)) = (command, named)
        && !row.skippable
    {
        return Err(Refusal::NotSkippable(row.step.clone()));
    }
    let is_resumed = |row: &Row| match named {
        _ if row.undo == Undo::Failed => true,
        Some(named) => row.number == named.number,
        None => row.status == StepStatus::Failed,
    };
    let mut changed = Vec::new();
    let mut is_behind = false;
    for row in &task.rows {
        let is_again = !row.is_lane() && row.status == StepStatus::Successful && !row.skipped;
        if is_resumed(row) {
            changed.push(match becomes {
                StepStatus::Successful => skipped(row),
                _ if is_behind && !row.is_lane() => afresh(row, StepStatus::Pending),
                _ => afresh(row, becomes),
            });
            is_behind = true;
        } else if is_behind && is_again {
            changed.push(afresh(row, StepStatus::Pending));
        } else if row.undo == Undo::PassedOver {
            changed.push(Row { undo: Undo::Absent, ..row.clone() });
        }
    }
    Ok(changed)
}

/// Returns the row as if it had not run, except for the number of its runs.
fn afresh(row: &Row, status: StepStatus) -> Row {
    let undo = match row.undo {
        Undo::PassedOver => Undo::Absent,
        Undo::Failed => Undo::Available,
        undo => undo,
    };
    Row {
        status,
        undo,
        skipped: false,
        attempts: 0,
        progress: None,
        note: None,
        started_at: None,
        finished_at: None,
        since: None,
        due_at: None,
        ..row.clone()
    }
}

/// Returns the row as successful although it was skipped; its error stays readable.
fn skipped(row: &Row) -> Row {
    Row { status: StepStatus::Successful, skipped: true, attempts: 0, due_at: None, ..row.clone() }
}

/// Returns the rows whose undo failed before, ready for another undo.
fn undone_next(task: &Task) -> Result<Vec<Row>, Refusal> {
    let is_open =
        |row: &&Row| row.runs > 0 && matches!(row.undo, Undo::Available | Undo::Running | Undo::Failed);
    let open: Vec<&Row> = task.rows.iter().filter(is_open).collect();
    if open.is_empty() {
        return Err(Refusal::NothingToUndo);
    }
    Ok(open
        .into_iter()
        .filter(|row| row.undo != Undo::Available)
        .map(|row| Row { undo: Undo::Available, attempts: 0, due_at: None, ..row.clone() })
        .collect())
}

/// The maximum number of attempts when the task changes in the meantime.
const TRIES: u32 = 20;

/// Executes a command: reads the task, decides, and writes only if nothing has changed in between.
///
/// Workers notice the change with their next poll; [`crate::worker::Wake::now`] makes them notice immediately.
pub async fn operate<J: Journal>(journal: &J, id: TaskId, command: Command) -> Result<(), OperateError> {
    for _ in 0..TRIES {
        let task = journal.load(id).await?.ok_or(OperateError::NoSuchTask(id))?;
        let decision = decide(&task, command)?;
        match journal.apply(id, &decision).await {
            Ok(()) => return Ok(()),
            Err(ApplyError::Changed) => {}
            Err(ApplyError::Occupied { key, task }) => return Err(OperateError::Occupied { key, task }),
            Err(ApplyError::Journal(cause)) => return Err(cause.into()),
        }
    }
    Err(OperateError::Busy(id))
}

/// Why an operator's command failed.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// There is no such task.
    #[error("there is no task {0}")]
    NoSuchTask(TaskId),
    /// The current state does not allow the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another task has the exclusive key now.
    #[error("task {task} is not finished and excludes others (`{key}`)")]
    Occupied {
        /// The key.
        key: String,
        /// Who has it.
        task: TaskId,
    },
    /// The task changed during every attempt.
    #[error("task {0} keeps changing; try again")]
    Busy(TaskId),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
