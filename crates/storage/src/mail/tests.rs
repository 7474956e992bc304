//! E-mail to real mail servers on this machine, which refuse, fail, hang, or do not speak SMTP.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use model::Secret;
use model::channel::email::Letter;
use model::channel::{Email, MailAccount, MailTls};
use model::egress::Egress;
use model::limits::Limits;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use xtask::smtp::{Instance, Options};

use super::{Accepted, MailError, Postmark};
use crate::{FileRoots, Rules};

const PASSWORD: &str = "of-the-account";

#[test]
fn no_form_of_the_password_is_shown() {
    for line in ["secret word", "c2VjcmV0IHdvcmQ=", "AGRiYQBzZWNyZXQgd29yZA=="] {
        let text = super::masked(format!("unrecognized: {line}"), "dba", "secret word");
        assert_eq!(text, "unrecognized: ***");
    }
}

async fn server(options: Options) -> Instance {
    let started = tokio::task::spawn_blocking(move || Instance::start(&options));
    started.await.expect("no panic").expect("a mail server starts")
}

/// Returns rules that allow this machine, and trust these certificates.
fn rules(allow: &[&str], trusted: &[&str]) -> Rules {
    let roots = FileRoots::new([std::env::temp_dir()]).expect("a directory");
    let egress = Egress::of_server(allow.iter().copied(), []).expect("rules");
    let rules = Rules::new(roots, egress, Limits::default());
    let mut store = RootCertStore::empty();
    for pem in trusted {
        store.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("a certificate");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions");
    let config = Arc::new(config.with_root_certificates(store).with_no_client_auth());
    rules.net.mail_tls.set(Ok(config)).expect("not used before");
    rules
}

fn email(port: u16, tls: MailTls) -> Email {
    let account = MailAccount { user: "lifeboat".into(), password: Secret::new(PASSWORD) };
    Email {
        host: "127.0.0.1".into(),
        port,
        tls,
        account: Some(account).filter(|_| tls != MailTls::None),
        from: "lifeboat@db.example".into(),
        to: vec!["dba@db.example".into(), "ops@db.example".into()],
    }
}

fn letter() -> Letter {
    Letter {
        subject: "备份失败: a".into(), text: "Text 文\n.\nmore".into(), html: "<p>Text 文</p>".into()
    }
}

async fn mail(rules: &Rules, email: &Email) -> Result<Accepted, MailError> {
    let mark = Postmark { number: "lifeboat-7-1".into(), written: SystemTime::UNIX_EPOCH };
    rules.mail_within(Duration::from_secs(20), email, &letter(), &mark).await
}

fn one(server: &Instance) -> Value {
    let mut messages = server.messages().expect("readable");
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

#[tokio::test]
async fn a_letter_arrives_whole_over_each_encryption_and_nobody_logs_on_without() {
    for (tls, name) in [(MailTls::StartTls, "starttls"), (MailTls::Implicit, "implicit"), (MailTls::None, "")]
    {
        let server = server(Options { tls: name, password: Some(PASSWORD), ..Options::default() }).await;
        let rules = rules(&["loopback"], &[&server.certificate]);
        let accepted = mail(&rules, &email(server.port, tls)).await.expect("accepted");
        assert_eq!(accepted, Accepted { code: 250, left_out: None });
        let got = one(&server);
        let is_encrypted = tls != MailTls::None;
        assert_eq!(
            (&got["from"], got["to"].as_array().map(Vec::len)),
            (&"lifeboat@db.example".into(), Some(2))
        );
        assert_eq!(got["encrypted"], is_encrypted, "{got}");
        assert_eq!(got["user"], if is_encrypted { "lifeboat".into() } else { Value::Null }, "{got}");
        let headers = &got["headers"];
        assert_eq!(
            (&headers["subject"], &headers["auto-submitted"]),
            (&"备份失败: a".into(), &"auto-generated".into())
        );
        assert_eq!(headers["message-id"], "<lifeboat-7-1@db.example>");
        assert_eq!(headers["date"], "Thu, 01 Jan 1970 00:00:00 +0000");
        let plain = |name: &str| got[name].as_str().expect("a text").replace('\r', "");
        assert_eq!(
            (plain("text").trim_end(), plain("html").trim_end()),
            ("Text 文\n.\nmore", "<p>Text 文</p>")
        );
    }
}

#[tokio::test]
async fn an_account_is_not_sent_without_encryption_even_if_it_is_there() {
    let server = server(Options { password: Some(PASSWORD), ..Options::default() }).await;
    let open = Email { tls: MailTls::None, ..email(server.port, MailTls::StartTls) };
    assert!(open.account.is_some() && open.check().is_err());
    mail(&rules(&["loopback"], &[]), &open).await.expect("accepted without a log-on");
    assert!(server.log_ons().expect("readable").is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_repeated() {
    let server = server(Options { tls: "starttls", password: Some("another"), ..Options::default() }).await;
    let rules = rules(&["loopback"], &[&server.certificate]);
    let error = mail(&rules, &email(server.port, MailTls::StartTls)).await.expect_err("refused");
    assert!(matches!(&error, MailError::LogOn(reply) if reply.code == 535), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(PASSWORD));
    assert!(server.messages().expect("readable").is_empty());
}

#[tokio::test]
async fn a_server_without_the_required_encryption_gets_no_password() {
    let plain = server(Options { password: Some(PASSWORD), ..Options::default() }).await;
    let trusting = rules(&["loopback"], &[&plain.certificate]);
    let error = mail(&trusting, &email(plain.port, MailTls::StartTls)).await.expect_err("no STARTTLS");
    assert!(matches!(error, MailError::NoTls), "{error:?}");
    let error = mail(&trusting, &email(plain.port, MailTls::Implicit)).await.expect_err("no TLS");
    assert!(matches!(error, MailError::Tls(_)), "{error:?}");
    assert!(plain.log_ons().expect("readable").is_empty());
}

#[tokio::test]
async fn an_unknown_certificate_and_one_of_another_host_are_refused() {
    for (tls, name) in [(MailTls::StartTls, "starttls"), (MailTls::Implicit, "implicit")] {
        let server = server(Options { tls: name, password: Some(PASSWORD), ..Options::default() }).await;
        let email = email(server.port, tls);
        let error = mail(&rules(&["loopback"], &[]), &email).await.expect_err("unknown");
        assert!(matches!(error, MailError::Certificate(_)), "{error:?}");
        let other = Email { host: "localhost".into(), ..email };
        let error =
            mail(&rules(&["loopback"], &[&server.certificate]), &other).await.expect_err("another host");
        assert!(matches!(error, MailError::Certificate(_)), "{error:?}");
        assert!(server.log_ons().expect("readable").is_empty());
    }
}

#[tokio::test]
async fn refused_recipients_are_named_and_the_others_get_the_letter() {
    let server = server(Options { refuses: vec!["ops@db.example"], ..Options::default() }).await;
    let rules = rules(&["loopback"], &[]);
    let both = email(server.port, MailTls::None);
    let left_out = mail(&rules, &both).await.expect("accepted").left_out.expect("one was refused");
    assert_eq!((left_out.addresses, left_out.reply.code), (vec!["ops@db.example".to_owned()], 550));
    assert_eq!(one(&server)["to"], serde_json::json!(["dba@db.example"]));
    let nobody = Email { to: vec!["ops@db.example".into()], ..both.clone() };
    let error = mail(&rules, &nobody).await.expect_err("all were refused");
    let MailError::Recipients(refused) = error else { panic!("{error:?}") };
    assert!(refused.reply.text.contains("No such user here"), "{refused:?}");
    let sender = Email { from: "ops@db.example".into(), ..both };
    let error = mail(&rules, &sender).await.expect_err("the sender is refused");
    assert!(matches!(&error, MailError::Sender(reply) if reply.code == 553), "{error:?}");
    assert_eq!(server.messages().expect("readable").len(), 1);
}

#[tokio::test]
async fn a_server_that_fails_or_hangs_has_not_accepted_the_letter() {
    let (fails, hangs) = tokio::join!(
        server(Options { fails: true, ..Options::default() }),
        server(Options { hangs: true, ..Options::default() })
    );
    let rules = rules(&["loopback"], &[]);
    let error = mail(&rules, &email(fails.port, MailTls::None)).await.expect_err("it fails");
    assert!(matches!(&error, MailError::Reply(reply) if reply.code == 451), "{error:?}");
    let mark = Postmark { number: "n".into(), written: SystemTime::UNIX_EPOCH };
    let late =
        rules.mail_within(Duration::from_secs(2), &email(hangs.port, MailTls::None), &letter(), &mark).await;
    assert!(matches!(late, Err(MailError::Late(2))), "{late:?}");
}

/// Starts something that sends this to everyone who connects, then what it got is returned.
async fn babbler(begins: &'static str, goes_on: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let got = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut answers = begins.split('|');
        let _ = stream.write_all(answers.next().unwrap_or_default().as_bytes()).await;
        let (mut got, mut read) = (String::new(), [0; 1_024]);
        for answer in answers {
            let count = stream.read(&mut read).await.unwrap_or(0);
            got.push_str(&String::from_utf8_lossy(&read[..count]));
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        if goes_on.is_empty() {
            while let Ok(count @ 1..) = stream.read(&mut read).await {
                got.push_str(&String::from_utf8_lossy(&read[..count]));
            }
        } else {
            let more = goes_on.repeat(1_000);
            while stream.write_all(more.as_bytes()).await.is_ok() {}
        }
        got
    });
    (port, got)
}

#[tokio::test]
async fn what_is_no_mail_server_takes_neither_memory_nor_a_password() {
    let cases = [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "", MailTls::StartTls),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "", MailTls::None),
        ("220 x\r\n|250-x\r\n", "250-0123456789\r\n", MailTls::StartTls),
        ("220 x\r\n|250-x\r\n", "250-0123456789\r\n", MailTls::None),
        ("220 ", "0123456789", MailTls::StartTls),
        ("220 ", "0123456789", MailTls::None),
        // An answer that came before the encryption must not be taken for one that comes after it.
        ("220 x\r\n|250-x\r\n250 STARTTLS\r\n|220 go\r\n250 AUTH PLAIN\r\n", "", MailTls::StartTls),
        ("554 no service\r\n", "", MailTls::StartTls),
        ("554 no service\r\n", "", MailTls::None),
    ];
    let rules = rules(&["loopback"], &[]);
    for (begins, goes_on, tls) in cases {
        let (port, got) = babbler(begins, goes_on).await;
        let error = mail(&rules, &email(port, tls)).await.expect_err("not accepted");
        let is_expected = matches!(
            error,
            MailError::Malformed(_) | MailError::Connection(_) | MailError::Reply(_) | MailError::Tls(_)
        );
        assert!(is_expected, "{begins:?}: {error:?}");
        let got = got.await.expect("no panic");
        assert!(!got.contains("AUTH") && !got.contains("MAIL"), "{got}");
    }
}

#[tokio::test]
async fn a_refused_address_gets_no_letter() {
    for host in ["169.254.169.254", "127.0.0.1", "localhost", "2130706433"] {
        let refused = Email { host: host.into(), ..email(1, MailTls::None) };
        let error = mail(&rules(&[], &[]), &refused).await.expect_err("refused");
        assert!(matches!(error, MailError::Refused(_)), "{host}: {error:?}");
    }
    assert!(rules(&[], &[]).check_mail_host("169.254.169.254").is_err());
    assert!(rules(&[], &[]).check_mail_host("mail.example").is_ok());
    let error = mail(&rules(&["loopback"], &[]), &email(1, MailTls::None)).await.expect_err("nobody there");
    assert!(matches!(error, MailError::Connection(_)), "{error:?}");
}
