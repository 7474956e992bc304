//! Channels with real receivers on this machine: some accept, some fail, some hang, some redirect.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::testkit::Timed as _;
use model::Secret;
use model::backup::DataBackupMode::{Full, Incremental};
use model::channel::{
    Channel, Notice, NoticeEvent, NoticeStatus, Receiver as Shown, Rule, Webhook, wait_after,
};
use model::channel::{TargetChange, WebhookChange};
use model::egress::Egress;
use model::id::ChannelId;
use model::text::Language;
use model::user::Role;
use sim::Profile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{ChannelChange, NewChannel, create, deliver, outbox, remove, test, update};
use crate::alarms;
use crate::testing::simulated::SimWorld;
use crate::{Actor, Control, PageAsk, Settings};

/// What a receiver answers, in turn; the last answer stays.
#[derive(Clone, Copy)]
enum Says {
    Status(u16),
    RedirectTo(u16),
    Nothing,
}

/// A receiver, and the requests that it got: the head and the body of each.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    async fn new(answers: &[Says]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (answers, kept) = (answers.to_vec(), Arc::clone(&got));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers.clone(), Arc::clone(&kept)));
            }
        });
        Self { port, got }
    }

    fn url(&self) -> Secret {
        Secret::new(format!("http://127.0.0.1:{}/hook?key=of-the-url", self.port))
    }

    fn got(&self) -> Vec<(String, String)> {
        self.got.lock().expect("no panic").clone()
    }

    /// Returns the events of the messages.
    fn events(&self) -> Vec<String> {
        let event = |(_, body): (String, String)| {
            let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            body["event"].as_str().expect("an event").to_owned()
        };
        self.got().into_iter().map(event).collect()
    }
}

