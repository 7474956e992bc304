//! 5. Our job has succeeded. Only the job's row proves success: an empty view does not.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, Progress, StepError};
use model::Problem;
use model::physical::restore::{RestoreJob, RestoreStatus};
use model::problem::codes;
use model::time::Timestamp;
use oceanbase::Driver;
use oceanbase::error::problem_of_result;

use super::job::begin;
use super::state::{Here, Sample, State};
use crate::error::Error;
use crate::flows::recovery_source::{driver, shown};
use crate::words;

/// The bounds of the interval between two polls, which is a twentieth of the time since the first poll.
const LOOK: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// How many polls in a row may show our job in no view.
const UNSEEN_MAX: u32 = 60;

/// How many times a failed job is polled again for its reason, which only the history shows.
const REASON_LOOKS: u32 = 12;

/// After this time without progress, the log reports that the restore is stuck.
const STUCK_US: u64 = 10 * 60 * 1_000_000;

pub(super) async fn wait_for_restore(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    if state.mark.is_none() {
        return restart(at, state, &mut driver).await;
    }
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = state.ours(&jobs).cloned() else {
        if state.job.is_none() {
            return restart(at, state, &mut driver).await;
        }
        state.unseen += 1;
        if state.unseen <= UNSEEN_MAX {
            return Ok(Next::again(LOOK.0));
        }
        state.unseen = 0; // a retry polls the full number of times again
        return Err(words::refused(about(state, "restore-job-gone").with("job", state.job.unwrap_or(0))));
    };
    state.check_restored(&job).map_err(words::refused)?;
    let unseen = state.unseen;
    state.remember(&job);
    match job.status {
        RestoreStatus::Running => watch(at, state, &mut driver, &job).await,
        RestoreStatus::Succeeded => {
            let total = job.bytes_total.max(job.bytes_done);
            at.progress(progress(total, Some(total), None, None));
            at.log(Note::new("restore-job-done").arg("job", job.id).arg("moment", shown(job.scn)));
            Ok(Next::Done)
        }
        RestoreStatus::Failed if job.comment.is_empty() && unseen < REASON_LOOKS => {
            state.unseen = unseen + 1;
            Ok(Next::again(LOOK.0))
        }
        RestoreStatus::Failed => Err(failure(at, state, &mut driver, &job).await?),
    }
}

/// Starts another job after one that left no trace, or that was never sent.
async fn restart(at: &Here, state: &mut State, driver: &mut Driver) -> Answer {
    begin(at, state, driver).await.map(|next| match next {
        Next::Done => Next::again(LOOK.0),
        again => again,
    })
}

/// Reports why a job failed. Its remains stay until a rollback; if nothing remains, a retry starts another job.
async fn failure(
    at: &Here,
    state: &mut State,
    driver: &mut Driver,
    job: &RestoreJob,
) -> Result<StepError, StepError> {
    let address = driver.session().address().clone();
    let meaning =
        result_in(&job.comment).and_then(|result| problem_of_result(result, &job.comment, &address));
    if let Some(meaning) = meaning {
        at.log(words::note(meaning.text));
    }
    let tenants = driver.tenants().await.map_err(Error::from)?;
    let is_left = tenants.iter().any(|tenant| Some(tenant.id) == state.tenant);
    let id = if is_left { "restore-job-failed" } else { "restore-job-failed-and-gone" };
    let problem = about(state, id).with("job", job.id);
    let problem = if job.comment.is_empty() { problem } else { problem.raw(&job.comment) };
    if !is_left {
        state.forget();
    }
    state.unseen = 0;
    Ok(words::refused(problem))
}

