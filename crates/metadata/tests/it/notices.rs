//! Channels with their sealed secrets, and the outbox.

use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::channels::ChannelSettings;
use metadata::notices::{KEPT, NewNotice, Tried};
use metadata::{Error, Metadata, Slice};
use model::alarm::AlarmLevel;
use model::alarm::kept::RecordChange;
use model::channel::{ChannelSecrets, Notice, NoticeEvent, NoticeStatus, Rule};
use model::id::{AlarmId, ChannelId, ClusterId};
use model::text::{Language, Text};
use model::{Secret, Timestamp};

use crate::alarms::{alarm, raised};
use crate::stand::{begin, commit, for_every_database};

for_every_database! {
    a_channel_keeps_its_secrets_sealed
    a_notice_is_claimed_once_and_only_the_last_claim_saves_its_result
    a_recovery_is_not_claimed_before_its_alarm
    finished_notices_are_deleted_in_small_parts
    the_notices_of_a_current_alarm_stay
}

const LEASE: Duration = Duration::from_secs(60);

pub(crate) fn settings(name: &str) -> ChannelSettings {
    let rule = Rule { levels: vec![AlarmLevel::Stopped], clusters: vec![ClusterId(7)], recovered: true };
    let endpoint = "https://hooks.example".to_owned();
    ChannelSettings { name: name.to_owned(), endpoint, rule, language: Language::Zh, enabled: true }
}

pub(crate) fn secrets() -> ChannelSecrets {
    ChannelSecrets {
        url: Secret::new("https://hooks.example/of-the-url"),
        headers: vec![("Authorization".into(), Secret::new("of-the-header"))],
        signature: Some(Secret::new("of-the-signature")),
    }
}

async fn channel(metadata: &Metadata, name: &str) -> ChannelId {
    let mut writer = begin(metadata).await;
    let id = writer.channel_insert(&settings(name), &secrets()).await.expect("stored");
    commit(writer).await;
    id
}

async fn notice(metadata: &Metadata, channel: ChannelId, event: NoticeEvent) {
    let mut writer = begin(metadata).await;
    let due = writer.now().await.expect("answers");
    let new = NewNotice { channel, alarm: Some(AlarmId(1)), event, body: "{}".into(), due };
    writer.notice_insert(&new).await.expect("written");
    commit(writer).await;
}

async fn claim(metadata: &Metadata) -> Vec<Notice> {
    let mut writer = begin(metadata).await;
    let claimed = writer.notices_claim(8, LEASE).await.expect("claimed");
    commit(writer).await;
    claimed
}

async fn tried(metadata: &Metadata, notice: &Notice, tried: &Tried) -> bool {
    let mut writer = begin(metadata).await;
    let saved = writer.notice_tried(notice, tried).await.expect("answers");
    commit(writer).await;
    saved
}

fn delivered() -> Tried {
    Tried { answer: Some(200), problem: None, wait: None }
}

fn refused(wait: Option<Duration>) -> Tried {
    Tried { answer: Some(500), problem: Some(Text::new("notice-not-accepted").with("status", 500)), wait }
}

async fn a_channel_keeps_its_secrets_sealed(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    let mut writer = begin(&metadata).await;
    let taken = writer.channel_insert(&settings("dba"), &secrets()).await.expect_err("taken");
    assert!(matches!(taken, Error::NameTaken { .. }), "{taken:?}");
    drop(writer);
    let stored = metadata.channel_get(id).await.expect("answers").expect("stored");
    assert_eq!((stored.rule, stored.language), (settings("").rule, Language::Zh));
    assert_eq!((stored.header_names, stored.is_signed), (vec!["Authorization".to_owned()], true));
    assert_eq!(metadata.channel_secrets(id).await.expect("opens"), secrets());
    let mut writer = begin(&metadata).await;
    let off = ChannelSettings { enabled: false, ..settings("renamed") };
    writer.channel_update(id, &off, None).await.expect("changed");
    commit(writer).await;
    assert_eq!(metadata.channel_secrets(id).await.expect("opens"), secrets(), "they stay");
    let mut writer = begin(&metadata).await;
    let unsigned = ChannelSecrets { signature: None, headers: Vec::new(), ..secrets() };
    writer.channel_update(id, &off, Some(&unsigned)).await.expect("changed");
    commit(writer).await;
    let stored = metadata.channel_list().await.expect("answers").remove(0);
    assert!(!stored.enabled && !stored.is_signed && stored.header_names.is_empty());
    let mut writer = begin(&metadata).await;
    writer.channel_remove(id).await.expect("removed");
    assert!(matches!(writer.channel_remove(id).await, Err(Error::Missing { .. })));
}

