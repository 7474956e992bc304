//! The objects of a request must exist: each function returns one from the metadata, or the error that names it.

use std::collections::BTreeMap;

use model::Problem;
use model::backup_set::BackupSet;
use model::cluster::Cluster;
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use model::storage::Storage;
use model::tenant::Tenant;

use super::error::Error;
use super::shared::Context;

impl Context {
    /// Returns a cluster that must exist.
    pub(crate) async fn cluster(&self, id: ClusterId) -> Result<Cluster, Error> {
        let found = self.metadata.cluster_get(id).await?;
        Ok(found.ok_or_else(|| Problem::not_found("cluster-unknown").with("cluster", id))?)
    }

    /// Returns a tenant that must exist.
    pub(crate) async fn tenant(&self, cluster: ClusterId, tenant: TenantId) -> Result<Tenant, Error> {
        let found = self.metadata.tenant_get(cluster, tenant).await?;
        Ok(found.ok_or_else(|| Problem::not_found("tenant-unknown").with("tenant", tenant))?)
    }

    /// Returns a storage that must exist.
    pub(crate) async fn storage(&self, id: StorageId) -> Result<Storage, Error> {
        let found = self.metadata.storage_get(id).await?;
        Ok(found.ok_or_else(|| Problem::not_found("storage-unknown").with("storage", id))?)
    }

    /// Returns all storages, also those that are not saved, in one query.
    pub(crate) async fn storages_by_id(&self) -> Result<BTreeMap<StorageId, Storage>, Error> {
        let all = self.metadata.storage_list_whole().await?;
        Ok(all.into_iter().map(|storage| (storage.id, storage)).collect())
    }

    /// Returns a backup set that must exist.
    pub(crate) async fn backup_set(&self, id: BackupSetId) -> Result<BackupSet, Error> {
        let found = self.metadata.backup_set_get(id).await?;
        Ok(found.ok_or_else(|| Problem::not_found("backup-set-unknown").with("set", id))?)
    }

    /// Returns a task that must exist, as it is stored.
    pub(crate) async fn task(&self, task: TaskId) -> Result<engine::Task, Error> {
        let found = engine::Journal::load(&self.metadata, engine::TaskId(task.0)).await?;
        Ok(found.ok_or_else(|| Problem::not_found("task-unknown").with("task", task))?)
    }
}
