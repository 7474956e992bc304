//! What is recorded about alarms, by one server and by several, and what people do about them.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::Slice;
use metadata::alarms::{AlarmHistoryQuery, KEPT};
use metadata::audit::AuditFilter;
use model::alarm::kept::{Handling, Span};
use model::alarm::{Alarm, AlarmKind, AlarmLevel};
use model::backup::DataBackupMode::{Full, Incremental};
use model::channel::{Rule, Webhook};
use model::id::{AlarmId, TenantId};
use model::text::{Language, Text};
use model::user::Role;
use model::{Secret, Timestamp};
use sim::{FaultName, Profile};

use super::{acknowledge, forget, record, silence, unsilence};
use crate::alarms::{self, AlarmFilter, ListedAlarm};
use crate::channels::{self, NewChannel};
use crate::testing::simulated::SimWorld;
use crate::{Actor, PageAsk, clusters};

/// Records what the server sees now.
async fn look(world: &SimWorld) {
    let (_, derived) = alarms::observe(&world.control).await.expect("read");
    record(&world.control, derived).await.expect("recorded");
}

async fn listed(world: &SimWorld) -> Vec<ListedAlarm> {
    let page = alarms::list(&world.control, &world.actor, AlarmFilter::default(), PageAsk::default()).await;
    page.expect("listed").contents
}

async fn history(world: &SimWorld) -> Vec<ListedAlarm> {
    let query = AlarmHistoryQuery::default();
    let page = alarms::history(&world.control, &world.actor, query, PageAsk::default()).await;
    page.expect("listed").contents
}

/// Returns the only current alarm, with its number.
async fn the_alarm(world: &SimWorld) -> (AlarmId, ListedAlarm) {
    let [alarm] = &listed(world).await[..] else { panic!("one alarm") };
    (alarm.record.as_ref().expect("recorded").id, alarm.clone())
}

async fn failed(world: &SimWorld) {
    let task = world.begin(world.wish(Incremental)).await;
    world.fail(task).await;
}

async fn succeeded(world: &SimWorld) {
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
}

#[tokio::test]
async fn a_problem_is_recorded_once_until_it_ends_and_again_when_it_returns() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    failed(&world).await;
    let [alarm] = &listed(&world).await[..] else { panic!("one alarm") };
    assert_eq!((&alarm.record, alarm.handling), (&None, Handling::New), "nothing is recorded yet");
    look(&world).await;
    look(&world).await;
    let (first, _) = the_alarm(&world).await;
    assert_eq!(history(&world).await, []);
    succeeded(&world).await;
    look(&world).await;
    assert_eq!(listed(&world).await, []);
    let [ended] = &history(&world).await[..] else { panic!("one") };
    let record = ended.record.as_ref().expect("recorded");
    assert_eq!((record.id, ended.handling), (first, Handling::Recovered));
    assert!(record.recovered.expect("it has") >= record.raised);
    let shown = alarms::get(&world.control, &world.actor, first).await.expect("it stays");
    assert_eq!(&shown, ended);
    world.fault(FaultName::TenantNotNormal, Some("shop"));
    let task = world.begin(world.wish(Full)).await;
    world.fail(task).await;
    look(&world).await;
    let (second, _) = the_alarm(&world).await;
    assert!(second > first);
}

#[tokio::test]
async fn servers_that_see_the_same_at_once_record_it_once_and_old_data_change_nothing() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (_, well) = alarms::observe(&world.control).await.expect("read");
    failed(&world).await;
    // Two servers have read the same, and one has read before.
    let [first, second] = [alarms::observe(&world.control).await, alarms::observe(&world.control).await];
    let both = [first, second].map(|observed| record(&world.control, observed.expect("read").1));
    for recorded in futures::future::join_all(both).await {
        recorded.expect("recorded");
    }
    record(&world.control, well).await.expect("recorded");
    the_alarm(&world).await;
    assert_eq!(history(&world).await, [], "an older reading ends nothing");

    let (_, ill) = alarms::observe(&world.control).await.expect("read");
    succeeded(&world).await;
    look(&world).await;
    record(&world.control, ill).await.expect("recorded");
    assert_eq!((listed(&world).await.len(), history(&world).await.len()), (0, 1), "and raises nothing again");
}

