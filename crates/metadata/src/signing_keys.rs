//! The keys that sign dumps, and the trusted keys. They are settings, so a copy of the metadata includes them. Only
//! the current signing key is stored as a secret; of earlier ones, only the public halves.

use std::collections::BTreeMap;

use model::Secret;

use crate::database::{Connection, Transaction};
use crate::error::Error;
use crate::open::{Metadata, forget, keep, setting};
use crate::seal::Place;

/// The setting with the sealed secret key.
const CURRENT: &str = "signing-key";

/// The setting with the public keys of earlier signing keys.
const RETIRED: &str = "signing-keys-retired";

/// The setting with the public keys of others, by name.
const TRUSTED: &str = "trusted-keys";

/// The place that the secret key is sealed to: a setting has a name, but no row number.
const PLACE: Place = Place { table: "settings", row: 0, column: CURRENT };

/// The public keys in the metadata.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredKeys {
    /// Those of earlier signing keys of this installation.
    pub retired: Vec<String>,
    /// Those of others, by name.
    pub trusted: BTreeMap<String, String>,
}

impl Metadata {
    /// Returns the key that signs dumps, if there is one.
    ///
    /// # Errors
    /// When the key does not open, or the database fails.
    pub async fn signing_key(&self) -> Result<Option<Secret>, Error> {
        let sealed = setting(&mut self.read().await?, CURRENT).await?;
        sealed.map(|sealed| self.sealer.open(PLACE, &sealed)).transpose()
    }

    /// Returns the public keys beside the current one.
    ///
    /// # Errors
    /// When the database fails, or contains something else.
    pub async fn signing_keys_stored(&self) -> Result<StoredKeys, Error> {
        stored(&mut self.read().await?).await
    }
}

impl Transaction {
    /// Returns the key that signs dumps; if there is none yet, stores and returns `new`.
    ///
    /// # Errors
    /// When the key does not open, or the database fails.
    pub async fn signing_key_ensure(&mut self, new: &Secret) -> Result<Secret, Error> {
        if let Some(sealed) = setting(&mut self.connection, CURRENT).await? {
            return self.sealer.open(PLACE, &sealed);
        }
        keep(&mut self.connection, CURRENT, &self.sealer.seal(PLACE, new)).await?;
        Ok(new.clone())
    }

    /// Replaces the key that signs dumps, and keeps the public half of the old one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_replace(&mut self, old_public: &str, new: &Secret) -> Result<(), Error> {
        let mut retired = stored(&mut self.connection).await?.retired;
        retired.push(old_public.to_owned());
        replace(&mut self.connection, RETIRED, &json(&retired)).await?;
        replace(&mut self.connection, CURRENT, &self.sealer.seal(PLACE, new)).await
    }

    /// Returns the public keys beside the current one, as they are in this transaction.
    ///
    /// # Errors
    /// When the database fails, or contains something else.
    pub async fn signing_keys_now(&mut self) -> Result<StoredKeys, Error> {
        stored(&mut self.connection).await
    }

    /// Replaces the trusted public keys of others, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trusted_keys_set(&mut self, trusted: &BTreeMap<String, String>) -> Result<(), Error> {
        replace(&mut self.connection, TRUSTED, &json(trusted)).await
    }
}

async fn stored(connection: &mut Connection) -> Result<StoredKeys, Error> {
    Ok(StoredKeys { retired: read(connection, RETIRED).await?, trusted: read(connection, TRUSTED).await? })
}

async fn read<T: serde::de::DeserializeOwned + Default>(
    connection: &mut Connection,
    name: &'static str,
) -> Result<T, Error> {
    let Some(text) = setting(connection, name).await? else { return Ok(T::default()) };
    serde_json::from_str(&text).map_err(|cause| Error::Unreadable {
        verb: "read a setting",
        column: name,
        cause: Box::new(cause),
    })
}

async fn replace(connection: &mut Connection, name: &'static str, value: &str) -> Result<(), Error> {
    forget(connection, name).await?;
    keep(connection, name, value).await
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts only")
}
