//! Several Lifeboats on one database: starting at once, sharing the work, and one that is killed or stopped while it
//! holds a task, or the turn to write.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use engine::journal::{Ask, Change, HoldError};
use engine::{Journal, Note, RowNumber, TaskStatus};
use futures::future::join_all;
use metadata::{Error, Metadata, Server};
use model::Secret;

use crate::stand::{Kind, begin, commit, new_cluster, new_task, open_on};

const LEASE: Duration = Duration::from_secs(3);

fn ask(worker: &str) -> Ask {
    Ask {
        worker: worker.into(),
        can: vec![("plain".into(), 1)],
        lease: LEASE,
        limits: engine::journal::Limits::default(),
    }
}

#[tokio::test]
async fn lifeboats_that_start_at_once_make_one_schema() {
    for kind in Kind::SERVERS {
        let server = kind.fresh_server().await;
        let first = tempfile::tempdir().expect("a directory");
        let key = first.path().join("secret.key");
        open_on(first.path(), &kind.fresh_server().await).await.close().await; // creates a key
        let directories: Vec<_> = (0..5).map(|_| tempfile::tempdir().expect("a directory")).collect();
        for directory in &directories {
            std::fs::copy(&key, directory.path().join("secret.key")).expect("copied");
        }
        let starts = directories.iter().map(|directory| Metadata::open_on(directory.path(), &server));
        let all: Vec<Metadata> =
            join_all(starts).await.into_iter().map(|started| started.expect("it starts")).collect();
        let mut ids = Vec::new();
        for metadata in &all {
            ids.push(metadata.insert(new_task(&["a"])).await.expect("kept"));
        }
        ids.dedup();
        assert_eq!(ids.len(), all.len(), "{kind:?}: each task has a number of its own");
        for metadata in all {
            metadata.close().await;
        }
    }
}

