//! A tenant with its cluster.

use control::tenants::PlacedTenant;
use serde::Serialize;
use utoipa::ToSchema;

use super::clusters::TenantView;

/// A tenant, and the cluster that it is of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedTenantView {
    /// The cluster.
    cluster_id: i64,
    /// The cluster's name here.
    cluster_name: String,
    #[serde(flatten)]
    tenant: TenantView,
}

impl From<PlacedTenant> for PlacedTenantView {
    fn from(placed: PlacedTenant) -> Self {
        let PlacedTenant { cluster, cluster_name, tenant } = placed;
        Self { cluster_id: cluster.0, cluster_name, tenant: tenant.into() }
    }
}
