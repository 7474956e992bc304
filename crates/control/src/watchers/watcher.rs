//! A watcher: its interval, its other triggers, and its action. Each run and its result are recorded.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use model::Problem;
use model::time::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::context::{Control, Error, WakesBy};

/// A row of the table of watchers.
pub(crate) struct Watcher {
    /// Its name, the same in every version.
    pub(crate) name: &'static str,
    /// The interval between two runs.
    pub(crate) period: Duration,
    /// Its other trigger.
    pub(crate) wake_up: WakeUp,
    /// Whether it runs when the server starts, or one period later.
    pub(crate) at_start: bool,
    /// One run. It takes no input and reads what it needs, so a run after a restart is like any other.
    pub(crate) look: for<'a> fn(&'a Control) -> BoxFuture<'a, Result<(), Error>>,
}

/// A trigger of a watcher, beside its interval.
pub(crate) enum WakeUp {
    /// None: only the interval.
    Timer,
    /// This signal.
    Signal(fn(&Control) -> &Notify),
    /// No interval: it runs only while this holds, because its results have a subscriber.
    WhileFollowed(fn(&Control) -> bool),
}

impl Watcher {
    /// Adds the watcher to the log of watcher runs.
    pub(crate) fn enter(&self, control: &Control) {
        let wakes_by = match self.wake_up {
            WakeUp::Timer => WakesBy::Timer,
            WakeUp::Signal(_) => WakesBy::Signal,
            WakeUp::WhileFollowed(_) => WakesBy::Followers,
        };
        control.context.watch_log.enter(self.name, self.period, wakes_by);
    }

