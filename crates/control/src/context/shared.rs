//! The shared state of use cases and flows: the metadata, the allowed directories, and the state that exists in this
//! process only.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};

use metadata::{Metadata, Server as MetadataServer};
use model::Timestamp;
use model::egress::Egress;
use model::history::HistoryDays;
use model::limits::Limits;
use storage::{FileRoots, Rules};
use tokio::sync::Notify;

use super::clean_up_troubles::CleanUpTroubles;
use super::error::Error;
use super::health::Health;
use super::heartbeat::Heartbeats;
use super::log_checkpoints::LogCheckpoints;
use super::log_on::LogOn;
use super::said::Said;
use super::settings::{ConfigurationValue, Settings};
use super::snapshots::Snapshots;
use super::troubles::Troubles;
use super::watch_log::WatchLog;

/// What use cases and flows share.
pub(crate) struct Context {
    pub(crate) metadata: Metadata,
    pub(crate) roots: FileRoots,
    /// What storages may use: directories, addresses, memory.
    pub(crate) rules: Rules,
    /// The addresses of clusters to which no connection is allowed.
    pub(crate) egress: Arc<Egress>,
    /// The maximum amount of data that clusters may send.
    pub(crate) limits: Limits,
    /// How long old history is kept.
    pub(crate) history: HistoryDays,
    pub(crate) data_dir: PathBuf,
    /// This server's name, shown to users.
    pub(crate) server_name: String,
    /// Identifies this run of the server: another one of the same server has another number.
    pub(crate) run: u64,
    /// The snapshots of running dumps, kept readable between two steps.
    pub(crate) snapshots: Snapshots,
    pub(crate) log_on: LogOn,
    /// The problems that the last refresh of each cluster found.
    pub(crate) troubles: Troubles,
    /// The problems that the last check of each cluster's delete policies found.
    pub(crate) clean_up_troubles: CleanUpTroubles,
    /// The log backup checkpoints at the last refresh of each cluster.
    pub(crate) log_checkpoints: LogCheckpoints,
    /// Makes the watcher refresh the clusters immediately.
    pub(crate) look: Notify,
    /// Makes the watcher check the delete policies immediately.
    pub(crate) check_policies: Notify,
    /// Whether this server could do its work at the last check.
    pub(crate) health: Health,
    pub(crate) heartbeats: Heartbeats,
    /// The configuration that administrators may read.
    pub(crate) configuration: Vec<ConfigurationValue>,
    /// The maximum number of running data backups when a strategy starts one more.
    pub(crate) data_backups_at_once: usize,
    /// The same limit for one storage; none means no limit per storage.
    pub(crate) backups_per_storage: Option<usize>,
    /// The messages about strategies that are in the log already.
    pub(crate) said: Said,
    /// When this server decided about strategies for the first time.
    pub(crate) scheduler_begun: OnceLock<Timestamp>,
    /// The last clean-up of each strategy that this server has handled.
    pub(crate) cleaned: Said,
    /// Whether the disk of the data directory was full at the last check.
    pub(crate) was_full: AtomicBool,
    /// The last runs of the watchers.
    pub(crate) watch_log: WatchLog,
    /// The number of readings of alarms, to tell which of two readings is later.
    pub(crate) alarms_read: AtomicU64,
}

impl Context {
    /// Opens the data of a server in the data directory of its settings.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Error> {
        let Settings { data_dir, metadata: server, file_roots, egress, limits, .. } = settings;
        let data_dir = absolute(data_dir)?;
        let roots =
            if file_roots.is_empty() { FileRoots::new([&data_dir]) } else { FileRoots::new(file_roots) }?;
        let rules = Rules::new(roots.clone(), egress.clone(), *limits);
        Ok(Self {
            heartbeats: Heartbeats::new(settings.heartbeat.clone(), &rules)?,
            configuration: settings.configuration.clone(),
            metadata: open_metadata(&data_dir, server.as_ref()).await?,
            rules,
            egress: Arc::new(egress.clone()),
            limits: *limits,
            history: settings.history,
            roots,
            data_dir,
            server_name: settings.server_name.clone(),
            run: rand::random(),
            snapshots: Snapshots::default(),
            log_on: LogOn::new(),
            troubles: Troubles::default(),
            clean_up_troubles: CleanUpTroubles::default(),
            log_checkpoints: LogCheckpoints::default(),
            look: Notify::new(),
            check_policies: Notify::new(),
            health: Health::default(),
            data_backups_at_once: settings.data_backups_at_once.max(1),
            backups_per_storage: settings.backups_per_storage.map(|number| number.max(1)),
            said: Said::default(),
            scheduler_begun: OnceLock::new(),
            cleaned: Said::default(),
            was_full: AtomicBool::new(false),
            watch_log: WatchLog::default(),
            alarms_read: AtomicU64::new(0),
        })
    }
}

/// Opens the metadata database.
pub(crate) async fn open_metadata(
    data_dir: &Path,
    server: Option<&MetadataServer>,
) -> Result<Metadata, metadata::Error> {
    match server {
        None => Metadata::open(data_dir).await,
        Some(server) => Metadata::open_on(data_dir, server).await,
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|cause| {
        let problem =
            model::Problem::invalid("data-directory-failed").with("path", path.display()).raw(&cause);
        Error::caused(problem, cause)
    })
}
