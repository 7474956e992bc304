//! Signatures: the author of a dump. A signature proves origin, not safety.
//!
//! Ed25519, one key for each installation. The signed message is a line with the kind and the dump, and then the
//! first line of the sealed object. So an object cannot be passed off as another kind or as part of another dump.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use model::Secret;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// The prefix of public keys and signatures.
const PUBLIC: &str = "ed25519:";

/// The prefix of secret keys.
const SECRET: &str = "LIFEBOAT-SIGNING-KEY-1:";

/// The length of a public or secret key, in bytes.
const KEY_BYTES: usize = 32;

/// The length of a signature, in bytes.
const SIGNATURE_BYTES: usize = 64;

/// A public key, which verifies signatures. Written as `ed25519:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; KEY_BYTES]);

/// The text is not a public key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a public key, which is ed25519: and 64 hexadecimal digits")]
pub struct NotAPublicKey;

impl FromStr for PublicKey {
    type Err = NotAPublicKey;

    fn from_str(text: &str) -> Result<Self, NotAPublicKey> {
        text.strip_prefix(PUBLIC).and_then(from_hexadecimal).map(Self).ok_or(NotAPublicKey)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotAPublicKey;

    fn try_from(text: String) -> Result<Self, NotAPublicKey> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC}{}", hexadecimal(&self.0))
    }
}

/// A secret key, which creates signatures.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Ed25519KeyPair>,
    secret: Secret,
}

/// The text is not a signing key. It is not shown, because it may be a mistyped one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a signing key, which is LIFEBOAT-SIGNING-KEY-1: and 64 hexadecimal digits")]
pub struct NotASigningKey;

impl SigningKey {
    /// Returns a new key.
    #[must_use]
    pub fn generate() -> Self {
        let mut seed = [0; KEY_BYTES];
        SystemRandom::new().fill(&mut seed).expect("the operating system has random numbers");
        Self::read(&Secret::new(format!("{SECRET}{}", hexadecimal(&seed)))).expect("it was made here")
    }

    /// Reads what [`Self::secret`] returns. Empty lines and those that begin with `#` do not count.
    ///
    /// # Errors
    /// Fails if it is anything else.
    pub fn read(text: &Secret) -> Result<Self, NotASigningKey> {
        let lines = text.expose().lines().map(str::trim);
        let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else { return Err(NotASigningKey) };
        let seed: [u8; KEY_BYTES] =
            line.strip_prefix(SECRET).and_then(from_hexadecimal).ok_or(NotASigningKey)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NotASigningKey)?;
        Ok(Self { pair: Arc::new(pair), secret: Secret::new(line) })
    }

    /// Returns the key as text, to be stored where no other user can read it.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Returns the public key that belongs to it.
    ///
    /// # Panics
    /// Never: Ed25519's public keys all have this length.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.pair.public_key().as_ref().try_into().expect("a public key of Ed25519"))
    }

    /// Signs the content of an object of a dump. Returns the public key and the signature as text.
    pub(crate) fn sign(&self, purpose: Purpose<'_>, content: &[u8]) -> String {
        let signature = self.pair.sign(&purpose.message(content));
        format!("{}:{}", self.public(), hexadecimal(signature.as_ref()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.public() == other.public()
    }
}

impl Eq for SigningKey {}

/// The kind and dump of a signed object: a signature is valid for no other kind or dump.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose<'a> {
    /// `plan`, `receipt`, `schema-receipt`, `left-out-receipt` or `manifest`.
    pub(crate) kind: &'static str,
    /// The dump.
    pub(crate) dump: &'a str,
}

impl Purpose<'_> {
    /// Returns the message to sign.
    fn message(self, content: &[u8]) -> Vec<u8> {
        let mut message = format!("lifeboat dump 1 {} {}\n", self.kind, self.dump).into_bytes();
        message.extend_from_slice(content);
        message
    }

    /// Returns the key of a valid signature of this content; `None` if it is invalid.
    pub(crate) fn signer(self, content: &[u8], signature: &str) -> Option<PublicKey> {
        let (key, signature) = signature.rsplit_once(':')?;
        let key: PublicKey = key.parse().ok()?;
        let signature: [u8; SIGNATURE_BYTES] = from_hexadecimal(signature)?;
        let public = UnparsedPublicKey::new(&ED25519, key.0);
        public.verify(&self.message(content), &signature).ok().map(|()| key)
    }
}

