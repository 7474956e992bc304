//! The origin of backup sets, and the keys that prove it.

use axum::extract::State;
use control::signing;
use model::id::BackupSetId;

use crate::Api;
use crate::auth::Caller;
use crate::call;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Path};
use crate::views::signing::{OriginView, SigningKeysView, TrustBody};

/// Returns the origin of a logical backup set, by the signature of its manifest
#[utoipa::path(
    get,
    path = "/backup/sets/{id}/origin",
    tag = "backups",
    params(("id" = i64, Path, description = "The backup set.")),
    responses((status = 200, body = Envelope<OriginView>), Failures)
)]
pub(crate) async fn set_origin(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<OriginView>, Failure> {
    let origin = signing::origin(&api.control, &actor, BackupSetId(id)).await?;
    Ok(Answer(OriginView::of(&origin, call::language())))
}

/// Returns the public keys that prove the origin of backup sets
#[utoipa::path(
    get,
    path = "/signingKeys",
    tag = "server",
    responses((status = 200, body = Envelope<SigningKeysView>), Failures)
)]
pub(crate) async fn signing_keys(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Answer<SigningKeysView>, Failure> {
    Ok(Answer(signing::keys(&api.control, &actor).await?.into()))
}

/// Replaces the key that dumps are signed with
///
/// Backup sets of the old key still count as this installation's own. Running dumps start over.
#[utoipa::path(
    post,
    path = "/signingKeys/rotate",
    tag = "server",
    responses((status = 200, body = Envelope<SigningKeysView>), Failures)
)]
pub(crate) async fn signing_key_rotate(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Answer<SigningKeysView>, Failure> {
    Ok(Answer(signing::rotate(&api.control, &actor).await?.into()))
}

/// Trusts a key of another installation under a name
///
/// Its backup sets can be recovered like this installation's own.
#[utoipa::path(
    post,
    path = "/signingKeys/trusted",
    tag = "server",
    request_body = TrustBody,
    responses((status = 200, body = Envelope<SigningKeysView>), Failures)
)]
pub(crate) async fn signing_key_trust(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<TrustBody>,
) -> Result<Answer<SigningKeysView>, Failure> {
    let TrustBody { name, key } = body;
    Ok(Answer(signing::trust(&api.control, &actor, &name, &key).await?.into()))
}

/// Stops trusting a key of another installation
#[utoipa::path(
    delete,
    path = "/signingKeys/trusted/{name}",
    tag = "server",
    params(("name" = String, Path, description = "The name of the key.")),
    responses((status = 200, body = Envelope<SigningKeysView>), Failures)
)]
pub(crate) async fn signing_key_distrust(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Answer<SigningKeysView>, Failure> {
    Ok(Answer(signing::distrust(&api.control, &actor, &name).await?.into()))
}
