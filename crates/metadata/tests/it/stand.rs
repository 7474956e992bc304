//! A database for tests, and its contents.

use std::path::Path;

use engine::journal::NewTask;
use engine::{Flow, Next, Note, Step};
use metadata::clusters::NewCluster;
use metadata::{Metadata, Server, Transaction};
use model::Secret;
use model::ability::{BackupAbility, Generation};
use model::cluster::{ClusterFacts, ClusterRole, ClusterStatus};
use model::version::ServerVersion;

/// Runs each promise against each database.
macro_rules! for_every_database {
    ($($promise:ident)*) => {
        crate::stand::for_every_database! { @on sqlite, Sqlite: $($promise)* }
        crate::stand::for_every_database! { @on mariadb, Mariadb: $($promise)* }
        crate::stand::for_every_database! { @on seekdb, Seekdb: $($promise)* }
    };
    (@on $module:ident, $kind:ident: $($promise:ident)*) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $promise() {
                    let stand = crate::stand::Stand::on(crate::stand::Kind::$kind).await;
                    super::$promise(stand.metadata.clone()).await;
                    stand.metadata.close().await;
                }
            )*
        }
    };
}
pub(crate) use for_every_database;

/// The databases that can store metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Mariadb,
    Seekdb,
}

impl Kind {
    /// Those on which several servers can work.
    pub(crate) const SERVERS: [Self; 2] = [Self::Mariadb, Self::Seekdb];

    /// Returns an empty database on a server, and its password; `None` for SQLite.
    pub(crate) async fn fresh_database(self) -> Option<(String, String)> {
        let made = tokio::task::spawn_blocking(move || {
            let name = format!("metadata_{:016x}", rand::random::<u64>());
            let create = [format!("CREATE DATABASE {name}")];
            match self {
                Self::Sqlite => None,
                Self::Mariadb => {
                    let server = xtask::mariadb::shared().expect("MariaDB starts");
                    server.run(&create).expect("a new database");
                    Some((
                        format!("mysql://root@{}:{}/{name}", server.host, server.port),
                        server.password.clone(),
                    ))
                }
                Self::Seekdb => {
                    let server = xtask::seekdb::shared().expect("seekdb starts");
                    server.run(&create).expect("a new database");
                    Some((format!("mysql://root@{}:{}/{name}", server.host, server.port), server.password))
                }
            }
        });
        made.await.expect("no panic")
    }

    /// Returns an empty database on a server.
    pub(crate) async fn fresh_server(self) -> Server {
        let (url, password) = self.fresh_database().await.expect("a server");
        Server::from_url(&url, Secret::new(password)).expect("a URL")
    }
}

/// An open database with its own data directory.
pub(crate) struct Stand {
    directory: tempfile::TempDir,
    pub(crate) metadata: Metadata,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        Self::on(Kind::Sqlite).await
    }

    pub(crate) async fn on(kind: Kind) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let metadata = match kind {
            Kind::Sqlite => open(directory.path()).await,
            _ => open_on(directory.path(), &kind.fresh_server().await).await,
        };
        Self { directory, metadata }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Closes the database, and returns the directory.
    pub(crate) async fn close(self) -> tempfile::TempDir {
        self.metadata.close().await;
        self.directory
    }
}

pub(crate) async fn open_on(directory: &Path, server: &Server) -> Metadata {
    Metadata::open_on(directory, server).await.expect("a database on a server")
}

pub(crate) async fn open(directory: &Path) -> Metadata {
    Metadata::open(directory).await.expect("a data directory")
}

pub(crate) async fn begin(metadata: &Metadata) -> Transaction {
    metadata.begin().await.expect("the database answers")
}

pub(crate) async fn commit(transaction: Transaction) {
    transaction.commit().await.expect("the database keeps it");
}

/// A placeholder flow with one step, and one step per lane.
pub(crate) struct Plain;

impl Flow for Plain {
    const KIND: &'static str = "plain";
    const VERSION: u32 = 1;
    type Context = ();
    type State = u64;
    type Lane = u64;
    const STEPS: &'static [Step<Self>] = &[
        Step::one("first", |_, _| Box::pin(async { Ok(Next::Done) })),
        Step::each("each", |_, _, _| Box::pin(async { Ok(Next::Done) })),
    ];
}

pub(crate) fn new_task(lanes: &[&str]) -> NewTask {
    let lanes = lanes.iter().map(|&lane| lane.to_owned());
    NewTask::of::<Plain>(Note::new("plain"), &0, lanes).expect("a number is JSON").creator("eva")
}

pub(crate) fn new_cluster(name: &str, password: &str) -> NewCluster {
    NewCluster {
        name: name.to_owned(),
        addresses: vec!["db1:2881".parse().expect("an address"), "[::1]:2882".parse().expect("an address")],
        user: "root@sys".to_owned(),
        password: Secret::new(password),
        facts: facts(),
        status: ClusterStatus::Running,
    }
}

pub(crate) fn facts() -> ClusterFacts {
    let version = "5.7.25-OceanBase seekdb-v1.4.0.0";
    ClusterFacts {
        ob_name: "seekdb".to_owned(),
        ob_cluster_id: 1,
        server: ServerVersion::identify(version, version).expect("a seekdb"),
        generation: Generation::Seekdb,
        ability: BackupAbility::LogicalBackup,
        zones: Vec::new(),
        servers: Vec::new(),
        upgrading: false,
        role: ClusterRole::Primary,
        has_standby: false,
    }
}
