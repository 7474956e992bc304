//! Which logical backup sets are kept, cleaning up those that have expired, and holds.

use axum::extract::State;
use control::{delete_policies, retention};
use model::id::{BackupSetId, ClusterId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path, Repeatable};
use crate::views::delete_policies::{
    DeletePoliciesView, DeletePolicyChangeBody, DeletePolicyPlanView, DeletePolicyPreviewBody,
    DeletePolicyQuery, described,
};
use crate::views::plans::{ActionType, ActionView};
use crate::views::retention::{CleanUpBody, HoldBody, HoldView, RetentionBody, RetentionPlanView};

/// Says which logical backup sets of a cluster are kept, and why; changes nothing
///
/// Every manifest is read: a set whose files do not show what it is counts for no rule, and is not deleted.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/retention/plan",
    tag = "retention",
    params(("id" = i64, Path, description = "The cluster.")),
    request_body = RetentionBody,
    responses((status = 200, body = Envelope<RetentionPlanView>), Failures)
)]
pub(crate) async fn retention_plan(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<RetentionBody>,
) -> Result<Answer<RetentionPlanView>, Failure> {
    let ask = body.read(ClusterId(id))?;
    Ok(Answer(retention::plan(&api.control, &actor, &ask).await?.into()))
}

/// Deletes logical backup sets of a cluster that have expired
///
/// A task does it. It computes the plan again: what is held, in use or kept by then is not deleted, nor is a set that expires only
/// after this request.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/retention/apply",
    tag = "retention",
    params(("id" = i64, Path, description = "The cluster."), Repeatable),
    request_body = CleanUpBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn retention_apply(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    key: Repeatable,
    Body(body): Body<CleanUpBody>,
) -> Result<Answer<ActionView>, Failure> {
    let (ask, sets) = body.read(ClusterId(id))?;
    let accepted = retention::apply(&api.control, &actor, ask, sets, key.key()).await?;
    Ok(Answer(ActionView::accepted(ActionType::CleanUp, ClusterId(id), Vec::new(), accepted.task)))
}

/// Says which delete policies the tenants of a 4.x cluster have, and what the database deletes by them
///
/// With `retentionDays`, what a policy with that window would delete: adding one deletes it at once.
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/retention/deletePolicies",
    tag = "retention",
    params(("id" = i64, Path, description = "The cluster."), DeletePolicyQuery),
    responses((status = 200, body = Envelope<DeletePoliciesView>), Failures)
)]
pub(crate) async fn delete_policy_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<DeletePolicyQuery>,
) -> Result<Answer<DeletePoliciesView>, Failure> {
    let (cluster, filter) = (ClusterId(id), query.read(ClusterId(id))?);
    let policies = delete_policies::delete_policies(&api.control, &actor, cluster, filter).await?;
    Ok(Answer(policies.into()))
}

/// Says what a change of delete policies does, and what the database deletes by it at once; changes nothing
///
/// It is a prediction: the database decides what it deletes.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/retention/deletePolicies/preview",
    tag = "retention",
    params(("id" = i64, Path, description = "The cluster.")),
    request_body = DeletePolicyPreviewBody,
    responses((status = 200, body = Envelope<DeletePolicyPlanView>), Failures)
)]
pub(crate) async fn delete_policy_preview(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<DeletePolicyPreviewBody>,
) -> Result<Answer<DeletePolicyPlanView>, Failure> {
    let (tenants, wish) = body.read()?;
    let plan = delete_policies::preview(&api.control, &actor, ClusterId(id), &tenants, wish).await?;
    Ok(Answer(plan.into()))
}

/// Sets, changes or drops delete policies of tenants, as the preview shows it
///
/// A task does it. When a policy is set, the database deletes expired physical backups at once. The change is refused
/// if a policy, or what the database would delete, has changed since the preview.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/retention/deletePolicies/change",
    tag = "retention",
    params(("id" = i64, Path, description = "The cluster."), Repeatable),
    request_body = DeletePolicyChangeBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn delete_policy_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    key: Repeatable,
    Body(body): Body<DeletePolicyChangeBody>,
) -> Result<Answer<ActionView>, Failure> {
    let order = body.read(ClusterId(id))?;
    let (kind, objects) = described(&order);
    let accepted = delete_policies::change(&api.control, &actor, order, key.key()).await?;
    Ok(Answer(ActionView::accepted(kind, ClusterId(id), objects, accepted.task)))
}

/// Holds a logical backup set: no clean-up deletes it until the hold ends or is released
///
/// A hold that the set has is replaced.
#[utoipa::path(
    put,
    path = "/backup/sets/{id}/hold",
    tag = "retention",
    params(("id" = i64, Path, description = "The backup set.")),
    request_body = HoldBody,
    responses((status = 200, body = Envelope<HoldView>), Failures)
)]
pub(crate) async fn set_hold(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<HoldBody>,
) -> Result<Answer<HoldView>, Failure> {
    let until = body.until()?;
    let hold = retention::hold(&api.control, &actor, BackupSetId(id), &body.reason, until).await?;
    Ok(Answer(hold.into()))
}

/// Releases a logical backup set from its hold
#[utoipa::path(
    delete,
    path = "/backup/sets/{id}/hold",
    tag = "retention",
    params(("id" = i64, Path, description = "The backup set.")),
    responses((status = 200, body = Envelope<HoldView>), Failures)
)]
pub(crate) async fn set_release(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<HoldView>, Failure> {
    Ok(Answer(retention::release(&api.control, &actor, BackupSetId(id)).await?.into()))
}
