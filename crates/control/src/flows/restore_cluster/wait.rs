//! 5. The tenant's task has succeeded. Its problem is the lane's problem.

use engine::flow::Answer;
use engine::operator::{Command, decide};
use engine::{Next, Note, Progress, StepError, StepStatus, Task, TaskId, TaskStatus};

use super::commands::{LOOK, retry, roll_back};
use super::outcome::{COMPLETE, can_be_retried, ended, has_ended_by_cancel, why};
use super::start::begin;
use super::state::{Here, Lane, State, load};
use crate::flows::recovery_source::shown;
use crate::flows::restore_tenant;

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
        TaskStatus::RolledBack => Err(report(lane, ended(&child, at.lane(), "cluster-recovery-rolled-back"))),
        TaskStatus::Failed if lane.is_replaced => after_refused_rollback(at, state, lane, &child).await,
        TaskStatus::Failed if lane.is_reported => again(at, state, lane, &child).await,
        TaskStatus::Failed => {
            if !has_ended_by_cancel(&child) {
                at.log(Note::new("cluster-recovery-failed").arg("task", child.id).arg("tenant", at.lane()));
            }
            Err(report(lane, why(&child, at.lane())))
        }
    }
}

/// Runs a failed task again for a retry of the lane. One that was cancelled or partly rolled back is rolled back to its
/// end, before another replaces it.
async fn again(at: &Here, state: &State, lane: &mut Lane, child: &Task) -> Answer {
    if can_be_retried(child) {
        return retry(at, state, lane, child).await;
    }
    if decide(child, Command::RollBack).is_err() {
        return replace(at, state, lane).await; // no step of it ran
    }
    roll_back(at, state, lane, child, |lane| lane.is_replaced = true).await
}

/// Continues a task whose tenant was complete before its cancellation; otherwise reports why it cannot be replaced. A
/// retry of the lane continues the rollback.
async fn after_refused_rollback(at: &Here, state: &State, lane: &mut Lane, child: &Task) -> Answer {
    let why = why(child, at.lane());
    if why.id == COMPLETE {
        return retry(at, state, lane, child).await;
    }
    lane.is_replaced = false;
    Err(report(lane, why))
}

/// Starts another task in place of one that left nothing behind.
async fn replace(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    begin(at, state, lane, 0).await.map(|next| match next {
        Next::Done => Next::again(LOOK),
        again => again,
    })
}

/// Fails the lane; any later run of the step is a retry.
fn report(lane: &mut Lane, why: Note) -> StepError {
    lane.is_reported = true;
    lane.refusals = 0;
    StepError::permanent(why)
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
