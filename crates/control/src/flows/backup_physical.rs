//! Back up now, physically: the cluster itself writes to the storage. On 4.x each tenant is a lane with one statement
//! of its own; on 2.2.77 to 3.x there is a single lane.
//!
//! 1. `check-cluster-status`   it answers, offers physical backup, and is not being upgraded
//! 2. `check-backup-storage`   the version knows it, and this server can use it as far as it reaches it
//! 3. `check-ready`            no other backup runs, an incremental one has its ground, destinations can be set
//! 4. `set-backup-storage`     data and logs go where they should; a running archive is left where it is
//! 5. `start-log-backup`       log backup runs
//! 6. `start-compaction`       before 4.0: a major compaction is later than the start of log backup
//! 7. `start-data-backup`      the database has written our job down
//! 8. `wait-for-data-backup`   our own job has ended well, and its set is known
//! 9. `verify-backup-set`      the set is complete, available, of the kind that was asked for, and its files are there
//! 10. `record-backup-set`     the catalogue knows it, and every tenant that was asked for has one
//!
//! Nothing on the cluster changes before the third step has passed. A job is known by a description, where the version
//! keeps one, else by being newer than what was written down before (`JobMark`): a crash between statement and save
//! starts no second one. A job that the database accepted and no view shows is waited for, never started again. After a
//! failed job a retry starts a new one; a cancel ends our job and no other.

mod archive;
pub(crate) mod checks;
mod compaction;
mod destinations;
mod job;
pub(crate) mod lane;
pub(crate) mod plan;
mod record;
mod request;
#[cfg(test)]
mod tests;
mod verify;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::{At, Flow, Step};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::id::{ClusterId, StorageId, TenantId};
use model::physical::identity::JobMark;
use model::physical::{PhysicalSet, Scope};
use serde::{Deserialize, Serialize};

use crate::context::Context;
pub(crate) use checks::says_nothing;
pub(crate) use request::request;

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long destinations and log backup may take.
const SETTING_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// How long a major compaction may take.
const COMPACTION_LIMIT: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// How long the backup itself may take.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Back up now, physically.
pub(crate) struct BackupPhysical;

/// Where a body of this flow stands.
type Here = At<BackupPhysical>;

/// What was asked for; the steps add nothing to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The name and number that OceanBase knows it by: folders are called so.
    pub(crate) ob_name: String,
    pub(crate) ob_cluster_id: i64,
    pub(crate) storage: StorageId,
    /// Whether destinations that the cluster has are kept wherever they are: nobody chose the storage.
    pub(crate) keeps_destinations: bool,
    /// What each lane's statement is about.
    pub(crate) scopes: BTreeMap<String, Scope>,
    pub(crate) mode: DataBackupMode,
    pub(crate) auto_compaction: bool,
    pub(crate) plus_archivelog: bool,
    /// What the backup is encrypted with, sealed; gone when all is backed up.
    #[serde(default)]
    pub(crate) password: Option<String>,
    pub(crate) requested: Timestamp,
    /// Tells this task's jobs from those that another server's task of the same number has made.
    pub(crate) tag: String,
}

/// What is known of one lane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// Where data go, without keys; empty until that is settled.
    pub(crate) data_path: String,
    /// How often it was looked whether every server of a 3.x cluster has read the destination.
    pub(crate) looks: u32,
    /// When we began to wait for log backup, by the database's clock.
    pub(crate) archive_since: Option<Timestamp>,
    /// How many freezes were asked for.
    pub(crate) freezes: u32,
    /// How our job is known; nothing before one is begun.
    pub(crate) mark: Option<JobMark>,
    /// How many jobs were begun: each has a tag of its own.
    pub(crate) begun: u32,
    /// How often the database said that a backup runs while none was to be seen.
    pub(crate) refusals: u32,
    /// Whether the database has accepted the statement of the job that `mark` tells.
    #[serde(default)]
    pub(crate) accepted: bool,
    /// How often in a row a job that was accepted was in no view.
    #[serde(default)]
    pub(crate) unseen: u32,
    /// How often a job that ended well was without the work or the sets that were asked for.
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

impl Flow for BackupPhysical {
    const KIND: &'static str = "backup-physical"; // stored; never renamed once released
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-cluster-status", |at, s| Box::pin(checks::check_cluster_status(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("check-backup-storage", |at, s| Box::pin(checks::check_backup_storage(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("check-ready", |at, s| Box::pin(checks::check_ready(at, s))).timeout(CHECK_LIMIT),
        Step::each("set-backup-storage", |at, s, l| Box::pin(destinations::set_backup_storage(at, s, l)))
            .timeout(SETTING_LIMIT),
        Step::each("start-log-backup", |at, s, l| Box::pin(archive::start_log_backup(at, s, l)))
            .timeout(SETTING_LIMIT),
        Step::each("start-compaction", |at, s, l| Box::pin(compaction::start_compaction(at, s, l)))
            .skippable()
            .timeout(COMPACTION_LIMIT),
        Step::each("start-data-backup", |at, s, l| Box::pin(job::start_data_backup(at, s, l)))
            .stop_each(|at, s, l| Box::pin(job::cancel(at, s, l)))
            .timeout(SETTING_LIMIT),
        Step::each("wait-for-data-backup", |at, s, l| Box::pin(wait::wait_for_data_backup(at, s, l)))
            .stop_each(|at, s, l| Box::pin(job::cancel(at, s, l)))
            .timeout(DATA_LIMIT),
        Step::each("verify-backup-set", |at, s, l| Box::pin(verify::verify_backup_set(at, s, l)))
            .skippable()
            .timeout(CHECK_LIMIT),
        Step::one("record-backup-set", |at, s| Box::pin(record::record_backup_set(at, s))),
    ];
}
