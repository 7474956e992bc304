//! One statement before it is sent, and the witness of its execution.
//!
//! Every verb first builds a [`Statement`]. Plans, step logs and transcripts print the same value that is sent, with
//! its secrets masked.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use model::cluster::Address;

use crate::error::Error;
use crate::mask;

/// The time-out of a statement that reads.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The time-out of a statement that acts. Setting a destination does network I/O on every server.
const ACT_TIMEOUT: Duration = Duration::from_secs(90);

/// Whether a statement changes the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads, or sets something in its own session.
    Read,
    /// It changes the cluster or its data.
    Act,
}

/// One statement as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// May contain secrets, and bytes that are not UTF-8 (as in a table's definition).
    text: Bytes,
    /// The text without its secrets, for display.
    pub masked: String,
    /// Whether it changes the cluster.
    pub effect: Effect,
    /// How long the server may work on it; for a stream, how long it may be silent.
    pub timeout: Duration,
}

impl Statement {
    /// Returns a statement that only reads.
    pub fn read(text: impl Into<Vec<u8>>) -> Self {
        Self::new(text.into(), Effect::Read, READ_TIMEOUT)
    }

    /// Returns a statement that changes the cluster or its data.
    pub fn act(text: impl Into<Vec<u8>>) -> Self {
        Self::new(text.into(), Effect::Act, ACT_TIMEOUT)
    }

    /// Returns a statement that changes data and is too long to be shown: `summary` is shown in its place.
    pub fn bulk(text: impl Into<Bytes>, summary: impl Into<String>) -> Self {
        Self { text: text.into(), masked: summary.into(), effect: Effect::Act, timeout: ACT_TIMEOUT }
    }

    fn new(text: Vec<u8>, effect: Effect, timeout: Duration) -> Self {
        let masked = mask::mask(&String::from_utf8_lossy(&text));
        Self { text: text.into(), masked, effect, timeout }
    }

    /// Sets another time-out.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the bytes to be sent. They may contain secrets.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("masked", &self.masked)
            .field("effect", &self.effect)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

/// A value that is sent separately from the text of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// NULL.
    Null,
    /// An integer.
    Whole(i64),
    /// An unsigned integer.
    Natural(u64),
    /// A text in UTF-8, or any other type in text form.
    Text(&'v [u8]),
    /// Bytes.
    Bytes(&'v [u8]),
}

/// Returns a name as an identifier: `` `a``b` ``.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Returns a text as a string literal: `'a''b'`.
#[must_use]
pub fn literal(text: &str) -> String {
    // A quote is doubled, not escaped: a doubled quote does not end the literal under NO_BACKSLASH_ESCAPES either.
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Observes each statement before it is sent, and its outcome: for step logs and transcripts.
pub trait Witness: Send + Sync {
    /// Called before the statement is sent to that server.
    fn sent(&self, statement: &Statement, server: &Address);

    /// Called when the statement has ended.
    fn answered(&self, statement: &Statement, outcome: &Outcome<'_>);
}

/// A witness that does nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoWitness;

impl Witness for NoWitness {
    fn sent(&self, _: &Statement, _: &Address) {}
    fn answered(&self, _: &Statement, _: &Outcome<'_>) {}
}

/// The outcome of a statement.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The time from sending it to its end.
    pub elapsed: Duration,
    /// How it ended.
    pub end: End<'a>,
}

/// How a statement ended.
#[derive(Debug)]
pub enum End<'a> {
    /// All its rows were read; this is their number.
    Rows(u64),
    /// It returned no rows; this is the number of changed rows.
    Changed(u64),
    /// It failed.
    Failed(&'a Error),
    /// Its stream was dropped before the last row; the connection was closed.
    Abandoned,
}

#[cfg(test)]
mod tests {
    use super::{Statement, identifier, literal};

    #[test]
    fn a_secret_is_sent_but_never_shown() {
        let statement = Statement::act("ALTER USER root IDENTIFIED BY 'hunter2'");
        assert!(statement.text().ends_with(b"'hunter2'"));
        for shown in [format!("{statement:?}"), statement.to_string(), statement.masked] {
            assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
        }
    }

    #[test]
    fn names_and_texts_can_not_end_their_quotes() {
        for (name, quoted) in [("a", "`a`"), ("a`b", "`a``b`"), ("表", "`表`")] {
            assert_eq!(identifier(name), quoted);
        }
        for (text, quoted) in [("a", "'a'"), ("a'b", "'a''b'"), ("a\\", "'a\\\\'"), ("\\'", "'\\\\'''")] {
            assert_eq!(literal(text), quoted);
        }
    }
}
