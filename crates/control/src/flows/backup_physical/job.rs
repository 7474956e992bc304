//! 7. The database has accepted our job. A cancel ends our job and no other.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::Secret;
use model::ability::Generation;
use model::compaction::{CompactionHindrance, needed};
use model::physical::identity::{JobMark, part_of};
use model::physical::sent::{Sending, Sent};
use model::physical::{BackupJob, JobStatus, SYS, Scope};
use model::problem::codes;
use oceanbase::Driver;
use oceanbase::physical::{BackupOptions, is_busy};

use super::checks::{foreign, named, others};
use super::lane::{self, Place};
use super::{Here, Lane, State};
use crate::error::Error;
use crate::flows::recovery_source::leaves_open;
use crate::words;

/// The time until a refused statement is sent again.
const LOOK: Duration = Duration::from_secs(5);

/// How many times the database may report a running backup that no view shows: it is still cleaning up the last one.
const REFUSALS_MAX: u32 = 60;

/// How long after its intention was saved the statement may create a job, in microseconds: it is sent up to a minute
/// later, and may run for 90 seconds.
const LATE_US: u64 = 3 * 60 * 1_000_000;

/// How long an accepted job of 3.x may be in no view, in microseconds.
const HIDDEN_US: u64 = 10 * 60 * 1_000_000;

/// The interval between two polls of a cancelled job.
const CANCEL_LOOK: Duration = Duration::from_secs(5);

/// The error number of OceanBase 3.x for a cancel while a backup prepares or cleans up.
const CANCEL_NOT_NOW: u16 = 9041;

/// The error number of OceanBase 3.x for a cancel while no backup runs.
const NOTHING_TO_CANCEL: u16 = 9049;

/// The message of the oldest kernels if a major compaction is needed first.
const NEEDS_FREEZE: &str = "need major freeze first";

pub(super) async fn start_data_backup(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let scope = lane::scope(at, state)?;
    let mut driver = lane::driver(at, state).await?;
    begin(at, state, lane, &mut driver, scope).await
}

/// Starts our job, unless it exists. The mark that identifies it is saved before the statement is sent.
pub(super) async fn begin(
    at: &Here,
    state: &State,
    lane: &mut Lane,
    driver: &mut Driver,
    scope: &Scope,
) -> Answer {
    let jobs = driver.backup_jobs(scope).await.map_err(Error::from)?;
    let Some(mark) = lane.mark.clone() else {
        lane.mark = Some(new_mark(at, state, lane, driver, &jobs).await?);
        return Ok(Next::again(Duration::ZERO));
    };
    if let Some(job) = mark.find(&jobs, lane.mode(state), scope.tenant()) {
        lane.jobs.insert((job.tenant, job.id));
        at.log(Note::new("backup-job-found").arg("job", job.id));
        return Ok(Next::Done);
    }
    if lane.accepted {
        return Ok(Next::Done); // the database has accepted it, and a view will show it
    }
    if let Some(job) = others(&jobs, scope, None).find(|job| job.is_data) {
        return Err(words::refused(foreign(scope, job)));
    }
    let (now, run) = (driver.database_now().await.map_err(Error::from)?, at.context().run);
    match Sent::next(lane.sent, run, now, LATE_US) {
        Sending::Save => {
            lane.sent = Some(Sent::intended(now, run));
            return Ok(Next::again(Duration::ZERO)); // saved before anything is sent
        }
        Sending::Look => {
            tell_of_late_job(at, scope, lane);
            return Ok(Next::again(LOOK));
        }
        Sending::Send => {}
    }
    let to = address_of_tenants(at, state, driver, scope).await?;
    let options = BackupOptions {
        mode: lane.mode(state),
        plus_archivelog: state.plus_archivelog,
        tag: mark.tag(),
        to: to.as_ref(),
    };
    let statement = driver.verbs().start_backup(scope, options);
    at.may_act(statement.timeout).await?;
    if let Some(sealed) = &state.password {
        // The password applies to the next backup on this connection, which is the next statement.
        let password = at.context().metadata.task_secret_open(state.cluster, sealed).map_err(Error::from)?;
        driver.act(&driver.verbs().set_backup_password(&password)).await.map_err(Error::from)?;
    }
    match driver.act(&statement).await {
        // No view shows a running job: the database is still cleaning up the last one, which takes seconds.
        Err(error) if is_busy(&error) && lane.refusals < REFUSALS_MAX => {
            lane.refusals += 1;
            lane.sent = None; // a refusal proves that no job will come
            return Ok(Next::again(LOOK));
        }
        Err(error) => {
            lane.refusals = 0;
            lane.sent = lane.sent.filter(|_| leaves_open(&error)).map(Sent::opened);
            return Err(why_not(error));
        }
        Ok(()) => (lane.refusals, lane.accepted) = (0, true),
    }
    let jobs = driver.backup_jobs(scope).await.map_err(Error::from)?;
    if let Some(job) = mark.find(&jobs, lane.mode(state), scope.tenant()) {
        lane.jobs.insert((job.tenant, job.id));
        at.log(Note::new("backup-job-started").arg("job", job.id).arg("tenant", named(scope)));
    }
    Ok(Next::Done)
}

