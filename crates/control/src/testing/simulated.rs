//! A world for the tests of physical flows: a simulated cluster whose clock moves with the journal's, a storage in a
//! directory that both see, and the data of a server.

use std::time::Duration;

use engine::testkit::Timed as _;
use engine::worker::Ran;
use engine::{Fault as Crash, Journal as _, TaskStatus};
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use model::Secret;
use model::backup::{BackupMethod, BackupWish, DataBackupMode};
use model::backup_set::BackupSet;
use model::cluster::Address;
use model::id::{ClusterId, StorageId, TaskId, UserId};
use model::storage::StorageLocation;
use model::user::Role;
use oceanbase::{Endpoint, NoWitness, Session, Statement};
use sim::{ClusterConfig, Config, Fault, FaultName, Handle, Profile, Server, TenantConfig};
use tempfile::TempDir;

use super::Ended;
use crate::backups::{self, BackupNow};
use crate::clusters::{self, NewCluster};
use crate::storages::{self, NewStorage, StorageChoice};
use crate::tasks::{self, Steer};
use crate::{Actor, Control, Settings};

/// How many times a task may wait before the test gives up.
const WAITS_MAX: u32 = 3_000;

/// The password of the simulated sys tenant, which must never appear anywhere.
const PASSWORD: &str = "of-the-sys-tenant";

/// Makes two tests of each function that takes a [`Profile`]: one on the most common long-term support version, one on
/// the newest version.
macro_rules! on_both_4x {
    ($($test:ident,)+) => {
        mod on_4_2_5 {
            $(#[tokio::test]
            async fn $test() {
                super::$test(sim::Profile::V4_2_5).await;
            })+
        }

        mod on_4_6_0 {
            $(#[tokio::test]
            async fn $test() {
                super::$test(sim::Profile::V4_6).await;
            })+
        }
    };
}
pub(crate) use on_both_4x;

/// Everything that a physical flow works with.
pub(crate) struct SimWorld {
    pub(crate) control: Control,
    pub(crate) actor: Actor,
    pub(crate) cluster: ClusterId,
    pub(crate) storage: StorageId,
    pub(crate) handle: Handle,
    pub(crate) dir: TempDir,
}

impl SimWorld {
    /// Creates a world with the tenants `shop` and `books`.
    pub(crate) async fn new(profile: Profile) -> Self {
        Self::with(profile, &["shop", "books"]).await
    }

    /// Creates a world with these tenants.
    pub(crate) async fn with(profile: Profile, tenants: &[&str]) -> Self {
        Self::changed(profile, tenants, |_| {}).await
    }

    /// Creates a world with these tenants, whose cluster is changed before it starts.
    pub(crate) async fn changed(
        profile: Profile,
        tenants: &[&str],
        change: impl FnOnce(&mut ClusterConfig),
    ) -> Self {
        Self::made(profile, tenants, change, |_| {}).await
    }

    /// Creates a world with these tenants and a server with other settings.
    pub(crate) async fn set_up(
        profile: Profile,
        tenants: &[&str],
        set_up: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::made(profile, tenants, |_| {}, set_up).await
    }

    async fn made(
        profile: Profile,
        tenants: &[&str],
        change: impl FnOnce(&mut ClusterConfig),
        set_up: impl FnOnce(&mut Settings),
    ) -> Self {
        let dir = TempDir::new().expect("a directory");
        let mut simulated = ClusterConfig {
            version: profile.to_string(),
            sys_password: PASSWORD.into(),
            major_freeze_duty_time: "disable".into(),
            tenants: tenants.iter().map(|name| TenantConfig::named(name)).collect(),
            ..ClusterConfig::default()
        };
        change(&mut simulated);
        let handle = Server::start(Config { clusters: vec![simulated], ..Config::paused(profile) }).await;
        let handle = handle.expect("the simulator starts");
        let mut settings = Settings {
            admin_password: Some(Secret::new("correct horse")),
            ..Settings::new(dir.path().join("data"))
        };
        set_up(&mut settings);
        let control = Control::open(settings).await.expect("opens").control;
        let actor = Actor {
            user: UserId(1),
            name: "admin".into(),
            role: Role::Admin,
            address: "test".into(),
            must_change_password: false,
            means: crate::actor::Means::Program,
        };
        let new = NewCluster {
            name: "prod".into(),
            addresses: vec![Address { host: "127.0.0.1".into(), port: handle.port() }],
            user: "root@sys".into(),
            password: Secret::new(PASSWORD),
        };
        let cluster = clusters::add(&control, &actor, new).await.expect("the cluster is taken over").id;
        let location = StorageLocation::directory(&dir.path().join("data/backups").to_string_lossy());
        let new = NewStorage { name: "local".into(), location: location.expect("a path"), secret: None };
        let storage = storages::create(&control, &actor, new).await.expect("the storage is kept").id;
        Self { control, actor, cluster, storage, handle, dir }
    }

