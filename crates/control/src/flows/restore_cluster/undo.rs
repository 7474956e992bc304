//! The end of a lane: a stop cancels the tenant's task, a rollback cleans up after each task of the lane that did not
//! succeed. A tenant that has reached NORMAL stays.

use engine::flow::Answer;
use engine::operator::{Command, decide};
use engine::{Next, Note, StepError, Task, TaskStatus};

use super::commands::{self, LOOK};
use super::outcome::{COMPLETE, has_ended_by_cancel, may_have_left_something, was_refused, why};
use super::state::{Here, Lane, State, load};
use crate::error::Error;
use crate::orders::children::of_lane;

/// Cancels the running task of the tenant, and waits for its end. A rollback of it is not disturbed. The lane is
/// cancelled only if its task is: if the task failed to end the restore, the database may still be restoring.
pub(super) async fn cancel(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let children = all(at).await?;
    if let Some(child) = children.iter().find(|child| !child.status.is_finished()) {
        return commands::cancel(at, state, lane, child).await;
    }
    lane.is_reported = true; // a retry decides what happens to the task
    lane.refusals = 0;
    let may_run = |child: &&Task| {
        child.status == TaskStatus::Failed && may_have_left_something(child) && !has_ended_by_cancel(child)
    };
    let Some(child) = children.iter().find(may_run) else { return Ok(Next::Done) };
    let note = Note::new("cluster-recovery-not-canceled").arg("task", child.id);
    at.log(note.arg("tenant", at.lane()));
    Err(StepError::permanent(why(child, at.lane())))
}

/// The undo of `start-recovery`: rolls back every task of the tenant that did not succeed, the newest first.
pub(super) async fn roll_back(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    for child in all(at).await? {
        match child.status {
            TaskStatus::RolledBack => {}
            TaskStatus::Successful => stays(at, &child),
            TaskStatus::RollingBack => return Ok(Next::again(LOOK)),
            TaskStatus::Pending | TaskStatus::Running => {
                return commands::cancel(at, state, lane, &child).await;
            }
            TaskStatus::Failed if lane.rolled_back.contains(&child.id.0) && was_refused(&child) => {
                let why = why(&child, at.lane());
                if why.id != COMPLETE {
                    lane.rolled_back.remove(&child.id.0); // another rollback continues it
                    return Err(StepError::permanent(why));
                }
                stays(at, &child);
            }
            TaskStatus::Failed if decide(&child, Command::RollBack).is_err() => {} // no step of it ran
            TaskStatus::Failed => {
                let noted = |lane: &mut Lane| {
                    lane.rolled_back.insert(child.id.0);
                };
                return commands::roll_back(at, state, lane, &child, noted).await;
            }
        }
    }
    Ok(Next::Done)
}

/// Returns the tasks of the lane, newest first.
async fn all(at: &Here) -> Result<Vec<Task>, Error> {
    let mut children = Vec::new();
    for child in of_lane(at.context(), at.task(), at.lane()).await? {
        children.push(load(at.context(), child).await?);
    }
    Ok(children)
}

fn stays(at: &Here, child: &Task) {
    at.log(Note::new("cluster-recovery-stays").arg("task", child.id).arg("tenant", at.lane()));
}
