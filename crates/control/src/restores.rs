//! Recover a backup set.

use std::collections::BTreeMap;

use model::id::{BackupSetId, ClusterId, TaskId, TenantId};
use model::task::TaskStatus;
use model::text::Text;
use model::time::Timestamp;

/// Which recoveries are wanted; what is `None` limits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreFilter {
    /// Into this cluster.
    pub cluster: Option<ClusterId>,
    /// Into this tenant.
    pub tenant: Option<TenantId>,
    /// In this state.
    pub status: Option<TaskStatus>,
    /// Begun at that moment or later.
    pub from: Option<Timestamp>,
    /// Begun before that moment.
    pub until: Option<Timestamp>,
}

/// A recovery, by the task that does or did it.
#[derive(Debug, Clone, PartialEq)]
pub struct RestoreTask {
    /// The task.
    pub task: TaskId,
    /// Who asked for it.
    pub creator: String,
    /// What is recovered.
    pub backup_set: BackupSetId,
    /// The cluster that the backup set was taken of.
    pub backup_cluster: ClusterId,
    /// That cluster's name.
    pub backup_cluster_name: String,
    /// The tenant that the backup set was taken of.
    pub backup_tenant: TenantId,
    /// That tenant's name.
    pub backup_tenant_name: String,
    /// The cluster that is recovered into.
    pub cluster: ClusterId,
    /// That cluster's name.
    pub cluster_name: String,
    /// The tenant that is recovered into.
    pub tenant: TenantId,
    /// That tenant's name.
    pub tenant_name: String,
    /// Under which name each database is recovered.
    pub databases: BTreeMap<String, String>,
    /// Where the backup set lies: a URI.
    pub uri: String,
    /// The moment whose data are recovered.
    pub until: Timestamp,
    /// How it stands.
    pub status: TaskStatus,
    /// Why it failed.
    pub problem: Option<Text>,
    /// When it was begun.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}
