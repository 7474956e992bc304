//! Measurements of repeated operations: number, duration, failures. Plain numbers: the caller that measures has the
//! clock, and the caller that displays chooses the format.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Upper bounds of histogram buckets for answers of databases and of this server, in seconds.
pub const ANSWER_BOUNDS_S: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];

/// Upper bounds of histogram buckets for tasks, in seconds: from one minute to two days.
pub const RUN_BOUNDS_S: &[f64] = &[60.0, 300.0, 900.0, 3_600.0, 10_800.0, 28_800.0, 86_400.0, 172_800.0];

/// The durations of one kind of operation, in total and as a histogram.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timing {
    /// How often it ended, with success or failure.
    pub count: u64,
    /// How often it failed.
    pub failed: u64,
    /// How long it took in total.
    pub total: Duration,
    /// For each bound, how often it took no longer than that, but longer than the previous bound.
    pub within: Vec<u64>,
}

impl Timing {
    /// Adds measurements with the same bounds.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.total = self.total.saturating_add(other.total);
        self.within.resize(self.within.len().max(other.within.len()), 0);
        for (sum, more) in self.within.iter_mut().zip(&other.within) {
            *sum += more;
        }
    }
}

/// Timings by kind. The kinds are fixed words of this program, never input, so they are few.
#[derive(Debug)]
pub struct Timings<K> {
    bounds_s: &'static [f64],
    kinds: Mutex<BTreeMap<K, Timing>>,
}

impl<K: Ord + Clone> Timings<K> {
    /// Returns empty timings with these upper bounds.
    #[must_use]
    pub const fn new(bounds_s: &'static [f64]) -> Self {
        Self { bounds_s, kinds: Mutex::new(BTreeMap::new()) }
    }

    /// Returns the upper bounds in seconds, in ascending order.
    #[must_use]
    pub const fn bounds_s(&self) -> &'static [f64] {
        self.bounds_s
    }

    /// Records that an operation ended.
    pub fn note(&self, kind: K, elapsed: Duration, has_failed: bool) {
        let mut kinds = self.kinds();
        let timing = kinds.entry(kind).or_default();
        timing.within.resize(self.bounds_s.len(), 0);
        timing.count += 1;
        timing.failed += u64::from(has_failed);
        timing.total = timing.total.saturating_add(elapsed);
        let bound = self.bounds_s.iter().position(|bound_s| elapsed.as_secs_f64() <= *bound_s);
        if let Some(bound) = bound {
            timing.within[bound] += 1;
        }
    }

    /// Returns the timings by kind.
    #[must_use]
    pub fn list(&self) -> Vec<(K, Timing)> {
        self.kinds().iter().map(|(kind, timing)| (kind.clone(), timing.clone())).collect()
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<K, Timing>> {
        // Each change is a few additions, so a panic elsewhere leaves no partial change here.
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Timings;

    #[test]
    fn each_end_is_counted_once_by_the_first_bound_that_holds_it() {
        let timings = Timings::new(&[0.1, 1.0]);
        for (kind, elapsed_ms, has_failed) in
            [("read", 100, false), ("read", 101, true), ("read", 5_000, false), ("act", 0, true)]
        {
            timings.note(kind, Duration::from_millis(elapsed_ms), has_failed);
        }
        let found: Vec<_> = timings
            .list()
            .into_iter()
            .map(|(kind, timing)| {
                (kind, timing.count, timing.failed, timing.total.as_millis(), timing.within)
            })
            .collect();
        assert_eq!(found, [("act", 1, 1, 0, vec![1, 0]), ("read", 3, 1, 5_201, vec![1, 1])]);
    }
}
