//! Starts a mail server for the tests of e-mail: aiosmtpd, a Python package, which speaks SMTP with STARTTLS, implicit
//! TLS and log-on, and refuses, fails or hangs as a test wants.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::leash::{Leash, free_ports, new_folder};

/// The package and what it needs.
const WHEELS: [&str; 3] = ["aiosmtpd==1.4.6", "atpublic==5.1", "attrs==25.3.0"];

const PROGRAM: &str = include_str!("smtp_server.py");
const START_LIMIT: Duration = Duration::from_secs(60);

/// How a server behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Its encryption: `starttls`, `implicit`, or empty for none.
    pub tls: &'static str,
    /// The password of its account `lifeboat`; without one, it offers no log-on.
    pub password: Option<&'static str>,
    /// The senders and recipients that it refuses.
    pub refuses: Vec<&'static str>,
    /// Whether it refuses each message for now.
    pub fails: bool,
    /// Whether it never answers after a message.
    pub hangs: bool,
}

/// A running server. Dropping it stops it.
pub struct Instance {
    /// The port, on 127.0.0.1.
    pub port: u16,
    /// Its certificate, for 127.0.0.1, as PEM.
    pub certificate: String,
    inbox: PathBuf,
    _leash: Leash,
}

impl Instance {
    /// Starts a server in its own folder, on a free port.
    ///
    /// # Errors
    /// Fails when the packages can't be installed or the server does not answer in time.
    pub fn start(options: &Options) -> Result<Self> {
        let packages = crate::wheel::unpacked("smtp", &WHEELS, "aiosmtpd", &[])?;
        let folder = new_folder("smtp");
        fs::create_dir_all(&folder)?;
        let path = |name: &str| folder.join(name);
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let certificate = made.cert.pem();
        fs::write(path("cert.pem"), &certificate)?;
        fs::write(path("key.pem"), made.signing_key.serialize_pem())?;
        fs::write(path("server.py"), PROGRAM)?;
        let [port] = free_ports();
        let config = json!({
            "port": port,
            "tls": options.tls,
            "password": options.password,
            "refuses": options.refuses,
            "fails": options.fails,
            "hangs": options.hangs,
            "inbox": path("inbox"),
            "certificate": path("cert.pem"),
            "key": path("key.pem"),
        });
        let arguments = [
            format!("PYTHONPATH={}", packages.display()),
            "python3".into(),
            "server.py".into(),
            config.to_string(),
        ];
        let leash = Leash::start(&folder, Path::new("env"), &arguments)?;
        leash.wait_until(START_LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { port, certificate, inbox: path("inbox"), _leash: leash })
    }

    /// Returns the accepted messages.
    ///
    /// # Errors
    /// Fails when a line is no JSON.
    pub fn messages(&self) -> Result<Vec<Value>> {
        self.lines(|line| line.get("from").is_some())
    }

    /// Returns the log-ons, also those that were refused.
    ///
    /// # Errors
    /// Fails when a line is no JSON.
    pub fn log_ons(&self) -> Result<Vec<Value>> {
        self.lines(|line| line.get("logOn").is_some())
    }

    fn lines(&self, is_one: impl Fn(&Value) -> bool) -> Result<Vec<Value>> {
        let text = fs::read_to_string(&self.inbox).unwrap_or_default();
        let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(lines.into_iter().filter(is_one).collect())
    }
}
