//! How the task of a tenant ended without success. Pure.

use engine::operator::{Command, decide};
use engine::task::Undo;
use engine::{Note, Row, Task, TaskStatus, note};
use model::Problem;
use model::problem::codes;

use crate::flows::restore_tenant;
use crate::words;

/// The problem of a rollback that was refused because the tenant is complete.
pub(super) const COMPLETE: &str = "recovery-tenant-complete";

/// Returns whether a user ended a task, or a step of it.
pub(super) fn was_cancelled(child: &Task) -> bool {
    is_cancelled(child.note.as_ref())
        || child.rows.iter().any(|row| row.undo != Undo::Done && is_cancelled(row.note.as_ref()))
}

/// Returns whether a cancel has ended a task together with its restore. A cancelled rollback has not.
pub(super) fn has_ended_by_cancel(child: &Task) -> bool {
    child.status == TaskStatus::Failed && is_cancelled(child.note.as_ref()) && !was_refused(child)
}

/// Returns whether a rollback of a task failed.
pub(super) fn was_refused(child: &Task) -> bool {
    child.rows.iter().any(|row| row.undo == Undo::Failed)
}

/// Returns whether a failed task can continue. One that is partly rolled back can only be rolled back further.
pub(super) fn can_be_retried(child: &Task) -> bool {
    !was_cancelled(child) && decide(child, Command::RetryTask).is_ok()
}

/// Returns whether a failed task may have left something on the cluster. The check of its source only reads.
pub(super) fn may_have_left_something(child: &Task) -> bool {
    let is_open = |undo| matches!(undo, Undo::Available | Undo::Running | Undo::Failed);
    let acts = |row: &&Row| row.step != restore_tenant::CHECK_SOURCE;
    child.rows.iter().filter(acts).any(|row| row.runs > 0 && is_open(row.undo))
}

/// Returns why a failed task did not succeed, as the problem of its lane.
pub(super) fn why(child: &Task, tenant: &str) -> Note {
    match &child.note {
        Some(note) if !is_cancelled(Some(note)) => note.clone(),
        // A lane must not seem cancelled while the database may still be restoring.
        _ if was_refused(child) => ended(child, tenant, "cluster-recovery-rollback-canceled"),
        _ => ended(child, tenant, "cluster-recovery-canceled"),
    }
}

/// Returns a text about the end of a task.
pub(super) fn ended(child: &Task, tenant: &str, id: &str) -> Note {
    let problem = Problem::refused(codes::RECOVERY_FAILED, id);
    words::note(problem.with("tenant", tenant).with("task", child.id).text)
}

fn is_cancelled(note: Option<&Note>) -> bool {
    note.is_some_and(|note| note.id == note::CANCELLED)
}
