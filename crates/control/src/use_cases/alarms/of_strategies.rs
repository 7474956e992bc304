//! The problems of backup strategies: missed runs, owners without permission to back up, and exceeded thresholds.

use std::collections::{BTreeMap, BTreeSet};

use engine::TaskStatus;
use metadata::Slice;
use metadata::strategy_runs::{Fate, StoredRun};
use metadata::tasks::{TaskQuery, subject};
use model::Timestamp;
use model::ability::Generation;
use model::alarm::AlarmKind;
use model::cluster::Cluster;
use model::id::{ClusterId, StorageId, StrategyId, TaskId, TenantId, UserId};
use model::physical::SYS;
use model::strategy::{Holders, Strategy};
use model::text::Text;
use model::user::User;

use crate::context::Control;
use crate::error::Error;
use crate::orders::{self, actor_of_run};
use crate::strategies;
use crate::tasks::view;

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * 60 * MINUTE_US;

/// The age at which a sample of a storage's use no longer counts; one is taken every half hour.
const SAMPLE_COUNTS_US: i64 = 2 * 60 * MINUTE_US;

/// A problem of a strategy.
pub(super) struct Fault {
    pub(super) kind: AlarmKind,
    /// The tenant; none means everything that the strategy backs up.
    pub(super) tenant: Option<TenantId>,
    pub(super) task: Option<TaskId>,
    /// Since when, if that is known.
    pub(super) since: Option<Timestamp>,
    /// The text, without the object.
    pub(super) text: Text,
    pub(super) reason: Option<Text>,
}

/// The storages of strategies, by cluster and tenant, whose capacity is not known now.
pub(super) type Unmeasured = BTreeMap<(ClusterId, Option<TenantId>), StorageId>;

/// Returns the problems of these strategies, and the storages whose capacity is not known now.
pub(super) async fn faults(
    control: &Control,
    clusters: &[Cluster],
    strategies: &[Strategy],
) -> Result<(Vec<(Strategy, Fault)>, Unmeasured), Error> {
    if strategies.is_empty() {
        return Ok((Vec::new(), Unmeasured::new()));
    }
    let now = control.metadata().now().await?;
    let mut faults = of_schedules(control, strategies, now).await?;
    faults.extend(late_backups(control, strategies, now).await?);
    faults.extend(old_backups(control, clusters, strategies, now).await?);
    let (full, unmeasured) = full_storages(control, strategies, now).await?;
    faults.extend(full);
    Ok((faults, unmeasured))
}

/// Returns owners without permission to back up, and missed runs. A paused strategy is no problem: it is intended.
async fn of_schedules(
    control: &Control,
    strategies: &[Strategy],
    now: Timestamp,
) -> Result<Vec<(Strategy, Fault)>, Error> {
    let missed = control.metadata().strategy_run_missed(now).await?;
    let missed: BTreeMap<StrategyId, &StoredRun> = missed.iter().map(|run| (run.run.strategy, run)).collect();
    let users = control.metadata().user_list().await?;
    let users: BTreeMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
    let mut faults = Vec::new();
    for strategy in strategies.iter().filter(|strategy| !strategy.paused) {
        if let Err(problem) = actor_of_run(users.get(&strategy.owner).cloned(), strategy) {
            let fault = Fault {
                kind: AlarmKind::StrategyOwnerInvalid,
                tenant: None,
                task: None,
                since: None,
                text: Text::new("alarm-strategy-owner"),
                reason: Some(problem.text),
            };
            faults.push((strategy.clone(), fault));
        }
        let last = missed.get(&strategy.id);
        faults.extend(last.and_then(|run| of_miss(run)).map(|fault| (strategy.clone(), fault)));
    }
    Ok(faults)
}

/// Returns the problem of a missed run; none if it had nothing to back up.
fn of_miss(stored: &StoredRun) -> Option<Fault> {
    let Fate::Missed(why) = stored.run.fate else { return None };
    if strategies::had_nothing_to_do(stored.run.note.as_ref()) {
        return None;
    }
    Some(Fault {
        kind: AlarmKind::BackupRunMissed,
        tenant: None,
        task: None,
        since: Some(stored.decided),
        text: Text::new("alarm-run-missed").with("due", stored.run.due),
        reason: Some(stored.run.note.clone().unwrap_or_else(|| why.text())),
    })
}

