//! Work that is dropped when its step is cancelled.

use engine::{At, Flow};

/// Waits for the work, unless the step is cancelled first. Dropping unfinished work closes its connections.
pub(crate) async fn unless_cancelled<F: Flow, T>(
    at: &At<F>,
    work: impl Future<Output = dump::Result<T>>,
) -> dump::Result<T> {
    tokio::select! {
        biased;
        outcome = work => outcome,
        () = at.cancelled().cancelled() => Err(dump::Error::Cancelled),
    }
}
