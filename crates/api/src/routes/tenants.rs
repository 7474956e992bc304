//! The tenants of all clusters.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::Parameters;
use crate::queries::PageQuery;
use crate::views::tenants::PlacedTenantView;

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
