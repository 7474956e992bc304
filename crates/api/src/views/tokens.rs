//! Personal API tokens.

use control::users::tokens::Created;
use model::Timestamp;
use model::user::Token;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::whole;

/// A token, without the token itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenView {
    /// Its identity.
    id: i64,
    /// Its name.
    name: String,
    /// When it was created.
    #[schema(format = DateTime)]
    create_time: String,
    /// When it expires; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    expire_time: Option<String>,
    /// When it was last used, to the minute; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_use_time: Option<String>,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        let Token { id, name, created, expires, used } = token;
        Self {
            id: id.0,
            name,
            create_time: created.to_rfc3339(),
            expire_time: expires.map(Timestamp::to_rfc3339),
            last_use_time: used.map(Timestamp::to_rfc3339),
        }
    }
}

/// A new token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) name: String,
    /// The number of days until it expires; defaults to no expiry.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = 1, maximum = 3650)]
    pub(crate) days: Option<u32>,
}

/// A created token. Only this answer contains it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewTokenView {
    /// Its stored part.
    #[serde(flatten)]
    kept: TokenView,
    /// The token, for `Authorization: Bearer`. It is not shown again.
    token: String,
}

impl From<Created> for NewTokenView {
    fn from(created: Created) -> Self {
        let Created { token, secret } = created;
        Self { kept: token.into(), token: secret.expose().to_owned() }
    }
}
