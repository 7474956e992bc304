//! The request of a physical backup, and the state of each lane.

use std::collections::{BTreeMap, BTreeSet};

use engine::{At, Note};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::{ClusterId, StorageId, TenantId};
use model::physical::identity::JobMark;
use model::physical::sent::Sent;
use model::physical::{PhysicalSet, Scope};
use model::schedule::decide::RunKey;
use serde::{Deserialize, Serialize};

/// A physical backup.
pub(crate) struct BackupPhysical;

/// The context of a body of this flow.
pub(super) type Here = At<BackupPhysical>;

/// The request. The only change that a step makes is to remove the password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The cluster's name and ID in OceanBase, which are part of the folder names.
    pub(crate) ob_name: String,
    pub(crate) ob_cluster_id: i64,
    pub(crate) storage: StorageId,
    /// Whether the destinations that the cluster has already are kept: the request selected no storage.
    pub(crate) keeps_destinations: bool,
    /// The scope of each lane's statement.
    pub(crate) scopes: BTreeMap<String, Scope>,
    pub(crate) mode: DataBackupMode,
    pub(crate) auto_compaction: bool,
    /// Whether the database may delete backups in the new storage by a delete policy of a user or of another tool.
    #[serde(default)]
    pub(crate) accept_deletions: bool,
    pub(crate) plus_archivelog: bool,
    /// The password that encrypts the backup, sealed; removed when every lane has succeeded.
    #[serde(default)]
    pub(crate) password: Option<String>,
    /// Whether log backup is started if it is not running; tasks of older versions always start it.
    #[serde(default = "yes")]
    pub(crate) start_log_backup: bool,
    /// The reason for a full backup where the strategy plans an incremental one.
    #[serde(default)]
    pub(crate) promotion: Option<Note>,
    /// The run of the strategy, for a scheduled backup: a lane without a usable full set then makes a full one.
    #[serde(default)]
    pub(crate) run: Option<RunKey>,
    pub(crate) requested: Timestamp,
    /// Distinguishes this task's jobs from those of another installation's task with the same number.
    pub(crate) tag: String,
}

const fn yes() -> bool {
    true
}

/// The state of one lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The data destination, without keys; empty until it is known.
    pub(crate) data_path: String,
    /// Whether the lane makes a full set instead of the requested mode, because there is none to build on.
    #[serde(default)]
    pub(crate) is_full: bool,
    /// The number of polls whether every server of a 3.x cluster has read the destination.
    pub(crate) looks: u32,
    /// When the wait for log backup began, by the database's clock.
    pub(crate) archive_since: Option<Timestamp>,
    /// The number of freezes that were requested.
    pub(crate) freezes: u32,
    /// The identity of our job; none before one is started.
    pub(crate) mark: Option<JobMark>,
    /// The number of jobs that were started: each has its own tag.
    pub(crate) begun: u32,
    /// How often the database reported a running backup while no view showed one.
    pub(crate) refusals: u32,
    /// The statement, once it is about to be sent.
    #[serde(default)]
    pub(crate) sent: Option<Sent>,
    /// Whether the database has accepted the statement of the job with this `mark`.
    #[serde(default)]
    pub(crate) accepted: bool,
    /// How many polls in a row showed an accepted job in no view.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// How many polls of a finished job lacked a part or the set of a tenant.
    #[serde(default)]
    pub(crate) incomplete: u32,
    /// The tenants that the single job of a 3.x cluster must back up.
    #[serde(default)]
    pub(crate) expected: BTreeSet<TenantId>,
    /// The names of the expected tenants that have no set.
    #[serde(default)]
    pub(crate) left_out: Vec<String>,
    /// The tenant and ID of every job of this lane, including failed ones.
    #[serde(default)]
    pub(crate) jobs: BTreeSet<(TenantId, i64)>,
    /// The progress of the job at the last poll.
    pub(crate) sample: Option<Sample>,
    /// The sets that our job created: one on 4.x, one for each tenant before 4.0.
    pub(crate) sets: Vec<PhysicalSet>,
    /// Whether the sets were verified.
    pub(crate) verified: bool,
}

impl Lane {
    /// Returns the mode of the lane's backup.
    pub(crate) fn mode(&self, state: &State) -> DataBackupMode {
        if self.is_full { DataBackupMode::Full } else { state.mode }
    }
}

/// The progress of a job at a time, by the database's clock.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) bytes: u64,
    pub(crate) at: Timestamp,
    /// The time of the last progress.
    pub(crate) since: Timestamp,
    /// The time of the first poll.
    pub(crate) begun: Timestamp,
}
