//! The last runs of this server's watchers. They exist in this process only: every server has its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// A failure counts until the next run, if that is at most this far away.
const SOON: Duration = Duration::from_secs(5 * 60);

/// How much later than expected a watcher may end a run: it may wait for clusters that do not answer.
const LATE: Duration = Duration::from_secs(15 * 60);

/// The last run of each watcher.
#[derive(Default)]
pub(crate) struct WatchLog(Mutex<BTreeMap<&'static str, Entry>>);

struct Entry {
    watched: Watched,
    /// When the last run ended, or the watcher was added.
    seen: Instant,
}

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
        self.all().insert(name, Entry { watched, seen: Instant::now() });
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
        let Some(Entry { watched, seen }) = all.get_mut(name) else { return error.is_some() };
        *seen = Instant::now();
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
        self.all().values().map(|entry| entry.watched.clone()).collect()
    }

    /// Returns the watchers, except this one, that have not ended a run in time, or whose last run failed. The failure
    /// of one that does not run again within [`SOON`] is left out: it may be over.
    pub(crate) fn ailing(&self, but: &str) -> Vec<&'static str> {
        let all = self.all();
        let ailing = all.values().filter(|entry| {
            entry.watched.name != but
                && (fails(&entry.watched) || is_late(&entry.watched, entry.seen.elapsed()))
        });
        ailing.map(|entry| entry.watched.name).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, Entry>> {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether a watcher fails now.
fn fails(watched: &Watched) -> bool {
    watched.last_error.is_some() && watched.wakes_by != WakesBy::Followers && watched.period <= SOON
}

/// Returns whether a watcher that last ended a run this long ago should have ended another one.
fn is_late(watched: &Watched, since: Duration) -> bool {
    watched.wakes_by != WakesBy::Followers && since > watched.period * 2 + LATE
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::text::Text;
    use model::time::Timestamp;

    use super::{LATE, WakesBy, WatchLog, is_late};

    #[test]
    fn a_watcher_that_fails_or_does_not_run_is_ailing() {
        let log = WatchLog::default();
        let minute = Duration::from_secs(60);
        log.enter("good", minute, WakesBy::Timer);
        log.enter("bad", minute, WakesBy::Signal);
        log.enter("followed", minute, WakesBy::Followers);
        log.note("bad", Timestamp(0), minute, Some(Text::new("metadata-no-answer")));
        // Neither runs again soon: their failures may be over.
        log.enter("hourly", minute * 60, WakesBy::Timer);
        for name in ["hourly", "followed"] {
            log.note(name, Timestamp(0), minute, Some(Text::new("metadata-no-answer")));
        }
        assert_eq!((log.ailing(""), log.ailing("bad")), (vec!["bad"], vec![]));
        let late: Vec<_> = log.list().iter().map(|watched| is_late(watched, LATE + minute * 3)).collect();
        assert_eq!(late, [true, false, true, false], "bad, followed, good, hourly");
        assert!(!log.list().iter().any(|watched| is_late(watched, LATE)));
    }
}
