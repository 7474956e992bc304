//! The settings of a server.

use std::path::PathBuf;

use metadata::Server as MetadataServer;
use model::Secret;
use model::egress::Egress;
use model::history::HistoryDays;
use model::limits::Limits;

use super::heartbeat::Heartbeat;

/// The default of [`Settings::data_backups_at_once`].
const DATA_BACKUPS_AT_ONCE: usize = 4;

/// The settings of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of the server's own data.
    pub data_dir: PathBuf,
    /// The database server for the metadata; if none, the metadata are in the data directory.
    pub metadata: Option<MetadataServer>,
    /// The directories that file storages must be in; none means the data directory.
    pub file_roots: Vec<PathBuf>,
    /// The maximum number of tasks that run at once.
    pub tasks_at_once: usize,
    /// The number of running data backups at which strategies start no further one.
    pub data_backups_at_once: usize,
    /// The same number for each storage; none means that only [`Settings::data_backups_at_once`] limits.
    pub backups_per_storage: Option<usize>,
    /// The server's name, shown to users as the server that runs a task.
    pub server_name: String,
    /// The addresses of clusters and object stores to which no connection is allowed.
    pub egress: Egress,
    /// The maximum amount of data that clusters and object stores may send.
    pub limits: Limits,
    /// How long the logs of finished tasks and the audit log are kept.
    pub history: HistoryDays,
    /// Where this server sends its heartbeats; none sends none.
    pub heartbeat: Option<Heartbeat>,
    /// The server's configuration as its administrators may read it: no value is a secret.
    pub configuration: Vec<ConfigurationValue>,
    /// The first account's password; a random one if none. Used on the first start only.
    pub admin_password: Option<Secret>,
}

/// A value of a server's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationValue {
    /// Its key, as in the configuration file.
    pub key: &'static str,
    /// The value as text; the values of a list are separated by commas.
    pub value: String,
    /// Where it comes from: a flag, the name of an environment variable, the path of a file, or `built in`.
    pub source: String,
}

impl Settings {
    /// Returns the default settings of a server with this data directory.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            metadata: None,
            file_roots: Vec::new(),
            tasks_at_once: 8,
            data_backups_at_once: DATA_BACKUPS_AT_ONCE,
            backups_per_storage: None,
            server_name: "lifeboat".to_owned(),
            egress: Egress::default(),
            limits: Limits::DEFAULT,
            history: HistoryDays::DEFAULT,
            heartbeat: None,
            configuration: Vec::new(),
            admin_password: None,
        }
    }
}
