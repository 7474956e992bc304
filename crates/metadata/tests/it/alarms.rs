//! Recorded alarms: raised once, with what people did about them, and forgotten in the end.

use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::alarms::{AlarmHistoryQuery, KEPT};
use metadata::{Error, Metadata, Slice};
use model::Timestamp;
use model::alarm::kept::{AlarmKey, RecordChange, Silence};
use model::alarm::{Alarm, AlarmKind, AlarmLevel, Subject};
use model::id::{AlarmId, ClusterId, TaskId, TenantId};
use model::text::Text;

use crate::stand::{begin, commit, for_every_database};

for_every_database! {
    an_alarm_is_open_once_until_it_has_recovered
    what_people_do_about_an_alarm_is_recorded
    recovered_alarms_are_listed_by_filter_and_deleted_in_small_parts
}

pub(crate) fn alarm(cluster: i64, text: &str) -> Alarm {
    Alarm {
        kind: AlarmKind::BaseBackupFail,
        subject: Subject::Cluster {
            id: ClusterId(cluster),
            name: "prod 集群".into(),
            ob_cluster: "C1-1".into(),
        },
        tenant: Some((TenantId(1002), "shop".into())),
        task: Some(TaskId(3)),
        since: Some(Timestamp(4)),
        text: Text::new(text).with("object", "prod/shop"),
        reason: Some(Text { raw: Some("ORA-1 'x'".into()), ..Text::new("why") }),
    }
}

pub(crate) fn raised(alarm: Alarm) -> RecordChange {
    RecordChange::Raise { alarm, seen: Timestamp(10), silence: None }
}

async fn apply(metadata: &Metadata, change: &RecordChange) -> AlarmId {
    let mut writer = begin(metadata).await;
    let id = writer.alarm_apply(change).await.expect("recorded");
    commit(writer).await;
    id
}

