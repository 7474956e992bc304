//! Runs the binary: a server for the test, and commands against it.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use regex::Regex;
use tempfile::TempDir;

/// The administrator's password in every test.
pub(crate) const PASSWORD: &str = "correct horse";

/// Returns the binary without the settings of this machine. Its servers may connect to this machine, which is forbidden
/// by default.
pub(crate) fn lifeboat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("LIFEBOAT_")) {
        command.env_remove(name);
    }
    command.env("LIFEBOAT_LANG", "en").env("COLUMNS", "100").stdin(Stdio::null());
    command.env("LIFEBOAT_EGRESS_ALLOW", "loopback");
    // A separate home directory for the tests: signing keys are created in it.
    command.env("HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/home")).env_remove("XDG_CONFIG_HOME");
    command
}

/// The result of a command.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the binary can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the binary writes UTF-8");
    Ran { status: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a command to its end, with lines on its standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Ran {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the binary can be run");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("the binary reads its input");
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the binary writes UTF-8");
    Ran { status: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A running server. Dropping it kills the server.
pub(crate) struct Server {
    pub(crate) dir: TempDir,
    pub(crate) url: String,
    child: Child,
    /// The server's message when it started.
    pub(crate) said: Vec<String>,
}

impl Server {
    /// Starts a server whose administrator has [`PASSWORD`].
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self::start_in(dir, Some(PASSWORD))
    }

    /// Starts a server that may use a directory of the machine.
    pub(crate) fn start_with_root(root: &Path) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self::start_with(dir, Some(PASSWORD), |command| {
            command.args(["--server-name", "here", "--file-root"]).arg(root);
        })
    }

    /// Starts a server on a directory, which may contain data of an earlier server.
    pub(crate) fn start_in(dir: TempDir, password: Option<&str>) -> Self {
        Self::start_with(dir, password, |command| {
            command.args(["--server-name", "here"]);
        })
    }

    /// Starts a server with more flags or environment.
    pub(crate) fn start_with(dir: TempDir, password: Option<&str>, also: impl FnOnce(&mut Command)) -> Self {
        let mut command = lifeboat();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(dir.path().join("data")).arg("--file-root").arg(dir.path());
        if let Some(password) = password {
            command.env("LIFEBOAT_ADMIN_PASSWORD", password);
        }
        also(&mut command);
        Self::spawn(dir, password.is_some(), &mut command)
    }

    /// Starts a server whose data directory is a separate disk with this many megabytes; [`Server::on_disk`] finds
    /// it.
    pub(crate) fn start_on_small_disk(megabytes: u32) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = dir.path().join("data");
        std::fs::create_dir(&data).expect("a directory");
        let mut command = lifeboat();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
        command.arg("--file-root").arg(dir.path()).env("LIFEBOAT_ADMIN_PASSWORD", PASSWORD);
        let mount =
            format!("mount -t tmpfs -o mode=700,size={megabytes}m none \"$1\" && shift && exec \"$@\"");
        let mut inside = Command::new("unshare");
        // A user other than root is root in a user namespace.
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        inside.args(if is_root { &["--mount"][..] } else { &["--mount", "--map-root-user"] });
        inside
            .args(["sh", "-c", &mount, "sh"])
            .arg(&data)
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        Self::spawn(dir, true, &mut inside)
    }

    /// Returns the path of a file on the server's own disk for other processes.
    pub(crate) fn on_disk(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(self.path("data").strip_prefix("/").expect("an absolute path")).join(name)
    }

    fn spawn(dir: TempDir, has_password: bool, command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary can be run");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut said = Vec::new();
        let first = lines.next().expect("a server says where it listens").expect("text");
        let url = first.split(' ').find(|word| word.starts_with("http://")).expect("an address").to_owned();
        said.push(first);
        if !has_password {
            said.push(lines.next().expect("a server says where the first password is").expect("text"));
        }
        // Read the rest too, so that the server never blocks on its output.
        std::thread::spawn(move || lines.for_each(drop));
        Self { dir, url, child, said }
    }

    /// Returns a command against this server.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = lifeboat();
        command.args(arguments.split_whitespace());
        command.env("LIFEBOAT_SERVER", &self.url).env("LIFEBOAT_PASSWORD", PASSWORD);
        command
    }

    /// Runs a command against this server.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        run(&mut self.command(arguments))
    }

    /// Asks the server to stop, and waits until it has stopped.
    pub(crate) fn stop(mut self) -> (TempDir, i32) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill can be run");
        assert!(asked.success());
        let status = self.child.wait().expect("the server ends");
        (
            std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a temporary directory")),
            status.code().unwrap_or(-1),
        )
    }

    /// Kills the server as a power cut would.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("the server ends");
        std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a temporary directory"))
    }

    /// Kills the server, and starts it again on the same directory.
    pub(crate) fn restart_after_kill(&mut self) {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("the server ends");
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a temporary directory"));
        *self = Self::start_in(dir, Some(PASSWORD));
    }

    /// Returns the memory of the server in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Sends the server a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill can be run").success());
    }

    /// Requests a page as monitoring does; returns the status and the text.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.get_as(path, "")
    }

    /// Requests a page with a token; returns the status and the text.
    pub(crate) fn get_with(&self, path: &str, token: &str) -> (u16, String) {
        self.get_as(path, &format!("Authorization: Bearer {token}\r\n"))
    }

    fn get_as(&self, path: &str, header: &str) -> (u16, String) {
        let address = self.url.strip_prefix("http://").expect("plain HTTP");
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The output of commands in order, without the parts that differ from run to run.
pub(crate) struct Transcript {
    text: String,
    replaced: Vec<(String, String)>,
}

impl Transcript {
    /// Begins a transcript; the directory and the given texts are replaced by words.
    pub(crate) fn new(dir: &Path, replaced: &[(String, &str)]) -> Self {
        let mut all: Vec<(String, String)> =
            replaced.iter().map(|(found, word)| (found.clone(), (*word).to_owned())).collect();
        all.push((dir.display().to_string(), "DIR".to_owned()));
        Self { text: String::new(), replaced: all }
    }

    /// Runs a command and records its output; returns its standard output.
    pub(crate) fn run(&mut self, shown: &str, command: &mut Command) -> String {
        let Ran { status, out, err } = run(command);
        let _ = writeln!(self.text, "$ lifeboat {shown}\n{out}{err}[{status}]\n");
        out
    }

    /// Returns the transcript without the times, durations and sizes of this run.
    pub(crate) fn normal(&self) -> String {
        let mut text = self.text.clone();
        for (found, word) in &self.replaced {
            text = text.replace(found, word);
        }
        let patterns = [
            (r"[0-9]{8}T[0-9]{6}Z-[0-9A-Za-z-]+", "DUMP"),
            (r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC", "MOMENT"),
            (r"[0-9]+ (ms|s)\b", "SPAN"),
            (r"[0-9]+(\.[0-9])? (B|KiB|MiB)\b", "SIZE"),
            (r"(moment|snapshot at) [0-9]{16,19}", "$1 SCN"),
            (r"ed25519:[0-9a-f]{64}", "KEY"),
            (r"  +", "  "),
            // The number of progress lines depends on the speed of the run.
            (r"[^\n]*: [0-9]+ %[^\n]*\n", ""),
            (r"[^\n]*: running\n", ""),
        ];
        for (pattern, word) in patterns {
            text = Regex::new(pattern).expect("a pattern").replace_all(&text, word).into_owned();
        }
        text
    }
}
