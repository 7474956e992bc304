//! How much of storages backups take.

use control::storage_uses::NamedUse;
use serde::Serialize;
use utoipa::ToSchema;

/// What the backups of a cluster took of each storage, storage by storage, the oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct StorageUsagesView {
    /// The samples, or the newest of each span of a long time.
    contents: Vec<StorageUsageView>,
}

/// What the backups of a cluster took of a storage.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageUsageView {
    /// The storage.
    storage_id: i64,
    /// Its name; none for one that was typed in for a single task.
    config_name: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    time: String,
    /// The bytes that data and logs take.
    total_bytes: u64,
    /// The bytes that data take.
    data_bytes: u64,
    /// The bytes that logs take; none before OceanBase 4.0, which does not tell.
    log_bytes: Option<u64>,
    /// How much the file system holds, as this server sees it; none for an object storage, and where it is not known.
    capacity_bytes: Option<u64>,
    /// How much of the file system is used, by anybody.
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
