//! 8. Our job has succeeded. Only the job's row proves success: an empty view does not. If no view shows the job, its
//!    result is unknown.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, Progress, StepError};
use model::Problem;
use model::archive::{self, ArchiveStatus};
use model::backup::DataBackupMode;
use model::physical::identity::part_of;
use model::physical::{BackupJob, JobProgress, JobStatus, SYS, Scope};
use model::problem::codes;
use model::tenant::Tenant;
use model::time::Timestamp;
use oceanbase::Driver;
use oceanbase::error::problem_of_result;

use super::checks::named;
use super::job::{begin, ended_badly};
use super::lane;
use super::{Here, Lane, Sample, State};
use crate::error::Error;
use crate::words;

/// The bounds of the interval between two polls, which is a twentieth of the time since the first poll: a long job does
/// not fill the log.
const LOOK: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// After this time without progress, the log reports that the job is stuck.
const STUCK_US: u64 = 10 * 60 * 1_000_000;

/// How many polls in a row may show an accepted job in no view. On 3.x no view shows a job until its description is
/// stored in the destination; the history shows it as soon as it has ended.
const UNSEEN_MAX: u32 = 120;

/// How many times a finished job is polled again if the job of the sys tenant has not ended, or if its part, its set, or
/// on 3.x the set of a tenant, is missing: the views are read one after the other.
const INCOMPLETE_MAX: u32 = 6;

pub(super) async fn wait_for_data_backup(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let scope = lane::scope(at, state)?;
    let mut driver = lane::driver(at, state).await?;
    let Some(mark) = lane.mark.clone() else { return restart(at, state, lane, &mut driver, scope).await };
    let jobs = driver.backup_jobs(scope).await.map_err(Error::from)?;
    let tenant = scope.tenant();
    let Some(job) = mark.find(&jobs, lane.mode(state), tenant) else {
        // The mark was saved, but the statement may not have been sent: a crash came between, and this is a retry.
        if !lane.accepted && lane.sample.is_none() {
            return restart(at, state, lane, &mut driver, scope).await;
        }
        if is_patient(&mut lane.unseen, UNSEEN_MAX) {
            return Ok(Next::again(LOOK.0));
        }
        return Err(ended_badly(lane, about(scope, "backup-job-gone")));
    };
    let part = if tenant == SYS { Some(job) } else { part_of(job, &jobs, tenant) };
    lane.jobs.extend([Some(job), part].into_iter().flatten().map(|job| (job.tenant, job.id)));
    lane.unseen = 0;
    match part {
        None if job.status.is_over() && is_patient(&mut lane.incomplete, INCOMPLETE_MAX) => {
            Ok(Next::again(LOOK.0))
        }
        None if job.status.is_over() => {
            Err(failure(lane, &mut driver, scope, job, "backup-job-not-begun").await?)
        }
        None => Ok(Next::again(LOOK.0)), // the job of the sys tenant creates the tenant's part within a minute
        // On 4.x the job of the sys tenant ends a little after its part; until then it would hinder the next backup.
        Some(part)
            if part.status == JobStatus::Completed
                && !job.status.is_over()
                && is_patient(&mut lane.incomplete, INCOMPLETE_MAX) =>
        {
            Ok(Next::again(LOOK.0))
        }
        Some(part) if part.status == JobStatus::Completed => finish(at, lane, &mut driver, scope, part).await,
        Some(part) if part.status == JobStatus::Canceled => {
            Err(ended_badly(lane, about(scope, "backup-job-canceled").with("job", part.id)))
        }
        Some(part) if part.status == JobStatus::Failed => {
            Err(failure(lane, &mut driver, scope, part, "backup-job-failed").await?)
        }
        Some(part) => watch(at, lane, &mut driver, part).await,
    }
}

/// Starts another job after one that failed, or that was never sent.
async fn restart(at: &Here, state: &State, lane: &mut Lane, driver: &mut Driver, scope: &Scope) -> Answer {
    begin(at, state, lane, driver, scope).await.map(|next| match next {
        Next::Done => Next::again(LOOK.0),
        again => again,
    })
}

/// Counts another unsuccessful poll; returns whether one more is allowed.
fn is_patient(looks: &mut u32, limit: u32) -> bool {
    *looks += 1;
    *looks <= limit
}

async fn finish(at: &Here, lane: &mut Lane, driver: &mut Driver, scope: &Scope, job: &BackupJob) -> Answer {
    let sets = driver.backup_sets(scope).await.map_err(Error::from)?;
    lane.sets = sets.into_iter().filter(|set| Some(set.set) == job.set).collect();
    if !lane.expected.is_empty() {
        // A tenant that no longer exists needs no backup; one that the kernel skipped does.
        let tenants = driver.tenants().await.map_err(Error::from)?;
        lane.left_out = left_out(lane, &tenants);
    }
    let is_missing = lane.sets.is_empty();
    if (is_missing || !lane.left_out.is_empty()) && is_patient(&mut lane.incomplete, INCOMPLETE_MAX) {
        return Ok(Next::again(LOOK.0));
    }
    if is_missing {
        lane.incomplete = 0; // a retry looks for the set again
        let set = job.set.map_or_else(|| "-".to_owned(), |set| set.to_string());
        let problem = about(scope, "backup-set-missing").coded(codes::DATA_BACKUP_FAILED);
        return Err(words::refused(problem.with("set", set)));
    }
    let bytes = lane.sets.iter().map(|set| set.output_bytes).sum();
    at.progress(progress(bytes, Some(bytes), None));
    Ok(Next::Done)
}

