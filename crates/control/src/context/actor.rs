//! The caller of a use case.

use metadata::passwords::PasswordHash;
use model::id::{TokenId, UserId};
use model::problem::{ProblemKind, codes};
use model::user::{Permission, Role, User};
use model::{Problem, Timestamp};

/// The caller: [`crate::users::authenticate`] creates it, every use case needs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub user: UserId,
    /// The account's name.
    pub name: String,
    /// The role of the account.
    pub role: Role,
    /// The origin of the request.
    pub address: String,
    /// Whether only a change of the password is allowed.
    pub must_change_password: bool,
    /// The log-on of the account.
    pub means: Means,
}

/// The log-on of an account: an operation is valid only as long as the log-on that started it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Means {
    /// No log-on: Lifeboat itself acts.
    #[default]
    Program,
    /// The password with this stored hash.
    Password(PasswordHash),
    /// The session whose token has this hash.
    Session(String),
    /// A personal token.
    Token {
        /// The token's ID.
        id: TokenId,
        /// Its hash.
        hash: String,
        /// When it expires; none for a token that does not expire.
        expires: Option<Timestamp>,
    },
}

impl Actor {
    /// Returns the caller with this account, from this address.
    ///
    /// # Errors
    /// When the account is disabled.
    pub(crate) fn of(user: User, address: &str, means: Means) -> Result<Self, Problem> {
        let User { id, name, role, must_change_password, disabled, created: _ } = user;
        if disabled {
            let refusal = Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, "account-disabled");
            return Err(refusal.with("user", name));
        }
        Ok(Self { user: id, name, role, address: address.to_owned(), must_change_password, means })
    }

    /// Checks that the caller has a permission.
    ///
    /// # Errors
    /// When the role does not have it, or an initial password was not changed yet.
    pub fn must(&self, permission: Permission) -> Result<(), Problem> {
        let forbidden =
            |id| Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, id).with("user", &self.name);
        if self.must_change_password {
            return Err(forbidden("password-must-change"));
        }
        if self.role.allows(permission) { Ok(()) } else { Err(forbidden("permission-missing")) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Actor, Means};
    use model::id::UserId;
    use model::user::{Permission, Role};

    fn actor(role: Role, must_change_password: bool) -> Actor {
        let (name, address) = ("eva".into(), "192.0.2.1".into());
        Actor { user: UserId(1), name, role, address, must_change_password, means: Means::Program }
    }

    #[test]
    fn nothing_is_allowed_before_a_given_password_was_changed() {
        let refusal = actor(Role::Admin, true).must(Permission::Read).expect_err("refused");
        assert_eq!(refusal.text.id, "password-must-change");
        assert!(actor(Role::Admin, false).must(Permission::ManageUsers).is_ok());
    }

    #[test]
    fn a_role_allows_no_more_than_its_own() {
        let refusal = actor(Role::ClusterViewer, false).must(Permission::Backup).expect_err("refused");
        assert_eq!(refusal.text.id, "permission-missing");
    }
}
