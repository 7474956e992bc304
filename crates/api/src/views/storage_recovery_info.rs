//! The physical backups of tenants in a storage, as the names there tell them.

use control::recovery_windows::{NamesWindow, StorageWindows, TenantFolder};
use model::backup::DataBackupMode;
use serde::Serialize;
use utoipa::ToSchema;

use super::recovery_info::{GapView, IntervalView};
use super::words;

/// The tenants that have physical backups in a storage, and the presumably recoverable periods of one of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageRecoveryInfoView {
    /// The tenants of OceanBase 4.0 and later that have a folder in the storage, or the chosen one.
    tenants: Vec<TenantFolderView>,
    /// The periods of the chosen tenant; absent if none is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    recoverable: Option<NamesWindowView>,
}

/// The folder of a tenant's backups.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantFolderView {
    /// The cluster's name in OceanBase.
    backup_cluster_name: String,
    /// OceanBase's ID of the cluster.
    backup_ob_cluster_id: i64,
    /// The tenant's ID in that cluster.
    backup_ob_tenant_id: i64,
    /// The folder below the storage.
    #[schema(example = "obcluster/1/1002")]
    folder: String,
}

/// The presumably recoverable periods of a tenant. Names contain times to the second and no time zone, so the servers of
/// the target confirm them when a recovery is planned.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamesWindowView {
    /// Whether the periods are estimated: always true.
    estimated: bool,
    /// The time zone in which the times of the names were read.
    #[schema(example = "+08:00")]
    zone: String,
    /// The recoverable intervals.
    intervals: Vec<IntervalView>,
    /// The gaps before, between and after them, with their reasons.
    gaps: Vec<GapView>,
    /// The complete backup sets.
    sets: Vec<NamedSetView>,
    /// The names of OceanBase's form with a number or time that cannot be read.
    unread: Vec<String>,
}

/// A complete backup set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedSetView {
    /// The cluster's number of it.
    backup_set_id: i64,
    /// Full or incremental.
    data_backup_task_type: words::DataBackupMode,
    /// Its presumably earliest recoverable time.
    #[schema(format = DateTime)]
    recoverable_time: String,
}

impl From<StorageWindows> for StorageRecoveryInfoView {
    fn from(windows: StorageWindows) -> Self {
        let StorageWindows { tenants, names } = windows;
        Self { tenants: tenants.iter().map(Into::into).collect(), recoverable: names.map(Into::into) }
    }
}

impl From<&TenantFolder> for TenantFolderView {
    fn from(found: &TenantFolder) -> Self {
        let TenantFolder { cluster_name, cluster_id, tenant } = found;
        Self {
            backup_cluster_name: cluster_name.clone(),
            backup_ob_cluster_id: *cluster_id,
            backup_ob_tenant_id: tenant.0,
            folder: found.path(),
        }
    }
}

impl From<NamesWindow> for NamesWindowView {
    fn from(names: NamesWindow) -> Self {
        let NamesWindow { timeline, sets, zone, unread } = names;
        let set = |(id, mode, restore): (i64, DataBackupMode, model::Timestamp)| NamedSetView {
            backup_set_id: id,
            data_backup_task_type: mode.into(),
            recoverable_time: restore.to_rfc3339(),
        };
        Self {
            estimated: timeline.is_estimated,
            zone: zone.to_string(),
            intervals: timeline.intervals.iter().map(Into::into).collect(),
            gaps: timeline.gaps.iter().map(Into::into).collect(),
            sets: sets.into_iter().map(set).collect(),
            unread,
        }
    }
}