async fn an_alarm_is_open_once_until_it_has_recovered(metadata: Metadata) {
    let id = apply(&metadata, &raised(alarm(1, "a"))).await;
    let mut writer = begin(&metadata).await;
    let refused = writer.alarm_apply(&raised(alarm(1, "b"))).await.expect_err("it is open");
    assert!(matches!(refused, Error::NameTaken { .. }), "{refused:?}");
    drop(writer);
    let other = apply(&metadata, &raised(alarm(2, "a"))).await;
    let open = metadata.alarm_list_open().await.expect("answers");
    assert_eq!(open.iter().map(|record| record.id).collect::<Vec<_>>(), [id, other]);
    assert_eq!((&open[0].alarm, open[0].seen), (&alarm(1, "a"), Timestamp(10)));

    let changed = Alarm { task: None, reason: None, ..alarm(1, "b") };
    apply(&metadata, &RecordChange::Change { id, alarm: changed.clone(), seen: Timestamp(20) }).await;
    apply(&metadata, &RecordChange::Touch { id, seen: Timestamp(30) }).await;
    let record = metadata.alarm_get(id).await.expect("answers").expect("recorded");
    assert_eq!((&record.alarm, record.seen, record.recovered), (&changed, Timestamp(30), None));
    assert!(record.changed > record.raised);

    apply(&metadata, &RecordChange::Recover { id, at: Timestamp(40) }).await;
    let known = async |oldest| {
        let known = metadata.alarm_list_for(Timestamp(oldest)).await.expect("answers");
        known.records.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(known(40).await, [id, other]);
    assert_eq!(known(41).await, [other]);
    let again = apply(&metadata, &raised(alarm(1, "a"))).await;
    assert!(again > other, "a new alarm");
    let mut writer = begin(&metadata).await;
    let problems = [AlarmKey::of(&alarm(1, "a"))];
    let of_problem = writer.alarms_of_now(&problems, Timestamp(0)).await.expect("answers");
    let ids: Vec<_> = of_problem.records.iter().map(|record| record.id).collect();
    assert_eq!((ids, of_problem.unreadable.len()), (vec![id, again], 0));
    let of_none = writer.alarms_of_now(&[], Timestamp(0)).await.expect("answers");
    assert_eq!(of_none.records, []);
    let missing = writer.alarm_apply(&RecordChange::Touch { id: AlarmId(99), seen: Timestamp(1) }).await;
    assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
}

async fn what_people_do_about_an_alarm_is_recorded(metadata: Metadata) {
    let id = apply(&metadata, &raised(alarm(1, "a"))).await;
    let now = metadata.now().await.expect("answers");
    let silence = Silence {
        since: now,
        until: Timestamp(now.0 + 60_000_000),
        by: "eva".into(),
        reason: "升级 'x'".into(),
    };
    let mut writer = begin(&metadata).await;
    writer.alarm_acknowledge(id, "max", "mine").await.expect("recorded");
    writer.alarm_acknowledge(id, "eva", "").await.expect("replaced");
    let record = writer.alarm_now(id).await.expect("answers").expect("recorded");
    writer.alarm_silence(&record, Some(&silence)).await.expect("recorded");
    commit(writer).await;
    let record = metadata.alarm_get(id).await.expect("answers").expect("recorded");
    let acknowledged = record.acknowledged.as_ref().expect("it is");
    assert_eq!((acknowledged.by.as_str(), acknowledged.comment.as_str()), ("eva", ""));
    assert_eq!(record.silence.as_ref(), Some(&silence));

    apply(&metadata, &RecordChange::Recover { id, at: Timestamp(40) }).await;
    let known = metadata.alarm_list_for(Timestamp(41)).await.expect("answers");
    assert_eq!(known.records.len(), 1, "its silence still counts");
    let raise = RecordChange::Raise { alarm: alarm(1, "a"), seen: Timestamp(50), silence: Some(silence) };
    let again = apply(&metadata, &raise).await;
    let record = metadata.alarm_get(again).await.expect("answers").expect("recorded");
    assert!(record.silence.is_some() && record.acknowledged.is_none());
    let mut writer = begin(&metadata).await;
    writer.alarm_silence(&record, None).await.expect("ended");
    commit(writer).await;
    for id in [id, again] {
        let record = metadata.alarm_get(id).await.expect("answers").expect("recorded");
        assert_eq!(record.silence, None, "no earlier silence comes back");
    }
}

async fn recovered_alarms_are_listed_by_filter_and_deleted_in_small_parts(metadata: Metadata) {
    let full = Alarm { kind: AlarmKind::StorageCapacity, ..alarm(2, "full") };
    let old = metadata.now().await.expect("answers").0;
    for (alarm, at) in [(alarm(1, "a"), old), (full, old + 1), (alarm(1, "b"), old + 2)] {
        let id = apply(&metadata, &raised(alarm)).await;
        apply(&metadata, &RecordChange::Recover { id, at: Timestamp(at) }).await;
    }
    let open = apply(&metadata, &raised(alarm(1, "c"))).await;
    let history = async |query: AlarmHistoryQuery, limit| {
        let slice = Slice { offset: 0, limit };
        let found = metadata.alarm_history(query, slice).await.expect("answers");
        (found.items.into_iter().map(|record| record.alarm.text.id).collect::<Vec<_>>(), found.total)
    };
    let all = AlarmHistoryQuery::default();
    assert_eq!(history(all, 2).await, (vec!["b".into(), "full".into()], 3));
    let of_cluster = AlarmHistoryQuery { cluster: Some(ClusterId(2)), ..all };
    assert_eq!(history(of_cluster, 9).await, (vec!["full".into()], 1));
    let critical = AlarmHistoryQuery { level: Some(AlarmLevel::Critical), ..all };
    assert_eq!(history(critical, 9).await, (vec!["b".into(), "a".into()], 2));

    let forget = async |most| {
        let mut writer = begin(&metadata).await;
        let deleted = writer.alarm_forget(most).await.expect("deleted");
        commit(writer).await;
        deleted
    };
    assert_eq!(forget(2).await, 0, "they are too new");
    metadata.pass(KEPT + Duration::from_secs(60)).await.expect("the clock can be moved");
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    assert!(metadata.alarm_get(open).await.expect("answers").is_some(), "an open alarm stays");
}
