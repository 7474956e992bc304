//! Receivers that fail or hang, channels that change meanwhile, and several servers.

use metadata::{Metadata, Slice};
use model::Timestamp;
use model::alarm::kept::{AlarmKey, RecordChange};
use model::alarm::{Alarm, AlarmKind, AlarmLevel, Subject};
use model::id::{AlarmId, ClusterId, TenantId};
use model::text::Text;

use super::*;
use crate::MetadataServer;
use crate::channels::enqueue;

/// Returns a problem of a tenant.
fn problem(tenant: i64) -> Alarm {
    Alarm {
        kind: AlarmKind::BaseBackupFail,
        subject: Subject::Cluster { id: ClusterId(1), name: "prod".into(), ob_cluster: "prod-1".into() },
        tenant: Some((TenantId(tenant), format!("t{tenant}"))),
        task: None,
        since: None,
        text: Text::new("alarm-backup-failed").with("object", "prod"),
        reason: None,
    }
}

/// Records the problems of these tenants with their notices.
async fn raise(metadata: &Metadata, tenants: std::ops::Range<i64>) -> Vec<AlarmId> {
    let mut writer = metadata.begin().await.expect("may write");
    let mut applied = Vec::new();
    for tenant in tenants {
        let raise = RecordChange::Raise { alarm: problem(tenant), seen: Timestamp(1), silence: None };
        let id = writer.alarm_apply(&raise).await.expect("recorded");
        applied.push((raise, id));
    }
    enqueue(&mut writer, &applied).await.expect("written");
    writer.commit().await.expect("kept");
    applied.into_iter().map(|(_, id)| id).collect()
}

#[tokio::test]
async fn while_a_receiver_hangs_other_channels_get_their_notices() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (hangs, well) = (Receiver::new(&[Says::Nothing]).await, Receiver::new(&[Says::Status(200)]).await);
    let silent = channel(&world.control, &world.actor, &hangs, false).await;
    channel(&world.control, &world.actor, &well, false).await;
    raise(world.control.metadata(), 1..31).await;
    let others = async {
        while hangs.got().is_empty() || well.got().len() < 30 {
            tokio::task::yield_now().await;
        }
        // The next one is raised while the receiver hangs.
        raise(world.control.metadata(), 31..32).await;
        while well.got().len() < 31 {
            tokio::task::yield_now().await;
        }
    };
    let mut run = std::pin::pin!(deliver(&world.control));
    tokio::select! {
        biased;
        done = &mut run => panic!("the receiver does not hang: {done:?}"),
        () = others => {}
    }
    run.await.expect("done");
    let all = world.control.metadata().notice_list(silent.id, Slice::ALL).await.expect("listed").items;
    let tried: Vec<_> = all.into_iter().filter(|notice| notice.tries > 0).collect();
    assert_eq!((tried.len(), hangs.got().len()), (8, 8), "then it gets nothing more in this run");
    assert!(tried.iter().all(|notice| notice.tries == 1 && notice.status == NoticeStatus::Waiting));
}

#[tokio::test]
async fn a_channel_that_delivers_nothing_is_an_alarm_that_other_channels_report() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let fails = [Says::Status(500), Says::Status(500), Says::Status(200)];
    let (ill, well) = (Receiver::new(&fails).await, Receiver::new(&[Says::Status(200)]).await);
    let made = channel(&world.control, &world.actor, &ill, true).await;
    channel(&world.control, &world.actor, &well, true).await;
    failed(&world).await;
    sent(&world).await;
    look(&world).await;
    assert_eq!(kinds(&world).await, [AlarmKind::BaseBackupFail], "one failure is no problem");
    pass(&world, Duration::from_secs(1_200)).await;
    sent(&world).await;
    look(&world).await;
    assert_eq!(kinds(&world).await, [AlarmKind::BaseBackupFail, AlarmKind::ChannelFailing]);
    sent(&world).await;
    assert_eq!((well.events(), ill.got().len()), (vec!["RAISED".into(); 2], 2));
    let own = notices(&world, made.id).await;
    assert_eq!(own.len(), 1, "it does not report itself: {own:?}");
    let (_, report) = &well.got()[1];
    assert!(report.contains("channel_failing") && report.contains(&made.name), "{report}");
    pass(&world, Duration::from_secs(1_200)).await;
    sent(&world).await;
    look(&world).await;
    assert_eq!(kinds(&world).await, [AlarmKind::BaseBackupFail], "it delivers again");
    sent(&world).await;
    assert_eq!(well.events(), ["RAISED", "RAISED", "RECOVERED"]);
}

async fn kinds(world: &SimWorld) -> Vec<AlarmKind> {
    let filter = alarms::AlarmFilter::default();
    let page = alarms::list(&world.control, &world.actor, filter, PageAsk::default()).await.expect("listed");
    page.contents.into_iter().map(|listed| listed.alarm.kind).collect()
}

#[tokio::test]
async fn a_recovery_is_told_only_to_those_who_were_told_of_the_alarm() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(500)]).await;
    let made = channel(&world.control, &world.actor, &receiver, true).await;
    let ids = raise(world.control.metadata(), 1..2).await;
    for _ in 0..9 {
        sent(&world).await;
        pass(&world, Duration::from_secs(7_201)).await;
    }
    let [given_up] = &notices(&world, made.id).await[..] else { panic!("one") };
    assert_eq!(given_up.status, NoticeStatus::Failed);
    let mut writer = world.control.metadata().begin().await.expect("may write");
    let recover = RecordChange::Recover { id: ids[0], at: Timestamp(2) };
    writer.alarm_apply(&recover).await.expect("recorded");
    enqueue(&mut writer, &[(recover, ids[0])]).await.expect("written");
    writer.commit().await.expect("kept");
    assert_eq!(notices(&world, made.id).await.len(), 1);
}

