//! Reports the progress of the logical engine while it works.

use std::time::{Duration, Instant};

use dump::{Meter, Progress};
use engine::{At, Flow};
use tokio::time::MissedTickBehavior;

use super::pace::Pace;

/// The interval between two reports.
const EVERY: Duration = Duration::from_millis(500);

/// The unit for bytes.
pub(crate) const BYTES: &str = "bytes";

/// The unit for rows.
pub(crate) const ROWS: &str = "rows";

/// How the counts of a meter become progress.
pub(crate) struct Gauge {
    /// The unit: [`BYTES`] or [`ROWS`].
    pub(crate) unit: &'static str,
    /// Returns the amount done, and the total if it is known.
    pub(crate) read: Box<dyn Fn(Progress) -> (u64, Option<u64>) + Send + Sync>,
}

impl Gauge {
    /// Shows the uncompressed bytes of a running dump. The total is estimated from the finished pieces: the length of
    /// the rows is unknown before they are read.
    pub(crate) fn dumping() -> Self {
        let read = |now: Progress| {
            let total =
                now.raw_bytes.checked_mul(now.pieces).and_then(|all| all.checked_div(now.pieces_done));
            (now.raw_bytes, total.map(|total| total.max(now.raw_bytes)))
        };
        Self { unit: BYTES, read: Box::new(read) }
    }

    /// Shows stored bytes out of this total.
    pub(crate) fn bytes(total: u64) -> Self {
        Self { unit: BYTES, read: Box::new(move |now| (now.bytes.min(total), Some(total))) }
    }

    /// Shows rows out of this total.
    pub(crate) fn rows(total: u64) -> Self {
        Self { unit: ROWS, read: Box::new(move |now| (now.rows.min(total), Some(total))) }
    }
}

/// Waits for the work, and reports its progress meanwhile.
pub(crate) async fn metered<F: Flow, T>(
    at: &At<F>,
    meter: &Meter,
    gauge: &Gauge,
    work: impl Future<Output = T>,
) -> T {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut pace: Option<Pace> = None;
    let mut tell = || {
        let (done, total) = (gauge.read)(meter.now());
        let now = Instant::now();
        let pace = pace.get_or_insert_with(|| Pace::new(gauge.unit, done, now));
        at.progress(pace.progress(done, total, now));
    };
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            outcome = &mut work => {
                tell();
                return outcome;
            }
            _ = ticks.tick() => tell(),
        }
    }
}

#[cfg(test)]
mod tests {
    use dump::Progress;

    use super::Gauge;

    #[test]
    fn a_dumps_percentage_is_that_of_its_pieces() {
        let gauge = Gauge::dumping();
        let at = |pieces_done, raw_bytes| {
            (gauge.read)(Progress { pieces_done, pieces: 4, raw_bytes, ..Progress::default() })
        };
        assert_eq!(at(0, 10), (10, None), "too early to tell");
        assert_eq!(at(1, 100), (100, Some(400)));
        assert_eq!(at(4, 300), (300, Some(300)));
    }
}
