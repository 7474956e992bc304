//! Texts that are stored as an ID and its arguments; the caller chooses the language when it shows them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The maximum length of each argument and of the original message in a note.
pub const TEXT_MAX_BYTES: usize = 64 * 1024;

/// A text: its ID and arguments, and an original external message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Note {
    /// The ID of the text: kebab-case words joined by dots.
    pub id: String,
    /// The values for the placeholders of the text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// The original external text, such as an error message or a statement, shown unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl Note {
    /// Returns a note without arguments.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), args: BTreeMap::new(), raw: None }
    }

    /// Sets the value of one placeholder.
    #[must_use]
    pub fn arg(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.args.insert(name.into(), shortened(value.to_string()));
        self
    }

    /// Adds the original external text.
    #[must_use]
    pub fn raw(mut self, text: impl Into<String>) -> Self {
        self.raw = Some(shortened(text.into()));
        self
    }

    /// Truncates parts that are too long, for a note whose fields were set directly.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        for value in self.args.values_mut() {
            *value = shortened(std::mem::take(value));
        }
        self.raw = self.raw.map(shortened);
        self
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.id)?;
        for (name, value) in &self.args {
            write!(out, " {name}={value}")?;
        }
        self.raw.as_ref().map_or(Ok(()), |raw| write!(out, ": {raw}"))
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > TEXT_MAX_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_MAX_BYTES - '…'.len_utf8()));
        text.push('…');
    }
    text
}

/// The engine's own messages: every ID with the names of its arguments, for the renderer of texts.
pub const ENGINE_NOTES: &[(&str, &[&str])] = &[
    (CANCELLED, &[]),
    (TIMED_OUT, &["limit_s"]),
    (PANICKED, &["step"]),
    (STATE_UNREADABLE, &["step"]),
    (STEPS_CHANGED, &["kind", "stored_version", "known_version"]),
    (LANES_FAILED, &["failed", "total", "succeeded"]),
    (LEASE_LOST, &[]),
    (LINES_LEFT_OUT, &["count"]),
    (TRYING_AGAIN, &["attempt", "after_s"]),
    (GAVE_UP, &["attempts"]),
    (CLOCK_SET_BACK, &[]),
];

/// An operator ended this.
pub const CANCELLED: &str = "engine.cancelled";
/// The step timed out.
pub const TIMED_OUT: &str = "engine.timed-out";
/// The step's code panicked.
pub const PANICKED: &str = "engine.panicked";
/// This version of the flow cannot read the saved state.
pub const STATE_UNREADABLE: &str = "engine.state-unreadable";
/// The task was created by a version whose steps this program cannot run.
pub const STEPS_CHANGED: &str = "engine.steps-changed";
/// The task ended, but some of its lanes had failed.
pub const LANES_FAILED: &str = "engine.lanes-failed";
/// Another worker may have the task by now; this one must not act.
pub const LEASE_LOST: &str = "engine.lease-lost";
/// More lines were written than could be stored.
pub const LINES_LEFT_OUT: &str = "engine.lines-left-out";
/// A transient failure; the step is retried later.
pub const TRYING_AGAIN: &str = "engine.trying-again";
/// A transient failure occurred too often.
pub const GAVE_UP: &str = "engine.gave-up";
/// The clock was ahead when the step began or was told to wait, and was set back.
pub const CLOCK_SET_BACK: &str = "engine.clock-set-back";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_whole_character() {
        let note = Note::new("x").raw("ü".repeat(TEXT_MAX_BYTES)).arg("a", "y".repeat(TEXT_MAX_BYTES + 1));
        for text in [note.raw.as_deref().unwrap_or(""), &note.args["a"]] {
            assert!(text.len() <= TEXT_MAX_BYTES && text.len() > TEXT_MAX_BYTES - 4, "{}", text.len());
            assert!(text.ends_with('…'));
        }
    }

    #[test]
    fn a_note_shows_everything_it_knows() {
        let note = Note::new("a.b").arg("count", 3).raw("said so");
        assert_eq!(note.to_string(), "a.b count=3: said so");
    }
}