#[tokio::test]
async fn an_interrupted_log_backup_does_not_recover_while_its_cluster_is_silent() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    succeeded(&world).await;
    world.fault(FaultName::ArchiveInterrupted, Some("shop"));
    world.handle.advance_seconds(600.0);
    let refresh =
        async || clusters::refresh(&world.control, &world.actor, world.cluster).await.expect("answers");
    refresh().await;
    look(&world).await;
    let (id, alarm) = the_alarm(&world).await;
    assert_eq!(alarm.alarm.kind, AlarmKind::LogBackupInterrupted);
    let now = world.control.metadata().now().await.expect("answers");
    let troubles = &world.control.context.troubles;
    troubles.silent(world.cluster, now, Text::new("database-refuses-connections"));
    look(&world).await;
    assert_eq!(the_alarm(&world).await.0, id, "nobody knows whether it still exists");
    // It answers, but does not report its log backup.
    troubles.answered(world.cluster, None, Span::at(now));
    look(&world).await;
    assert_eq!(the_alarm(&world).await.0, id);
    world.handle.clear_faults(None);
    let (change, logs) = (model::archive::LogBackupWish::Stop, &[]);
    let stopped =
        crate::log_backups::change(&world.control, &world.actor, world.cluster, logs, change, None).await;
    world.finish(stopped.expect("accepted").task).await;
    refresh().await;
    look(&world).await;
    assert_eq!((listed(&world).await, history(&world).await.len()), (vec![], 1));
}

#[tokio::test]
async fn an_alarm_is_acknowledged_and_silenced_by_those_who_may_with_a_line_in_the_audit_log() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    failed(&world).await;
    look(&world).await;
    let (id, _) = the_alarm(&world).await;
    let (control, actor) = (&world.control, &world.actor);
    let viewer = Actor { role: Role::ClusterViewer, name: "vera".into(), ..actor.clone() };
    let now = control.metadata().now().await.expect("answers");
    let until = Timestamp(now.0 + 3_600_000_000);
    let refused = [
        acknowledge(control, &viewer, id, "").await.expect_err("may not"),
        silence(control, &viewer, id, until, "x").await.expect_err("may not"),
        unsilence(control, &viewer, id).await.expect_err("may not"),
        silence(control, actor, id, now, "x").await.expect_err("in the past"),
        silence(control, actor, id, until, " ").await.expect_err("no reason"),
        unsilence(control, actor, id).await.expect_err("it is not"),
        acknowledge(control, actor, AlarmId(99), "").await.expect_err("no such alarm"),
    ];
    let ids = refused.map(|error| error.into_problem().text.id);
    let denied = "permission-missing";
    assert_eq!(
        ids.each_ref().map(String::as_str),
        [
            denied,
            denied,
            denied,
            "alarm-silence-end-malformed",
            "alarm-silence-reason-malformed",
            "alarm-not-silenced",
            "alarm-unknown"
        ]
    );
    let done = acknowledge(control, actor, id, " mine ").await.expect("done");
    assert_eq!(done.handling, Handling::Acknowledged);
    let by = done.record.expect("recorded").acknowledged.expect("it is");
    assert_eq!((by.by, by.comment.as_str()), (actor.name.clone(), "mine"));
    let done = silence(control, actor, id, until, "upgrade").await.expect("done");
    assert_eq!(done.handling, Handling::Silenced);
    assert_eq!(the_alarm(&world).await.1, done);
    let in_state = async |handling| {
        let filter =
            AlarmFilter { handling: Some(handling), level: Some(AlarmLevel::Critical), cluster: None };
        alarms::list(control, actor, filter, PageAsk::default()).await.expect("listed").total_elements
    };
    assert_eq!((in_state(Handling::Silenced).await, in_state(Handling::New).await), (1, 0));
    assert_eq!(unsilence(control, actor, id).await.expect("done").handling, Handling::Acknowledged);

    succeeded(&world).await;
    look(&world).await;
    for late in [acknowledge(control, actor, id, "").await, silence(control, actor, id, until, "x").await] {
        assert_eq!(late.expect_err("it has recovered").into_problem().text.id, "alarm-recovered");
    }
    let filter = AuditFilter { target: Some(format!("alarm/{id}")), ..AuditFilter::default() };
    let lines = control.metadata().audit_list(&filter, Slice::ALL).await.expect("answers").items;
    let done = |action: &str| {
        lines.iter().filter(|line| line.deed.action == action && line.deed.outcome == "done").count()
    };
    let actions = ["alarm-acknowledge", "alarm-silence", "alarm-unsilence"];
    assert_eq!(actions.map(done), [1, 1, 1]);
    assert!(lines.iter().any(|line| line.deed.outcome == denied && line.deed.user == "vera"));
}

