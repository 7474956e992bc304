//! Secrets at rest. Each is sealed with the server's key and bound to its place: table, row and column. A moved or
//! changed secret does not open.
//!
//! A sealed secret is the text `1:<fingerprint of the key>:<base64 of nonce, ciphertext and tag>` (AES-256-GCM with a
//! random nonce of 96 bits; a server seals far fewer than the 2^32 secrets for which this is safe).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::error::Error;

/// The length of a key, in bytes.
pub(crate) const KEY_BYTES: usize = 32;

/// The format version of sealed secrets that this program writes.
const FORM: &str = "1";

/// The place of a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) table: &'static str,
    pub(crate) row: i64,
    pub(crate) column: &'static str,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.table, self.row, self.column)
    }
}

/// Seals and opens secrets with one key.
pub(crate) struct Sealer {
    key: LessSafeKey,
    fingerprint: String,
    digest_key: Zeroizing<[u8; KEY_BYTES]>,
    random: SystemRandom,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sealer({})", self.fingerprint)
    }
}

impl Sealer {
    pub(crate) fn new(key: &Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, &key[..]).expect("the key has the cipher's length");
        let digest_key = blake3::derive_key("lifeboat 2026 digests of orders", &key[..]);
        Self {
            key: LessSafeKey::new(unbound),
            fingerprint: fingerprint(key),
            digest_key: Zeroizing::new(digest_key),
            random: SystemRandom::new(),
        }
    }

    /// Returns a fingerprint that identifies this key without revealing it.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Seals a secret to its place.
    pub(crate) fn seal(&self, place: Place, secret: &Secret) -> String {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).expect("the operating system has random numbers");
        let mut sealed = secret.expose().as_bytes().to_vec();
        let mut all = nonce.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.to_string()),
                &mut sealed,
            )
            .expect("a secret is shorter than 64 GiB");
        all.append(&mut sealed);
        format!("{FORM}:{}:{}", self.fingerprint, BASE64.encode(all))
    }

    /// Returns a deterministic digest of a text that cannot be computed without the key.
    pub(crate) fn digest(&self, text: &Secret) -> String {
        blake3::keyed_hash(&self.digest_key, text.expose().as_bytes()).to_hex().to_string()
    }

    /// Opens a secret that was sealed to this place.
    pub(crate) fn open(&self, place: Place, sealed: &str) -> Result<Secret, Error> {
        self.try_open(place, sealed).ok_or_else(|| Error::SealBroken { place: place.to_string() })
    }

    fn try_open(&self, place: Place, sealed: &str) -> Option<Secret> {
        let (form, rest) = sealed.split_once(':')?;
        let (fingerprint, text) = rest.split_once(':')?;
        if form != FORM || fingerprint != self.fingerprint {
            return None;
        }
        let mut bytes = Zeroizing::new(BASE64.decode(text).ok()?);
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.key.open_in_place(nonce, Aad::from(place.to_string()), sealed).ok()?;
        std::str::from_utf8(plain).ok().map(Secret::new)
    }
}

/// Returns a new key.
pub(crate) fn new_key() -> Zeroizing<[u8; KEY_BYTES]> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    SystemRandom::new().fill(&mut key[..]).expect("the operating system has random numbers");
    key
}

fn fingerprint(key: &Zeroizing<[u8; KEY_BYTES]>) -> String {
    // A derivation with its own purpose, which does not help an attacker with other uses of the key.
    let digest = Zeroizing::new(blake3::derive_key("lifeboat 2026 fingerprint of the secret key", &key[..]));
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::{Place, Sealer, new_key};

    const HERE: Place = Place { table: "clusters", row: 7, column: "password" };

    #[test]
    fn a_secret_opens_at_its_own_place_and_nowhere_else() {
        let sealer = Sealer::new(&new_key());
        let sealed = sealer.seal(HERE, &Secret::new("hunter2 訳"));
        assert_eq!(sealer.open(HERE, &sealed).expect("opens").expose(), "hunter2 訳");
        for elsewhere in [
            Place { row: 8, ..HERE },
            Place { column: "secret", ..HERE },
            Place { table: "storages", ..HERE },
        ] {
            assert!(sealer.open(elsewhere, &sealed).is_err(), "{elsewhere}");
        }
        assert!(Sealer::new(&new_key()).open(HERE, &sealed).is_err(), "another key");
    }

    #[test]
    fn a_secret_that_was_altered_does_not_open() {
        let sealer = Sealer::new(&new_key());
        let sealed = sealer.seal(HERE, &Secret::new("hunter2"));
        for place in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            assert!(sealer.open(HERE, &altered).is_err(), "{place}: {altered}");
        }
        for torn in ["", "1", "1:", &sealed[..sealed.len() - 8], "1:x:y"] {
            assert!(sealer.open(HERE, torn).is_err(), "{torn}");
        }
    }

    #[test]
    fn no_two_seals_of_a_secret_are_alike_and_none_shows_it() {
        let sealer = Sealer::new(&new_key());
        let [first, second] = [(); 2].map(|()| sealer.seal(HERE, &Secret::new("hunter2")));
        assert_ne!(first, second);
        assert!(!format!("{first} {sealer:?}").contains("hunter2"));
    }
}