/// Reads one request, and answers it.
async fn serve(mut stream: TcpStream, answers: Vec<Says>, got: Arc<Mutex<Vec<(String, String)>>>) {
    let mut read = Vec::new();
    let (head, body) = loop {
        let mut more = [0; 4_096];
        let count = stream.read(&mut more).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        read.extend_from_slice(&more[..count]);
        let text = String::from_utf8(read.clone()).expect("text");
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let number = {
        let mut got = got.lock().expect("no panic");
        got.push((head, body));
        got.len() - 1
    };
    let status = match answers[number.min(answers.len() - 1)] {
        Says::Nothing => return std::future::pending().await,
        Says::Status(status) => format!("{status} X\r\n"),
        Says::RedirectTo(port) => format!("307 X\r\nLocation: http://127.0.0.1:{port}/\r\n"),
    };
    let answer = format!("HTTP/1.1 {status}Content-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn secrets(receiver: &Receiver) -> Webhook {
    Webhook {
        url: receiver.url(),
        headers: vec![("X-Team".to_owned(), Secret::new("of-the-header"))],
        signature: Some(Secret::new("of-the-signature")),
    }
}

async fn channel(control: &Control, actor: &Actor, receiver: &Receiver, recovered: bool) -> Channel {
    let rule = Rule { recovered, ..Rule::default() };
    let new = NewChannel {
        name: format!("hook-{}", receiver.port),
        target: secrets(receiver).into(),
        rule,
        language: Language::En,
    };
    create(control, actor, new).await.expect("created")
}

async fn notices(world: &SimWorld, channel: ChannelId) -> Vec<Notice> {
    outbox(&world.control, &world.actor, channel, PageAsk::default()).await.expect("listed").contents
}

async fn look(world: &SimWorld) {
    let (_, derived) = alarms::observe(&world.control).await.expect("read");
    alarms::record(&world.control, derived).await.expect("recorded");
}

async fn failed(world: &SimWorld) {
    let task = world.begin(world.wish(Incremental)).await;
    world.fail(task).await;
    look(world).await;
}

async fn succeeded(world: &SimWorld) {
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    look(world).await;
}

async fn sent(world: &SimWorld) {
    deliver(&world.control).await.expect("done");
}

async fn pass(world: &SimWorld, time: Duration) {
    world.control.metadata().pass(time).await.expect("the clock can be moved");
}

#[tokio::test]
async fn an_alarm_and_its_recovery_are_sent_once_with_headers_and_signature() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let [all, raised] =
        [Receiver::new(&[Says::Status(204)]).await, Receiver::new(&[Says::Status(200)]).await];
    let first = channel(&world.control, &world.actor, &all, true).await;
    channel(&world.control, &world.actor, &raised, false).await;
    failed(&world).await;
    sent(&world).await;
    look(&world).await;
    sent(&world).await;
    succeeded(&world).await;
    sent(&world).await;
    assert_eq!(all.events(), ["RAISED", "RECOVERED"]);
    assert_eq!(raised.events(), ["RAISED"]);
    let (head, body) = &all.got()[0];
    let head = head.to_lowercase();
    let number = format!("lifeboat-notice: {}\r\n", notices(&world, first.id).await[1].id);
    assert!(head.contains(&number), "{number}: {head}");
    for line in ["post /hook?key=of-the-url", "x-team: of-the-header", "lifeboat-signature: t="] {
        assert!(head.contains(line), "{line}: {head}");
    }
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((&body["alarmType"], &body["tenantName"]), (&"base_backup_fail".into(), &"shop".into()));
    let kept = notices(&world, first.id).await;
    assert!(kept.iter().all(|notice| notice.status == NoticeStatus::Delivered && notice.answer == Some(204)));
    assert_eq!((kept.len(), kept[0].event), (2, NoticeEvent::Recovered));
}

#[tokio::test]
async fn a_notice_is_tried_again_until_it_is_accepted_and_a_recovery_waits_for_its_alarm() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(503), Says::Status(429), Says::Status(200)]).await;
    let made = channel(&world.control, &world.actor, &receiver, true).await;
    failed(&world).await;
    sent(&world).await;
    let [notice] = &notices(&world, made.id).await[..] else { panic!("one") };
    assert_eq!((notice.status, notice.tries, notice.answer), (NoticeStatus::Waiting, 1, Some(503)));
    assert_eq!(notice.problem.as_ref().map(|text| text.id.as_str()), Some("notice-not-accepted"));
    sent(&world).await;
    assert_eq!(receiver.got().len(), 1, "it is not due yet");
    succeeded(&world).await; // meanwhile the clock moves on
    for tries in 1..=3 {
        sent(&world).await;
        pass(&world, wait_after(tries).expect("a wait")).await;
    }
    assert_eq!(receiver.events(), ["RAISED", "RAISED", "RAISED", "RECOVERED"], "the recovery waits");
    let numbers: Vec<_> = receiver
        .got()
        .iter()
        .map(|(head, _)| head.to_lowercase().contains("lifeboat-notice: 1\r\n"))
        .collect();
    assert_eq!(numbers, [true, true, true, false], "a receiver knows a repeated notice by its number");
}

#[tokio::test]
async fn a_notice_is_given_up_after_a_bounded_number_of_tries() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(500)]).await;
    let made = channel(&world.control, &world.actor, &receiver, true).await;
    failed(&world).await;
    for _ in 0..20 {
        sent(&world).await;
        pass(&world, Duration::from_secs(7_201)).await;
    }
    let [notice] = &notices(&world, made.id).await[..] else { panic!("one") };
    assert_eq!((notice.status, notice.tries, receiver.got().len()), (NoticeStatus::Failed, 9, 9));
    assert!(notice.finished.is_some());
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_receiver_that_hangs_holds_up_no_other() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let elsewhere = Receiver::new(&[Says::Status(200)]).await;
    let redirects = Receiver::new(&[Says::RedirectTo(elsewhere.port)]).await;
    let (hangs, well) = (Receiver::new(&[Says::Nothing]).await, Receiver::new(&[Says::Status(200)]).await);
    let mut made = Vec::new();
    for receiver in [&redirects, &hangs, &well] {
        made.push(channel(&world.control, &world.actor, receiver, false).await.id);
    }
    failed(&world).await;
    sent(&world).await;
    assert_eq!((elsewhere.got().len(), well.got().len()), (0, 1));
    let mut fates = Vec::new();
    for id in made {
        let [notice] = &notices(&world, id).await[..] else { panic!("one") };
        fates.push((notice.status, notice.problem.as_ref().map(|text| text.id.clone())));
    }
    let waiting = |id: &str| (NoticeStatus::Waiting, Some(id.to_owned()));
    let expected =
        [waiting("notice-redirected"), waiting("notice-no-answer"), (NoticeStatus::Delivered, None)];
    assert_eq!(fates, expected);
}

