//! Random inputs, the same for the same seed.

mod preview;
mod quiet;
mod retention;
mod schedule;
mod timeline;

/// A generator of random numbers.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let number = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// Returns a number from `least` to `most`, both included.
    pub(crate) fn from(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least + 1).expect("least is not above most");
        least + i64::try_from(self.next() % span).expect("a small number")
    }

    /// Returns true once in `times` calls, on average.
    pub(crate) fn one_in(&mut self, times: i64) -> bool {
        self.from(1, times) == 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.from(0, i64::try_from(of.len()).expect("few") - 1)).expect("an index")]
    }
}

/// Runs a test with `usual` seeds; with `each` seeds per round of `LIFEBOAT_ROUNDS`, if that is more.
pub(crate) fn rounds(usual: u64, each: u64, test: impl Fn(u64)) {
    let setting =
        |name: &str, usual| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual);
    let first: u64 = setting("LIFEBOAT_SEED", 1);
    for seed in first..first + usual.max(each * setting("LIFEBOAT_ROUNDS", 1)) {
        let _named = Named(seed);
        test(seed);
    }
}

/// Names the seed that a test failed on.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("LIFEBOAT_SEED={}", self.0);
        }
    }
}
