//! A MariaDB of the test's own: it speaks our protocol, but is not OceanBase.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use model::Secret;
use model::cluster::Address;
use oceanbase::Endpoint;
use tempfile::TempDir;

/// A running server; dropping it stops it.
pub(crate) struct MariaDb {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl MariaDb {
    /// Starts a server with these options, and waits until it accepts connections.
    pub(crate) fn start(options: impl Fn(&Path) -> Vec<String>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let data = dir.path().join("data");
        let installed = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", data.display()))
            // Temporary tables of two installations at once must not meet.
            .env("TMPDIR", dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("MariaDB is installed on this machine");
        assert!(installed.success(), "mariadb-install-db: {installed}");
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
        let mut child = Command::new("/usr/sbin/mariadbd")
            // Run as root, it requires this option; otherwise it ignores it.
            .args([
                "--no-defaults",
                "--user=root",
                "--bind-address=127.0.0.1",
                "--innodb-buffer-pool-size=16M",
            ])
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", dir.path().join("socket").display()))
            .args(options(dir.path()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.path().join("log")).expect("a log file"))
            .spawn()
            .expect("mariadbd starts");
        let until = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().expect("it is our child");
            let log = || std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < until, "mariadbd does not run: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { child, port, dir }
    }

    /// Returns where it is, as `root` without a password.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let address = Address { host: "127.0.0.1".into(), port: self.port };
        Endpoint::new(vec![address], "root", Secret::new(""))
    }

    /// Returns its folder.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a certificate for `localhost` and the authority `ca.pem` that vouches for it.
pub(crate) fn certificate(dir: &Path) {
    for arguments in [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority -keyout ca.key -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
         -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy \
         -out server.pem",
    ] {
        let mut openssl = Command::new("openssl");
        let made = openssl
            .args(arguments.split_whitespace())
            .current_dir(dir)
            .output()
            .expect("openssl is installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}
