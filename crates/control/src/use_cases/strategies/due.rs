//! What strategies have due: each is decided about by the rules, then the decisions are carried out one by one.
//!
//! Nothing is remembered between two rounds. A crash before a decision is carried out loses nothing, since the next round
//! decides the same again; a task and the row of its due time are one transaction, so that none is started twice, by
//! whichever server.

use std::collections::BTreeMap;

use metadata::strategy_runs::{Fate, NewRun, Newest, StoredRun};
use metadata::tasks::subject;
use model::backup::{BackupMethod, BackupWish, DataBackupMode};
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, StrategyId, TenantId};
use model::inventory::Consent;
use model::order::{BackupNow, BackupOrder, StorageChoice};
use model::physical::SYS;
use model::problem::{ProblemKind, codes};
use model::schedule::Due;
use model::schedule::decide::{Decision, HORIZON, MissReason, Run, State, decide, promotion};
use model::strategy::{Strategy, covered};
use model::tenant::Tenant;
use model::{Problem, Timestamp};

use super::misses::{planned, record_miss};
use crate::context::Control;
use crate::error::Error;
use crate::orders::{self, Accepted, Scheduled, actor_of_run, has_full_sets};

/// What a strategy has due, and what that was decided by.
pub(super) struct Decided {
    strategy: Strategy,
    /// The tenants that it backs up; nothing when it is the whole cluster.
    tenants: Option<Vec<TenantId>>,
    history: Vec<Run>,
    state: State,
    now: Timestamp,
    pub(super) decisions: Vec<Decision>,
}

/// The data backups that run: the cluster of each, and the strategy that ordered it.
pub(super) type Running = Vec<(ClusterId, Option<StrategyId>)>;

/// Decides about every strategy, and carries it out.
pub(crate) async fn run(control: &Control) -> Result<(), Error> {
    let strategies = pending(control).await?;
    if strategies.is_empty() {
        return Ok(());
    }
    let mut running = running(control).await?;
    for strategy in strategies {
        let (id, cluster) = (strategy.id, strategy.scope.cluster());
        let done = async {
            let Some(decided) = decided(control, strategy, &running).await? else { return Ok(false) };
            carry_out(control, &decided).await
        };
        match done.await {
            Ok(true) => running.push((cluster, Some(id))),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, strategy = %id, "cannot run a strategy; trying again later");
            }
        }
    }
    Ok(())
}

/// Returns the strategies that may have something due; what is due first comes first.
pub(super) async fn pending(control: &Control) -> Result<Vec<Strategy>, Error> {
    let metadata = control.metadata();
    let newest = metadata.strategy_run_newest().await?;
    let newest: BTreeMap<StrategyId, Newest> = newest.into_iter().map(|row| (row.strategy, row)).collect();
    let now = metadata.now().await?;
    let mut found: Vec<(Timestamp, Strategy)> = Vec::new();
    for strategy in metadata.strategy_list(None).await? {
        let from = strategy.since.max(Timestamp(now.0.saturating_sub(HORIZON)));
        let settled = match newest.get(&strategy.id) {
            // A row that was written by a clock that was ahead may settle nothing: all are looked at.
            Some(row) if row.decided <= now => row.due.max(from),
            _ => from,
        };
        let first = strategy.settings.schedule.dues(settled).next().filter(|due| due.at <= now);
        found.extend(first.map(|due| (due.at, strategy)));
    }
    found.sort_by_key(|(due, strategy)| (*due, strategy.id));
    Ok(found.into_iter().map(|(_, strategy)| strategy).collect())
}

/// Returns the data backups that run or wait to run.
pub(super) async fn running(control: &Control) -> Result<Running, Error> {
    let tasks = control.metadata().task_unfinished_subjects(&orders::backup_kinds()).await?;
    let number = |task: &BTreeMap<String, String>, name| task.get(name).and_then(|id| id.parse().ok());
    let backups = tasks.iter().map(|task| {
        let cluster = ClusterId(number(task, subject::CLUSTER).unwrap_or_default());
        (cluster, number(task, subject::STRATEGY).map(StrategyId))
    });
    Ok(backups.collect())
}

