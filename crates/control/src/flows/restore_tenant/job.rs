//! 4. The database has recorded our job. The mark that identifies it is saved before the statement is sent.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::physical::restore::{RestoreJob, RestoreMark, RestoreStatus};
use model::problem::codes;
use oceanbase::Driver;
use oceanbase::physical::NewTenant;

use super::source::written;
use super::state::{Here, State};
use crate::error::Error;
use crate::words;

/// How soon the job is looked for again.
const LOOK: Duration = Duration::from_secs(5);

/// How often the job is searched for after an answer with an unknown outcome: the database checks the storage before
/// it records the job.
const DOUBTS_MAX: u32 = 60;

/// While the statement waits, the job is looked for after this time, and then after twice as long each time.
const GLANCE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

/// A statement is sent so soon after that was written down, in microseconds.
const FRESH_US: u64 = 60 * 1_000_000;

/// The server's error numbers for a killed statement; what it started continues.
const INTERRUPTED: [u16; 3] = [1317, 4064, 4072];

pub(super) async fn start_restore(at: &Here, state: &mut State) -> Answer {
    if let Some(job) = state.job {
        // It runs again after a refused rollback; the next step reads the status of the job.
        at.log(Note::new("restore-job-found").arg("job", job).arg("tenant", &state.tenant_name));
        return Ok(Next::Done);
    }
    let mut driver = super::driver(at, state).await?;
    begin(at, state, &mut driver).await
}

/// Notes what is there before our restore, so that its job is known again.
pub(super) async fn mark(at: &Here, state: &mut State, driver: &mut Driver) -> Result<(), StepError> {
    let tag = format!("lifeboat-{}-{}", at.task(), state.tag);
    let tag = driver.verbs().keeps_restore_tag().then_some(tag);
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let runs = |job: &&RestoreJob| job.status == RestoreStatus::Running;
    let is_ours = |job: &RestoreJob| tag.as_ref() == Some(&job.description);
    if let Some(job) = jobs.iter().filter(runs).find(|job| !is_ours(job)) {
        let problem = Problem::refused(codes::RECOVERY_RUNS_ALREADY, "recovery-job-foreign");
        return Err(words::refused(problem.with("tenant", &state.tenant_name).with("job", job.id)));
    }
    // A job that this task started and forgot because of its answer is found again.
    let before = jobs.iter().filter(|job| !(runs(job) && is_ours(job)));
    let newest = before.map(|job| job.id).max().unwrap_or(0);
    state.mark = Some(RestoreMark { newest, at: driver.database_now().await.map_err(Error::from)?, tag });
    Ok(())
}

/// Begins our job, unless it is there.
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
    let now = driver.database_now().await.map_err(Error::from)?;
    if state.sent.is_none_or(|sent| now.since(sent) > FRESH_US) {
        state.sent = Some(now);
        return Ok(Next::again(Duration::ZERO)); // saved before it is sent: a clean-up waits for a job that comes late
    }
    send(at, state, driver).await
}

/// Sends the statement on a connection of its own, and looks for the job meanwhile: it is there long before the answer.
async fn send(at: &Here, state: &mut State, driver: &mut Driver) -> Answer {
    let context = at.context();
    let mut own = super::driver(at, state).await?;
    let passwords = state.open_passwords(context)?;
    if !passwords.is_empty() {
        // They hold for this connection only.
        let statement = own.verbs().set_restore_passwords(&passwords);
        own.act(&statement).await.map_err(Error::from)?;
    }
    let from = written(context, &state.places, own.server()).await?;
    let locality = state.resources.locality();
    let tag = state.mark.as_ref().and_then(|mark| mark.tag.clone()).unwrap_or_default();
    let statement = own.verbs().start_restore(&NewTenant {
        name: &state.tenant_name,
        from: &from,
        scn: state.scn,
        pools: state.pools(),
        locality: locality.as_deref(),
        primary_zone: state.primary_zone.as_deref(),
        tag: &tag,
    });
    at.may_act(statement.timeout).await?;
    let mut answer = std::pin::pin!(own.act(&statement));
    let mut pause = GLANCE.0;
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut answer => break outcome,
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
            state.doubts = DOUBTS_MAX;
            Ok(Next::again(LOOK))
        }
        Err(error) => {
            (state.mark, state.sent) = (None, None);
            Err(refused(error))
        }
        // It is there; the next look finds it.
        Ok(()) => {
            state.doubts = DOUBTS_MAX;
            Ok(Next::again(LOOK))
        }
    }
}

/// Looks for our job, and writes down which one it is.
async fn is_there(at: &Here, state: &mut State, driver: &mut Driver) -> Result<bool, StepError> {
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = state.ours(&jobs).cloned() else { return Ok(false) };
    state.remember(&job);
    at.log(Note::new("restore-job-started").arg("job", job.id).arg("tenant", &state.tenant_name));
    Ok(true)
}

/// Returns whether the outcome of the statement is unknown: the RootServer executes it, and continues when the server
/// of our connection loses it.
fn leaves_open(error: &oceanbase::Error) -> bool {
    error.is_transient() || error.number().is_none_or(|number| INTERRUPTED.contains(&number))
}

fn refused(error: oceanbase::Error) -> StepError {
    Error::from(error).into()
}

#[cfg(test)]
mod tests {
    use model::cluster::Address;

    use super::leaves_open;

    #[test]
    fn only_a_refusal_proves_that_no_job_will_come() {
        let answer = |number| oceanbase::Error::Server {
            address: Address { host: "one".into(), port: 2881 },
            statement: String::new(),
            number,
            sqlstate: "HY000".into(),
            text: String::new(),
        };
        // Timed out, the RootServer moved or was not reached, or the statement was killed.
        for number in [4012, 4038, 4121, 4122, 4124, 1317] {
            assert!(leaves_open(&answer(number)), "{number}");
        }
        for number in [1064, 1210, 4626, 5156, 9047, 9119] {
            assert!(!leaves_open(&answer(number)), "{number}");
        }
    }
}
