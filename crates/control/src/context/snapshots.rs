//! The snapshots of running dumps. Between two steps of a task, an open transaction on the server keeps a snapshot
//! readable. The transaction ends with the process; a step that does not find its snapshot here opens it again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dump::{DumpId, Snapshot};

/// How long a snapshot is kept without a step that needs it: a failed task may be retried soon, but the server must
/// not keep old versions of rows forever.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// The snapshots that no step is using now.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<HashMap<DumpId, (Snapshot, Instant)>>);

impl Snapshots {
    /// Takes out the snapshot of a dump, if it is here.
    pub(crate) fn take(&self, dump: &DumpId) -> Option<Snapshot> {
        self.all().remove(dump).map(|(snapshot, _)| snapshot)
    }

    /// Keeps a snapshot for the next step.
    pub(crate) fn keep(&self, snapshot: Snapshot) {
        self.all().insert(snapshot.plan().dump.clone(), (snapshot, Instant::now()));
    }

    /// Closes the snapshot of a dump.
    pub(crate) async fn release(&self, dump: &DumpId) {
        if let Some(snapshot) = self.take(dump) {
            snapshot.release().await;
        }
    }

    /// Closes the snapshots that no step has taken for [`IDLE`].
    pub(crate) async fn release_idle(&self, now: Instant) {
        self.release_those(|since| now.saturating_duration_since(since) >= IDLE).await;
    }

    /// Closes all snapshots.
    pub(crate) async fn release_all(&self) {
        self.release_those(|_| true).await;
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    async fn release_those(&self, is_over: impl Fn(Instant) -> bool) {
        let over: Vec<_> = self.all().extract_if(|_, (_, since)| is_over(*since)).collect();
        for (dump, (snapshot, _)) in over {
            tracing::debug!(%dump, "the moment of a dump is let go");
            snapshot.release().await;
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<DumpId, (Snapshot, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
