//! The past and future runs of a strategy, and the status of its schedule.

use std::collections::BTreeMap;

use metadata::strategies::Strategies;
use metadata::strategy_runs::{Fate, NewRun, StoredRun, TaskStanding};
use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::id::{ClusterId, StorageId, StrategyId, TaskId};
use model::schedule::decide::{HORIZON, Outcome, Run};
use model::schedule::preview::preview;
use model::schedule::{Form, PlannedRun};
use model::strategy::{Scope, Settings, Strategy, Thresholds, rules};
use model::task::TaskStatus;
use model::text::Text;
use model::user::Permission;

use super::{due, found};
use crate::actor::Actor;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::page::{Page, PageAsk};
use crate::tasks::{view, waits};
use crate::words;

/// The number of future runs to return.
const NEXT_RUNS: usize = 30;

/// A run of a backup strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyRun {
    /// When it was due.
    pub due: Timestamp,
    /// The scheduled backup mode.
    pub planned: DataBackupMode,
    /// When it was started or recorded as missed.
    pub decided: Timestamp,
    /// Its status.
    pub status: RunStatus,
    /// The backup mode; none if no task was created.
    pub kind: Option<DataBackupMode>,
    /// The task.
    pub task: Option<TaskId>,
    /// Why it was missed or failed, or why it is full instead of incremental.
    pub reason: Option<Text>,
    /// When its task ended.
    pub finished: Option<Timestamp>,
}

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Its task waits in the queue.
    Waiting,
    /// Its task runs.
    Running,
    /// Its task succeeded.
    Successful,
    /// Its task succeeded, but objects are missing in a backup set without consent.
    Partial,
    /// Its task did not succeed.
    Failed,
    /// No task was created.
    Missed,
}

/// The status of a cluster's schedule, with its next and its newest run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScheduleStanding {
    /// The status.
    pub status: ScheduleStatus,
    /// The next run.
    pub next: Option<PlannedRun>,
    /// The run of the newest due time.
    pub last: Option<StrategyRun>,
    /// When a run was due that has no task.
    pub overdue: Option<Timestamp>,
}

/// The status of a schedule, in OCP's words; more urgent ones come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ScheduleStatus {
    /// There is no strategy.
    #[default]
    None,
    /// It runs, and the newest run did not fail. Runs that were missed in a pause or were replaced do not count.
    Normal,
    /// A user has paused it.
    Paused,
    /// A run is due and waits.
    Waiting,
    /// The newest run failed, was missed, or is partial.
    Abnormal,
}

/// A filter for due times; `None` does not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// Returns the past runs of a strategy, newest first.
///
/// # Errors
/// When the actor may not read it, or there is no strategy (20106).
pub async fn runs(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    filter: RunFilter,
    page: PageAsk,
) -> Result<Page<StrategyRun>, Error> {
    let strategy = found(control, actor, scope).await?;
    if filter != RunFilter::default() {
        let from = filter.from.unwrap_or(Timestamp(0));
        let mut runs = control.metadata().strategy_run_history(strategy.id, from).await?;
        runs.retain(|run| filter.until.is_none_or(|until| run.run.due < until));
        runs.reverse();
        return with_waits(&control.context, page.of(runs).map(shown)).await;
    }
    let listing = control.metadata().strategy_run_list(strategy.id, page.slice()).await?;
    with_waits(&control.context, page.filled(listing).map(shown)).await
}

async fn with_waits(context: &Context, mut page: Page<StrategyRun>) -> Result<Page<StrategyRun>, Error> {
    for run in &mut page.contents {
        wait_reason(context, run).await?;
    }
    Ok(page)
}

/// Fills in why the task of a run waits. A strategy hardly ever has more than one waiting task.
async fn wait_reason(context: &Context, run: &mut StrategyRun) -> Result<(), Error> {
    if run.status == RunStatus::Waiting
        && let Some(id) = run.task
    {
        let task = context.task(id).await?;
        run.reason = waits::reasons(context, std::slice::from_ref(&task)).await?.remove(&task.id);
    }
    Ok(())
}

