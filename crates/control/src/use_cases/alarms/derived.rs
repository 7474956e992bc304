//! The current problems, derived from the metadata and from the last refresh of each cluster.

use std::collections::{BTreeMap, BTreeSet};

use metadata::backup_failures::BackupFailure;
use metadata::strategies::{Strategies, Unreadable};
use model::ability::Generation;
use model::alarm::kept::{Observation, Span};
use model::alarm::{self, Alarm, AlarmKind, LOG_DELAY_S, Subject};
use model::archive::ArchiveRound;
use model::backup_set::BackupSet;
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, TaskId, TenantId};
use model::strategy::{Strategy, holding};
use model::tenant::Tenant;
use model::text::Text;
use model::time::Timestamp;

use super::of_strategies::{self, Fault, Unmeasured};
use crate::context::{Control, DiskTrouble, Trouble};
use crate::error::Error;
use crate::orders;
use crate::tasks::view;
use crate::words;

/// What a server sees, and the storages of the strategies whose capacity it does not know.
pub(crate) struct Derived {
    pub(super) observation: Observation,
    pub(super) unmeasured: Unmeasured,
}

/// Reads the problems of one cluster, or those of all and of this server, worst first.
pub(super) async fn observe(control: &Control, cluster: Option<ClusterId>) -> Result<Derived, Error> {
    let from = control.metadata().now().await?;
    let troubles = control.context.troubles.of_clusters();
    let disks = control.context.troubles.of_disks();
    let clusters = match cluster {
        Some(id) => vec![control.context.cluster(id).await?],
        None => control.metadata().cluster_list().await?,
    };
    let mut failures: BTreeMap<ClusterId, Vec<BackupFailure>> = BTreeMap::new();
    for failure in control.metadata().backup_failures(&orders::backup_kinds()).await? {
        failures.entry(failure.cluster).or_default().push(failure);
    }
    let partial = control.metadata().backup_set_partial_newest().await?;
    let Strategies { readable: strategies, unreadable } =
        control.metadata().strategy_list_whole(cluster).await?;
    let (faults, unmeasured) = of_strategies::faults(control, &clusters, &strategies).await?;
    let has_fault = |id| faults.iter().any(|(strategy, _)| strategy.scope.cluster() == id);
    let is_well = |cluster: &&Cluster| {
        !failures.contains_key(&cluster.id)
            && !has_fault(cluster.id)
            && !partial.iter().any(|set| set.cluster == cluster.id)
            && !unreadable.iter().any(|strategy| strategy.scope.cluster() == cluster.id)
            && troubles.of(cluster.id).is_none()
            && cluster.status != ClusterStatus::Unavailable
    };
    let ill: Vec<&Cluster> = clusters.iter().filter(|cluster| !is_well(cluster)).collect();
    let ids: Vec<ClusterId> = ill.iter().map(|cluster| cluster.id).collect();
    let mut tenants = control.metadata().tenant_list_of(&ids).await?;
    let mut alarms = Vec::new();
    for cluster in ill {
        let failures = failures.remove(&cluster.id).unwrap_or_default();
        let trouble = troubles.of(cluster.id);
        let faults: Vec<_> =
            faults.iter().filter(|(strategy, _)| strategy.scope.cluster() == cluster.id).collect();
        let tenants = tenants.remove(&cluster.id).unwrap_or_default();
        alarms.extend(of_answers(cluster, &tenants, &strategies, trouble));
        alarms.extend(failures.into_iter().filter_map(|failure| of_failure(cluster, &tenants, failure)));
        let of_cluster = partial.iter().filter(|set| set.cluster == cluster.id);
        alarms.extend(of_cluster.filter_map(|set| of_partial(cluster, &tenants, set)));
        let of_faults = |(strategy, fault): &(Strategy, Fault)| of_fault(cluster, &tenants, strategy, fault);
        alarms.extend(faults.into_iter().filter_map(of_faults));
        let of_cluster = unreadable.iter().filter(|strategy| strategy.scope.cluster() == cluster.id);
        alarms.extend(of_cluster.map(|strategy| of_unreadable(cluster, &tenants, strategy)));
    }
    if cluster.is_none() {
        alarms.extend(disks.trouble.map(|trouble| of_disks(control, trouble)));
    }
    alarms.sort_by_cached_key(|alarm| {
        (alarm.kind.level(), alarm.kind, alarm.subject.name().to_owned(), alarm.tenant.clone())
    });
    let is_silent = |id: &ClusterId| {
        clusters.iter().any(|cluster| cluster.id == *id && cluster.status == ClusterStatus::Unavailable)
    };
    let logs = troubles.logs_at.into_iter().filter(|(id, _)| !is_silent(id)).collect();
    let observation = Observation {
        server: control.context.server_name.clone(),
        read: Span { from, to: control.metadata().now().await? },
        disks: disks.checked,
        clusters: clusters.iter().map(|cluster| cluster.id).collect(),
        logs,
        unmeasured: unmeasured.keys().copied().collect::<BTreeSet<_>>(),
        unreadable: unreadable
            .iter()
            .map(|strategy| (strategy.scope.cluster(), strategy.scope.tenant()))
            .collect(),
        alarms,
    };
    Ok(Derived { observation, unmeasured })
}

