//! How connections are opened, and the errors when they fail.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use model::Secret;
use model::cluster::Address;
use model::egress::Egress;
use model::text::Language;
use model::version::Product;
use oceanbase::{Driver, Endpoint, Error, NoWitness, Session, Statement, Tls};

use crate::fake::{Fake, Peer};
use crate::mariadb::{MariaDb, certificate};
use crate::seekdb;

async fn open(endpoint: &Endpoint) -> Result<Session, Error> {
    Session::open(endpoint, Arc::new(NoWitness)).await
}

/// An address at which nothing listens.
fn closed() -> Address {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
    Address { host: "127.0.0.1".into(), port }
}

fn at(address: Address) -> Endpoint {
    Endpoint {
        connect_timeout: Duration::from_millis(500),
        ..Endpoint::new(vec![address], "root@sys", Secret::new("x"))
    }
}

#[tokio::test]
async fn each_obstacle_on_the_way_has_its_own_words() {
    let silent = Fake::start(Peer::wait);
    let closing = Fake::start(|_| None);
    let ssh = Fake::start(|peer| {
        peer.raw(b"SSH-2.0-Example_1.0\r\n")?;
        peer.wait()
    });
    let starting = Fake::start(|peer| peer.early_error(8001, "Server is initializing"));
    let cases = [
        (Address { host: "no-such-host.invalid".into(), port: 2881 }, "database-host-unknown"),
        (closed(), "database-refuses-connections"),
        (silent.address(), "database-speechless"),
        (closing.address(), "database-unreachable"),
        (ssh.address(), "database-not-mysql"),
        (starting.address(), "database-starting-or-stopping"),
    ];
    for (address, id) in cases {
        let error = open(&at(address.clone())).await.expect_err("nobody lets us in");
        let problem = error.problem();
        assert_eq!(problem.text.id, id, "{error}");
        assert!(problem.text.message(Language::En).contains(&address.to_string()), "{problem}");
        assert!(problem.text.action(Language::Zh).is_some(), "{id} says what to do");
    }
    let error = open(&at(ssh.address())).await.expect_err("nobody lets us in");
    assert_eq!(error.problem().text.raw.as_deref(), Some("SSH-2.0-Example_1.0"));
}