/// Decides about a strategy; nothing when its cluster is gone.
pub(super) async fn decided(
    control: &Control,
    strategy: Strategy,
    running: &Running,
) -> Result<Option<Decided>, Error> {
    let metadata = control.metadata();
    let Some(cluster) = metadata.cluster_get(strategy.scope.cluster()).await? else { return Ok(None) };
    let strategies = metadata.strategy_list(Some(cluster.id)).await?;
    let tenants = metadata.tenant_list(cluster.id).await?;
    let meant = meant(&strategies, &strategy, &tenants);
    let is_one_of_its = |tenant: &&Tenant| meant.as_ref().is_none_or(|meant| meant.contains(&tenant.id));
    let its_tenants: Vec<Tenant> = tenants.iter().filter(is_one_of_its).cloned().collect();
    let now = metadata.now().await?;
    let from = Timestamp(now.0.saturating_sub(HORIZON));
    let history = metadata.strategy_run_history(strategy.id, from).await?;
    let history: Vec<Run> = history.iter().map(StoredRun::row).collect();
    let is_other =
        |(of, by): &&(ClusterId, Option<StrategyId>)| *of == cluster.id && *by != Some(strategy.id);
    let state = State {
        cluster: Some(status(&cluster)),
        has_usable_full: strategy.settings.method == BackupMethod::Physical
            && has_full_sets(&control.context, &cluster, &its_tenants, Some(strategy.settings.storage))
                .await?,
        // Our backups of one cluster exclude each other, whichever tenants they are of.
        other_backup_runs: running.iter().any(|backup| is_other(&backup)),
        running: running.len(),
        running_max: control.context.data_backups_at_once,
    };
    let decisions = decide(&strategy, &history, &state, now);
    Ok(Some(Decided { strategy, tenants: meant, history, state, now, decisions }))
}

/// Returns the tenants that a strategy backs up; nothing when it is the whole cluster. A tenant that has a strategy of its own
/// is left to that one.
fn meant(strategies: &[Strategy], strategy: &Strategy, tenants: &[Tenant]) -> Option<Vec<TenantId>> {
    if let Some(tenant) = strategy.scope.tenant() {
        return Some(vec![tenant]);
    }
    let cluster = strategy.scope.cluster();
    let has_others =
        strategies.iter().any(|other| other.scope.cluster() == cluster && other.scope.tenant().is_some());
    let all: Vec<TenantId> = tenants.iter().map(|tenant| tenant.id).filter(|id| *id != SYS).collect();
    has_others.then(|| covered(strategies, strategy, &all))
}

fn status(cluster: &Cluster) -> ClusterStatus {
    if cluster.facts.upgrading && cluster.status == ClusterStatus::Running {
        ClusterStatus::Upgrading
    } else {
        cluster.status
    }
}

/// Carries decisions out, in order; tells whether a task was created.
pub(super) async fn carry_out(control: &Control, decided: &Decided) -> Result<bool, Error> {
    let strategy = &decided.strategy;
    let mut has_started = false;
    for decision in &decided.decisions {
        match *decision {
            Decision::Start { due, kind, .. } => has_started |= start(control, decided, due, kind).await?,
            Decision::Miss { due, reason } => {
                let mut writer = control.metadata().begin().await?;
                if record_miss(&mut writer, strategy, due, reason).await? {
                    writer.commit().await?;
                    tracing::info!(strategy = %strategy.id, %due, ?reason, "a scheduled backup was missed");
                }
            }
            Decision::Wait { until, why } => {
                tracing::debug!(strategy = %strategy.id, %until, ?why, "a scheduled backup waits");
            }
            Decision::Nothing => {}
        }
    }
    Ok(has_started)
}

/// Starts a run; what a rule refuses is recorded as missed. Tells whether a task was created.
async fn start(
    control: &Control,
    decided: &Decided,
    due: Timestamp,
    kind: DataBackupMode,
) -> Result<bool, Error> {
    let Decided { strategy, history, state, now, .. } = decided;
    let planned = planned(strategy, due);
    let run = Scheduled {
        strategy: strategy.clone(),
        due,
        planned,
        kind,
        promotion: promotion(strategy, history, state, Due { at: due, kind: planned }, *now),
    };
    match submit(control, decided, &run).await {
        Ok(accepted) => {
            tracing::info!(strategy = %strategy.id, %due, task = %accepted.task, "a scheduled backup starts");
            Ok(true)
        }
        Err(error) if is_for_later(&error) => {
            tracing::debug!(strategy = %strategy.id, %due, %error, "a scheduled backup waits");
            Ok(false)
        }
        Err(error) => {
            let refusal = NewRun {
                strategy: strategy.id,
                due,
                planned,
                fate: Fate::Missed(MissReason::Refused),
                note: Some(error.problem().text.clone()),
            };
            let mut writer = control.metadata().begin().await?;
            if writer.strategy_run_insert(&refusal).await? {
                writer.commit().await?;
                tracing::warn!(strategy = %strategy.id, %due, %error, "a scheduled backup was refused");
            }
            Ok(false)
        }
    }
}

async fn submit(control: &Control, decided: &Decided, run: &Scheduled) -> Result<Accepted, Error> {
    let strategy = &decided.strategy;
    // An empty list would mean the whole cluster.
    if decided.tenants.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::refused(codes::NO_BACKUP_OBJECT, "backup-without-tenant").into());
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
    }
    orders::submit_run(control, &actor, order, run).await
}

/// Tells whether the same may go well later: then the run waits, and is not missed.
fn is_for_later(error: &Error) -> bool {
    let problem = error.problem();
    let is_passing = ["cluster-upgrading", "strategy-run-settled", "strategy-changed-meanwhile"];
    error.is_transient()
        || problem.kind == ProblemKind::Internal
        || problem.code == codes::BACKUP_RUNS_ALREADY
        || is_passing.contains(&problem.text.id.as_str())
}
