//! A statement that must not be sent twice: the intention is saved before it is sent.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A statement is sent only within this time after the intention was saved, in microseconds.
const FRESH_US: u64 = 60 * 1_000_000;

/// A statement that was sent, or is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// When the intention was saved, or the answer was lost, by the database's clock.
    pub at: Timestamp,
    /// Whether it was sent, and its outcome is unknown.
    pub is_open: bool,
    /// The run of the server that saved the intention. If the server has been restarted since, it may have sent the
    /// statement before, and the database may still execute it.
    #[serde(default)]
    pub by: u64,
}

/// What comes next for a statement whose effect no view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// Save the intention.
    Save,
    /// Send the statement.
    Send,
    /// The statement may have been sent: look for its effect again.
    Look,
}

impl Sent {
    /// Returns an intention.
    #[must_use]
    pub const fn intended(at: Timestamp, by: u64) -> Self {
        Self { at, is_open: false, by }
    }

    /// Returns the same for a statement that was sent and whose outcome is unknown.
    #[must_use]
    pub const fn opened(self) -> Self {
        Self { is_open: true, ..self }
    }

    /// Decides what comes next in the given run of the server. The effect may appear `late_us` microseconds after the
    /// intention was saved, and not later.
    #[must_use]
    pub fn next(sent: Option<Self>, by: u64, now: Timestamp, late_us: u64) -> Sending {
        match sent {
            Some(Self { at, is_open: false, by: own }) if own == by && now.since(at) <= FRESH_US => {
                Sending::Send
            }
            Some(sent) if sent.may_show(now, late_us) => Sending::Look,
            _ => Sending::Save,
        }
    }

    /// Returns whether the effect may still appear.
    #[must_use]
    pub fn may_show(self, now: Timestamp, late_us: u64) -> bool {
        now.since(self.at) < late_us
    }
}

#[cfg(test)]
mod tests {
    use super::{Sending, Sent};
    use crate::time::Timestamp;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn a_statement_that_may_be_under_way_is_not_sent_again() {
        let now = Timestamp(60 * MINUTE);
        let late_us = 5 * MINUTE.unsigned_abs();
        let ago = |minutes: i64| Sent::intended(Timestamp((60 - minutes) * MINUTE), 7);
        let cases = [
            (None, 7, Sending::Save),
            (Some(ago(0)), 7, Sending::Send),
            (Some(ago(1)), 7, Sending::Send),
            (Some(ago(2)), 7, Sending::Look), // it may have been sent before the body was dropped
            (Some(ago(5)), 7, Sending::Save), // nothing came of it
            (Some(ago(0)), 8, Sending::Look), // the server was restarted
            (Some(ago(4)), 8, Sending::Look),
            (Some(ago(5)), 8, Sending::Save),
            (Some(ago(0).opened()), 7, Sending::Look), // the answer was lost
            (Some(ago(4).opened()), 8, Sending::Look),
            (Some(ago(5).opened()), 7, Sending::Save),
        ];
        for (sent, by, expected) in cases {
            assert_eq!(Sent::next(sent, by, now, late_us), expected, "{sent:?} {by}");
        }
    }

    #[test]
    fn an_intention_that_an_older_version_saved_is_of_another_run() {
        let saved: Sent = serde_json::from_str(r#"{"at": 0, "is_open": false}"#).expect("an intention");
        assert_eq!(Sent::next(Some(saved), 7, Timestamp(1), 1_000), Sending::Look);
    }
}
