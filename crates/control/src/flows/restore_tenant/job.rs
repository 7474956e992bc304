//! 4. A view shows our job. The mark that identifies the job is saved before the statement is sent.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::ability::Generation;
use model::order::RecoverUntil;
use model::physical::restore::RestoreMark;
use model::physical::sent::{Sending, Sent};
use model::problem::codes;
use oceanbase::Driver;

use super::state::{Here, State};
use crate::error::Error;
use crate::flows::recovery_source::{self, act, driver, leaves_open, shown, written};
use crate::words;

/// The interval between two polls for the job.
const LOOK: Duration = Duration::from_secs(5);

/// How many polls look for the job before the statement is sent again, after an answer with an unknown outcome: the
/// database checks the storage before it records the job.
const DOUBTS_MAX: u32 = 60;

/// While the statement blocks, the first poll for the job comes after the first time. Each further interval is twice as
/// long, up to the second time.
const GLANCE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

/// How long after its statement a job may appear, in microseconds: the database reads the storage before it records
/// the job.
pub(super) const LATE_US: u64 = 5 * 60 * 1_000_000;

/// How many times the statement is sent again before 4.0 because the logs in the storage do not reach the latest time
/// yet: the views are ahead of the storage.
const LOGS_LOOKS: u32 = 36;

/// The server's error number for logs, or a tenant, that are not in the storage.
const NOT_THERE: u16 = 4018;

pub(super) async fn start_restore(at: &Here, state: &mut State) -> Answer {
    if let Some(job) = state.job {
        // The step runs again after a refused rollback; the next step reads the status of the job.
        at.log(Note::new("restore-job-found").arg("job", job).arg("tenant", &state.tenant_name));
        return Ok(Next::Done);
    }
    let mut driver = driver(at, state.origin.cluster).await?;
    begin(at, state, &mut driver).await
}

/// Marks the newest job before our restore, so that our job can be identified.
///
/// # Errors
/// If another job restores a tenant of this name.
pub(super) async fn mark(at: &Here, state: &mut State, driver: &mut Driver) -> Result<(), StepError> {
    let tag = format!("lifeboat-{}-{}", at.task(), state.tag);
    let tag = driver.verbs().keeps_restore_tag().then_some(tag);
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let newest = RestoreMark::newest_before(&jobs, tag.as_deref()).map_err(|foreign| {
        let problem = Problem::refused(codes::RECOVERY_RUNS_ALREADY, "recovery-job-foreign");
        words::refused(problem.with("tenant", &state.tenant_name).with("job", foreign))
    })?;
    state.mark = Some(RestoreMark { newest, at: driver.database_now().await.map_err(Error::from)?, tag });
    Ok(())
}

/// Starts our job, unless it exists.
pub(super) async fn begin(at: &Here, state: &mut State, driver: &mut Driver) -> Answer {
    if state.mark.is_none() {
        mark(at, state, driver).await?;
        return Ok(Next::again(Duration::ZERO)); // saved before anything is sent
    }
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    if let Some(job) = state.ours(&jobs).cloned() {
        state.remember(&job);
        at.log(Note::new("restore-job-found").arg("job", job.id).arg("tenant", &state.tenant_name));
        return Ok(Next::Done);
    }
    if state.doubts > 0 {
        state.doubts -= 1;
        return Ok(Next::again(LOOK));
    }
    if !allow(at, driver).await? {
        return Ok(Next::again(LOOK)); // servers read a parameter within some seconds
    }
    let (now, run) = (driver.database_now().await.map_err(Error::from)?, at.context().run);
    let sent = state.sent.map(|sent| Sent::intended(sent, state.sent_by));
    match Sent::next(sent, run, now, LATE_US) {
        Sending::Send => send(at, state, driver).await,
        Sending::Look => Ok(Next::again(LOOK)),
        Sending::Save => {
            (state.sent, state.sent_by) = (Some(now), run);
            Ok(Next::again(Duration::ZERO)) // saved first: a clean-up waits for a late job
        }
    }
}

