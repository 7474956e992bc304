//! A world for the tests of flows: the real kernel with a small database, a storage in a directory, a server's data.

use std::sync::Arc;
use std::time::Duration;

use engine::testkit::Timed as _;
use engine::worker::Ran;
use engine::{Fault, Journal as _, TaskStatus};
use model::Secret;
use model::backup::{BackupObject, BackupWish};
use model::cluster::Address;
use model::id::{ClusterId, StorageId, TaskId, UserId};
use model::storage::StorageLocation;
use model::user::Role;
use oceanbase::{Endpoint, NoWitness, Session, Statement};
use storage::{Client, FileRoots};
use tempfile::TempDir;
use xtask::seekdb::Server;

use crate::backups::{self, BackupNow};
use crate::clusters::{self, NewCluster};
use crate::storages::{self, NewStorage};
use crate::{Actor, Control, Settings};

/// How often a task may wait before it is taken for one that never ends.
const WAITS_MAX: u32 = 1_000;

/// How many rows the larger tables have: enough to be cut, and to get their keys after their rows.
pub(crate) const ROWS: u64 = 1_500;

/// Everything that a flow works with.
pub(crate) struct World {
    pub(crate) control: Control,
    pub(crate) actor: Actor,
    pub(crate) cluster: ClusterId,
    pub(crate) storage: StorageId,
    pub(crate) server: Server,
    pub(crate) database: String,
    pub(crate) dir: TempDir,
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Crashed,
    Finished(TaskStatus),
}

impl World {
    /// Makes a world on the shared server, with a database of its own.
    pub(crate) async fn new(database: &str) -> Self {
        let server = xtask::seekdb::shared().expect("seekdb starts");
        Self::on(server, database).await
    }

    /// Makes a world on this server.
    pub(crate) async fn on(server: Server, database: &str) -> Self {
        fill(&server, database);
        let dir = TempDir::new().expect("a directory");
        let settings = Settings {
            admin_password: Some(Secret::new("correct horse")),
            ..Settings::new(dir.path().join("data"))
        };
        let control = Control::open(settings).await.expect("opens").control;
        let actor = Actor {
            user: UserId(1),
            name: "admin".into(),
            role: Role::Admin,
            address: "test".into(),
            must_change_password: false,
        };
        let new = NewCluster {
            name: "demo".into(),
            addresses: vec![Address { host: server.host.clone(), port: server.port }],
            user: "root".into(),
            password: Secret::new(server.password.clone()),
        };
        let cluster = clusters::add(&control, &actor, new).await.expect("the cluster is taken over").id;
        let location = StorageLocation::directory(&dir.path().join("data/backups").to_string_lossy());
        let new = NewStorage { name: "local".into(), location: location.expect("a path"), secret: None };
        let storage = storages::create(&control, &actor, new).await.expect("the storage is kept").id;
        Self { control, actor, cluster, storage, server, database: database.to_owned(), dir }
    }

    /// Returns a wish to back up this world's database.
    pub(crate) fn wish(&self) -> BackupNow {
        let objects = vec![BackupObject::Database(self.database.clone())];
        BackupNow {
            cluster: self.cluster,
            wish: BackupWish { objects, ..BackupWish::default() },
            storage: None,
            auto_compaction: true,
            threads: Some(2),
            compression: None,
        }
    }

    /// Begins a backup of this world's database.
    pub(crate) async fn begin_backup(&self) -> TaskId {
        let accepted = backups::backup_now(&self.control, &self.actor, self.wish()).await;
        accepted.expect("the backup is accepted").task
    }

    /// Runs a task to its end, or into the fault. What only lives in the process dies with a crash.
    pub(crate) async fn run(&self, task: TaskId, fault: Option<Fault>) -> Ended {
        let (worker, metadata) = (self.control.worker(), self.control.metadata());
        worker.set_fault(fault);
        for _ in 0..WAITS_MAX {
            if worker.run_due().await.expect("the journal answers") == Ran::Crashed {
                self.control.context.snapshots.release_all().await;
                return Ended::Crashed;
            }
            let stored = self.task(task).await;
            if stored.status.is_finished() {
                return Ended::Finished(stored.status);
            }
            let free_at = stored.lease.map_or(stored.due_at, |lease| lease.until.max(stored.due_at));
            let now = metadata.time().await.expect("the journal tells the time");
            let wait = free_at.since(now).max(Duration::from_millis(1));
            metadata.pass(wait).await.expect("the journal's clock can be moved");
        }
        panic!("task {task} still waits after {WAITS_MAX} turns")
    }

