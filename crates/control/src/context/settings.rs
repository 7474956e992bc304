//! What a server is set up with.

use std::path::PathBuf;

use metadata::Server as MetadataServer;
use model::Secret;
use model::egress::Egress;
use model::limits::Limits;

/// How many data backups may run at once, unless the settings say otherwise.
const DATA_BACKUPS_AT_ONCE: usize = 4;

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it keeps its own data.
    pub data_dir: PathBuf,
    /// The server that keeps the metadata; without one they lie in the data directory.
    pub metadata: Option<MetadataServer>,
    /// The directories below which storages may lie; none means the data directory.
    pub file_roots: Vec<PathBuf>,
    /// How many tasks run at once.
    pub tasks_at_once: usize,
    /// With how many running data backups strategies start no more.
    pub data_backups_at_once: usize,
    /// With how many running data backups to one storage strategies start no more to it; none means that only
    /// [`Settings::data_backups_at_once`] counts.
    pub backups_per_storage: Option<usize>,
    /// Its name, shown to people as the one who runs a task.
    pub server_name: String,
    /// To which addresses of clusters and object stores no connection is made.
    pub egress: Egress,
    /// How much clusters and object stores may send.
    pub limits: Limits,
    /// The first account's password; a random one when left out. Looked at on the first start only.
    pub admin_password: Option<Secret>,
}

impl Settings {
    /// Returns the settings of a server that keeps its data here.
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
            admin_password: None,
        }
    }
}
