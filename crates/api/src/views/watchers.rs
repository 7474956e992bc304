//! The background checks of the server.

use control::watching::{WakesBy, Watched};
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Words;

/// The background checks of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct WatchersView {
    /// The watchers, by name.
    watchers: Vec<WatcherView>,
}

/// A watcher and its recent runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WatcherView {
    /// Its name.
    #[schema(example = "clusters")]
    name: &'static str,
    /// The interval in milliseconds.
    period_ms: u64,
    /// Its other triggers.
    wakes_by: WatcherWakesBy,
    /// The number of runs since the server started.
    runs: u64,
    /// When the last run started.
    #[schema(format = DateTime)]
    last_run_at: Option<String>,
    /// The duration in milliseconds.
    duration_ms: Option<u64>,
    /// Why the last run failed; absent after a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Words>,
    /// When a run last failed.
    #[schema(format = DateTime)]
    failed_at: Option<String>,
}

/// A trigger of a watcher, beside its interval.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum WatcherWakesBy {
    /// Nothing.
    Timer,
    /// A signal that something has changed.
    Signal,
    /// No interval: it runs only while its results have a follower.
    Followers,
}

impl From<Vec<Watched>> for WatchersView {
    fn from(watchers: Vec<Watched>) -> Self {
        Self { watchers: watchers.into_iter().map(WatcherView::from).collect() }
    }
}

impl From<Watched> for WatcherView {
    fn from(watched: Watched) -> Self {
        let Watched { name, period, wakes_by, runs, last_run, duration, last_error, failed } = watched;
        let ms = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            name,
            period_ms: ms(period),
            wakes_by: match wakes_by {
                WakesBy::Timer => WatcherWakesBy::Timer,
                WakesBy::Signal => WatcherWakesBy::Signal,
                WakesBy::Followers => WatcherWakesBy::Followers,
            },
            runs,
            last_run_at: last_run.map(Timestamp::to_rfc3339),
            duration_ms: duration.map(ms),
            last_error: last_error.as_ref().map(Words::here),
            failed_at: failed.map(Timestamp::to_rfc3339),
        }
    }
}
