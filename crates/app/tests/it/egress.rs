//! Requests that try to make the server connect to a forbidden address.

use std::io::ErrorKind;
use std::net::TcpListener;

use crate::lifeboat::{PASSWORD, Server};

/// A service on this machine that nobody may reach through Lifeboat.
struct Secluded(TcpListener);

impl Secluded {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it need not wait");
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    fn was_reached(&self) -> bool {
        !matches!(self.0.accept(), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

fn start(settings: &[(&str, &str)]) -> Server {
    let dir = tempfile::tempdir().expect("a directory");
    Server::start_with(dir, Some(PASSWORD), |command| {
        command.env_remove("LIFEBOAT_EGRESS_ALLOW").envs(settings.iter().copied());
    })
}

fn add_cluster(server: &Server, host: &str, port: u16) -> String {
    let mut command = server.command(&format!("cluster add other --user root --host {host}:{port}"));
    crate::lifeboat::run(command.env("LIFEBOAT_CLUSTER_PASSWORD", "x")).err
}

fn add_storage(server: &Server, host: &str, port: u16) -> String {
    let line =
        format!("storage add other s3://bucket/dir --endpoint http://{host}:{port} --access-key-id id");
    let mut command = server.command(&line);
    let added = crate::lifeboat::run(command.env("LIFEBOAT_STORAGE_SECRET", "x"));
    if added.status != 0 {
        return added.err;
    }
    let tested = server.run("storage test other");
    format!("{}{}", tested.out, tested.err)
}

#[test]
fn a_server_connects_to_this_machine_only_where_its_configuration_says_so() {
    let secluded = Secluded::start();
    let server = start(&[]);
    for host in ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"] {
        let said = add_cluster(&server, host, secluded.port());
        assert!(
            said.contains("Lifeboat does not connect to") && said.contains("egress.allow"),
            "{host}: {said}"
        );
        let said = add_storage(&server, host, secluded.port());
        assert!(
            said.contains("Lifeboat does not send requests to") && said.contains("egress.allow"),
            "{host}: {said}"
        );
    }
    assert!(!secluded.was_reached());

    let server = start(&[("LIFEBOAT_EGRESS_ALLOW", "loopback")]);
    let said = add_cluster(&server, "127.0.0.1", secluded.port());
    assert!(!said.contains("Lifeboat does not connect to") && secluded.was_reached(), "{said}");
}

#[test]
fn networks_are_refused_that_the_configuration_names() {
    let server = start(&[("LIFEBOAT_EGRESS_DENY", "192.0.2.0/24,2001:db8::/32")]);
    for host in ["192.0.2.7", "[2001:db8::7]", "[::ffff:192.0.2.7]"] {
        let said = add_cluster(&server, host, 2881);
        assert!(said.contains("Lifeboat does not connect to"), "{host}: {said}");
        let said = add_storage(&server, host, 9000);
        assert!(said.contains("Lifeboat does not send requests to"), "{host}: {said}");
    }
}
