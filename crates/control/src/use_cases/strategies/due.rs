//! The due runs of strategies: the rules decide about each, then the decisions are carried out one by one.
//!
//! A run becomes a task at once. If the running backups have reached a limit, the task waits in the queue until a
//! worker claims it. A round checks a waiting task again only if something else has changed.
//!
//! No state is kept between two rounds. A crash before a decision is carried out loses nothing: the next round decides
//! the same. One transaction writes a task and the row of its due time, so no server starts a run twice.

use std::collections::BTreeMap;
use std::time::Duration;

use metadata::strategies::Unreadable;
use metadata::strategy_runs::{Fate, NewRun, Newest, Span, StoredRun};
use model::backup::{BackupMethod, BackupWish, DataBackupMode};
use model::cluster::Cluster;
use model::id::{StrategyId, TaskId, TenantId};
use model::inventory::Consent;
use model::order::{BackupNow, BackupOrder, StorageChoice};
use model::physical::SYS;
use model::problem::codes;
use model::schedule::Due;
use model::schedule::decide::{
    Decision, HORIZON, Hindrance, MissReason, Run, RunKey, State, decide, promotion,
};
use model::strategy::{Scope, Strategy, covered};
use model::tenant::Tenant;
use model::text::Text;
use model::{Problem, Timestamp};

use super::misses::{missed, planned};
use super::queue::{Queue, status};
use crate::context::{Context, Control};
use crate::error::Error;
use crate::orders::{self, Accepted, Running, Scheduled, actor_of_run, has_a_full_set};

/// The maximum difference between two readings of one clock, in microseconds. If it is larger, the clock was ahead.
const CLOCK_APART_US: i64 = 60_000_000;

/// How old the status of a cluster may be when a run starts, in microseconds.
const FRESH_US: i64 = 5_000_000;

/// How long a start waits for the refresh.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// A strategy that may have a due run.
pub(super) struct Pending {
    pub(super) strategy: Strategy,
    /// The first due time without a row; none if only a waiting task is checked again.
    due: Option<Timestamp>,
    /// Since when it waits: the strategy that has waited longest comes first.
    since: Timestamp,
}

/// The decisions about a strategy, and their inputs.
pub(super) struct Decided {
    strategy: Strategy,
    /// The tenants that it backs up; none for the whole cluster.
    tenants: Option<Vec<TenantId>>,
    history: Vec<Run>,
    state: State,
    now: Timestamp,
    /// The tasks that wait in the queue, by due time.
    queue: BTreeMap<Timestamp, (TaskId, Span)>,
    pub(super) decisions: Vec<Decision>,
}

/// The result of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Started {
    /// A task was created.
    Yes,
    /// No task was created.
    No,
    /// No task was created: another server was first.
    Outrun,
}

/// Decides about every strategy, and carries out the decisions.
pub(crate) async fn run(control: &Control) -> Result<(), Error> {
    let pending = pending(control).await?;
    if pending.is_empty() {
        return Ok(());
    }
    let running = Running::read(&control.context).await?;
    for Pending { strategy, due, since } in pending {
        let done = async {
            match decided(&control.context, strategy.clone(), &running).await? {
                Some(decided) => carry_out(control, &decided).await,
                None => Ok(Started::No),
            }
        };
        match (done.await, due) {
            (Ok(_), _) => {}
            (Err(error), Some(due)) => put_off(control, &strategy, due, &error).await,
            (Err(error), None) => warn_once(control, strategy.id, since, &error),
        }
    }
    Ok(())
}

/// Logs an error of a run. A temporary error is tried again in the next round; after any other, the run is recorded as
/// missed. Never fails, so that the other strategies have their turn.
async fn put_off(control: &Control, strategy: &Strategy, due: Timestamp, error: &Error) {
    warn_once(control, strategy.id, due, error);
    if !is_for_later(error)
        && let Err(error) = refuse(control, strategy, due, error).await
    {
        warn_once(control, strategy.id, due, &error);
    }
}

