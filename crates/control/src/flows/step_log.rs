//! Writes every statement of a step, its result and its duration to the step's log.

use std::sync::atomic::{AtomicU64, Ordering};

use engine::{At, Flow, Note};
use model::cluster::Address;
use model::size;
use oceanbase::{End, Outcome, Statement, Witness};

/// The number of statements of one session after which only failed ones are logged: loading a terabyte takes a million,
/// and nobody reads them.
const STATEMENTS_MAX: u64 = 10_000;

/// Writes the statements of a session to the log of its step.
pub(crate) struct StepLog<F: Flow> {
    at: At<F>,
    sent: AtomicU64,
}

impl<F: Flow> StepLog<F> {
    pub(crate) fn new(at: &At<F>) -> Self {
        Self { at: at.clone(), sent: AtomicU64::new(0) }
    }
}

impl<F: Flow> Witness for StepLog<F> {
    fn sent(&self, statement: &Statement, server: &Address) {
        match self.sent.fetch_add(1, Ordering::Relaxed) {
            ..STATEMENTS_MAX => self
                .at
                .log(Note::new("statement-sent").arg("server", server).arg("statement", &statement.masked)),
            STATEMENTS_MAX => self.at.log(Note::new("statements-left-out").arg("count", STATEMENTS_MAX)),
            _ => {}
        }
    }

    fn answered(&self, statement: &Statement, outcome: &Outcome<'_>) {
        if self.sent.load(Ordering::Relaxed) <= STATEMENTS_MAX {
            self.at.log(answer(outcome));
        } else if let End::Failed(_) = outcome.end {
            self.at.log(Note::new("statement-was").arg("statement", &statement.masked));
            self.at.log(answer(outcome));
        }
    }
}

fn answer(outcome: &Outcome<'_>) -> Note {
    let note = match outcome.end {
        End::Rows(rows) => Note::new("statement-rows").arg("rows", rows),
        End::Changed(rows) => Note::new("statement-changed").arg("rows", rows),
        End::Failed(error) => Note::new("statement-failed").arg("error", error),
        End::Abandoned => Note::new("statement-abandoned"),
    };
    note.arg("elapsed", size::span(outcome.elapsed))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::answer;
    use crate::words::text;
    use model::text::Language;
    use oceanbase::{End, Outcome};

    #[test]
    fn every_end_of_a_statement_has_words() {
        for end in [End::Rows(3), End::Changed(4), End::Abandoned] {
            let note = answer(&Outcome { elapsed: Duration::from_millis(850), end });
            let message = text(note.clone()).message(Language::En);
            assert!(message.contains("850 ms") && !message.contains('{'), "{note} {message}");
        }
    }
}
