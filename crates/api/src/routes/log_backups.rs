//! Log backup: its status, and starting, stopping, pausing and resuming it.

use axum::extract::State;
use control::Actor;
use model::id::{ClusterId, TenantId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path, Repeatable};
use crate::queries::{LogBackupQuery, LogDelayQuery, PageQuery};
use crate::views::backup_now::{BackupDimension, ObjectBody, TenantsBody};
use crate::views::log_backups::{LogBackupAction, LogBackupTasksView, LogDelaysView, LogGapView};
use crate::views::plans::ActionView;

/// Lists the log backup of a cluster, tenant by tenant, from the cluster's current state
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/task/logBackupTasks",
    tag = "log backup",
    params(("id" = i64, Path, description = "The cluster."), LogBackupQuery),
    responses((status = 200, body = Envelope<LogBackupTasksView>), Failures)
)]
pub(crate) async fn log_backup_task_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<LogBackupQuery>,
) -> Result<Answer<LogBackupTasksView>, Failure> {
    list(&api, &actor, ClusterId(id), None, &query).await
}

/// Lists the log backup of a tenant, from the cluster's current state
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/task/logBackupTasks",
    tag = "log backup",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        LogBackupQuery,
    ),
    responses((status = 200, body = Envelope<LogBackupTasksView>), Failures)
)]
pub(crate) async fn tenant_log_backup_task_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Parameters(query): Parameters<LogBackupQuery>,
) -> Result<Answer<LogBackupTasksView>, Failure> {
    list(&api, &actor, ClusterId(id), Some(TenantId(tenant)), &query).await
}

/// Returns the delay of log backup over up to 90 days; for long times, the worst of each span
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/logBackupDelays",
    tag = "log backup",
    params(("id" = i64, Path, description = "The cluster."), LogDelayQuery),
    responses((status = 200, body = Envelope<LogDelaysView>), Failures)
)]
pub(crate) async fn log_delay_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<LogDelayQuery>,
) -> Result<Answer<LogDelaysView>, Failure> {
    let (tenant, (from, until)) = (query.tenant(), query.span()?);
    let delays = control::log_delays::list(&api.control, &actor, ClusterId(id), tenant, from, until).await?;
    Ok(Answer(delays.into()))
}

/// Lists the gaps in the logs of a cluster: interruptions of log backup and their repairs, newest first
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/logBackupGaps",
    tag = "log backup",
    params(("id" = i64, Path, description = "The cluster."), PageQuery),
    responses((status = 200, body = Envelope<List<LogGapView>>), Failures)
)]
pub(crate) async fn log_gap_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<LogGapView>>, Failure> {
    let page = query.page()?;
    Ok(Answer(List::of(control::log_gaps::list(&api.control, &actor, ClusterId(id), page).await?)))
}

async fn list(
    api: &Api,
    actor: &Actor,
    cluster: ClusterId,
    tenant: Option<TenantId>,
    query: &LogBackupQuery,
) -> Result<Answer<LogBackupTasksView>, Failure> {
    let page = query.page()?;
    let seen = control::log_backups::list(&api.control, actor, cluster, tenant, query.status(), page).await?;
    Ok(Answer(seen.into()))
}

/// Starts, stops, pauses or resumes log backup
///
/// For the named tenants, or for all; on 3.x always for the cluster. It creates a task.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/logBackup/{action}",
    tag = "log backup",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("action" = inline(LogBackupAction), Path, description = "The requested operation."),
        Repeatable,
    ),
    request_body = TenantsBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn log_backup_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, action)): Path<(i64, LogBackupAction)>,
    key: Repeatable,
    Body(body): Body<TenantsBody>,
) -> Result<Answer<ActionView>, Failure> {
    let tenants = body.read(ClusterId(id))?;
    change(&api, &actor, ClusterId(id), &tenants, action, &key).await
}

/// Starts, stops, pauses or resumes the log backup of a tenant; on 3.x of its cluster
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/logBackup/{action}",
    tag = "log backup",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        ("action" = inline(LogBackupAction), Path, description = "The requested operation."),
        Repeatable,
    ),
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_log_backup_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant, action)): Path<(i64, i64, LogBackupAction)>,
    key: Repeatable,
) -> Result<Answer<ActionView>, Failure> {
    change(&api, &actor, ClusterId(id), &[TenantId(tenant)], action, &key).await
}

async fn change(
    api: &Api,
    actor: &Actor,
    cluster: ClusterId,
    tenants: &[TenantId],
    action: LogBackupAction,
    key: &Repeatable,
) -> Result<Answer<ActionView>, Failure> {
    let accepted =
        control::log_backups::change(&api.control, actor, cluster, tenants, action.into(), key.key()).await?;
    let objects =
        tenants.iter().map(|tenant| ObjectBody::of_tenant(cluster, *tenant, BackupDimension::Tenant));
    Ok(Answer(ActionView::accepted(action.kind(), cluster, objects.collect(), accepted.task)))
}
