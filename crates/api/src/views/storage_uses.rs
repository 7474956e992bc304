//! The space of backups in storages.

use control::storage_uses::NamedUse;
use serde::Serialize;
use utoipa::ToSchema;

/// The space of a cluster's backups in each storage, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct StorageUsagesView {
    /// The samples, or the newest of each span of a long time.
    contents: Vec<StorageUsageView>,
}

/// The space of a cluster's backups in a storage.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageUsageView {
    /// The storage.
    storage_id: i64,
    /// Its name; none for the storage of a single task.
    config_name: Option<String>,
    /// The time.
    #[schema(format = DateTime)]
    time: String,
    /// The bytes of data and logs.
    total_bytes: u64,
    /// The bytes of data.
    data_bytes: u64,
    /// The bytes of logs; none before OceanBase 4.0, which does not report them.
    log_bytes: Option<u64>,
    /// The capacity of the file system, as this server sees it; none for an object store, or if unknown.
    capacity_bytes: Option<u64>,
    /// The used space of the file system.
    used_bytes: Option<u64>,
}

impl From<Vec<NamedUse>> for StorageUsagesView {
    fn from(uses: Vec<NamedUse>) -> Self {
        let view = |NamedUse { taken, storage_name }| StorageUsageView {
            storage_id: taken.storage.0,
            config_name: storage_name,
            time: taken.taken.to_rfc3339(),
            total_bytes: taken.data_bytes.saturating_add(taken.log_bytes.unwrap_or_default()),
            data_bytes: taken.data_bytes,
            log_bytes: taken.log_bytes,
            capacity_bytes: taken.room.map(|room| room.capacity_bytes),
            used_bytes: taken.room.map(|room| room.used_bytes),
        };
        Self { contents: uses.into_iter().map(view).collect() }
    }
}
