//! The settings of a worker.

use std::time::Duration;

use tracing::Span;

use crate::backoff::Backoff;
use crate::journal::Limits;
use crate::task::Task;

/// The settings of a worker.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name, shown to users.
    pub name: String,
    /// The duration of a lease: after a crash, other workers continue after this time.
    pub lease: Duration,
    /// The maximum number of running tasks.
    pub tasks_at_once: usize,
    /// The maximum number of concurrent lanes of one task. Most of a lane's time is waiting for the database.
    pub lanes_at_once: usize,
    /// How often it looks for work when nothing wakes it.
    pub poll: Duration,
    /// How long a cancelled body may take to end before it is dropped.
    pub grace: Duration,
    /// The retries after transient failures of a step.
    pub backoff: Backoff,
    /// The retries while the journal does not answer.
    pub journal_backoff: Backoff,
    /// The limits for starting queued tasks.
    pub limits: Limits,
    /// Returns the span in which a task runs: the fields of its lines in the program's log.
    pub span: fn(&Task) -> Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "worker".to_owned(),
            lease: Duration::from_secs(30),
            tasks_at_once: 16,
            lanes_at_once: 32,
            poll: Duration::from_secs(2),
            grace: Duration::from_secs(10),
            backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60), tries: 15 },
            journal_backoff: Backoff {
                first: Duration::from_millis(200),
                most: Duration::from_secs(10),
                tries: 30,
            },
            limits: Limits::default(),
            // Whatever is logged, its spans are enabled.
            span: |task| tracing::error_span!("task", task = %task.id),
        }
    }
}
