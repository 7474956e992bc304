//! Passwords that were verified a moment ago. HTTP Basic sends one with every request, and a hash that is hard to
//! guess is slow to compute.
//!
//! Kept is a keyed hash, whose key never leaves the memory. The stored form of the password is part of what is
//! hashed, so a changed password is forgotten at once, on every server; the address is too, so that nobody can
//! try passwords here faster than the lock-out allows.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long a password is taken without verifying it again.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// How many are kept; verifying again is all that a lost one costs.
const KEPT_MAX: usize = 10_000;

/// A password that was sent, and what it was verified against.
pub(super) struct Credential<'a> {
    pub(super) account: &'a str,
    pub(super) password: &'a str,
    pub(super) address: &'a str,
    /// The password as it is stored.
    pub(super) stored: &'a str,
}

/// The verified credentials of the last minutes.
pub(super) struct Verified {
    key: [u8; blake3::KEY_LEN],
    until: HashMap<blake3::Hash, Instant>,
}

impl Verified {
    pub(super) fn new() -> Self {
        Self { key: rand::random(), until: HashMap::new() }
    }

    /// Tells whether exactly this was verified within the last five minutes.
    pub(super) fn knows(&self, credential: &Credential<'_>, now: Instant) -> bool {
        self.until.get(&self.hash(credential)).is_some_and(|until| now < *until)
    }

    /// Remembers that this was verified just now.
    pub(super) fn remember(&mut self, credential: &Credential<'_>, now: Instant) {
        if self.until.len() >= KEPT_MAX {
            self.until.retain(|_, until| now < *until);
        }
        if self.until.len() >= KEPT_MAX {
            self.until.clear();
        }
        self.until.insert(self.hash(credential), now + KEPT);
    }

    fn hash(&self, credential: &Credential<'_>) -> blake3::Hash {
        let Credential { account, password, address, stored } = *credential;
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in [account, password, address, stored] {
            // The length in front: no two credentials run into the same bytes.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Credential, KEPT, KEPT_MAX, Verified};

    const RIGHT: Credential<'_> = Credential { account: "eva", password: "pw", address: "a", stored: "$1" };

    #[test]
    fn only_exactly_what_was_verified_is_known_and_not_for_long() {
        let (mut verified, now) = (Verified::new(), Instant::now());
        verified.remember(&RIGHT, now);
        assert!(verified.knows(&RIGHT, now));
        assert!(!verified.knows(&RIGHT, now + KEPT));
        for other in [
            Credential { account: "ev", password: "apw", ..RIGHT },
            Credential { password: "pw2", ..RIGHT },
            Credential { address: "b", ..RIGHT },
            Credential { stored: "$2", ..RIGHT },
        ] {
            assert!(!verified.knows(&other, now));
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut verified, now) = (Verified::new(), Instant::now());
        for i in 0..=KEPT_MAX {
            verified.remember(&Credential { password: &i.to_string(), ..RIGHT }, now);
        }
        assert!(verified.until.len() <= KEPT_MAX);
        let last = KEPT_MAX.to_string();
        assert!(verified.knows(&Credential { password: &last, ..RIGHT }, now));
    }
}
