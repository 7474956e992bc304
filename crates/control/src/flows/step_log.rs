//! Every statement of a step, what came of it and how long it took, in the step's log.

use engine::{At, Flow, Note};
use model::cluster::Address;
use model::size;
use oceanbase::{End, Outcome, Statement, Witness};

/// Writes what a session does into the log of the step it works for.
pub(crate) struct StepLog<F: Flow>(At<F>);

impl<F: Flow> StepLog<F> {
    pub(crate) fn new(at: &At<F>) -> Self {
        Self(at.clone())
    }
}

impl<F: Flow> Witness for StepLog<F> {
    fn sent(&self, statement: &Statement, server: &Address) {
        self.0.log(Note::new("statement-sent").arg("server", server).arg("statement", &statement.masked));
    }

    fn answered(&self, _: &Statement, outcome: &Outcome<'_>) {
        self.0.log(answer(outcome));
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