/// Writes once that the statement may still be under way.
fn tell_of_late_job(at: &Here, scope: &Scope, lane: &mut Lane) {
    if let Some(sent) = lane.sent.filter(|sent| !sent.is_open) {
        at.log(Note::new("backup-may-come").arg("tenant", named(scope)));
        lane.sent = Some(sent.opened());
    }
}

fn why_not(error: oceanbase::Error) -> StepError {
    if error.to_string().contains(NEEDS_FREEZE) {
        return words::refused(needed(CompactionHindrance::NotAllowed).raw(&error));
    }
    Error::from(error).into()
}

async fn new_mark(
    at: &Here,
    state: &State,
    lane: &mut Lane,
    driver: &mut Driver,
    jobs: &[BackupJob],
) -> Result<JobMark, StepError> {
    let now = driver.database_now().await.map_err(Error::from)?;
    let newest = jobs.iter().filter(|job| job.tenant == SYS).map(|job| job.id).max().unwrap_or(0);
    let scope = lane::scope(at, state)?;
    forget(lane);
    if driver.generation() == Generation::Gen3 {
        let tenants = driver.tenants().await.map_err(Error::from)?;
        lane.expected = lane::part_takers(scope, &tenants);
    }
    lane.begun += 1;
    let tenant = scope.tenant();
    let tag = format!("lifeboat-{}-{}-{tenant}-{}", at.task(), state.tag, lane.begun);
    Ok(JobMark::new(&driver.server().version, &tag, newest, now))
}

/// Returns the destination for single tenants of 3.x, whose statement contains it.
async fn address_of_tenants(
    at: &Here,
    state: &State,
    driver: &Driver,
    scope: &Scope,
) -> Result<Option<Secret>, StepError> {
    if !matches!(scope, Scope::Tenants { .. }) {
        return Ok(None);
    }
    let place = Place::of(at.context(), state).await?;
    place.written(&place.location, driver.server()).map(Some).map_err(words::refused)
}

/// Cancels our job. Refuses if another job of the scope runs: the statement would cancel that one too.
pub(super) async fn cancel(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let scope = lane::scope(at, state)?;
    let Some(mark) = lane.mark.clone() else { return Ok(Next::Done) };
    let mut driver = lane::driver(at, state).await?;
    let jobs = driver.backup_jobs(scope).await.map_err(Error::from)?;
    let Some(job) = mark.find(&jobs, lane.mode(state), scope.tenant()) else {
        // On 3.x, an accepted job is in no view until its first part starts.
        let is_hidden = lane.accepted && driver.generation() == Generation::Gen3;
        if is_hidden
            && others(&jobs, scope, None).next().is_none()
            && send_cancel(at, &mut driver, scope).await?
        {
            return Ok(Next::again(CANCEL_LOOK));
        }
        let now = driver.database_now().await.map_err(Error::from)?;
        let late_us = if driver.generation() == Generation::Gen3 { HIDDEN_US } else { LATE_US };
        let is_unknown = |sent: Sent| !lane.accepted && sent.may_show(now, late_us);
        if lane.sent.is_some_and(is_unknown) {
            tell_of_late_job(at, scope, lane);
            return Ok(Next::again(CANCEL_LOOK));
        }
        forget(lane);
        return Ok(Next::Done);
    };
    let part = part_of(job, &jobs, scope.tenant());
    if job.status.is_over() && part.is_none_or(|part| part.status.is_over()) {
        let completed = job.status == JobStatus::Completed;
        let ended = if completed { "backup-completed-before-cancel" } else { "backup-canceled" };
        at.log(Note::new(ended).arg("tenant", named(scope)).arg("job", job.id));
        if !completed {
            forget(lane); // a retry starts another job
        }
        return Ok(Next::Done);
    }
    if let Some(other) = others(&jobs, scope, Some(job)).next() {
        return Err(words::refused(foreign(scope, other).coded(codes::DATA_BACKUP_NOT_STOPPED)));
    }
    let is_canceling = |job: &BackupJob| job.status == JobStatus::Canceling;
    if !is_canceling(job) && !part.is_some_and(is_canceling) {
        send_cancel(at, &mut driver, scope).await?;
    }
    Ok(Next::again(CANCEL_LOOK))
}

/// Cancels the running jobs of the scope; returns whether one may still run.
async fn send_cancel(at: &Here, driver: &mut Driver, scope: &Scope) -> Result<bool, StepError> {
    let statement = driver.verbs().cancel_backup(scope);
    at.may_act(statement.timeout).await?;
    match driver.act(&statement).await {
        Err(error) if error.number() == Some(NOTHING_TO_CANCEL) => Ok(false),
        Err(error) if error.number() == Some(CANCEL_NOT_NOW) => Ok(true),
        done => Ok(done.map(|()| true).map_err(Error::from)?),
    }
}

/// Forgets the last job, so that the next start creates another.
fn forget(lane: &mut Lane) {
    (lane.mark, lane.sent, lane.sample, lane.accepted) = (None, None, None, false);
    (lane.unseen, lane.incomplete) = (0, 0);
}

/// Reports the failure of our job, and lets a retry start another.
pub(super) fn ended_badly(lane: &mut Lane, problem: Problem) -> StepError {
    forget(lane);
    words::refused(problem.coded(codes::DATA_BACKUP_FAILED))
}
