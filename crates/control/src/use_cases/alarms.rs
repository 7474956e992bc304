//! Alarms: the current problems, from the metadata and from the last refresh of each cluster.

mod of_strategies;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use metadata::backup_failures::BackupFailure;
use metadata::strategies::{Strategies, Unreadable};
use model::ability::Generation;
use model::alarm::{self, Alarm, AlarmChange, AlarmKind, LOG_DELAY_S, Subject};
use model::archive::ArchiveRound;
use model::backup_set::BackupSet;
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, TaskId, TenantId};
use model::strategy::{Strategy, holding};
use model::tenant::Tenant;
use model::text::Text;
use model::time::Timestamp;
use model::user::Permission;
use tokio::sync::watch;

use self::of_strategies::Fault;
use crate::actor::Actor;
use crate::context::{Control, Seen, Trouble};
use crate::error::Error;
use crate::orders;
use crate::page::{Page, PageAsk};
use crate::tasks::view;
use crate::words;

/// Returns what is wrong now, the worst first; with one cluster or with all.
///
/// # Errors
/// When the actor may not read it, when there is no such cluster, or the metadata fail.
pub async fn list(
    control: &Control,
    actor: &Actor,
    cluster: Option<ClusterId>,
    page: PageAsk,
) -> Result<Page<Alarm>, Error> {
    actor.must(Permission::Read)?;
    Ok(page.of(read(control, cluster).await?))
}

/// Reads what is wrong now.
async fn read(control: &Control, cluster: Option<ClusterId>) -> Result<Vec<Alarm>, Error> {
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
    let faults = of_strategies::faults(control, &clusters, &strategies).await?;
    let has_fault = |id| faults.iter().any(|(strategy, _)| strategy.scope.cluster() == id);
    let is_well = |cluster: &&Cluster| {
        let trouble = control.context.troubles.of(cluster.id);
        !failures.contains_key(&cluster.id)
            && !has_fault(cluster.id)
            && !partial.iter().any(|set| set.cluster == cluster.id)
            && !unreadable.iter().any(|strategy| strategy.scope.cluster() == cluster.id)
            && trouble.is_none()
            && cluster.status != ClusterStatus::Unavailable
    };
    let ill: Vec<&Cluster> = clusters.iter().filter(|cluster| !is_well(cluster)).collect();
    let ids: Vec<ClusterId> = ill.iter().map(|cluster| cluster.id).collect();
    let mut tenants = control.metadata().tenant_list_of(&ids).await?;
    let mut alarms = Vec::new();
    for cluster in ill {
        let failures = failures.remove(&cluster.id).unwrap_or_default();
        let trouble = control.context.troubles.of(cluster.id);
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
        alarms.extend(of_disks(control));
    }
    alarms.sort_by_cached_key(|alarm| {
        (alarm.kind.level(), alarm.kind, alarm.subject.name().to_owned(), alarm.tenant.clone())
    });
    Ok(alarms)
}

/// Reads what is wrong now with any cluster.
pub(crate) async fn seen(control: &Control) -> Result<Seen, Error> {
    let number = control.context.alarms_read.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Seen { number, alarms: read(control, None).await?, basis: None })
}

/// Follows how alarms come and go, as this server sees them.
pub struct Changes {
    newest: watch::Receiver<Seen>,
    known: Seen,
    cluster: Option<ClusterId>,
}

/// Starts to follow the alarms of one cluster or of all; existing alarms are not reported.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn changes(control: &Control, actor: &Actor, cluster: Option<ClusterId>) -> Result<Changes, Error> {
    actor.must(Permission::Read)?;
    let newest = control.alarms().subscribe();
    Ok(Changes { newest, known: seen(control).await?, cluster })
}

impl Changes {
    /// Waits until alarms are raised, closed or changed, for as long as the server runs. Nothing is lost when the
    /// wait is cancelled and started again.
    pub async fn next(&mut self) -> Option<Vec<AlarmChange>> {
        loop {
            self.newest.changed().await.ok()?;
            let newest = self.newest.borrow_and_update();
            if newest.number < self.known.number {
                continue;
            }
            let mut changes = alarm::changes(&self.known.alarms, &newest.alarms);
            self.known = Seen { number: newest.number, alarms: newest.alarms.clone(), basis: None };
            drop(newest);
            changes.retain(|change| self.cluster.is_none() || self.cluster == change.cluster);
            if !changes.is_empty() {
                return Some(changes);
            }
        }
    }
}

/// The problem of the disks of this server.
fn of_disks(control: &Control) -> Option<Alarm> {
    let trouble = control.context.troubles.of_disks()?;
    let server = control.context.server_name.clone();
    Some(Alarm {
        kind: AlarmKind::LifeboatDisk,
        text: Text::new("alarm-lifeboat-disk").with("server", &server),
        subject: Subject::Server(server),
        tenant: None,
        task: None,
        since: Some(trouble.since),
        reason: Some(trouble.why),
    })
}