/// The trusted public keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownKeys {
    /// This installation's own: the one it signs with, and those it signed with before.
    pub own: Vec<PublicKey>,
    /// Other keys, with their names.
    pub others: Vec<(String, PublicKey)>,
}

/// The origin of a dump, according to its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "signature")]
pub enum Origin {
    /// This installation signed it.
    Own {
        /// The key.
        key: PublicKey,
    },
    /// It is signed with another trusted key.
    Known {
        /// The local name of the key.
        name: String,
        /// The key.
        key: PublicKey,
    },
    /// It is signed with an unknown key.
    Unknown {
        /// The key.
        key: PublicKey,
    },
    /// Nobody signed it.
    Unsigned,
}

impl KnownKeys {
    /// Returns the origin of a dump that was signed with this key, or not signed.
    #[must_use]
    pub fn origin(&self, signer: Option<PublicKey>) -> Origin {
        let Some(key) = signer else { return Origin::Unsigned };
        if self.own.contains(&key) {
            return Origin::Own { key };
        }
        match self.others.iter().find(|(_, known)| *known == key) {
            Some((name, _)) => Origin::Known { name: name.clone(), key },
            None => Origin::Unknown { key },
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hexadecimal<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::{KnownKeys, NotASigningKey, Origin, PublicKey, Purpose, SigningKey};

    const MANIFEST: Purpose<'static> = Purpose { kind: "manifest", dump: "d1" };

    #[test]
    fn a_signature_fits_its_content_its_kind_and_its_dump_and_nothing_else() {
        let key = SigningKey::generate();
        let signature = key.sign(MANIFEST, b"{}");
        assert_eq!(MANIFEST.signer(b"{}", &signature), Some(key.public()));
        assert_eq!(MANIFEST.signer(b"{ }", &signature), None);
        assert_eq!(Purpose { kind: "plan", ..MANIFEST }.signer(b"{}", &signature), None);
        assert_eq!(Purpose { dump: "d2", ..MANIFEST }.signer(b"{}", &signature), None);
        for place in 0..signature.len() {
            let mut changed = signature.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).expect("text");
            assert_eq!(MANIFEST.signer(b"{}", &changed), None, "place {place}");
        }
        let other = SigningKey::generate();
        let (_, alien) = signature.rsplit_once(':').expect("a signature");
        assert_eq!(MANIFEST.signer(b"{}", &format!("{}:{alien}", other.public())), None);
    }

    #[test]
    fn keys_read_back_and_a_secret_one_is_not_shown() {
        let key = SigningKey::generate();
        let text = Secret::new(format!("# of a test\n\n{}\n", key.secret().expose()));
        assert_eq!(SigningKey::read(&text), Ok(key.clone()));
        assert_eq!(key.public().to_string().parse(), Ok(key.public()));
        assert!(!format!("{key:?}").contains(key.secret().expose()));
        for other in
            ["", "# nothing", "LIFEBOAT-SIGNING-KEY-1:00", &format!("{0}\n{0}", key.secret().expose())]
        {
            assert_eq!(SigningKey::read(&Secret::new(other)), Err(NotASigningKey), "{other}");
        }
        for other in ["", "ed25519:", "ed25519:0g", key.secret().expose()] {
            assert!(other.parse::<PublicKey>().is_err(), "{other}");
        }
    }

    #[test]
    fn the_origin_is_known_only_with_the_key() {
        let [own, old, friend, stranger] = [(); 4].map(|()| SigningKey::generate().public());
        let known = KnownKeys { own: vec![own, old], others: vec![("friend".to_owned(), friend)] };
        assert_eq!(known.origin(Some(own)), Origin::Own { key: own });
        assert_eq!(known.origin(Some(old)), Origin::Own { key: old });
        assert_eq!(known.origin(Some(friend)), Origin::Known { name: "friend".to_owned(), key: friend });
        assert_eq!(known.origin(Some(stranger)), Origin::Unknown { key: stranger });
        assert_eq!(known.origin(None), Origin::Unsigned);
    }
}
