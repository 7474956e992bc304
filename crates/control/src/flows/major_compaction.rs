//! A major compaction of selected tenants (4.x), or of the whole cluster (before 4.0, and seekdb).
//!
//! 1. `check-compaction`      the cluster is not being upgraded, and no selected tenant has a compaction error
//! 2. `major-freeze`          the database shows a freeze newer than the one before the request
//! 3. `wait-for-compaction`   that freeze is completely merged
//!
//! There is no undo: a freeze cannot be reverted. A cancel ends the wait, not the merge.

mod request;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use engine::flow::Answer;
use engine::{Flow, Next, Note, Progress, Step, StepError};
use model::Problem;
use model::cluster::refuse_upgrading;
use model::compaction::{Compaction, CompactionStatus};
use oceanbase::Driver;

use crate::context::Context;
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::words;
pub(crate) use request::TAKER;
pub(crate) use state::MajorCompaction;
use state::{Here, Lane, State};

/// How long a merge may take.
const MERGE_LIMIT: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// The interval between two polls.
const LOOK: Duration = Duration::from_secs(10);

impl Flow for MajorCompaction {
    const KIND: &'static str = "major-compaction"; // stored; never renamed once released
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-compaction", |at, s| Box::pin(check_compaction(at, s))),
        Step::each("major-freeze", |at, s, l| Box::pin(major_freeze(at, s, l))),
        Step::each("wait-for-compaction", |at, s, l| Box::pin(wait_for_compaction(at, s, l)))
            .timeout(MERGE_LIMIT),
    ];
}

/// 1. The cluster is not being upgraded, and no selected tenant has a compaction error.
async fn check_compaction(at: &Here, state: &mut State) -> Answer {
    let mut cluster = at.context().cluster(state.cluster).await?;
    let mut driver = driver(at, state).await?;
    cluster.facts = driver.probe().await.map_err(Error::from)?;
    refuse_upgrading(&cluster).map_err(words::refused)?;
    let compactions = driver.compactions().await.map_err(Error::from)?;
    for (name, tenant) in &state.tenants {
        let known = compactions.iter().find(|one| one.tenant == *tenant);
        let known =
            known.ok_or_else(|| words::refused(Problem::not_found("tenant-unknown").with("tenant", name)))?;
        if known.status == CompactionStatus::Error {
            return Err(in_error(name, known));
        }
    }
    Ok(Next::Done)
}

/// 2. The database shows a freeze newer than the one before the request, which is saved first.
async fn major_freeze(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let mut driver = driver(at, state).await?;
    let compaction = find(at, &mut driver, state).await?;
    let Some(before) = lane.before else {
        // A freeze that is being merged already is not ours. Ours is requested after that merge.
        if compaction.status == CompactionStatus::Compacting {
            return Ok(Next::again(LOOK));
        }
        lane.before = Some(compaction.frozen);
        return Ok(Next::again(Duration::ZERO));
    };
    if compaction.frozen > before {
        return Ok(Next::Done);
    }
    if compaction.status == CompactionStatus::Error {
        return Err(in_error(at.lane(), &compaction));
    }
    let statement = driver.verbs().major_freeze(at.lane());
    at.may_act(statement.timeout).await?;
    for (number, said) in driver.act_and_hear(&statement).await.map_err(Error::from)? {
        at.log(Note::new("compaction-warned").arg("number", number).arg("words", said));
    }
    // On 4.x the statement returns OK even if nothing was frozen: only the next poll shows the result.
    Ok(Next::again(LOOK))
}

/// 3. Our freeze is completely merged.
async fn wait_for_compaction(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let mut driver = driver(at, state).await?;
    let compaction = find(at, &mut driver, state).await?;
    if compaction.status == CompactionStatus::Error {
        return Err(in_error(at.lane(), &compaction));
    }
    let ours = lane.before.unwrap_or_default().saturating_add(1);
    if compaction.has_merged(ours) {
        at.log(Note::new("compaction-done").arg("tenant", at.lane()));
        return Ok(Next::Done);
    }
    let note =
        Note::new("compaction-waiting").arg("frozen", compaction.frozen).arg("merged", compaction.merged);
    let progress =
        Progress { done: 0, total: None, unit: "items".to_owned(), rate_per_s: None, note: Some(note) };
    Ok(Next::Again { after: LOOK, progress: Some(progress) })
}

async fn driver(at: &Here, state: &State) -> Result<Driver, StepError> {
    let context = at.context();
    let cluster = context.cluster(state.cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    Ok(Driver::open(&endpoint, Arc::new(StepLog::new(at))).await.map_err(Error::from)?)
}

async fn find(at: &Here, driver: &mut Driver, state: &State) -> Result<Compaction, StepError> {
    let tenant = state.tenants.get(at.lane());
    let compactions = driver.compactions().await.map_err(Error::from)?;
    let found = compactions.into_iter().find(|one| Some(&one.tenant) == tenant);
    found.ok_or_else(|| words::refused(Problem::not_found("tenant-unknown").with("tenant", at.lane())))
}

fn in_error(name: &str, compaction: &Compaction) -> StepError {
    words::refused(Problem::outside("compaction-in-error").with("tenant", name).raw(&compaction.info))
}