/// Whether the cluster responded, and if so, its log backup status.
fn of_answers(
    cluster: &Cluster,
    tenants: &[Tenant],
    strategies: &[Strategy],
    trouble: Option<Trouble>,
) -> Vec<Alarm> {
    match trouble {
        // The stored state of all servers outranks the state of this one: another may have had an answer.
        trouble if cluster.status == ClusterStatus::Unavailable => {
            let (since, reason) = match trouble {
                Some(Trouble::Silent { since, why }) => (Some(since), Some(why)),
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::alarm::{Alarm, AlarmKind, AlarmLevel, AlarmState};
    use model::archive::LogBackupWish::{Pause, Resume};
    use model::backup::DataBackupMode::{Full, Incremental};
    use model::id::{ClusterId, TaskId};
    use sim::{FaultName, Profile};
    use tokio_util::sync::CancellationToken;

    use crate::tasks::Steer;
    use crate::testing::simulated::SimWorld;
    use crate::{PageAsk, clusters, log_backups};

    async fn alarms(world: &SimWorld) -> Vec<Alarm> {
        let page = super::list(&world.control, &world.actor, Some(world.cluster), PageAsk::default()).await;
        page.expect("listed").contents
    }

    /// Which kinds there are, each with the tenant; none stands for the cluster.
    async fn kinds(world: &SimWorld) -> Vec<(AlarmKind, String)> {
        let kind = |alarm: Alarm| (alarm.kind, alarm.tenant.map(|(_, name)| name).unwrap_or_default());
        alarms(world).await.into_iter().map(kind).collect()
    }

    async fn looked_at(world: &SimWorld) -> Vec<(AlarmKind, String)> {
        clusters::refresh(&world.control, &world.actor, world.cluster).await.expect("it answers");
        kinds(world).await
    }

    fn of_each(kind: AlarmKind, tenants: &[&str]) -> Vec<(AlarmKind, String)> {
        tenants.iter().map(|tenant| (kind, (*tenant).to_owned())).collect()
    }

    #[tokio::test]
    async fn a_backup_that_failed_is_an_alarm_until_another_succeeds() {
        let both = vec!["shop", "books"];
        for (profile, objects) in
            [(Profile::V4_2_5, both.clone()), (Profile::V4_6, both), (Profile::V3_1_5, vec![""])]
        {
            let world = SimWorld::new(profile).await;
            assert_eq!(kinds(&world).await, [], "{profile}");
            let task = world.begin(world.wish(Incremental)).await;
            world.fail(task).await;
            let mut expected = of_each(AlarmKind::BaseBackupFail, &objects);
            let mut found = kinds(&world).await;
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{profile}");
            for alarm in alarms(&world).await {
                let why = alarm.reason.map(|reason| reason.id);
                assert_eq!((alarm.task, why.as_deref()), (Some(task), Some("full-before-incremental")));
                assert!(alarm.since.is_some());
            }
            let full = world.begin(world.wish(Full)).await;
            assert_eq!(kinds(&world).await.len(), objects.len(), "one that only runs makes nothing good");
            world.finish(full).await;
            assert_eq!(kinds(&world).await, [], "{profile}");
        }
    }

    #[tokio::test]
    async fn the_failed_tenant_is_named_and_a_cancelled_backup_raises_no_alarm() {
        let world = SimWorld::new(Profile::V4_2_5).await;
        world.fault(FaultName::TenantNotNormal, Some("books"));
        let task = world.begin(world.wish(Full)).await;
        world.fail(task).await;
        assert_eq!(kinds(&world).await, of_each(AlarmKind::BaseBackupFail, &["books"]));
        world.handle.clear_faults(None);
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
        assert_eq!(kinds(&world).await, []);
        let cancelled: TaskId = world.begin(world.wish(Full)).await;
        world.steer(cancelled, Steer::Cancel).await;
        world.fail(cancelled).await;
        assert_eq!(kinds(&world).await, []);
    }

    #[tokio::test]
    async fn log_backup_that_is_behind_or_interrupted_is_an_alarm_while_it_is() {
        let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        let task = world.begin(world.wish(Full)).await;
        world.finish(task).await;
        assert_eq!(looked_at(&world).await, []);
        let change = async |wish| {
            let accepted =
                log_backups::change(&world.control, &world.actor, world.cluster, &[], wish, None).await;
            world.finish(accepted.expect("it is accepted").task).await;
        };
        change(Pause).await;
        world.handle.advance_seconds(7_200.0);
        assert_eq!(looked_at(&world).await, of_each(AlarmKind::IncBackupDelay, &["shop"]));
        let [alarm] = &alarms(&world).await[..] else { panic!("one tenant") };
        let delay_s: u64 = alarm.text.args["delay_s"].parse().expect("a number");
        assert!((7_200..8_000).contains(&delay_s) && alarm.since.is_some(), "{alarm:?}");
        change(Resume).await;
        world.handle.advance_seconds(600.0);
        assert_eq!(looked_at(&world).await, []);
        world.fault(FaultName::ArchiveInterrupted, Some("shop"));
        world.handle.advance_seconds(600.0);
        assert_eq!(looked_at(&world).await, of_each(AlarmKind::LogBackupInterrupted, &["shop"]));
    }

    /// Follows the alarms of a world for as long as the watcher that is returned beside runs.
    async fn followed(world: &SimWorld) -> (super::Changes, CancellationToken) {
        let changes = super::changes(&world.control, &world.actor, Some(world.cluster)).await;
        let (control, stop) = (world.control.clone(), CancellationToken::new());
        let shutdown = stop.clone();
        tokio::spawn(async move { crate::watchers::alarms::WATCHER.run(&control, &shutdown).await });
        (changes.expect("may be read"), stop)
    }

    /// Waits for the next changes: what has become of what.
    async fn next(changes: &mut super::Changes) -> Vec<(AlarmState, AlarmKind)> {
        let next = tokio::time::timeout(Duration::from_secs(60), changes.next()).await;
        let next = next.expect("told in time").expect("the watcher runs");
        next.into_iter().map(|change| (change.became, change.kind)).collect()
    }

    #[tokio::test]
    async fn followers_of_alarms_see_each_raised_changed_and_closed_one() {
        let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        let task = world.begin(world.wish(Incremental)).await;
        world.fail(task).await;
        let (mut changes, stop) = followed(&world).await;
        let full = world.begin(world.wish(Full)).await;
        world.finish(full).await;
        assert_eq!(next(&mut changes).await, [(AlarmState::Closed, AlarmKind::BaseBackupFail)]);
        world.fault(FaultName::ArchiveInterrupted, Some("shop"));
        world.handle.advance_seconds(600.0);
        assert_eq!(looked_at(&world).await.len(), 1);
        assert_eq!(next(&mut changes).await, [(AlarmState::Raised, AlarmKind::LogBackupInterrupted)]);
        world.handle.clear_faults(None);
        world.fault(FaultName::TenantNotNormal, Some("shop"));
        let task = world.begin(world.wish(Full)).await;
        world.fail(task).await;
        assert_eq!(next(&mut changes).await, [(AlarmState::Raised, AlarmKind::BaseBackupFail)]);
        let again = world.begin(world.wish(Full)).await;
        world.fail(again).await;
        assert_eq!(
            next(&mut changes).await,
            [(AlarmState::Changed, AlarmKind::BaseBackupFail)],
            "another task"
        );
        stop.cancel();
    }

    #[tokio::test]
    async fn followers_of_one_clusters_alarms_see_its_silence_and_no_other_clusters() {
        let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        let (mut changes, stop) = followed(&world).await;
        let elsewhere = Some(ClusterId(world.cluster.0 + 1));
        let mut others = super::changes(&world.control, &world.actor, elsewhere).await.expect("may be read");
        let SimWorld { control, actor, cluster, handle, dir: _dir, .. } = world;
        drop(handle); // nothing listens there any more
        clusters::refresh(&control, &actor, cluster).await.expect_err("nobody answers");
        assert_eq!(next(&mut changes).await, [(AlarmState::Raised, AlarmKind::ClusterUnavailable)]);
        let told = tokio::time::timeout(Duration::from_millis(10), others.next()).await;
        assert!(told.is_err(), "{told:?}");
        stop.cancel();
    }

    #[tokio::test]
    async fn a_silent_cluster_raises_an_alarm_with_its_reason_and_start() {
        let SimWorld { control, actor, cluster, handle, dir: _dir, .. } =
            SimWorld::new(Profile::V4_2_5).await;
        let all =
            async || super::list(&control, &actor, None, PageAsk::default()).await.expect("listed").contents;
        assert_eq!(all().await, []);
        drop(handle); // nothing listens there any more
        let mut since = None;
        for _ in 0..2 {
            clusters::refresh(&control, &actor, cluster).await.expect_err("nobody answers");
            let [alarm] = &all().await[..] else { panic!("one cluster") };
            assert_eq!(
                (alarm.kind, alarm.kind.level()),
                (AlarmKind::ClusterUnavailable, AlarmLevel::Stopped)
            );
            let why = alarm.reason.as_ref().map(|reason| reason.id.as_str());
            assert_eq!(why, Some("database-refuses-connections"));
            assert_eq!(*since.get_or_insert(alarm.since), alarm.since, "it began with the first look");
        }
    }
}
