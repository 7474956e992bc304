//! The query strings about backup strategies.

use control::PageAsk;
use control::strategies::{PlannedFor, RunFilter};
use model::Problem;
use model::id::{ClusterId, StorageId, TenantId};
use model::strategy::Scope;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{page, span};

/// Which backup strategies are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StrategyQuery {
    /// Of this cluster and its tenants.
    cluster_id: Option<i64>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl StrategyQuery {
    /// Reads the cluster and the page.
    pub(crate) fn read(&self) -> Result<(Option<ClusterId>, PageAsk), Problem> {
        Ok((self.cluster_id.map(ClusterId), page(self.page, self.size)?))
    }
}

/// What the deletion of a tenant's strategy may mean.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StrategyDeleteQuery {
    /// Accepts that the database deletes physical backups of the tenant by the shorter window of the cluster's strategy, or
    /// in its storage; without it, such a deletion is refused, and the answer names both windows or what would be deleted.
    #[serde(default)]
    pub(crate) accept_cluster_retention: bool,
}

/// Which runs of a backup strategy are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StrategyRunQuery {
    /// Due at this time or later.
    #[param(format = DateTime, example = "2026-11-22T00:00:00.000+08:00")]
    start_time: Option<String>,
    /// Due before this time.
    #[param(format = DateTime)]
    end_time: Option<String>,
    /// The page number, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295_i64, default = 1)]
    page: Option<u32>,
    /// The number of rows per page.
    #[param(minimum = 1, maximum = 2000, default = 10)]
    size: Option<u32>,
}

impl StrategyRunQuery {
    /// Reads the due times and the page.
    pub(crate) fn read(&self) -> Result<(RunFilter, PageAsk), Problem> {
        let (from, until) = span(self.start_time.as_deref(), self.end_time.as_deref())?;
        Ok((RunFilter { from, until }, page(self.page, self.size)?))
    }
}

/// What a schedule that is not saved is for. Without it, a full backup counts as present.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlannedForQuery {
    /// The cluster.
    cluster_id: Option<i64>,
    /// Only this tenant of it.
    tenant_id: Option<i64>,
    /// The storage; none if it is not saved.
    storage_id: Option<i64>,
}

impl PlannedForQuery {
    /// Reads it.
    pub(crate) fn read(&self) -> Result<Option<PlannedFor>, Problem> {
        let Self { cluster_id, tenant_id, storage_id } = *self;
        let Some(cluster) = cluster_id.map(ClusterId) else {
            let needs = tenant_id.map(|_| "tenantId").or(storage_id.map(|_| "storageId"));
            return match needs {
                Some(field) => Err(Problem::invalid("query-needs-cluster").with("field", field)),
                None => Ok(None),
            };
        };
        let scope = match tenant_id.map(TenantId) {
            Some(tenant) => Scope::Tenant(cluster, tenant),
            None => Scope::Cluster(cluster),
        };
        Ok(Some(PlannedFor { scope, storage: storage_id.map(StorageId) }))
    }
}
