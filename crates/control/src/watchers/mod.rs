//! What a server does by itself now and then. Each watcher is woken by its timer or by a signal, takes no input and
//! reads what it needs: the code that runs after a restart is the code that always runs.

pub(crate) mod alarms;
pub(crate) mod clusters;
pub(crate) mod events;
pub(crate) mod room;
pub(crate) mod snapshots;
pub(crate) mod strategies;

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Waits until it is time to look again for those who wait; no: the server stops.
async fn is_time_to_look<T>(
    waiting: &watch::Sender<T>,
    every: Duration,
    shutdown: &CancellationToken,
) -> bool {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return false,
            () = tokio::time::sleep(every) => {}
        }
        if waiting.receiver_count() > 0 {
            return true;
        }
    }
}
