//! A server's data in its own directory, with a caller.

use control::clusters::{self, NewCluster};
use control::storages::{self, NewStorage};
use control::{Actor, Control, Error, Settings, users};
use model::Secret;
use model::cluster::{Address, Cluster};
use model::storage::{Storage, StorageLocation};
use model::user::Role;
use tempfile::TempDir;
use xtask::seekdb::Server;

/// The first account's password.
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct Stand {
    pub(crate) control: Control,
    pub(crate) admin: Actor,
    pub(crate) dir: TempDir,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        let settings = Settings {
            admin_password: Some(Secret::new(PASSWORD)),
            ..Settings::new(dir.path().join("data"))
        };
        let control = Control::open(settings).await.expect("opens").control;
        let admin = users::authenticate(&control, "admin", &Secret::new(PASSWORD), "stand").await;
        Self { admin: admin.expect("logs on"), control, dir }
    }

    /// A user with fewer permissions.
    pub(crate) fn viewer(&self) -> Actor {
        Actor { name: "vera".into(), role: Role::ClusterViewer, ..self.admin.clone() }
    }

    pub(crate) async fn add_seekdb(&self, name: &str) -> Cluster {
        clusters::add(&self.control, &self.admin, seekdb(name)).await.expect("it is taken over")
    }

    pub(crate) fn directory(&self, name: &str) -> StorageLocation {
        let path = self.dir.path().join("data").join(name);
        StorageLocation::directory(&path.to_string_lossy()).expect("a path")
    }

    pub(crate) async fn add_storage(&self, name: &str) -> Storage {
        let new = NewStorage { name: name.into(), location: self.directory(name), secret: None };
        storages::create(&self.control, &self.admin, new).await.expect("it is kept")
    }
}

pub(crate) fn server() -> Server {
    xtask::seekdb::shared().expect("seekdb starts")
}

pub(crate) fn seekdb(name: &str) -> NewCluster {
    let server = server();
    NewCluster {
        name: name.into(),
        addresses: vec![Address { host: server.host, port: server.port }],
        user: "root".into(),
        password: Secret::new(server.password),
    }
}

/// Returns the id of the error text.
pub(crate) fn why<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.expect_err("refused").into_problem().text.id
}

/// Returns the error code of OCP.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> u32 {
    outcome.expect_err("refused").problem().code
}
