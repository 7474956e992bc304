//! Small JSON objects that reveal damage and changes: plan, receipts, manifest.
//!
//! Two lines: the content as JSON on one line, then `{"blake3":"<hash of the first line>","signature":…}`. Any
//! removed, added or changed byte in either line is detected. `signature` is `null`, or as [`crate::signing`] writes
//! it.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::signing::{PublicKey, Purpose, SigningKey};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    blake3: String,
    signature: Option<String>,
}

/// A sealed object that was opened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsealed<T> {
    pub(crate) content: T,
    /// The key of the valid signature; `None` if it is unsigned.
    pub(crate) signer: Option<PublicKey>,
    /// The BLAKE3 of the content's bytes.
    pub(crate) blake3: String,
}

/// Why a sealed object is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Its bytes are not those that were written.
    Damaged(String),
    /// Its checksum matches but its signature does not: it was changed on purpose.
    Altered,
}

impl Broken {
    /// Names the object.
    pub(crate) fn of(self, path: String) -> Error {
        match self {
            Self::Damaged(why) => Error::Damaged { path, why },
            Self::Altered => Error::Altered { path },
        }
    }
}

/// Returns the content with its seal, signed if there is a key.
pub(crate) fn seal<T: Serialize>(content: &T, purpose: Purpose<'_>, key: Option<&SigningKey>) -> Bytes {
    let mut text = serde_json::to_vec(content).expect("our own types have only text keys");
    let signature = key.map(|key| key.sign(purpose, &text));
    let seal = Seal { blake3: blake3::hash(&text).to_hex().to_string(), signature };
    text.push(b'\n');
    text.extend(serde_json::to_vec(&seal).expect("two texts"));
    text.push(b'\n');
    text.into()
}

/// Returns the content and the signer, if any, if the seal is valid.
///
/// # Errors
/// Reports what is wrong with it.
pub(crate) fn unseal<T: DeserializeOwned>(text: &[u8], purpose: Purpose<'_>) -> Result<Unsealed<T>, Broken> {
    let damaged = |why: &str| Broken::Damaged(why.to_owned());
    let text = text.strip_suffix(b"\n").ok_or_else(|| damaged("it was cut off"))?;
    let mut lines = text.split(|&byte| byte == b'\n');
    let (Some(content), Some(seal), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err(damaged("it does not have two lines"));
    };
    let Seal { blake3, signature } = serde_json::from_slice(seal)
        .map_err(|error| Broken::Damaged(format!("its seal is unreadable: {error}")))?;
    if blake3 != blake3::hash(content).to_hex().as_str() {
        return Err(damaged("its content does not fit its checksum"));
    }
    let signer = match signature {
        None => None,
        Some(signature) => Some(purpose.signer(content, &signature).ok_or(Broken::Altered)?),
    };
    let content = serde_json::from_slice(content)
        .map_err(|error| Broken::Damaged(format!("its content is unreadable: {error}")))?;
    Ok(Unsealed { content, signer, blake3 })
}

#[cfg(test)]
mod tests {
    use super::{Broken, Unsealed, seal, unseal};
    use crate::signing::{Purpose, SigningKey};

    const MANIFEST: Purpose<'static> = Purpose { kind: "manifest", dump: "d1" };

    #[test]
    fn every_changed_cut_or_added_byte_is_found() {
        let key = SigningKey::generate();
        for key in [None, Some(&key)] {
            let sealed = seal(&("a\nb", 7), MANIFEST, key).to_vec();
            let read = unseal::<(String, u32)>(&sealed, MANIFEST).expect("what was sealed");
            assert_eq!((read.content, read.signer), (("a\nb".to_owned(), 7), key.map(SigningKey::public)));
            for place in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[place] ^= 0x01;
                assert!(unseal::<(String, u32)>(&changed, MANIFEST).is_err(), "byte {place} changed");
                let cut = unseal::<(String, u32)>(&sealed[..place], MANIFEST);
                assert!(cut.is_err(), "cut off at {place}");
            }
            let longer = [sealed.as_slice(), b"\n"].concat();
            assert!(unseal::<(String, u32)>(&longer, MANIFEST).is_err());
        }
    }

    #[test]
    fn a_signature_of_another_kind_dump_or_content_is_an_alteration() {
        let sealed = seal(&7, MANIFEST, Some(&SigningKey::generate()));
        for other in [Purpose { kind: "plan", ..MANIFEST }, Purpose { dump: "d2", ..MANIFEST }] {
            let read: Result<Unsealed<u32>, _> = unseal(&sealed, other);
            assert_eq!(read, Err(Broken::Altered));
        }
        let text = String::from_utf8(sealed.to_vec()).expect("JSON");
        let hash = |content: &str| blake3::hash(content.as_bytes()).to_hex().to_string();
        let altered = text.replacen('7', "8", 1).replace(&hash("7"), &hash("8"));
        assert_eq!(unseal::<u32>(altered.as_bytes(), MANIFEST), Err(Broken::Altered));
    }
}
