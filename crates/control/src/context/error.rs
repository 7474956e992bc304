//! The error of a use case.

use engine::StepError;
use engine::journal::{InsertError, JournalError};
use engine::operator::{OperateError, Refusal};
use model::Problem;
use model::problem::codes;
use model::text::Text;

use super::words;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The error of a use case: the problem for the caller, and the chain of causes for the program's log.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct Error {
    problem: Box<Problem>,
    /// Whether the same call may succeed a little later, without any action.
    is_transient: bool,
    #[source]
    cause: Option<Cause>,
}

impl Error {
    /// Returns an error that keeps its cause for the log.
    pub(crate) fn caused(problem: Problem, cause: impl Into<Cause>) -> Self {
        Self { problem: Box::new(problem), is_transient: false, cause: Some(cause.into()) }
    }

    /// Marks the error as temporary.
    fn passing(self, is_transient: bool) -> Self {
        Self { is_transient, ..self }
    }

    /// Returns a server's failure as the problem of an operation.
    pub(crate) fn of_server(problem: Problem, cause: oceanbase::Error) -> Self {
        let is_transient = cause.is_transient();
        Self::caused(problem, cause).passing(is_transient)
    }

    /// Returns whether the same call may succeed a little later, without any action.
    pub(crate) fn is_transient(&self) -> bool {
        self.is_transient
    }

    /// Returns the problem for the caller.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Returns the text of the problem, with the causes in the words of the libraries and servers.
    pub(crate) fn text(&self) -> Text {
        let problem = self.problem.as_ref().clone();
        match &self.cause {
            Some(cause) => problem.raw(chain(cause.as_ref())).text,
            None => problem.text,
        }
    }

    /// Returns the problem for the caller.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        *self.problem
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), is_transient: false, cause: None }
    }
}

impl From<metadata::Error> for Error {
    fn from(cause: metadata::Error) -> Self {
        let is_transient = cause.is_transient();
        Self::caused(cause.problem(), cause).passing(is_transient)
    }
}

impl From<oceanbase::Error> for Error {
    fn from(cause: oceanbase::Error) -> Self {
        let is_transient = cause.is_transient();
        Self::caused(cause.problem(), cause).passing(is_transient)
    }
}

impl From<storage::Error> for Error {
    fn from(cause: storage::Error) -> Self {
        let is_transient = cause.is_transient();
        Self::caused(cause.problem(), cause).passing(is_transient)
    }
}

impl From<dump::Error> for Error {
    fn from(cause: dump::Error) -> Self {
        let is_transient = cause.is_transient();
        Self::caused(cause.problem(), cause).passing(is_transient)
    }
}

impl From<JournalError> for Error {
    fn from(cause: JournalError) -> Self {
        Self::caused(Problem::internal("metadata-failed").raw(&cause.cause), cause).passing(true)
    }
}

impl From<InsertError> for Error {
    fn from(error: InsertError) -> Self {
        match error {
            InsertError::Occupied { task, .. } => {
                Problem::conflict("task-not-finished").with("task", task).into()
            }
            InsertError::Journal(cause) => cause.into(),
        }
    }
}

impl From<OperateError> for Error {
    fn from(error: OperateError) -> Self {
        match error {
            OperateError::NoSuchTask(task) => Problem::not_found("task-unknown").with("task", task).into(),
            OperateError::Refused(refusal) => refused(&refusal).into(),
            OperateError::Occupied { task, .. } => {
                Problem::conflict("task-not-finished").with("task", task).into()
            }
            OperateError::Busy(task) => Problem::conflict("task-busy").with("task", task).into(),
            OperateError::Journal(cause) => cause.into(),
        }
    }
}

/// The error of a step whose call failed. Its original message is the whole chain of causes.
impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        let is_transient = error.is_transient;
        let note = words::note(error.text());
        if is_transient { Self::transient(note) } else { Self::permanent(note) }
    }
}

fn chain(first: &(dyn std::error::Error + 'static)) -> String {
    let mut text = first.to_string();
    let mut next = first.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn refused(refusal: &Refusal) -> Problem {
    let refused = |id| Problem::refused(codes::CONFLICT, id);
    match refusal {
        Refusal::NoSuchRow(row) => {
            Problem::not_found("subtask-unknown").with("subtask", i64::from(row.0) + 1)
        }
        Refusal::Task(status) => refused("task-state-unfit").with("status", status),
        Refusal::Row { step, status } => {
            refused("subtask-state-unfit").with("step", step).with("status", status)
        }
        Refusal::NotSkippable(step) => refused("subtask-not-skippable").with("step", step),
        Refusal::PartlyRolledBack => refused("task-partly-rolled-back"),
        Refusal::NothingToUndo => refused("task-nothing-to-undo"),
    }
}

#[cfg(test)]
mod tests {
    use engine::TaskStatus;
    use engine::operator::Refusal;
    use engine::task::{RowNumber, StepStatus};
    use model::text::{Language, has_problem};

    use super::refused;

    #[test]
    fn every_refusal_of_a_command_has_words() {
        for refusal in [
            Refusal::NoSuchRow(RowNumber(u32::MAX - 1)),
            Refusal::Task(TaskStatus::Failed),
            Refusal::Row { step: "dump-data".into(), status: StepStatus::Running },
            Refusal::NotSkippable("dump-data".into()),
            Refusal::PartlyRolledBack,
            Refusal::NothingToUndo,
        ] {
            let text = refused(&refusal).text;
            assert!(has_problem(&text.id), "{}", text.id);
            let words = [Some(text.message(Language::En)), text.action(Language::En)];
            assert!(!words.iter().flatten().any(|words| words.contains('{')), "{words:?}");
        }
    }
}
