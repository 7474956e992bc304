//! The binary itself, and many clusters in one process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::simulator::{Client, options};

/// The binary; it ends with the test.
struct Process(Child);

impl Process {
    /// Starts it and reads the line that tells its ports.
    fn start(arguments: &[&str]) -> (Self, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat-sim"));
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is ours");
        BufReader::new(out).read_line(&mut line).expect("a line");
        (Self(child), serde_json::from_str(&line).expect("one line of JSON"))
    }

    /// What it holds in memory, in MiB.
    fn resident_mib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("a Linux machine");
        let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("the line of the kernel");
        line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).expect("a number") / 1_024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which a test has noticed by then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn two_hundred_clusters_live_in_less_than_300_mib() {
    let mut arguments =
        vec!["--clusters", "200", "--zones", "3", "--profile", "2.2.77,3.1.5,3.2.4,4.0,4.1,4.2.5,4.3.5,4.4"];
    for tenant in ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10"] {
        arguments.extend(["--tenant", tenant]);
    }
    let (process, ready) = Process::start(&arguments);
    let clusters = ready["clusters"].as_array().expect("a list");
    assert_eq!(clusters.len(), 200);
    assert_eq!(clusters[199]["version"], "4.4");
    for cluster in clusters {
        let port = cluster["ports"][2].as_u64().expect("a port") as u16;
        let login = mysql_async::Conn::new(options(port, "root@sys")).await.expect("a login");
        assert_eq!(Client(login).cell("SELECT COUNT(*) FROM __all_server").await, "3");
    }
    let used = process.resident_mib();
    println!("200 clusters with 600 servers and 2,000 tenants: {used} MiB");
    assert!(used < 300, "{used} MiB");
}

#[tokio::test]
async fn the_binary_refuses_what_it_cannot_pretend() {
    let output = Command::new(env!("CARGO_BIN_EXE_lifeboat-sim"))
        .args(["--profile", "5.0"])
        .output()
        .expect("it starts");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("`5.0` is no version the simulator knows"), "{text}");
}