/// Finds the number in `…, result: -4103(…), …`, or before 4.0 in `RESTORE_DATA: -4103 …`.
fn result_in(comment: &str) -> Option<u64> {
    let (_, rest) = comment.split_once("result: -").or_else(|| comment.split_once(": -"))?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

fn about(state: &State, id: &str) -> Problem {
    Problem::outside(id).coded(codes::RECOVERY_FAILED).with("tenant", &state.tenant_name)
}

async fn watch(at: &Here, state: &mut State, driver: &mut Driver, job: &RestoreJob) -> Answer {
    let now = driver.database_now().await.map_err(Error::from)?;
    let (sample, rate) = sampled(state.sample, moved(job), now);
    let percent = |part: Option<u32>| part.map_or_else(|| "-".to_owned(), percent);
    let mut note = Note::new("restore-progress")
        .arg("stage", &job.stage)
        .arg("data", percent(job.data_progress))
        .arg("logs", percent(job.log_progress));
    if now.since(sample.since) >= STUCK_US {
        note = Note::new("restore-stuck")
            .arg("stage", &job.stage)
            .arg("minutes", now.since(sample.since) / 60_000_000);
        at.log(note.clone());
    }
    let total = Some(job.bytes_total).filter(|total| *total > 0);
    let rate = rate.filter(|_| total.is_some());
    state.sample = Some(sample);
    let elapsed = Duration::from_micros(now.since(sample.begun));
    let progress = progress(job.bytes_done, total, rate, Some(note));
    Ok(Next::Again { after: (elapsed / 20).clamp(LOOK.0, LOOK.1), progress: Some(progress) })
}

/// Returns the number that grows while a restore progresses: bytes, or if the version counts none, hundredths of a
/// percent.
fn moved(job: &RestoreJob) -> u64 {
    let parts = u64::from(job.data_progress.unwrap_or(0)) + u64::from(job.log_progress.unwrap_or(0));
    if job.bytes_total > 0 { job.bytes_done } else { parts }
}

/// Returns the progress of the job now, and its rate since the last poll.
fn sampled(before: Option<Sample>, done: u64, now: Timestamp) -> (Sample, Option<u64>) {
    let Some(before) = before else { return (Sample { done, at: now, since: now, begun: now }, None) };
    let since = if done == before.done { before.since } else { now };
    let rate = u128::from(done.saturating_sub(before.done)) * 1_000_000;
    let rate = rate.checked_div(u128::from(now.since(before.at))).and_then(|rate| u64::try_from(rate).ok());
    (Sample { done, at: now, since, begun: before.begun }, rate)
}

fn percent(hundredths: u32) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn progress(done: u64, total: Option<u64>, rate_per_s: Option<u64>, note: Option<Note>) -> Progress {
    Progress { done, total, unit: "bytes".to_owned(), rate_per_s, note }
}

#[cfg(test)]
mod tests {
    use model::time::Timestamp;

    use super::{percent, result_in, sampled};

    #[test]
    fn the_number_of_a_failure_is_found_in_its_comment() {
        let comment =
            "(SERVER)ls_id: 1001, addr: 1.2.3.4:2882, module: RESTORE_DATA, result: -4103(x), trace_id: Y";
        assert_eq!(result_in(comment), Some(4103));
        assert_eq!(result_in("RESTORE_DATA: -4103 checksum error"), Some(4103));
        assert_eq!(result_in("restore is canceled"), None);
    }

    #[test]
    fn a_restore_that_does_not_move_is_known_by_the_moment_it_stopped() {
        let at = |second: i64| Timestamp(second * 1_000_000);
        let (first, rate) = sampled(None, 100, at(10));
        assert_eq!(rate, None);
        let (second, rate) = sampled(Some(first), 300, at(20));
        assert_eq!((rate, second.since), (Some(20), at(20)));
        let (third, rate) = sampled(Some(second), 300, at(90));
        assert_eq!((rate, third.since, third.begun), (Some(0), at(20), at(10)));
        assert_eq!(sampled(Some(third), 300, at(90)).1, None, "no time has passed");
        assert_eq!(percent(4_250), "42.50 %");
    }
}
