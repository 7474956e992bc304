//! 4. The tenant has a recovery task, created once, when fewer recoveries run than the order allows.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepStatus, TaskId};

use super::commands::{counted, parent, waits_for_turn};
use super::state::{Here, Lane, State, load};
use crate::error::Error;
use crate::flows::restore_tenant;
use crate::orders::children::{Admission, Parent, of_lane};

/// The step of this file.
pub(super) const START: &str = "start-recovery";

/// How long storing a task may take.
const STORE_LIMIT: Duration = Duration::from_secs(15);

pub(super) async fn start_recovery(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    match lane.child {
        Some(_) => Ok(Next::Done),
        None => begin(at, state, lane, waiting_before(at).await?).await,
    }
}

/// Returns the number of earlier lanes that wait for their turn. Lanes run at the same time; the order decides which
/// of them start.
async fn waiting_before(at: &Here) -> Result<usize, Error> {
    let stored = load(at.context(), at.task()).await?;
    let starts = stored.rows.iter().filter(|row| row.step == START && row.lane != at.lane());
    let place = |lane: &str| stored.lanes.iter().position(|known| known.key == lane);
    let own = place(at.lane());
    let waits = |status| matches!(status, StepStatus::Pending | StepStatus::Ready | StepStatus::Running);
    Ok(starts.filter(|row| waits(row.status) && place(&row.lane) < own).count())
}

/// Creates the task of the tenant, or finds the one that was created before a crash and not yet saved in the lane. It
/// replaces the lane's last one, if there is one.
pub(super) async fn begin(at: &Here, state: &State, lane: &mut Lane, before: usize) -> Answer {
    let context = at.context();
    let known = lane.child.map(TaskId);
    // A task that was created before a crash is followed, even if the order would be refused now.
    let newest = of_lane(context, at.task(), at.lane()).await?.first().copied();
    if let Some(newest) = newest.filter(|newest| Some(*newest) != known) {
        return Ok(follow(at, lane, newest, "cluster-recovery-found"));
    }
    let order = state.order(at.lane(), state.open_passwords(context)?).map_err(crate::words::refused)?;
    let draft = restore_tenant::drafted(context, order).await?;
    at.may_act(STORE_LIMIT).await?;
    let parent = Parent { before, ..parent(at, state) };
    match parent.create(context, known, draft, restore_tenant::TAKER.conflict).await? {
        Admission::Full => Ok(waits_for_turn(state)),
        Admission::Done(child) => Ok(follow(at, lane, child, "cluster-recovery-started")),
        Admission::Found(child) => Ok(follow(at, lane, child, "cluster-recovery-found")),
        Admission::Refused(why) => counted(at, lane, known, why),
    }
}

/// Records the task that the lane follows from now on.
fn follow(at: &Here, lane: &mut Lane, child: TaskId, id: &str) -> Next {
    at.log(Note::new(id).arg("task", child).arg("tenant", at.lane()));
    (lane.child, lane.is_reported, lane.is_replaced) = (Some(child.0), false, false);
    Next::Done
}
