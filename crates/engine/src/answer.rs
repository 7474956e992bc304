//! How the answer of a body changes its row. Pure.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::clock::WAIT_MAX;
use crate::flow::{Answer, ErrorKind, Next, StepError};
use crate::note::{self, Note};
use crate::plan::{Which, fail, fail_undo};
use crate::task::{Moment, Row, StepStatus, Undo};

/// The shortest wait, so that a body that requests less does not run without a pause.
const AGAIN_MIN: Duration = Duration::from_millis(10);

/// The result of running a body.
#[derive(Debug)]
pub(crate) enum Said {
    /// It answered.
    Answer(Answer),
    /// Its code panicked, or the saved state could not be read.
    Broke(Note),
    /// It did not end in time and was dropped.
    Nothing,
}

/// What ended a body from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// It ended by itself.
    None,
    /// An operator, or the program's shutdown.
    Asked,
    /// Its time was over.
    TimedOut,
}

/// The inputs for judging an answer.
pub(crate) struct Terms<'a> {
    pub(crate) now: Moment,
    pub(crate) backoff: &'a Backoff,
    pub(crate) chance: f64,
}

/// Applies an answer to the row; returns its line for the log.
pub(crate) fn absorb(
    row: &mut Row,
    which: Which,
    said: Said,
    interrupt: Interrupt,
    terms: &Terms<'_>,
) -> Vec<Note> {
    match (which, said) {
        (_, Said::Answer(Ok(Next::Done))) => {
            done(row, which, terms.now);
            Vec::new()
        }
        // The operator's request takes precedence: the stop runs next, no matter what the body returned.
        (Which::Main, _) if row.status == StepStatus::Canceling => {
            row.due_at = None;
            Vec::new()
        }
        (_, said) => absorb_open(row, which, said, interrupt, terms),
    }
}

fn done(row: &mut Row, which: Which, now: Moment) {
    (row.attempts, row.due_at) = (0, None);
    match which {
        Which::Main => {
            row.status = StepStatus::Successful;
            (row.note, row.finished_at) = (None, Some(now));
        }
        Which::Stop => fail(row, Note::new(note::CANCELLED), now),
        Which::Undo => row.undo = Undo::Done,
    }
}

/// Any answer but `Done`.
fn absorb_open(
    row: &mut Row,
    which: Which,
    said: Said,
    interrupt: Interrupt,
    terms: &Terms<'_>,
) -> Vec<Note> {
    let deadline = row.since.unwrap_or(terms.now).plus(row.timeout);
    match said {
        Said::Broke(why) => fail_which(row, which, why, terms.now),
        // It was cancelled: an error during its end is not a failure of the step.
        Said::Nothing | Said::Answer(Err(_)) if interrupt == Interrupt::Asked => {
            row.due_at = None;
            Vec::new()
        }
        Said::Answer(Err(error)) if interrupt == Interrupt::None => {
            failed(row, which, error, terms.now < deadline, terms)
        }
        Said::Answer(Ok(Next::Again { after, progress }))
            if interrupt != Interrupt::TimedOut && terms.now < deadline =>
        {
            row.due_at = Some(terms.now.plus(after.clamp(AGAIN_MIN, WAIT_MAX)).min(deadline));
            (row.attempts, row.note) = (0, None);
            row.progress = progress.or(row.progress.take());
            Vec::new()
        }
        Said::Nothing | Said::Answer(_) => {
            let why = Note::new(note::TIMED_OUT).arg("limit_s", row.timeout.as_secs());
            fail_which(row, which, why, terms.now)
        }
    }
}

fn failed(row: &mut Row, which: Which, error: StepError, has_time: bool, terms: &Terms<'_>) -> Vec<Note> {
    let StepError { kind, note } = error;
    let note = note.bounded();
    if kind == ErrorKind::Permanent || !has_time {
        return fail_which(row, which, note, terms.now);
    }
    row.attempts += 1;
    let Some(wait) = terms.backoff.after(row.attempts, terms.chance) else {
        let mut lines = fail_which(row, which, note, terms.now);
        lines.push(Note::new(note::GAVE_UP).arg("attempts", row.attempts));
        return lines;
    };
    row.due_at = Some(terms.now.plus(wait.min(WAIT_MAX)));
    row.note = Some(note.clone());
    let waiting = Note::new(note::TRYING_AGAIN)
        .arg("attempt", row.attempts + 1)
        .arg("after_s", wait.as_secs_f32().ceil());
    vec![note, waiting]
}

fn fail_which(row: &mut Row, which: Which, why: Note, now: Moment) -> Vec<Note> {
    match which {
        Which::Main | Which::Stop => fail(row, why.clone(), now),
        Which::Undo => fail_undo(row, why.clone()),
    }
    vec![why]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::RowNumber;

    const MINUTE: Duration = Duration::from_secs(60);
    const BEGUN: Moment = Moment(1_000_000);

    fn running() -> Row {
        Row {
            number: RowNumber(0),
            step: "wait".to_owned(),
            lane: String::new(),
            skippable: false,
            timeout: MINUTE * 60,
            status: StepStatus::Running,
            skipped: false,
            undo: Undo::Absent,
            runs: 1,
            attempts: 0,
            progress: None,
            note: None,
            started_at: Some(BEGUN),
            finished_at: None,
            since: Some(BEGUN),
            due_at: None,
        }
    }

    fn wait_asked_after(elapsed: Duration, wait: Duration) -> Row {
        let backoff = Backoff { first: MINUTE, most: MINUTE, tries: 3 };
        let terms = Terms { now: BEGUN.plus(elapsed), backoff: &backoff, chance: 1.0 };
        let mut row = running();
        absorb(&mut row, Which::Main, Said::Answer(Ok(Next::again(wait))), Interrupt::None, &terms);
        row
    }

    #[test]
    fn a_wait_is_never_longer_than_the_time_that_the_step_has_left() {
        assert_eq!(wait_asked_after(MINUTE, MINUTE).due_at, Some(BEGUN.plus(MINUTE * 2)));
        assert_eq!(wait_asked_after(MINUTE, MINUTE * 600).due_at, Some(BEGUN.plus(MINUTE + WAIT_MAX)));
        assert_eq!(wait_asked_after(MINUTE * 60, MINUTE).status, StepStatus::Failed);
    }

    #[test]
    fn a_body_that_asks_for_no_wait_is_made_to_pause() {
        assert_eq!(wait_asked_after(MINUTE, Duration::ZERO).due_at, Some(BEGUN.plus(MINUTE + AGAIN_MIN)));
    }
}