/// Sets the parameter that allows restores, if the version has one. Returns whether every server has read it.
async fn allow(at: &Here, driver: &mut Driver) -> Result<bool, StepError> {
    let Some(statement) = driver.verbs().allow_restore() else { return Ok(true) };
    if driver.is_restore_allowed().await.map_err(Error::from)? {
        return Ok(true);
    }
    act(at, driver, &statement).await?;
    at.log(Note::new("restore-allowed"));
    Ok(false)
}

/// Sends the statement on its own connection, and polls for the job meanwhile: a view shows the job long before the
/// statement returns.
async fn send(at: &Here, state: &mut State, driver: &mut Driver) -> Answer {
    let context = at.context();
    let mut own = recovery_source::driver(at, state.origin.cluster).await?;
    let passwords = state.origin.open_passwords(context)?;
    if !passwords.is_empty() {
        // The passwords apply to this connection only.
        let statement = own.verbs().set_restore_passwords(&passwords);
        own.act(&statement).await.map_err(Error::from)?;
    }
    let from = written(context, &state.origin.places, own.server()).await?;
    let locality = state.resources.locality();
    let tag = state.mark.as_ref().and_then(|mark| mark.tag.clone()).unwrap_or_default();
    let statement = own.verbs().start_restore(&state.new_tenant(&from, locality.as_deref(), &tag));
    at.may_act(statement.timeout).await?;
    // If the views cannot be read, or the answer is lost, the next body must not send the statement again.
    state.doubts = DOUBTS_MAX;
    let mut answer = std::pin::pin!(own.act(&statement));
    let mut pause = GLANCE.0;
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut answer => break outcome,
            () = at.cancelled().cancelled() => return Ok(Next::again(LOOK)),
            () = tokio::time::sleep(pause) => {
                if is_there(at, state, driver).await? {
                    return Ok(Next::Done);
                }
                pause = (pause * 2).min(GLANCE.1);
            }
        }
    };
    if is_there(at, state, driver).await? {
        return Ok(Next::Done);
    }
    match outcome {
        Err(error) if leaves_open(&error) => {
            at.log(Note::new("restore-answer-lost").arg("tenant", &state.tenant_name));
            Ok(Next::again(LOOK))
        }
        Err(error) if waits_for_logs(state, &error) => {
            if state.waits_for_logs == 0 {
                at.log(
                    Note::new("restore-waits-for-logs").arg("moment", shown(state.origin.scn.unwrap_or(0))),
                );
            }
            state.waits_for_logs += 1;
            (state.doubts, state.sent) = (0, None); // a refusal proves that no job will come
            Ok(Next::again(LOOK))
        }
        Err(error) => {
            (state.mark, state.sent, state.waits_for_logs, state.doubts) = (None, None, 0, 0);
            Err(refused(error))
        }
        // The job exists; a later poll finds it.
        Ok(()) => Ok(Next::again(LOOK)),
    }
}

/// Looks for our job and records its number; returns whether a view shows it.
async fn is_there(at: &Here, state: &mut State, driver: &mut Driver) -> Result<bool, StepError> {
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = state.ours(&jobs).cloned() else { return Ok(false) };
    state.remember(&job);
    at.log(Note::new("restore-job-started").arg("job", job.id).arg("tenant", &state.tenant_name));
    Ok(true)
}

/// Returns whether the logs in the storage may soon reach the time. Before 4.0 the latest time comes from the views.
fn waits_for_logs(state: &State, error: &oceanbase::Error) -> bool {
    state.origin.generation == Generation::Gen3
        && state.origin.until == RecoverUntil::Latest
        && state.waits_for_logs < LOGS_LOOKS
        && error.number() == Some(NOT_THERE)
}

fn refused(error: oceanbase::Error) -> StepError {
    Error::from(error).into()
}
