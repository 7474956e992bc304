//! Makes pieces durable while their connections already read the next ones: a sync or the end of an upload takes
//! longer than reading a small table.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::error::Result;

/// How long closing may take after the dump has failed.
const FAILED_LIMIT: Duration = Duration::from_secs(10);

/// Pieces that are being closed. If it is dropped, they stay without receipts and are read again.
pub(super) struct Closing {
    pieces: Mutex<JoinSet<Result<()>>>,
    most: usize,
}

impl Closing {
    /// Allows this many pieces to close at a time.
    pub(super) fn new(most: usize) -> Self {
        Self { pieces: Mutex::default(), most }
    }

    /// Starts to close a piece when fewer than the maximum are closing.
    ///
    /// # Errors
    /// Fails if another piece failed to close in the meantime.
    pub(super) async fn begin(&self, closing: BoxFuture<'static, Result<()>>) -> Result<()> {
        let mut pieces = self.pieces.lock().await;
        loop {
            let is_full = pieces.len() >= self.most;
            let closed = if is_full { pieces.join_next().await } else { pieces.try_join_next() };
            match closed {
                Some(closed) => closed.expect("closing does not panic")?,
                None => break,
            }
        }
        pieces.spawn(closing);
        Ok(())
    }

    /// Waits until all pieces are closed; only briefly when the dump has `failed`: its objects may be deleted next,
    /// or written again, and no late object should appear there.
    ///
    /// # Errors
    /// Fails as the first of them does.
    pub(super) async fn end(&self, failed: bool) -> Result<()> {
        let all = async {
            let (mut pieces, mut outcome) = (self.pieces.lock().await, Ok(()));
            while let Some(closed) = pieces.join_next().await {
                outcome = outcome.and(closed.expect("closing does not panic"));
            }
            outcome
        };
        let limit = if failed { FAILED_LIMIT } else { Duration::MAX };
        tokio::time::timeout(limit, all).await.unwrap_or(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::Closing;
    use crate::error::Error;

    #[tokio::test(start_paused = true)]
    async fn no_more_pieces_close_at_a_time_than_may() {
        let (closing, now, most) =
            (Closing::new(2), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..9 {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            let piece = async move {
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(10)).await;
                now.fetch_sub(1, Ordering::Relaxed);
                Ok(())
            };
            closing.begin(Box::pin(piece)).await.expect("room");
        }
        closing.end(false).await.expect("closed");
        assert_eq!((most.load(Ordering::Relaxed), now.load(Ordering::Relaxed)), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_dump_waits_for_its_pieces_but_not_for_ever() {
        let (closing, closed) = (Closing::new(2), Arc::new(AtomicUsize::new(0)));
        for seconds in [1, 3600] {
            let closed = Arc::clone(&closed);
            let piece = async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                closed.fetch_add(1, Ordering::Relaxed);
                Ok(())
            };
            closing.begin(Box::pin(piece)).await.expect("room");
        }
        closing.end(true).await.expect("as far as it came");
        assert_eq!(closed.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_piece_that_could_not_be_closed_fails_the_next_one_or_the_end() {
        let refused = || Box::pin(async { Err(Error::Cancelled) });
        let closing = Closing::new(1);
        closing.begin(refused()).await.expect("begun");
        assert!(matches!(closing.begin(refused()).await, Err(Error::Cancelled)));
        let closing = Closing::new(1);
        closing.begin(refused()).await.expect("begun");
        assert!(matches!(closing.end(false).await, Err(Error::Cancelled)));
    }
}
