//! The age of each object's last backups.

use control::protection::{LastBackup, LogCheckpoint, ProtectedObject};
use serde::Serialize;
use utoipa::ToSchema;

/// An object to back up, with the age of its last successful backups.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProtectedObjectView {
    /// The cluster.
    cluster_id: i64,
    /// The name of the cluster.
    cluster_name: String,
    /// The tenant.
    tenant_id: i64,
    /// The tenant's name.
    tenant_name: String,
    /// The database, for an object with backups of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    database_name: Option<String>,
    /// The last full backup that can be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    full: Option<LastBackupView>,
    /// The last incremental backup that can be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    incremental: Option<LastBackupView>,
    /// Log backup, as far as known; before 4.0, it is the cluster's.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<LogCheckpointView>,
}

/// The last successful backup of an object.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastBackupView {
    /// When it was completed.
    #[schema(format = DateTime)]
    finish_time: String,
    /// Its age in seconds.
    age_seconds: u64,
}

/// The status of log backup.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogCheckpointView {
    /// The age of the log backup checkpoint in seconds; absent if logs were never backed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    /// Whether log backup is running.
    running: bool,
}

impl From<ProtectedObject> for ProtectedObjectView {
    fn from(object: ProtectedObject) -> Self {
        let ProtectedObject { cluster, cluster_name, tenant, tenant_name, database, full, incremental, logs } =
            object;
        Self {
            cluster_id: cluster.0,
            cluster_name,
            tenant_id: tenant.0,
            tenant_name,
            database_name: database,
            full: full.map(LastBackupView::from),
            incremental: incremental.map(LastBackupView::from),
            log: logs.map(LogCheckpointView::from),
        }
    }
}

impl From<LastBackup> for LastBackupView {
    fn from(last: LastBackup) -> Self {
        let LastBackup { finished, age } = last;
        Self { finish_time: finished.to_rfc3339(), age_seconds: age.as_secs() }
    }
}

impl From<LogCheckpoint> for LogCheckpointView {
    fn from(logs: LogCheckpoint) -> Self {
        let LogCheckpoint { age, is_running } = logs;
        Self { age_seconds: age.map(|age| age.as_secs()), running: is_running }
    }
}