/// The problem of the disks of this server.
fn of_disks(control: &Control, trouble: DiskTrouble) -> Alarm {
    let server = control.context.server_name.clone();
    Alarm {
        kind: AlarmKind::LifeboatDisk,
        text: Text::new("alarm-lifeboat-disk").with("server", &server),
        subject: Subject::Server(server),
        tenant: None,
        task: None,
        since: Some(trouble.since),
        reason: Some(trouble.why),
    }
}

/// Whether the cluster responded, and if so, its log backup status.
fn of_answers(
    cluster: &Cluster,
    tenants: &[Tenant],
    strategies: &[Strategy],
    trouble: Option<&Trouble>,
) -> Vec<Alarm> {
    match trouble {
        // The stored state of all servers outranks the state of this one: another may have had an answer.
        trouble if cluster.status == ClusterStatus::Unavailable => {
            let (since, reason) = match trouble {
                Some(Trouble::Silent { since, why }) => (Some(*since), Some(why.clone())),
                _ => (None, None),
            };
            let alarm = of_cluster(cluster, AlarmKind::ClusterUnavailable, "alarm-cluster-unavailable", None);
            vec![Alarm { since, reason, ..alarm }]
        }
        Some(Trouble::Logs(logs)) => {
            let of_round = |(round, delay_us): &(ArchiveRound, _)| {
                let limit_s = delay_limit_s(cluster, strategies, round.tenant);
                of_log_backup(cluster, tenants, round, *delay_us, limit_s)
            };
            logs.iter().filter_map(of_round).collect()
        }
        Some(Trouble::Silent { .. }) | None => Vec::new(),
    }
}

fn of_log_backup(
    cluster: &Cluster,
    tenants: &[Tenant],
    round: &ArchiveRound,
    delay_us: Option<u64>,
    limit_s: u64,
) -> Option<Alarm> {
    let is_whole = cluster.facts.generation == Generation::Gen3;
    let tenant = match tenants.iter().find(|tenant| tenant.id == round.tenant) {
        _ if is_whole => None,
        Some(tenant) => Some((tenant.id, tenant.name.clone())),
        None => Some((round.tenant, round.tenant.to_string())),
    };
    let kind = alarm::of_log_backup(round, delay_us, limit_s)?;
    Some(if kind == AlarmKind::LogBackupInterrupted {
        let alarm = of_cluster(cluster, kind, "alarm-log-backup-interrupted", tenant);
        let mut text = alarm.text.with("round", round.round);
        text.raw = Some(round.comment.clone()).filter(|comment| !comment.is_empty());
        Alarm { text, ..alarm }
    } else {
        let alarm = of_cluster(cluster, kind, "alarm-log-backup-behind", tenant);
        let delay_s = delay_us.unwrap_or_default() / 1_000_000;
        let text = alarm.text.with("delay_s", delay_s).with("limit_s", limit_s);
        let crossed = |checkpoint: Timestamp| Timestamp(checkpoint.0 + limit_s.cast_signed() * 1_000_000);
        Alarm { text, since: round.checkpoint.map(crossed), ..alarm }
    })
}

