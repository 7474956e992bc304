//! The commands of a lane to the task of its tenant. A task that has changed since the lane read it refuses them; then
//! the lane reads it and decides again.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, Progress, Task, TaskId, TaskStatus};
use model::Problem;
use model::problem::codes;

use super::state::{Here, Lane, State};
use crate::orders::children::{Admission, Parent};
use crate::words;

/// The interval between two polls.
pub(super) const LOOK: Duration = Duration::from_secs(5);

/// How many commands in a row a task may refuse before the lane fails.
const REFUSALS_MAX: u32 = 60;

/// Returns the lane of a body, as the parent of the tenant's tasks.
pub(super) fn parent<'a>(at: &'a Here, state: &'a State) -> Parent<'a> {
    Parent {
        task: at.task(),
        lane: at.lane(),
        initiator: &state.initiator,
        at_once: state.parallel,
        before: 0,
    }
}

/// Cancels a task that is not finished, once. The next poll sees how it ends. A rollback is not disturbed.
pub(super) async fn cancel(at: &Here, state: &State, lane: &mut Lane, child: &Task) -> Answer {
    if child.status == TaskStatus::RollingBack || child.cancels.task {
        return Ok(Next::again(LOOK));
    }
    let admission = parent(at, state).cancel(at.context(), child.id).await?;
    told(at, state, lane, child.id, admission, "cluster-recovery-cancels", |_| {})
}

/// Rolls a failed task back. `noted` records in the lane that the rollback was requested.
pub(super) async fn roll_back(
    at: &Here,
    state: &State,
    lane: &mut Lane,
    child: &Task,
    noted: impl FnOnce(&mut Lane),
) -> Answer {
    let admission = parent(at, state).roll_back(at.context(), child.id).await?;
    told(at, state, lane, child.id, admission, "cluster-recovery-rolls-back", noted)
}

/// Runs a failed task again.
pub(super) async fn retry(at: &Here, state: &State, lane: &mut Lane, child: &Task) -> Answer {
    let admission = parent(at, state).retry(at.context(), child.id).await?;
    told(at, state, lane, child.id, admission, "cluster-recovery-retried", |lane| {
        (lane.is_reported, lane.is_replaced) = (false, false);
    })
}

/// Returns the answer of a lane after a command.
fn told(
    at: &Here,
    state: &State,
    lane: &mut Lane,
    child: TaskId,
    admission: Admission,
    id: &str,
    noted: impl FnOnce(&mut Lane),
) -> Answer {
    match admission {
        Admission::Refused(why) => counted(at, lane, Some(child), why),
        Admission::Full => Ok(waits_for_turn(state)),
        Admission::Done(_) | Admission::Found(_) => {
            at.log(Note::new(id).arg("task", child).arg("tenant", at.lane()));
            lane.refusals = 0;
            noted(lane);
            Ok(Next::again(LOOK))
        }
    }
}

/// Returns the answer of a lane while as many recoveries run as the order allows.
pub(super) fn waits_for_turn(state: &State) -> Next {
    let note = Note::new("cluster-recovery-waits").arg("parallel", state.parallel);
    let progress =
        Progress { done: 0, total: None, unit: "items".to_owned(), rate_per_s: None, note: Some(note) };
    Next::Again { after: LOOK, progress: Some(progress) }
}

/// Counts a refused command, and polls again.
///
/// # Errors
/// If the task has refused too many commands in a row.
pub(super) fn counted(at: &Here, lane: &mut Lane, child: Option<TaskId>, why: Problem) -> Answer {
    match too_many(lane, at.lane(), child) {
        None => Ok(Next::again(LOOK)),
        Some(problem) => {
            at.log(words::note(why.text));
            Err(words::refused(problem))
        }
    }
}

fn too_many(lane: &mut Lane, tenant: &str, child: Option<TaskId>) -> Option<Problem> {
    lane.refusals += 1;
    if lane.refusals < REFUSALS_MAX {
        return None;
    }
    let count = std::mem::take(&mut lane.refusals); // a retry of the lane asks again
    let problem = Problem::refused(codes::CONFLICT, "cluster-recovery-command-refused");
    let child = child.map_or_else(|| "-".to_owned(), |child| child.to_string());
    Some(problem.with("task", child).with("tenant", tenant).with("count", count))
}

#[cfg(test)]
mod tests {
    use super::{Lane, REFUSALS_MAX, TaskId, too_many};

    #[test]
    fn a_lane_fails_only_after_many_refusals_and_a_retry_asks_again() {
        let mut lane = Lane::default();
        for _ in 0..2 {
            for _ in 1..REFUSALS_MAX {
                assert_eq!(too_many(&mut lane, "shop", Some(TaskId(7))), None);
            }
            let problem = too_many(&mut lane, "shop", Some(TaskId(7))).expect("too many");
            assert_eq!((&*problem.args()["task"], &*problem.args()["tenant"]), ("7", "shop"));
        }
    }
}
