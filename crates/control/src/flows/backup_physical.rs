//! A physical backup: the OBServers write to the storage themselves. On 4.x each tenant is a lane with its own
//! statement; from 2.2.77 to 3.x there is a single lane.
//!
//! 1. `check-cluster-status`   the cluster answers, offers physical backup, and is not being upgraded
//! 2. `check-backup-storage`   the version supports the storage; if this server can test the storage, the test passes
//! 3. `check-ready`            no other data backup runs, an incremental one has a full set, destinations can be set
//! 4. `set-backup-storage`     the data and log destinations are set; a running archive keeps its destination
//! 5. `start-log-backup`       log backup is running
//! 6. `start-compaction`       before 4.0: a major compaction that began after log backup started has finished
//! 7. `start-data-backup`      the database has accepted our job
//! 8. `wait-for-data-backup`   our job has succeeded
//! 9. `verify-backup-set`      the set is available and of the requested mode; 4.x: its files exist, if reachable
//! 10. `record-backup-set`     the catalogue has the sets, and our job left out no tenant
//!
//! No step changes the cluster before step 3 has passed. Lifeboat identifies its job by a description where the version
//! stores one, and otherwise as a job newer than the newest one before the statement (`JobMark`). A crash between the
//! statement and the save therefore starts no second job. If the database accepted a job that no view shows, the flow
//! waits for it and never sends the statement again. A retry after a failed job starts a new one. A cancel ends our job
//! and no other.

mod archive;
pub(crate) mod checks;
mod compaction;
mod destinations;
mod job;
pub(crate) mod lane;
pub(crate) mod plan;
mod policy;
mod record;
mod request;
mod state;
#[cfg(test)]
mod tests;
mod verify;
mod wait;

use std::time::Duration;

use engine::{Flow, Step};

use self::state::{Here, Sample};
use crate::context::Context;
use crate::orders;
pub(crate) use checks::says_nothing;
pub(crate) use request::TAKER;
pub(crate) use state::{BackupPhysical, Lane, State};

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long destinations and log backup may take.
const SETTING_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// How long a major compaction may take.
const COMPACTION_LIMIT: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// How long the backup itself may take.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Flow for BackupPhysical {
    const KIND: &'static str = orders::BACKUP_PHYSICAL;
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