    /// Returns a request to back up the whole cluster.
    pub(crate) fn wish(&self, mode: DataBackupMode) -> BackupNow {
        let wish =
            BackupWish { method: Some(BackupMethod::Physical), mode: Some(mode), ..BackupWish::default() };
        BackupNow {
            cluster: self.cluster,
            wish,
            storage: Some(StorageChoice::Saved(self.storage)),
            consent: Default::default(),
            auto_compaction: true,
            accept_deletions: false,
            plus_archivelog: false,
            encryption: None,
            threads: None,
            compression: None,
        }
    }

    /// Starts a backup.
    pub(crate) async fn begin(&self, wish: BackupNow) -> TaskId {
        let accepted = backups::backup_now(&self.control, &self.actor, wish, None).await;
        accepted.expect("the backup is accepted").task
    }

    /// Runs a task to its end, or into the fault. The cluster's time passes with the journal's.
    pub(crate) async fn run(&self, task: TaskId, fault: Option<Crash>) -> Ended {
        self.run_until(task, fault, |_| false).await.expect("nothing else ends it")
    }

    /// Runs a task until a condition holds, or to its end. Returns none in the first case.
    pub(crate) async fn run_until(
        &self,
        task: TaskId,
        fault: Option<Crash>,
        holds: impl Fn(&engine::Task) -> bool,
    ) -> Option<Ended> {
        let (worker, metadata) = (self.control.worker(), self.control.metadata());
        worker.set_fault(fault);
        for _ in 0..WAITS_MAX {
            if worker.run_due().await.expect("the journal answers") == Ran::Crashed {
                return Some(Ended::Crashed);
            }
            let stored = self.task(task).await;
            if stored.status.is_finished() {
                return Some(Ended::Finished(stored.status));
            }
            if holds(&stored) {
                return None;
            }
            let free_at = stored.lease.map_or(stored.due_at, |lease| lease.until.max(stored.due_at));
            let now = metadata.time().await.expect("the journal tells the time");
            let wait = free_at.since(now).max(Duration::from_millis(1));
            metadata.pass(wait).await.expect("the journal's clock can be moved");
            self.handle.advance_seconds(wait.as_secs_f64());
        }
        panic!("task {task} still waits after {WAITS_MAX} turns: {}", self.story(task).await)
    }

    /// Runs a task that must succeed.
    pub(crate) async fn finish(&self, task: TaskId) {
        let ended = self.run(task, None).await;
        assert_eq!(ended, Ended::Finished(TaskStatus::Successful), "{}", self.story(task).await);
    }

    /// Runs a task that must fail; returns the failed step and the id of the error text.
    pub(crate) async fn fail(&self, task: TaskId) -> (String, String) {
        let ended = self.run(task, None).await;
        assert_eq!(ended, Ended::Finished(TaskStatus::Failed), "{}", self.story(task).await);
        let stored = self.task(task).await;
        let failed = stored.rows.iter().find_map(|row| Some((row.step.clone(), row.note.clone()?.id)));
        failed.unwrap_or_else(|| panic!("nothing says why: {stored:?}"))
    }

    pub(crate) async fn task(&self, task: TaskId) -> engine::Task {
        self.control.context.task(task).await.expect("the task is there")
    }

