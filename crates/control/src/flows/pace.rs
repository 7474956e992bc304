//! The speed of a step, for the rate and the remaining time that users see.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use engine::Progress;

/// The time window of the rate: a shorter one is unstable, a longer one is slow to show a change.
const WINDOW: Duration = Duration::from_secs(20);

/// The minimum interval between two samples.
const SPACING: Duration = Duration::from_millis(500);

/// Recent samples.
#[derive(Debug)]
pub(crate) struct Pace {
    unit: &'static str,
    samples: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// Starts to measure work that is at `done`.
    pub(crate) fn new(unit: &'static str, done: u64, now: Instant) -> Self {
        Self { unit, samples: VecDeque::from([(now, done)]) }
    }

    /// Returns the progress of the work, with its recent rate.
    pub(crate) fn progress(&mut self, done: u64, total: Option<u64>, now: Instant) -> Progress {
        while self.samples.len() > 1 && now.saturating_duration_since(self.samples[1].0) >= WINDOW {
            self.samples.pop_front();
        }
        let (since, before) = self.samples.front().copied().unwrap_or((now, done));
        let rate_per_s = rate(done.saturating_sub(before), now.saturating_duration_since(since));
        if self.samples.back().is_none_or(|(last, _)| now.saturating_duration_since(*last) >= SPACING) {
            self.samples.push_back((now, done));
        }
        Progress { done, total, unit: self.unit.to_owned(), rate_per_s, note: None }
    }
}

/// Returns the rate per second, or none if too little time has passed.
fn rate(done: u64, elapsed: Duration) -> Option<u64> {
    let elapsed_ms = elapsed.as_millis();
    if elapsed < SPACING {
        return None;
    }
    u64::try_from(u128::from(done) * 1_000 / elapsed_ms).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Pace, WINDOW};

    #[test]
    fn the_rate_is_that_of_late() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut pace = Pace::new("bytes", 1_000, start);
        assert_eq!(pace.progress(1_000, None, start).rate_per_s, None, "too early to tell");
        for second in 1..=60 {
            let progress = pace.progress(1_000 + second * 100, Some(9_000), at(second));
            assert_eq!((progress.rate_per_s, progress.total), (Some(100), Some(9_000)));
        }
        for second in 61..=60 + WINDOW.as_secs() {
            pace.progress(7_000, None, at(second));
        }
        assert_eq!(
            pace.progress(7_000, None, at(61 + WINDOW.as_secs())).rate_per_s,
            Some(0),
            "it stands still"
        );
    }

    #[test]
    fn few_samples_are_kept_however_often_progress_is_reported() {
        let start = Instant::now();
        let mut pace = Pace::new("rows", 0, start);
        for tick in 0..100_000_u64 {
            pace.progress(tick, None, start + Duration::from_millis(tick));
        }
        assert!(pace.samples.len() <= 50, "{}", pace.samples.len());
    }
}
