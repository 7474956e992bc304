//! The last runs of this server's watchers. They exist in this process only: every server has its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::text::Text;
use model::time::Timestamp;

/// A trigger of a watcher, beside its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakesBy {
    /// None: only the interval.
    Timer,
    /// A signal that its input has changed.
    Signal,
    /// No interval: it runs only while its results have a subscriber.
    Followers,
}

/// A watcher and its recent runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Its name.
    pub name: &'static str,
    /// The interval between two runs.
    pub period: Duration,
    /// Its other triggers.
    pub wakes_by: WakesBy,
    /// The number of runs since this server started.
    pub runs: u64,
    /// When the last run started.
    pub last_run: Option<Timestamp>,
    /// The duration of the last run.
    pub duration: Option<Duration>,
    /// Why the last run failed; none if it succeeded.
    pub last_error: Option<Text>,
    /// When a run last failed.
    pub failed: Option<Timestamp>,
}

/// The last run of each watcher.
#[derive(Default)]
pub(crate) struct WatchLog(Mutex<BTreeMap<&'static str, Watched>>);

impl WatchLog {
    /// Adds a watcher that has not run yet.
    pub(crate) fn enter(&self, name: &'static str, period: Duration, wakes_by: WakesBy) {
        let watched = Watched {
            name,
            period,
            wakes_by,
            runs: 0,
            last_run: None,
            duration: None,
            last_error: None,
            failed: None,
        };
        self.all().insert(name, watched);
    }

    /// Records a run; returns whether its failure is new, that is, differs from that of the last run.
    pub(crate) fn note(
        &self,
        name: &'static str,
        begun: Timestamp,
        duration: Duration,
        error: Option<Text>,
    ) -> bool {
        let mut all = self.all();
        let Some(watched) = all.get_mut(name) else { return error.is_some() };
        let is_news = error.is_some() && error != watched.last_error;
        watched.runs += 1;
        watched.last_run = Some(begun);
        watched.duration = Some(duration);
        watched.failed = if error.is_some() { Some(begun) } else { watched.failed };
        watched.last_error = error;
        is_news
    }

    /// Returns all watchers, by name.
    pub(crate) fn list(&self) -> Vec<Watched> {
        self.all().values().cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, Watched>> {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
