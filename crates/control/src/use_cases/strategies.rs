//! Backup strategies: scheduled backups and their storage.
//!
//! | file | contents |
//! |---|---|
//! | `ask` | requests about a strategy, and a strategy as it is shown |
//! | [`due`] | the runs that are due now: the scheduler |
//! | `found` | the strategy of a request, which may not exist or not be readable |
//! | `log_backup` | log backup that is paused and resumed with a strategy |
//! | `misses` | due times that are recorded as missed |
//! | `place` | the storage of a strategy |
//! | `queue` | the tasks that wait in the queue, and must be checked again |
//! | `removal` | deleting a strategy |
//! | `runs` | past and future runs |

mod ask;
pub(crate) mod due;
mod found;
mod log_backup;
mod misses;
mod place;
mod queue;
#[cfg(test)]
mod random;
mod removal;
mod runs;
#[cfg(test)]
mod seekdb_story;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod tests;

use engine::NewTask;
use metadata::Transaction;
use metadata::strategies::Strategies;
use metadata::tasks::subject;
use model::backup::BackupMethod;
use model::cluster::Cluster;
use model::id::{StorageId, TaskId, TenantId};
use model::order::StorageChoice;
use model::physical::SYS;
use model::problem::codes;
use model::schedule::decide::{Hindrance, MissReason};
use model::strategy::draft::ScheduleConfig;
use model::strategy::rules::{self, Besides, Ground, StorageEdit};
use model::strategy::{CleanUp, Draft, Scope, Settings, Strategy, TakeOver, covered};
use model::text::Text;
use model::user::Permission;
use model::{Problem, Timestamp};

use crate::actor::Actor;
use crate::context::{Attempt, Context, Control};
use crate::delete_policies::{self, Saving};
use crate::error::Error;
use crate::orders;
pub use ask::{
    Detail, NamedStorage, StrategyAsk, StrategyChange, UnreadableStrategy, WaitingRun, get, list,
    list_unreadable,
};
use found::target;
use log_backup::{pause_order, resume_order};
use misses::record_misses;
use place::{Place, place};
pub use removal::remove;
pub use runs::{
    NextRuns, PlannedFor, RunFilter, RunStatus, ScheduleStanding, ScheduleStatus, StrategyRun, next_runs,
    planned_runs, runs,
};
pub(crate) use runs::{had_nothing_to_do, schedule_standing, schedule_standings};

/// Creates a strategy; the actor becomes its owner.
///
/// # Errors
/// When the actor lacks the permission, the scope has a strategy (20100, 20101), or a rule or the storage refuses it.
pub async fn create(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    ask: StrategyAsk,
) -> Result<Detail, Error> {
    let attempt = Attempt::new(actor, "strategy-create", target(scope));
    let work = Box::pin(async {
        let mut writer = created(control, actor, scope, ask).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.check_policies.notify_one();
        get(control, actor, scope).await
    });
    attempt.watch(&control.context, found::named(&control.context, scope, work)).await
}

/// Checks a new strategy as [`create`] does, and saves nothing.
///
/// # Errors
/// As [`create`].
pub async fn check_new(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    ask: StrategyAsk,
) -> Result<(), Error> {
    found::named(&control.context, scope, Box::pin(created(control, actor, scope, ask))).await.map(drop)
}

/// Creates a strategy in a transaction that is not yet committed.
async fn created(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    ask: StrategyAsk,
) -> Result<Transaction, Error> {
    actor.must(Permission::Backup)?;
    let context = &control.context;
    let cluster = context.cluster(scope.cluster()).await?;
    if let Some(tenant) = scope.tenant() {
        context.tenant(cluster.id, tenant).await?;
    }
    let StrategyAsk {
        method,
        storage,
        schedule,
        thresholds,
        secondary_backup,
        take_over_policies: take_over,
        seen_policies: seen_plan,
    } = ask;
    let agreed = Agreed { take_over, seen: seen_plan.as_deref() };
    let usual = method.unwrap_or_else(|| cluster.facts.ability.preferred());
    let seen = control.metadata().strategy_list_whole(Some(cluster.id)).await?;
    found::check_readable(&seen, scope)?;
    // Before the storage: without one, that would be the reason to refuse what no storage makes possible.
    let mut draft = Draft { method, storage: StorageId(0), schedule, thresholds, secondary_backup };
    let first = rules::create(&draft, scope, ground(&cluster), &seen.readable)?;
    if first.method == BackupMethod::Logical {
        check_logical(context, &cluster, scope, &seen).await?;
    }
    let storage = storage.or_else(|| storage_of_cluster(&seen.readable, scope, usual));
    let place = place(context, &cluster, scope, usual, None, storage).await?;
    let take_over = consent(control, &cluster, scope, &first, None, &place, agreed).await?;
    let mut writer = control.metadata().begin().await?;
    let strategies = writer.strategies_whole_now(cluster.id).await?;
    found::check_readable(&strategies, scope)?;
    draft.storage = place.save(&mut writer).await?;
    let mut settings = rules::create(&draft, scope, ground(&cluster), &strategies.readable)?;
    let now = writer.now().await?;
    count_clean_up_from(now, &mut settings, false);
    settings.take_over = take_over.filter(|take_over| !take_over.consents.is_empty());
    let paused = !draft.schedule.backup_schedule_enabled;
    writer.strategy_insert(scope, actor.user, &settings, paused).await?;
    Ok(writer)
}