/// Returns the strategies that may have a due run; the one that has waited longest comes first.
pub(super) async fn pending(control: &Control) -> Result<Vec<Pending>, Error> {
    let metadata = control.metadata();
    let newest = metadata.strategy_run_newest(metadata.now().await?).await?;
    let newest: BTreeMap<StrategyId, Newest> = newest.into_iter().map(|row| (row.strategy, row)).collect();
    let mut queue = Queue::read(control).await?;
    let now = metadata.now().await?;
    control.context.scheduler_begun.get_or_init(|| now);
    let strategies = metadata.strategy_list_whole(None).await?;
    for Unreadable { id, cause, .. } in strategies.unreadable {
        if control.context.said.is_news(id, cause.clone()) {
            tracing::warn!(strategy = %id, cause, "cannot read a strategy; none of its runs start");
        }
    }
    let mut found = Vec::new();
    for strategy in strategies.readable {
        let (id, since) = (strategy.id, strategy.since);
        let strategy = match begun(control, strategy, now).await {
            Ok(Some(strategy)) => strategy,
            Ok(None) => continue,
            Err(error) => {
                warn_once(control, id, since, &error);
                continue;
            }
        };
        let from = strategy.since.max(Timestamp(now.0.saturating_sub(HORIZON)));
        let settled = match newest.get(&strategy.id) {
            // Ignore a row that a clock which was ahead has written, and check all due times.
            Some(row) if row.decided <= now => row.due.max(from),
            _ => from,
        };
        let due = strategy.settings.schedule.dues(settled).next().map(|due| due.at);
        // A task that was waiting before the next due time keeps its earlier place.
        let first = queue.first_of(strategy.id);
        if let Some(due) = due.filter(|due| *due <= now) {
            let since = first.map_or(due, |first| first.min(due));
            found.push(Pending { strategy, due: Some(due), since });
        } else if let Some(since) = first
            && queue.has_news_of(control, &strategy, now).await
        {
            found.push(Pending { strategy, due: None, since });
        }
    }
    found.sort_by_key(|pending| (pending.since, pending.strategy.id));
    Ok(found)
}

/// Returns a strategy whose due times count already. If the clock was ahead when the strategy was saved, no run would
/// start until that time: then its due times count from now on. None if another server changes the strategy meanwhile.
async fn begun(control: &Control, strategy: Strategy, now: Timestamp) -> Result<Option<Strategy>, Error> {
    if strategy.since.0 <= now.0.saturating_add(CLOCK_APART_US) {
        return Ok(Some(strategy));
    }
    // The clock was corrected some seconds ago: runs that were due since then are not lost.
    let since = Timestamp(now.0.saturating_sub(CLOCK_APART_US));
    let mut writer = control.metadata().begin().await?;
    if !writer.strategy_since(strategy.id, strategy.since, since).await? {
        return Ok(None);
    }
    writer.commit().await?;
    tracing::warn!(strategy = %strategy.id, saved = %strategy.since, %since,
        "a strategy was saved by a clock that was ahead; its due times count from now on");
    Ok(Some(Strategy { since, ..strategy }))
}

