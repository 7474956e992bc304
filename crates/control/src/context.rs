//! What use cases and flows stand on: the metadata, the allowed directories, and what lives in this process only.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use engine::worker::{Wake, Worker};
use metadata::{Metadata, Server as MetadataServer};
use model::Secret;
use storage::FileRoots;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::alarms::Seen;
use crate::error::Error;
use crate::flows::snapshots::Snapshots;
use crate::health::Health;
use crate::users::log_on::LogOn;
use crate::watch::troubles::Troubles;
use crate::{first_start, flows, watch as watchers};

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
    /// Its name, shown to people as the one who runs a task.
    pub server_name: String,
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
            server_name: "lifeboat".to_owned(),
            admin_password: None,
        }
    }
}

/// A server that was opened.
pub struct Opened {
    /// What the use cases need.
    pub control: Control,
    /// The file with the first password, for as long as that is to be changed.
    pub initial_password: Option<PathBuf>,
}

/// Everything that the use cases need. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pub(crate) context: Arc<Context>,
    worker: Arc<Worker<Metadata>>,
    newest_event: Arc<watch::Sender<i64>>,
    alarms: Arc<watch::Sender<Seen>>,
}

/// What use cases and flows share.
pub(crate) struct Context {
    pub(crate) metadata: Metadata,
    pub(crate) roots: FileRoots,
    pub(crate) data_dir: PathBuf,
    /// The moments of the dumps that are being made, kept readable between two steps.
    pub(crate) snapshots: Snapshots,
    pub(crate) log_on: LogOn,
    /// What the last look at each cluster found wrong.
    pub(crate) troubles: Troubles,
    /// Makes the watcher look at the clusters at once.
    pub(crate) look: Notify,
    /// Whether this server could do its work when that was last asked.
    pub(crate) health: Health,
    /// How often alarms have been read, so that of two readings the later is known.
    pub(crate) alarms_read: AtomicU64,
}

impl Context {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Error> {
        let data_dir = absolute(&settings.data_dir)?;
        let roots = if settings.file_roots.is_empty() {
            FileRoots::new([&data_dir])
        } else {
            FileRoots::new(&settings.file_roots)
        }?;
        Ok(Self {
            metadata: open_metadata(&data_dir, settings.metadata.as_ref()).await?,
            roots,
            data_dir,
            snapshots: Snapshots::default(),
            log_on: LogOn::new(),
            troubles: Troubles::default(),
            look: Notify::new(),
            health: Health::default(),
            alarms_read: AtomicU64::new(0),
        })
    }
}

impl Control {
    /// Opens a server's data, making them when there are none.
    ///
    /// # Errors
    /// When another program uses the data directory, when its key is missing, or a directory of the settings can't
    /// be used.
    pub async fn open(settings: Settings) -> Result<Opened, Error> {
        let context = Arc::new(Context::open(&settings).await?);
        context.signing_key().await?; // the first start creates it
        let initial_password = first_start::run(&context, settings.admin_password.as_ref()).await?;
        let newest = context.metadata.task_event_newest().await?;
        let worker = engine::Settings {
            name: settings.server_name,
            tasks_at_once: settings.tasks_at_once.max(1),
            ..engine::Settings::default()
        };
        let worker = Worker::new(Arc::new(context.metadata.clone()), worker);
        let control = Self {
            worker: Arc::new(flows::register(worker, &context)),
            newest_event: Arc::new(watch::Sender::new(newest)),
            alarms: Arc::new(watch::Sender::new(Seen::default())),
            context,
        };
        Ok(Opened { control, initial_password })
    }

    /// Runs tasks and looks at clusters until it is told to stop; then what runs is given back, so that it goes on
    /// after the next start.
    pub async fn run(&self, shutdown: CancellationToken) {
        tokio::join!(
            Box::pin(self.worker.run(shutdown.clone())),
            Box::pin(watchers::clusters::run(self, &shutdown)),
            Box::pin(watchers::events::run(self, &self.newest_event, &shutdown)),
            Box::pin(watchers::alarms::run(self, &self.alarms, &shutdown)),
            Box::pin(watchers::snapshots::run(self, &shutdown)),
            Box::pin(watchers::room::run(self, &shutdown)),
        );
        self.context.snapshots.release_all().await;
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.context.metadata
    }

    /// Returns what makes the workers look for work at once.
    pub(crate) fn wake(&self) -> Wake {
        self.worker.wake()
    }

    #[cfg(test)]
    pub(crate) fn worker(&self) -> &Worker<Metadata> {
        &self.worker
    }

    pub(crate) fn alarms(&self) -> &watch::Sender<Seen> {
        &self.alarms
    }

    pub(crate) fn newest_event(&self) -> watch::Receiver<i64> {
        self.newest_event.subscribe()
    }
}

/// Opens the metadata where they lie.
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
