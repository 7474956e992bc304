//! The current problems, derived from the metadata and from the last refresh of each cluster.

use std::collections::{BTreeMap, BTreeSet};

use metadata::backup_failures::BackupFailure;
use metadata::channels::ChannelFailure;
use metadata::strategies::{Strategies, Unreadable};
use model::ability::Generation;
use model::alarm::kept::{Observation, Span};
use model::alarm::{self, Alarm, AlarmKind, LOG_DELAY_S, Subject};
use model::archive::ArchiveRound;
use model::backup_set::BackupSet;
use model::channel::is_failing;
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, TaskId, TenantId};
use model::strategy::{Holders, Strategy};
use model::tenant::Tenant;
use model::text::Text;
use model::time::Timestamp;

use super::of_strategies::{self, Fault, Unmeasured};
use crate::context::{CleanUpTrouble, Control, DiskTrouble, Trouble};
use crate::error::Error;
use crate::orders;
use crate::tasks::view;
use crate::words;

/// What a server sees, and the storages of the strategies whose capacity it does not know.
pub(crate) struct Derived {
    pub(super) observation: Observation,
    pub(super) unmeasured: Unmeasured,
}

/// The problems, and what could be checked.
pub(super) struct Found {
    /// The problems, worst first.
    pub(super) alarms: Vec<Alarm>,
    clusters: BTreeSet<ClusterId>,
    disks: Option<Timestamp>,
    logs: BTreeMap<ClusterId, Span>,
    clean_ups: BTreeMap<ClusterId, Span>,
    unread_deletions: BTreeSet<ClusterId>,
    unmeasured: Unmeasured,
    unreadable: BTreeSet<(ClusterId, Option<TenantId>)>,
}

/// Reads the problems of one cluster, or those of all and of this server, and the time that this took.
pub(super) async fn observe(control: &Control, cluster: Option<ClusterId>) -> Result<Derived, Error> {
    let from = control.metadata().now().await?;
    let found = find(control, cluster).await?;
    let observation = Observation {
        server: control.context.server_name.clone(),
        read: Span { from, to: control.metadata().now().await? },
        disks: found.disks,
        clusters: found.clusters,
        logs: found.logs,
        clean_ups: found.clean_ups,
        unread_deletions: found.unread_deletions,
        unmeasured: found.unmeasured.keys().copied().collect(),
        unreadable: found.unreadable,
        alarms: found.alarms,
    };
    Ok(Derived { observation, unmeasured: found.unmeasured })
}