/// Decides about a strategy; none if its cluster was removed.
pub(super) async fn decided(
    context: &Context,
    strategy: Strategy,
    running: &Running,
) -> Result<Option<Decided>, Error> {
    let metadata = &context.metadata;
    let Some(cluster) = metadata.cluster_get(strategy.scope.cluster()).await? else { return Ok(None) };
    let (meant, its_tenants) = covers(context, &cluster, &strategy).await?;
    let now = metadata.now().await?;
    let from = Timestamp(now.0.saturating_sub(HORIZON));
    let history = metadata.strategy_run_history(strategy.id, from).await?;
    let waiting = |run: &StoredRun| {
        let Fate::Started { task, .. } = run.run.fate else { return None };
        Some((run.run.due, (task, run.task.as_ref()?.queued?)))
    };
    let queue = history.iter().filter_map(waiting).collect();
    let history: Vec<Run> = history.iter().map(StoredRun::row).collect();
    let storage = strategy.settings.storage;
    let state = State {
        begun: context.scheduler_begun.get().copied(),
        cluster: Some(status(&cluster)),
        has_usable_full: strategy.settings.method == BackupMethod::Physical
            && has_a_full_set(context, &cluster, &its_tenants, storage).await?,
        // Lifeboat runs one backup of a cluster at a time, whatever its tenants.
        other_backup_runs: running.has_other_of(&strategy),
        running: running.count(),
        running_max: context.data_backups_at_once,
        storage_running: running.count_to(storage),
        storage_running_max: context.backups_per_storage,
    };
    let decisions = decide(&strategy, &history, &state, now);
    Ok(Some(Decided { strategy, tenants: meant, history, state, now, queue, decisions }))
}

/// Returns why a run that is due has no task; none if it starts within seconds.
pub(super) async fn why_waits(context: &Context, strategy: &Strategy) -> Result<Option<Text>, Error> {
    let running = Running::read(context).await?;
    let decided = decided(context, strategy.clone(), &running).await?;
    let decisions = decided.map(|decided| decided.decisions).unwrap_or_default();
    Ok(decisions.iter().find_map(|decision| match decision {
        Decision::Wait { why, .. } => Some(why.text()),
        _ => None,
    }))
}

/// Returns whether a strategy's next incremental backup has a full one to build on.
pub(super) async fn has_usable_full(context: &Context, strategy: &Strategy) -> Result<bool, Error> {
    let Some(cluster) = context.metadata.cluster_get(strategy.scope.cluster()).await? else {
        return Ok(false);
    };
    let (_, tenants) = covers(context, &cluster, strategy).await?;
    has_a_full_set(context, &cluster, &tenants, strategy.settings.storage).await
}

/// Returns the tenants that a strategy backs up: their IDs, none for the whole cluster, and all of them.
async fn covers(
    context: &Context,
    cluster: &Cluster,
    strategy: &Strategy,
) -> Result<(Option<Vec<TenantId>>, Vec<Tenant>), Error> {
    let strategies = context.metadata.strategy_list_whole(Some(cluster.id)).await?;
    let hidden: Vec<Scope> = strategies.unreadable.iter().map(|unreadable| unreadable.scope).collect();
    let mut tenants = context.metadata.tenant_list(cluster.id).await?;
    let meant = meant(&strategies.readable, &hidden, strategy, &tenants);
    tenants.retain(|tenant| meant.as_ref().is_none_or(|meant| meant.contains(&tenant.id)));
    Ok((meant, tenants))
}

/// Returns the tenants that a strategy backs up; none for the whole cluster. A tenant that has its own strategy is not
/// included, even if that strategy is unreadable (`hidden`): its destination is unknown.
pub(super) fn meant(
    strategies: &[Strategy],
    hidden: &[Scope],
    strategy: &Strategy,
    tenants: &[Tenant],
) -> Option<Vec<TenantId>> {
    if let Some(tenant) = strategy.scope.tenant() {
        return Some(vec![tenant]);
    }
    let cluster = strategy.scope.cluster();
    let scopes = strategies.iter().map(|other| &other.scope).chain(hidden);
    let has_others = scopes.into_iter().any(|other| other.cluster() == cluster && other.tenant().is_some());
    let is_hidden = |tenant: TenantId| hidden.contains(&Scope::Tenant(cluster, tenant));
    let all: Vec<TenantId> =
        tenants.iter().map(|tenant| tenant.id).filter(|id| *id != SYS && !is_hidden(*id)).collect();
    has_others.then(|| covered(strategies, strategy.scope, &all))
}

