//! A load that a signal ends: it tells what is loaded and how to resume, within a limited time; a second signal ends
//! it at once.

use std::io::{BufRead as _, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use xtask::mariadb::Instance;

use crate::lifeboat::{lifeboat, run};

/// Dumps two tables of a new MariaDB. Returns the folder of the dump.
fn dumped(server: &Instance, dir: &std::path::Path) -> String {
    let statements = [
        "CREATE DATABASE shop",
        "CREATE TABLE shop.a (id INT PRIMARY KEY)",
        "CREATE TABLE shop.b (id INT PRIMARY KEY)",
        "INSERT INTO shop.a VALUES (1), (2)",
        "INSERT INTO shop.b VALUES (3)",
    ];
    server.run(&statements).expect("a shop");
    let mut dump = lifeboat();
    dump.args(["dump", "--url", &url(server), "--to", &format!("file://{}/dumps", dir.display())]);
    dump.args(["--database", "shop"]).env("LIFEBOAT_CLUSTER_PASSWORD", &server.password);
    let done = run(dump.env("HOME", dir));
    assert_eq!(done.status, 0, "{}", done.err);
    let folders: Vec<_> = std::fs::read_dir(dir.join("dumps")).expect("dumps").collect();
    let [Ok(folder)] = &folders[..] else { panic!("{folders:?}") };
    format!("file://{}", folder.path().display())
}

fn url(server: &Instance) -> String {
    format!("mysql://root@127.0.0.1:{}", server.port)
}

/// Starts a load, and waits until it has opened the dump.
fn loading(server: &Instance, from: &str, home: &std::path::Path) -> Child {
    let mut load = lifeboat();
    load.args(["load", "--from", from, "--url", &url(server), "--rename", "shop=the copy"]).env("HOME", home);
    load.env("LIFEBOAT_CLUSTER_PASSWORD", &server.password).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = load.spawn().expect("it starts");
    let mut out = std::io::BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("text");
    assert!(line.contains("signed"), "{line}");
    child.stdout = Some(out.into_inner());
    child
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill can be run").success());
}

/// The other session does not let the load create anything until it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_a_signal_ends_tells_what_is_loaded_and_the_command_that_resumes_it() {
    let server = Instance::start().expect("a MariaDB");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let from = dumped(&server, dir.path());
    let opts = mysql_async::OptsBuilder::default();
    let opts = opts.ip_or_hostname(server.host.clone()).tcp_port(server.port).user(Some("root"));
    let opts = opts.pass(Some(server.password.clone())).prefer_socket(Some(false));
    let mut other = mysql_async::Conn::new(opts).await.expect("a connection");
    other.query_drop("FLUSH TABLES WITH READ LOCK").await.expect("a lock");

    let mut child = loading(&server, &from, dir.path());
    interrupt(&child);
    let ended = child.wait_with_output().expect("it ends by itself");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(3), "{out}{err}");
    for said in [
        "Loaded: all rows of 0 of 2 tables (0 rows)",
        "Not loaded, or only in part: `the copy`.`a`, `the copy`.`b`\n",
        "To resume, run the same command again",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(err.contains("was cancelled before it was complete"), "{err}");
    let command =
        out.lines().find_map(|line| Some(line.split_once("missing: ")?.1.to_owned())).expect("a command");

    child = loading(&server, &from, dir.path());
    let status = loop {
        interrupt(&child);
        if let Some(status) = child.try_wait().expect("a status") {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let mut out = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
    assert_eq!(status.code(), Some(130), "the second signal ends it: {out}");

    other.query_drop("UNLOCK TABLES").await.expect("unlocked");
    other.disconnect().await.expect("closed");
    let binary = lifeboat();
    let mut shell = Command::new("sh");
    shell.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.args(["-c", &command]).env("HOME", dir.path()).env("LIFEBOAT_CLUSTER_PASSWORD", &server.password);
    let resumed = run(&mut shell);
    assert_eq!(resumed.status, 0, "{}{}", resumed.out, resumed.err);
    assert!(resumed.out.contains("loaded and verified: 3 rows"), "{}", resumed.out);
}
