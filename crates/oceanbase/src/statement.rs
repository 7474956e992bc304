//! One statement before it is sent, and the witness of its execution.
//!
//! Every verb builds a [`Statement`] first. Plans, step logs and transcripts print the same value that is sent,
//! with its secrets masked.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use model::cluster::Address;

use crate::error::Error;
use crate::mask;

/// How long a statement may take that reads.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a statement may take that acts. Those that set a destination do network I/O on every server.
const ACT_TIMEOUT: Duration = Duration::from_secs(90);

/// Whether a statement leaves the cluster as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads, or sets something for its own session.
    Read,
    /// It changes the cluster or its data.
    Act,
}

/// One statement as it will be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// May hold secrets, and bytes that are no UTF-8 (a table's definition can).
    text: Bytes,
    /// The text without its secrets, to be shown.
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

    /// Gives it another time to end in.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the bytes to be sent. They may hold secrets.
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

/// A value that travels beside the text of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// NULL.
    Null,
    /// A whole number.
    Whole(i64),
    /// A whole number that may be larger, and is not negative.
    Natural(u64),
    /// A text in UTF-8, or anything else that is read from a text.
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
    // A quote is doubled, not escaped: that ends no literal under NO_BACKSLASH_ESCAPES either.
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Sees each statement before it is sent, and what came of it: step logs, transcripts.
pub trait Witness: Send + Sync {
    /// The statement is about to be sent to that server.
    fn sent(&self, statement: &Statement, server: &Address);

    /// The statement came to its end.
    fn answered(&self, statement: &Statement, outcome: &Outcome<'_>);
}

/// A witness that looks away.
#[derive(Debug, Clone, Copy)]
pub struct NoWitness;

impl Witness for NoWitness {
    fn sent(&self, _: &Statement, _: &Address) {}
    fn answered(&self, _: &Statement, _: &Outcome<'_>) {}
}

/// What came of a statement.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// From sending it to its end.
    pub elapsed: Duration,
    /// How it ended.
    pub end: End<'a>,
}

/// How a statement ended.
#[derive(Debug)]
pub enum End<'a> {
    /// All its rows were read; this is their number.
    Rows(u64),
    /// It has no rows; this is the number of changed ones.
    Changed(u64),
    /// It failed.
    Failed(&'a Error),
    /// Its reader left before the last row; the connection was closed.
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
