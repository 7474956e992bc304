//! The wait after repeated failures, and their maximum number.

use std::time::Duration;

/// Doubling waits with jitter, up to a longest wait and a number of tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The upper limit of all waits.
    pub most: Duration,
    /// The number of consecutive failures after which it gives up.
    pub tries: u32,
}

impl Backoff {
    /// Returns how long to wait after this many consecutive failures (from 1); `None` to give up.
    ///
    /// `chance` (from 0 to 1) spreads the waits over their upper half, so that tasks that failed at the same time do
    /// not retry at the same time.
    pub fn after(&self, failures: u32, chance: f64) -> Option<Duration> {
        if failures >= self.tries {
            return None;
        }
        let doublings = failures.saturating_sub(1).min(30);
        let wait = self.first.saturating_mul(1 << doublings).min(self.most);
        Some(wait.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff =
        Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60), tries: 10 };

    #[test]
    fn waits_double_up_to_the_longest_and_then_end() {
        let waits: Vec<Option<u64>> =
            (1..=10).map(|failures| BACKOFF.after(failures, 1.0).map(|wait| wait.as_secs())).collect();
        let expected = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Some);
        assert_eq!(waits[..9], expected);
        assert_eq!(waits[9], None);
        assert_eq!(BACKOFF.after(u32::MAX, 0.0), None);
    }

    #[test]
    fn chance_shortens_a_wait_by_at_most_half() {
        assert_eq!(BACKOFF.after(3, 0.0), Some(Duration::from_secs(2)));
        assert_eq!(BACKOFF.after(3, 0.5), Some(Duration::from_secs(3)));
    }
}