/// The next runs of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextRuns {
    /// The runs, at most 30.
    pub runs: Vec<PlannedRun>,
    /// Whether another run is due on the day of the last one.
    pub last_day_continues: bool,
}

/// Returns the next runs of a saved strategy, as the scheduler will start them; none while it is paused.
///
/// # Errors
/// When the actor may not read it, or there is no strategy (20106).
pub async fn next_runs(control: &Control, actor: &Actor, scope: Scope) -> Result<NextRuns, Error> {
    let strategy = found(control, actor, scope).await?;
    let now = control.metadata().now().await?;
    let history = history(&control.context, &strategy, now).await?;
    Ok(NextRuns::of(next_of(&control.context, &strategy, &history, now, NEXT_RUNS + 1).await?))
}

/// What a schedule that is not saved is for.
#[derive(Debug, Clone, Copy)]
pub struct PlannedFor {
    /// The cluster or tenant.
    pub scope: Scope,
    /// The storage; none if it is not saved.
    pub storage: Option<StorageId>,
}

/// Returns the next runs of a schedule that is not saved. They are without jitter, which depends on the strategy's ID.
/// If it is not known what the schedule is for, a full backup that an incremental one can build on counts as present.
///
/// # Errors
/// When the actor may not read it, the cluster does not exist, or the schedule is malformed.
pub async fn planned_runs(
    control: &Control,
    actor: &Actor,
    form: Form,
    meant: Option<PlannedFor>,
) -> Result<NextRuns, Error> {
    actor.must(Permission::Read)?;
    let saved = match meant {
        Some(meant) => {
            control.context.cluster(meant.scope.cluster()).await?;
            let strategies = control.metadata().strategy_list_whole(Some(meant.scope.cluster())).await?;
            strategies.readable.into_iter().find(|strategy| strategy.scope == meant.scope)
        }
        None => None,
    };
    let schedule = rules::schedule(&form, saved.as_ref().map(|saved| &saved.settings.schedule))?;
    let now = control.metadata().now().await?;
    // The due times of the saved schedule count since it was saved, those of another one from now on.
    let is_same = |saved: &&Strategy| saved.settings.schedule == schedule;
    let since = saved.as_ref().filter(is_same).map_or(now, |saved| saved.since);
    let history = match &saved {
        Some(saved) => history(&control.context, saved, now).await?,
        None => Vec::new(),
    };
    let strategy = Strategy {
        id: saved.map_or(StrategyId(0), |saved| saved.id),
        scope: meant.map_or(Scope::Cluster(ClusterId(0)), |meant| meant.scope),
        owner: actor.user,
        settings: Settings {
            // Of a logical strategy all runs are full, whatever its method.
            method: BackupMethod::Physical,
            storage: meant.and_then(|meant| meant.storage).unwrap_or(StorageId(0)),
            schedule: schedule.without_jitter(),
            start_log_backup: false,
            restart_interrupted_log_backup: false,
            clean_up: None,
            take_over: None,
            thresholds: Thresholds::default(),
        },
        paused: false,
        since,
    };
    let runs = match meant {
        Some(_) => next_of(&control.context, &strategy, &history, now, NEXT_RUNS + 1).await?,
        None => preview(&strategy, &[], true, now, NEXT_RUNS + 1),
    };
    Ok(NextRuns::of(runs))
}

impl NextRuns {
    /// Returns the first runs, and compares the days of the last one and of the one after it.
    fn of(mut runs: Vec<PlannedRun>) -> Self {
        let day = |number: usize| runs.get(number).map(|run: &PlannedRun| run.local.date_naive());
        let last_day_continues = day(NEXT_RUNS).is_some() && day(NEXT_RUNS) == day(NEXT_RUNS - 1);
        runs.truncate(NEXT_RUNS);
        Self { runs, last_day_continues }
    }
}

