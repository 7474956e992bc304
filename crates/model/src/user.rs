//! Users, their roles and permissions.

use serde::{Deserialize, Serialize};

use crate::id::{TokenId, UserId};
use crate::problem::{Problem, ProblemKind, codes};
use crate::time::Timestamp;

/// The first account.
pub const ADMIN: &str = "admin";

/// The role of a user, by OCP's names.
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

/// A permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read clusters, backups, storages and tasks.
    Read,
    /// Back up, recover, control tasks, and save storage configurations.
    Backup,
    /// Take over and remove clusters.
    ManageClusters,
    /// Manage accounts and channels, read the audit log, and decide which keys are trusted.
    ManageUsers,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 4] = [Self::Read, Self::Backup, Self::ManageClusters, Self::ManageUsers];
}

impl Role {
    /// Returns whether the role has the permission.
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
    /// Its ID.
    pub id: UserId,
    /// The name to log on with.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// Whether it cannot log on.
    pub disabled: bool,
    /// When it was created.
    pub created: Timestamp,
}

/// A token with which a program logs on as a user. The token itself is shown only once, and is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its ID.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it expires, if ever.
    pub expires: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used: Option<Timestamp>,
}

/// The most characters of an account's or a token's name.
pub const LONGEST_NAME: usize = 64;

/// Checks the name of a new account. HTTP Basic separates name and password with a colon.
///
/// # Errors
/// Refuses a name that is empty, too long, or contains characters other than letters, digits and `. _ - @`.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let is_good = |letter: char| letter.is_alphanumeric() || "._-@".contains(letter);
    if (1..=LONGEST_NAME).contains(&name.chars().count()) && name.chars().all(is_good) {
        Ok(())
    } else {
        Err(Problem::invalid("account-name-malformed").with("name", name).with("most", LONGEST_NAME))
    }
}

/// Checks the name of a new token.
///
/// # Errors
/// Refuses a name that is empty, too long, or contains control characters.
pub fn check_token_name(name: &str) -> Result<(), Problem> {
    let is_good = (1..=LONGEST_NAME).contains(&name.trim().chars().count());
    if is_good && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Problem::invalid("token-name-malformed").with("most", LONGEST_NAME))
    }
}

/// The fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 8;

/// Checks a new password.
///
/// # Errors
/// Refuses a password with fewer than [`SHORTEST_PASSWORD`] or more than 128 characters.
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
    use super::{LONGEST_NAME, Permission, Role, check_name, check_token_name};

    #[test]
    fn a_name_can_be_sent_with_a_password_and_printed() {
        let longest = "x".repeat(LONGEST_NAME);
        for good in ["eva", "eva.li@shop", "备份-1", longest.as_str()] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let too_long = "x".repeat(LONGEST_NAME + 1);
        for wrong in ["", " ", "a:b", "a b", "a\nb", too_long.as_str()] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
            assert_eq!(check_token_name(wrong).is_ok(), ["a:b", "a b"].contains(&wrong), "{wrong:?}");
        }
    }

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
