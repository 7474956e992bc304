//! Users, their roles, and what each role may do.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::problem::{Problem, ProblemKind, codes};
use crate::time::Timestamp;

/// The first account.
pub const ADMIN: &str = "admin";

/// What a user is allowed, by OCP's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Everything.
    Admin,
    /// Backup and recovery of all clusters; reads the rest.
    BackupManager,
    /// Reads clusters, backups and tasks.
    ClusterViewer,
}

/// A kind of deed that needs permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read clusters, backups, storages and tasks.
    Read,
    /// Back up, recover, and steer tasks; keep storage configurations.
    Backup,
    /// Take over and let go of clusters.
    ManageClusters,
    /// Keep accounts, and read the audit log.
    ManageUsers,
}

impl Role {
    /// Tells whether the role allows the deed.
    #[must_use]
    pub fn allows(self, permission: Permission) -> bool {
        match (self, permission) {
            (Self::Admin, _) | (_, Permission::Read) => true,
            (Self::BackupManager, Permission::Backup) => true,
            (Self::BackupManager | Self::ClusterViewer, _) => false,
        }
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its identity.
    pub id: UserId,
    /// The name to log on with.
    pub name: String,
    /// What it is allowed.
    pub role: Role,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// The fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 8;

/// Checks a new password.
///
/// # Errors
/// Refuses one with fewer than [`SHORTEST_PASSWORD`] or more than 128 characters.
pub fn check_password(password: &str) -> Result<(), Problem> {
    let length = password.chars().count();
    if (SHORTEST_PASSWORD..=128).contains(&length) {
        Ok(())
    } else {
        Err(Problem::new(ProblemKind::Invalid, codes::INVALID, "password-too-short")
            .with("least", SHORTEST_PASSWORD))
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, Role};

    #[test]
    fn each_role_may_do_what_the_table_says() {
        use Permission::{Backup, ManageClusters, ManageUsers, Read};
        let cases = [
            (Role::Admin, [true, true, true, true]),
            (Role::BackupManager, [true, true, false, false]),
            (Role::ClusterViewer, [true, false, false, false]),
        ];
        for (role, expected) in cases {
            let found = [Read, Backup, ManageClusters, ManageUsers].map(|permission| role.allows(permission));
            assert_eq!(found, expected, "{role:?}");
        }
    }
}
