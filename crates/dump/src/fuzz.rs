//! Tests with random inputs: a few hundred per test, or, with `LIFEBOAT_FUZZ_SECONDS=600`, for 600 seconds.

use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};

/// Tries inputs until the configured time is over, and at least a few hundred.
pub(crate) fn fuzz<S: Strategy>(strategy: &S, test: impl Fn(S::Value)) {
    let seconds = std::env::var("LIFEBOAT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (begun, limit) = (Instant::now(), Duration::from_secs(seconds));
    loop {
        let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
        let done = TestRunner::new(config).run(strategy, |input| {
            test(input);
            Ok(())
        });
        if let Err(failure) = done {
            panic!("{failure}");
        }
        if begun.elapsed() >= limit {
            return;
        }
    }
}
