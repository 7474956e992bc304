//! Accounts.

use control::users::accounts::{AccountChange, NewAccount};
use model::user::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::words;

/// An account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountView {
    /// Its identity.
    id: i64,
    /// The name to log on with.
    name: String,
    /// Its role.
    role: words::Role,
    /// Whether it may log on.
    enabled: bool,
    /// Whether the password must be changed before anything else.
    must_change_password: bool,
    /// When it was created.
    #[schema(format = DateTime)]
    create_time: String,
}

impl From<User> for AccountView {
    fn from(user: User) -> Self {
        let User { id, name, role, must_change_password, disabled, created } = user;
        Self {
            id: id.0,
            name,
            role: role.into(),
            enabled: !disabled,
            must_change_password,
            create_time: created.to_rfc3339(),
        }
    }
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAccountBody {
    /// The name to log on with: letters, digits and `. _ - @`.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// Its role.
    role: words::Role,
    /// The first password: 8 to 128 characters. It must be changed at the first log-on.
    password: SecretText,
}

impl NewAccountBody {
    /// Reads the new account.
    pub(crate) fn read(self) -> NewAccount {
        let Self { name, role, password } = self;
        NewAccount { name, role: role.into(), password: password.0 }
    }
}

/// A change of an account; omitted fields stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccountChangeBody {
    /// Its role.
    #[schema(inline)]
    role: Option<words::Role>,
    /// Whether it may log on.
    enabled: Option<bool>,
}

impl AccountChangeBody {
    /// Reads the change.
    pub(crate) fn read(&self) -> AccountChange {
        AccountChange { role: self.role.map(Into::into), disabled: self.enabled.map(|enabled| !enabled) }
    }
}

/// A password that an administrator sets.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GivenPasswordBody {
    /// 8 to 128 characters. It must be changed at the next log-on.
    pub(crate) password: SecretText,
}
