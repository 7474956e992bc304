//! Recovers tables and databases from a physical backup into an existing tenant: OceanBase restores an auxiliary tenant,
//! imports the tables from it, and drops it.
//!
//! 1. `check-recovery-source`    the time is recoverable, and the target's servers can read the required backups
//! 2. `check-destination`        the tenant can take tables, no other table recovery runs there, and the pools are free
//! 3. `start-table-recovery`     a view shows our job
//! 4. `wait-for-table-recovery`  our job has ended, and has recovered something
//! 5. `check-tables`             every selected object is recovered
//! 6. `record-recovery`          the recovery is recorded
//!
//! The cluster changes from step 3 on. Lifeboat saves its intention before it sends the statement, and identifies its job
//! by its description. If it cannot know whether the statement was sent, it looks for the job longer than the statement
//! can take before it sends another.
//!
//! A job can succeed in part. Then step 5 fails and names each object that is not recovered; when it is skipped, the
//! recovery is recorded as partial.
//!
//! A rollback cancels our job, whose auxiliary tenant the database drops. It cancels no other job, and drops no table:
//! users may have changed them already.

mod clean_up;
mod destination;
mod finish;
mod job;
pub(crate) mod plan;
mod request;
mod state;
#[cfg(test)]
mod tests;
mod wait;

use std::time::Duration;

use engine::{Flow, Step};

use super::recovery_source;
use crate::context::Context;
pub(crate) use request::TAKER;
pub(crate) use state::{RecoverTables, State, not_made};

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long the start of the job may take.
const START_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// How long the job may take.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Flow for RecoverTables {
    const KIND: &'static str = "recover-tables"; // stored; never renamed once released
    const VERSION: u32 = 2; // 2 rolls back a recovery that changed nothing
    const READS_SINCE: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = ();

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-recovery-source", |at, s: &mut State| {
            Box::pin(recovery_source::check_recovery_source(at, &mut s.origin))
        })
        .undo(|_, s: &mut State| Box::pin(recovery_source::forget_passwords(&mut s.origin)))
        .timeout(CHECK_LIMIT),
        Step::one("check-destination", |at, s| Box::pin(destination::check_destination(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("start-table-recovery", |at, s| Box::pin(job::start_table_recovery(at, s)))
            .undo(|at, s| Box::pin(clean_up::undo(at, s)))
            .stop(|at, s| Box::pin(clean_up::end_job(at, s)))
            .timeout(START_LIMIT),
        Step::one("wait-for-table-recovery", |at, s| Box::pin(wait::wait_for_table_recovery(at, s)))
            .stop(|at, s| Box::pin(clean_up::end_job(at, s)))
            .timeout(DATA_LIMIT),
        Step::one("check-tables", |at, s| Box::pin(finish::check_tables(at, s)))
            .skippable()
            .timeout(CHECK_LIMIT),
        Step::one("record-recovery", |at, s| Box::pin(finish::record_recovery(at, s))),
    ];
}
