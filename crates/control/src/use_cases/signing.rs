//! The keys that prove the origin of a backup: the current signing key of this installation, its earlier ones, and
//! foreign ones that an administrator trusts by name.
//!
//! The secret key is sealed in the metadata: all servers on the same metadata share it, and a copy of the metadata
//! contains it.

use std::collections::BTreeMap;

pub use dump::Origin;
use dump::{PublicKey, SigningKey};
use model::Problem;
use model::id::BackupSetId;
use model::user::{Permission, check_name};

pub use crate::context::signing::described;
use crate::context::signing::read;
use crate::context::{Actor, Attempt, Control, Error};
use crate::flows::restore_logical::open_set;

/// The known public keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The current signing key of dumps.
    pub current: String,
    /// The earlier signing keys.
    pub retired: Vec<String>,
    /// The trusted foreign keys, by name.
    pub trusted: BTreeMap<String, String>,
}

/// Returns the known public keys.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn keys(control: &Control, actor: &Actor) -> Result<Keys, Error> {
    actor.must(Permission::Read)?;
    let current = control.context.signing_key().await?.public().to_string();
    let stored = control.metadata().signing_keys_stored().await?;
    Ok(Keys { current, retired: stored.retired, trusted: stored.trusted })
}

/// Returns the origin of a logical backup set, according to the signature of its manifest.
///
/// # Errors
/// When the actor may not read it, there is no such set, or its manifest is missing, damaged or altered.
pub async fn origin(control: &Control, actor: &Actor, set: BackupSetId) -> Result<Origin, Error> {
    actor.must(Permission::Read)?;
    Ok(open_set(&control.context, set).await?.origin)
}

/// Replaces the signing key of dumps. Sets that the old key signed still belong to this installation. Running dumps
/// start over under a new ID, because a dump must not be signed with two keys.
///
/// # Errors
/// When the actor lacks the permission, or the metadata database fails.
pub async fn rotate(control: &Control, actor: &Actor) -> Result<Keys, Error> {
    let attempt = Attempt::new(actor, "signing-key-rotate", "signing-key".to_owned());
    let work = async {
        actor.must(Permission::ManageUsers)?;
        let new = SigningKey::generate();
        let mut writer = control.metadata().begin().await?;
        let old = read(&writer.signing_key_ensure(new.secret()).await?)?;
        if old.public() != new.public() {
            writer.signing_key_replace(&old.public().to_string(), new.secret()).await?;
        }
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(())
    };
    attempt.watch(&control.context, work).await?;
    keys(control, actor).await
}

/// Trusts a foreign key under a name: sets that it signed can be recovered without a confirmation.
///
/// # Errors
/// When the actor lacks the permission, the name or the key is malformed, or one of the two is known already.
pub async fn trust(control: &Control, actor: &Actor, name: &str, key: &str) -> Result<Keys, Error> {
    let attempt = Attempt::new(actor, "signing-key-trust", format!("trusted-key/{key}"));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        check_name(name).map_err(|_| {
            Problem::invalid("trust-key-name-malformed").with("name", model::visible::visible_line(name))
        })?;
        let key: PublicKey =
            key.parse().map_err(|_| Problem::invalid("trust-key-malformed").with("text", key))?;
        let own = control.context.known_keys().await?.own;
        let mut writer = control.metadata().begin().await?;
        let mut trusted = writer.signing_keys_now().await?.trusted;
        let key = key.to_string();
        let is_known =
            trusted.values().any(|known| *known == key) || own.iter().any(|known| known.to_string() == key);
        if is_known {
            return Err(Problem::conflict("trust-key-known").with("key", key).into());
        }
        if trusted.contains_key(name) {
            return Err(Problem::conflict("trust-key-name-taken").with("name", name).into());
        }
        trusted.insert(name.to_owned(), key);
        writer.trusted_keys_set(&trusted).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(())
    };
    attempt.watch(&control.context, work).await?;
    keys(control, actor).await
}

/// Ends the trust in a foreign key.
///
/// # Errors
/// When the actor lacks the permission, or no key has that name.
pub async fn distrust(control: &Control, actor: &Actor, name: &str) -> Result<Keys, Error> {
    let attempt = Attempt::new(actor, "signing-key-distrust", "trusted-key".to_owned());
    let work = async {
        actor.must(Permission::ManageUsers)?;
        let mut writer = control.metadata().begin().await?;
        let mut trusted = writer.signing_keys_now().await?.trusted;
        if trusted.remove(name).is_none() {
            return Err(Problem::not_found("trust-key-unknown").with("name", name).into());
        }
        writer.trusted_keys_set(&trusted).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(())
    };
    attempt.watch(&control.context, work).await?;
    keys(control, actor).await
}
