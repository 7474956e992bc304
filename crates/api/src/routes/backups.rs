//! Options for a backup, Back up Now, and backup sets.

use axum::extract::State;
use control::Actor;
use control::backups::RestoreInto;
use model::id::{BackupSetId, ClusterId, TenantId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path, Repeatable};
use crate::queries::{BackupQuery, PageQuery, RestoreIntoQuery};
use crate::views::all_backups::AllOverviewView;
use crate::views::backup_now::{BackupNowBody, BackupNowRequest};
use crate::views::backups::{
    AbilityView, BackupSetView, DataBackupTasksView, OverviewView, RestoreStatementsView,
};
use crate::views::clusters::{DatabaseView, TableView};
use crate::views::plans::{ActionType, ActionView};

/// Returns what can be backed up of a cluster, and the defaults
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/ability",
    tag = "backups",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<AbilityView>), Failures)
)]
pub(crate) async fn backup_ability(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<AbilityView>, Failure> {
    let ability = control::backups::ability(&api.control, &actor, ClusterId(id), None).await?;
    Ok(Answer(ability.into()))
}

/// Returns what can be backed up of a tenant, and the defaults
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/ability",
    tag = "backups",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    responses((status = 200, body = Envelope<AbilityView>), Failures)
)]
pub(crate) async fn tenant_backup_ability(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
) -> Result<Answer<AbilityView>, Failure> {
    let (cluster, tenant) = (ClusterId(id), Some(TenantId(tenant)));
    let ability = control::backups::ability(&api.control, &actor, cluster, tenant).await?;
    Ok(Answer(ability.into()))
}

/// Returns the backup status of a cluster
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/overview",
    tag = "backups",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<OverviewView>), Failures)
)]
pub(crate) async fn backup_overview(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<OverviewView>, Failure> {
    let overview = control::backups::overview(&api.control, &actor, ClusterId(id)).await?;
    Ok(Answer(overview.into()))
}

/// Returns the backup status of all clusters, from Lifeboat's own records
#[utoipa::path(
    get,
    path = "/backup/overview",
    tag = "backups",
    responses((status = 200, body = Envelope<AllOverviewView>), Failures)
)]
pub(crate) async fn all_backup_overview(
    State(api): State<Api>,
    Caller(actor): Caller,
) -> Result<Answer<AllOverviewView>, Failure> {
    let overview = control::backups::all_overview(&api.control, &actor).await?;
    Ok(Answer(overview.into()))
}

/// Backs up a cluster, or parts of it, now
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/backupNow",
    tag = "backups",
    params(("id" = i64, Path, description = "The cluster."), Repeatable),
    request_body = BackupNowBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn backup_now(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    key: Repeatable,
    Body(body): Body<BackupNowBody>,
) -> Result<Answer<ActionView>, Failure> {
    begin(&api, &actor, body.read(ClusterId(id), None)?, &key).await
}

/// Backs up a tenant, or parts of it, now
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/backupNow",
    tag = "backups",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        Repeatable,
    ),
    request_body = BackupNowBody,
    responses((status = 200, body = Envelope<ActionView>), Failures)
)]
pub(crate) async fn tenant_backup_now(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    key: Repeatable,
    Body(body): Body<BackupNowBody>,
) -> Result<Answer<ActionView>, Failure> {
    begin(&api, &actor, body.read(ClusterId(id), Some(TenantId(tenant)))?, &key).await
}

async fn begin(
    api: &Api,
    actor: &Actor,
    request: BackupNowRequest,
    key: &Repeatable,
) -> Result<Answer<ActionView>, Failure> {
    let BackupNowRequest { ask, objects, dry_run } = request;
    let cluster = ask.cluster;
    if dry_run {
        let plan = control::backups::plan(&api.control, actor, ask).await?;
        return Ok(Answer(ActionView::planned(ActionType::DataBackupNow, plan)));
    }
    let accepted = control::backups::backup_now(&api.control, actor, ask, key.key()).await?;
    Ok(Answer(ActionView::accepted(ActionType::DataBackupNow, cluster, objects, accepted.task)))
}

/// Lists the data backups of a cluster, including foreign ones
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/task/dataBackupTasks",
    tag = "backups",
    params(("id" = i64, Path, description = "The cluster."), BackupQuery),
    responses((status = 200, body = Envelope<DataBackupTasksView>), Failures)
)]
pub(crate) async fn data_backup_task_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<BackupQuery>,
) -> Result<Answer<DataBackupTasksView>, Failure> {
    let (filter, page) = (query.filter(Some(id), None)?, query.page()?);
    let tasks = control::backups::data_backup_tasks(&api.control, &actor, &filter, page).await?;
    Ok(Answer(tasks.into()))
}

