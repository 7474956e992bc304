//! Clusters: take over, show, remove.

use axum::extract::State;
use model::id::{ClusterId, TenantId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Done, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path};
use crate::queries::{ClusterRemoveQuery, PageQuery};
use crate::views::clusters::{
    ClusterChangeBody, ClusterView, DatabaseView, NewClusterBody, ServerView, TableView, TestView, ZoneView,
};

/// Lists the clusters
#[utoipa::path(
    get,
    path = "/ob/clusters",
    tag = "clusters",
    params(PageQuery),
    responses((status = 200, body = Envelope<List<ClusterView>>), Failures)
)]
pub(crate) async fn cluster_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<ClusterView>>, Failure> {
    let page = query.page()?;
    let clusters = control::clusters::list(&api.control, &actor, page).await?;
    Ok(Answer(List::of(clusters)))
}

/// Takes over a cluster
///
/// The pre-check runs first; a cluster that fails it is not taken over.
#[utoipa::path(
    post,
    path = "/ob/clusters",
    tag = "clusters",
    request_body = NewClusterBody,
    responses((status = 200, body = Envelope<ClusterView>), Failures)
)]
pub(crate) async fn cluster_add(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<NewClusterBody>,
) -> Result<Answer<ClusterView>, Failure> {
    let cluster = control::clusters::add(&api.control, &actor, body.read()?).await?;
    Ok(Answer(cluster.into()))
}

/// Tests whether a cluster can be taken over; changes nothing
#[utoipa::path(
    post,
    path = "/ob/clusters/precheck",
    tag = "clusters",
    request_body = NewClusterBody,
    responses((status = 200, body = Envelope<TestView>), Failures)
)]
pub(crate) async fn cluster_precheck(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<NewClusterBody>,
) -> Result<Answer<TestView>, Failure> {
    let lines = control::clusters::precheck(&api.control, &actor, &body.read()?).await?;
    Ok(Answer(lines.into()))
}

/// Returns a cluster
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}",
    tag = "clusters",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<ClusterView>), Failures)
)]
pub(crate) async fn cluster_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<ClusterView>, Failure> {
    let cluster = control::clusters::get(&api.control, &actor, ClusterId(id)).await?;
    Ok(Answer(cluster.into()))
}

/// Updates the saved password of a cluster, after it was changed on the cluster
#[utoipa::path(
    patch,
    path = "/ob/clusters/{id}",
    tag = "clusters",
    params(("id" = i64, Path, description = "The cluster.")),
    request_body = ClusterChangeBody,
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn cluster_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<ClusterChangeBody>,
) -> Result<Answer<Done>, Failure> {
    control::clusters::set_password(&api.control, &actor, ClusterId(id), &body.password.0).await?;
    Ok(Answer(Done {}))
}

/// Stops managing a cluster; its backups stay where they are
///
/// If Lifeboat has set delete policies in the cluster, the database continues to delete backups by them: this must be
/// accepted.
#[utoipa::path(
    delete,
    path = "/ob/clusters/{id}",
    tag = "clusters",
    params(("id" = i64, Path, description = "The cluster."), ClusterRemoveQuery),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn cluster_remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<ClusterRemoveQuery>,
) -> Result<Answer<Done>, Failure> {
    let leave = query.leave_delete_policies;
    control::clusters::remove(&api.control, &actor, ClusterId(id), leave).await?;
    Ok(Answer(Done {}))
}

/// Refreshes the information about the cluster
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/refresh",
    tag = "clusters",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<ClusterView>), Failures)
)]
pub(crate) async fn cluster_refresh(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<ClusterView>, Failure> {
    let cluster = control::clusters::refresh(&api.control, &actor, ClusterId(id)).await?;
    Ok(Answer(cluster.into()))
}

/// Lists a cluster's zones
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/zones",
    tag = "clusters",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<List<ZoneView>>), Failures)
)]
pub(crate) async fn cluster_zones(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<List<ZoneView>>, Failure> {
    let cluster = control::clusters::get(&api.control, &actor, ClusterId(id)).await?;
    Ok(Answer(List::whole(cluster.facts.zones)))
}

/// Lists a cluster's servers
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/servers",
    tag = "clusters",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<List<ServerView>>), Failures)
)]
pub(crate) async fn cluster_servers(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<List<ServerView>>, Failure> {
    let cluster = control::clusters::get(&api.control, &actor, ClusterId(id)).await?;
    Ok(Answer(List::whole(cluster.facts.servers)))
}

/// Lists a tenant's databases
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/databases",
    tag = "clusters",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    responses((status = 200, body = Envelope<List<DatabaseView>>), Failures)
)]
pub(crate) async fn database_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
) -> Result<Answer<List<DatabaseView>>, Failure> {
    let (cluster, tenant) = (ClusterId(id), TenantId(tenant));
    let databases = control::clusters::databases(&api.control, &actor, cluster, tenant).await?;
    Ok(Answer(List::whole(databases)))
}

/// Lists a database's tables
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants/{tenantId}/databases/{database}/tables",
    tag = "clusters",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
        ("database" = String, Path, description = "The database."),
    ),
    responses((status = 200, body = Envelope<List<TableView>>), Failures)
)]
pub(crate) async fn table_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant, database)): Path<(i64, i64, String)>,
) -> Result<Answer<List<TableView>>, Failure> {
    let (cluster, tenant) = (ClusterId(id), TenantId(tenant));
    let tables = control::clusters::tables(&api.control, &actor, cluster, tenant, &database).await?;
    Ok(Answer(List::whole(tables)))
}
