//! 5. The tenant's task has succeeded. Its problem is the lane's problem.

use std::time::Duration;

use engine::flow::Answer;
use engine::operator::{Command, decide};
use engine::task::Undo;
use engine::{Next, Note, Progress, StepError, StepStatus, Task, TaskId, TaskStatus, note};
use model::Problem;
use model::problem::codes;

use super::start::{begin, parent, waits_for_turn};
use super::state::{Here, Lane, State, load};
use crate::flows::recovery_source::shown;
use crate::flows::restore_tenant;
use crate::orders::children::Admission;
use crate::words;

/// The interval between two polls.
const LOOK: Duration = Duration::from_secs(5);

/// The problem of a rollback that was refused because the tenant is complete.
pub(super) const COMPLETE: &str = "recovery-tenant-complete";

pub(super) async fn wait_for_recovery(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let Some(child) = lane.child.map(TaskId) else { return replace(at, state, lane).await };
    let child = load(at.context(), child).await?;
    match child.status {
        TaskStatus::Pending | TaskStatus::Running => {
            lane.is_reported = false;
            Ok(watch(at, &child))
        }
        TaskStatus::Successful => {
            record(at, lane, &child);
            Ok(Next::Done)
        }
        TaskStatus::RollingBack => {
            // After a crash, the request for this rollback may not have been saved.
            lane.is_replaced |= lane.is_reported;
            Ok(watch(at, &child))
        }
        TaskStatus::RolledBack if lane.is_reported || lane.is_replaced => replace(at, state, lane).await,
        TaskStatus::RolledBack => Err(report(lane, ended(at, &child, "cluster-recovery-rolled-back"))),
        TaskStatus::Failed if lane.is_replaced => after_refused_rollback(at, state, lane, &child).await,
        TaskStatus::Failed if lane.is_reported => again(at, state, lane, &child).await,
        TaskStatus::Failed if was_cancelled(&child) => {
            Err(report(lane, ended(at, &child, "cluster-recovery-canceled")))
        }
        TaskStatus::Failed => {
            at.log(Note::new("cluster-recovery-failed").arg("task", child.id).arg("tenant", at.lane()));
            lane.is_reported = true;
            Err(StepError::permanent(child.note.unwrap_or_else(|| Note::new(note::CANCELLED))))
        }
    }
}

/// Runs a failed task again for a retry of the lane. One that was cancelled is rolled back, before another replaces it.
async fn again(at: &Here, state: &State, lane: &mut Lane, child: &Task) -> Answer {
    if !was_cancelled(child) {
        return retry(at, state, lane, child).await;
    }
    if decide(child, Command::RollBack).is_err() {
        return replace(at, state, lane).await; // it has changed nothing
    }
    parent(at, state).roll_back(at.context(), child.id).await?;
    at.log(Note::new("cluster-recovery-rolls-back").arg("task", child.id).arg("tenant", at.lane()));
    lane.is_replaced = true;
    Ok(Next::again(LOOK))
}

/// Continues a task whose tenant was complete before its cancellation; otherwise reports why it cannot be replaced.
async fn after_refused_rollback(at: &Here, state: &State, lane: &mut Lane, child: &Task) -> Answer {
    let why = child.note.clone().unwrap_or_else(|| Note::new(note::CANCELLED));
    if why.id == COMPLETE {
        return retry(at, state, lane, child).await;
    }
    (lane.is_reported, lane.is_replaced) = (true, false);
    Err(StepError::permanent(why))
}

async fn retry(at: &Here, state: &State, lane: &mut Lane, child: &Task) -> Answer {
    match parent(at, state).retry(at.context(), child.id).await? {
        Admission::Full => Ok(waits_for_turn(state)),
        Admission::Done(_) | Admission::Found(_) => {
            at.log(Note::new("cluster-recovery-retried").arg("task", child.id).arg("tenant", at.lane()));
            (lane.is_reported, lane.is_replaced) = (false, false);
            Ok(Next::again(LOOK))
        }
    }
}

/// Starts another task in place of one that left nothing behind.
async fn replace(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    begin(at, state, lane, 0).await.map(|next| match next {
        Next::Done => Next::again(LOOK),
        again => again,
    })
}

/// Returns whether a user ended a task, or a step of it.
fn was_cancelled(child: &Task) -> bool {
    let is_cancelled = |note: &Option<Note>| note.as_ref().is_some_and(|note| note.id == note::CANCELLED);
    is_cancelled(&child.note)
        || child.rows.iter().any(|row| row.undo != Undo::Done && is_cancelled(&row.note))
}

fn ended(at: &Here, child: &Task, id: &str) -> Problem {
    let problem = Problem::refused(codes::RECOVERY_FAILED, id);
    problem.with("tenant", at.lane()).with("task", child.id)
}

fn report(lane: &mut Lane, problem: Problem) -> StepError {
    lane.is_reported = true;
    words::refused(problem)
}

/// Records the tenant, and the time that it was restored to.
fn record(at: &Here, lane: &mut Lane, child: &Task) {
    // A state that this version cannot read leaves both unknown.
    if let Ok(state) = serde_json::from_value::<restore_tenant::State>(child.state.clone()) {
        (lane.tenant, lane.restored_scn) = (state.tenant, state.restored_scn);
    }
    let note = Note::new("cluster-recovery-done").arg("task", child.id).arg("tenant", at.lane());
    at.log(note.arg("moment", moment(lane.restored_scn)));
}

/// Writes the time of an SCN, or `-` if it is unknown.
pub(super) fn moment(scn: u64) -> String {
    if scn == 0 { "-".to_owned() } else { shown(scn) }
}

/// Shows the progress of the task's current step.
fn watch(at: &Here, child: &Task) -> Next {
    let current = child.rows.iter().find(|row| row.status == StepStatus::Running);
    let seen = current.and_then(|row| row.progress.clone());
    let note = Note::new("cluster-recovery-runs").arg("task", child.id).arg("tenant", at.lane());
    let progress = seen.unwrap_or(Progress {
        done: 0,
        total: None,
        unit: "items".to_owned(),
        rate_per_s: None,
        note: Some(note),
    });
    Next::Again { after: LOOK, progress: Some(progress) }
}