#[tokio::test]
async fn a_notice_is_sent_by_one_server_and_again_only_if_that_one_stops() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(200)]).await;
    let made = channel(&world.control, &world.actor, &receiver, false).await;
    failed(&world).await;
    let both = [deliver(&world.control), deliver(&world.control)];
    for done in futures::future::join_all(both).await {
        done.expect("done");
    }
    assert_eq!(receiver.got().len(), 1);
    // A server claims the notice of the next alarm, and stops before it has sent it.
    succeeded(&world).await;
    world.fault(sim::FaultName::TenantNotNormal, Some("shop"));
    let task = world.begin(world.wish(Full)).await;
    world.fail(task).await;
    look(&world).await;
    let mut writer = world.control.metadata().begin().await.expect("may write");
    let claimed = writer.notices_claim(made.id, 8, super::sending::LEASE).await.expect("claimed");
    writer.commit().await.expect("kept");
    sent(&world).await;
    assert_eq!((claimed.len(), receiver.got().len()), (1, 1), "the claim holds");
    pass(&world, super::sending::LEASE).await;
    sent(&world).await;
    assert_eq!(receiver.got().len(), 2);
    let mut writer = world.control.metadata().begin().await.expect("may write");
    let tried = metadata::notices::Tried { answer: None, problem: None, left_out: None, wait: None };
    assert!(!writer.notice_tried(&claimed[0], &tried).await.expect("answers"), "the first claim is over");
    drop(writer);
    assert_eq!(notices(&world, made.id).await[0].tries, 2);
}

#[tokio::test]
async fn the_notice_of_a_silenced_alarm_waits_for_the_end_of_the_silence() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(200)]).await;
    let made = channel(&world.control, &world.actor, &receiver, true).await;
    failed(&world).await;
    let id = made_alarm(&world).await;
    let now = world.control.metadata().now().await.expect("answers");
    let until = model::Timestamp(now.0 + 3_600_000_000);
    alarms::silence(&world.control, &world.actor, id, until, "upgrade").await.expect("done");
    sent(&world).await;
    assert_eq!(receiver.events(), [""; 0]);
    alarms::unsilence(&world.control, &world.actor, id).await.expect("done");
    sent(&world).await;
    assert_eq!(receiver.events(), ["RAISED"]);
    alarms::silence(&world.control, &world.actor, id, until, "upgrade").await.expect("done");
    succeeded(&world).await;
    sent(&world).await;
    assert_eq!(receiver.events(), ["RAISED", "RECOVERED"], "who heard of it hears of its end");
    world.fault(sim::FaultName::TenantNotNormal, Some("shop"));
    let task = world.begin(world.wish(Full)).await;
    world.fail(task).await;
    look(&world).await;
    world.handle.clear_faults(None);
    succeeded(&world).await;
    pass(&world, Duration::from_secs(7_200)).await;
    sent(&world).await;
    assert_eq!(receiver.events().len(), 2, "it came and went during the silence");
    assert_eq!(notices(&world, made.id).await[0].status, NoticeStatus::Skipped);
}

async fn made_alarm(world: &SimWorld) -> model::id::AlarmId {
    let filter = alarms::AlarmFilter::default();
    let page = alarms::list(&world.control, &world.actor, filter, PageAsk::default()).await.expect("listed");
    page.contents[0].record.as_ref().expect("recorded").id
}

