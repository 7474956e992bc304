//! Gaps in archived logs: each interruption is recorded. If a strategy allows it, log backup is repaired: it is
//! stopped and started again, and a full backup follows.
//!
//! No state is kept between two runs. The row of a gap gets its task in the transaction that creates the task. So each
//! task is created once, whatever crashes and however many servers run.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use engine::TaskStatus;
use model::Timestamp;
use model::ability::Generation;
use model::archive::{ArchiveRound, ArchiveStatus, LogBackupWish};
use model::backup::{BackupMethod, BackupWish, DataBackupMode};
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, StrategyId, TenantId};
use model::inventory::Consent;
use model::log_gap::{GapKey, LogGap, Mending, TaskEnd, mending};
use model::order::{BackupNow, LogBackupOrder, Order, StorageChoice};
use model::physical::destination::is_below;
use model::storage::TestOutcome;
use model::strategy::{Strategy, holding};
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::orders::{self, GapTasks, actor_of_run};
use crate::page::{Page, PageAsk};

/// The minimum time between two repairs of a tenant's log backup. Each repair costs a full backup, and log backup that
/// is interrupted more often needs a person.
const AGAIN_AFTER_US: i64 = 24 * 60 * 60 * 1_000_000;

/// Returns the gaps in the logs of a cluster, newest first.
///
/// # Errors
/// When the actor may not read them, or there is no such cluster.
pub async fn list(
    control: &Control,
    actor: &Actor,
    cluster: ClusterId,
    page: PageAsk,
) -> Result<Page<LogGap>, Error> {
    actor.must(Permission::Read)?;
    control.context.cluster(cluster).await?;
    Ok(page.filled(control.metadata().log_gap_list(cluster, page.slice()).await?))
}

/// Records new interruptions, and starts the next repair step of each open gap.
pub(crate) async fn watch(
    control: &Control,
    cluster: &Cluster,
    rounds: &[ArchiveRound],
) -> Result<(), Error> {
    record(control, cluster, rounds).await?;
    let open = control.metadata().log_gap_open(cluster.id).await?;
    if open.is_empty() {
        return Ok(());
    }
    let strategies = control.metadata().strategy_list(Some(cluster.id)).await?;
    // Gaps with the same next step share a task: a cluster has one log backup task and one data backup at a time.
    let mut together: BTreeMap<(Mending, StrategyId), Vec<GapKey>> = BTreeMap::new();
    for gap in &open {
        let Some(round) = rounds.iter().find(|round| round.tenant == gap.key.tenant) else { continue };
        let strategy = holding(&strategies, cluster.id, gap.key.tenant);
        let step = decided(control, cluster, gap, round, strategy).await?;
        ended(control, gap, round, step == Mending::Close).await?;
        if let (Mending::Stop | Mending::Start | Mending::BackUp, Some(strategy)) = (step, strategy) {
            together.entry((step, strategy.id)).or_default().push(gap.key);
        }
    }
    for ((step, strategy), gaps) in together {
        let Some(strategy) = strategies.iter().find(|known| known.id == strategy) else { continue };
        if let Err(error) = act(control, cluster, strategy, step, gaps).await {
            // Another task is running, or another server was first: the next run decides again.
            tracing::info!(cluster = cluster.name, ?step, %error, "log backup is not brought back yet");
        }
    }
    Ok(())
}

async fn record(control: &Control, cluster: &Cluster, rounds: &[ArchiveRound]) -> Result<(), Error> {
    let is_interrupted = |round: &&ArchiveRound| round.status == ArchiveStatus::Interrupted;
    let interrupted: Vec<&ArchiveRound> = rounds.iter().filter(is_interrupted).collect();
    if interrupted.is_empty() {
        return Ok(());
    }
    let mut writer = control.metadata().begin().await?;
    let mut is_new = false;
    for round in interrupted {
        let key = GapKey { cluster: cluster.id, tenant: round.tenant, round: round.round };
        if writer.log_gap_insert(key, round.checkpoint, &round.comment).await? {
            is_new = true;
            let ArchiveRound { tenant, round, comment, .. } = round;
            tracing::warn!(cluster = cluster.name, %tenant, round, comment, "log backup was interrupted");
        }
    }
    if is_new {
        writer.commit().await?;
    }
    Ok(())
}