/// Checks that a new logical strategy has data to read: each of its runs would be missed otherwise. A cluster without
/// tenants has no reason to refuse it.
async fn check_logical(
    context: &Context,
    cluster: &Cluster,
    scope: Scope,
    strategies: &Strategies,
) -> Result<(), Error> {
    let mut tenants = context.metadata.tenant_list(cluster.id).await?;
    let all: Vec<TenantId> = tenants.iter().map(|tenant| tenant.id).filter(|id| *id != SYS).collect();
    let covered = covered(&strategies.readable, scope, &all);
    tenants.retain(|tenant| covered.contains(&tenant.id));
    if tenants.is_empty() {
        return Ok(());
    }
    orders::readable(context, cluster, &tenants).await?.map_err(Into::into)
}

/// Changes a strategy; the actor becomes its owner. Due times of the old schedule that were not started are recorded.
///
/// # Errors
/// When the actor lacks the permission, there is no strategy (20106), nothing changes (20116), a physical strategy
/// would move to another storage without consent, or a rule or the storage refuses the change.
pub async fn change(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    change: StrategyChange,
) -> Result<Detail, Error> {
    let attempt = Attempt::new(actor, "strategy-update", target(scope));
    let work = Box::pin(async {
        let mut writer = changed(control, actor, scope, change).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.check_policies.notify_one();
        get(control, actor, scope).await
    });
    attempt.watch(&control.context, found::named(&control.context, scope, work)).await
}

/// Checks a change as [`change`] does, and saves nothing.
///
/// # Errors
/// As [`change`].
pub async fn check_change(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    change: StrategyChange,
) -> Result<(), Error> {
    found::named(&control.context, scope, Box::pin(changed(control, actor, scope, change))).await.map(drop)
}

/// Changes a strategy in a transaction that is not yet committed.
async fn changed(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    change: StrategyChange,
) -> Result<Transaction, Error> {
    actor.must(Permission::Backup)?;
    let context = &control.context;
    let cluster = context.cluster(scope.cluster()).await?;
    let StrategyChange {
        method,
        storage,
        schedule,
        enabled,
        thresholds,
        secondary_backup,
        accept_storage_move,
        take_over_policies: take_over,
        seen_policies,
    } = change;
    let agreed = Agreed { take_over, seen: seen_policies.as_deref() };
    let seen = control.metadata().strategy_list_whole(Some(cluster.id)).await?;
    let seen = found::find(&seen, scope)?;
    let method = method.unwrap_or(seen.settings.method);
    let own = seen.settings.storage;
    let place = place(context, &cluster, scope, method, Some(own), storage).await?;
    let (seen_settings, given) = (seen.settings.clone(), schedule.clone());
    let wanted = given.unwrap_or_else(|| written(seen, method));
    let wanted = Draft {
        method: Some(method),
        storage: own,
        schedule: wanted,
        thresholds: ask::merged(thresholds, seen_settings.thresholds),
        secondary_backup,
    };
    // Before the transaction, because the cluster is asked. What is refused here is refused below with its reason.
    let take_over = match rules::settings(&wanted, scope, ground(&cluster), Some(&seen_settings.schedule)) {
        Ok(settings) => {
            consent(control, &cluster, scope, &settings, Some(&seen_settings), &place, agreed).await?
        }
        Err(_) => None,
    };
    let storage_edit = StorageEdit { is_edited: place.is_edited(), accept_move: accept_storage_move };
    let mut writer = control.metadata().begin().await?;
    let strategies = writer.strategies_whole_now(cluster.id).await?;
    let old = found::find(&strategies, scope)?;
    if old.settings.storage != own {
        return Err(Problem::conflict("strategy-changed-meanwhile").into());
    }
    let storage = place.save(&mut writer).await?;
    let mut schedule = schedule.unwrap_or_else(|| written(old, method));
    schedule.backup_schedule_enabled = enabled.unwrap_or(!old.paused);
    let paused = !schedule.backup_schedule_enabled;
    let thresholds = ask::merged(thresholds, old.settings.thresholds);
    let draft = Draft { method: Some(method), storage, schedule, thresholds, secondary_backup };
    let now = writer.now().await?;
    let mut settings =
        rules::change(&draft, old, ground(&cluster), Besides { storage: storage_edit, take_over })?;
    if old.paused != paused
        && let Some(clean_up) = &mut settings.clean_up
    {
        clean_up.stops_in_pause = false;
    }
    count_clean_up_from(now, &mut settings, old.is_clean_up_paused() && !paused);
    let mut since = old.since;
    if settings.schedule != old.settings.schedule {
        let reason = if old.paused { PAUSED } else { MissReason::ScheduleChanged };
        record_misses(&mut writer, old, reason, now).await?;
        since = now;
    } else if old.paused != paused {
        record_misses(&mut writer, old, PAUSED, now).await?;
    }
    // Waiting tasks would back up with the old settings: withdraw them, and let the next round decide again.
    writer.strategy_runs_withdraw(old.id, Text::new("task-withdrawn-changed")).await?;
    let new = Strategy { id: old.id, scope, owner: actor.user, settings, paused, since };
    writer.strategy_update(&new).await?;
    Ok(writer)
}