/// The maximum delay of a tenant's log backup: that of its strategy, else OCP's.
fn delay_limit_s(cluster: &Cluster, strategies: &[Strategy], tenant: TenantId) -> u64 {
    let strategy = holding(strategies, cluster.id, tenant);
    strategy.map_or(LOG_DELAY_S, |strategy| u64::from(strategy.settings.thresholds.log_backup_delay_s))
}

fn of_unreadable(cluster: &Cluster, tenants: &[Tenant], strategy: &Unreadable) -> Alarm {
    let name = |id: TenantId| {
        let found = tenants.iter().find(|tenant| tenant.id == id);
        found.map_or_else(|| id.to_string(), |tenant| tenant.name.clone())
    };
    let tenant = strategy.scope.tenant().map(|id| (id, name(id)));
    let mut alarm = of_cluster(cluster, AlarmKind::StrategyUnreadable, "alarm-strategy-unreadable", tenant);
    alarm.text.raw = Some(strategy.cause.clone());
    alarm
}

/// The tenant of a strategy may be gone: then it is called by its number. What is wrong with another tenant goes with
/// it.
fn of_fault(cluster: &Cluster, tenants: &[Tenant], strategy: &Strategy, fault: &Fault) -> Option<Alarm> {
    let name = |id: TenantId| {
        let found = tenants.iter().find(|tenant| tenant.id == id);
        found.map(|tenant| (id, tenant.name.clone()))
    };
    let tenant = match (fault.tenant, strategy.scope.tenant()) {
        (Some(id), None) => Some(name(id)?),
        (_, Some(id)) => Some(name(id).unwrap_or_else(|| (id, id.to_string()))),
        (None, None) => None,
    };
    let mut alarm = of_cluster(cluster, fault.kind, &fault.text.id, tenant);
    alarm.text.args.extend(fault.text.args.clone());
    Some(Alarm { task: fault.task, since: fault.since, reason: fault.reason.clone(), ..alarm })
}

/// Nothing for a tenant that is gone.
fn of_failure(cluster: &Cluster, tenants: &[Tenant], failure: BackupFailure) -> Option<Alarm> {
    // The lanes of 3.x are no tenants: one job backs up several.
    let tenant = match tenants.iter().find(|tenant| tenant.name == failure.lane) {
        Some(tenant) => Some((tenant.id, tenant.name.clone())),
        None if cluster.facts.generation == Generation::Gen3 => None,
        None => return None,
    };
    let alarm = of_cluster(cluster, AlarmKind::BaseBackupFail, "alarm-backup-failed", tenant);
    Some(Alarm {
        task: Some(TaskId(failure.task.0)),
        since: Some(view::moment(failure.at)),
        reason: failure.note.map(words::text),
        ..alarm
    })
}

/// Raises an alarm for a tenant whose newest backup set is partial; none for a dropped tenant.
fn of_partial(cluster: &Cluster, tenants: &[Tenant], set: &BackupSet) -> Option<Alarm> {
    let tenant = tenants.iter().find(|tenant| tenant.id == set.tenant)?;
    let tenant = Some((tenant.id, tenant.name.clone()));
    let lost = set.left_out.iter().filter(|object| !object.agreed).count();
    let mut alarm = of_cluster(cluster, AlarmKind::BackupPartial, "alarm-backup-partial", tenant);
    alarm.text = alarm.text.with("count", lost).with("set", set.id);
    let task = (set.task.0 > 0).then_some(set.task);
    Some(Alarm { task, since: Some(set.finished), ..alarm })
}

fn of_cluster(cluster: &Cluster, kind: AlarmKind, text: &str, tenant: Option<(TenantId, String)>) -> Alarm {
    let object = match &tenant {
        Some((_, name)) => format!("{}/{name}", cluster.name),
        None => cluster.name.clone(),
    };
    Alarm {
        kind,
        subject: Subject::Cluster {
            id: cluster.id,
            name: cluster.name.clone(),
            ob_cluster: format!("{}-{}", cluster.facts.ob_name, cluster.facts.ob_cluster_id),
        },
        tenant,
        task: None,
        since: None,
        text: Text::new(text).with("object", object),
        reason: None,
    }
}
