//! Statements, gathered for a plan instead of a log.

use std::sync::{Arc, Mutex, PoisonError};

use model::cluster::Address;
use oceanbase::{Outcome, Statement, Witness};

/// Gathers what is sent, secrets masked.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    /// Returns what was sent since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Witness for Recorder {
    fn sent(&self, statement: &Statement, _: &Address) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(statement.masked.clone());
    }

    fn answered(&self, _: &Statement, _: &Outcome<'_>) {}
}
