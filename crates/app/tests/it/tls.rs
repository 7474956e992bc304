//! HTTPS with a certificate that the test creates.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::lifeboat::{PASSWORD, lifeboat, run};

/// A server, killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes a certificate for this machine, and its key.
fn make_certificate(dir: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let made = made.expect("a certificate");
    std::fs::write(dir.join("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).expect("written");
}

fn serve(dir: &Path) -> Command {
    let mut command = lifeboat();
    command.args(["serve", "--listen", "0.0.0.0:0", "--data-dir"]).arg(dir.join("data"));
    command.arg("--tls-cert").arg(dir.join("cert.pem")).arg("--tls-key").arg(dir.join("key.pem"));
    command.env("LIFEBOAT_ADMIN_PASSWORD", PASSWORD);
    command
}

#[test]
fn with_a_certificate_any_address_is_served_and_only_encrypted() {
    let dir = tempfile::tempdir().expect("a directory");
    make_certificate(dir.path());
    let mut child = serve(dir.path()).stdout(Stdio::piped()).spawn().expect("the binary can be run");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let _running = Running(child);
    let said = lines.next().expect("it says where it listens").expect("text");
    let port = said.rsplit(':').next().expect("a port").to_owned();
    assert!(said.contains("https://"), "{said}");
    let list = |url: String, trusted: bool| {
        let mut command = lifeboat();
        command.args(["cluster", "list", "--server", &url]).env("LIFEBOAT_PASSWORD", PASSWORD);
        if trusted {
            command.env("SSL_CERT_FILE", dir.path().join("cert.pem"));
        }
        run(&mut command)
    };
    let trusted = list(format!("https://localhost:{port}"), true);
    assert_eq!(trusted.status, 0, "{}", trusted.err);
    assert_eq!(list(format!("https://localhost:{port}"), false).status, 1, "nobody signed the certificate");
    assert_eq!(list(format!("http://localhost:{port}"), true).status, 1, "plain HTTP is not answered");
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    make_certificate(dir.path());
    std::fs::write(dir.path().join("key.pem"), "no key").expect("written");
    let refused = run(&mut serve(dir.path()));
    assert_eq!(refused.status, 2, "{}", refused.err);
    assert!(refused.err.contains("key.pem"), "{}", refused.err);
}