#[tokio::test]
async fn a_lifeboat_with_another_key_does_not_start_and_one_without_a_key_makes_none() {
    for kind in Kind::SERVERS {
        let server = kind.fresh_server().await;
        let [first, other] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let metadata = open_on(first.path(), &server).await;
        let mut writer = begin(&metadata).await;
        let cluster = writer.cluster_insert(&new_cluster("prod", "hunter2")).await.expect("kept");
        commit(writer).await;

        let refused = Metadata::open_on(other.path(), &server).await.expect_err("it has no key");
        assert!(matches!(refused, Error::KeyMissing { .. }), "{kind:?}: {refused:?}");
        open_on(other.path(), &kind.fresh_server().await).await.close().await; // creates another key
        let refused = Metadata::open_on(other.path(), &server).await.expect_err("another key");
        assert!(matches!(refused, Error::KeyOther { .. }), "{kind:?}: {refused:?}");

        std::fs::copy(first.path().join("secret.key"), other.path().join("secret.key")).expect("copied");
        let second = open_on(other.path(), &server).await;
        assert_eq!(second.cluster_password(cluster).await.expect("opens").expose(), "hunter2");
        second.close().await;
        metadata.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_named_without_the_password() {
    let server = Kind::Mariadb.fresh_database().await.expect("a server").0;
    let directory = tempfile::tempdir().expect("a directory");
    let cases = [(server, false), ("mysql://root@127.0.0.1:1/lifeboat".to_owned(), true)];
    for (url, transient) in cases {
        let server = Server::from_url(&url, Secret::new("hunter2")).expect("a URL");
        let error = Metadata::open_on(directory.path(), &server).await.expect_err("refused");
        assert_eq!(error.is_transient(), transient, "{error:?}");
        assert!(!format!("{error:?} {:?}", error.problem()).contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_user_without_a_password_logs_on_and_a_refused_one_gets_the_reason() {
    let (url, _) = Kind::Mariadb.fresh_database().await.expect("a server");
    let database = url.rsplit('/').next().expect("a database").to_owned();
    let user = format!("nopw_{}", std::process::id());
    let as_root = async |sql: Vec<String>| {
        let run = move || xtask::mariadb::shared().expect("MariaDB starts").run(&sql).map(drop);
        tokio::task::spawn_blocking(run).await.expect("no panic").expect("it is done");
    };
    as_root(vec![
        format!("CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY ''"),
        format!("GRANT ALL ON `{database}`.* TO {user}@'%'"),
    ])
    .await;
    let url = url.replacen("root@", &format!("{user}@"), 1);
    let directory = tempfile::tempdir().expect("a directory");
    let without = Server::from_url(&url, Secret::new("")).expect("a URL");
    open_on(directory.path(), &without).await.close().await;
    let with = Server::from_url(&url, Secret::new("hunter2")).expect("a URL");
    let error = Metadata::open_on(directory.path(), &with).await.expect_err("another password");
    assert_eq!(error.problem().text.id, "metadata-refused", "{error:?}");
    as_root(vec![format!("DROP USER {user}@'%'")]).await;
}

/// Global settings of a server that would truncate answers, lose writes or refuse them.
const HOSTILE: [(&str, &str); 10] = [
    ("sql_select_limit", "3"),
    ("sql_mode", "'ANSI_QUOTES'"),
    ("autocommit", "0"),
    ("completion_type", "2"),
    ("tx_read_only", "1"),
    ("foreign_key_checks", "0"),
    ("sql_safe_updates", "1"),
    ("sql_auto_is_null", "1"),
    ("time_zone", "'-07:00'"),
    ("tx_isolation", "'SERIALIZABLE'"),
];

/// Creates a database on a server with these settings, and opens it twice.
async fn whole_whatever_is_set(url: String, password: String) {
    let server = Server::from_url(&url, Secret::new(password)).expect("a URL");
    let directory = tempfile::tempdir().expect("a directory");
    let metadata = open_on(directory.path(), &server).await;
    for number in 0..7 {
        let mut writer = begin(&metadata).await;
        writer.cluster_insert(&new_cluster(&format!("c{number}"), "x")).await.expect("kept");
        commit(writer).await;
    }
    metadata.close().await;
    let metadata = open_on(directory.path(), &server).await;
    assert_eq!(metadata.cluster_list().await.expect("listed").len(), 7, "{url}");
    metadata.close().await;
}

#[tokio::test]
async fn what_a_servers_owner_set_for_all_sessions_changes_nothing() {
    let hostile = |mut statements: Vec<String>| {
        statements.extend(HOSTILE.map(|(name, value)| format!("SET GLOBAL {name} = {value}")));
        statements
    };
    let create = || vec!["CREATE DATABASE hostile".to_owned()];
    let mariadb = [("default_storage_engine", "MyISAM"), ("max_statement_time", "0.001")];
    let mariadb = mariadb.map(|(name, value)| format!("SET GLOBAL {name} = {value}"));
    let started = tokio::task::spawn_blocking(move || {
        let own = xtask::mariadb::Instance::start().expect("MariaDB starts");
        own.run(&[hostile(create()), mariadb.into()].concat()).expect("its values are set");
        let folder = tempfile::tempdir().expect("a folder");
        let seekdb = xtask::seekdb::Instance::start_in(folder.path()).expect("seekdb starts");
        seekdb.server.run(&hostile(create())).expect("its values are set");
        (own, seekdb, folder)
    });
    let (own, seekdb, _folder) = started.await.expect("no panic");
    whole_whatever_is_set(format!("mysql://root@{}:{}/hostile", own.host, own.port), own.password.clone())
        .await;
    let server = &seekdb.server;
    let url = format!("mysql://root@{}:{}/hostile", server.host, server.port);
    whole_whatever_is_set(url, server.password.clone()).await;
}

#[tokio::test]
async fn a_task_whose_lifeboat_was_killed_is_taken_over() {
    for kind in Kind::SERVERS {
        let (mut child, metadata, _directory) = with_a_child(kind).await;
        child.say("claim");
        let fence: i64 = child.hear("claimed ").parse().expect("a fence");
        drop(child); // kills it
        let ticket = claim_within_the_lease(&metadata).await;
        assert!(ticket.fence > fence, "{kind:?}");
        metadata.close().await;
    }
}

#[tokio::test]
async fn a_lifeboat_that_slept_through_its_lease_writes_nothing() {
    for kind in Kind::SERVERS {
        let (mut child, metadata, _directory) = with_a_child(kind).await;
        child.say("claim");
        child.hear("claimed ");
        child.signal("-STOP");
        let ticket = claim_within_the_lease(&metadata).await;
        child.signal("-CONT");
        child.say("save");
        assert_eq!(child.hear("saved "), "lost", "{kind:?}");
        let logged = metadata.logs(ticket.task, RowNumber(0), 0, 9).await.expect("answers");
        assert!(logged.is_empty(), "{kind:?}: {logged:?}");
        let stored = metadata.load(ticket.task).await.expect("answers").expect("it is there");
        assert_eq!((stored.revision, stored.status), (0, TaskStatus::Pending), "{kind:?}");
        assert_eq!(stored.lease.expect("held by us").owner, "parent", "{kind:?}");
        metadata.close().await;
    }
}

#[tokio::test]
async fn a_lifeboat_stopped_during_a_write_does_not_keep_the_turn() {
    for kind in Kind::SERVERS {
        let (mut child, metadata, _directory) = with_a_child(kind).await;
        child.say("begin");
        child.hear("begun ");
        child.signal("-STOP");
        // Each attempt waits for its turn for some seconds; the server ends the idle transaction within 20.
        let mut tries = 0;
        let inserted = loop {
            tries += 1;
            match metadata.insert(new_task(&["b"])).await {
                Ok(task) => break task,
                Err(error) => assert!(tries < 8, "{kind:?}: {error:?}"),
            }
        };
        child.signal("-CONT");
        child.say("commit");
        assert_eq!(child.hear("committed "), "no", "{kind:?}: what was ended is not kept");
        let clusters = metadata.cluster_list().await.expect("answers");
        assert!(clusters.is_empty(), "{kind:?}: {clusters:?}");
        assert!(metadata.load(inserted).await.expect("answers").is_some());
        metadata.close().await;
    }
}

async fn claim_within_the_lease(metadata: &Metadata) -> engine::journal::Ticket {
    for _ in 0..10_000 {
        if let Some(claim) = metadata.claim(&ask("parent")).await.expect("answers") {
            return claim.ticket;
        }
        tokio::time::sleep(Duration::from_millis(5)).await; // the lease is the database's time
    }
    panic!("the task was never free again");
}

/// Starts a database with one task, and another Lifeboat on it.
async fn with_a_child(kind: Kind) -> (Lifeboat, Metadata, tempfile::TempDir) {
    let (url, password) = kind.fresh_database().await.expect("a server");
    let server = Server::from_url(&url, Secret::new(&*password)).expect("a URL");
    let directory = tempfile::tempdir().expect("a directory");
    let metadata = open_on(directory.path(), &server).await;
    metadata.insert(new_task(&["a"])).await.expect("kept");
    let child = Lifeboat::start(directory.path(), &url, &password);
    (child, metadata, directory)
}

/// Another process on the same database, which executes the commands on its input.
struct Lifeboat {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

const DIRECTORY: &str = "LIFEBOAT_TEST_METADATA_DIRECTORY";
const URL: &str = "LIFEBOAT_TEST_METADATA_URL";
const PASSWORD: &str = "LIFEBOAT_TEST_METADATA_PASSWORD";

impl Lifeboat {
    fn start(directory: &Path, url: &str, password: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "servers::child_does_what_it_is_told", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(URL, url)
            .env(PASSWORD, password)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts again");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, input, output }
    }

    fn say(&mut self, word: &str) {
        writeln!(self.input, "{word}").expect("it listens");
    }

    /// Waits for a line that contains this text; returns the rest of the line.
    fn hear(&mut self, begin: &str) -> String {
        for line in self.output.by_ref().take(100) {
            let line = line.expect("UTF-8");
            if let Some((_, rest)) = line.split_once(begin) {
                return rest.to_owned();
            }
        }
        panic!("it never said `{begin}`")
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }
}

impl Drop for Lifeboat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test: the body of the child process.
#[tokio::test]
#[ignore = "a child of the tests above"]
async fn child_does_what_it_is_told() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let set = |name| std::env::var(name).expect("the parent sets it");
    let server = Server::from_url(&set(URL), Secret::new(set(PASSWORD))).expect("a URL");
    let metadata = open_on(Path::new(&directory), &server).await;
    let (mut claimed, mut writer) = (None, None);
    for line in std::io::stdin().lines() {
        match line.expect("UTF-8").as_str() {
            "claim" => {
                let claim = metadata.claim(&ask("child")).await.expect("answers").expect("a task is due");
                println!("claimed {}", claim.ticket.fence);
                claimed = Some(claim);
            }
            "save" => {
                let claim = claimed.take().expect("claimed before");
                let note = [(RowNumber(0), Note::new("line"))];
                let logged = metadata.append_log(claim.ticket, &note).await;
                let change = Change {
                    status: TaskStatus::Successful,
                    note: None,
                    started_at: Some(claim.task.created_at),
                    finished_at: Some(claim.task.created_at),
                    due_at: claim.task.due_at,
                    cancels_seen: claim.task.cancels.clone(),
                    state: None,
                    lanes: Vec::new(),
                    rows: claim.task.rows.clone(),
                    release: true,
                };
                let saved = metadata.save(claim.ticket, &change).await;
                let lost = matches!((logged, saved), (Err(HoldError::Lost), Err(HoldError::Lost)));
                println!("saved {}", if lost { "lost" } else { "kept" });
            }
            "begin" => {
                let mut begun = begin(&metadata).await;
                begun.cluster_insert(&new_cluster("half", "x")).await.expect("written, not committed");
                println!("begun ");
                writer = Some(begun);
            }
            "commit" => {
                let committed = writer.take().expect("begun before").commit().await;
                println!("committed {}", if committed.is_ok() { "yes" } else { "no" });
            }
            other => panic!("`{other}`?"),
        }
    }
}
