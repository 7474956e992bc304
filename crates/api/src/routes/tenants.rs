//! The tenants of one cluster and of all, and their logical backup accounts.

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

/// Lists the tenants of all clusters at the last refresh
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

/// Lists the tenants of a cluster at the last refresh, with their logical backup accounts
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
/// It is tested first. An account that cannot log on, or cannot read anything, is not saved. The answer lists other
/// missing privileges.
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

/// Removes the logical backup account of a tenant
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

/// Tests the given or the saved logical backup account; changes nothing
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