/// Returns the next runs of a strategy with these rows, at most `count`.
async fn next_of(
    context: &Context,
    strategy: &Strategy,
    history: &[Run],
    now: Timestamp,
    count: usize,
) -> Result<Vec<PlannedRun>, Error> {
    let runs = preview(strategy, history, true, now, count);
    // Only the first run may have no full backup to build on, and only if it is incremental.
    if runs.first().is_some_and(|run| run.due.kind == DataBackupMode::Incremental)
        && !due::has_usable_full(context, strategy).await?
    {
        return Ok(preview(strategy, history, false, now, count));
    }
    Ok(runs)
}

async fn history(context: &Context, strategy: &Strategy, now: Timestamp) -> Result<Vec<Run>, Error> {
    let from = Timestamp(now.0.saturating_sub(HORIZON));
    let history = context.metadata.strategy_run_history(strategy.id, from).await?;
    Ok(history.iter().map(StoredRun::row).collect())
}

async fn found(control: &Control, actor: &Actor, scope: Scope) -> Result<Strategy, Error> {
    actor.must(Permission::Read)?;
    control.context.cluster(scope.cluster()).await?;
    let work = async {
        let strategies = control.metadata().strategy_list_whole(Some(scope.cluster())).await?;
        Ok(found::find(&strategies, scope)?.clone())
    };
    found::named(&control.context, scope, work).await
}

/// Returns the status of a cluster's schedule; if only its tenants have strategies, the worst of these.
pub(crate) async fn schedule_standing(
    context: &Context,
    cluster: ClusterId,
) -> Result<ScheduleStanding, Error> {
    let strategies = context.metadata.strategy_list_whole(Some(cluster)).await?;
    standing_of_all(context, &strategies, context.metadata.now().await?).await
}

/// Returns the status of the schedules of all clusters that have strategies.
pub(crate) async fn schedule_standings(
    context: &Context,
) -> Result<BTreeMap<ClusterId, ScheduleStanding>, Error> {
    let all = context.metadata.strategy_list_whole(None).await?;
    let mut by_cluster: BTreeMap<ClusterId, Strategies> = BTreeMap::new();
    for strategy in all.readable {
        by_cluster.entry(strategy.scope.cluster()).or_default().readable.push(strategy);
    }
    for unreadable in all.unreadable {
        by_cluster.entry(unreadable.scope.cluster()).or_default().unreadable.push(unreadable);
    }
    let now = context.metadata.now().await?;
    let mut standings = BTreeMap::new();
    for (cluster, strategies) in by_cluster {
        standings.insert(cluster, standing_of_all(context, &strategies, now).await?);
    }
    Ok(standings)
}

/// Returns the status of the cluster's own strategy; without one, the worst of its tenants' strategies. An unreadable
/// strategy counts as a problem.
async fn standing_of_all(
    context: &Context,
    strategies: &Strategies,
    now: Timestamp,
) -> Result<ScheduleStanding, Error> {
    let mut worst = ScheduleStanding::default();
    if !strategies.unreadable.is_empty() {
        // No run of an unreadable strategy starts.
        return Ok(ScheduleStanding { status: ScheduleStatus::Abnormal, ..worst });
    }
    for strategy in &strategies.readable {
        let standing = standing(context, strategy, now).await?;
        if strategy.scope.tenant().is_none() {
            return Ok(standing);
        }
        if standing.status > worst.status {
            worst = standing;
        }
    }
    Ok(worst)
}

/// Returns whether a run was missed for this reason because it had no tenant to back up: every tenant of the cluster has a
/// strategy of its own, or there is none. Nothing is unprotected by that, whatever was missed before.
pub(crate) fn had_nothing_to_do(reason: Option<&Text>) -> bool {
    reason.is_some_and(|reason| [due::WITHOUT_TENANT, "backup-without-tenant"].contains(&reason.id.as_str()))
}

