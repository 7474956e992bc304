//! Starts, stops, pauses or resumes log backup. On 4.x each tenant is a lane; before 4.0 the cluster is the only lane.
//!
//! 1. `check-log-backup`    the cluster supports the request, is not being upgraded, and a lane's status allows it
//! 2. `change-log-backup`   the statement is sent if it is needed, and log backup has reached the requested state
//!
//! The flow sets no destinations: a start needs destinations that are already set. There is no undo: an accepted
//! statement stays in effect.

mod request;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use engine::flow::Answer;
use engine::{At, Flow, Next, Note, Step, StepError};
use model::Problem;
use model::ability::Generation;
use model::archive::{ArchiveRound, ArchiveStep, LogBackupWish, next_step};
use model::cluster::refuse_upgrading;
use model::physical::Scope;
use model::problem::codes;
use oceanbase::Driver;

use crate::context::Context;
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::words;
pub(crate) use request::TAKER;
pub(crate) use state::LogBackup;
use state::{Lane, State};

/// How long log backup may take to reach the state: typically tens of seconds, for a forced stop ten minutes.
const LIMIT_US: u64 = 60 * 60 * 1_000_000;

/// How long a step may take.
const STEP_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// The interval between two polls.
const LOOK: Duration = Duration::from_secs(5);

impl Flow for LogBackup {
    const KIND: &'static str = "log-backup"; // stored; never renamed once released
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-log-backup", |at, s| Box::pin(check_log_backup(at, s))).timeout(STEP_LIMIT),
        Step::each("change-log-backup", |at, s, l| Box::pin(change_log_backup(at, s, l))).timeout(STEP_LIMIT),
    ];
}

/// 1. The cluster supports the request, is not being upgraded, and the status of at least one lane allows it.
async fn check_log_backup(at: &At<LogBackup>, state: &mut State) -> Answer {
    let mut cluster = at.context().cluster(state.cluster).await?;
    let mut driver = driver(at, state).await?;
    cluster.facts = driver.probe().await.map_err(Error::from)?;
    refuse_upgrading(&cluster).map_err(words::refused)?;
    refuse_pause(&driver, state.wish).map_err(words::refused)?;
    let (mut refusal, mut is_any_fit) = (None, false);
    for scope in state.scopes.values() {
        let round = round(&mut driver, scope).await?;
        match next_step(state.wish, &round) {
            Ok(_) => is_any_fit = true,
            Err(problem) => {
                at.log(words::note(problem.text.clone()));
                refusal = Some(problem);
            }
        }
    }
    match refusal {
        Some(problem) if !is_any_fit => Err(words::refused(problem)),
        _ => Ok(Next::Done),
    }
}

/// 2. The statement is sent if it is needed, and log backup has reached the requested state.
async fn change_log_backup(at: &At<LogBackup>, state: &State, lane: &mut Lane) -> Answer {
    let unknown = || words::refused(Problem::not_found("tenant-unknown").with("tenant", at.lane()));
    let scope = state.scopes.get(at.lane()).ok_or_else(unknown)?;
    let mut driver = driver(at, state).await?;
    let round = round(&mut driver, scope).await?;
    let step = next_step(state.wish, &round).map_err(words::refused)?;
    if step == ArchiveStep::Nothing {
        at.log(Note::new("log-backup-done").arg("tenant", at.lane()).arg("status", round.status.word()));
        at.context().look.notify_one(); // an alarm about log backup may have ended
        return Ok(Next::Done);
    }
    let now = driver.database_now().await.map_err(Error::from)?;
    let since = *lane.since.get_or_insert(now);
    if now.since(since) > LIMIT_US {
        lane.since = None; // a retry waits again
        return Err(words::refused(too_slow(state.wish, &round, now.since(since))));
    }
    at.log(Note::new("log-backup-is").arg("status", round.status.word()));
    if let Some(statement) = driver.verbs().archive_step(scope, step) {
        at.may_act(statement.timeout).await?;
        match driver.act(&statement).await {
            Err(error) if driver.verbs().is_so_already(&error) => {}
            done => done.map_err(Error::from)?,
        }
    }
    Ok(Next::again(LOOK))
}

async fn driver(at: &At<LogBackup>, state: &State) -> Result<Driver, StepError> {
    let context = at.context();
    let cluster = context.cluster(state.cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    Ok(Driver::open(&endpoint, Arc::new(StepLog::new(at))).await.map_err(Error::from)?)
}

async fn round(driver: &mut Driver, scope: &Scope) -> Result<ArchiveRound, StepError> {
    let round = driver.archive_round(scope).await.map_err(Error::from)?;
    round.ok_or_else(|| words::refused(Problem::not_found("tenant-unknown").with("tenant", scope.tenant())))
}

fn refuse_pause(driver: &Driver, wish: LogBackupWish) -> Result<(), Problem> {
    let is_pause = matches!(wish, LogBackupWish::Pause | LogBackupWish::Resume);
    if driver.generation() == Generation::Seekdb {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "log-backup-not-offered"));
    }
    if is_pause && !driver.verbs().can_pause() {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "log-backup-no-pause"));
    }
    Ok(())
}

fn too_slow(wish: LogBackupWish, round: &ArchiveRound, elapsed_us: u64) -> Problem {
    let (code, state) = match wish {
        LogBackupWish::Start | LogBackupWish::Resume => (codes::LOG_BACKUP_NOT_STARTED, "DOING"),
        LogBackupWish::Stop => (codes::LOG_BACKUP_NOT_STOPPED, "STOP"),
        LogBackupWish::Pause => (codes::LOG_BACKUP_NOT_STOPPED, "SUSPEND"),
    };
    Problem::refused(code, "log-backup-slow")
        .with("wish", state)
        .with("minutes", elapsed_us / 60_000_000)
        .with("status", round.status.word())
        .raw(&round.comment)
}
