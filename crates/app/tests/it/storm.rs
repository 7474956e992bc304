//! Many concurrent log-ons with wrong passwords.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::lifeboat::{PASSWORD, Server};

/// How much more memory the server may use after a storm, in KiB: two concurrent hashes, and the threads.
const LEFT_MOST_KIB: u64 = 120 << 10;

/// Tries the password `wrong` of the account `nobody`, with a client address as a proxy forwards it.
fn log_on(address: &str, from: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!(
        "GET /api/v2/users/me HTTP/1.1\r\nHost: {address}\r\nX-Forwarded-For: {from}\r\n\
         Authorization: Basic bm9ib2R5Ondyb25n\r\nConnection: close\r\n\r\n"
    );
    let mut answer = String::new();
    // If the server has no seat for the connection, it closes it.
    let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer).map(drop));
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_storm_of_log_ons_leaves_the_memory_as_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start_with(dir, Some(PASSWORD), |command| {
        command.args(["--trusted-proxy", "127.0.0.1"]);
    });
    let address = server.url.strip_prefix("http://").expect("plain HTTP").to_owned();
    assert_eq!(log_on(&address, "10.1.0.1"), "401");
    let before = server.memory_kib();
    for round in 0..6 {
        let storm: Vec<_> = (0..32)
            .map(|number| {
                let address = address.clone();
                std::thread::spawn(move || log_on(&address, &format!("10.0.{round}.{number}")))
            })
            .collect();
        for one in storm {
            let status = one.join().expect("asked");
            assert!(["401", "429", ""].contains(&status.as_str()), "{status}");
        }
    }
    let left = server.memory_kib().saturating_sub(before);
    assert!(left < LEFT_MOST_KIB, "{left} KiB more than before");
}