    /// Gives an operator's command.
    pub(crate) async fn steer(&self, task: TaskId, wish: Steer) {
        tasks::steer(&self.control, &self.actor, task, wish).await.expect("the command fits");
    }

    /// Returns the steps of a task with their logs.
    pub(crate) async fn story(&self, task: TaskId) -> String {
        let stored = self.task(task).await;
        let mut story = String::new();
        for row in &stored.rows {
            story.push_str(&format!("\n{} [{}] {} {:?}", row.step, row.lane, row.status, row.note));
            let lines = self.control.metadata().logs(stored.id, row.number, 0, 1_000).await.expect("answers");
            for line in lines {
                story.push_str(&format!("\n    {}", line.note));
            }
        }
        story
    }

    /// Returns the sets that a task has recorded.
    pub(crate) async fn sets_of(&self, task: TaskId) -> Vec<BackupSet> {
        let query = BackupSetQuery { task: Some(task), ..BackupSetQuery::default() };
        let all = Slice { offset: 0, limit: 1_000 };
        self.control.metadata().backup_set_list(&query, all).await.expect("answers").items
    }

    /// Returns the statements that changed, or tried to change, the cluster, without those about settings of sessions.
    pub(crate) fn acts(&self) -> Vec<String> {
        let entries = self.handle.transcript();
        let acts = entries.into_iter().filter(|entry| entry.sql.to_uppercase().starts_with("ALTER SYSTEM"));
        acts.map(|entry| entry.sql).collect()
    }

    /// Counts the acts that begin with this text.
    pub(crate) fn count_acts(&self, beginning: &str) -> usize {
        self.acts().iter().filter(|sql| sql.starts_with(beginning)).count()
    }

    /// Starts a fault of one tenant, or of all.
    pub(crate) fn fault(&self, name: FaultName, tenant: Option<&str>) {
        self.handle.fault(&Fault { tenant: tenant.map(str::to_owned), ..Fault::new(name) });
    }

    /// Sends a statement to the cluster as another client would.
    pub(crate) async fn say(&self, sql: &str) {
        self.say_to(&self.handle, sql).await;
    }

    /// Takes over another cluster, for which `file:///` is another directory.
    pub(crate) async fn another(
        &self,
        name: &str,
        cluster: ClusterConfig,
        start_us: i64,
        file_root: &std::path::Path,
    ) -> (ClusterId, Handle) {
        let config = Config {
            clusters: vec![ClusterConfig {
                sys_password: PASSWORD.into(),
                major_freeze_duty_time: "disable".into(),
                ..cluster
            }],
            start_us: Some(start_us),
            speed: 0.0,
            file_root: Some(file_root.to_owned()),
            ..Config::default()
        };
        let handle = Server::start(config).await.expect("the simulator starts");
        let new = NewCluster {
            name: name.into(),
            addresses: vec![Address { host: "127.0.0.1".into(), port: handle.port() }],
            user: "root@sys".into(),
            password: Secret::new(PASSWORD),
        };
        let added = clusters::add(&self.control, &self.actor, new).await;
        (added.expect("the cluster is taken over").id, handle)
    }

    /// Sends a statement to one of the clusters.
    pub(crate) async fn say_to(&self, handle: &Handle, sql: &str) {
        let address = Address { host: "127.0.0.1".into(), port: handle.port() };
        let endpoint = Endpoint::new(vec![address], "root@sys", Secret::new(PASSWORD));
        let session = Session::open(&endpoint, std::sync::Arc::new(NoWitness)).await;
        session.expect("logs on").run(&Statement::act(sql)).await.expect("the cluster takes it");
    }

    /// Checks that the simulator knew all statements, and that no secret was sent.
    pub(crate) async fn assert_clean(&self, task: TaskId) {
        let gaps: Vec<_> = self.handle.transcript().into_iter().filter(|entry| entry.gap).collect();
        assert!(gaps.is_empty(), "{gaps:?}");
        assert!(!self.story(task).await.contains(PASSWORD));
    }
}
