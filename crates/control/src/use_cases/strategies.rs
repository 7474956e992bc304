//! Backup strategies: scheduled backups and their storage.
//!
//! | file | what it holds |
//! |---|---|
//! | `ask` | requests about a strategy, and a strategy as it is shown |
//! | [`due`] | what is due now: what the scheduler does |
//! | `running` | the data backups that run, and for whom they leave no room |
//! | `found` | a strategy that is named, which may be none, or one that cannot be read |
//! | `misses` | due times that are recorded as missed |
//! | `place` | where a strategy backs up to |
//! | `runs` | what became of each due time, and what comes next |

mod ask;
pub(crate) mod due;
mod found;
mod misses;
mod place;
#[cfg(test)]
mod random;
mod running;
mod runs;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod tests;

use model::Problem;
use model::backup::BackupMethod;
use model::cluster::Cluster;
use model::id::ClusterId;
use model::schedule::decide::{Hindrance, MissReason};
use model::strategy::draft::ScheduleConfig;
use model::strategy::rules::{self, Ground, StorageEdit};
use model::strategy::{Draft, Scope, Strategy};
use model::user::Permission;

use crate::actor::Actor;
use crate::context::{Attempt, Control};
use crate::error::Error;
pub use ask::{Detail, NamedStorage, StrategyAsk, StrategyChange, get, list};
use misses::record_misses;
use place::place;
pub use runs::{
    RunFilter, RunStatus, ScheduleStanding, ScheduleStatus, StrategyRun, next_runs, planned_runs, runs,
};
pub(crate) use runs::{schedule_standing, schedule_standings};

/// Creates a strategy; the actor becomes its owner.
///
/// # Errors
/// When the actor may not, the scope has a strategy (20100, 20101), or a rule or the storage refuses it.
pub async fn create(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    ask: StrategyAsk,
) -> Result<Detail, Error> {
    let attempt = Attempt::new(actor, "strategy-create", target(scope));
    let work = Box::pin(async {
        actor.must(Permission::Backup)?;
        let context = &control.context;
        let cluster = context.cluster(scope.cluster()).await?;
        if let Some(tenant) = scope.tenant() {
            context.tenant(cluster.id, tenant).await?;
        }
        let StrategyAsk { method, storage, schedule, thresholds, secondary_backup } = ask;
        let usual = method.unwrap_or_else(|| cluster.facts.ability.preferred());
        let place = place(context, &cluster, scope, usual, None, storage).await?;
        let mut writer = control.metadata().begin().await?;
        let strategies = writer.strategies_whole_now(cluster.id).await?;
        found::check_readable(&strategies, scope)?;
        let storage = place.save(&mut writer).await?;
        let draft = Draft { method, storage, schedule, thresholds, secondary_backup };
        let settings = rules::create(&draft, scope, ground(&cluster), &strategies.readable)?;
        let paused = !draft.schedule.backup_schedule_enabled;
        writer.strategy_insert(scope, actor.user, &settings, paused).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        get(control, actor, scope).await
    });
    attempt.watch(&control.context, work).await
}

/// Changes a strategy; the actor becomes its owner. Due times of the old schedule that were not started are recorded.
///
/// # Errors
/// When the actor may not, there is no strategy (20106), nothing changes (20116), a physical strategy would move to
/// another storage without consent, or a rule or the storage refuses the change.
pub async fn change(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    change: StrategyChange,
) -> Result<Detail, Error> {
    let attempt = Attempt::new(actor, "strategy-update", target(scope));
    let work = Box::pin(async {
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
        } = change;
        let seen = control.metadata().strategy_list_whole(Some(cluster.id)).await?;
        let seen = found::find(&seen, scope)?;
        let method = method.unwrap_or(seen.settings.method);
        let own = seen.settings.storage;
        let place = place(context, &cluster, scope, method, Some(own), storage).await?;
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
        let settings = rules::change(&draft, old, ground(&cluster), storage_edit)?;
        let now = writer.now().await?;
        let mut since = old.since;
        if settings.schedule != old.settings.schedule {
            let next = settings.schedule.dues(now).next().map_or(now, |due| due.at);
            let reason = if old.paused { PAUSED } else { MissReason::ReplacedBy(next) };
            record_misses(&mut writer, old, reason, now).await?;
            since = now;
        } else if old.paused && !paused {
            record_misses(&mut writer, old, PAUSED, now).await?;
        }
        let new = Strategy { id: old.id, scope, owner: actor.user, settings, paused, since };
        writer.strategy_update(&new).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        get(control, actor, scope).await
    });
    attempt.watch(&control.context, work).await
}

