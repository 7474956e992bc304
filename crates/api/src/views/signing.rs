//! The origin of backup sets, and the keys that prove it.

use control::signing::{Keys, Origin, described};
use model::text::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a signature check.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Signature {
    /// This installation signed it.
    Own,
    /// The holder of a trusted key signed it.
    Trusted,
    /// The holder of a key that is not known here signed it.
    Unknown,
    /// Nobody signed it.
    Unsigned,
}

/// The origin of a backup set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OriginView {
    /// The result of the signature check.
    signature: Signature,
    /// The public key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The name of that key, if it is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_name: Option<String>,
    /// The origin in words.
    message: String,
}

impl OriginView {
    pub(crate) fn of(origin: &Origin, language: Language) -> Self {
        let (signature, key, key_name) = match origin {
            Origin::Own { key } => (Signature::Own, Some(key), None),
            Origin::Known { name, key } => (Signature::Trusted, Some(key), Some(name.clone())),
            Origin::Unknown { key } => (Signature::Unknown, Some(key), None),
            Origin::Unsigned => (Signature::Unsigned, None, None),
        };
        let message = described(origin).message(language);
        Self { signature, key: key.map(ToString::to_string), key_name, message }
    }
}

/// The public keys that prove the origin of backup sets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningKeysView {
    /// The current signing key of this installation.
    #[schema(example = "ed25519:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    current: String,
    /// Its earlier signing keys.
    retired: Vec<String>,
    /// Trusted keys of other installations.
    trusted: Vec<TrustedKeyView>,
}

/// A trusted key of another installation.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrustedKeyView {
    /// Its name.
    name: String,
    /// The public key.
    key: String,
}

impl From<Keys> for SigningKeysView {
    fn from(keys: Keys) -> Self {
        let Keys { current, retired, trusted } = keys;
        let trusted = trusted.into_iter().map(|(name, key)| TrustedKeyView { name, key }).collect();
        Self { current, retired, trusted }
    }
}

/// A key of another installation to trust.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustBody {
    /// Its name.
    pub(crate) name: String,
    /// The public key: `ed25519:` and 64 hexadecimal digits.
    pub(crate) key: String,
}