#[tokio::test]
async fn a_silenced_problem_that_returns_stays_silenced_until_the_silence_ends() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    failed(&world).await;
    look(&world).await;
    let (id, _) = the_alarm(&world).await;
    let now = world.control.metadata().now().await.expect("answers");
    let until = Timestamp(now.0 + 3_600_000_000);
    silence(&world.control, &world.actor, id, until, "upgrade").await.expect("done");
    succeeded(&world).await;
    look(&world).await;
    world.fault(FaultName::TenantNotNormal, Some("shop"));
    let task = world.begin(world.wish(Full)).await;
    world.fail(task).await;
    look(&world).await;
    let (again, alarm) = the_alarm(&world).await;
    assert!(again > id && alarm.handling == Handling::Silenced, "{alarm:?}");
    world.control.metadata().pass(Duration::from_secs(7_200)).await.expect("the clock can be moved");
    assert_eq!(the_alarm(&world).await.1.handling, Handling::New);
}

#[tokio::test]
async fn recovered_alarms_are_forgotten_after_half_a_year() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    failed(&world).await;
    look(&world).await;
    succeeded(&world).await;
    look(&world).await;
    forget(&world.control).await.expect("done");
    assert_eq!(history(&world).await.len(), 1);
    world.control.metadata().pass(KEPT + Duration::from_secs(60)).await.expect("the clock can be moved");
    forget(&world.control).await.expect("done");
    assert_eq!(history(&world).await, []);
}

#[tokio::test]
async fn many_alarms_are_recorded_in_parts_each_with_its_notices() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let target =
        Webhook { url: Secret::new("http://127.0.0.1:1/"), headers: Vec::new(), signature: None }.into();
    let new = NewChannel { name: "hook".into(), target, rule: Rule::default(), language: Language::En };
    let channel = channels::create(&world.control, &world.actor, new).await.expect("created");
    failed(&world).await;
    let (_, mut derived) = alarms::observe(&world.control).await.expect("read");
    let one = derived.observation.alarms.remove(0);
    for tenant in 0..450 {
        let tenant = Some((TenantId(5_000 + tenant), format!("t{tenant}")));
        derived.observation.alarms.push(Alarm { tenant, ..one.clone() });
    }
    // Two problems with one identity are one alarm.
    derived.observation.alarms.push(derived.observation.alarms[7].clone());
    let writes = || {
        let timings = world.control.metadata().statement_timings();
        timings.into_iter().find(|(verb, _)| *verb == "begin to write").map_or(0, |(_, timing)| timing.count)
    };
    let before = writes();
    record(&world.control, derived).await.expect("recorded");
    assert_eq!(writes() - before, 3, "of 200, 200 and 50");
    let open = world.control.metadata().alarm_list_open().await.expect("listed");
    let notices = world.control.metadata().notice_list(channel.id, Slice::ALL).await.expect("listed").items;
    let told: BTreeSet<_> = notices.iter().filter_map(|notice| notice.alarm).collect();
    assert_eq!(told, open.iter().map(|record| record.id).collect());
    assert_eq!((open.len(), notices.len()), (450, 450));
    // All of them end at once.
    succeeded(&world).await;
    let before = writes();
    look(&world).await;
    assert_eq!((writes() - before, listed(&world).await), (3, vec![]));
}