/// Returns the names of the expected tenants that have no set.
fn left_out(lane: &Lane, tenants: &[Tenant]) -> Vec<String> {
    let has_set = |tenant: &Tenant| lane.sets.iter().any(|set| set.tenant == tenant.id);
    let expected = tenants.iter().filter(|tenant| lane.expected.contains(&tenant.id));
    expected.filter(|tenant| !has_set(tenant)).map(|tenant| tenant.name.clone()).collect()
}

/// Returns why a job failed: log backup is interrupted, or the meaning of the job's result.
async fn failure(
    lane: &mut Lane,
    driver: &mut Driver,
    scope: &Scope,
    job: &BackupJob,
    id: &str,
) -> Result<StepError, StepError> {
    let round = driver.archive_round(scope).await.map_err(Error::from)?;
    if let Some(round) = round.filter(|round| round.status == ArchiveStatus::Interrupted) {
        return Ok(ended_badly(lane, archive::interrupted(&round)));
    }
    let address = driver.session().address().clone();
    let meaning = problem_of_result(job.result, &job.comment, &address);
    let meaning = meaning.filter(|problem| problem.text.id != "database-error");
    let bare = || {
        let problem = about(scope, id).with("job", job.id).with("result", job.result);
        if job.comment.is_empty() { problem } else { problem.raw(&job.comment) }
    };
    Ok(ended_badly(lane, meaning.unwrap_or_else(bare)))
}

async fn watch(at: &Here, lane: &mut Lane, driver: &mut Driver, job: &BackupJob) -> Answer {
    let now = driver.database_now().await.map_err(Error::from)?;
    let found = driver.backup_progress(job).await.map_err(Error::from)?.unwrap_or_default();
    let (sample, rate) = sampled(lane.sample, &found, now);
    let mut progress = progress(sample.bytes, found.total_bytes(), rate);
    if now.since(sample.since) >= STUCK_US {
        let note = Note::new("backup-stuck").arg("minutes", now.since(sample.since) / 60_000_000);
        at.log(note.clone());
        progress.note = Some(note);
    }
    lane.sample = Some(sample);
    let elapsed = Duration::from_micros(now.since(sample.begun));
    Ok(Next::Again { after: (elapsed / 20).clamp(LOOK.0, LOOK.1), progress: Some(progress) })
}

/// Returns the progress of the job now, and its rate since the last poll.
fn sampled(before: Option<Sample>, found: &JobProgress, now: Timestamp) -> (Sample, Option<u64>) {
    let bytes = found.input_bytes;
    let Some(before) = before else { return (Sample { bytes, at: now, since: now, begun: now }, None) };
    let since = if bytes == before.bytes { before.since } else { now };
    let elapsed_us = now.since(before.at);
    let rate = u128::from(bytes.saturating_sub(before.bytes)) * 1_000_000;
    let rate = rate.checked_div(u128::from(elapsed_us)).and_then(|rate| u64::try_from(rate).ok());
    (Sample { bytes, at: now, since, begun: before.begun }, rate)
}

fn progress(done: u64, total: Option<u64>, rate_per_s: Option<u64>) -> Progress {
    Progress { done, total, unit: "bytes".to_owned(), rate_per_s, note: None }
}

fn about(scope: &Scope, id: &str) -> Problem {
    Problem::outside(id).with("tenant", named(scope))
}

/// Returns whether a set is full although an incremental one was requested.
pub(super) fn became_full(asked: DataBackupMode, made: DataBackupMode) -> bool {
    asked == DataBackupMode::Incremental && made == DataBackupMode::Full
}

#[cfg(test)]
mod stuck {
    use model::physical::JobProgress;
    use model::time::Timestamp;

    use super::sampled;

    #[test]
    fn a_job_that_does_not_move_is_known_by_the_moment_it_stopped() {
        let at = |second: i64| Timestamp(second * 1_000_000);
        let found = |input_bytes| JobProgress { input_bytes, ..JobProgress::default() };
        let (first, rate) = sampled(None, &found(100), at(10));
        assert_eq!(rate, None);
        let (second, rate) = sampled(Some(first), &found(300), at(20));
        assert_eq!((rate, second.since), (Some(20), at(20)));
        let (third, rate) = sampled(Some(second), &found(300), at(90));
        assert_eq!((rate, third.since, third.begun), (Some(0), at(20), at(10)));
        assert_eq!(sampled(Some(third), &found(300), at(90)).1, None, "no time has passed");
    }
}
