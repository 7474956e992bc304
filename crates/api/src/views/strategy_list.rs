//! The list of backup strategies, with those that cannot be read.

use control::Page;
use control::strategies::{Detail, UnreadableStrategy};
use model::strategy::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use super::backup_now::BackupDimension;
use super::strategies::StrategyView;
use crate::envelope::{List, ListPage};
use crate::error::Words;

/// Backup strategies.
#[derive(Serialize, ToSchema)]
pub(crate) struct StrategyListView {
    /// The rows on the page.
    contents: Vec<StrategyView>,
    /// The page.
    page: ListPage,
    /// The strategies whose settings this version cannot read, on whichever page: none of their runs start.
    unreadable: Vec<UnreadableStrategyView>,
}

/// A backup strategy whose settings cannot be read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnreadableStrategyView {
    /// Its identity.
    strategy_id: i64,
    /// The cluster.
    cluster_id: i64,
    /// The cluster's name.
    cluster_name: String,
    /// The tenant, if any.
    tenant_id: Option<i64>,
    /// The tenant's name.
    tenant_name: Option<String>,
    /// Whether it backs up the cluster or one tenant.
    #[schema(example = "CLUSTER")]
    backup_dimension: BackupDimension,
    /// Why it cannot be read, and what to do.
    reason: Words,
}

impl StrategyListView {
    /// Returns a page, and what cannot be read.
    pub(crate) fn of(page: Page<Detail>, unreadable: Vec<UnreadableStrategy>) -> Self {
        let (contents, page) = List::<StrategyView>::of(page).into_parts();
        Self { contents, page, unreadable: unreadable.into_iter().map(Into::into).collect() }
    }
}

impl From<UnreadableStrategy> for UnreadableStrategyView {
    fn from(strategy: UnreadableStrategy) -> Self {
        let UnreadableStrategy { id, scope, cluster_name, tenant_name, reason } = strategy;
        let (tenant, dimension) = match scope {
            Scope::Cluster(_) => (None, BackupDimension::Cluster),
            Scope::Tenant(_, tenant) => (Some(tenant.0), BackupDimension::Tenant),
        };
        Self {
            strategy_id: id.0,
            cluster_id: scope.cluster().0,
            cluster_name,
            tenant_id: tenant,
            tenant_name,
            backup_dimension: dimension,
            reason: Words::here(&reason),
        }
    }
}