/// Returns the status of one strategy's schedule.
pub(super) async fn standing(
    context: &Context,
    strategy: &Strategy,
    now: Timestamp,
) -> Result<ScheduleStanding, Error> {
    let last = context.metadata.strategy_run_last(strategy.id, now).await?;
    // A pause or another schedule says nothing about whether backups work: the run before it does.
    let is_intended = matches!(last, Some(StoredRun { run: NewRun { fate: Fate::Missed(why), .. }, .. }) if why.is_intended());
    let history = match last.as_ref().map(StoredRun::row) {
        _ if strategy.paused => Vec::new(),
        // What came before a started run decides nothing.
        Some(run) if matches!(run.outcome, Outcome::Started { .. }) => vec![run],
        _ => history(context, strategy, now).await?,
    };
    let next = next_of(context, strategy, &history, now, 1).await?.into_iter().next();
    let mut last = last.map(shown);
    let telling = if is_intended {
        context.metadata.strategy_run_telling(strategy.id, now).await?.map(shown)
    } else {
        last.clone()
    };
    let telling = telling.filter(|run| !had_nothing_to_do(run.reason.as_ref())).map(|run| run.status);
    if let Some(last) = &mut last {
        wait_reason(context, last).await?;
    }
    let schedule = &strategy.settings.schedule;
    let settled = last.as_ref().map_or(strategy.since, |run| run.due.max(strategy.since));
    let overdue = schedule.dues(settled).next().map(|due| due.at);
    let overdue = overdue.filter(|due| !strategy.paused && *due <= now);
    let status = match telling {
        _ if strategy.paused => ScheduleStatus::Paused,
        _ if overdue.is_some() => ScheduleStatus::Waiting,
        Some(RunStatus::Waiting) => ScheduleStatus::Waiting,
        Some(RunStatus::Failed | RunStatus::Missed | RunStatus::Partial) => ScheduleStatus::Abnormal,
        _ => ScheduleStatus::Normal,
    };
    Ok(ScheduleStanding { status, next, last, overdue })
}

/// Converts a stored run.
pub(super) fn shown(stored: StoredRun) -> StrategyRun {
    let StoredRun { run, decided, task: standing } = stored;
    let (mut status, mut reason) = (RunStatus::Missed, run.note);
    let (mut kind, mut task) = (None, None);
    let is_queued = standing.as_ref().is_some_and(|task| task.queued.is_some());
    match run.fate {
        Fate::Missed(why) => reason = reason.or_else(|| Some(why.text())),
        Fate::Started { kind: started, task: id } => {
            (kind, task) = (Some(started), Some(id));
            status = match standing.as_ref().map(|task| view::status(task.status)) {
                Some(TaskStatus::Running) if is_queued => RunStatus::Waiting,
                Some(TaskStatus::Running) => RunStatus::Running,
                Some(TaskStatus::Successful) => RunStatus::Successful,
                Some(TaskStatus::Failed) | None => RunStatus::Failed,
            };
            if status == RunStatus::Successful && standing.as_ref().is_some_and(|task| task.is_partial) {
                status = RunStatus::Partial;
                reason = Some(Text::new("run-partial"));
            }
            if status == RunStatus::Failed {
                reason = standing.as_ref().and_then(failure).or(reason);
            }
        }
    }
    let finished = standing.and_then(|task| task.finished);
    StrategyRun { due: run.due, planned: run.planned, decided, status, kind, task, reason, finished }
}

/// Returns why a task failed. A number of failed tenants is no reason: the first of them has one.
fn failure(task: &TaskStanding) -> Option<Text> {
    let note = task.note.clone()?;
    match &task.failed_lane {
        Some((tenant, why)) if note.id == engine::note::LANES_FAILED => {
            let is_only = note.args.get("total").is_some_and(|total| total == "1");
            let why = words::text(why.clone());
            Some(if is_only { why } else { why.of_tenant(tenant) })
        }
        _ => Some(words::text(note)),
    }
}
