//! Starts and stops seekdb, a real OceanBase kernel, for the tests and the demo.
//!
//! No other code starts seekdb. The server's binary comes from the Python wheel `pylibseekdb`, which pip unpacks under
//! `target/seekdb/`. One *shared* instance serves a whole test run: each test uses its own database. A test that kills
//! the server starts its own [`Instance`].

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mysql_async::prelude::Queryable as _;
use serde::{Deserialize, Serialize};

use crate::leash::free_ports;

const WHEEL: &str = "pylibseekdb==1.4.0.post1";
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(60);
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);

/// The address of a running seekdb, and its password.
#[derive(Clone, Serialize, Deserialize)]
pub struct Server {
    /// The address of the host.
    pub host: String,
    /// The port of the MySQL protocol.
    pub port: u16,
    /// The password of the user `root`.
    pub password: String,
    /// The server's process.
    pub pid: i32,
    /// The server's base directory.
    pub dir: PathBuf,
}

impl Server {
    /// Returns options that log on as `root`.
    #[must_use]
    pub fn opts(&self) -> mysql_async::Opts {
        options(self.port, &self.password)
    }

    /// Runs statements one after the other on a new connection.
    ///
    /// # Errors
    /// Fails at the first statement that the server refuses, naming it.
    pub fn run<S: AsRef<str>>(&self, statements: &[S]) -> Result<()> {
        let statements: Vec<String> = statements.iter().map(|s| s.as_ref().to_owned()).collect();
        let opts = self.opts();
        block_on(async move { run(opts, &statements).await })
    }

    /// Creates an empty database; drops one of that name that an earlier run left.
    ///
    /// # Errors
    /// Fails when the server refuses.
    pub fn fresh_database(&self, name: &str) -> Result<()> {
        self.run(&[format!("DROP DATABASE IF EXISTS `{name}`"), format!("CREATE DATABASE `{name}`")])
    }
}

/// A separate seekdb. Dropping it kills the server; its folder stays.
pub struct Instance {
    /// The address and the password.
    pub server: Server,
    child: Option<Child>,
}

impl Instance {
    /// Starts a new server in `dir` on a free port and gives `root` a password.
    ///
    /// # Errors
    /// Fails when the wheel can't be installed or the server does not answer in time.
    pub fn start_in(dir: &Path) -> Result<Self> {
        let (child, server) = launch(dir, free_port(), &random_password(), true, &[])?;
        Ok(Self { server, child: Some(child) })
    }

    /// Starts the server again, with the same folder and port, after [`Instance::kill`] or [`Instance::stop`].
    ///
    /// # Errors
    /// Fails when the server does not answer in time.
    pub fn start_again(&mut self) -> Result<()> {
        let (child, server) = launch(&self.server.dir, self.server.port, &self.server.password, false, &[])?;
        self.child = Some(child);
        self.server = server;
        Ok(())
    }

    /// Kills the server as a power cut would, and waits until the process has ended: until then it locks its folder.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Suspends the server, like a machine that hangs: it accepts connections and answers nothing.
    pub fn freeze(&self) {
        signal(self.server.pid, libc::SIGSTOP);
    }

    /// Resumes the server after [`Instance::freeze`].
    pub fn thaw(&self) {
        signal(self.server.pid, libc::SIGCONT);
    }

