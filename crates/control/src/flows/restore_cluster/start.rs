//! 4. The tenant has a recovery task, created once, when fewer recoveries run than the order allows.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, Progress, StepStatus, TaskId};

use super::state::{Here, Lane, State, load};
use crate::error::Error;
use crate::flows::restore_tenant;
use crate::orders::children::{Admission, Parent};

/// The interval between two checks whether it is the tenant's turn.
const LOOK: Duration = Duration::from_secs(5);

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
    let order = state.order(at.lane(), state.open_passwords(context)?).map_err(crate::words::refused)?;
    let draft = restore_tenant::drafted(context, order).await?;
    at.may_act(STORE_LIMIT).await?;
    let admission = Parent { before, ..parent(at, state) }
        .create(context, lane.child.map(TaskId), draft, restore_tenant::TAKER.conflict)
        .await?;
    let (child, id) = match admission {
        Admission::Full => return Ok(waits_for_turn(state)),
        Admission::Done(child) => (child, "cluster-recovery-started"),
        Admission::Found(child) => (child, "cluster-recovery-found"),
    };
    at.log(Note::new(id).arg("task", child).arg("tenant", at.lane()));
    (lane.child, lane.is_reported, lane.is_replaced) = (Some(child.0), false, false);
    Ok(Next::Done)
}

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

/// Returns the answer of a lane while as many recoveries run as the order allows.
pub(super) fn waits_for_turn(state: &State) -> Next {
    let note = Note::new("cluster-recovery-waits").arg("parallel", state.parallel);
    let progress =
        Progress { done: 0, total: None, unit: "items".to_owned(), rate_per_s: None, note: Some(note) };
    Next::Again { after: LOOK, progress: Some(progress) }
}
