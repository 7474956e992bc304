//! Why a use case did not do what it was asked.

use model::Problem;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What is said to whoever asked, and beside it the chain of causes for the program's log.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct Error {
    problem: Problem,
    #[source]
    cause: Option<Cause>,
}

impl Error {
    /// Returns an error that keeps its cause for the log.
    pub(crate) fn caused(problem: Problem, cause: impl Into<Cause>) -> Self {
        Self { problem, cause: Some(cause.into()) }
    }

    /// Returns what is said to whoever asked.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Returns what is said to whoever asked.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        self.problem
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problem, cause: None }
    }
}
