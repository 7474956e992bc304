//! Assembles a server: opens its data, registers the flows with its workers, and runs workers and watchers.

use std::sync::Arc;

use engine::Task;
use engine::worker::Worker;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::context::{Context, Control, Error, Opened, Settings};
use crate::orders::subjects;
use crate::use_cases::first_start;
use crate::{flows, orders, watchers};

impl Control {
    /// Opens a server's data; the first start creates them.
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
            limits: orders::backup_limits(&context),
            span,
            ..engine::Settings::default()
        };
        let worker = Worker::new(Arc::new(context.metadata.clone()), worker);
        let worker = flows::register(worker, &context);
        let control = Self::new(context, worker, flows::order_table(), newest);
        watchers::enter(&control);
        Ok(Opened { control, initial_password })
    }

    /// Runs tasks and watches clusters until it is stopped. It then releases running tasks, so that they continue
    /// after the next start.
    pub async fn run(&self, shutdown: CancellationToken) {
        tokio::join!(Box::pin(self.worker().run(shutdown.clone())), Box::pin(watchers::run(self, &shutdown)),);
        self.context.snapshots.release_all().await;
    }
}

/// Returns the fields of a task's lines in the program's log. They stay enabled whichever lines are written.
fn span(task: &Task) -> Span {
    let subject = |key: &str| task.subject.get(key).map(String::as_str);
    let (cluster, tenant) = (subject(subjects::CLUSTER_NAME), subject(subjects::TENANT_NAME));
    tracing::error_span!("task", task = %task.id, kind = task.kind, cluster, tenant)
}
