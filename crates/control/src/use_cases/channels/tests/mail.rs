//! Channels that send e-mail, to a real mail server on this machine.

use model::channel::EmailChange;
use model::channel::{Email, MailAccount, MailTls};
use xtask::smtp::{Instance, Options};

use super::*;

async fn server(options: Options) -> Instance {
    let started = tokio::task::spawn_blocking(move || Instance::start(&options));
    started.await.expect("no panic").expect("a mail server starts")
}

fn email(port: u16, to: &[&str]) -> Email {
    Email {
        host: "127.0.0.1".into(),
        port,
        tls: MailTls::None,
        account: None,
        from: "lifeboat@db.example".into(),
        to: to.iter().map(ToString::to_string).collect(),
    }
}

async fn mail_channel(world: &SimWorld, email: Email, language: Language) -> Channel {
    let rule = Rule { recovered: true, ..Rule::default() };
    let new = NewChannel { name: format!("mail-{}", email.port), target: email.into(), rule, language };
    create(&world.control, &world.actor, new).await.expect("created")
}

/// Changes an e-mail channel.
async fn edit(world: &SimWorld, id: ChannelId, change: EmailChange) -> Result<Channel, String> {
    let change = ChannelChange { target: Some(TargetChange::Email(change)), ..ChannelChange::default() };
    update(&world.control, &world.actor, id, change).await.map_err(|error| error.into_problem().text.id)
}

fn problem(notice: &Notice) -> Option<&str> {
    notice.problem.as_ref().map(|text| text.id.as_str())
}

#[tokio::test]
async fn an_alarm_and_its_recovery_arrive_as_letters_in_the_language_of_the_channel() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let server = server(Options::default()).await;
    let made = mail_channel(&world, email(server.port, &["dba@db.example"]), Language::Zh).await;
    failed(&world).await;
    sent(&world).await;
    succeeded(&world).await;
    sent(&world).await;
    let letters = server.messages().expect("readable");
    let subjects: Vec<_> =
        letters.iter().filter_map(|letter| letter["headers"]["subject"].as_str()).collect();
    let [raised, recovered] = &subjects[..] else { panic!("two: {subjects:?}") };
    assert!(raised.starts_with("[严重] ") && recovered.starts_with("[已恢复] "), "{subjects:?}");
    for form in ["text", "html"] {
        assert!(letters[0][form].as_str().expect("a text").contains("shop"), "{}", letters[0]);
    }
    let kept = notices(&world, made.id).await;
    assert_eq!((kept.len(), kept[0].event), (2, NoticeEvent::Recovered));
    assert!(kept.iter().all(|notice| notice.status == NoticeStatus::Delivered && notice.answer == Some(250)));
    assert_ne!(letters[0]["headers"]["message-id"], letters[1]["headers"]["message-id"]);
}

#[tokio::test]
async fn a_letter_that_is_not_accepted_is_sent_again_and_explained() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (ill, well) =
        (server(Options { fails: true, ..Options::default() }).await, server(Options::default()).await);
    let made = mail_channel(&world, email(ill.port, &["dba@db.example"]), Language::En).await;
    failed(&world).await;
    sent(&world).await;
    let [notice] = &notices(&world, made.id).await[..] else { panic!("one") };
    assert_eq!((notice.status, notice.tries, notice.answer), (NoticeStatus::Waiting, 1, Some(451)));
    assert_eq!(problem(notice), Some("notice-mail-not-accepted"));
    assert!(
        notice
            .problem
            .as_ref()
            .and_then(|text| text.raw.as_ref())
            .is_some_and(|raw| raw.contains("Try again"))
    );
    edit(&world, made.id, EmailChange { port: Some(well.port), ..EmailChange::default() })
        .await
        .expect("changed");
    pass(&world, wait_after(1).expect("a wait")).await;
    sent(&world).await;
    let [notice] = &notices(&world, made.id).await[..] else { panic!("one") };
    assert_eq!((notice.status, notice.tries, problem(notice)), (NoticeStatus::Delivered, 2, None));
    assert_eq!(well.messages().expect("readable").len(), 1);
}

#[tokio::test]
async fn a_test_message_explains_what_the_mail_server_refuses() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let server =
        server(Options { refuses: vec!["gone@db.example", "x@db.example"], ..Options::default() }).await;
    let made =
        mail_channel(&world, email(server.port, &["dba@db.example", "gone@db.example"]), Language::En).await;
    let tested = async || test(&world.control, &world.actor, made.id).await.expect("tried");
    let notice = tested().await;
    assert_eq!((notice.status, notice.answer), (NoticeStatus::Delivered, Some(250)));
    let text = notice.problem.as_ref().expect("one was left out").message(Language::En);
    assert!(text.contains("gone@db.example") && !text.contains("dba@"), "{text}");
    let to = |to: &[&str]| EmailChange { to: Some(email(1, to).to), ..EmailChange::default() };
    edit(&world, made.id, to(&["gone@db.example"])).await.expect("changed");
    let notice = tested().await;
    assert_eq!((notice.status, notice.answer), (NoticeStatus::Failed, Some(550)));
    assert_eq!(problem(&notice), Some("notice-mail-recipients-refused"));
    let from = EmailChange { from: Some("x@db.example".into()), ..EmailChange::default() };
    edit(&world, made.id, from).await.expect("changed");
    assert_eq!(problem(&tested().await), Some("notice-mail-sender-refused"));
    let account = EmailChange {
        tls: Some(MailTls::StartTls),
        user: Some(Some("lifeboat".into())),
        password: Some(Secret::new("of-the-account")),
        ..EmailChange::default()
    };
    let changed = edit(&world, made.id, account).await.expect("changed");
    let Shown::Email { user, tls, .. } = &changed.receiver else { panic!("{changed:?}") };
    assert_eq!((user.as_deref(), *tls), (Some("lifeboat"), MailTls::StartTls));
    assert_eq!(problem(&tested().await), Some("notice-mail-no-tls"));
    let moved = EmailChange { port: Some(1), ..EmailChange::default() };
    assert_eq!(edit(&world, made.id, moved).await.err().as_deref(), Some("channel-mail-password-needed"));
}

#[tokio::test]
async fn a_refused_address_is_no_mail_server_of_a_channel() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let create = async |host: &str, account: Option<MailAccount>| {
        let target = Email { host: host.into(), account, ..email(25, &["dba@db.example"]) }.into();
        let new = NewChannel { name: "mail".into(), target, rule: Rule::default(), language: Language::En };
        create(&world.control, &world.actor, new).await.map_err(|error| error.into_problem().text.id)
    };
    let account = MailAccount { user: "a".into(), password: Secret::new("b") };
    assert_eq!(create("169.254.169.254", None).await.err().as_deref(), Some("channel-url-refused"));
    assert_eq!(create("a b", None).await.err().as_deref(), Some("channel-mail-host-malformed"));
    let unprotected = create("mail.example", Some(account)).await.err();
    assert_eq!(unprotected.as_deref(), Some("channel-mail-password-unprotected"));
}
