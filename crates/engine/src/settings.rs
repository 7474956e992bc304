//! The settings of a worker.

use std::time::Duration;

use crate::backoff::Backoff;

/// The settings of a worker.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name, shown to people.
    pub name: String,
    /// The duration of a lease: the time until others continue after a crash.
    pub lease: Duration,
    /// The maximum number of running tasks.
    pub tasks_at_once: usize,
    /// The maximum number of concurrent lanes of one task. Most of a lane's time is waiting for the database.
    pub lanes_at_once: usize,
    /// How often it looks for work when nothing wakes it.
    pub poll: Duration,
    /// How long a body may take to wind down before it is dropped.
    pub grace: Duration,
    /// The handling of a step's temporary failures.
    pub backoff: Backoff,
    /// The handling of a journal that does not answer.
    pub journal_backoff: Backoff,
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
        }
    }
}
