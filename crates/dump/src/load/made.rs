//! The report of a load call: notes for the log, and what it could not create.

use model::not_made::{NotMade, PartKind};
use model::text::Text;

/// The report of a load call. A repeated call retries what was not created, so its last report is complete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// What the reader of the log should know.
    pub notes: Vec<Text>,
    /// The objects of the dump that the target refused.
    pub not_made: Vec<NotMade>,
}

impl Made {
    /// Adds the report of a later call.
    pub fn add(&mut self, other: Self) {
        self.notes.extend(other.notes);
        self.not_made.extend(other.not_made);
    }

    /// Returns all texts: the notes, then the reasons for objects that were not created.
    #[must_use]
    pub fn texts(&self) -> Vec<Text> {
        let reasons = self.not_made.iter().map(|part| &part.reason);
        self.notes.iter().chain(reasons).cloned().collect()
    }

    /// Notes an object that was not created.
    pub(super) fn lack(&mut self, kind: PartKind, name: impl Into<String>, reason: Text) {
        self.not_made.push(NotMade::new(kind, name, reason));
    }
}
