//! Channels with their sealed secrets, and the outbox.

use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::channels::ChannelSettings;
use metadata::notices::{KEPT, NewNotice, Tried};
use metadata::{Error, Metadata, Slice};
use model::alarm::AlarmLevel;
use model::alarm::kept::{AlarmKey, RecordChange, Silence};
use model::channel::{
    Email, MailAccount, MailTls, Notice, NoticeEvent, NoticeStatus, Receiver, Rule, Target, Webhook,
};
use model::id::{AlarmId, ChannelId, ClusterId};
use model::text::{Language, Text};
use model::{Secret, Timestamp};

use crate::alarms::{alarm, raised};
use crate::stand::{begin, commit, for_every_database};

for_every_database! {
    a_channel_keeps_its_secrets_sealed
    an_email_channel_shows_everything_but_its_password
    a_delivered_notice_names_who_does_not_get_it
    a_notice_is_claimed_once_and_only_the_last_claim_saves_its_result
    a_recovery_is_not_claimed_before_its_alarm
    finished_notices_are_deleted_in_small_parts
    the_notices_of_a_current_alarm_stay
    channels_are_claimed_apart_and_a_failing_one_gets_one_notice_at_a_time
    a_disabled_channel_gives_up_its_waiting_notices
    who_was_not_told_of_an_alarm_does_not_hear_of_its_end
    a_silence_holds_the_notices_of_its_problem_even_if_they_were_tried
    an_interrupted_test_has_failed
    a_channel_fails_until_it_delivers_or_starts_over
}

const LEASE: Duration = Duration::from_secs(60);

pub(crate) fn settings(name: &str) -> ChannelSettings {
    let rule = Rule { levels: vec![AlarmLevel::Stopped], clusters: vec![ClusterId(7)], recovered: true };
    let receiver = shown(&["Authorization"], true);
    ChannelSettings { name: name.to_owned(), receiver, rule, language: Language::Zh, enabled: true }
}

/// What is shown of a web address.
fn shown(header_names: &[&str], is_signed: bool) -> Receiver {
    let header_names = header_names.iter().map(ToString::to_string).collect();
    Receiver::Webhook { endpoint: "https://hooks.example".to_owned(), header_names, is_signed }
}

