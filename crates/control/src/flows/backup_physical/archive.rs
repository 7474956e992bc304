//! 5. Log backup is running. It is started if it is not running, and resumed if it was paused. Lifeboat never ends an
//!    interrupted round by itself: the times since the interruption would no longer be recoverable, so a person
//!    decides.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Flow as _, Next, Note, StepError, TaskStatus};
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::Problem;
use model::archive::{ArchiveRound, ArchiveStatus, ArchiveStep, LogBackupWish, check_running, next_step};
use model::id::TaskId;
use model::physical::Scope;
use model::problem::codes;
use model::time::Timestamp;

use super::checks::named;
use super::lane;
use super::{Here, Lane, State};
use crate::context::Context;
use crate::error::Error;
use crate::flows::log_backup::LogBackup;
use crate::words;

/// How long log backup may take to start; typically tens of seconds.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// How many of the newest log backup tasks of a cluster are searched for the latest one of a lane.
const CHANGES_MAX: u32 = 200;

/// The interval between two polls.
const LOOK: Duration = Duration::from_secs(5);

pub(super) async fn start_log_backup(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let scope = lane::scope(at, state)?;
    let mut driver = lane::driver(at, state).await?;
    let round = driver.archive_round(scope).await.map_err(Error::from)?;
    let round = round.ok_or_else(|| gone(at))?;
    if !state.start_log_backup {
        check_running(&round, &named(scope), driver.server()).map_err(words::refused)?;
    }
    let is_paused = matches!(round.status, ArchiveStatus::Suspend | ArchiveStatus::Suspending);
    if is_paused && lane.archive_since.is_none() {
        check_pause(at, scope).await?;
    }
    let step = next_step(LogBackupWish::Start, &round).map_err(words::refused)?;
    if step == ArchiveStep::Nothing {
        lane.archive_since = None;
        at.log(doing(&round));
        return Ok(Next::Done);
    }
    let now = driver.database_now().await.map_err(Error::from)?;
    let since = *lane.archive_since.get_or_insert(now);
    if now.since(since) > u64::try_from(LIMIT.as_micros()).unwrap_or(u64::MAX) {
        lane.archive_since = None; // a retry waits again
        return Err(words::refused(too_slow(&round, now, since)));
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

/// Refuses to resume log backup in a run of a strategy unless Lifeboat paused it. Lifeboat does not know the reason for
/// any other pause.
async fn check_pause(at: &Here, scope: &Scope) -> Result<(), StepError> {
    let context = at.context();
    let ours = context.task(TaskId(at.task().0)).await?;
    if !ours.subject.contains_key(subject::STRATEGY) || paused_by_us(context, &ours, at.lane()).await? {
        return Ok(());
    }
    let refusal = Problem::refused(codes::LOG_BACKUP_NOT_STARTED, "log-backup-paused-elsewhere");
    Err(words::refused(refusal.with("tenant", named(scope))))
}

/// Returns whether the newest successful log backup task of this lane is a pause.
async fn paused_by_us(context: &Context, ours: &engine::Task, lane: &str) -> Result<bool, Error> {
    let cluster = ours.subject.get(subject::CLUSTER).cloned().unwrap_or_default();
    let changes = TaskQuery {
        kinds: vec![LogBackup::KIND.to_owned()],
        statuses: vec![TaskStatus::Successful],
        subjects: vec![(subject::CLUSTER.to_owned(), cluster)],
        ..TaskQuery::default()
    };
    let changes = context.metadata.task_list(&changes, Slice { offset: 0, limit: CHANGES_MAX }).await?.items;
    let newest = changes.iter().find(|task| task.lanes.iter().any(|known| known.key == lane));
    Ok(newest.is_some_and(|task| LogBackup::wish(task) == Some(LogBackupWish::Pause)))
}

fn gone(at: &Here) -> StepError {
    words::refused(Problem::not_found("tenant-unknown").with("tenant", at.lane()))
}

fn doing(round: &ArchiveRound) -> Note {
    let checkpoint = round.checkpoint.map_or_else(|| "-".to_owned(), |moment| moment.to_string());
    Note::new("log-backup-doing").arg("round", round.round).arg("checkpoint", checkpoint)
}

fn too_slow(round: &ArchiveRound, now: Timestamp, since: Timestamp) -> Problem {
    Problem::refused(codes::LOG_BACKUP_NOT_STARTED, "log-backup-slow")
        .with("wish", "DOING")
        .with("minutes", now.since(since) / 60_000_000)
        .with("status", round.status.word())
        .raw(&round.comment)
}