/// Carries out decisions in order; returns the outcome of the start, if any.
pub(super) async fn carry_out(control: &Control, decided: &Decided) -> Result<Started, Error> {
    let strategy = &decided.strategy;
    // After a long outage thousands of runs are missed: one transaction records them, before any run starts.
    let missed: Vec<NewRun> = decided
        .decisions
        .iter()
        .filter_map(|decision| match *decision {
            Decision::Miss { due, reason } => Some(missed(strategy, due, reason)),
            _ => None,
        })
        .collect();
    record(control, &missed).await?;
    let mut started = Started::No;
    for decision in &decided.decisions {
        match *decision {
            Decision::Start { due, kind, before, .. } => {
                started = start(control, decided, due, kind, before).await?;
            }
            Decision::Queue { due, held, before } => keep(control, decided, due, held, before).await?,
            Decision::Wait { until, why } => {
                tracing::debug!(strategy = %strategy.id, %until, ?why, "a scheduled backup waits");
            }
            Decision::Miss { .. } | Decision::Nothing => {}
        }
    }
    Ok(started)
}

/// Records missed runs in one transaction.
async fn record(control: &Control, missed: &[NewRun]) -> Result<(), Error> {
    let Some(first) = missed.first() else { return Ok(()) };
    let mut writer = control.metadata().begin().await?;
    let count = writer.strategy_runs_insert(missed).await?;
    if count > 0 {
        writer.commit().await?;
        tracing::info!(strategy = %first.strategy, first = %first.due, count, "scheduled backups were missed");
    }
    Ok(())
}

/// Moves a waiting task in the queue, held or not. If the strategy's owner may no longer back up, records a refusal.
async fn keep(
    control: &Control,
    decided: &Decided,
    due: Timestamp,
    held: Option<(Hindrance, Timestamp)>,
    before: Timestamp,
) -> Result<(), Error> {
    let Decided { strategy, queue, now, .. } = decided;
    let owner = control.metadata().user_get(strategy.owner).await?;
    if let Err(problem) = actor_of_run(owner, strategy) {
        return refuse(control, strategy, due, &problem.into()).await;
    }
    let Some((task, span)) = queue.get(&due) else { return Ok(()) };
    let from = held.map(|(_, until)| until);
    let is_as_it_should = match from {
        Some(from) => span.from == from,
        None => span.from <= *now,
    };
    if is_as_it_should && span.before == before {
        return Ok(());
    }
    let mut writer = control.metadata().begin().await?;
    writer.task_queue_move(engine::TaskId(task.0), from, before).await?;
    writer.commit().await?;
    tracing::debug!(strategy = %strategy.id, %due, %task, ?held, %before, "a scheduled backup waits in the queue");
    control.wake().now();
    Ok(())
}

/// Refreshes the cluster if its status is old, and returns whether it is another one than the decision saw. An upgrade may
/// have begun since, and a task that meets it fails instead of waiting.
async fn has_changed(control: &Control, decided: &Decided) -> bool {
    let id = decided.strategy.scope.cluster();
    let known = || async { control.metadata().cluster_get(id).await.ok().flatten() };
    let Some(cluster) = known().await else { return false };
    if decided.now.0.saturating_sub(cluster.probed.0) <= FRESH_US {
        return false;
    }
    // A cluster that is silent for longer than this has its turn when its next refresh ends.
    if let Ok(Err(error)) = tokio::time::timeout(LOOK_LIMIT, control.context.look_at(id)).await {
        tracing::warn!(cluster = cluster.name, %error, "a cluster with a scheduled backup does not respond");
    }
    known().await.is_some_and(|cluster| Some(status(&cluster)) != decided.state.cluster)
}