async fn a_notice_is_claimed_once_and_only_the_last_claim_saves_its_result(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    assert!(!metadata.notice_is_due().await.expect("answers"));
    notice(&metadata, id, NoticeEvent::Raised).await;
    assert!(metadata.notice_is_due().await.expect("answers"));
    let [first] = &claim(&metadata).await[..] else { panic!("one") };
    assert_eq!((claim(&metadata).await, metadata.notice_is_due().await.expect("answers")), (vec![], false));
    metadata.pass(LEASE).await.expect("the clock can be moved");
    let [second] = &claim(&metadata).await[..] else { panic!("its lease has ended") };
    assert_eq!((first.tries, second.tries), (1, 2));
    assert!(!tried(&metadata, first, &delivered()).await, "another server has it");
    let wait = Duration::from_secs(30);
    assert!(tried(&metadata, second, &refused(Some(wait))).await);
    assert_eq!(claim(&metadata).await, [], "it is not due");
    metadata.pass(wait).await.expect("the clock can be moved");
    let [third] = &claim(&metadata).await[..] else { panic!("it is due") };
    assert!(tried(&metadata, third, &refused(None)).await);
    let list = metadata.notice_list(id, Slice::ALL).await.expect("answers");
    let [stored] = &list.items[..] else { panic!("one") };
    assert_eq!((stored.status, stored.tries, stored.answer), (NoticeStatus::Failed, 3, Some(500)));
    assert!(stored.finished.is_some() && stored.problem.is_some());
}

async fn a_recovery_is_not_claimed_before_its_alarm(metadata: Metadata) {
    let [dba, team] = [channel(&metadata, "dba").await, channel(&metadata, "team").await];
    for id in [dba, team] {
        notice(&metadata, id, NoticeEvent::Raised).await;
        notice(&metadata, id, NoticeEvent::Recovered).await;
    }
    let first = claim(&metadata).await;
    assert!(first.len() == 2 && first.iter().all(|notice| notice.event == NoticeEvent::Raised));
    assert!(tried(&metadata, &first[0], &delivered()).await);
    let next = claim(&metadata).await;
    let [next] = &next[..] else { panic!("that of the first channel: {next:?}") };
    assert_eq!((next.channel, next.event), (dba, NoticeEvent::Recovered));
    let mut writer = begin(&metadata).await;
    let off = ChannelSettings { enabled: false, ..settings("team") };
    writer.channel_update(team, &off, None).await.expect("changed");
    commit(writer).await;
    metadata.pass(LEASE).await.expect("the clock can be moved");
    assert!(
        claim(&metadata).await.iter().all(|notice| notice.channel == dba),
        "a disabled channel gets none"
    );
    let mut writer = begin(&metadata).await;
    writer.channel_remove(team).await.expect("removed, with its notices");
    commit(writer).await;
    assert_eq!(metadata.notice_list(team, Slice::ALL).await.expect("answers").total, 0);
}

async fn finished_notices_are_deleted_in_small_parts(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    for _ in 0..3 {
        notice(&metadata, id, NoticeEvent::Raised).await;
        let [claimed] = &claim(&metadata).await[..] else { panic!("one") };
        assert!(tried(&metadata, claimed, &delivered()).await);
    }
    notice(&metadata, id, NoticeEvent::Raised).await;
    metadata.pass(KEPT + LEASE).await.expect("the clock can be moved");
    let mut writer = begin(&metadata).await;
    let mut deleted = Vec::new();
    for _ in 0..3 {
        deleted.push(writer.notice_forget(2).await.expect("deleted"));
    }
    commit(writer).await;
    assert_eq!(deleted, [2, 1, 0]);
    assert_eq!(metadata.notice_list(id, Slice::ALL).await.expect("answers").total, 1, "it still waits");
}

async fn the_notices_of_a_current_alarm_stay(metadata: Metadata) {
    let channel = channel(&metadata, "dba").await;
    let mut writer = begin(&metadata).await;
    let id = writer.alarm_apply(&raised(alarm(1, "a"))).await.expect("recorded");
    let due = writer.now().await.expect("answers");
    let new = NewNotice { channel, alarm: Some(id), event: NoticeEvent::Raised, body: "{}".into(), due };
    writer.notice_insert(&new).await.expect("written");
    commit(writer).await;
    let [claimed] = &claim(&metadata).await[..] else { panic!("one") };
    assert!(tried(&metadata, claimed, &delivered()).await);
    metadata.pass(KEPT + LEASE).await.expect("the clock can be moved");
    let mut writer = begin(&metadata).await;
    assert_eq!(writer.notice_forget(2).await.expect("answers"), 0, "it shows who is told of the recovery");
    writer.alarm_apply(&RecordChange::Recover { id, at: Timestamp(20) }).await.expect("recorded");
    assert_eq!(writer.notice_forget(2).await.expect("answers"), 1);
    commit(writer).await;
}