#[tokio::test]
async fn a_server_that_hangs_or_goes_down_may_come_back() {
    for fake in [Fake::start(Peer::wait), Fake::start(|_| None)] {
        let error = open(&at(fake.address())).await.expect_err("it says nothing");
        assert!(error.is_transient(), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_swallows_packets_is_silent() {
    // A listener that never accepts lets its queue run full; from then on the system drops what arrives.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let listener = socket.listen(1).expect("it listens");
    let port = listener.local_addr().expect("bound").port();
    let mut queued = Vec::new();
    for _ in 0..64 {
        let knock = tokio::net::TcpStream::connect(("127.0.0.1", port));
        match tokio::time::timeout(Duration::from_millis(200), knock).await {
            Ok(connected) => queued.push(connected.expect("it is queued")),
            Err(_) => break,
        }
    }
    let error = open(&at(Address { host: "127.0.0.1".into(), port })).await.expect_err("nobody accepts");
    assert_eq!(error.problem().text.id, "database-silent", "{error}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_does_not_answer() {
    let mut endpoint = seekdb::endpoint();
    let good = endpoint.addresses.remove(0);
    let starting = Fake::start(|peer| peer.early_error(8001, "Server is initializing"));
    endpoint.addresses = vec![closed(), starting.address(), good.clone(), closed()];
    let session = open(&endpoint).await.expect("the third one answers");
    assert_eq!(session.address(), &good);
}

#[tokio::test]
async fn a_wrong_password_is_tried_on_one_server_only() {
    let refusing = || {
        Fake::start(|peer| {
            peer.greet("5.7.25-OceanBase-v4.2.1.0")?;
            peer.read()?;
            peer.error(1045, "Access denied for user 'root'@'%' (using password: YES)")
        })
    };
    let (first, second) = (refusing(), refusing());
    let mut endpoint = first.endpoint();
    endpoint.addresses.push(second.address());
    let error = open(&endpoint).await.expect_err("the password is wrong");
    assert_eq!(error.problem().text.id, "database-access-denied");
    assert!(!error.is_transient());
    assert_eq!((first.connections(), second.connections()), (1, 0));
}

#[tokio::test]
async fn an_error_of_mariadb_does_not_mention_tenants() {
    let server = Fake::start(|peer| {
        peer.greet("5.5.5-10.11.19-MariaDB-ubu2204")?;
        peer.read()?;
        peer.error(1045, "Access denied for user 'eva'@'%' (using password: YES)")
    });
    for (password, id) in
        [("wrong", "database-access-denied-mariadb"), ("", "database-access-denied-mariadb-bare")]
    {
        let (user, password) = ("eva".to_owned(), Secret::new(password));
        let endpoint = Endpoint { user, password, ..server.endpoint() };
        let text = open(&endpoint).await.expect_err("refused").problem().text;
        assert_eq!(text.id, id);
        for language in [Language::En, Language::Zh] {
            let said = [
                text.message(language),
                text.cause(language).expect("a cause"),
                text.action(language).expect("an action"),
            ];
            assert!(!said.concat().contains("root@sys"), "{said:?}");
        }
    }
}

#[tokio::test]
async fn all_reasons_are_named_when_no_address_answers() {
    let (one, other) = (closed(), closed());
    let endpoint = Endpoint { addresses: vec![one.clone(), other.clone()], ..at(one.clone()) };
    let error = open(&endpoint).await.expect_err("nobody is there");
    let message = error.problem().text.message(Language::En);
    assert!(message.contains(&one.to_string()) && message.contains(&other.to_string()), "{message}");
    assert!(error.is_transient(), "a network may come back");
}

#[tokio::test]
async fn the_error_of_a_wrong_password_does_not_contain_the_password() {
    let endpoint = seekdb::as_user(&seekdb::server(), "root", "not-the-password");
    let error = open(&endpoint).await.expect_err("the password is wrong");
    assert_eq!(error.problem().text.id, "database-access-denied");
    let bare = seekdb::as_user(&seekdb::server(), "root", "");
    let error_bare = open(&bare).await.expect_err("there is a password");
    assert_eq!(error_bare.problem().text.id, "database-access-denied-bare");
    for shown in
        [format!("{error:?}"), error.to_string(), format!("{endpoint:?}"), format!("{:?}", error.problem())]
    {
        assert!(!shown.contains("not-the-password"), "{shown}");
    }
}

#[tokio::test]
async fn a_mariadb_is_spoken_to_but_not_taken_over() {
    let mariadb = MariaDb::start(|_| Vec::new());
    let mut session = open(&mariadb.endpoint()).await.expect("dump and load speak to MariaDB too");
    assert_eq!(session.server().product, Product::Mariadb);
    let rows = session.rows(&Statement::read("SELECT @@time_zone")).await.expect("it answers");
    assert_eq!(rows[0].str(0).expect("a text"), "+00:00");
    let error = Driver::open(&mariadb.endpoint(), Arc::new(NoWitness)).await.expect_err("it is no OceanBase");
    assert_eq!(error.problem().text.id, "not-an-oceanbase");
    assert!(error.problem().text.message(Language::En).contains("MariaDB"));
    let report = oceanbase::precheck::precheck(&mariadb.endpoint(), Arc::new(NoWitness)).await;
    assert_eq!(report.obstacle().map(|problem| problem.text.id.as_str()), Some("not-an-oceanbase"));
}

/// MariaDB answers as if the password were wrong.
#[tokio::test]
async fn the_error_mentions_an_account_that_requires_tls() {
    let mariadb = MariaDb::start(|_| Vec::new());
    let mut session = open(&mariadb.endpoint()).await.expect("a connection");
    for sql in [
        "CREATE USER by_tls@'%' IDENTIFIED BY 'x' REQUIRE SSL",
        "CREATE USER by_tls_bare@'%' REQUIRE SSL",
        "CREATE USER plain@'%' IDENTIFIED BY 'x'",
    ] {
        session.run(&Statement::act(sql)).await.expect("a user");
    }
    let as_user = |user: &str, password: &str| {
        let endpoint = mariadb.endpoint();
        Endpoint { user: user.to_owned(), password: Secret::new(password), ..endpoint }
    };
    open(&as_user("plain", "x")).await.expect("the same without TLS");
    for (user, password) in [("by_tls", "x"), ("by_tls_bare", "")] {
        let error = open(&as_user(user, password)).await.expect_err("it requires TLS");
        for language in [Language::En, Language::Zh] {
            let cause = error.problem().text.cause(language).expect("a cause");
            assert!(cause.contains("REQUIRE SSL"), "{cause}");
        }
    }
}

#[tokio::test]
async fn an_encrypted_connection_needs_a_server_that_proves_who_it_is() {
    let mariadb = MariaDb::start(|dir| {
        certificate(dir);
        let file = |name: &str| dir.join(name).display().to_string();
        vec![format!("--ssl-cert={}", file("server.pem")), format!("--ssl-key={}", file("server.key"))]
    });
    let mut endpoint = mariadb.endpoint();
    endpoint.addresses[0].host = "localhost".into();
    endpoint.tls = Tls::Required { ca: Some(mariadb.dir().join("ca.pem")) };
    let mut session = open(&endpoint).await.expect("the authority vouches for it");
    let rows = session.rows(&Statement::read("SHOW STATUS LIKE 'Ssl_version'")).await.expect("it answers");
    assert!(rows[0].str(1).expect("a text").starts_with("TLS"), "{rows:?}");

    endpoint.tls = Tls::Required { ca: None };
    let error = open(&endpoint).await.expect_err("no public authority vouches for it");
    assert_eq!(error.problem().text.id, "database-tls", "{error}");
    let plain = Endpoint { tls: Tls::Required { ca: None }, ..seekdb::endpoint() };
    let error = open(&plain).await.expect_err("seekdb offers no encryption");
    assert_eq!(error.problem().text.id, "database-tls", "{error}");
}

#[tokio::test]
async fn plain_text_before_the_encryption_is_not_treated_as_encrypted_data() {
    let between = Fake::start(|peer| {
        peer.greet_and_go_on("5.7.25-OceanBase-v4.2.1.0")?;
        peer.wait()
    });
    let endpoint = Endpoint { tls: Tls::Required { ca: None }, ..between.endpoint() };
    let error = open(&endpoint).await.expect_err("somebody in between said that");
    let problem = error.problem();
    assert_eq!(problem.text.id, "database-tls", "{error}");
    assert!(problem.text.raw.is_some_and(|raw| raw.contains("before the encryption began")));
}

#[tokio::test]
async fn an_address_that_is_refused_is_not_connected_to_whatever_name_leads_there() {
    let fake = Fake::database("5.7.25-OceanBase-v4.2.1.0", "", |peer, _| peer.ok());
    let server = Arc::new(Egress::of_server([], []).expect("no entry"));
    for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254"] {
        let address = Address { host: host.to_owned(), ..fake.address() };
        let endpoint = Endpoint { egress: Arc::clone(&server), ..at(address) };
        let error = Session::open(&endpoint, Arc::new(NoWitness)).await.expect_err("refused");
        assert!(matches!(error, Error::AddressRefused { .. }), "{host}: {error:?}");
        assert_eq!(error.problem().text.id, "database-address-refused");
    }
    assert_eq!(fake.connections(), 0);
    let own = Arc::new(Egress::of_server(["loopback"], []).expect("a word"));
    let endpoint = Endpoint { egress: own, ..fake.endpoint() };
    Session::open(&endpoint, Arc::new(NoWitness)).await.expect("the configuration allows it");
}

#[tokio::test]
async fn what_a_server_says_before_the_log_on_is_short() {
    let fake = Fake::start(|peer| {
        peer.greet("5.7.25-OceanBase-v4.2.1.0")?;
        peer.read()?;
        peer.huge(1 << 20)
    });
    let error = Session::open(&at(fake.address()), Arc::new(NoWitness)).await.expect_err("no log-on");
    assert!(matches!(error, Error::NotMysql { .. }), "{error:?}");
}
