//! The logged-on user, and a change of password.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Done, Envelope};
use crate::error::{Failure, Failures};
use crate::extract::Body;
use crate::views::users::{MeView, PasswordBody};

/// Returns the logged-on user
#[utoipa::path(
    get,
    path = "/users/me",
    tag = "users",
    responses((status = 200, body = Envelope<MeView>), Failures)
)]
pub(crate) async fn me(Caller(actor): Caller) -> Result<Answer<MeView>, Failure> {
    Ok(Answer(actor.into()))
}

/// Changes your own password
///
/// The only call that works before an initial password is changed.
#[utoipa::path(
    post,
    path = "/users/me/password",
    tag = "users",
    request_body = PasswordBody,
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn change_my_password(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<PasswordBody>,
) -> Result<Answer<Done>, Failure> {
    let PasswordBody { old_password, new_password } = body;
    control::users::change_password(&api.control, &actor, &old_password.0, &new_password.0).await?;
    Ok(Answer(Done {}))
}
