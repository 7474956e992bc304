//! Measurements of this program's use of the database: statements by purpose, and the runs of tasks that ended here.
//! They exist in this process only and start empty.

use std::time::{Duration, Instant};

use model::measure::{ANSWER_BOUNDS_S, RUN_BOUNDS_S, Timing, Timings};

/// The measurements since the metadata were opened.
#[derive(Debug)]
pub(crate) struct Measured {
    statements: Timings<&'static str>,
    runs: Timings<RunKind>,
}

impl Default for Measured {
    fn default() -> Self {
        Self { statements: Timings::new(ANSWER_BOUNDS_S), runs: Timings::new(RUN_BOUNDS_S) }
    }
}

/// A group of runs that are measured together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunKind {
    /// The kind of the task, as it is stored.
    pub kind: String,
    /// The `mode` of the task's state, where it has one.
    pub mode: Option<String>,
    /// How it ended.
    pub outcome: RunOutcome,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunOutcome {
    /// It succeeded.
    Successful,
    /// A step failed.
    Failed,
    /// A user ended it.
    Cancelled,
    /// It was rolled back.
    RolledBack,
}

/// A run that is about to be saved as ended.
pub(crate) struct EndedRun {
    pub(crate) kind: RunKind,
    pub(crate) elapsed: Duration,
}

impl Measured {
    /// Records the end of a statement, or of the beginning or end of a transaction.
    pub(crate) fn statement(&self, verb: &'static str, begun: Instant, has_failed: bool) {
        self.statements.note(verb, begun.elapsed(), has_failed);
    }

    /// Records a run whose end was saved.
    pub(crate) fn run(&self, ended: EndedRun) {
        let has_failed = ended.kind.outcome == RunOutcome::Failed;
        self.runs.note(ended.kind, ended.elapsed, has_failed);
    }

    /// Returns how long statements took, by what they do.
    pub(crate) fn statements(&self) -> Vec<(&'static str, Timing)> {
        self.statements.list()
    }

    /// Returns how long the tasks took whose end was saved here.
    pub(crate) fn runs(&self) -> Vec<(RunKind, Timing)> {
        self.runs.list()
    }
}
