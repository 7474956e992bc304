//! The keys that prove the origin of a dump, and the permission to recover a dump without a trusted signature.

use dump::{KnownKeys, Origin, PublicKey, SigningKey};
use model::id::BackupSetId;
use model::problem::{ProblemKind, codes};
use model::storage::{LogicalFolder, dump_owner};
use model::text::Text;
use model::user::Permission;
use model::{Problem, Secret};

use super::actor::Actor;
use super::error::Error;
use super::shared::Context;

impl Context {
    /// Returns the signing key of dumps; the first call creates it. It is read each time, because another server on the
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

    /// Returns the keys that prove the origin of a dump.
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

/// Checks that the actor may recover a set of this origin. Without a trusted signature, its definitions may come from
/// an unknown author, and they run with the privileges of the tenant credential. Only an administrator may accept that,
/// explicitly.
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

/// Returns a text that describes the origin of a set.
#[must_use]
pub fn described(origin: &Origin) -> Text {
    match origin {
        Origin::Own { .. } => Text::new("set-signed-here"),
        Origin::Known { name, key } => Text::new("set-signed-by-trusted").with("name", name).with("key", key),
        Origin::Unknown { key } => Text::new("set-signed-elsewhere").with("key", key),
        Origin::Unsigned => Text::new("set-not-signed"),
    }
}

pub(crate) fn read(secret: &Secret) -> Result<SigningKey, Error> {
    SigningKey::read(secret)
        .map_err(|cause| Error::caused(Problem::internal("metadata-signing-key-unreadable"), cause))
}

fn public(key: &str) -> Result<PublicKey, Error> {
    key.parse().map_err(|cause| Error::caused(Problem::internal("metadata-signing-key-unreadable"), cause))
}

/// Refuses a dump in the folder of another tenant: a signature stays valid wherever the dump is copied to. A dump that
/// names no tenant is accepted.
pub(crate) fn refuse_moved(path: &str, owner: Option<&str>) -> Result<(), Problem> {
    let (Some(owner), Some((folder, _))) = (owner, LogicalFolder::of_dump(path)) else { return Ok(()) };
    if owner == dump_owner(folder.ob_cluster_id, folder.tenant) {
        return Ok(());
    }
    let owner = model::visible::visible_line(owner);
    Err(Problem::refused(codes::PRECHECK_FAILED, "backup-set-moved").with("path", path).with("owner", owner))
}

#[cfg(test)]
mod tests {
    use dump::{Origin, SigningKey};
    use model::id::{BackupSetId, UserId};
    use model::user::Role;

    use super::{check, refuse_moved};
    use crate::context::{Actor, Means};

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

    #[test]
    fn a_dump_counts_only_in_the_folder_of_the_tenant_that_it_was_made_for() {
        let path = "prod/1/1004/logical/20261122T100000Z-17-1";
        let refused = |owner| refuse_moved(path, owner).err().map(|problem| problem.text.id);
        assert_eq!(refused(Some("1/1004")), None);
        assert_eq!(refused(None), None, "dumps of the command line name nobody");
        for other in ["1/1002", "2/1004", ""] {
            assert_eq!(refused(Some(other)).as_deref(), Some("backup-set-moved"), "{other}");
        }
        assert!(refuse_moved("some/folder", Some("1/1002")).is_ok(), "it is nobody's folder");
    }
}
