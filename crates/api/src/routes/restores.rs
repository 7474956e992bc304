//! Recover a backup set, and what was recovered.

use axum::extract::State;
use control::Actor;
use model::id::{ClusterId, TenantId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path, Repeatable};
use crate::queries::RestoreQuery;
use crate::views::plans::{ActionType, ActionView};
use crate::views::restores::{RestoreBody, RestoreRequest, RestoreTaskView};

/// Recovers a backup set
///
/// The path's cluster is recovered into, unless the body names another one.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/restore",
    tag = "recovery",
    params(("id" = i64, Path, description = "The cluster."), Repeatable),
    request_body = RestoreBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn restore(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    key: Repeatable,
    Body(body): Body<RestoreBody>,
) -> Result<Answer<ActionView>, Failure> {
    begin(&api, &actor, body.read(ClusterId(id), None)?, &key).await
}

/// Recovers a backup set into a tenant
///
/// The path's tenant is recovered into, unless the body names another one.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/restore",
    tag = "recovery",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        Repeatable,
    ),
    request_body = RestoreBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_restore(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    key: Repeatable,
    Body(body): Body<RestoreBody>,
) -> Result<Answer<ActionView>, Failure> {
    begin(&api, &actor, body.read(ClusterId(id), Some(TenantId(tenant)))?, &key).await
}

async fn begin(
    api: &Api,
    actor: &Actor,
    request: RestoreRequest,
    key: &Repeatable,
) -> Result<Answer<ActionView>, Failure> {
    let RestoreRequest { ask, dry_run } = request;
    let cluster = ask.cluster;
    if dry_run {
        let plan = control::restores::plan(&api.control, actor, ask).await?;
        return Ok(Answer(ActionView::planned(ActionType::Restore, plan)));
    }
    let accepted = control::restores::restore(&api.control, actor, ask, key.key()).await?;
    Ok(Answer(ActionView::accepted(ActionType::Restore, cluster, Vec::new(), accepted.task)))
}

/// Lists the recoveries into a cluster
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/task/restoreTasks",
    tag = "recovery",
    params(("id" = i64, Path, description = "The cluster."), RestoreQuery),
    responses((status = 200, body = Envelope<List<RestoreTaskView>>), Failures)
)]
pub(crate) async fn restore_task_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<RestoreQuery>,
) -> Result<Answer<List<RestoreTaskView>>, Failure> {
    let (filter, page) = (query.filter(id, None)?, query.page()?);
    let restores = control::restores::restore_tasks(&api.control, &actor, &filter, page).await?;
    Ok(Answer(List::of(restores)))
}

/// Lists the recoveries into a tenant
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/task/restoreTasks",
    tag = "recovery",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        RestoreQuery,
    ),
    responses((status = 200, body = Envelope<List<RestoreTaskView>>), Failures)
)]
pub(crate) async fn tenant_restore_task_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Parameters(query): Parameters<RestoreQuery>,
) -> Result<Answer<List<RestoreTaskView>>, Failure> {
    let (filter, page) = (query.filter(id, Some(tenant))?, query.page()?);
    let restores = control::restores::restore_tasks(&api.control, &actor, &filter, page).await?;
    Ok(Answer(List::of(restores)))
}
