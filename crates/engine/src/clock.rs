//! A clock that was ahead and was set back. Times that it has written would stop a task for as long as it was ahead.
//!
//! No wait is longer than [`WAIT_MAX`]. So a due time that is much further in the future was written by such a clock, and
//! has come. The same holds for a step that began in the future: its time limit counts from now on.

use std::time::Duration;

use crate::task::{Moment, Row, StepStatus, Undo};

/// The longest wait that a task can have.
pub const WAIT_MAX: Duration = Duration::from_mins(5);

/// The tolerance between two readings of a clock.
const APART: Duration = Duration::from_mins(1);

/// Returns whether a task or row with this due time may run.
pub fn is_due(due: Moment, now: Moment) -> bool {
    due <= now || due > latest_due(now)
}

/// Returns the latest due time that a clock which is right can have written. Workers extrapolate the journal's clock, and
/// may be ahead of it.
pub fn latest_due(now: Moment) -> Moment {
    now.plus(WAIT_MAX * 2)
}

/// Corrects the times of a row under way that a clock which was ahead has written. Returns whether there were any.
pub(crate) fn correct(row: &mut Row, now: Moment) -> bool {
    let is_under_way =
        matches!(row.status, StepStatus::Running | StepStatus::Canceling) || row.undo == Undo::Running;
    let began_ahead = row.since.is_some_and(|since| since > now.plus(APART));
    let waits_ahead = row.due_at.is_some_and(|due| due > latest_due(now));
    if !is_under_way || !(began_ahead || waits_ahead) {
        return false;
    }
    if began_ahead {
        row.since = Some(now);
    }
    row.due_at = None;
    true
}
