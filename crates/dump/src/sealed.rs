//! Small JSON objects that show when they were damaged: plan, receipts, manifest.
//!
//! Two lines: the content as JSON on one line, then `{"blake3":"<hash of the first line>","signature":null}`.
//! Cutting off, adding to, or changing any byte of either line is found. `signature` is kept free for one.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    blake3: String,
    signature: Option<String>,
}

/// Returns the content with its seal.
pub(crate) fn seal<T: Serialize>(content: &T) -> Bytes {
    let mut text = serde_json::to_vec(content).expect("our own types have only text keys");
    let seal = Seal { blake3: blake3::hash(&text).to_hex().to_string(), signature: None };
    text.push(b'\n');
    text.extend(serde_json::to_vec(&seal).expect("two texts"));
    text.push(b'\n');
    text.into()
}

/// Returns the content, if the seal fits.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn unseal<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let text = text.strip_suffix(b"\n").ok_or("it was cut off")?;
    let mut lines = text.split(|&byte| byte == b'\n');
    let (Some(content), Some(seal), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err("it does not have two lines".to_owned());
    };
    let seal: Seal =
        serde_json::from_slice(seal).map_err(|error| format!("its seal is unreadable: {error}"))?;
    if seal.blake3 != blake3::hash(content).to_hex().as_str() {
        return Err("its content does not fit its checksum".to_owned());
    }
    serde_json::from_slice(content).map_err(|error| format!("its content is unreadable: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{seal, unseal};

    #[test]
    fn every_changed_cut_or_added_byte_is_found() {
        let sealed = seal(&("a\nb", 7)).to_vec();
        assert_eq!(unseal::<(String, u32)>(&sealed), Ok(("a\nb".to_owned(), 7)));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 0x01;
            assert!(unseal::<(String, u32)>(&changed).is_err(), "byte {place} changed");
            assert!(unseal::<(String, u32)>(&sealed[..place]).is_err(), "cut off at {place}");
        }
        let longer = [sealed.as_slice(), b"\n"].concat();
        assert!(unseal::<(String, u32)>(&longer).is_err());
    }
}