/// Reads the problems of one cluster, or those of all and of this server.
pub(super) async fn find(control: &Control, cluster: Option<ClusterId>) -> Result<Found, Error> {
    let troubles = control.context.troubles.of_clusters();
    let disks = control.context.troubles.of_disks();
    let clean_ups = control.context.clean_up_troubles.of_clusters();
    let clusters = match cluster {
        Some(id) => vec![control.context.cluster(id).await?],
        None => control.metadata().cluster_list().await?,
    };
    let mut failures: BTreeMap<ClusterId, Vec<BackupFailure>> = BTreeMap::new();
    for failure in control.metadata().backup_failures(&orders::backup_kinds()).await? {
        failures.entry(failure.cluster).or_default().push(failure);
    }
    let mut partial = grouped(control.metadata().backup_set_partial_newest().await?, |set| set.cluster);
    let Strategies { readable: strategies, unreadable } =
        control.metadata().strategy_list_whole(cluster).await?;
    let (faults, unmeasured) = of_strategies::faults(control, &clusters, &strategies).await?;
    let mut faults = grouped(faults, |(strategy, _)| strategy.scope.cluster());
    let unread: BTreeSet<_> =
        unreadable.iter().map(|strategy| (strategy.scope.cluster(), strategy.scope.tenant())).collect();
    let mut unreadable = grouped(unreadable, |strategy| strategy.scope.cluster());
    let holders = Holders::of(&strategies);
    let is_well = |cluster: &&Cluster| {
        !failures.contains_key(&cluster.id)
            && !faults.contains_key(&cluster.id)
            && !partial.contains_key(&cluster.id)
            && !unreadable.contains_key(&cluster.id)
            && troubles.of(cluster.id).is_none()
            && clean_ups.get(&cluster.id).is_none_or(|check| check.troubles.is_empty())
            && cluster.status != ClusterStatus::Unavailable
    };
    let ill: Vec<&Cluster> = clusters.iter().filter(|cluster| !is_well(cluster)).collect();
    let ids: Vec<ClusterId> = ill.iter().map(|cluster| cluster.id).collect();
    let mut tenants = control.metadata().tenant_list_of(&ids).await?;
    let mut alarms = Vec::new();
    for cluster in ill {
        let tenants = Tenants::of(tenants.remove(&cluster.id).unwrap_or_default());
        alarms.extend(of_answers(cluster, &tenants, &holders, troubles.of(cluster.id)));
        let failures = failures.remove(&cluster.id).unwrap_or_default();
        alarms.extend(failures.into_iter().filter_map(|failure| of_failure(cluster, &tenants, failure)));
        let partial = partial.remove(&cluster.id).unwrap_or_default();
        alarms.extend(partial.iter().filter_map(|set| of_partial(cluster, &tenants, set)));
        let faults = faults.remove(&cluster.id).unwrap_or_default();
        alarms.extend(
            faults.iter().filter_map(|(strategy, fault)| of_fault(cluster, &tenants, strategy, fault)),
        );
        let clean_ups = clean_ups.get(&cluster.id).map(|check| &check.troubles[..]).unwrap_or_default();
        alarms.extend(clean_ups.iter().filter_map(|trouble| of_clean_up(cluster, &tenants, trouble)));
        let unreadable = unreadable.remove(&cluster.id).unwrap_or_default();
        alarms.extend(unreadable.iter().map(|strategy| of_unreadable(cluster, &tenants, strategy)));
    }
    if cluster.is_none() {
        alarms.extend(disks.trouble.map(|trouble| of_disks(control, trouble)));
        alarms.extend(control.metadata().channel_failures().await?.into_iter().filter_map(of_channel));
    }
    alarms.sort_by_cached_key(|alarm| {
        (alarm.kind.level(), alarm.kind, alarm.subject.name().to_owned(), alarm.tenant.clone())
    });
    let silent: BTreeSet<ClusterId> = clusters
        .iter()
        .filter(|cluster| cluster.status == ClusterStatus::Unavailable)
        .map(|cluster| cluster.id)
        .collect();
    let logs = troubles.logs_at.into_iter().filter(|(id, _)| !silent.contains(id)).collect();
    let clusters = clusters.iter().map(|cluster| cluster.id).collect();
    let unread_deletions =
        clean_ups.iter().filter(|(_, check)| !check.deletions.is_known).map(|(id, _)| *id).collect();
    let clean_ups = clean_ups.into_iter().map(|(id, check)| (id, check.at)).collect();
    Ok(Found {
        alarms,
        clusters,
        disks: disks.checked,
        logs,
        clean_ups,
        unread_deletions,
        unmeasured,
        unreadable: unread,
    })
}

/// Returns the values by cluster, in their order.
fn grouped<T>(values: Vec<T>, cluster: impl Fn(&T) -> ClusterId) -> BTreeMap<ClusterId, Vec<T>> {
    let mut groups: BTreeMap<ClusterId, Vec<T>> = BTreeMap::new();
    for value in values {
        groups.entry(cluster(&value)).or_default().push(value);
    }
    groups
}

/// The tenants of a cluster, to be found by number and by name.
struct Tenants {
    names: BTreeMap<TenantId, String>,
    ids: BTreeMap<String, TenantId>,
}

impl Tenants {
    fn of(tenants: Vec<Tenant>) -> Self {
        Self {
            ids: tenants.iter().map(|tenant| (tenant.name.clone(), tenant.id)).collect(),
            names: tenants.into_iter().map(|tenant| (tenant.id, tenant.name)).collect(),
        }
    }

