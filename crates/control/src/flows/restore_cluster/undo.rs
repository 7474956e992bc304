//! The end of a lane: a stop cancels the tenant's task, a rollback cleans up after each task of the lane that did not
//! succeed. A tenant that has reached NORMAL stays.

use std::time::Duration;

use engine::flow::Answer;
use engine::operator::{Command, decide};
use engine::task::Undo;
use engine::{Next, Note, StepError, Task, TaskStatus, note};

use super::start::parent;
use super::state::{Here, Lane, State, load};
use super::wait::COMPLETE;
use crate::orders::children::of_lane;

/// The interval between two polls.
const LOOK: Duration = Duration::from_secs(5);

/// Cancels the running task of the tenant, and waits for its end. A rollback of it is not disturbed.
pub(super) async fn cancel(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    for child in of_lane(at.context(), at.task(), at.lane()).await? {
        let child = load(at.context(), child).await?;
        if child.status.is_finished() {
            continue;
        }
        return end(at, state, &child).await;
    }
    lane.is_reported = true; // a retry decides what happens to the task
    Ok(Next::Done)
}

async fn end(at: &Here, state: &State, child: &Task) -> Answer {
    if child.status != TaskStatus::RollingBack && !child.cancels.task {
        parent(at, state).cancel(at.context(), child.id).await?;
        at.log(Note::new("cluster-recovery-cancels").arg("task", child.id).arg("tenant", at.lane()));
    }
    Ok(Next::again(LOOK))
}

/// The undo of `start-recovery`: rolls back every task of the tenant that did not succeed, the newest first.
pub(super) async fn roll_back(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    for child in of_lane(at.context(), at.task(), at.lane()).await? {
        let child = load(at.context(), child).await?;
        match child.status {
            TaskStatus::RolledBack => {}
            TaskStatus::Successful => stays(at, &child),
            TaskStatus::Pending | TaskStatus::Running | TaskStatus::RollingBack => {
                return end(at, state, &child).await;
            }
            TaskStatus::Failed if lane.rolled_back.contains(&child.id.0) && was_refused(&child) => {
                let why = child.note.clone().unwrap_or_else(|| Note::new(note::CANCELLED));
                if why.id != COMPLETE {
                    lane.rolled_back.remove(&child.id.0); // another rollback requests it again
                    return Err(StepError::permanent(why));
                }
                stays(at, &child);
            }
            TaskStatus::Failed if decide(&child, Command::RollBack).is_err() => {} // it has changed nothing
            TaskStatus::Failed => {
                parent(at, state).roll_back(at.context(), child.id).await?;
                let note = Note::new("cluster-recovery-rolls-back").arg("task", child.id);
                at.log(note.arg("tenant", at.lane()));
                lane.rolled_back.insert(child.id.0);
                return Ok(Next::again(LOOK));
            }
        }
    }
    Ok(Next::Done)
}

fn was_refused(child: &Task) -> bool {
    child.rows.iter().any(|row| row.undo == Undo::Failed)
}

fn stays(at: &Here, child: &Task) {
    at.log(Note::new("cluster-recovery-stays").arg("task", child.id).arg("tenant", at.lane()));
}
