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
