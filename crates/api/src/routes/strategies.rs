//! Backup strategies: settings, past and future runs.

use axum::extract::State;
use control::{Actor, strategies};
use model::id::{ClusterId, TenantId};
use model::strategy::Scope;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path};
use crate::queries::{PlannedForQuery, StrategyDeleteQuery, StrategyQuery, StrategyRunQuery};
use crate::views::plans::{ActionType, ActionView};
use crate::views::strategies::{NewStrategyBody, StopScheduleBody, StrategyChangeBody, StrategyView};
use crate::views::strategy_list::StrategyListView;
use crate::views::strategy_runs::{PlannedRunsView, StrategyRunView};
use crate::views::strategy_schedule::ScheduleBody;

/// Lists the backup strategies of all clusters, or of one and its tenants
#[utoipa::path(
    get,
    path = "/backup/strategies",
    tag = "strategies",
    params(StrategyQuery),
    responses((status = 200, body = Envelope<StrategyListView>), Failures)
)]
pub(crate) async fn all_strategy_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<StrategyQuery>,
) -> Result<Answer<StrategyListView>, Failure> {
    let (cluster, page) = query.read()?;
    let strategies = strategies::list(&api.control, &actor, cluster, page).await?;
    let unreadable = strategies::list_unreadable(&api.control, &actor, cluster).await?;
    Ok(Answer(StrategyListView::of(strategies, unreadable)))
}

/// Returns the next runs of a schedule that is not saved
#[utoipa::path(
    post,
    path = "/backup/strategies/nextRuns",
    tag = "strategies",
    params(PlannedForQuery),
    request_body = ScheduleBody,
    responses((status = 200, body = Envelope<PlannedRunsView>), Failures)
)]
pub(crate) async fn schedule_preview(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(meant): Parameters<PlannedForQuery>,
    Body(body): Body<ScheduleBody>,
) -> Result<Answer<PlannedRunsView>, Failure> {
    let meant = meant.read()?;
    Ok(Answer(strategies::planned_runs(&api.control, &actor, body.form(), meant).await?.into()))
}

/// Returns the backup strategy of a cluster
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
    ),
    responses((status = 200, body = Envelope<StrategyView>), Failures)
)]
pub(crate) async fn strategy_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<StrategyView>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    Ok(Answer(strategies::get(&api.control, &actor, scope).await?.into()))
}

/// Creates a backup strategy of a cluster
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
    ),
    request_body = NewStrategyBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn strategy_create(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<NewStrategyBody>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    create(&api, &actor, scope, body).await
}

/// Changes the backup strategy of a cluster; its runs then use the permissions of that account
#[utoipa::path(
    patch,
    path = "/ob/clusters/{id}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
    ),
    request_body = StrategyChangeBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn strategy_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<StrategyChangeBody>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    change(&api, &actor, scope, body).await
}

/// Deletes the backup strategy of a cluster and its run history; backup sets stay
#[utoipa::path(
    delete,
    path = "/ob/clusters/{id}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
    ),
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn strategy_delete(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    strategies::remove(&api.control, &actor, scope, false).await?;
    Ok(Answer(ActionView::done(ActionType::DeleteBackupStrategy, scope)))
}

/// Resumes the schedule of a cluster, and log backup paused with it; runs that were due meanwhile are recorded as missed
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/config/backupStrategy/startSchedule",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
    ),
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn schedule_start(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    let task = strategies::resume(&api.control, &actor, scope).await?;
    Ok(Answer(ActionView::done(ActionType::StartBackupSchedule, scope).with_task(task)))
}

/// Pauses the schedule of a cluster, and log backup and clean-up on request; a running backup continues
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/config/backupStrategy/stopSchedule",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
    ),
    request_body = Option<StopScheduleBody>,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn schedule_stop(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    body: Option<Body<StopScheduleBody>>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    let too = body.map(|Body(body)| body.read()).unwrap_or_default();
    let task = strategies::pause(&api.control, &actor, scope, too).await?;
    Ok(Answer(ActionView::done(ActionType::StopBackupSchedule, scope).with_task(task)))
}

/// Lists the runs of the backup strategy of a cluster, newest first
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/config/backupStrategy/runs",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        StrategyRunQuery,
    ),
    responses((status = 200, body = Envelope<List<StrategyRunView>>), Failures)
)]
pub(crate) async fn strategy_run_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<StrategyRunQuery>,
) -> Result<Answer<List<StrategyRunView>>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    let (filter, page) = query.read()?;
    Ok(Answer(List::of(strategies::runs(&api.control, &actor, scope, filter, page).await?)))
}

