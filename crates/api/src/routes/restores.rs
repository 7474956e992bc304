//! Recovering a backup set, a tenant or tables, and the list of recoveries.

use axum::extract::State;
use control::Actor;
use control::recovery_windows::WindowFilter;
use model::Problem;
use model::id::{ClusterId, StorageId, TenantId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path, Repeatable};
use crate::queries::{RestoreQuery, StorageWindowQuery, WindowQuery};
use crate::views::cluster_recovery::{ClusterRestoreBody, ClusterRestorePlanView, ClusterRestoreRequest};
use crate::views::plans::{ActionType, ActionView};
use crate::views::recovery_info::RecoveryInfoView;
use crate::views::restore_preview::RestorePreviewView;
use crate::views::restores::{RestoreAsk, RestoreBody, RestoreRequest, RestoreTaskView};
use crate::views::storage_recovery_info::StorageRecoveryInfoView;

/// Recovers a backup set, or a tenant or tables from physical backups
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
    let control = &api.control;
    let cluster = match &ask {
        RestoreAsk::Databases(ask) => ask.cluster,
        RestoreAsk::Tenant(order) => order.cluster,
        RestoreAsk::Tables(order) => order.cluster,
    };
    if dry_run {
        let plan = match ask {
            RestoreAsk::Databases(ask) => control::restores::plan(control, actor, ask).await?,
            RestoreAsk::Tenant(order) => control::restores::plan_tenant(control, actor, *order).await?,
            RestoreAsk::Tables(order) => control::restores::plan_tables(control, actor, *order).await?,
        };
        return Ok(Answer(ActionView::planned(ActionType::Restore, plan)));
    }
    let accepted = match ask {
        RestoreAsk::Databases(ask) => control::restores::restore(control, actor, ask, key.key()).await?,
        RestoreAsk::Tenant(order) => {
            control::restores::restore_tenant(control, actor, *order, key.key()).await?
        }
        RestoreAsk::Tables(order) => {
            control::restores::restore_tables(control, actor, *order, key.key()).await?
        }
    };
    Ok(Answer(ActionView::accepted(ActionType::Restore, cluster, Vec::new(), accepted.task)))
}

/// Recovers the tenants of a cluster in one go
///
/// One task supervises the recoveries of the tenants, each a task of its own. The path's cluster is the one that was
/// backed up, and is recovered into, unless the body names others.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/restore/cluster",
    tag = "recovery",
    params(("id" = i64, Path, description = "The cluster."), Repeatable),
    request_body = ClusterRestoreBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn cluster_restore(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    key: Repeatable,
    Body(body): Body<ClusterRestoreBody>,
) -> Result<Answer<ActionView>, Failure> {
    let ClusterRestoreRequest { order, dry_run } = body.read(ClusterId(id))?;
    if dry_run {
        let plan = control::restores::plan_cluster(&api.control, &actor, order).await?;
        return Ok(Answer(ActionView::planned(ActionType::Restore, plan.plan)));
    }
    let cluster = order.cluster;
    let accepted = control::restores::restore_cluster(&api.control, &actor, order, key.key()).await?;
    Ok(Answer(ActionView::accepted(ActionType::Restore, cluster, Vec::new(), accepted.task)))
}

/// Previews the recovery of the tenants of a cluster: their order, their sizes, and the sum of their resources
///
/// Nothing is changed. The target's own servers read the storage.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/restore/cluster/preview",
    tag = "recovery",
    params(("id" = i64, Path, description = "The cluster.")),
    request_body = ClusterRestoreBody,
    responses((status = 200, body = Envelope<ClusterRestorePlanView>), Failures)
)]
pub(crate) async fn cluster_restore_preview(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<ClusterRestoreBody>,
) -> Result<Answer<ClusterRestorePlanView>, Failure> {
    let order = body.read(ClusterId(id))?.order;
    let plan = control::restores::plan_cluster(&api.control, &actor, order).await?;
    Ok(Answer(plan.into()))
}

/// Previews the sets and pieces that a recovery of a tenant or of tables would read
///
/// Nothing is changed. The target's own servers read the storage.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/restore/preview",
    tag = "recovery",
    params(("id" = i64, Path, description = "The cluster.")),
    request_body = RestoreBody,
    responses((status = 200, body = Envelope<List<RestorePreviewView>>), Failures)
)]
pub(crate) async fn restore_preview(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<RestoreBody>,
) -> Result<Answer<List<RestorePreviewView>>, Failure> {
    match body.read(ClusterId(id), None)?.ask {
        RestoreAsk::Databases(_) => Err(Problem::invalid("restore-preview-is-physical").into()),
        RestoreAsk::Tenant(order) => {
            let items = control::restores::preview_tenant(&api.control, &actor, *order).await?;
            Ok(Answer(List::whole(items)))
        }
        RestoreAsk::Tables(order) => {
            let items = control::restores::preview_tables(&api.control, &actor, *order).await?;
            Ok(Answer(List::whole(items)))
        }
    }
}

/// Returns the recoverable periods of a cluster's tenants
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/info",
    tag = "recovery",
    params(("id" = i64, Path, description = "The cluster."), WindowQuery),
    responses((status = 200, body = Envelope<RecoveryInfoView>), Failures)
)]
pub(crate) async fn backup_info(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<WindowQuery>,
) -> Result<Answer<RecoveryInfoView>, Failure> {
    info(&api, &actor, id, query.filter(None)?).await
}

/// Returns the recoverable periods of a tenant
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/info",
    tag = "recovery",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        WindowQuery,
    ),
    responses((status = 200, body = Envelope<RecoveryInfoView>), Failures)
)]
pub(crate) async fn tenant_backup_info(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Parameters(query): Parameters<WindowQuery>,
) -> Result<Answer<RecoveryInfoView>, Failure> {
    info(&api, &actor, id, query.filter(Some(tenant))?).await
}

async fn info(
    api: &Api,
    actor: &Actor,
    cluster: i64,
    filter: WindowFilter,
) -> Result<Answer<RecoveryInfoView>, Failure> {
    let cluster = ClusterId(cluster);
    let windows = control::recovery_windows::recovery_windows(&api.control, actor, cluster, filter).await?;
    Ok(Answer(windows.into()))
}

/// Returns the tenants that have physical backups in a storage
///
/// With `folder`, only that tenant and its presumably recoverable periods. Lifeboat reads the names in the storage; no
/// cluster is asked.
#[utoipa::path(
    get,
    path = "/backup/storages/{id}/restore/info",
    tag = "recovery",
    params(("id" = i64, Path, description = "The storage configuration."), StorageWindowQuery),
    responses((status = 200, body = Envelope<StorageRecoveryInfoView>), Failures)
)]
pub(crate) async fn storage_restore_info(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<StorageWindowQuery>,
) -> Result<Answer<StorageRecoveryInfoView>, Failure> {
    let (folder, zone) = query.read()?;
    let (id, folder) = (StorageId(id), folder.as_ref());
    let windows = control::recovery_windows::storage_windows(&api.control, &actor, id, folder, zone).await?;
    Ok(Answer(windows.into()))
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
