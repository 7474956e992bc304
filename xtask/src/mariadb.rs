//! Starts a MariaDB, from Debian's packages, for the tests of the metadata and of stock tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use mysql_async::prelude::Queryable as _;

use crate::leash::{Leash, free_ports, new_folder};

const START_LIMIT: Duration = Duration::from_secs(60);

/// A running server. Dropping it stops it.
pub struct Instance {
    /// The address of the host.
    pub host: String,
    /// The port of the MySQL protocol.
    pub port: u16,
    /// The password of the user `root`.
    pub password: String,
    _leash: Leash,
}

impl Instance {
    /// Starts a server in its own folder, on a free port, and gives `root` a password.
    ///
    /// # Errors
    /// Fails when MariaDB can't be installed or does not answer in time.
    pub fn start() -> Result<Self> {
        Self::start_with(&["--skip-test-db"])
    }

    /// The same with the accounts, privileges and the database `test` of a plain installation.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn plain() -> Result<Self> {
        Self::start_with(&[])
    }

    fn start_with(options: &[&str]) -> Result<Self> {
        install()?;
        let folder = new_folder("mariadb");
        let data = folder.join("data");
        fs::create_dir_all(&folder)?;
        let output = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(options)
            .arg(format!("--datadir={}", data.display()))
            // Two concurrent installations must not share temporary tables.
            .env("TMPDIR", &folder)
            .output()
            .context("run mariadb-install-db")?;
        if !output.status.success() {
            bail!("mariadb-install-db: {}", String::from_utf8_lossy(&output.stderr));
        }
        let [port] = free_ports();
        let server = server().context("mariadbd was installed just now")?;
        let leash = Leash::start(&folder, &server, &arguments(&folder, port))?;
        let password: String = (0..6).map(|_| format!("{:04x}", rand::random::<u16>())).collect();
        leash.wait_until(START_LIMIT, || {
            run(port, "", &[format!("SET PASSWORD = PASSWORD('{password}')")]).is_ok()
        })?;
        Ok(Self { host: "127.0.0.1".into(), port, password, _leash: leash })
    }

    /// Runs statements one after the other on a new connection, as `root`.
    ///
    /// # Errors
    /// Fails at the first statement that the server refuses, naming it.
    pub fn run<S: AsRef<str>>(&self, statements: &[S]) -> Result<()> {
        let statements: Vec<String> = statements.iter().map(|s| s.as_ref().to_owned()).collect();
        run(self.port, &self.password, &statements)
    }
}

/// Returns the server of this process, starting it at the first call. It ends with the process.
///
/// # Errors
/// Fails when it can't be started.
pub fn shared() -> Result<&'static Instance> {
    static SHARED: OnceLock<Result<Instance, String>> = OnceLock::new();
    let started = SHARED.get_or_init(|| Instance::start().map_err(|error| format!("{error:#}")));
    started.as_ref().map_err(|why| anyhow::anyhow!("{why}"))
}

fn arguments(folder: &Path, port: u16) -> Vec<String> {
    vec![
        "--no-defaults".into(),
        // MariaDB requires this option if it is started by root, and otherwise ignores it.
        "--user=root".into(),
        "--bind-address=127.0.0.1".into(),
        format!("--port={port}"),
        format!("--datadir={}", folder.join("data").display()),
        format!("--tmpdir={}", folder.display()),
        format!("--socket={}", folder.join("socket").display()),
        format!("--pid-file={}", folder.join("pid").display()),
        "--innodb-buffer-pool-size=64M".into(),
    ]
}

/// Installs Debian's package if MariaDB is missing.
fn install() -> Result<()> {
    if server().is_some() {
        return Ok(());
    }
    for arguments in [&["update"][..], &["install", "--yes", "--no-install-recommends", "mariadb-server"]] {
        let status = Command::new("apt-get")
            .args(["--quiet", "--quiet"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .status()
            .context("run apt-get")?;
        if !status.success() {
            bail!("apt-get {}: {status}; install mariadb-server", arguments.join(" "));
        }
    }
    if server().is_none() {
        bail!("mariadb-server is installed, and there is no mariadbd");
    }
    Ok(())
}

fn server() -> Option<PathBuf> {
    ["/usr/sbin/mariadbd", "/usr/bin/mariadbd"].map(PathBuf::from).into_iter().find(|path| path.exists())
}

fn run(port: u16, password: &str, statements: &[String]) -> Result<()> {
    let options: mysql_async::Opts = mysql_async::OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some("root"))
        .pass(Some(password))
        .prefer_socket(Some(false))
        .into();
    let statements = statements.to_vec();
    crate::seekdb::block_on(async move {
        let connect = mysql_async::Conn::new(options);
        let mut connection = tokio::time::timeout(Duration::from_secs(10), connect).await??;
        for statement in &statements {
            connection.query_drop(statement).await.with_context(|| format!("run {statement}"))?;
        }
        connection.disconnect().await?;
        Ok(())
    })
}