    /// Stops the server as an administrator would.
    ///
    /// # Errors
    /// Fails when the server does not stop in time; it is then killed.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        signal(self.server.pid, libc::SIGTERM);
        let until = Instant::now() + STOP_LIMIT;
        while Instant::now() < until {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = child.kill();
        let _ = child.wait();
        bail!("seekdb in {} did not stop within {STOP_LIMIT:?} and was killed", self.server.dir.display())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the shared server of this workspace, starting it if it does not run.
///
/// It outlives the caller; `cargo xtask seekdb stop` ends it.
///
/// # Errors
/// Fails when it can't be started.
pub fn shared() -> Result<Server> {
    start_detached(&crate::target_dir().join("seekdb/shared"), None, &[])
}

/// Starts a server in `dir` that outlives this process, or returns the one that runs there already.
///
/// `parameters` are given at its start as `name=value`, in place of ours.
///
/// # Errors
/// Fails when it can't be started.
pub fn start_detached(dir: &Path, port: Option<u16>, parameters: &[String]) -> Result<Server> {
    fs::create_dir_all(dir)?;
    let _lock = Lock::take(&dir.join("instance.lock"))?;
    let note = dir.join("instance.json");
    let known: Option<Server> = match fs::read(&note) {
        Ok(text) => Some(serde_json::from_slice(&text).with_context(|| format!("read {}", note.display()))?),
        Err(_) => None,
    };
    if let Some(server) = &known
        && alive(server.pid)
        && answers(server)
    {
        return Ok(server.clone());
    }
    let base = dir.join("base");
    let (child, server) = match &known {
        Some(old) => launch(&base, port.unwrap_or(old.port), &old.password, false, parameters)?,
        None => {
            // A folder whose password was not written down cannot be used.
            let _ = fs::remove_dir_all(&base);
            launch(&base, port.unwrap_or_else(free_port), &random_password(), true, parameters)?
        }
    };
    drop(child); // not killed: a `Child` leaves its process alone when it is dropped
    write_private(&note, &serde_json::to_vec_pretty(&server)?)?;
    Ok(server)
}

/// Stops the server that [`start_detached`] left running in `dir`, if there is one.
///
/// # Errors
/// Fails when the server does not stop in time.
pub fn stop_detached(dir: &Path) -> Result<()> {
    let Ok(text) = fs::read(dir.join("instance.json")) else { return Ok(()) };
    let server: Server = serde_json::from_slice(&text)?;
    if !alive(server.pid) {
        return Ok(());
    }
    signal(server.pid, libc::SIGTERM);
    let until = Instant::now() + STOP_LIMIT;
    while alive(server.pid) {
        if Instant::now() > until {
            signal(server.pid, libc::SIGKILL);
            bail!("seekdb (process {}) did not stop within {STOP_LIMIT:?} and was killed", server.pid);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Starts the process and waits until it answers a query.
fn launch(
    base: &Path,
    port: u16,
    password: &str,
    first: bool,
    parameters: &[String],
) -> Result<(Child, Server)> {
    let wheel = installed_wheel()?;
    fs::create_dir_all(base)?;
    let output = File::create(base.join("start.out"))?;
    let mut child = Command::new(wheel.join("seekdb"))
        .args(["--nodaemon", "--port", &port.to_string(), "--base-dir"])
        .arg(base)
        .args(with_defaults(parameters).flat_map(|parameter| ["--parameter".to_owned(), parameter]))
        .env("LD_LIBRARY_PATH", &wheel) // libaio.so.1 lies beside the binary
        .current_dir(base)
        .process_group(0) // an interrupted test run must not end the server of another
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("start {}", wheel.join("seekdb").display()))?;
    let pid = i32::try_from(child.id())?;
    let server = Server { host: "127.0.0.1".into(), port, password: password.into(), pid, dir: base.into() };
    let until = Instant::now() + START_LIMIT;
    loop {
        if let Some(status) = child.try_wait()? {
            bail!("seekdb in {} ended at once ({status}); its log: log/seekdb.log there", base.display());
        }
        let ready = if first { set_first_password(&server) } else { answers(&server) };
        if ready {
            return Ok((child, server));
        }
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            bail!("seekdb in {} did not answer within {START_LIMIT:?}", base.display());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The default settings of a server: enough for the tests.
const PARAMETERS: [&str; 3] = ["datafile_size=512M", "log_disk_size=2G", "memory_limit=2G"];

fn with_defaults(given: &[String]) -> impl Iterator<Item = String> {
    let name = |parameter: &str| parameter.split('=').next().unwrap_or_default().to_owned();
    let is_given = move |default: &&str| given.iter().any(|parameter| name(parameter) == name(default));
    let defaults = PARAMETERS.into_iter().filter(move |default| !is_given(default));
    defaults.map(str::to_owned).chain(given.iter().cloned())
}

/// Gives `root` its password; the server takes an empty one until then. False: not ready yet.
fn set_first_password(server: &Server) -> bool {
    let opts = options(server.port, "");
    let statement = format!("ALTER USER root IDENTIFIED BY '{}'", server.password);
    block_on(async move { run(opts, &[statement]).await }).is_ok()
}

fn answers(server: &Server) -> bool {
    server.run(&["SELECT 1"]).is_ok()
}

/// How often such a statement is repeated, and the pause between.
const AGAIN: (u32, Duration) = (20, Duration::from_millis(100));

/// Returns whether another session's change of a definition may be why OceanBase refused a statement with this number:
/// "Schema try again", "Try again", or a user that it could not create or drop.
#[must_use]
pub const fn is_unsettled(number: u16) -> bool {
    matches!(number, 5627 | 4023 | 1396)
}

/// OceanBase's number for a trigger that exists.
const TRIGGER_EXISTS: u16 = 5734;

/// Returns whether a refusal with this number and text, after so many repetitions, means that the statement has succeeded
/// before: the kernel also repeats by itself, and may find the trigger that it created the first time.
#[must_use]
pub fn has_succeeded(number: u16, text: &str, tries: u32) -> bool {
    number == TRIGGER_EXISTS || tries > 0 && text.contains("exist")
}

/// Returns the statement that repeats a refused one. A user may have been created although the server refused it.
#[must_use]
pub fn again(statement: &str) -> String {
    match statement.strip_prefix("CREATE USER ") {
        Some(rest) if !rest.starts_with("IF NOT EXISTS ") => format!("CREATE USER IF NOT EXISTS {rest}"),
        _ => statement.to_owned(),
    }
}

async fn run(opts: mysql_async::Opts, statements: &[String]) -> Result<()> {
    let connect = mysql_async::Conn::new(opts);
    let mut conn = tokio::time::timeout(CONNECT_LIMIT, connect).await??;
    for statement in statements {
        let mut tries = 0;
        loop {
            // A server that was killed may accept a statement when it comes back, and never answer.
            let sent = if tries > 0 { again(statement) } else { statement.clone() };
            let answer = tokio::time::timeout(STATEMENT_LIMIT, conn.query_drop(sent)).await;
            match answer.with_context(|| format!("run {statement}"))? {
                Ok(()) => break,
                Err(mysql_async::Error::Server(refusal)) if is_unsettled(refusal.code) && tries < AGAIN.0 => {
                    tries += 1;
                    tokio::time::sleep(AGAIN.1).await;
                }
                Err(mysql_async::Error::Server(refusal))
                    if has_succeeded(refusal.code, &refusal.message, tries) =>
                {
                    break;
                }
                Err(error) => return Err(error).with_context(|| format!("run {statement}")),
            }
        }
    }
    let _ = tokio::time::timeout(CONNECT_LIMIT, conn.disconnect()).await; // the work is done in either case
    Ok(())
}

fn options(port: u16, password: &str) -> mysql_async::Opts {
    mysql_async::OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some("root"))
        .pass(Some(password))
        .prefer_socket(Some(false))
        .into()
}

/// Runs a future on a separate thread, so that callers inside a runtime can use this module too.
pub(crate) fn block_on<T: Send + 'static>(
    future: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    std::thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
    })
    .join()
    .expect("the thread only waits for the future")
}

/// The options of pip for a system that this machine may not call itself.
const PLATFORM: [&str; 4] = ["--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"];

/// Returns the folder with the unpacked wheel's binary.
fn installed_wheel() -> Result<PathBuf> {
    let wheel = crate::wheel::unpacked("seekdb", &[WHEEL], "pylibseekdb/seekdb", &PLATFORM)?;
    Ok(wheel.join("pylibseekdb"))
}

/// An exclusive lock on a file, held until it is dropped.
struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    fn take(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("open {}", path.display()))?;
        file.lock().with_context(|| format!("lock {}", path.display()))?;
        Ok(Self(file))
    }
}

#[expect(unsafe_code, reason = "std can signal only its own children")]
fn signal(pid: i32, number: i32) {
    // SAFETY: `kill` takes two integers and touches no memory of ours.
    unsafe { libc::kill(pid, number) };
}

/// Returns whether this process is a running seekdb: another process may have got its number meanwhile.
fn alive(pid: i32) -> bool {
    let mut name = String::new();
    let Ok(mut file) = File::open(format!("/proc/{pid}/stat")) else { return false };
    let _ = file.read_to_string(&mut name);
    name.contains("(seekdb)") && !name.contains(") Z ")
}

fn free_port() -> u16 {
    let [port] = free_ports();
    port
}

fn random_password() -> String {
    (0..6).map(|_| format!("{:04x}", rand::random::<u16>())).collect()
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, b"")?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    fs::write(path, bytes)?;
    Ok(())
}
