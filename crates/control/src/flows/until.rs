//! Work that ends early when its step ends.

use engine::{At, Flow};

/// Waits for the work, unless the step is to end first. What is dropped in its midst closes its connections.
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
