//! The progress of a dump, a load or a verification.

use tokio::sync::watch;

/// The progress. The numbers only grow, except for a step that starts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Pieces that are finished.
    pub pieces_done: u64,
    /// Pieces in all.
    pub pieces: u64,
    /// Rows so far.
    pub rows: u64,
    /// Bytes of SQL so far, before compression.
    pub raw_bytes: u64,
    /// Bytes in the storage so far.
    pub bytes: u64,
}

/// The channel for progress. The receiver is optional.
#[derive(Debug, Clone)]
pub struct Meter(watch::Sender<Progress>);

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

impl Meter {
    /// Returns a meter at the beginning.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(Progress::default()))
    }

    /// Returns a reader that can wait for changes.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Progress> {
        self.0.subscribe()
    }

    /// Returns the current progress.
    #[must_use]
    pub fn now(&self) -> Progress {
        *self.0.borrow()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Progress)) {
        self.0.send_modify(change);
    }
}
