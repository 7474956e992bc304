//! What can be backed up, Back up Now, and what was backed up.

use model::Problem;
use model::ability::BackupAbility;
use model::backup::{BackupMethod, BackupWish, DataBackupMode};
use model::cluster::Cluster;
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use model::task::TaskStatus;
use model::text::Text;
use model::time::Timestamp;

use crate::storages::StorageChoice;

/// What a cluster lets be backed up, and what is filled in when nobody chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// Which methods there are.
    pub ability: BackupAbility,
    /// The method that is filled in.
    pub preferred: BackupMethod,
    /// Whether a full backup can be chosen.
    pub full_enabled: bool,
    /// Whether an incremental backup can be chosen.
    pub incremental_enabled: bool,
    /// Whether an incremental backup would find the full one that it needs.
    pub can_do_incremental: bool,
    /// What to know before choosing.
    pub hint: Option<Text>,
    /// Why nothing can be backed up at the moment.
    pub disabled: Option<Problem>,
    /// The storage that is filled in: the last one used for the cluster, else the only one in the library.
    pub storage: Option<StorageId>,
}

/// A request to back up now. What is left out is filled in by the rules.
#[derive(Debug, Clone)]
pub struct BackupNow {
    /// The cluster.
    pub cluster: ClusterId,
    /// Which parts of it, and how.
    pub wish: BackupWish,
    /// Where to.
    pub storage: Option<StorageChoice>,
    /// Whether a major compaction may be started where one is needed.
    pub auto_compaction: bool,
    /// How many connections read at once.
    pub threads: Option<u32>,
    /// How data are compressed: `zstd:1` to `zstd:19`, or `none`.
    pub compression: Option<String>,
}

/// A task was made of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The task.
    pub task: TaskId,
}

/// What a task would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The flow's kind, such as `backup-logical`.
    pub kind: String,
    /// How the backup is, or was, taken.
    pub method: BackupMethod,
    /// How much it holds.
    pub mode: DataBackupMode,
    /// Where it lies, or will lie: a URI.
    pub storage: String,
    /// The tenants it is about.
    pub tenants: Vec<String>,
    /// The steps in running order.
    pub steps: Vec<PlannedStep>,
}

/// A step that a task would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// The step's id, whose name is in the texts.
    pub step: String,
    /// What it finds, or would do, in words.
    pub notes: Vec<Text>,
    /// What it would send to the cluster, secrets masked.
    pub statements: Vec<String>,
}

/// How the backup of one cluster stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The cluster.
    pub cluster: Cluster,
    /// The backup task that runs.
    pub running: Option<TaskId>,
    /// When the newest backup set was finished.
    pub last_data_backup: Option<Timestamp>,
    /// How many backup sets there are.
    pub backup_sets: u64,
    /// How many bytes they take.
    pub backup_bytes: u64,
}

/// Which backups are wanted; what is `None` limits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFilter {
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// This one.
    pub backup_set: Option<BackupSetId>,
    /// In this state.
    pub status: Option<TaskStatus>,
    /// Begun at that moment or later.
    pub from: Option<Timestamp>,
    /// Begun before that moment.
    pub until: Option<Timestamp>,
}

/// The backup of one tenant, by the task that makes or made it.
#[derive(Debug, Clone, PartialEq)]
pub struct DataBackupTask {
    /// The task.
    pub task: TaskId,
    /// Who asked for it.
    pub creator: String,
    /// The cluster.
    pub cluster: ClusterId,
    /// The cluster's name.
    pub cluster_name: String,
    /// The tenant.
    pub tenant: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// How it is taken.
    pub method: BackupMethod,
    /// How much it holds.
    pub mode: DataBackupMode,
    /// What came of it.
    pub backup_set: Option<BackupSetId>,
    /// Where it lies: a URI.
    pub uri: String,
    /// How this tenant's part stands.
    pub status: TaskStatus,
    /// Why it failed.
    pub problem: Option<Text>,
    /// The bytes it took.
    pub bytes: Option<u64>,
    /// When it was begun.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}
