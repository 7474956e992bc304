//! The binary itself, and many clusters in one process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::simulator::{Client, options};

/// The binary; it ends with the test.
struct Process(Child);

impl Process {
    /// Starts it and reads the line with its ports.
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
async fn the_binary_refuses_what_it_cannot_simulate() {
    let output = Command::new(env!("CARGO_BIN_EXE_lifeboat-sim"))
        .args(["--profile", "5.0"])
        .output()
        .expect("it starts");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("`5.0` is no version the simulator knows"), "{text}");
}

#[tokio::test]
async fn a_thousand_backups_in_an_object_store_stay_small_in_memory() {
    let tenants: Vec<String> = (0..50).map(|at| format!("t{at}")).collect();
    let mut arguments = vec!["--speed", "10000", "--profile", "4.2.5"];
    tenants.iter().for_each(|name| arguments.extend(["--tenant", name]));
    let (process, ready) = Process::start(&arguments);
    let port = ready["clusters"][0]["ports"][0].as_u64().expect("a port") as u16;
    let mut sys = Client(mysql_async::Conn::new(options(port, "root@sys")).await.expect("a login"));
    let keys = "host=h&access_id=a&access_key=k";
    for name in &tenants {
        sys.run(&format!(
            "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=oss://b/{name}/clog?{keys}' TENANT = {name}"
        ))
        .await;
        sys.run(&format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://b/{name}/data?{keys}' TENANT = {name}"))
            .await;
    }
    sys.run("ALTER SYSTEM ARCHIVELOG").await;
    until(&mut sys, "SELECT COUNT(*) = 50 FROM CDB_OB_ARCHIVELOG WHERE status = 'DOING'").await;
    for round in 1..=20 {
        sys.run("ALTER SYSTEM BACKUP DATABASE").await;
        until(
            &mut sys,
            &format!(
                "SELECT COUNT(*) = {} FROM CDB_OB_BACKUP_SET_FILES WHERE status = 'SUCCESS'",
                round * 50
            ),
        )
        .await;
        until(&mut sys, "SELECT COUNT(*) = 0 FROM CDB_OB_BACKUP_JOBS").await;
    }
    let paths = "SELECT COUNT(*) FROM CDB_OB_BACKUP_SET_FILES WHERE path LIKE '%access_key%'";
    assert_eq!(sys.cell(paths).await, "0");
    let used = process.resident_mib();
    println!("1,000 sets of 50 tenants in memory: {used} MiB");
    assert!(used < 150, "{used} MiB");
}

/// Asks until the answer is 1; the simulator runs fast, so it does not take long.
async fn until(client: &mut Client, sql: &str) {
    for _ in 0..2_000 {
        if client.cell(sql).await == "1" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("never true: {sql}");
}