#[tokio::test]
async fn a_disabled_channel_gets_no_notice_and_changes_at_once_are_all_kept() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(200)]).await;
    let made = channel(&world.control, &world.actor, &receiver, true).await;
    raise(world.control.metadata(), 1..2).await;
    let changes = [
        ChannelChange { enabled: Some(false), ..ChannelChange::default() },
        ChannelChange { name: Some("renamed".into()), ..ChannelChange::default() },
        ChannelChange { language: Some(Language::Zh), ..ChannelChange::default() },
        ChannelChange { levels: Some(vec![AlarmLevel::Critical]), ..ChannelChange::default() },
        ChannelChange { clusters: Some(vec![ClusterId(1)]), ..ChannelChange::default() },
    ];
    let changes = changes.map(|change| update(&world.control, &world.actor, made.id, change));
    for changed in futures::future::join_all(changes).await {
        changed.expect("changed");
    }
    let now = super::super::get(&world.control, &world.actor, made.id).await.expect("it exists");
    assert_eq!((now.enabled, now.name.as_str(), now.language), (false, "renamed", Language::Zh));
    let rule = Rule { levels: vec![AlarmLevel::Critical], clusters: vec![ClusterId(1)], recovered: true };
    assert_eq!(now.rule, rule);
    raise(world.control.metadata(), 2..3).await;
    sent(&world).await;
    let [skipped] = &notices(&world, made.id).await[..] else { panic!("one") };
    assert_eq!((skipped.status, receiver.got().len()), (NoticeStatus::Skipped, 0));
}

#[tokio::test]
async fn the_end_of_a_silence_is_for_the_problem_also_if_it_has_returned() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(200)]).await;
    let made = channel(&world.control, &world.actor, &receiver, true).await;
    failed(&world).await;
    let first = made_alarm(&world).await;
    let until = Timestamp(world.control.metadata().now().await.expect("answers").0 + 3_600_000_000);
    alarms::silence(&world.control, &world.actor, first, until, "upgrade").await.expect("done");
    succeeded(&world).await;
    world.fault(sim::FaultName::TenantNotNormal, Some("shop"));
    let task = world.begin(world.wish(Full)).await;
    world.fail(task).await;
    look(&world).await;
    let second = made_alarm(&world).await;
    sent(&world).await;
    assert_eq!((receiver.events().len(), first < second), (0, true), "it came back during the silence");
    alarms::unsilence(&world.control, &world.actor, first).await.expect("done");
    sent(&world).await;
    assert_eq!(receiver.events(), ["RAISED"]);
    assert_eq!(notices(&world, made.id).await[0].alarm, Some(second));
    let record = world.control.metadata().alarm_get(second).await.expect("answers").expect("recorded");
    assert_eq!(AlarmKey::of(&record.alarm).kind, AlarmKind::BaseBackupFail);
}

/// Opens two servers on one database.
async fn two_servers(url: &str, password: &str) -> ([Control; 2], [tempfile::TempDir; 2]) {
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let mut controls = Vec::new();
    for (at, directory) in directories.iter().enumerate() {
        if at > 0 {
            let [key, copy] = [&directories[0], directory].map(|it| it.path().join("secret.key"));
            std::fs::copy(key, copy).expect("copied");
        }
        let metadata = MetadataServer::from_url(url, Secret::new(password)).expect("a URL");
        let settings = Settings {
            admin_password: Some(Secret::new("correct horse")),
            metadata: Some(metadata),
            server_name: format!("server-{at}"),
            ..Settings::new(directory.path())
        };
        controls.push(Control::open(settings).await.expect("opens").control);
    }
    let second = controls.pop().expect("the second");
    let first = controls.pop().expect("the first");
    ([first, second], directories)
}

#[tokio::test]
async fn two_servers_on_one_database_send_each_notice_once() {
    let name = format!("channels_{:016x}", rand::random::<u64>());
    let created = [format!("CREATE DATABASE {name}")];
    let servers = tokio::task::spawn_blocking(move || {
        let mariadb = xtask::mariadb::shared().expect("MariaDB starts");
        mariadb.run(&created).expect("a database");
        let seekdb = xtask::seekdb::shared().expect("seekdb starts");
        seekdb.run(&created).expect("a database");
        [
            (format!("mysql://root@{}:{}/{name}", mariadb.host, mariadb.port), mariadb.password.clone()),
            (format!("mysql://root@{}:{}/{name}", seekdb.host, seekdb.port), seekdb.password),
        ]
    });
    for (url, password) in servers.await.expect("no panic") {
        let ([first, second], _directories) = two_servers(&url, &password).await;
        let user = first.metadata().user_list().await.expect("answers").remove(0);
        let actor = Actor {
            user: user.id,
            name: user.name,
            role: user.role,
            address: "::1".into(),
            must_change_password: false,
            means: crate::Means::Program,
        };
        let receiver = Receiver::new(&[Says::Status(200)]).await;
        let made = channel(&first, &actor, &receiver, false).await;
        raise(first.metadata(), 1..41).await;
        for done in futures::future::join_all([deliver(&first), deliver(&second)]).await {
            done.expect("done");
        }
        let all = second.metadata().notice_list(made.id, Slice::ALL).await.expect("listed").items;
        assert!(all.iter().all(|notice| notice.status == NoticeStatus::Delivered), "{all:?}");
        let number = |(head, _): (String, String)| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with("lifeboat-notice:"));
            line.expect("a number").to_owned()
        };
        let numbers: Vec<_> = receiver.got().into_iter().map(number).collect();
        let once: std::collections::BTreeSet<_> = numbers.iter().collect();
        assert_eq!((numbers.len(), once.len()), (40, 40), "{url}");
    }
}
