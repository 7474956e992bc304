//! Deletes the expired logical backup sets of a cluster in one storage. Each tenant is a lane.
//!
//! 1. `check-what-is-kept`           the plan is computed again: a set that must now be kept is not deleted
//! 2. `delete-expired-backup-sets`   each set is marked, then its manifest is deleted, then its files
//! 3. `record-clean-up`              the catalogue shows the sets as deleted
//!
//! A set is deleted only if it was planned when the task was requested, and no rule, hold or task keeps it now. The
//! mark is written in a transaction that checks holds and tasks once more. A requested recovery checks the mark in the
//! transaction that creates its task. Nothing is recovered from a marked set, and no rule counts it.
//!
//! After a crash at any point, a set is either complete and unmarked, or marked. Without its manifest, no program takes
//! a marked set for a backup. Each lane also deletes what is left of its tenant's sets that an earlier clean-up marked.
//!
//! There is no undo: deleted sets cannot be restored.

mod deleting;
mod request;
mod shelf;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use engine::flow::Answer;
use engine::{Flow, Next, Note, Step, StepError};
use model::Problem;
use model::backup_set::BackupSetStatus;
use model::size;

use self::deleting::Deletion;
use self::shelf::plan;
use self::state::{Gone, Here};
use crate::context::Context;
use crate::error::Error;
use crate::words;

pub(crate) use request::{NOTHING_EXPIRED, TAKER};
pub(crate) use shelf::plan as plan_of;
pub use shelf::{PlannedSet, TenantPlan};
pub(crate) use state::{CleanUp, Lane, Part, State};

/// How long reading the manifests may take.
const CHECK_LIMIT: Duration = Duration::from_secs(60 * 60);

/// How long deleting may take.
const DELETE_LIMIT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

impl Flow for CleanUp {
    const KIND: &'static str = "clean-up"; // stored; never renamed once released
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::each("check-what-is-kept", |at, s, l| Box::pin(check_what_is_kept(at, s, l)))
            .timeout(CHECK_LIMIT),
        Step::each("delete-expired-backup-sets", |at, s, l| Box::pin(delete_expired(at, s, l)))
            .timeout(DELETE_LIMIT),
        Step::one("record-clean-up", |at, s| Box::pin(record_clean_up(at, s))).timeout(CHECK_LIMIT),
    ];
}

/// 1. The plan is computed again: a set that must now be kept is not deleted.
async fn check_what_is_kept(at: &Here, state: &State, _: &mut Lane) -> Answer {
    let part = part(at, state)?;
    let now = plan_now(at, state, part).await?;
    for planned in &now.sets {
        if planned.verdict.is_kept() && part.planned.contains(&planned.set.id) {
            at.log(Note::new("clean-up-keeps").arg("set", planned.set.id));
            for reason in planned.verdict.texts().into_iter().chain(planned.doubt.clone()) {
                at.log(words::note(reason));
            }
        }
    }
    let doomed = doomed(&now, part);
    for planned in &doomed {
        at.log(
            Note::new("clean-up-deletes")
                .arg("set", planned.set.id)
                .arg("taken", planned.set.finished)
                .arg("bytes", size::bytes(planned.set.bytes)),
        );
        for reason in planned.verdict.texts() {
            at.log(words::note(reason));
        }
    }
    let kept = now.sets.len() - doomed.len();
    at.log(Note::new("clean-up-is").arg("deleted", doomed.len()).arg("kept", kept));
    Ok(Next::Done)
}

/// 2. Each set is marked, then its manifest is deleted, then its files. If one set cannot be deleted, the others still
///    are.
async fn delete_expired(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let part = part(at, state)?;
    let now = plan_now(at, state, part).await?;
    let deletion = Deletion::open(at, state).await?;
    let mut failed: Option<StepError> = None;
    for planned in doomed(&now, part) {
        if at.cancelled().is_cancelled() {
            return Ok(Next::again(Duration::ZERO)); // the engine ends the step
        }
        let set = &planned.set;
        match deletion.delete(set).await {
            Ok(true) => {
                lane.gone.retain(|gone| gone.set != set.id);
                lane.gone.push(Gone { set: set.id, bytes: set.bytes });
            }
            Ok(false) => {}
            Err(error) => {
                at.log(error.note.clone());
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(Next::Done), Err)
}

/// 3. The catalogue shows the sets as deleted. Expired holds on them are removed.
async fn record_clean_up(at: &Here, _: &mut State) -> Answer {
    let mut writer = at.context().metadata.begin().await.map_err(Error::from)?;
    let (mut count, mut bytes) = (0_u64, 0_u64);
    for gone in at.lanes().iter().flat_map(|lane| &lane.state.gone) {
        let set = writer.backup_set_now(gone.set).await.map_err(Error::from)?;
        if set.is_some_and(|set| set.status == BackupSetStatus::Deleting) {
            let deleted = BackupSetStatus::Deleted;
            writer.backup_set_set_status(gone.set, deleted).await.map_err(Error::from)?;
            writer.hold_remove(gone.set).await.map_err(Error::from)?;
        }
        count += 1;
        bytes += gone.bytes;
    }
    writer.commit().await.map_err(Error::from)?;
    at.log(Note::new("clean-up-done").arg("count", count).arg("bytes", size::bytes(bytes)));
    Ok(Next::Done)
}

fn part<'a>(at: &Here, state: &'a State) -> Result<&'a Part, StepError> {
    let missing = || words::refused(Problem::internal("task-not-made"));
    state.tenants.get(at.lane()).ok_or_else(missing)
}

/// Returns the current plan for a tenant's sets.
async fn plan_now(at: &Here, state: &State, part: &Part) -> Result<TenantPlan, StepError> {
    let context = at.context();
    let cluster = context.cluster(state.cluster).await?;
    let plans = plan(context, &cluster, state.storage, &[part.tenant], state.policy).await?;
    let nothing = || TenantPlan {
        tenant: part.tenant,
        tenant_name: at.lane().to_owned(),
        policy: state.policy.unwrap_or(model::retention::Policy::KEEP_ALL),
        sets: Vec::new(),
    };
    Ok(plans.into_iter().next().unwrap_or_else(nothing))
}

/// Returns the sets to delete: planned ones that no rule keeps now, and those that an earlier clean-up marked.
fn doomed<'a>(now: &'a TenantPlan, part: &Part) -> Vec<&'a PlannedSet> {
    let is_meant = |planned: &&PlannedSet| {
        part.planned.contains(&planned.set.id) || planned.set.status == BackupSetStatus::Deleting
    };
    now.deleted().filter(is_meant).collect()
}
