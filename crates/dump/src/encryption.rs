//! Encryption to age recipients: a dump needs only public keys, a load needs one of the secret keys.
//!
//! Every object with rows or statements becomes a separate age file (<https://age-encryption.org/v1>), so `age -d`
//! reads it. Plan, receipts and manifest stay readable: a dump that is resumed after a crash has no secret key.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use age::stream::{StreamReader, StreamWriter};
use model::Secret;
use serde::{Deserialize, Serialize};

/// The prefixes of public and secret keys.
const PUBLIC: &str = "age1";
const SECRET: &str = "AGE-SECRET-KEY-1";

/// A public key that a dump is encrypted for, such as `age1…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(String);

/// The text is not a public key of age.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", if *.is_secret { "this is a secret key: give the public one, which begins with age1" }
    else { "not a public key of age, which begins with age1" })]
pub struct NotARecipient {
    /// Whether it is a secret key: then it must not be shown anywhere.
    pub is_secret: bool,
}

impl FromStr for Recipient {
    type Err = NotARecipient;

    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        let is_secret = text.trim_start().to_ascii_uppercase().starts_with(SECRET);
        match text.parse::<age::x25519::Recipient>() {
            Ok(_) if text.starts_with(PUBLIC) => Ok(Self(text.to_owned())),
            _ => Err(NotARecipient { is_secret }),
        }
    }
}

impl TryFrom<String> for Recipient {
    type Error = NotARecipient;

    fn try_from(text: String) -> Result<Self, NotARecipient> {
        text.parse()
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.0
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret keys that a dump is opened with; none for one that is not encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identities(Vec<Secret>);

/// A file is not a list of secret keys.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} is not a secret key of age, which begins with AGE-SECRET-KEY-1")]
pub struct NotIdentities {
    /// Which line, from 1; the line itself is not shown.
    pub line: usize,
}

impl Identities {
    /// Reads what `age-keygen` writes: a secret key on each line; empty lines and those that begin with `#` do not
    /// count.
    ///
    /// # Errors
    /// Names the line that is not a key. A text without any key is refused at line 1.
    pub fn read(text: &str) -> Result<Self, NotIdentities> {
        let mut keys = Vec::new();
        for (place, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_key = line.parse::<age::x25519::Identity>().is_ok();
            keys.push(is_key.then(|| Secret::new(line)).ok_or(NotIdentities { line: place + 1 })?);
        }
        if keys.is_empty() { Err(NotIdentities { line: 1 }) } else { Ok(Self(keys)) }
    }

    /// Opens an encrypted object.
    ///
    /// # Errors
    /// `InvalidInput` if none of the keys fits, any other kind if the object is damaged.
    pub(crate) fn open<R: Read>(&self, sealed: R) -> io::Result<StreamReader<R>> {
        let keys: Vec<age::x25519::Identity> =
            self.0.iter().filter_map(|key| key.expose().parse().ok()).collect();
        let keys = keys.iter().map(|key| key as &dyn age::Identity);
        age::Decryptor::new(sealed).and_then(|sealed| sealed.decrypt(keys)).map_err(|cause| match cause {
            age::DecryptError::Io(cause) => cause,
            age::DecryptError::NoMatchingKeys => io::Error::from(io::ErrorKind::InvalidInput),
            other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
        })
    }

    /// Opens an encrypted object whole.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_whole(&self, sealed: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::with_capacity(sealed.len());
        self.open(sealed)?.read_to_end(&mut plain)?;
        Ok(plain)
    }
}

/// Encrypts one object while it arrives.
pub(crate) struct Cipher {
    writer: StreamWriter<Pot>,
    pot: Pot,
}

impl Cipher {
    /// Begins an object for these recipients, of which there is at least one.
    pub(crate) fn new(recipients: &[Recipient]) -> io::Result<Self> {
        let keys: Vec<age::x25519::Recipient> = recipients
            .iter()
            .map(|recipient| recipient.0.parse().expect("a recipient was parsed when it was made"))
            .collect();
        let keys = keys.iter().map(|key| key as &dyn age::Recipient);
        let pot = Pot::default();
        let encryptor =
            age::Encryptor::with_recipients(keys).map_err(|cause| io::Error::other(cause.to_string()))?;
        Ok(Self { writer: encryptor.wrap_output(pot.clone())?, pot })
    }

    /// Encrypts more bytes; returns the output so far.
    pub(crate) fn push(&mut self, plain: &[u8]) -> io::Result<Vec<u8>> {
        self.writer.write_all(plain)?;
        Ok(self.pot.take())
    }

    /// Ends the object; returns its last bytes.
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        self.writer.finish()?;
        Ok(self.pot.take())
    }
}

/// Encrypts a small object whole.
pub(crate) fn seal_whole(recipients: &[Recipient], plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut cipher = Cipher::new(recipients)?;
    let mut sealed = cipher.push(plain)?;
    sealed.extend(cipher.finish()?);
    Ok(sealed)
}

/// The output buffer of the cipher. The cipher owns its writer, but the output is needed before the end.
#[derive(Clone, Default)]
struct Pot(Arc<Mutex<Vec<u8>>>);

impl Pot {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pot {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use age::secrecy::ExposeSecret as _;

    use super::{Identities, NotARecipient, NotIdentities, Recipient, seal_whole};

    fn pair() -> (Recipient, Identities) {
        let key = age::x25519::Identity::generate();
        let secret = format!("# made for a test\n\n{}\n", key.to_string().expose_secret());
        (
            key.to_public().to_string().parse().expect("a public key"),
            Identities::read(&secret).expect("a key"),
        )
    }

    #[test]
    fn only_recipients_can_decrypt() {
        let ((one, with_one), (other, with_other), (_, stranger)) = (pair(), pair(), pair());
        let sealed = seal_whole(&[one, other], b"SELECT 1").expect("sealed");
        assert!(!sealed.windows(6).any(|window| window == b"SELECT"));
        for identities in [&with_one, &with_other] {
            assert_eq!(identities.open_whole(&sealed).expect("opened"), b"SELECT 1");
        }
        for identities in [&stranger, &Identities::default()] {
            let refused = identities.open_whole(&sealed).expect_err("a stranger");
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn every_changed_or_cut_byte_of_a_sealed_object_is_found() {
        let (recipient, identities) = pair();
        let sealed = seal_whole(&[recipient], b"INSERT INTO t VALUES (1)").expect("sealed");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(identities.open_whole(&changed).is_err(), "byte {place} changed");
            assert!(identities.open_whole(&sealed[..place]).is_err(), "cut off at {place}");
        }
    }

    #[test]
    fn a_secret_key_is_not_a_recipient_and_is_not_shown() {
        let key = age::x25519::Identity::generate().to_string();
        assert_eq!(key.expose_secret().parse::<Recipient>(), Err(NotARecipient { is_secret: true }));
        assert_eq!("age1nobody".parse::<Recipient>(), Err(NotARecipient { is_secret: false }));
        let text = format!("{}\nnonsense", key.expose_secret());
        assert_eq!(Identities::read(&text), Err(NotIdentities { line: 2 }));
        assert_eq!(Identities::read("# nothing\n"), Err(NotIdentities { line: 1 }));
    }
}
