//! Recently verified passwords. HTTP Basic sends one with every request, and a strong hash is slow to compute.
//!
//! It keeps a keyed hash, whose key never leaves the memory, and the stored form that it was verified against, so
//! that a changed password is forgotten immediately, on every server. The address is part of the hash, so that
//! passwords cannot be tried here faster than the lock-out allows.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use metadata::passwords::PasswordHash;

/// How long a password is accepted without verifying it again.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// The maximum number of entries; a lost one only costs another verification.
const KEPT_MAX: usize = 10_000;

/// A password that was sent.
pub(crate) struct Credential<'a> {
    pub(crate) account: &'a str,
    pub(crate) password: &'a str,
    pub(crate) address: &'a str,
}

/// The verified credentials of the last minutes.
pub(crate) struct Verified {
    key: [u8; blake3::KEY_LEN],
    verified: HashMap<blake3::Hash, (PasswordHash, Instant)>,
}

impl Verified {
    pub(crate) fn new() -> Self {
        Self { key: rand::random(), verified: HashMap::new() }
    }

    /// Returns whether exactly this credential was verified within the last five minutes, against the current stored
    /// hash.
    pub(crate) fn knows(&self, credential: &Credential<'_>, stored: &PasswordHash, now: Instant) -> bool {
        let known = self.verified.get(&self.hash(credential));
        known.is_some_and(|(against, until)| against == stored && now < *until)
    }

    /// Remembers a credential that was verified now.
    pub(crate) fn remember(&mut self, credential: &Credential<'_>, stored: &PasswordHash, now: Instant) {
        if self.verified.len() >= KEPT_MAX {
            self.verified.retain(|_, (_, until)| now < *until);
        }
        if self.verified.len() >= KEPT_MAX {
            self.verified.clear();
        }
        self.verified.insert(self.hash(credential), (stored.clone(), now + KEPT));
    }

    fn hash(&self, credential: &Credential<'_>) -> blake3::Hash {
        let Credential { account, password, address } = *credential;
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in [account, password, address] {
            // The length prefix makes sure that two different credentials never give the same bytes.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use metadata::passwords;
    use model::Secret;

    use super::{Credential, KEPT, KEPT_MAX, Verified};

    const RIGHT: Credential<'_> = Credential { account: "eva", password: "pw", address: "a" };

    #[tokio::test]
    async fn only_exactly_what_was_verified_is_known_and_not_for_long() {
        let [stored, changed] =
            [passwords::hash(&Secret::new("pw")).await, passwords::hash(&Secret::new("pw")).await]
                .map(|hash| hash.expect("hashed"));
        let (mut verified, now) = (Verified::new(), Instant::now());
        verified.remember(&RIGHT, &stored, now);
        assert!(verified.knows(&RIGHT, &stored, now));
        assert!(!verified.knows(&RIGHT, &stored, now + KEPT));
        assert!(!verified.knows(&RIGHT, &changed, now), "the password was changed since");
        for other in [
            Credential { account: "ev", password: "apw", ..RIGHT },
            Credential { password: "pw2", ..RIGHT },
            Credential { address: "b", ..RIGHT },
        ] {
            assert!(!verified.knows(&other, &stored, now));
        }
    }

    #[tokio::test]
    async fn the_memory_is_bounded() {
        let stored = passwords::hash(&Secret::new("pw")).await.expect("hashed");
        let (mut verified, now) = (Verified::new(), Instant::now());
        for i in 0..=KEPT_MAX {
            verified.remember(&Credential { password: &i.to_string(), ..RIGHT }, &stored, now);
        }
        assert!(verified.verified.len() <= KEPT_MAX);
        let last = KEPT_MAX.to_string();
        assert!(verified.knows(&Credential { password: &last, ..RIGHT }, &stored, now));
    }
}
