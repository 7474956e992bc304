//! A cancel and a rollback: our job ends, and no other one. Recovered tables stay.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note};
use model::Problem;
use model::physical::table_recovery::{TableJobLeft, TableJobStatus, left};
use model::problem::codes;
use oceanbase::Driver;

use super::finish::imports;
use super::state::{Here, State};
use crate::error::Error;
use crate::flows::recovery_source::driver;
use crate::words;

/// The interval between two checks whether the job has ended.
const LOOK: Duration = Duration::from_secs(5);

/// The maximum number of these checks.
const LOOKS_MAX: u32 = 360;

/// The undo of `start-table-recovery`: ends our job, and removes the passwords, because a task that was partly rolled back
/// is never retried.
pub(super) async fn undo(at: &Here, state: &mut State) -> Answer {
    let next = end_job(at, state).await?;
    if next == Next::Done {
        state.origin.passwords = None;
    }
    Ok(next)
}

/// Ends our job. The database drops its auxiliary tenant.
pub(super) async fn end_job(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let jobs = driver.table_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let now = driver.database_now().await.map_err(Error::from)?;
    let tag = state.description(at);
    let ours = jobs.iter().find(|job| job.description == tag);
    if let Some(job) = ours {
        state.remember(job);
    }
    match left(&jobs, &tag, state.sent, now) {
        TableJobLeft::Nothing => {
            state.clean_up_looks = 0;
            let Some(job) = ours else { return Ok(Next::Done) };
            let (_, tables) = imports(&mut driver, job).await?;
            let made = tables.iter().filter(|table| table.is_made == Some(true)).count();
            if made > 0 {
                at.log(Note::new("table-imports-stay").arg("count", made).arg("tenant", &state.tenant_name));
            } else if job.status == TableJobStatus::Failed {
                state.forget();
            }
            Ok(Next::Done)
        }
        TableJobLeft::Runs(job) => cancel(at, state, &mut driver, job).await,
        TableJobLeft::Ending => look_again(state),
        TableJobLeft::Beside(job) => {
            let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "table-job-beside");
            Err(words::refused(problem.with("tenant", &state.tenant_name).with("job", job)))
        }
        TableJobLeft::MayCome => {
            if state.clean_up_looks == 0 {
                at.log(Note::new("table-job-may-come").arg("tenant", &state.tenant_name));
            }
            state.clean_up_looks += 1;
            Ok(Next::again(LOOK))
        }
    }
}

/// Cancels our job, if it is still the only one that runs: the statement names no job.
pub(super) async fn cancel(at: &Here, state: &mut State, driver: &mut Driver, job: i64) -> Answer {
    let statement = driver.verbs().cancel_table_recovery(&state.tenant_name);
    state.check_name(driver).await?;
    let now = driver.database_now().await.map_err(Error::from)?;
    at.may_act(statement.timeout).await?;
    let jobs = driver.table_jobs(&state.tenant_name).await.map_err(Error::from)?;
    if left(&jobs, &state.description(at), state.sent, now) != TableJobLeft::Runs(job) {
        return look_again(state);
    }
    driver.act(&statement).await.map_err(Error::from)?;
    at.log(Note::new("table-job-canceled").arg("job", job).arg("tenant", &state.tenant_name));
    look_again(state)
}

/// Waits for the job to end, for at most `LOOKS_MAX` polls.
fn look_again(state: &mut State) -> Answer {
    state.clean_up_looks += 1;
    if state.clean_up_looks <= LOOKS_MAX {
        return Ok(Next::again(LOOK));
    }
    state.clean_up_looks = 0; // a retry waits its full time again
    let problem = Problem::outside("table-clean-up-slow").coded(codes::RECOVERY_FAILED);
    Err(words::refused(problem.with("tenant", &state.tenant_name).with("job", state.job.unwrap_or(0))))
}
