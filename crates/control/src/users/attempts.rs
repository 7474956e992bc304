//! Wrong passwords, counted by account and by address, so that neither can be used to guess for long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Wrong passwords in a row before an account or an address is locked.
pub(super) const LIMIT: u32 = 5;

/// How long it is locked then, and how long a wrong password is remembered.
pub(super) const WINDOW: Duration = Duration::from_secs(10 * 60);

/// How many accounts and addresses are remembered; whoever makes names up must not fill the memory.
const REMEMBERED_MAX: usize = 20_000;

/// Whose wrong passwords are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Culprit {
    Account(String),
    Address(String),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn is_over(self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= WINDOW
    }
}

/// The wrong passwords of late.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<Culprit, Failures>);

impl Attempts {
    /// Returns how long this account, or whoever asks from this address, is still locked, if it is.
    pub(super) fn locked_for(&self, account: &str, address: &str, now: Instant) -> Option<Duration> {
        let left = |culprit: &Culprit| {
            let failures = self.0.get(culprit).filter(|failures| failures.count >= LIMIT)?;
            WINDOW.checked_sub(now.saturating_duration_since(failures.last)).filter(|left| !left.is_zero())
        };
        culprits(account, address).iter().filter_map(left).max()
    }

    /// Counts a wrong password; returns how many more are allowed.
    pub(super) fn failed(&mut self, account: &str, address: &str, now: Instant) -> u32 {
        self.make_room(now);
        let mut most = 0;
        for culprit in culprits(account, address) {
            let failures = self.0.entry(culprit).or_insert(Failures { count: 0, last: now });
            if failures.is_over(now) {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
            most = most.max(failures.count);
        }
        LIMIT.saturating_sub(most)
    }

    /// Forgets the wrong passwords of an account and an address, after a right one.
    pub(super) fn succeeded(&mut self, account: &str, address: &str) {
        for culprit in culprits(account, address) {
            self.0.remove(&culprit);
        }
    }

    /// Forgets in bulk what matters least, so that being full costs little: first what is over, then what is not
    /// locked, which whoever makes names up pushes out, and the locks at the very last.
    fn make_room(&mut self, now: Instant) {
        let is_full = |all: &HashMap<_, _>| all.len() + 2 > REMEMBERED_MAX;
        if is_full(&self.0) {
            self.0.retain(|_, failures| !failures.is_over(now));
        }
        if is_full(&self.0) {
            self.0.retain(|_, failures| failures.count >= LIMIT);
        }
        if is_full(&self.0) {
            self.0.clear();
        }
    }
}

fn culprits(account: &str, address: &str) -> [Culprit; 2] {
    [Culprit::Account(account.to_lowercase()), Culprit::Address(address.to_owned())]
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Attempts, LIMIT, REMEMBERED_MAX, WINDOW};

    #[test]
    fn the_fifth_wrong_password_locks_for_ten_minutes() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        let left: Vec<u32> = (0..LIMIT).map(|_| attempts.failed("eva", "a", start)).collect();
        assert_eq!(left, [4, 3, 2, 1, 0]);
        assert_eq!(attempts.locked_for("eva", "a", start), Some(WINDOW));
        assert!(attempts.locked_for("eva", "a", start + WINDOW - Duration::from_secs(1)).is_some());
        assert_eq!(attempts.locked_for("eva", "a", start + WINDOW), None);
        assert_eq!(attempts.failed("eva", "a", start + WINDOW), 4, "what is over is forgotten");
    }

    #[test]
    fn neither_other_accounts_nor_other_addresses_help() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for i in 0..LIMIT {
            attempts.failed(&format!("user{i}"), "a", now);
            attempts.failed("Eva", &format!("b{i}"), now);
        }
        assert!(attempts.locked_for("somebody", "a", now).is_some(), "the address is locked");
        assert!(attempts.locked_for("eva", "c", now).is_some(), "the account is locked");
        assert!(attempts.locked_for("somebody", "c", now).is_none());
    }

    #[test]
    fn a_right_password_wipes_the_slate() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for _ in 1..LIMIT {
            attempts.failed("eva", "a", now);
        }
        attempts.succeeded("eva", "a");
        assert_eq!(attempts.failed("eva", "a", now), 4);
    }

    #[test]
    fn made_up_names_do_not_push_a_lock_out() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..LIMIT {
            attempts.failed("eva", "a", now);
        }
        for i in 0..REMEMBERED_MAX {
            attempts.failed(&format!("x{i}"), &format!("y{i}"), now + Duration::from_secs(1));
        }
        assert!(attempts.0.len() <= REMEMBERED_MAX);
        assert!(attempts.locked_for("eva", "z", now).is_some());
    }
}