/// Returns the next runs of the backup strategy of a cluster
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/config/backupStrategy/nextRuns",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
    ),
    responses((status = 200, body = Envelope<PlannedRunsView>), Failures)
)]
pub(crate) async fn strategy_next_runs(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<PlannedRunsView>, Failure> {
    let scope = Scope::Cluster(ClusterId(id));
    Ok(Answer(strategies::next_runs(&api.control, &actor, scope).await?.into()))
}

/// Returns the backup strategy of a tenant
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    responses((status = 200, body = Envelope<StrategyView>), Failures)
)]
pub(crate) async fn tenant_strategy_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
) -> Result<Answer<StrategyView>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    Ok(Answer(strategies::get(&api.control, &actor, scope).await?.into()))
}

/// Creates a backup strategy of a tenant
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    request_body = NewStrategyBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_strategy_create(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Body(body): Body<NewStrategyBody>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    create(&api, &actor, scope, body).await
}

/// Changes the backup strategy of a tenant; its runs then use the permissions of that account
#[utoipa::path(
    patch,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    request_body = StrategyChangeBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_strategy_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Body(body): Body<StrategyChangeBody>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    change(&api, &actor, scope, body).await
}

/// Deletes the backup strategy of a tenant and its run history
///
/// Backup sets stay. If the strategy of the cluster has clean-up with a shorter window, or in another storage with expired
/// backups of the tenant, the database then deletes physical backups by it: this must be accepted.
#[utoipa::path(
    delete,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        StrategyDeleteQuery,
    ),
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_strategy_delete(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Parameters(query): Parameters<StrategyDeleteQuery>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    strategies::remove(&api.control, &actor, scope, query.accept_cluster_retention).await?;
    Ok(Answer(ActionView::done(ActionType::DeleteBackupStrategy, scope)))
}

/// Resumes the schedule of a tenant, and log backup paused with it; runs that were due meanwhile are recorded as missed
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/startSchedule",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_schedule_start(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    let task = strategies::resume(&api.control, &actor, scope).await?;
    Ok(Answer(ActionView::done(ActionType::StartBackupSchedule, scope).with_task(task)))
}

/// Pauses the schedule of a tenant, and log backup and clean-up on request; a running backup continues
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/stopSchedule",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    request_body = Option<StopScheduleBody>,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_schedule_stop(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    body: Option<Body<StopScheduleBody>>,
) -> Result<Answer<ActionView>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    let too = body.map(|Body(body)| body.read()).unwrap_or_default();
    let task = strategies::pause(&api.control, &actor, scope, too).await?;
    Ok(Answer(ActionView::done(ActionType::StopBackupSchedule, scope).with_task(task)))
}

/// Lists the runs of the backup strategy of a tenant, newest first
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/runs",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        StrategyRunQuery,
    ),
    responses((status = 200, body = Envelope<List<StrategyRunView>>), Failures)
)]
pub(crate) async fn tenant_strategy_run_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Parameters(query): Parameters<StrategyRunQuery>,
) -> Result<Answer<List<StrategyRunView>>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    let (filter, page) = query.read()?;
    Ok(Answer(List::of(strategies::runs(&api.control, &actor, scope, filter, page).await?)))
}

/// Returns the next runs of the backup strategy of a tenant
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/nextRuns",
    tag = "strategies",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    responses((status = 200, body = Envelope<PlannedRunsView>), Failures)
)]
pub(crate) async fn tenant_strategy_next_runs(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
) -> Result<Answer<PlannedRunsView>, Failure> {
    let scope = Scope::Tenant(ClusterId(id), TenantId(tenant));
    Ok(Answer(strategies::next_runs(&api.control, &actor, scope).await?.into()))
}

async fn create(
    api: &Api,
    actor: &Actor,
    scope: Scope,
    body: NewStrategyBody,
) -> Result<Answer<ActionView>, Failure> {
    let kind = ActionType::CreateBackupStrategy;
    if body.dry_run {
        strategies::check_new(&api.control, actor, scope, body.read(scope)?).await?;
        return Ok(Answer(ActionView::checked(kind)));
    }
    strategies::create(&api.control, actor, scope, body.read(scope)?).await?;
    Ok(Answer(ActionView::done(kind, scope)))
}

async fn change(
    api: &Api,
    actor: &Actor,
    scope: Scope,
    body: StrategyChangeBody,
) -> Result<Answer<ActionView>, Failure> {
    let kind = ActionType::UpdateBackupStrategy;
    if body.dry_run {
        strategies::check_change(&api.control, actor, scope, body.read(scope)?).await?;
        return Ok(Answer(ActionView::checked(kind)));
    }
    strategies::change(&api.control, actor, scope, body.read(scope)?).await?;
    Ok(Answer(ActionView::done(kind, scope)))
}
