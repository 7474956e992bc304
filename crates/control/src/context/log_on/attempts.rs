//! Counts wrong passwords by account and address, and by address alone, to slow down guessing.
//!
//! Nobody can lock an account for users who log on to it from other addresses. After the free attempts, each wrong
//! password doubles the wait, up to [`WAIT_MOST`].

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The number of wrong passwords in a row, for one account from one address, before a wait starts.
pub(crate) const LIMIT: u32 = 5;

/// The number of wrong passwords from one address, for any accounts, before a wait starts.
const LIMIT_OF_ADDRESS: u32 = 20;

/// The first wait.
const WAIT_FIRST: Duration = Duration::from_secs(2);

/// The longest wait.
pub(crate) const WAIT_MOST: Duration = Duration::from_secs(10 * 60);

/// How long a wrong password is remembered.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// The maximum number of remembered entries, so that invented names do not fill the memory.
const REMEMBERED_MAX: usize = 20_000;

/// The key of a count of wrong passwords.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Culprit {
    AccountFrom(String, String),
    Address(String),
}

impl Culprit {
    fn limit(&self) -> u32 {
        match self {
            Self::AccountFrom(..) => LIMIT,
            Self::Address(_) => LIMIT_OF_ADDRESS,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn is_over(self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= REMEMBERED
    }

    /// Returns the remaining wait, if any.
    fn wait(self, limit: u32, now: Instant) -> Option<Duration> {
        let doublings = self.count.checked_sub(limit)?;
        let wait = WAIT_FIRST.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(WAIT_MOST);
        wait.checked_sub(now.saturating_duration_since(self.last)).filter(|left| !left.is_zero())
    }
}

/// The recent wrong passwords.
#[derive(Debug, Default)]
pub(crate) struct Attempts(HashMap<Culprit, Failures>);

impl Attempts {
    /// Returns how long a log-on to this account from this address must wait, or none if it need not.
    pub(crate) fn wait(&self, account: &str, address: &str, now: Instant) -> Option<Duration> {
        let wait = |culprit: &Culprit| self.0.get(culprit)?.wait(culprit.limit(), now);
        culprits(account, address).iter().filter_map(wait).max()
    }

    /// Counts a wrong password; returns the remaining number of attempts without a wait.
    pub(crate) fn failed(&mut self, account: &str, address: &str, now: Instant) -> u32 {
        self.make_room(now);
        let left = culprits(account, address).map(|culprit| {
            let limit = culprit.limit();
            let failures = self.0.entry(culprit).or_insert(Failures { count: 0, last: now });
            if failures.is_over(now) {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
            limit.saturating_sub(failures.count)
        });
        left.into_iter().min().unwrap_or_default()
    }

    /// Resets the count of this account from this address after a right password, and takes that one attempt off the
    /// count of the address. The other attempts from the address stay counted: a right password for one account must
    /// not help to guess others.
    pub(crate) fn succeeded(&mut self, account: &str, address: &str) {
        let [account, address] = culprits(account, address);
        self.0.remove(&account);
        if let Some(failures) = self.0.get_mut(&address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// Forgets the least important entries in bulk, so that a full table costs little: first expired entries, then
    /// those without a wait (which invented names displace), and waits last.
    fn make_room(&mut self, now: Instant) {
        let is_full = |all: &HashMap<_, _>| all.len() + 2 > REMEMBERED_MAX;
        if is_full(&self.0) {
            self.0.retain(|_, failures| !failures.is_over(now));
        }
        if is_full(&self.0) {
            self.0.retain(|culprit, failures| failures.count >= culprit.limit());
        }
        if is_full(&self.0) {
            self.0.clear();
        }
    }
}

fn culprits(account: &str, address: &str) -> [Culprit; 2] {
    let address = network(address);
    [Culprit::AccountFrom(account.to_lowercase(), address.clone()), Culprit::Address(address)]
}

/// Returns the network that one person controls: the /64 of an IPv6 address, otherwise the address itself.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Attempts, LIMIT, LIMIT_OF_ADDRESS, REMEMBERED, REMEMBERED_MAX, WAIT_FIRST, WAIT_MOST};

    #[test]
    fn each_wrong_password_doubles_the_wait_up_to_ten_minutes() {
        let (mut attempts, mut now) = (Attempts::default(), Instant::now());
        let left: Vec<u32> = (0..LIMIT).map(|_| attempts.failed("eva", "a", now)).collect();
        assert_eq!(left, [4, 3, 2, 1, 0]);
        let mut waits = Vec::new();
        for _ in 0..11 {
            let wait = attempts.wait("eva", "a", now).expect("a wait");
            assert!(attempts.wait("eva", "a", now + wait / 2).is_some());
            now += wait;
            assert_eq!(attempts.wait("eva", "a", now), None, "it is over");
            waits.push(wait.as_secs());
            attempts.failed("eva", "a", now);
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        assert_eq!(attempts.failed("eva", "a", now + REMEMBERED), 4, "what is over is forgotten");
    }

    #[test]
    fn wrong_passwords_from_one_address_do_not_lock_out_other_addresses() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..1000 {
            attempts.failed("Admin", "192.0.2.66", now);
        }
        assert_eq!(attempts.wait("admin", "192.0.2.66", now), Some(WAIT_MOST));
        assert_eq!(attempts.wait("admin", "192.0.2.1", now), None);
        for i in 0..1000 {
            attempts.failed("admin", &format!("198.51.100.{i}"), now);
        }
        assert_eq!(attempts.wait("admin", "192.0.2.1", now), None);
    }

    #[test]
    fn other_accounts_and_other_addresses_of_the_same_network_do_not_help_to_guess() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for i in 0..LIMIT_OF_ADDRESS {
            attempts.failed(&format!("user{i}"), "a", now);
            attempts.failed("eva", &format!("2001:db8::{i:x}"), now);
        }
        assert_eq!(attempts.wait("somebody", "a", now), Some(WAIT_FIRST), "the address waits");
        assert!(attempts.wait("eva", "2001:db8::ffff", now).is_some(), "one network");
        assert!(attempts.wait("eva", "2001:db8:0:1::1", now).is_none(), "another one");
    }

    #[test]
    fn a_right_password_wipes_the_slate_of_its_account_only() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for _ in 1..LIMIT {
            attempts.failed("eva", "a", now);
        }
        attempts.failed("eva", "a", now);
        attempts.succeeded("eva", "a");
        assert_eq!(attempts.failed("eva", "a", now), 4);
        for i in 0..LIMIT_OF_ADDRESS {
            attempts.failed(&format!("user{i}"), "a", now);
            attempts.failed("mallory", "a", now);
            attempts.succeeded("mallory", "a");
        }
        assert!(attempts.wait("somebody", "a", now).is_some(), "an account of one's own does not help");
    }

    #[test]
    fn made_up_names_do_not_push_a_wait_out() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..LIMIT + 10 {
            attempts.failed("eva", "a", now);
        }
        for i in 0..REMEMBERED_MAX {
            attempts.failed(&format!("x{i}"), &format!("y{i}"), now + Duration::from_secs(1));
        }
        assert!(attempts.0.len() <= REMEMBERED_MAX);
        assert!(attempts.wait("eva", "a", now + Duration::from_secs(1)).is_some());
    }
}