/// Lists the data backups of a tenant, including foreign ones on its cluster
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/task/dataBackupTasks",
    tag = "backups",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        BackupQuery,
    ),
    responses((status = 200, body = Envelope<DataBackupTasksView>), Failures)
)]
pub(crate) async fn tenant_data_backup_task_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Parameters(query): Parameters<BackupQuery>,
) -> Result<Answer<DataBackupTasksView>, Failure> {
    let (filter, page) = (query.filter(Some(id), Some(tenant))?, query.page()?);
    let tasks = control::backups::data_backup_tasks(&api.control, &actor, &filter, page).await?;
    Ok(Answer(tasks.into()))
}

/// Lists the backup sets of all clusters, including removed ones
#[utoipa::path(
    get,
    path = "/backup/sets",
    tag = "backups",
    params(BackupQuery),
    responses((status = 200, body = Envelope<List<BackupSetView>>), Failures)
)]
pub(crate) async fn all_backup_set_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<BackupQuery>,
) -> Result<Answer<List<BackupSetView>>, Failure> {
    let (filter, page) = (query.filter(None, None)?, query.page()?);
    let sets = control::backups::backup_sets(&api.control, &actor, &filter, page).await?;
    Ok(Answer(List::of(sets)))
}

/// Returns the statements that restore a physical backup set manually, with masked keys
#[utoipa::path(
    get,
    path = "/backup/sets/{id}/restoreStatements",
    tag = "backups",
    params(("id" = i64, Path, description = "The backup set."), RestoreIntoQuery),
    responses((status = 200, body = Envelope<RestoreStatementsView>), Failures)
)]
pub(crate) async fn restore_statements(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<RestoreIntoQuery>,
) -> Result<Answer<RestoreStatementsView>, Failure> {
    let into = RestoreInto { tenant: query.tenant, pools: query.pools };
    let statements =
        control::backups::restore_statements(&api.control, &actor, BackupSetId(id), &into).await?;
    Ok(Answer(RestoreStatementsView { statements }))
}

/// Lists the databases of a logical backup set, with their bytes in the storage
#[utoipa::path(
    get,
    path = "/backup/sets/{id}/databases",
    tag = "backups",
    params(("id" = i64, Path, description = "The backup set."), PageQuery),
    responses((status = 200, body = Envelope<List<DatabaseView>>), Failures)
)]
pub(crate) async fn set_database_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<DatabaseView>>, Failure> {
    let (set, page) = (BackupSetId(id), query.page()?);
    let databases = control::backups::databases_in_set(&api.control, &actor, set, page).await?;
    Ok(Answer(List::of(databases)))
}

/// Lists the tables of a database in a logical backup set, with their bytes in the storage
#[utoipa::path(
    get,
    path = "/backup/sets/{id}/databases/{database}/tables",
    tag = "backups",
    params(
        ("id" = i64, Path, description = "The backup set."),
        ("database" = String, Path, description = "The database."),
        PageQuery,
    ),
    responses((status = 200, body = Envelope<List<TableView>>), Failures)
)]
pub(crate) async fn set_table_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, database)): Path<(i64, String)>,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<TableView>>, Failure> {
    let (set, page) = (BackupSetId(id), query.page()?);
    let tables = control::backups::tables_in_set(&api.control, &actor, set, &database, page).await?;
    Ok(Answer(List::of(tables)))
}

/// Lists the backup sets of a cluster
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/sets",
    tag = "backups",
    params(("id" = i64, Path, description = "The cluster."), BackupQuery),
    responses((status = 200, body = Envelope<List<BackupSetView>>), Failures)
)]
pub(crate) async fn backup_set_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<BackupQuery>,
) -> Result<Answer<List<BackupSetView>>, Failure> {
    let (filter, page) = (query.filter(Some(id), None)?, query.page()?);
    let sets = control::backups::backup_sets(&api.control, &actor, &filter, page).await?;
    Ok(Answer(List::of(sets)))
}

/// Lists the backup sets of a tenant
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/backup/sets",
    tag = "backups",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        BackupQuery,
    ),
    responses((status = 200, body = Envelope<List<BackupSetView>>), Failures)
)]
pub(crate) async fn tenant_backup_set_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Parameters(query): Parameters<BackupQuery>,
) -> Result<Answer<List<BackupSetView>>, Failure> {
    let (filter, page) = (query.filter(Some(id), Some(tenant))?, query.page()?);
    let sets = control::backups::backup_sets(&api.control, &actor, &filter, page).await?;
    Ok(Answer(List::of(sets)))
}
