//! The status of one tenant's part of a backup task.

use engine::{Row, StepStatus, Task};
use model::task::TaskStatus;

use crate::tasks::view;

/// The maximum number of backup sets that are looked up for one task.
pub(super) const SETS_MAX: u32 = 2_000;

/// Returns the status of a tenant's part, and the row where it failed.
pub(super) fn standing<'a>(task: &'a Task, lane: &str, is_recorded: bool) -> (TaskStatus, Option<&'a Row>) {
    // A failure before or after the lanes is a failure of all of them.
    let in_common = || task.rows.iter().find(|row| !row.is_lane() && row.status == StepStatus::Failed);
    let failed = task.lane_failure(lane).or_else(in_common);
    let status = match failed {
        None if is_recorded => TaskStatus::Successful,
        Some(_) if task.status.is_finished() => TaskStatus::Failed,
        _ => view::status(task.status),
    };
    (status, failed)
}