/// What is paused together with a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PauseToo {
    /// Whether log backup is paused.
    pub log_backup: bool,
    /// Whether no expired backups are deleted during the pause.
    pub clean_up: bool,
}

/// Pauses a strategy's schedule. A running backup continues; a run that is due or waits in the queue is missed. Log
/// backup and clean-up continue, except for what `too` pauses. Returns the task that pauses log backup.
///
/// # Errors
/// When the actor lacks the permission, there is no strategy (20106), its log backup cannot be paused, or it has no
/// clean-up to pause.
pub async fn pause(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    too: PauseToo,
) -> Result<Option<TaskId>, Error> {
    switch(control, actor, scope, Switch::Pause(too)).await
}

/// Resumes a strategy's schedule. Runs that were due meanwhile are recorded as missed, and are not started later. The
/// actor becomes the owner. Log backup that was paused with the schedule is resumed: then returns the task that resumes
/// it.
///
/// # Errors
/// When the actor lacks the permission, there is no strategy (20106), or its log backup is being changed.
pub async fn resume(control: &Control, actor: &Actor, scope: Scope) -> Result<Option<TaskId>, Error> {
    switch(control, actor, scope, Switch::Resume).await
}

/// A change of a schedule's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    Pause(PauseToo),
    Resume,
}

async fn switch(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    switch: Switch,
) -> Result<Option<TaskId>, Error> {
    let paused = switch != Switch::Resume;
    let action = if paused { "strategy-pause" } else { "strategy-resume" };
    let attempt = Attempt::new(actor, action, target(scope));
    let work = Box::pin(async {
        actor.must(Permission::Backup)?;
        let context = &control.context;
        context.cluster(scope.cluster()).await?;
        let seen = control.metadata().strategy_list_whole(Some(scope.cluster())).await?;
        let of_log_backup = match switch {
            Switch::Pause(PauseToo { log_backup: false, .. }) => None,
            Switch::Pause(_) => pause_order(context, &seen, found::find(&seen, scope)?).await?,
            Switch::Resume => resume_order(context, &seen, found::find(&seen, scope)?).await?,
        };
        let of_log_backup = match of_log_backup {
            Some(order) => Some(orders::prepare(control, actor, order).await?),
            None => None,
        };
        let mut writer = control.metadata().begin().await?;
        let strategies = writer.strategies_whole_now(scope.cluster()).await?;
        let old = found::find(&strategies, scope)?;
        let mut new = Strategy { paused, ..old.clone() };
        if !paused {
            new.owner = actor.user;
        }
        let is_kernels = new.settings.kernel_window_days().is_some();
        let stops_clean_up = matches!(switch, Switch::Pause(PauseToo { clean_up: true, .. }));
        match &mut new.settings.clean_up {
            Some(_) if stops_clean_up && is_kernels => {
                return Err(Problem::refused(codes::INVALID, "strategy-pause-without-clean-up").into());
            }
            Some(clean_up) => clean_up.stops_in_pause = stops_clean_up,
            None if stops_clean_up => {
                return Err(Problem::refused(codes::INVALID, "strategy-without-clean-up").into());
            }
            None => {}
        }
        let now = writer.now().await?;
        let is_resumed = old.is_clean_up_paused() && !new.is_clean_up_paused();
        count_clean_up_from(now, &mut new.settings, is_resumed);
        if old.paused != paused {
            record_misses(&mut writer, old, PAUSED, now).await?;
        }
        if paused {
            // After the clock went back, tasks may wait for a due time that is in the future again.
            writer.strategy_runs_withdraw(old.id, PAUSED.text()).await?;
        }
        writer.strategy_update(&new).await?;
        let task = match of_log_backup {
            Some(prepared) => {
                let mark =
                    |task: NewTask| task.creator(&actor.name).subject(subject::STRATEGY, old.id.to_string());
                Some(prepared.insert(&mut writer, mark).await?)
            }
            None => None,
        };
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.wake().now();
        Ok(task)
    });
    attempt.watch(&control.context, found::named(&control.context, scope, work)).await
}