    /// Runs the watcher at its interval and triggers, until the server stops.
    pub(crate) async fn run(&self, control: &Control, shutdown: &CancellationToken) {
        let mut is_time = self.at_start;
        loop {
            if is_time && self.is_wanted(control) {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = self.look_once(control) => {}
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.period) => {}
                () = self.signal(control) => {}
            }
            is_time = true;
        }
    }

    /// Runs once, and records the result. The same failure is logged as a warning once, until a run succeeds or fails
    /// differently.
    async fn look_once(&self, control: &Control) {
        let (begun, clock) = (now(), Instant::now());
        // A panic in one run must not end the server.
        let looked = AssertUnwindSafe((self.look)(control)).catch_unwind().await;
        let looked = looked.unwrap_or_else(|_| Err(Problem::internal("watcher-panicked").into()));
        let text = looked.as_ref().err().map(|error| error.problem().text.clone());
        let is_news = control.context.watch_log.note(self.name, begun, clock.elapsed(), text);
        if let Err(error) = looked {
            let watcher = self.name;
            if is_news {
                tracing::warn!(%error, watcher, "a watcher failed; it looks again later");
            } else {
                tracing::debug!(%error, watcher, "a watcher fails as it did before; it looks again later");
            }
        }
    }

    fn is_wanted(&self, control: &Control) -> bool {
        match self.wake_up {
            WakeUp::WhileFollowed(is_followed) => is_followed(control),
            WakeUp::Timer | WakeUp::Signal(_) => true,
        }
    }

    async fn signal(&self, control: &Control) {
        match self.wake_up {
            WakeUp::Signal(signal) => signal(control).notified().await,
            WakeUp::Timer | WakeUp::WhileFollowed(_) => std::future::pending().await,
        }
    }
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use model::{Problem, Secret};
    use tokio_util::sync::CancellationToken;

    use super::{WakeUp, Watcher};
    use crate::context::{Control, Settings, Watched};

    async fn control(dir: &tempfile::TempDir) -> Control {
        let settings =
            Settings { admin_password: Some(Secret::new("correct horse")), ..Settings::new(dir.path()) };
        Control::open(settings).await.expect("opens").control
    }

    fn noted(control: &Control, name: &str) -> Watched {
        let all = control.context.watch_log.list();
        all.into_iter().find(|watched| watched.name == name).expect("it is entered")
    }

    #[tokio::test]
    async fn a_look_that_fails_is_shown_until_one_goes_well() {
        static LOOKS: AtomicU32 = AtomicU32::new(0);
        const FAILS_FIRST: Watcher = Watcher {
            name: "fails-first",
            period: Duration::from_secs(3_600),
            wake_up: WakeUp::Timer,
            at_start: true,
            look: |_| {
                Box::pin(async {
                    match LOOKS.fetch_add(1, Ordering::Relaxed) {
                        0 | 1 => Err(Problem::internal("metadata-no-answer").into()),
                        _ => Ok(()),
                    }
                })
            },
        };
        let dir = tempfile::tempdir().expect("a directory");
        let control = control(&dir).await;
        FAILS_FIRST.enter(&control);
        assert_eq!((noted(&control, "fails-first").runs, noted(&control, "fails-first").last_run), (0, None));
        FAILS_FIRST.look_once(&control).await;
        let failed = noted(&control, "fails-first");
        assert_eq!(failed.last_error.as_ref().map(|text| text.id.as_str()), Some("metadata-no-answer"));
        assert!(failed.failed == failed.last_run && failed.duration.is_some());
        let text = failed.last_error.clone();
        assert!(
            !control.context.watch_log.note("fails-first", super::now(), Duration::ZERO, text),
            "no news"
        );
        FAILS_FIRST.look_once(&control).await;
        FAILS_FIRST.look_once(&control).await;
        let well = noted(&control, "fails-first");
        assert_eq!((well.runs, well.last_error), (4, None));
        assert!(well.failed.is_some() && well.failed <= well.last_run, "when it failed stays known");
    }

    #[tokio::test]
    async fn a_look_that_panics_is_a_failure_and_the_next_one_comes() {
        static LOOKS: AtomicU32 = AtomicU32::new(0);
        const PANICS_FIRST: Watcher = Watcher {
            name: "panics-first",
            period: Duration::from_millis(1),
            wake_up: WakeUp::Timer,
            at_start: true,
            look: |_| {
                Box::pin(async {
                    assert!(LOOKS.fetch_add(1, Ordering::Relaxed) > 0, "what somebody sent was not foreseen");
                    Ok(())
                })
            },
        };
        let dir = tempfile::tempdir().expect("a directory");
        let control = control(&dir).await;
        PANICS_FIRST.enter(&control);
        PANICS_FIRST.look_once(&control).await;
        let failed = noted(&control, "panics-first").last_error.map(|text| text.id);
        assert_eq!(failed.as_deref(), Some("watcher-panicked"));
        PANICS_FIRST.look_once(&control).await;
        assert_eq!(noted(&control, "panics-first").last_error, None);
    }

    #[tokio::test]
    async fn a_signal_wakes_a_watcher_before_its_period_is_over_and_one_without_followers_never_looks() {
        const SIGNALLED: Watcher = Watcher {
            name: "signalled",
            period: Duration::from_secs(3_600),
            wake_up: WakeUp::Signal(|control| &control.context.look),
            at_start: false,
            look: |_| Box::pin(async { Ok(()) }),
        };
        const UNFOLLOWED: Watcher = Watcher {
            name: "unfollowed",
            period: Duration::from_millis(1),
            wake_up: WakeUp::WhileFollowed(|_| false),
            at_start: true,
            look: |_| Box::pin(async { Ok(()) }),
        };
        let dir = tempfile::tempdir().expect("a directory");
        let control = control(&dir).await;
        SIGNALLED.enter(&control);
        UNFOLLOWED.enter(&control);
        control.context.look.notify_one();
        let stop = CancellationToken::new();
        let looked = async {
            while noted(&control, "signalled").runs == 0 {
                tokio::task::yield_now().await;
            }
            stop.cancel();
        };
        let all = async {
            tokio::join!(SIGNALLED.run(&control, &stop), UNFOLLOWED.run(&control, &stop), looked);
        };
        tokio::time::timeout(Duration::from_secs(60), all).await.expect("the signal wakes it");
        assert_eq!(noted(&control, "unfollowed").runs, 0);
    }
}