    /// Returns a tenant with its name; none if it is gone.
    fn get(&self, id: TenantId) -> Option<(TenantId, String)> {
        self.names.get(&id).map(|name| (id, name.clone()))
    }

    /// Returns a tenant with its name. One that is gone is called by its number.
    fn named(&self, id: TenantId) -> (TenantId, String) {
        self.get(id).unwrap_or_else(|| (id, id.to_string()))
    }
}

/// A channel delivers nothing for a while.
fn of_channel(failure: ChannelFailure) -> Option<Alarm> {
    is_failing(failure.since, failure.last).then(|| Alarm {
        kind: AlarmKind::ChannelFailing,
        text: Text::new("alarm-channel-failing").with("object", &failure.name).with("since", failure.since),
        subject: Subject::Channel { id: failure.channel, name: failure.name },
        tenant: None,
        task: None,
        since: Some(failure.since),
        reason: Some(failure.problem),
    })
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
    tenants: &Tenants,
    strategies: &Holders<'_>,
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
    tenants: &Tenants,
    round: &ArchiveRound,
    delay_us: Option<u64>,
    limit_s: u64,
) -> Option<Alarm> {
    let is_whole = cluster.facts.generation == Generation::Gen3;
    let tenant = (!is_whole).then(|| tenants.named(round.tenant));
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
fn delay_limit_s(cluster: &Cluster, strategies: &Holders<'_>, tenant: TenantId) -> u64 {
    let strategy = strategies.holding(cluster.id, tenant);
    strategy.map_or(LOG_DELAY_S, |strategy| u64::from(strategy.settings.thresholds.log_backup_delay_s))
}

fn of_unreadable(cluster: &Cluster, tenants: &Tenants, strategy: &Unreadable) -> Alarm {
    let tenant = strategy.scope.tenant().map(|id| tenants.named(id));
    let mut alarm = of_cluster(cluster, AlarmKind::StrategyUnreadable, "alarm-strategy-unreadable", tenant);
    alarm.text.raw = Some(strategy.cause.clone());
    alarm
}

/// The tenant of a strategy may be gone: then it is called by its number. What is wrong with another tenant goes with
/// it.
fn of_fault(cluster: &Cluster, tenants: &Tenants, strategy: &Strategy, fault: &Fault) -> Option<Alarm> {
    let tenant = match (fault.tenant, strategy.scope.tenant()) {
        (Some(id), None) => Some(tenants.get(id)?),
        (_, Some(id)) => Some(tenants.named(id)),
        (None, None) => None,
    };
    let mut alarm = of_cluster(cluster, fault.kind, &fault.text.id, tenant);
    alarm.text.args.extend(fault.text.args.clone());
    Some(Alarm { task: fault.task, since: fault.since, reason: fault.reason.clone(), ..alarm })
}

/// The database does not delete the expired backups of a tenant; nothing for one that is gone.
fn of_clean_up(cluster: &Cluster, tenants: &Tenants, trouble: &CleanUpTrouble) -> Option<Alarm> {
    let tenant = Some(tenants.get(trouble.tenant)?);
    let mut alarm = of_cluster(cluster, AlarmKind::CleanUpFailing, &trouble.text.id, tenant);
    alarm.text.args.extend(trouble.text.args.clone());
    alarm.text.raw.clone_from(&trouble.text.raw);
    Some(Alarm { task: trouble.task, since: trouble.since, reason: trouble.reason.clone(), ..alarm })
}

/// Nothing for a tenant that is gone.
fn of_failure(cluster: &Cluster, tenants: &Tenants, failure: BackupFailure) -> Option<Alarm> {
    // The lanes of 3.x are no tenants: one job backs up several.
    let tenant = match tenants.ids.get(&failure.lane) {
        Some(id) => Some((*id, failure.lane)),
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
fn of_partial(cluster: &Cluster, tenants: &Tenants, set: &BackupSet) -> Option<Alarm> {
    let tenant = Some(tenants.get(set.tenant)?);
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
