//! Personal API tokens of the logged-on user.

use axum::extract::State;
use control::users::tokens;
use model::id::TokenId;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Done, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Path};
use crate::views::tokens::{NewTokenBody, NewTokenView, TokenView};

/// Lists your own API tokens
#[utoipa::path(
    get,
    path = "/users/me/tokens",
    tag = "users",
    responses((status = 200, body = Envelope<List<TokenView>>), Failures)
)]
pub(crate) async fn token_list(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Answer<List<TokenView>>, Failure> {
    Ok(Answer(List::whole(tokens::list(&api.control, &actor).await?)))
}

/// Creates an API token of your own account
///
/// Only this answer contains the token. Send it as `Authorization: Bearer`. It ends when the account's password is
/// changed.
#[utoipa::path(
    post,
    path = "/users/me/tokens",
    tag = "users",
    request_body = NewTokenBody,
    responses((status = 200, body = Envelope<NewTokenView>), Failures)
)]
pub(crate) async fn token_add(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<NewTokenBody>,
) -> Result<Answer<NewTokenView>, Failure> {
    let NewTokenBody { name, days } = body;
    Ok(Answer(tokens::create(&api.control, &actor, &name, days).await?.into()))
}

/// Revokes one of your own API tokens
#[utoipa::path(
    delete,
    path = "/users/me/tokens/{id}",
    tag = "users",
    params(("id" = i64, Path, description = "The token.")),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn token_revoke(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<Done>, Failure> {
    tokens::revoke(&api.control, &actor, TokenId(id)).await?;
    Ok(Answer(Done {}))
}
