//! 4. Our job has ended, and has recovered something. Only its row in the history proves its end: neither an empty view
//!    does, nor the row of a running job, which shows the outcome before the auxiliary tenant is dropped.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, Progress, StepError};
use model::Problem;
use model::physical::table_recovery::{TableImport, TableJob, TableJobLeft, TableOutcome, explained, left};
use model::problem::codes;
use oceanbase::Driver;

use super::clean_up;
use super::finish::imports;
use super::job::begin;
use super::state::{Here, Moved, State};
use crate::error::Error;
use crate::flows::recovery_source::{driver, shown};
use crate::words;

/// The bounds of the interval between two polls, which is a twentieth of the time since the first poll.
const LOOK: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// How many polls in a row may show our job in no view.
const UNSEEN_MAX: u32 = 60;

/// After this time without progress, the log reports that the job is stuck.
const STUCK_US: u64 = 30 * 60 * 1_000_000;

pub(super) async fn wait_for_table_recovery(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let Some(id) = state.job else { return restart(at, state, &mut driver).await };
    let jobs = driver.table_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = jobs.iter().find(|job| job.id == id) else {
        state.unseen += 1;
        if state.unseen <= UNSEEN_MAX {
            return Ok(Next::again(LOOK.0));
        }
        state.unseen = 0; // a retry polls the full number of times again
        return Err(words::refused(about(state, "table-job-gone").with("job", id)));
    };
    if let Err(problem) = state.check_moment(job) {
        // Nobody needs tables of another time.
        let now = driver.database_now().await.map_err(Error::from)?;
        if let TableJobLeft::Runs(job) = left(&jobs, &state.description(at), state.sent, now) {
            clean_up::cancel(at, state, &mut driver, job).await?;
        }
        return Err(words::refused(problem));
    }
    state.remember(job);
    let (import, tables) = if job.is_past { imports(&mut driver, job).await? } else { Default::default() };
    let made = tables.iter().filter(|table| table.is_made == Some(true)).count();
    match job.outcome(made) {
        TableOutcome::Open => return watch(at, state, &mut driver, job).await,
        TableOutcome::Failed => return Err(failure(at, state, job)),
        TableOutcome::Empty => return Err(words::refused(about(state, "table-recovery-empty"))),
        TableOutcome::Made => state.learn(import, &tables),
    }
    let all = u64::try_from(tables.len()).unwrap_or(u64::MAX);
    at.progress(progress(all, Some(all), None));
    at.log(Note::new("table-job-ended").arg("job", job.id).arg("moment", shown(job.scn)));
    Ok(Next::Done)
}

/// Starts another job after one that recovered nothing.
async fn restart(at: &Here, state: &mut State, driver: &mut Driver) -> Answer {
    begin(at, state, driver).await.map(|next| match next {
        Next::Done => Next::again(LOOK.0),
        again => again,
    })
}

/// Reports why a job recovered nothing. A retry starts another one.
fn failure(at: &Here, state: &mut State, job: &TableJob) -> StepError {
    if let Some(reason) = explained(&job.comment) {
        at.log(words::note(reason));
    }
    let problem = about(state, "table-job-failed").with("job", job.id);
    state.forget();
    words::refused(if job.comment.is_empty() { problem } else { problem.raw(&job.comment) })
}

fn about(state: &State, id: &str) -> Problem {
    Problem::outside(id).coded(codes::RECOVERY_FAILED).with("tenant", &state.tenant_name)
}

async fn watch(at: &Here, state: &mut State, driver: &mut Driver, job: &TableJob) -> Answer {
    let now = driver.database_now().await.map_err(Error::from)?;
    let import = driver.table_import(job).await.map_err(Error::from)?.unwrap_or_default();
    let TableImport { total, done, failed, .. } = import;
    let ended = done.saturating_add(failed);
    let before = state.moved.take();
    let begun = before.as_ref().map_or(now, |before| before.begun);
    let stayed = before.filter(|before| before.stage == job.stage && before.done == ended);
    let since = stayed.map_or(now, |before| before.since);
    state.moved = Some(Moved { stage: job.stage.clone(), done: ended, since, begun });
    let note = match total {
        0 => Note::new("table-stage").arg("stage", &job.stage),
        _ => Note::new("table-progress").arg("stage", &job.stage).arg("done", done).arg("total", total),
    };
    if now.since(since) >= STUCK_US {
        let minutes = now.since(since) / 60_000_000;
        at.log(Note::new("table-stuck").arg("stage", &job.stage).arg("minutes", minutes));
    }
    let elapsed = Duration::from_micros(now.since(begun));
    let progress = progress(ended, Some(total).filter(|total| *total > 0), Some(note));
    Ok(Next::Again { after: (elapsed / 20).clamp(LOOK.0, LOOK.1), progress: Some(progress) })
}

fn progress(done: u64, total: Option<u64>, note: Option<Note>) -> Progress {
    Progress { done, total, unit: "tables".to_owned(), rate_per_s: None, note }
}