/// Decides the next repair step of a gap.
async fn decided(
    control: &Control,
    cluster: &Cluster,
    gap: &LogGap,
    round: &ArchiveRound,
    strategy: Option<&Strategy>,
) -> Result<Mending, Error> {
    let task = match gap.newest_task() {
        Some(task) => {
            let found = engine::Journal::load(control.metadata(), engine::TaskId(task.0)).await?;
            Some(found.map_or(TaskEnd::Badly, |task| match task.status {
                TaskStatus::Successful => TaskEnd::Well,
                status if status.is_finished() => TaskEnd::Badly,
                _ => TaskEnd::Running,
            }))
        }
        None => None,
    };
    let step = mending(gap, round, task, true);
    if step != Mending::Stop {
        return Ok(step);
    }
    let may_begin = match strategy {
        Some(strategy) => may_begin(control, cluster, gap, round, strategy).await?,
        None => false,
    };
    Ok(mending(gap, round, task, may_begin))
}

/// Returns whether log backup may be restarted: the strategy allows it, the last restart is long enough ago, and the
/// cause is gone as far as Lifeboat knows.
async fn may_begin(
    control: &Control,
    cluster: &Cluster,
    gap: &LogGap,
    round: &ArchiveRound,
    strategy: &Strategy,
) -> Result<bool, Error> {
    if !strategy.settings.restart_interrupted_log_backup
        || cluster.status != ClusterStatus::Running
        || cluster.facts.upgrading
    {
        return Ok(false);
    }
    let metadata = control.metadata();
    let since = Timestamp(metadata.now().await?.0.saturating_sub(AGAIN_AFTER_US));
    if metadata.log_gap_mended_since(gap.key.cluster, gap.key.tenant, since).await? {
        return Ok(false);
    }
    is_destination_well(control, round, strategy).await
}

/// Tests the storage of the logs. Returns false also if this server cannot test it.
async fn is_destination_well(
    control: &Control,
    round: &ArchiveRound,
    strategy: &Strategy,
) -> Result<bool, Error> {
    let metadata = control.metadata();
    let library = metadata.storage_list().await?;
    let around = library.into_iter().filter(|storage| is_below(&round.path, &storage.location.uri()));
    let found = around.max_by_key(|storage| storage.location.path.len());
    let storage = match found {
        Some(storage) => storage,
        // Views of 3.x do not show the log destination; data and logs share one there.
        None if round.path.is_empty() => control.context.storage(strategy.settings.storage).await?,
        None => return Ok(false),
    };
    let secret = metadata.storage_secret(storage.id).await?;
    let lines = storage::probe(&storage.location, secret.as_ref(), &control.context.rules).await;
    Ok(lines.iter().all(|line| line.outcome == TestOutcome::Passed))
}

/// Records the time from which logs are backed up again, and closes the gap if no step is left.
async fn ended(control: &Control, gap: &LogGap, round: &ArchiveRound, is_closed: bool) -> Result<(), Error> {
    let runs_again = round.round > gap.key.round;
    let until = round.start.filter(|_| runs_again && gap.until.is_none());
    if until.is_none() && !is_closed {
        return Ok(());
    }
    let mut writer = control.metadata().begin().await?;
    writer.log_gap_ended(gap.key, until, is_closed).await?;
    Ok(writer.commit().await?)
}

/// Creates the task of a step, as the strategy's owner.
async fn act(
    control: &Control,
    cluster: &Cluster,
    strategy: &Strategy,
    step: Mending,
    gaps: Vec<GapKey>,
) -> Result<(), Error> {
    let owner = control.metadata().user_get(strategy.owner).await?;
    let actor = actor_of_run(owner, strategy)?;
    let tenants: Vec<TenantId> = match cluster.facts.generation {
        Generation::Gen3 => Vec::new(), // the whole cluster
        Generation::Gen4 | Generation::Seekdb => gaps.iter().map(|gap| gap.tenant).collect(),
    };
    let log_backup =
        |wish| Order::LogBackup(LogBackupOrder { cluster: cluster.id, tenants: tenants.clone(), wish });
    let order = match step {
        Mending::Stop => log_backup(LogBackupWish::Stop),
        Mending::Start => log_backup(LogBackupWish::Start),
        Mending::BackUp => {
            let order = BackupNow {
                cluster: cluster.id,
                wish: BackupWish {
                    tenants: tenants.clone(),
                    objects: Vec::new(),
                    method: Some(BackupMethod::Physical),
                    mode: Some(DataBackupMode::Full),
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
            Order::Backup(order.settled(cluster.facts.ability)?)
        }
        Mending::Wait | Mending::Close => return Ok(()),
    };
    let tasks = GapTasks { strategy: strategy.id, step, gaps };
    let accepted = orders::submit_for_gaps(control, &actor, order, &tasks).await?;
    tracing::info!(cluster = cluster.name, ?step, task = %accepted.task, "log backup is brought back");
    Ok(())
}
