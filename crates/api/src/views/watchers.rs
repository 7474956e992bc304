//! What the server does by itself.

use control::watching::{WakesBy, Watched};
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Words;

/// What the server does by itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct WatchersView {
    /// The watchers, by name.
    watchers: Vec<WatcherView>,
}

/// A watcher, and how it went of late.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WatcherView {
    /// Its name.
    #[schema(example = "clusters")]
    name: &'static str,
    /// How often it looks, in milliseconds.
    period_ms: u64,
    /// What else makes it look.
    wakes_by: WatcherWakesBy,
    /// How often it has looked since the server started.
    runs: u64,
    /// When it last began to look.
    #[schema(format = DateTime)]
    last_run_at: Option<String>,
    /// How long that took, in milliseconds.
    duration_ms: Option<u64>,
    /// Why the last look failed; absent after one that went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Words>,
    /// When a look last failed.
    #[schema(format = DateTime)]
    failed_at: Option<String>,
}

/// What makes a watcher look, beside the end of its period.
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
