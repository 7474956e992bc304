//! Two servers on one metadata database. While one of them works, it is killed, or it is suspended until its lease has
//! expired and then resumed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::lifeboat::{PASSWORD, Ran, Server, lifeboat, run};
use crate::seekdb::{Shop, large_shop};

/// The maximum number of polls of a task: far more than it could need.
const LOOKS: u32 = 3_000;

/// A database for metadata. Dropping this drops the database.
struct MetadataDatabase {
    url: String,
    password: String,
    name: String,
}

impl MetadataDatabase {
    fn new() -> Self {
        let seekdb = xtask::seekdb::shared().expect("seekdb starts");
        let name = format!("lifeboat_{}_{:x}", std::process::id(), unique());
        seekdb.fresh_database(&name).expect("a fresh database");
        let url = format!("mysql://root@{}:{}/{name}", seekdb.host, seekdb.port);
        Self { url, password: seekdb.password, name }
    }

    fn tell(&self, command: &mut Command) {
        command.args(["--metadata", &self.url]).env("LIFEBOAT_METADATA_PASSWORD", &self.password);
    }
}

impl Drop for MetadataDatabase {
    fn drop(&mut self) {
        if let Ok(seekdb) = xtask::seekdb::shared() {
            let _ = seekdb.run(&[format!("DROP DATABASE IF EXISTS `{}`", self.name)]);
        }
    }
}

fn unique() -> u128 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_1970.expect("after 1970").as_nanos()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// Returns the parent of the data directory of another server, with the key of the first.
fn with_key_of(first: &Server) -> TempDir {
    let dir = folder();
    std::fs::create_dir(dir.path().join("data")).expect("a directory");
    std::fs::copy(first.path("data/secret.key"), dir.path().join("data/secret.key")).expect("copied");
    dir
}

/// Starts two servers; when this returns, the first is running a backup.
fn at_work(database: &MetadataDatabase, shop: &Shop, backups: &Path) -> (Server, Server, String) {
    let also = |name: &'static str| {
        move |command: &mut Command| {
            database.tell(command);
            command.arg("--file-root").arg(backups).args(["--server-name", name]);
        }
    };
    let first = Server::start_with(folder(), Some(PASSWORD), |command| {
        also("first")(command);
    });
    let mut command = first.command(&format!("cluster add demo --host 127.0.0.1:{} --user root", shop.port));
    good(run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &shop.password)));
    let arguments = format!("--database {} --storage file://{}", shop.database, backups.display());
    let made = good(first.run(&format!("backup now --cluster demo {arguments} -o json")));
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let task = made["backupObjectOpsResultList"][0]["taskIdList"][0].to_string();
    // The second starts only now, so the first holds the task.
    let second = Server::start_with(with_key_of(&first), Some(PASSWORD), |command| {
        also("second")(command);
    });
    for _ in 0..LOOKS {
        let shown = task_of(&second, &task);
        if shown["status"] == "RUNNING" && shown["executor"] == "first" {
            return (first, second, task);
        }
        assert_ne!(shown["status"], "SUCCESSFUL", "the shop is large enough to keep a server busy: {shown}");
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the task was never taken up");
}

fn task_of(server: &Server, task: &str) -> Value {
    serde_json::from_str(&good(server.run(&format!("task show {task} -o json")))).expect("JSON")
}

fn good(ran: Ran) -> String {
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
    ran.out
}

/// Checks that there is one set and one dump, and that the dump matches the database.
fn one_whole_set(server: &Server, shop: &Shop, backups: &Path) {
    let sets: Value = serde_json::from_str(&good(server.run("backup list -o json"))).expect("JSON");
    let sets = sets.as_array().expect("a list");
    assert_eq!(sets.len(), 1, "{sets:?}");
    let folders = dumps(backups);
    assert_eq!(folders.len(), 1, "{folders:?}");
    let mut command = lifeboat();
    command.args(["verify", "--from", &format!("file://{}", folders[0])]);
    command.args(["--against", &format!("mysql://root@127.0.0.1:{}", shop.port)]);
    good(run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &shop.password)));
}

/// Returns every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = left.pop() {
        let entries =
            std::fs::read_dir(folder).expect("a directory").map(|entry| entry.expect("an entry").path());
        let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        left.extend(folders);
        found.extend(files);
    }
    found.sort();
    found
}