/// Starts a run. If a rule refuses it, records it as missed.
async fn start(
    control: &Control,
    decided: &Decided,
    due: Timestamp,
    kind: DataBackupMode,
    before: Timestamp,
) -> Result<Started, Error> {
    let Decided { strategy, history, state, now, .. } = decided;
    if has_changed(control, decided).await {
        return Ok(Started::No); // the next round decides by the new status
    }
    let planned = planned(strategy, due);
    let run = Scheduled {
        strategy: strategy.clone(),
        due,
        planned,
        kind,
        promotion: promotion(strategy, history, state, Due { at: due, kind: planned }, *now),
        before,
    };
    match submit(control, decided, &run).await {
        Ok(accepted) => {
            tracing::info!(strategy = %strategy.id, %due, task = %accepted.task, "a scheduled backup has a task");
            Ok(Started::Yes)
        }
        Err(error) if error.problem().text.id == OUTRUN => {
            tracing::debug!(strategy = %strategy.id, %due, %error, "another server was first");
            Ok(Started::Outrun)
        }
        Err(error) if is_for_later(&error) => {
            warn_once(control, strategy.id, due, &error);
            Ok(Started::No)
        }
        Err(error) => {
            refuse(control, strategy, due, &error).await?;
            Ok(Started::No)
        }
    }
}

/// Records that a run was refused, and why.
async fn refuse(control: &Control, strategy: &Strategy, due: Timestamp, error: &Error) -> Result<(), Error> {
    let note = Some(error.problem().text.clone());
    let refusal = NewRun { note, ..missed(strategy, due, MissReason::Refused) };
    let mut writer = control.metadata().begin().await?;
    if writer.strategy_run_insert(&refusal).await? {
        writer.commit().await?;
        tracing::warn!(strategy = %strategy.id, %due, %error, "a scheduled backup was refused");
    }
    Ok(())
}

/// Logs why a run cannot start: the first time as a warning.
fn warn_once(control: &Control, strategy: StrategyId, due: Timestamp, error: &Error) {
    if control.context.said.is_news(strategy, format!("{due} {}", error.problem().text.id)) {
        tracing::warn!(%strategy, %due, %error, "a scheduled backup cannot start yet; trying again");
    } else {
        tracing::debug!(%strategy, %due, %error, "a scheduled backup still cannot start");
    }
}

async fn submit(control: &Control, decided: &Decided, run: &Scheduled) -> Result<Accepted, Error> {
    let strategy = &decided.strategy;
    // An empty list would mean the whole cluster.
    if decided.tenants.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::refused(codes::NO_BACKUP_OBJECT, WITHOUT_TENANT).into());
    }
    let owner = control.metadata().user_get(strategy.owner).await?;
    let actor = actor_of_run(owner, strategy)?;
    let order = BackupNow {
        cluster: strategy.scope.cluster(),
        wish: BackupWish {
            tenants: decided.tenants.clone().unwrap_or_default(),
            objects: Vec::new(),
            method: Some(strategy.settings.method),
            mode: Some(run.kind),
        },
        consent: Consent::default(),
        storage: Some(StorageChoice::Saved(strategy.settings.storage)),
        auto_compaction: true,
        accept_deletions: false,
        plus_archivelog: false,
        encryption: None,
        threads: None,
        compression: None,
    };
    let cluster = control.context.cluster(order.cluster).await?;
    let mut order = order.settled(cluster.facts.ability)?;
    if let BackupOrder::Physical(order) = &mut order {
        order.promotion = run.promotion;
        order.start_log_backup = strategy.settings.start_log_backup;
        order.run = Some(RunKey { strategy: strategy.id, due: run.due });
    }
    orders::submit_run(control, &actor, order, run).await
}

/// The refusal of a run of a cluster whose tenants all have strategies of their own. An earlier version stored
/// `backup-without-tenant`.
pub(super) const WITHOUT_TENANT: &str = "strategy-without-tenant";

/// The error of a submission when another server has acted since this one checked.
const OUTRUN: &str = "strategy-run-settled";

/// Returns whether the same run may succeed later: then it waits. After any other error, also a lasting one of the
/// metadata, it is missed.
fn is_for_later(error: &Error) -> bool {
    let problem = error.problem();
    let is_passing = ["cluster-upgrading", "strategy-changed-meanwhile"];
    error.is_transient() || is_passing.contains(&problem.text.id.as_str())
}
