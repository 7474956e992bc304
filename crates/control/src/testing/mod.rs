//! Worlds for the tests of flows and use cases: the real kernel with a small database, a storage in a directory, and
//! the data of a server.

pub(crate) mod simulated;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use engine::testkit::Timed as _;
use engine::worker::Ran;
use engine::{Fault, Journal as _, TaskStatus};
use model::Secret;
use model::backup::{BackupObject, BackupWish};
use model::cluster::Address;
use model::id::{ClusterId, TaskId, TenantId, UserId};
use model::storage::StorageLocation;
use model::user::Role;
use oceanbase::{Endpoint, NoWitness, Session, Statement};
use storage::{Client, FileRoots};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use xtask::seekdb::Server;

use crate::backups::{self, BackupNow};
use crate::clusters::{self, NewCluster};
use crate::storages::{self, NewStorage};
use crate::tasks::{self, Steer};
use crate::tenants::credential::{self, CredentialTest, NewCredential};
use crate::{Actor, Control, Settings};

/// How many times a task may wait before the test gives up.
const WAITS_MAX: u32 = 1_000;

/// The number of rows of the larger tables: enough to be split into pieces, and to get their indexes after their rows.
pub(crate) const ROWS: u64 = 1_500;

/// Everything that a flow works with.
pub(crate) struct World {
    pub(crate) control: Control,
    pub(crate) actor: Actor,
    pub(crate) cluster: ClusterId,
    pub(crate) server: Server,
    pub(crate) database: String,
    pub(crate) dir: TempDir,
    /// The tenant that is backed up, and that is recovered into.
    pub(crate) tenant: TenantId,
    /// The folder of the tenant's dumps, below the storage's base.
    folder: String,
    /// The simulated cluster; none for seekdb.
    pub(crate) simulator: Option<sim::Handle>,
}

/// The password of a simulated tenant, which must never appear anywhere.
pub(crate) const TENANT_PASSWORD: &str = "of-the-tenant-itself";

/// The password of a simulated cluster.
pub(crate) const SYS_PASSWORD: &str = "of-the-sys-tenant";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Crashed,
    Finished(TaskStatus),
}

impl World {
    /// Creates a world on the shared server, with its own database.
    pub(crate) async fn new(database: &str) -> Self {
        let server = xtask::seekdb::shared().expect("seekdb starts");
        Self::on(server, database).await
    }

    /// Creates a world on this server.
    pub(crate) async fn on(server: Server, database: &str) -> Self {
        fill(&server, database);
        let address = Address { host: server.host.clone(), port: server.port };
        let new = new_cluster(address, "root", &server.password);
        Self::over(server, database, new).await
    }

    /// Creates a world with a simulated OceanBase of that version. The data of its tenants `shop` and `crm` are on
    /// the shared server. The credential of `shop` is saved.
    pub(crate) async fn of_tenant(profile: sim::Profile, database: &str) -> Self {
        let server = xtask::seekdb::shared().expect("seekdb starts");
        fill(&server, database);
        let tenant = |name: &str, mode: &str| sim::TenantConfig {
            password: TENANT_PASSWORD.into(),
            mode: mode.into(),
            ..sim::TenantConfig::named(name)
        };
        let simulated = sim::ClusterConfig {
            version: profile.to_string(),
            sys_password: SYS_PASSWORD.into(),
            tenants: vec![
                tenant("shop", "MYSQL"),
                tenant("ora", "ORACLE"),
                tenant("books", "MYSQL"),
                tenant("crm", "MYSQL"),
            ],
            ..sim::ClusterConfig::default()
        };
        let backend = |tenant: &str| sim::Backend {
            tenant: tenant.into(),
            address: format!("{}:{}", server.host, server.port),
            user: "root".into(),
            password: server.password.clone(),
        };
        let config = sim::Config {
            clusters: vec![simulated],
            backends: vec![backend("shop"), backend("crm")],
            ..sim::Config::paused(profile)
        };
        let simulator = sim::Server::start(config).await.expect("the simulator starts");
        let address = Address { host: "127.0.0.1".into(), port: simulator.port() };
        let mut world = Self::over(server, database, new_cluster(address, "root@sys", SYS_PASSWORD)).await;
        world.simulator = Some(simulator);
        world.tenant = TenantId(1002);
        world.folder = "demo/1/1002/logical".into();
        world.give_credential(TENANT_PASSWORD).await.expect("the tenant lets its user in");
        world
    }