    /// Runs a task that must end well.
    pub(crate) async fn finish(&self, task: TaskId) {
        let ended = self.run(task, None).await;
        assert_eq!(ended, Ended::Finished(TaskStatus::Successful), "{}", self.story(task).await);
    }

    /// Runs a task that must fail; returns the id of the text that says why.
    pub(crate) async fn fail(&self, task: TaskId) -> String {
        let ended = self.run(task, None).await;
        assert_eq!(ended, Ended::Finished(TaskStatus::Failed), "{}", self.story(task).await);
        let stored = self.task(task).await;
        let failed = stored.rows.iter().find_map(|row| row.note.clone());
        failed.or(stored.note).map(|note| note.id).unwrap_or_default()
    }

    pub(crate) async fn task(&self, task: TaskId) -> engine::Task {
        self.control.context.task(task).await.expect("the task is there")
    }

    /// Tells what a task has done: its steps with their logs.
    pub(crate) async fn story(&self, task: TaskId) -> String {
        let stored = self.task(task).await;
        let mut story = String::new();
        for row in &stored.rows {
            story.push_str(&format!("\n{} {} {:?}", row.step, row.status, row.note));
            let lines = self.control.metadata().logs(stored.id, row.number, 0, 1_000).await.expect("answers");
            for line in lines {
                story.push_str(&format!("\n    {}", line.note));
            }
        }
        story
    }

    /// Opens the folder of the only tenant's dumps.
    pub(crate) fn dumps(&self) -> Client {
        let roots = FileRoots::new([self.dir.path()]).expect("a root");
        let location = StorageLocation::directory(&self.dir.path().join("data/backups").to_string_lossy());
        let base = Client::open(&location.expect("a path"), None, &roots).expect("opens");
        base.below("demo/1/1/logical").expect("a folder")
    }

    /// Returns the ids of the dumps that lie in the storage: those with a manifest, and those without.
    pub(crate) async fn dump_ids(&self) -> (Vec<String>, Vec<String>) {
        let mut complete = Vec::new();
        let mut all = Vec::new();
        for entry in self.dumps().list("").await.expect("the storage answers") {
            let (id, path) = entry.key.split_once('/').expect("dumps lie in folders");
            all.push(id.to_owned());
            if path == "manifest.json" {
                complete.push(id.to_owned());
            }
        }
        all.dedup();
        all.retain(|id| !complete.contains(id));
        (complete, all)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        let address = Address { host: self.server.host.clone(), port: self.server.port };
        Endpoint::new(vec![address], "root", Secret::new(self.server.password.clone()))
    }

    /// Asks the server for one column of texts.
    pub(crate) async fn ask(&self, sql: &str) -> Vec<String> {
        let mut session = Session::open(&self.endpoint(), Arc::new(NoWitness)).await.expect("logs on");
        let rows = session.rows(&Statement::read(sql)).await.expect("the server answers");
        rows.iter().map(|row| row.str(0).expect("a text").to_owned()).collect()
    }

    /// Returns the statements that still run on the server for us, our own question aside.
    pub(crate) async fn running_statements(&self) -> Vec<String> {
        let sql = "SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO IS NOT NULL AND INFO LIKE ";
        let pattern = format!("'%`{}`%'", self.database);
        let all = self.ask(&format!("{sql}{pattern}")).await;
        all.into_iter().filter(|sql| !sql.contains("PROCESSLIST")).collect()
    }
}

/// Makes the database: keys of one and two columns, none, a foreign key, an index, a view.
fn fill(server: &Server, database: &str) {
    server.fresh_database(database).expect("the database is made");
    let rows = |row: &dyn Fn(u64) -> String| (1..=ROWS).map(row).collect::<Vec<_>>().join(",");
    let parents = rows(&|i| format!("({i},'name {i}')"));
    let children =
        rows(&|i| format!("({},{},{i},{})", i / 7, i % 7, if i % 5 == 0 { "NULL" } else { "'ä''\\\\'" }));
    let statements = [
        format!("USE `{database}`"),
        "CREATE TABLE parent (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL, KEY parent_name (name))"
            .into(),
        "CREATE TABLE child (a INT, b INT, parent_id BIGINT NOT NULL, note TEXT, PRIMARY KEY (a, b),
           CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id))"
            .into(),
        "CREATE TABLE loose (v VARBINARY(20))".into(),
        "CREATE VIEW totals AS SELECT parent_id, COUNT(*) AS n FROM child GROUP BY parent_id".into(),
        format!("INSERT INTO parent VALUES {parents}"),
        format!("INSERT INTO child VALUES {children}"),
        "INSERT INTO loose VALUES (0x00ff), (''), (NULL)".into(),
    ];
    server.run(&statements).expect("the database is filled");
}
