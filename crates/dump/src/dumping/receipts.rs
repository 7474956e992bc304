//! Receipts of small pieces are written together: each object costs a disk several syncs and an object store a round
//! trip, more than the rows of a small table. After a crash, a piece without a receipt is read again, so few receipts
//! wait, and only briefly.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::archive::{Archive, PieceReceipt};
use crate::error::Result;
use crate::layout::ObjectKey;

/// The maximum number of receipts that wait to be written together.
const TOGETHER_MOST: usize = 64;

/// How long a receipt waits. After this time, the next receipt triggers the write.
const WAIT_MOST: Duration = Duration::from_secs(1);

/// A piece with at least this many bytes gets a receipt immediately.
const LARGE_BYTES: u64 = 1 << 20;

/// The receipts of the pieces that are being written.
pub(super) struct Receipts {
    archive: Archive,
    /// Its own number: a writer that continues after its lease has expired must not overwrite its successor's
    /// receipts.
    writer: u64,
    written: AtomicU32,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    receipts: Vec<PieceReceipt>,
    since: Option<Instant>,
}

impl Receipts {
    pub(super) fn new(archive: Archive) -> Self {
        let writer = RandomState::new().hash_one(&archive.dump);
        Self { archive, writer, written: AtomicU32::new(0), waiting: Mutex::default() }
    }

    /// Adds the receipt of a complete and durable piece, and writes it now or together with later ones.
    pub(super) async fn add(&self, receipt: PieceReceipt) -> Result<()> {
        let due = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let is_large = receipt.piece.raw_bytes >= LARGE_BYTES;
            waiting.receipts.push(receipt);
            let since = *waiting.since.get_or_insert_with(Instant::now);
            let is_due = is_large || waiting.receipts.len() >= TOGETHER_MOST || since.elapsed() >= WAIT_MOST;
            is_due.then(|| std::mem::take(&mut *waiting))
        };
        match due {
            Some(due) => self.write(due).await,
            None => Ok(()),
        }
    }

    /// Writes the waiting receipts.
    pub(super) async fn flush(&self) -> Result<()> {
        let rest = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.write(rest).await
    }

    async fn write(&self, waiting: Waiting) -> Result<()> {
        let mut receipts = waiting.receipts.into_iter();
        let Some(mut first) = receipts.next() else { return Ok(()) };
        first.also = receipts.collect();
        let number = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        let key = ObjectKey::PieceReceipts { writer: self.writer, number };
        self.archive.write_sealed(key, &first).await
    }
}