#[tokio::test]
async fn a_test_message_tells_at_once_what_became_of_it() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let receiver = Receiver::new(&[Says::Status(200), Says::Status(401)]).await;
    let made = channel(&world.control, &world.actor, &receiver, false).await;
    let first = test(&world.control, &world.actor, made.id).await.expect("sent");
    let second = test(&world.control, &world.actor, made.id).await.expect("sent");
    assert_eq!((first.status, first.answer), (NoticeStatus::Delivered, Some(200)));
    assert_eq!((second.status, second.answer), (NoticeStatus::Failed, Some(401)));
    assert_eq!(receiver.events(), ["TEST", "TEST"]);
}

#[tokio::test]
async fn the_secrets_of_a_channel_stay_with_its_url() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (receiver, other) =
        (Receiver::new(&[Says::Status(200)]).await, Receiver::new(&[Says::Status(200)]).await);
    let (control, actor) = (&world.control, &world.actor);
    let made = channel(control, actor, &receiver, false).await;
    let shown = |receiver: &Receiver, names: &[&str], is_signed| Shown::Webhook {
        endpoint: format!("http://127.0.0.1:{}", receiver.port),
        header_names: names.iter().map(ToString::to_string).collect(),
        is_signed,
    };
    assert_eq!(made.receiver, shown(&receiver, &["X-Team"], true));
    let change =
        |change| ChannelChange { target: Some(TargetChange::Webhook(change)), ..ChannelChange::default() };
    let moved = WebhookChange { url: Some(other.url()), ..WebhookChange::default() };
    let with_headers = WebhookChange { headers: Some(secrets(&other).headers), ..moved.clone() };
    for lacking in [moved.clone(), with_headers.clone()] {
        let refused =
            update(control, actor, made.id, change(lacking)).await.expect_err("its secrets are missing");
        assert_eq!(refused.into_problem().text.id, "channel-secrets-needed");
    }
    let whole = change(WebhookChange { signature: Some(None), ..with_headers });
    let changed = update(control, actor, made.id, whole).await.expect("changed");
    assert_eq!(changed.receiver, shown(&other, &["X-Team"], false));
    let same = ChannelChange { name: Some("renamed".into()), ..change(moved) };
    assert_eq!(update(control, actor, made.id, same).await.expect("the same URL").name, "renamed");
    let manager = Actor { role: Role::BackupManager, ..actor.clone() };
    let refused = remove(control, &manager, made.id).await.expect_err("may not").into_problem();
    assert_eq!(refused.text.id, "permission-missing");
    remove(control, actor, made.id).await.expect("removed");
    assert!(outbox(control, actor, made.id, PageAsk::default()).await.is_err());
}

#[tokio::test]
async fn a_refused_address_is_no_receiver() {
    let dir = tempfile::tempdir().expect("a directory");
    let egress = Egress::of_server([], []).expect("rules");
    let settings =
        Settings { admin_password: Some(Secret::new("correct horse")), egress, ..Settings::new(dir.path()) };
    let control = Control::open(settings).await.expect("opens").control;
    let user = control.metadata().user_list().await.expect("answers").remove(0);
    let actor = Actor {
        user: user.id,
        name: user.name,
        role: user.role,
        address: "::1".into(),
        must_change_password: false,
        means: crate::Means::Program,
    };
    for url in
        ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://[::1]/", "ftp://h/", "http://u:p@h/"]
    {
        let target = Webhook { url: Secret::new(url), headers: Vec::new(), signature: None }.into();
        let new = NewChannel { name: "hook".into(), target, rule: Rule::default(), language: Language::En };
        let refused = create(&control, &actor, new).await.expect_err("refused").into_problem().text.id;
        assert!(
            ["channel-url-refused", "channel-url-malformed"].contains(&refused.as_str()),
            "{url}: {refused}"
        );
    }
}

mod faults;
mod mail;
