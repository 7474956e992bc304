//! The logged-on user, and a change of password.

use control::Actor;
use model::user::Permission;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::words;

/// The logged-on user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeView {
    /// The ID of the account.
    id: i64,
    /// The name to log on with.
    name: String,
    /// Its role.
    role: words::Role,
    /// Whether the password must be changed before anything else.
    must_change_password: bool,
    /// The permissions of the role.
    #[schema(inline)]
    permissions: Vec<words::Permission>,
}

impl From<Actor> for MeView {
    fn from(actor: Actor) -> Self {
        let Actor { user, name, role, address: _, must_change_password, means: _ } = actor;
        let permissions = Permission::ALL.into_iter().filter(|permission| role.allows(*permission));
        let permissions = permissions.map(Into::into).collect();
        Self { id: user.0, name, role: role.into(), must_change_password, permissions }
    }
}

/// A change of your own password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The current password.
    pub(crate) old_password: SecretText,
    /// The new password: 8 to 128 characters.
    pub(crate) new_password: SecretText,
}
