//! Records statements for a plan instead of a log.

use std::sync::{Arc, Mutex, PoisonError};

use model::cluster::Address;
use oceanbase::{Outcome, Statement, Witness};

/// Records the statements that are sent, with masked secrets.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    /// Returns the statements since the last call.
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
