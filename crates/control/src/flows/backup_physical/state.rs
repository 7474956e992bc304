//! The request of a physical backup, and the state of each lane.

use std::collections::{BTreeMap, BTreeSet};

use engine::{At, Note};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::{ClusterId, StorageId, TenantId};
use model::physical::identity::JobMark;
use model::physical::{PhysicalSet, Scope};
use model::schedule::decide::RunKey;
use serde::{Deserialize, Serialize};

/// Back up now, physically.
pub(crate) struct BackupPhysical;

/// The context of a body of this flow.
pub(super) type Here = At<BackupPhysical>;

/// What was asked for; the steps add nothing to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The name and number that OceanBase knows it by: folders are called so.
    pub(crate) ob_name: String,
    pub(crate) ob_cluster_id: i64,
    pub(crate) storage: StorageId,
    /// Whether the cluster's destinations are kept, whatever they are: no storage was selected.
    pub(crate) keeps_destinations: bool,
    /// What each lane's statement is about.
    pub(crate) scopes: BTreeMap<String, Scope>,
    pub(crate) mode: DataBackupMode,
    pub(crate) auto_compaction: bool,
    pub(crate) plus_archivelog: bool,
    /// The encryption of the backup, sealed; removed when the backup is complete.
    #[serde(default)]
    pub(crate) password: Option<String>,
    /// Whether log backup is started where it does not run; tasks of older versions always do.
    #[serde(default = "yes")]
    pub(crate) start_log_backup: bool,
    /// The reason why it is full although its strategy plans an incremental one.
    #[serde(default)]
    pub(crate) promotion: Option<Note>,
    /// The run of a strategy that it is, if it is one: a lane without a usable full set then makes one.
    #[serde(default)]
    pub(crate) run: Option<RunKey>,
    pub(crate) requested: Timestamp,
    /// Distinguishes this task's jobs from those of another installation's task with the same number.
    pub(crate) tag: String,
}

const fn yes() -> bool {
    true
}

/// What is known of one lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The data destination, without keys; empty until it is known.
    pub(crate) data_path: String,
    /// Whether it makes a full set instead of the requested mode: there is none to build on.
    #[serde(default)]
    pub(crate) is_full: bool,
    /// How often it was looked whether every server of a 3.x cluster has read the destination.
    pub(crate) looks: u32,
    /// When we began to wait for log backup, by the database's clock.
    pub(crate) archive_since: Option<Timestamp>,
    /// How many freezes were asked for.
    pub(crate) freezes: u32,
    /// The identity of our job; none before one is started.
    pub(crate) mark: Option<JobMark>,
    /// The number of jobs that were started: each has a tag of its own.
    pub(crate) begun: u32,
    /// How often the database reported a running backup while no view showed one.
    pub(crate) refusals: u32,
    /// Whether the database has accepted the statement of the job with this `mark`.
    #[serde(default)]
    pub(crate) accepted: bool,
    /// How many polls in a row showed an accepted job in no view.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// How many polls of a successful job lacked the requested work or sets.
    #[serde(default)]
    pub(crate) incomplete: u32,
    /// The tenants that one job of a 3.x cluster has to back up.
    #[serde(default)]
    pub(crate) expected: BTreeSet<TenantId>,
    /// Those of which it made no set, by name.
    #[serde(default)]
    pub(crate) left_out: Vec<String>,
    /// The jobs of the cluster that were ours, also those that ended badly: tenant and number.
    #[serde(default)]
    pub(crate) jobs: BTreeSet<(TenantId, i64)>,
    /// How far the job was when last looked at.
    pub(crate) sample: Option<Sample>,
    /// The sets that our job has made: one on 4.x, one for each tenant before.
    pub(crate) sets: Vec<PhysicalSet>,
    /// Whether they were looked at and found good.
    pub(crate) verified: bool,
}

impl Lane {
    /// Returns how much it backs up.
    pub(crate) fn mode(&self, state: &State) -> DataBackupMode {
        if self.is_full { DataBackupMode::Full } else { state.mode }
    }
}

/// How far a job was at some moment, by the database's clock.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) bytes: u64,
    pub(crate) at: Timestamp,
    /// Since when it has not moved.
    pub(crate) since: Timestamp,
    /// When waiting began.
    pub(crate) begun: Timestamp,
}
