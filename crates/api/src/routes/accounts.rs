//! Accounts and their roles.

use axum::extract::State;
use control::users::accounts;
use model::id::UserId;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Done, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path};
use crate::queries::PageQuery;
use crate::views::accounts::{AccountChangeBody, AccountView, GivenPasswordBody, NewAccountBody};

/// Lists the accounts
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    params(PageQuery),
    responses((status = 200, body = Envelope<List<AccountView>>), Failures)
)]
pub(crate) async fn account_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<AccountView>>, Failure> {
    let page = query.page()?;
    Ok(Answer(List::of(accounts::list(&api.control, &actor, page).await?)))
}

/// Creates an account
#[utoipa::path(
    post,
    path = "/users",
    tag = "users",
    request_body = NewAccountBody,
    responses((status = 200, body = Envelope<AccountView>), Failures)
)]
pub(crate) async fn account_add(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<NewAccountBody>,
) -> Result<Answer<AccountView>, Failure> {
    Ok(Answer(accounts::create(&api.control, &actor, body.read()).await?.into()))
}

/// Returns an account
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "users",
    params(("id" = i64, Path, description = "The account.")),
    responses((status = 200, body = Envelope<AccountView>), Failures)
)]
pub(crate) async fn account_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<AccountView>, Failure> {
    Ok(Answer(accounts::get(&api.control, &actor, UserId(id)).await?.into()))
}

/// Changes the role of an account, disables or enables it
///
/// Its sessions and tokens end immediately. One active administrator always remains.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    tag = "users",
    params(("id" = i64, Path, description = "The account.")),
    request_body = AccountChangeBody,
    responses((status = 200, body = Envelope<AccountView>), Failures)
)]
pub(crate) async fn account_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<AccountChangeBody>,
) -> Result<Answer<AccountView>, Failure> {
    Ok(Answer(accounts::change(&api.control, &actor, UserId(id), body.read()).await?.into()))
}

/// Removes an account; its entries stay in the audit log
#[utoipa::path(
    delete,
    path = "/users/{id}",
    tag = "users",
    params(("id" = i64, Path, description = "The account.")),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn account_remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<Done>, Failure> {
    accounts::remove(&api.control, &actor, UserId(id)).await?;
    Ok(Answer(Done {}))
}

/// Sets the password of another account; it must be changed at the next log-on
///
/// Its sessions and tokens end immediately.
#[utoipa::path(
    post,
    path = "/users/{id}/password",
    tag = "users",
    params(("id" = i64, Path, description = "The account.")),
    request_body = GivenPasswordBody,
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn account_set_password(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<GivenPasswordBody>,
) -> Result<Answer<Done>, Failure> {
    accounts::set_password(&api.control, &actor, UserId(id), &body.password.0).await?;
    Ok(Answer(Done {}))
}