    /// Saves the credential of the tenant.
    pub(crate) async fn give_credential(&self, password: &str) -> Result<CredentialTest, crate::Error> {
        let new = NewCredential { user: "root".into(), password: Secret::new(password) };
        credential::set(&self.control, &self.actor, self.cluster, self.tenant, new).await
    }

    async fn over(server: Server, database: &str, new: NewCluster) -> Self {
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
            means: crate::actor::Means::Program,
        };
        let cluster = clusters::add(&control, &actor, new).await.expect("the cluster is taken over").id;
        let location = StorageLocation::directory(&dir.path().join("data/backups").to_string_lossy());
        let new = NewStorage { name: "local".into(), location: location.expect("a path"), secret: None };
        storages::create(&control, &actor, new).await.expect("the storage is kept");
        let (database, folder) = (database.to_owned(), "demo/1/1/logical".to_owned());
        Self { control, actor, cluster, server, database, dir, tenant: TenantId(1), folder, simulator: None }
    }

    /// Returns a request to back up this world's database.
    pub(crate) fn wish(&self) -> BackupNow {
        let objects = vec![BackupObject::Database(self.database.clone())];
        BackupNow {
            cluster: self.cluster,
            wish: BackupWish { objects, tenants: vec![self.tenant], ..BackupWish::default() },
            storage: None,
            consent: Default::default(),
            auto_compaction: true,
            accept_deletions: false,
            plus_archivelog: false,
            encryption: None,
            threads: Some(2),
            compression: None,
        }
    }

    /// Starts a backup of this world's database.
    pub(crate) async fn begin_backup(&self) -> TaskId {
        self.begin(self.wish()).await.expect("the backup is accepted")
    }

    /// Starts a backup.
    pub(crate) async fn begin(&self, wish: BackupNow) -> Result<TaskId, crate::Error> {
        Ok(backups::backup_now(&self.control, &self.actor, wish, None).await?.task)
    }

    /// Sends a statement to the simulated cluster as another client would.
    pub(crate) async fn say(&self, user: &str, password: &str, sql: &str) {
        let port = self.simulator.as_ref().expect("the cluster is simulated").port();
        let address = Address { host: "127.0.0.1".into(), port };
        let endpoint = Endpoint::new(vec![address], user, Secret::new(password));
        let session = Session::open(&endpoint, Arc::new(NoWitness)).await;
        session.expect("logs on").run(&Statement::act(sql)).await.expect("the cluster takes it");
    }

    /// Runs a task to its end, or into the fault. A crash loses the state that exists only in the process.
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

    /// Runs the server as it runs for users.
    pub(crate) fn run_in_background(&self) -> Running {
        let (shutdown, control) = (CancellationToken::new(), self.control.clone());
        let token = shutdown.clone();
        Running { shutdown, handle: tokio::spawn(async move { control.run(token).await }) }
    }

    /// Creates a table that takes a while to read and load: 8 rows of 8 MB.
    pub(crate) async fn add_big_table(&self) {
        self.alter("CREATE TABLE big (id INT PRIMARY KEY, t LONGBLOB)").await;
        self.alter("INSERT INTO big VALUES (0, REPEAT('x', 8000000))").await;
        for doublings in 0..3 {
            self.alter(&format!("INSERT INTO big SELECT id + {}, t FROM big", 1 << doublings)).await;
        }
    }

    /// Runs a task that must succeed.
    pub(crate) async fn finish(&self, task: TaskId) {
        let ended = self.run(task, None).await;
        assert_eq!(ended, Ended::Finished(TaskStatus::Successful), "{}", self.story(task).await);
    }

    /// Runs a task that must fail; returns the id of the error text.
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

    /// Returns the steps of a task with their logs.
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
        base.below(&self.folder).expect("a folder")
    }

    /// Returns the ids of the dumps in the storage: those with a manifest, and those without.
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

    /// Changes something in this world's database.
    pub(crate) async fn alter(&self, sql: &str) {
        self.alter_in(&self.database, sql).await;
    }

    /// Changes something in a database of this world's server.
    pub(crate) async fn alter_in(&self, database: &str, sql: &str) {
        let mut session = Session::open(&self.endpoint(), Arc::new(NoWitness)).await.expect("logs on");
        session.run(&Statement::act(format!("USE `{database}`"))).await.expect("there is the database");
        let mut tries = 0;
        let mut statement = sql.to_owned();
        while let Err(error) = session.run(&Statement::act(statement)).await {
            let number = error.number().unwrap_or_default();
            if xtask::seekdb::has_succeeded(number, &error.to_string(), tries) {
                break;
            }
            statement = xtask::seekdb::again(sql);
            tries += 1;
            let may_pass = error.is_transient() || xtask::seekdb::is_unsettled(number);
            assert!(may_pass && tries < 50, "the server takes the statement: {error:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        session.close().await;
    }

    /// Gives an operator's command.
    pub(crate) async fn steer(&self, task: TaskId, wish: Steer) {
        tasks::steer(&self.control, &self.actor, task, wish).await.expect("the command fits");
    }

    /// Waits for a condition on a task that runs in the background; bounded.
    pub(crate) async fn wait_until(&self, task: TaskId, stands: impl Fn(&engine::Task) -> bool) {
        let limit = Duration::from_secs(300);
        let watch = async {
            while !stands(&self.task(task).await) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        if tokio::time::timeout(limit, watch).await.is_err() {
            panic!("task {task} does not get there: {}", self.story(task).await);
        }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        let address = Address { host: self.server.host.clone(), port: self.server.port };
        Endpoint::new(vec![address], "root", Secret::new(self.server.password.clone()))
    }

    /// Queries the server for one column of texts.
    pub(crate) async fn ask(&self, sql: &str) -> Vec<String> {
        let mut session = Session::open(&self.endpoint(), Arc::new(NoWitness)).await.expect("logs on");
        let rows = session.rows(&Statement::read(sql)).await.expect("the server answers");
        rows.iter().map(|row| row.str(0).expect("a text").to_owned()).collect()
    }

    /// Returns the statements about a database that are running on the server.
    pub(crate) async fn running_statements(&self, database: &str) -> Vec<String> {
        let sql = "SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO IS NOT NULL";
        let all = self.ask(&format!("{sql} AND (DB = '{database}' OR INFO LIKE '%`{database}`%')")).await;
        all.into_iter().filter(|sql| !sql.contains("PROCESSLIST")).collect()
    }
}

fn new_cluster(address: Address, user: &str, password: &str) -> NewCluster {
    NewCluster {
        name: "demo".into(),
        addresses: vec![address],
        user: user.into(),
        password: Secret::new(password),
    }
}

/// A running server.
pub(crate) struct Running {
    shutdown: CancellationToken,
    handle: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.handle.await.expect("the server ends");
    }
}

/// A tmpfs of 2 MiB, mounted on a directory for as long as this lives.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// Mounts it. If mounting is not allowed, prints the reason and returns none; in CI, panics.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        match mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"], path) {
            true => Some(Self(path.to_owned())),
            false => {
                assert_ne!(
                    std::env::var("CI").as_deref(),
                    Ok("true"),
                    "CI tests full and read-only file systems"
                );
                eprintln!("not tested: no file system can be mounted here");
                None
            }
        }
    }

    pub(crate) fn make_read_only(&self) {
        assert!(mount(&["-o", "remount,ro"], &self.0), "what could be mounted can be remounted");
    }

    pub(crate) fn grow(&self) {
        assert!(mount(&["-o", "remount,size=64m"], &self.0), "what could be mounted can be remounted");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(options: &[&str], path: &Path) -> bool {
    Command::new("mount").args(options).arg(path).status().is_ok_and(|status| status.success())
}

/// Creates the database: tables with a key of one column, of two columns and without a key, a foreign key, an index, a
/// view.
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