/// What the sender of a request agrees to about delete policies.
#[derive(Debug, Clone, Copy)]
struct Agreed<'a> {
    take_over: bool,
    seen: Option<&'a str>,
}

/// Asks the cluster for the policies that the clean-up of a physical strategy replaces, if it is new, has another window,
/// or deletes in another storage, or if policies are to be taken over. Returns a new consent, which may be to nothing.
async fn consent(
    control: &Control,
    cluster: &Cluster,
    scope: Scope,
    new: &Settings,
    old: Option<&Settings>,
    place: &Place,
    Agreed { take_over, seen }: Agreed<'_>,
) -> Result<Option<TakeOver>, Error> {
    let Some(days) = new.kernel_window_days() else {
        return if take_over {
            Err(Problem::invalid("strategy-nothing-to-take-over").into())
        } else {
            Ok(None)
        };
    };
    let is_same =
        |old: &Settings| old.kernel_window_days() == Some(days) && !place.is_other_than(old.storage);
    if !take_over && old.is_some_and(is_same) {
        return Ok(None);
    }
    let base = place.base(&control.context).await?;
    let saving = Saving { scope, days, take_over, base: &base, is_typed: place.is_new(), seen };
    Ok(Some(TakeOver { consents: delete_policies::consent(control, cluster, saving).await? }))
}

/// Returns the default storage of a tenant's strategy: that of the cluster's strategy with the same method.
fn storage_of_cluster(strategies: &[Strategy], scope: Scope, method: BackupMethod) -> Option<NamedStorage> {
    scope.tenant()?;
    let of_cluster = Scope::Cluster(scope.cluster());
    let same = |strategy: &&Strategy| strategy.scope == of_cluster && strategy.settings.method == method;
    let found = strategies.iter().find(same)?;
    Some(NamedStorage { choice: StorageChoice::Saved(found.settings.storage), name: None })
}

const PAUSED: MissReason = MissReason::Hindered(Hindrance::Paused);

fn ground(cluster: &Cluster) -> Ground {
    Ground { generation: cluster.facts.generation, ability: cluster.facts.ability }
}

/// Sets when the strategy's clean-ups start to count, if the clean-up is new or `is_resumed`: the next one is at its next
/// time, not immediately.
fn count_clean_up_from(now: Timestamp, settings: &mut Settings, is_resumed: bool) {
    let is_new = |clean_up: &&mut CleanUp| is_resumed || clean_up.since == Timestamp(0);
    if let Some(clean_up) = settings.clean_up.as_mut().filter(is_new) {
        clean_up.since = now;
    }
}

/// Returns a strategy's schedule in the form of a request.
fn written(strategy: &Strategy, method: BackupMethod) -> ScheduleConfig {
    let start_log_backup = strategy.settings.start_log_backup;
    let clean_up = strategy.settings.clean_up.filter(|_| method == strategy.settings.method);
    ScheduleConfig {
        schedule: strategy.settings.schedule.clone().into(),
        backup_schedule_enabled: !strategy.paused,
        // The old choices do not apply to another method.
        start_log_backup: Some(start_log_backup).filter(|_| method == strategy.settings.method),
        restart_interrupted_log_backup: strategy.settings.restart_interrupted_log_backup
            && method == strategy.settings.method,
        clean_enabled: clean_up.is_some(),
        backup_data_retention_days: clean_up.map(|clean_up| clean_up.retention_days),
        clean_schedule_time: clean_up
            .filter(|_| method == BackupMethod::Logical)
            .map(|clean_up| clean_up.time.to_string()),
    }
}
