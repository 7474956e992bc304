//! The tenants of one cluster and of all, and who reads their data.

use axum::extract::State;
use control::tenants::credential;
use model::id::{ClusterId, TenantId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Done, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path};
use crate::queries::PageQuery;
use crate::views::tenants::{
    CredentialBody, CredentialTestBody, CredentialTestView, PlacedTenantView, ReadableTenantView,
};

/// Lists the tenants of all clusters, as they were last seen
#[utoipa::path(
    get,
    path = "/ob/tenants",
    tag = "clusters",
    params(PageQuery),
    responses((status = 200, body = Envelope<List<PlacedTenantView>>), Failures)
)]
pub(crate) async fn all_tenant_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<PlacedTenantView>>, Failure> {
    let page = query.page()?;
    Ok(Answer(List::of(control::tenants::list(&api.control, &actor, page).await?)))
}

/// Lists a cluster's tenants, as they were last seen, with who reads their data
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/tenants",
    tag = "clusters",
    params(("id" = i64, Path, description = "The cluster.")),
    responses((status = 200, body = Envelope<List<ReadableTenantView>>), Failures)
)]
pub(crate) async fn tenant_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<List<ReadableTenantView>>, Failure> {
    let tenants = control::tenants::of_cluster(&api.control, &actor, ClusterId(id)).await?;
    Ok(Answer(List::whole(tenants)))
}

/// Sets the logical backup account of a tenant, replacing an earlier one
///
/// It is tried first: one that the tenant does not let in, or that can read nothing, is not kept. What else it lacks stands
/// in the answer.
#[utoipa::path(
    put,
    path = "/ob/clusters/{id}/tenants/{tenantId}/credential",
    tag = "clusters",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    request_body = CredentialBody,
    responses((status = 200, body = Envelope<CredentialTestView>), Failures)
)]
pub(crate) async fn tenant_credential_set(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Body(body): Body<CredentialBody>,
) -> Result<Answer<CredentialTestView>, Failure> {
    let (cluster, tenant) = (ClusterId(id), TenantId(tenant));
    let found = credential::set(&api.control, &actor, cluster, tenant, body.read()).await?;
    Ok(Answer(found.into()))
}

/// Forgets who reads a tenant's data
#[utoipa::path(
    delete,
    path = "/ob/clusters/{id}/tenants/{tenantId}/credential",
    tag = "clusters",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn tenant_credential_remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
) -> Result<Answer<Done>, Failure> {
    credential::remove(&api.control, &actor, ClusterId(id), TenantId(tenant)).await?;
    Ok(Answer(Done {}))
}

/// Tests a credential that is typed in, or the one that is kept; changes nothing
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/tenants/{tenantId}/credential/test",
    tag = "clusters",
    params(
        ("id" = i64, Path, description = "The cluster."),
        ("tenantId" = i64, Path, description = "The tenant."),
    ),
    request_body = CredentialTestBody,
    responses((status = 200, body = Envelope<CredentialTestView>), Failures)
)]
pub(crate) async fn tenant_credential_test(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path((id, tenant)): Path<(i64, i64)>,
    Body(body): Body<CredentialTestBody>,
) -> Result<Answer<CredentialTestView>, Failure> {
    let typed = body.credential.map(CredentialBody::read);
    let found = credential::test(&api.control, &actor, ClusterId(id), TenantId(tenant), typed).await?;
    Ok(Answer(found.into()))
}
