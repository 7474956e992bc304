//! The keys that tell where a backup comes from: the one that this installation signs its dumps with, those that it used
//! before, and those of others that an administrator trusts by name.
//!
//! The secret key is sealed in the metadata, so all servers on the same metadata share it, and it travels with a copy.

use std::collections::BTreeMap;

pub use dump::Origin;
use dump::{KnownKeys, PublicKey, SigningKey};
use model::id::BackupSetId;
use model::problem::{ProblemKind, codes};
use model::text::Text;
use model::user::{Permission, check_name};
use model::{Problem, Secret};

use crate::actor::Actor;
use crate::audit::Attempt;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::flows::restore_logical::open_set;

/// The public keys that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// What dumps are signed with now.
    pub current: String,
    /// What they were signed with before.
    pub retired: Vec<String>,
    /// Keys of others that are trusted, by name.
    pub trusted: BTreeMap<String, String>,
}

/// Returns the public keys that are known.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn keys(control: &Control, actor: &Actor) -> Result<Keys, Error> {
    actor.must(Permission::Read)?;
    let current = control.context.signing_key().await?.public().to_string();
    let stored = control.metadata().signing_keys_stored().await?;
    Ok(Keys { current, retired: stored.retired, trusted: stored.trusted })
}

/// Returns where a logical backup set comes from, as the signature of its manifest shows.
///
/// # Errors
/// When the actor may not read it, there is no such set, or its manifest is missing, damaged or altered.
pub async fn origin(control: &Control, actor: &Actor, set: BackupSetId) -> Result<Origin, Error> {
    actor.must(Permission::Read)?;
    Ok(open_set(&control.context, set).await?.origin)
}

/// Replaces the key that dumps are signed with. Sets that the old key signed stay this installation's. Dumps that run begin
/// again under a new id, since nothing of theirs may be signed with two keys.
///
/// # Errors
/// When the actor may not, or the metadata fail.
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
    attempt.watch(control, work).await?;
    keys(control, actor).await
}

/// Trusts a key of others under a name: sets that it signed are recovered without a further question.
///
/// # Errors
/// When the actor may not, the name or the key is malformed, or one of the two is known already.
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
    attempt.watch(control, work).await?;
    keys(control, actor).await
}

/// Trusts a key of others no more.
///
/// # Errors
/// When the actor may not, or no key has that name.
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
    attempt.watch(control, work).await?;
    keys(control, actor).await
}

impl Context {
    /// Returns the key that dumps are signed with; the first call creates it. It is read each time, since another server on the
    /// same metadata may have replaced it.
    pub(crate) async fn signing_key(&self) -> Result<SigningKey, Error> {
        if let Some(secret) = self.metadata.signing_key().await? {
            return read(&secret);
        }
        let mut writer = self.metadata.begin().await?;
        let secret = writer.signing_key_ensure(SigningKey::generate().secret()).await?;
        writer.commit().await?;
        read(&secret)
    }

    /// Returns the keys by which the origin of a dump is told.
    pub(crate) async fn known_keys(&self) -> Result<KnownKeys, Error> {
        let current = self.signing_key().await?.public();
        let stored = self.metadata.signing_keys_stored().await?;
        let mut known = KnownKeys { own: vec![current], others: Vec::new() };
        for key in &stored.retired {
            known.own.push(public(key)?);
        }
        for (name, key) in stored.trusted {
            known.others.push((name, public(&key)?));
        }
        Ok(known)
    }
}

/// Decides whether a set of that origin may be recovered. What no trusted key signed may hold definitions that somebody else
/// wrote; they run with the rights of the tenant credential. Only an administrator takes that on, and says so.
pub(crate) fn check(origin: &Origin, actor: &Actor, accepted: bool, set: BackupSetId) -> Result<(), Problem> {
    let is_signed = match origin {
        Origin::Own { .. } | Origin::Known { .. } => return Ok(()),
        Origin::Unknown { .. } => true,
        Origin::Unsigned => false,
    };
    if !actor.role.allows(Permission::ManageUsers) {
        let id = if is_signed { "recovery-of-foreign-set" } else { "recovery-of-unsigned-set" };
        let problem = Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, id);
        return Err(problem.with("set", set).with("user", &actor.name));
    }
    if !accepted {
        let id = if is_signed { "recovery-of-foreign-set-asks" } else { "recovery-of-unsigned-set-asks" };
        return Err(Problem::refused(codes::RECOVERY_FAILED, id).with("set", set));
    }
    Ok(())
}

/// Returns where a set comes from, in words.
#[must_use]
pub fn described(origin: &Origin) -> Text {
    match origin {
        Origin::Own { .. } => Text::new("set-signed-here"),
        Origin::Known { name, key } => Text::new("set-signed-by-trusted").with("name", name).with("key", key),
        Origin::Unknown { key } => Text::new("set-signed-elsewhere").with("key", key),
        Origin::Unsigned => Text::new("set-not-signed"),
    }
}

fn read(secret: &Secret) -> Result<SigningKey, Error> {
    SigningKey::read(secret)
        .map_err(|cause| Error::caused(Problem::internal("metadata-signing-key-unreadable"), cause))
}

fn public(key: &str) -> Result<PublicKey, Error> {
    key.parse().map_err(|cause| Error::caused(Problem::internal("metadata-signing-key-unreadable"), cause))
}

#[cfg(test)]
mod tests {
    use dump::{Origin, SigningKey};
    use model::id::{BackupSetId, UserId};
    use model::user::Role;

    use super::check;
    use crate::actor::{Actor, Means};

    #[test]
    fn what_no_trusted_key_signed_needs_an_administrator_who_accepts_it() {
        let key = SigningKey::generate().public();
        let known = Origin::Known { name: "other site".to_owned(), key };
        let asked = |origin: &Origin, role, accepted| {
            let (name, address) = ("eva".into(), "192.0.2.1".into());
            let actor = Actor {
                user: UserId(1),
                name,
                role,
                address,
                must_change_password: false,
                means: Means::Program,
            };
            check(origin, &actor, accepted, BackupSetId(7)).err().map(|problem| problem.text.id)
        };
        for accepted in [false, true] {
            for role in [Role::Admin, Role::BackupManager] {
                assert_eq!(asked(&Origin::Own { key }, role, accepted), None);
                assert_eq!(asked(&known, role, accepted), None);
            }
            let refused = |origin: &Origin| asked(origin, Role::BackupManager, accepted);
            assert_eq!(refused(&Origin::Unsigned).as_deref(), Some("recovery-of-unsigned-set"));
            assert_eq!(refused(&Origin::Unknown { key }).as_deref(), Some("recovery-of-foreign-set"));
        }
        let asks = |origin: &Origin| asked(origin, Role::Admin, false);
        assert_eq!(asks(&Origin::Unsigned).as_deref(), Some("recovery-of-unsigned-set-asks"));
        assert_eq!(asks(&Origin::Unknown { key }).as_deref(), Some("recovery-of-foreign-set-asks"));
        assert_eq!(asked(&Origin::Unsigned, Role::Admin, true), None);
        assert_eq!(asked(&Origin::Unknown { key }, Role::Admin, true), None);
    }
}