/// Pauses a strategy's schedule. A running backup continues.
///
/// # Errors
/// When the actor may not, or there is no strategy (20106).
pub async fn pause(control: &Control, actor: &Actor, scope: Scope) -> Result<Detail, Error> {
    switch(control, actor, scope, true).await
}

/// Resumes a strategy's schedule. Runs that were due meanwhile are recorded as missed, and are not started later. The
/// actor becomes the owner.
///
/// # Errors
/// When the actor may not, or there is no strategy (20106).
pub async fn resume(control: &Control, actor: &Actor, scope: Scope) -> Result<Detail, Error> {
    switch(control, actor, scope, false).await
}

async fn switch(control: &Control, actor: &Actor, scope: Scope, paused: bool) -> Result<Detail, Error> {
    let action = if paused { "strategy-pause" } else { "strategy-resume" };
    let attempt = Attempt::new(actor, action, target(scope));
    let work = Box::pin(async {
        actor.must(Permission::Backup)?;
        control.context.cluster(scope.cluster()).await?;
        let mut writer = control.metadata().begin().await?;
        let strategies = writer.strategies_whole_now(scope.cluster()).await?;
        let old = found::find(&strategies, scope)?;
        let mut new = Strategy { paused, ..old.clone() };
        if !paused {
            new.owner = actor.user;
        }
        if old.paused && !paused {
            let now = writer.now().await?;
            record_misses(&mut writer, old, PAUSED, now).await?;
        }
        writer.strategy_update(&new).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        get(control, actor, scope).await
    });
    attempt.watch(&control.context, work).await
}

/// Deletes a strategy and its run history. Backup sets stay, and a running backup continues.
///
/// # Errors
/// When the actor may not, or there is no strategy (20106).
pub async fn remove(control: &Control, actor: &Actor, scope: Scope) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "strategy-delete", target(scope));
    let work = Box::pin(async {
        actor.must(Permission::Backup)?;
        control.context.cluster(scope.cluster()).await?;
        let mut writer = control.metadata().begin().await?;
        let strategies = writer.strategies_whole_now(scope.cluster()).await?;
        let id = found::find_id(&strategies, scope)?;
        writer.strategy_remove(id).await?;
        attempt.done(&mut writer).await?;
        Ok(writer.commit().await?)
    });
    attempt.watch(&control.context, work).await
}

const PAUSED: MissReason = MissReason::Hindered(Hindrance::Paused);

fn ground(cluster: &Cluster) -> Ground {
    Ground { generation: cluster.facts.generation, ability: cluster.facts.ability }
}

/// Returns a strategy's schedule as a request would write it.
fn written(strategy: &Strategy, method: BackupMethod) -> ScheduleConfig {
    let start_log_backup = strategy.settings.start_log_backup;
    ScheduleConfig {
        schedule: strategy.settings.schedule.clone().into(),
        backup_schedule_enabled: !strategy.paused,
        // With another method the old choices do not count.
        start_log_backup: Some(start_log_backup).filter(|_| method == strategy.settings.method),
        restart_interrupted_log_backup: strategy.settings.restart_interrupted_log_backup
            && method == strategy.settings.method,
        clean_enabled: strategy.settings.clean_up.is_some(),
        backup_data_retention_days: strategy.settings.clean_up.map(|clean_up| clean_up.retention_days),
        clean_schedule_time: None,
    }
}

fn target(scope: Scope) -> String {
    match scope {
        Scope::Cluster(ClusterId(cluster)) => format!("cluster/{cluster}"),
        Scope::Tenant(cluster, tenant) => format!("cluster/{cluster}/tenant/{tenant}"),
    }
}
