//! How alarms come and go in a simulated cluster.

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
    let page = super::problems(&world.control, &world.actor, Some(world.cluster), PageAsk::default()).await;
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
    assert_eq!(next(&mut changes).await, [(AlarmState::Changed, AlarmKind::BaseBackupFail)], "another task");
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
    let SimWorld { control, actor, cluster, handle, dir: _dir, .. } = SimWorld::new(Profile::V4_2_5).await;
    let all =
        async || super::problems(&control, &actor, None, PageAsk::default()).await.expect("listed").contents;
    assert_eq!(all().await, []);
    let port = handle.port();
    drop(handle);
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {} // until nothing listens there
    let mut since = None;
    for _ in 0..2 {
        clusters::refresh(&control, &actor, cluster).await.expect_err("nobody answers");
        let [alarm] = &all().await[..] else { panic!("one cluster") };
        assert_eq!((alarm.kind, alarm.kind.level()), (AlarmKind::ClusterUnavailable, AlarmLevel::Stopped));
        let why = alarm.reason.as_ref().map(|reason| reason.id.as_str());
        assert_eq!(why, Some("database-refuses-connections"));
        assert_eq!(*since.get_or_insert(alarm.since), alarm.since, "it began with the first look");
    }
}