pub(crate) fn secrets() -> Target {
    Target::Webhook(Webhook {
        url: Secret::new("https://hooks.example/of-the-url"),
        headers: vec![("Authorization".into(), Secret::new("of-the-header"))],
        signature: Some(Secret::new("of-the-signature")),
    })
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

async fn is_due(metadata: &Metadata) -> bool {
    !metadata.notice_channels_due().await.expect("answers").is_empty()
}

/// Claims the notices of all channels.
async fn claim(metadata: &Metadata) -> Vec<Notice> {
    let mut all = Vec::new();
    for channel in metadata.notice_channels_due().await.expect("answers") {
        all.extend(claim_of(metadata, channel).await);
    }
    all
}

async fn claim_of(metadata: &Metadata, channel: ChannelId) -> Vec<Notice> {
    let mut writer = begin(metadata).await;
    let claimed = writer.notices_claim(channel, 8, LEASE).await.expect("claimed");
    commit(writer).await;
    claimed
}

async fn stored(metadata: &Metadata, channel: ChannelId) -> Vec<Notice> {
    metadata.notice_list(channel, Slice::ALL).await.expect("answers").items
}

/// Records an alarm, and returns it.
async fn alarm_of(metadata: &Metadata, cluster: i64) -> AlarmId {
    let mut writer = begin(metadata).await;
    let id = writer.alarm_apply(&raised(alarm(cluster, "a"))).await.expect("recorded");
    commit(writer).await;
    id
}

/// Writes a notice about an alarm, which is due now.
async fn about(metadata: &Metadata, channel: ChannelId, alarm: AlarmId, event: NoticeEvent) {
    let mut writer = begin(metadata).await;
    let due = writer.now().await.expect("answers");
    let new = NewNotice { channel, alarm: Some(alarm), event, body: "{}".into(), due };
    writer.notice_insert(&new).await.expect("written");
    commit(writer).await;
}

async fn tried(metadata: &Metadata, notice: &Notice, tried: &Tried) -> bool {
    let mut writer = begin(metadata).await;
    let saved = writer.notice_tried(notice, tried).await.expect("answers");
    commit(writer).await;
    saved
}

fn delivered() -> Tried {
    Tried { answer: Some(200), problem: None, left_out: None, wait: None }
}

fn refused(wait: Option<Duration>) -> Tried {
    let problem = Some(Text::new("notice-not-accepted").with("status", 500));
    Tried { answer: Some(500), problem, left_out: None, wait }
}

async fn a_channel_keeps_its_secrets_sealed(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    let mut writer = begin(&metadata).await;
    let taken = writer.channel_insert(&settings("dba"), &secrets()).await.expect_err("taken");
    assert!(matches!(taken, Error::NameTaken { .. }), "{taken:?}");
    drop(writer);
    let stored = metadata.channel_get(id).await.expect("answers").expect("stored");
    assert_eq!((stored.rule, stored.language), (settings("").rule, Language::Zh));
    assert_eq!(stored.receiver, shown(&["Authorization"], true));
    assert_eq!(metadata.channel_target(id).await.expect("opens"), secrets());
    let mut writer = begin(&metadata).await;
    let off = ChannelSettings { enabled: false, ..settings("renamed") };
    writer.channel_update(id, &off, None).await.expect("changed");
    commit(writer).await;
    assert_eq!(metadata.channel_target(id).await.expect("opens"), secrets(), "they stay");
    let mut writer = begin(&metadata).await;
    let url = Secret::new("https://hooks.example/");
    let unsigned = Webhook { url, signature: None, headers: Vec::new() }.into();
    let off = ChannelSettings { receiver: shown(&[], false), ..off };
    writer.channel_update(id, &off, Some(&unsigned)).await.expect("changed");
    commit(writer).await;
    let stored = metadata.channel_list().await.expect("answers").remove(0);
    assert_eq!((stored.enabled, stored.receiver), (false, shown(&[], false)));
    let mut writer = begin(&metadata).await;
    writer.channel_remove(id).await.expect("removed");
    assert!(matches!(writer.channel_remove(id).await, Err(Error::Missing { .. })));
}

/// Returns an e-mail to this recipient.
pub(crate) fn email(to: &str) -> Email {
    Email {
        host: "mail.example".into(),
        port: 587,
        tls: MailTls::StartTls,
        account: Some(MailAccount { user: "lifeboat".into(), password: Secret::new("of-the-account") }),
        from: "lifeboat@db.example".into(),
        to: vec![to.into()],
    }
}

async fn an_email_channel_shows_everything_but_its_password(metadata: Metadata) {
    let of = |email: &Email| ChannelSettings { receiver: email.shown(), ..settings("mail") };
    let [first, second] = ["dba@db.example", "ops@db.example"].map(email);
    let mut writer = begin(&metadata).await;
    let id = writer.channel_insert(&of(&first), &first.clone().into()).await.expect("stored");
    commit(writer).await;
    let hook = channel(&metadata, "dba").await;
    let stored = metadata.channel_get(id).await.expect("answers").expect("stored");
    assert_eq!(
        (stored.receiver, metadata.channel_target(id).await.expect("opens")),
        (first.shown(), first.into())
    );
    let mut writer = begin(&metadata).await;
    writer.channel_update(id, &of(&second), Some(&second.clone().into())).await.expect("changed");
    commit(writer).await;
    let listed = metadata.channel_list().await.expect("answers").into_iter().map(|channel| channel.receiver);
    assert_eq!(listed.collect::<Vec<_>>(), [shown(&["Authorization"], true), second.shown()]);
    assert_eq!(metadata.channel_target(id).await.expect("opens"), second.into());
    let mut writer = begin(&metadata).await;
    for id in [id, hook] {
        writer.channel_remove(id).await.expect("removed");
    }
    commit(writer).await;
    assert_eq!(metadata.channel_list().await.expect("answers"), []);
}

async fn a_delivered_notice_names_who_does_not_get_it(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    notice(&metadata, id, NoticeEvent::Raised).await;
    let [claimed] = &claim(&metadata).await[..] else { panic!("one") };
    let left_out =
        Some(Text::new("notice-mail-recipients-left-out").with("addresses", "a@b").with("status", 550));
    assert!(tried(&metadata, claimed, &Tried { left_out: left_out.clone(), ..delivered() }).await);
    let [stored] = &stored(&metadata, id).await[..] else { panic!("one") };
    assert_eq!((stored.status, &stored.problem), (NoticeStatus::Delivered, &left_out));
    assert_eq!(metadata.channel_failures().await.expect("listed"), []);
}

async fn a_notice_is_claimed_once_and_only_the_last_claim_saves_its_result(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    assert!(!is_due(&metadata).await);
    notice(&metadata, id, NoticeEvent::Raised).await;
    assert!(is_due(&metadata).await);
    let [first] = &claim(&metadata).await[..] else { panic!("one") };
    assert_eq!((claim_of(&metadata, id).await, is_due(&metadata).await), (vec![], false));
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

async fn channels_are_claimed_apart_and_a_failing_one_gets_one_notice_at_a_time(metadata: Metadata) {
    let [dba, team] = [channel(&metadata, "dba").await, channel(&metadata, "team").await];
    for id in [dba, team] {
        for alarm in 1..=3 {
            about(&metadata, id, AlarmId(alarm), NoticeEvent::Raised).await;
        }
    }
    assert_eq!(metadata.notice_channels_due().await.expect("answers"), [dba, team]);
    let claimed = claim_of(&metadata, dba).await;
    assert!(claimed.len() == 3 && claimed.iter().all(|notice| notice.channel == dba));
    assert_eq!(metadata.notice_channels_due().await.expect("answers"), [team], "others do not wait");
    for notice in &claimed {
        assert!(tried(&metadata, notice, &refused(Some(Duration::from_secs(1)))).await);
    }
    metadata.pass(Duration::from_secs(2)).await.expect("the clock can be moved");
    let claimed = claim_of(&metadata, dba).await;
    assert_eq!(claimed.len(), 1, "it is only probed");
    assert!(tried(&metadata, &claimed[0], &delivered()).await);
    assert_eq!(claim_of(&metadata, dba).await.len(), 2, "it works again");
}

async fn a_disabled_channel_gives_up_its_waiting_notices(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    about(&metadata, id, AlarmId(1), NoticeEvent::Raised).await;
    let [sending] = &claim(&metadata).await[..] else { panic!("one") };
    about(&metadata, id, AlarmId(2), NoticeEvent::Raised).await;
    let [failing] = &claim(&metadata).await[..] else { panic!("one") };
    about(&metadata, id, AlarmId(3), NoticeEvent::Raised).await;
    for enabled in [false, true] {
        let mut writer = begin(&metadata).await;
        let settings = ChannelSettings { enabled, ..settings("dba") };
        writer.channel_update(id, &settings, None).await.expect("changed");
        commit(writer).await;
    }
    let given_up = stored(&metadata, id).await;
    let is_skipped = |notice: &Notice| notice.status == NoticeStatus::Skipped && notice.finished.is_some();
    assert!(given_up.len() == 3 && given_up.iter().all(is_skipped), "{given_up:?}");
    assert!(tried(&metadata, sending, &delivered()).await, "it had arrived");
    assert!(
        !tried(&metadata, failing, &refused(Some(Duration::from_secs(1)))).await,
        "it is not tried again"
    );
    metadata.pass(LEASE).await.expect("the clock can be moved");
    assert!(!is_due(&metadata).await);
    let fates: Vec<_> = stored(&metadata, id).await.iter().map(|notice| notice.status).collect();
    assert_eq!(fates, [NoticeStatus::Skipped, NoticeStatus::Skipped, NoticeStatus::Delivered]);
}

async fn who_was_not_told_of_an_alarm_does_not_hear_of_its_end(metadata: Metadata) {
    let [dba, team] = [channel(&metadata, "dba").await, channel(&metadata, "team").await];
    for id in [dba, team] {
        for (alarm, event) in [
            (1, NoticeEvent::Raised),
            (1, NoticeEvent::Recovered),
            (2, NoticeEvent::Raised),
            (2, NoticeEvent::Recovered),
        ] {
            about(&metadata, id, AlarmId(alarm), event).await;
        }
    }
    let claimed = claim_of(&metadata, dba).await;
    let [first, second] = &claimed[..] else { panic!("two alarms: {claimed:?}") };
    assert!(tried(&metadata, first, &refused(None)).await, "it is given up");
    assert!(tried(&metadata, second, &delivered()).await);
    let [told] = &claim_of(&metadata, dba).await[..] else { panic!("one") };
    assert_eq!((told.alarm, told.event), (Some(AlarmId(2)), NoticeEvent::Recovered));
    let fates: Vec<_> = stored(&metadata, dba).await.iter().map(|notice| notice.status).collect();
    use NoticeStatus::{Delivered, Failed, Skipped, Waiting};
    assert_eq!(fates, [Waiting, Delivered, Skipped, Failed]);
    let others = stored(&metadata, team).await;
    assert!(others.iter().all(|notice| notice.status == Waiting), "other channels have a fate of their own");
}

async fn a_silence_holds_the_notices_of_its_problem_even_if_they_were_tried(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    let [silenced, other] = [alarm_of(&metadata, 1).await, alarm_of(&metadata, 2).await];
    for alarm in [silenced, other] {
        about(&metadata, id, alarm, NoticeEvent::Raised).await;
    }
    let claimed = claim(&metadata).await;
    let wait = Duration::from_secs(10);
    assert!(tried(&metadata, &claimed[1], &refused(Some(wait))).await);
    let hour = 3_600_000_000;
    let until = Timestamp(metadata.now().await.expect("answers").0 + hour);
    let problem = AlarmKey::of(&alarm(1, "a"));
    let silence = async |until: Option<Timestamp>| {
        let mut writer = begin(&metadata).await;
        let now = writer.now().await.expect("answers");
        let record = writer.alarm_now(silenced).await.expect("answers").expect("recorded");
        let silence =
            until.map(|until| Silence { since: now, until, by: "eva".into(), reason: "upgrade".into() });
        writer.alarm_silence(&record, silence.as_ref()).await.expect("recorded");
        writer.notices_due_at(&problem, until.unwrap_or(now)).await.expect("moved");
        commit(writer).await;
    };
    silence(Some(until)).await;
    // One that is being sent when the silence begins waits for its end, too.
    assert!(tried(&metadata, &claimed[0], &refused(Some(wait))).await);
    metadata.pass(wait).await.expect("the clock can be moved");
    let [next] = &claim(&metadata).await[..] else { panic!("that of the other problem") };
    assert_eq!(next.alarm, Some(other));
    assert!(tried(&metadata, next, &delivered()).await);
    silence(None).await;
    let [next] = &claim(&metadata).await[..] else { panic!("its silence has ended") };
    assert_eq!((next.alarm, next.tries), (Some(silenced), 2));
    assert!(tried(&metadata, next, &refused(Some(wait))).await);
    silence(Some(until)).await;
    metadata.pass(wait).await.expect("the clock can be moved");
    assert_eq!(claim(&metadata).await, [], "it was tried twice, and waits nevertheless");
    metadata.pass(Duration::from_secs(3_600)).await.expect("the clock can be moved");
    assert_eq!(claim(&metadata).await.len(), 1);
}

async fn an_interrupted_test_has_failed(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    let mut writer = begin(&metadata).await;
    let due = writer.now().await.expect("answers");
    let new = NewNotice { channel: id, alarm: None, event: NoticeEvent::Test, body: "{}".into(), due };
    writer.notice_claimed(&new, LEASE).await.expect("written");
    commit(writer).await;
    assert!(!is_due(&metadata).await);
    metadata.pass(LEASE).await.expect("the clock can be moved");
    assert!(is_due(&metadata).await, "its server has stopped");
    assert_eq!(claim(&metadata).await, []);
    let [test] = &stored(&metadata, id).await[..] else { panic!("one") };
    let problem = test.problem.as_ref().map(|text| text.id.as_str());
    assert_eq!(
        (test.status, test.tries, problem),
        (NoticeStatus::Failed, 1, Some("notice-test-interrupted"))
    );
    assert!(!is_due(&metadata).await);
}

async fn a_channel_fails_until_it_delivers_or_starts_over(metadata: Metadata) {
    let id = channel(&metadata, "dba").await;
    let failures = async || metadata.channel_failures().await.expect("answers");
    let fail = async || {
        about(&metadata, id, AlarmId(1), NoticeEvent::Recovered).await;
        let [claimed] = &claim(&metadata).await[..] else { panic!("one") };
        assert!(tried(&metadata, claimed, &refused(None)).await);
    };
    let minute = Duration::from_secs(60);
    fail().await;
    metadata.pass(minute).await.expect("the clock can be moved");
    fail().await;
    let [failure] = &failures().await[..] else { panic!("one") };
    assert!(failure.last.since(failure.since) >= 60_000_000, "{failure:?}");
    assert_eq!((failure.channel, failure.name.as_str()), (id, "dba"));
    assert_eq!(failure.problem, Text::new("notice-not-accepted").with("status", 500));
    let test = async |result: Tried| {
        let mut writer = begin(&metadata).await;
        let due = writer.now().await.expect("answers");
        let new = NewNotice { channel: id, alarm: None, event: NoticeEvent::Test, body: "{}".into(), due };
        let claimed = writer.notice_claimed(&new, LEASE).await.expect("written");
        writer.notice_tried(&claimed, &result).await.expect("saved");
        commit(writer).await;
    };
    test(delivered()).await;
    assert_eq!(failures().await, []);
    test(refused(None)).await;
    assert_eq!(failures().await, [], "a person sees it");
    let change = async |enabled, secrets: Option<Target>| {
        let mut writer = begin(&metadata).await;
        let settings = ChannelSettings { enabled, ..settings("dba") };
        writer.channel_update(id, &settings, secrets.as_ref()).await.expect("changed");
        commit(writer).await;
    };
    fail().await;
    change(true, None).await;
    assert_eq!(failures().await.len(), 1, "another rule repairs nothing");
    change(true, Some(secrets())).await;
    assert_eq!(failures().await, []);
    fail().await;
    change(false, None).await;
    assert_eq!(failures().await, []);
}
