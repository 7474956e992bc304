//! Major compaction: shows its status, starts one, and clears the error of a stopped one.

use axum::extract::State;
use model::id::ClusterId;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Path, Repeatable};
use crate::views::backup_now::{BackupDimension, ObjectBody, TenantsBody};
use crate::views::compactions::{ClearedView, CompactionsView};
use crate::views::plans::{ActionType, ActionView};

/// Returns the status of major compaction for each tenant
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/compaction",
    tag = "compaction",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<CompactionsView>), Failures)
)]
pub(crate) async fn compaction_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<CompactionsView>, Failure> {
    let compactions = control::compactions::show(&api.control, &actor, ClusterId(id)).await?;
    Ok(Answer(compactions.into()))
}

/// Starts a major compaction
///
/// For the named tenants, or for all user tenants; before 4.0 always for the cluster. It creates a task.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/compaction/start",
    tag = "compaction",
    params(("id" = i64, Path, description = "The cluster."), Repeatable),
    request_body = TenantsBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn compaction_start(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    key: Repeatable,
    Body(body): Body<TenantsBody>,
) -> Result<Answer<ActionView>, Failure> {
    let (cluster, tenants) = (ClusterId(id), body.read(ClusterId(id))?);
    let accepted = control::compactions::start(&api.control, &actor, cluster, &tenants, key.key()).await?;
    let objects =
        tenants.iter().map(|tenant| ObjectBody::of_tenant(cluster, *tenant, BackupDimension::Tenant));
    let kind = ActionType::MajorCompaction;
    Ok(Answer(ActionView::accepted(kind, cluster, objects.collect(), accepted.task)))
}

/// Clears the error of stopped major compactions, so that they continue
///
/// For the named tenants, or for all stopped ones.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/compaction/clearExceptions",
    tag = "compaction",
    params(("id" = i64, Path, description = "The cluster.")),
    request_body = TenantsBody,
    responses((status = 200, body = Envelope<ClearedView>), Failures)
)]
pub(crate) async fn compaction_clear(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<TenantsBody>,
) -> Result<Answer<ClearedView>, Failure> {
    let tenants = body.read(ClusterId(id))?;
    let cleared =
        control::compactions::clear_exceptions(&api.control, &actor, ClusterId(id), &tenants).await?;
    Ok(Answer(cleared.into()))
}