/// Returns the data backups that run longer than their strategy allows: those that it ordered, and manual ones of its
/// tenants.
async fn late_backups(
    control: &Control,
    strategies: &[Strategy],
    now: Timestamp,
) -> Result<Vec<(Strategy, Fault)>, Error> {
    if strategies.iter().all(|strategy| strategy.settings.thresholds.data_backup_timeout_minutes.is_none()) {
        return Ok(Vec::new());
    }
    let query = TaskQuery {
        kinds: orders::backup_kinds(),
        statuses: vec![TaskStatus::Running],
        ..TaskQuery::default()
    };
    let running = control.metadata().task_list(&query, Slice::ALL).await?.items;
    let holders = Holders::of(strategies);
    let by_id: BTreeMap<StrategyId, &Strategy> =
        strategies.iter().map(|strategy| (strategy.id, strategy)).collect();
    let late = running.into_iter().filter_map(|task| {
        let number = |name| task.subject.get(name).and_then(|id| id.parse().ok());
        let ordered_by = number(subject::STRATEGY).map(StrategyId);
        let strategy = match ordered_by {
            Some(id) => by_id.get(&id).copied(),
            None => {
                let tenant = number(subject::TENANT).map_or(SYS, TenantId);
                holders.holding(ClusterId(number(subject::CLUSTER)?), tenant)
            }
        }?;
        let limit_minutes = strategy.settings.thresholds.data_backup_timeout_minutes?;
        let begun = view::moment(task.started_at?);
        let since = Timestamp(begun.0.saturating_add(i64::from(limit_minutes) * MINUTE_US));
        let text = Text::new("alarm-backup-late").with("begun", begun).with("limit_minutes", limit_minutes);
        let fault = Fault {
            kind: AlarmKind::BaseBackupTimeout,
            tenant: None,
            task: Some(TaskId(task.id.0)),
            since: Some(since),
            text,
            reason: None,
        };
        (since < now).then(|| (strategy.clone(), fault))
    });
    Ok(late.collect())
}

/// Returns the tenants, or before 4.0 clusters, whose newest good backup is too old, also while the strategy is paused.
/// A tenant without any backup is new, or its failed backup is an alarm of its own. It counts here only if the strategy
/// has no backup at all.
async fn old_backups(
    control: &Control,
    clusters: &[Cluster],
    strategies: &[Strategy],
    now: Timestamp,
) -> Result<Vec<(Strategy, Fault)>, Error> {
    let by_tenant: BTreeSet<ClusterId> = clusters
        .iter()
        .filter(|cluster| cluster.facts.generation == Generation::Gen4)
        .map(|cluster| cluster.id)
        .collect();
    let holders = Holders::of(strategies);
    // The newest set of each strategy and tenant. A cluster with one set for all tenants is under no tenant.
    let mut newest: BTreeMap<(StrategyId, Option<TenantId>), Timestamp> = BTreeMap::new();
    for (cluster, tenant, finished) in control.metadata().backup_set_newest().await? {
        let Some(strategy) = holders.holding(cluster, tenant) else { continue };
        let tenant = Some(tenant).filter(|_| by_tenant.contains(&cluster));
        let known = newest.entry((strategy.id, tenant)).or_insert(finished);
        *known = (*known).max(finished);
    }
    let mut faults = Vec::new();
    for strategy in strategies {
        let days = strategy.settings.thresholds.no_successful_data_backup_alarm_days;
        let too_old = |since: Timestamp| {
            let until = Timestamp(since.0.saturating_add(i64::from(days) * DAY_US));
            (until < now).then_some(until)
        };
        let fault = |tenant, since, text: Text| Fault {
            kind: AlarmKind::NoSuccessfulBackup,
            tenant,
            task: None,
            since: Some(since),
            text: text.with("days", days),
            reason: None,
        };
        let of_strategy = (strategy.id, None)..=(strategy.id, Some(TenantId(i64::MAX)));
        let mut sets = newest.range(of_strategy).peekable();
        if sets.peek().is_none()
            && let Some(since) = too_old(strategy.since)
        {
            faults.push((strategy.clone(), fault(None, since, Text::new("alarm-backup-never"))));
        }
        let old = sets.filter_map(|((_, tenant), finished)| {
            let text = Text::new("alarm-backup-too-old").with("newest", *finished);
            Some((strategy.clone(), fault(*tenant, too_old(*finished)?, text)))
        });
        faults.extend(old);
    }
    Ok(faults)
}

/// Returns the storages that are fuller than their strategy allows, and those of unknown capacity.
async fn full_storages(
    control: &Control,
    strategies: &[Strategy],
    now: Timestamp,
) -> Result<(Vec<(Strategy, Fault)>, Unmeasured), Error> {
    let since = Timestamp(now.0.saturating_sub(SAMPLE_COUNTS_US));
    let newest = control.metadata().storage_use_newest(since).await?;
    let newest: BTreeMap<_, _> =
        newest.iter().map(|sample| ((sample.cluster, sample.storage), sample)).collect();
    let mut storages = None;
    let (mut faults, mut unmeasured) = (Vec::new(), Unmeasured::new());
    for strategy in strategies {
        let (cluster, storage) = (strategy.scope.cluster(), strategy.settings.storage);
        let its = newest.get(&(cluster, storage));
        let Some(room) = its.and_then(|sample| sample.room) else {
            unmeasured.insert((cluster, strategy.scope.tenant()), storage);
            continue;
        };
        let (percent, limit) = (room.percent(), strategy.settings.thresholds.storage_percent);
        if percent > limit {
            if storages.is_none() {
                storages = Some(control.context.storages_by_id().await?);
            }
            let found = storages.as_ref().and_then(|storages| storages.get(&storage));
            let name = found.map(|found| found.name.clone().unwrap_or_else(|| found.location.uri()));
            let name = name.unwrap_or_else(|| storage.to_string());
            let text = Text::new("alarm-storage-full").with("storage", name);
            let fault = Fault {
                kind: AlarmKind::StorageCapacity,
                tenant: None,
                task: None,
                since: None,
                text: text.with("percent", percent).with("limit", limit),
                reason: None,
            };
            faults.push((strategy.clone(), fault));
        }
    }
    Ok((faults, unmeasured))
}
