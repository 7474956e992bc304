//! A witness that records what it sees.

use std::sync::{Arc, Mutex, PoisonError};

use model::cluster::Address;
use oceanbase::{Effect, End, Outcome, Statement, Witness};

/// What was sent, and how each statement ended, one line each.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    /// Returns an empty one.
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Forgets what it saw.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the transcript so far.
    pub(crate) fn transcript(&self) -> String {
        self.lines().join("\n")
    }

    /// Returns the statements so far, without what came of them.
    pub(crate) fn statements(&self) -> String {
        self.lines().into_iter().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>().join("\n")
    }

    /// Returns the lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl Witness for Recorder {
    fn sent(&self, statement: &Statement, _: &Address) {
        let mark = if statement.effect == Effect::Act { "!" } else { ">" };
        self.note(format!("{mark} {statement}"));
    }

    fn answered(&self, _: &Statement, outcome: &Outcome<'_>) {
        self.note(match &outcome.end {
            End::Rows(rows) => format!("  {rows} rows"),
            End::Changed(_) => "  ok".to_owned(),
            End::Failed(error) => format!("  {error}"),
            End::Abandoned => "  abandoned".to_owned(),
        });
    }
}