/// Returns the folders of all dumps, complete or not.
fn dumps(backups: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![backups.to_path_buf()];
    while let Some(folder) = left.pop() {
        if folder.join("plan.json").exists() {
            found.push(folder.display().to_string());
            continue;
        }
        let entries = std::fs::read_dir(folder).expect("a directory");
        left.extend(entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()));
    }
    found
}

#[test]
fn a_backup_whose_server_was_killed_is_finished_by_the_other() {
    let (database, shop, backups) = (MetadataDatabase::new(), large_shop("app_two_kill"), folder());
    let (first, second, task) = at_work(&database, &shop, backups.path());
    first.kill();
    good(second.run(&format!("task watch {task}")));
    one_whole_set(&second, &shop, backups.path());
}

#[test]
fn a_server_that_slept_past_its_lease_does_nothing_twice() {
    let (database, shop, backups) = (MetadataDatabase::new(), large_shop("app_two_stop"), folder());
    let (first, second, task) = at_work(&database, &shop, backups.path());
    first.signal("-STOP");
    good(second.run(&format!("task watch {task}")));
    one_whole_set(&second, &shop, backups.path());
    first.signal("-CONT");
    // The resumed server answers again. When its own new task has ended, it has also had time for pending work.
    let elsewhere = folder();
    let arguments = format!("--database {} --storage file://{}", shop.copy, elsewhere.path().display());
    shop.run(&[format!("CREATE DATABASE `{}`", shop.copy)]).expect("a database");
    let refused = first.run(&format!("backup now --cluster demo {arguments} --wait"));
    assert_ne!(refused.status, 0, "a directory outside of the roots is refused, by a server that is awake");
    let shown = task_of(&first, &task);
    assert_eq!(shown["status"], "SUCCESSFUL", "{shown}");
    let inside = backups.path().join("again");
    let arguments = format!("--database {} --storage file://{}", shop.database, inside.display());
    good(first.run(&format!("backup now --cluster demo {arguments} --wait")));
    std::fs::remove_dir_all(&inside).expect("removed");
    let sets: Value = serde_json::from_str(&good(first.run("backup list -o json"))).expect("JSON");
    assert_eq!(sets.as_array().map(Vec::len), Some(2), "one set of each task: {sets}");
    let folders = dumps(backups.path());
    assert_eq!(folders.len(), 1, "{folders:?}");
    let whole = format!("file://{}", folders[0]);
    good(run(lifeboat().args(["verify", "--from", &whole])));
}

/// A rolling upgrade, seen from a server of the older version.
#[test]
fn a_task_of_a_newer_version_is_left_to_a_server_of_that_version() {
    let (database, shop, backups) = (MetadataDatabase::new(), large_shop("app_two_newer"), folder());
    let (first, second, task) = at_work(&database, &shop, backups.path());
    first.kill();
    let of_version = |change: &str| {
        let statement =
            format!("UPDATE `{}`.tasks SET version = version {change} WHERE id = {task}", database.name);
        xtask::seekdb::shared().expect("seekdb").run(&[statement]).expect("the version is set");
    };
    of_version("+ 1");
    std::thread::sleep(Duration::from_secs(10)); // for the objects that were being written at the kill
    let before = files(backups.path());
    std::thread::sleep(Duration::from_secs(30)); // the duration of a lease
    let shown = task_of(&second, &task);
    assert_eq!((&shown["status"], &shown["executor"]), (&"RUNNING".into(), &"first".into()), "{shown}");
    assert!(
        shown["error"]["message"].as_str().is_some_and(|words| words.contains("newer version")),
        "{shown}"
    );
    assert_eq!(files(backups.path()), before);
    of_version("- 1");
    good(second.run(&format!("task watch {task}")));
    let folders = dumps(backups.path());
    assert_eq!(folders.len(), 1, "{folders:?}");
    good(run(lifeboat().args(["verify", "--from", &format!("file://{}", folders[0])])));
}

#[test]
fn a_server_with_another_key_does_not_start() {
    let database = MetadataDatabase::new();
    let first = Server::start_with(folder(), Some(PASSWORD), |command| database.tell(command));
    let (dir, other) = (folder(), Server::start());
    std::fs::copy(other.path("data/secret.key"), dir.path().join("secret.key")).expect("copied");
    let mut command = lifeboat();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path());
    database.tell(&mut command);
    let refused = run(&mut command);
    assert_ne!(refused.status, 0);
    assert!(refused.err.contains("secret.key"), "{}", refused.err);
    let said = format!("{}{}", refused.out, refused.err);
    assert!(!said.contains(&database.password), "{said}");
    good(first.run("cluster list"));
}
