//! A server that ends with the process that started it, however that process ends: even a killed test run leaves no
//! server running.
//!
//! The starter holds one end of a pipe. A shell at the other end waits for it to close, then stops the server
//! and removes its folder.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What the shell does: `$1` is the folder, the rest the server's command.
const KEEPER: &str = r#"dir=$1; shift
"$@" </dev/null & server=$!
cat >/dev/null
kill -TERM $server 2>/dev/null
wait $server
rm -rf "$dir""#;

/// A running server. Dropping it stops the server and removes its folder.
pub(crate) struct Leash {
    keeper: Child,
    folder: PathBuf,
}

impl Leash {
    /// Starts a command in a folder; its output goes to `server.log` in that folder.
    pub(crate) fn start(folder: &Path, program: &Path, arguments: &[String]) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let log = File::create(folder.join("server.log"))?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(folder)
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .process_group(0) // Ctrl-C reaches only the starter; the pipe then stops the server
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        Ok(Self { keeper, folder: folder.to_path_buf() })
    }

    /// Waits until the server is ready.
    pub(crate) fn wait_until(&self, limit: Duration, mut is_ready: impl FnMut() -> bool) -> Result<()> {
        let until = Instant::now() + limit;
        while !is_ready() {
            if Instant::now() > until {
                let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                let end: Vec<&str> = log.lines().rev().take(15).collect();
                let end: Vec<&str> = end.into_iter().rev().collect();
                bail!("the server did not answer within {limit:?}; the end of its log:\n{}", end.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take()); // the shell sees the end of its input
        let _ = self.keeper.wait();
    }
}

/// Returns this many free ports, different from each other. They lie below those that the system gives to connections,
/// one of which may be taken before the server starts.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = loop {
            *port = 10_000 + rand::random::<u16>() % 20_000;
            if let Ok(listener) = std::net::TcpListener::bind(("127.0.0.1", *port)) {
                break listener;
            }
        };
        held.push(listener); // held until all are chosen, so that none is chosen twice
    }
    ports
}

/// Returns a new folder's name below the build folder, for one server.
pub(crate) fn new_folder(kind: &str) -> PathBuf {
    crate::target_dir().join(kind).join(format!("run-{}-{:08x}", std::process::id(), rand::random::<u32>()))
}
