//! The report of a call of a load: notes for the reader, and what it could not create.

use model::not_made::{NotMade, PartKind};
use model::text::Text;

/// The report of a call of a load. A repeated call retries what it could not create: its last answer contains
/// everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// What the reader of the log should know.
    pub notes: Vec<Text>,
    /// What the dump holds and the target did not take.
    pub not_made: Vec<NotMade>,
}

impl Made {
    /// Adds the report of a later call.
    pub fn add(&mut self, other: Self) {
        self.notes.extend(other.notes);
        self.not_made.extend(other.not_made);
    }

    /// Returns all sentences: the notes, then why something was not made.
    #[must_use]
    pub fn texts(&self) -> Vec<Text> {
        let reasons = self.not_made.iter().map(|part| &part.reason);
        self.notes.iter().chain(reasons).cloned().collect()
    }

    /// Notes that something was not made.
    pub(super) fn lack(&mut self, kind: PartKind, name: impl Into<String>, reason: Text) {
        self.not_made.push(NotMade::new(kind, name, reason));
    }
}
