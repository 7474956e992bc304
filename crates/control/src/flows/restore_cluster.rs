//! Recovers the tenants of a cluster in one go: each lane supervises the recovery of one tenant, a task of its own.
//!
//! 1. `check-recovery-sources`   every tenant is recoverable to its time, and the target's servers can read its backups
//! 2. `check-resources`          the names are free, and the target has the resources that all tenants together need
//! 3. `create-unit-specs`        the target has unit specifications of the sizes that the source's tenants have
//! 4. `start-recovery`           the tenant has a recovery task; at most as many run as the order allows
//! 5. `wait-for-recovery`        that task has succeeded
//! 6. `record-recoveries`        the log shows which tenants were recovered, and to which times
//!
//! Steps 4 and 5 run once per tenant, in order of the size of the backups. They change no cluster: the tasks of the
//! tenants do (`flows/restore_tenant.rs`). A tenant's task names this task and the lane in its subjects, and both are
//! written in one transaction with the check of the limit, so that a crash creates no second one.
//!
//! A tenant's problem is the problem of its lane. A retry of the lane retries the tenant's task. If that was cancelled,
//! or partly rolled back, it is rolled back first and another one starts; if it was rolled back, another one starts.
//!
//! A stop cancels the running tasks of tenants. A lane is cancelled only if its task has ended the restore; otherwise it
//! has the problem of the task. A lane that fails leaves no task unwatched, unless the task refused every command. A
//! rollback (OCP: Clean Up) rolls back each task of a tenant that did not succeed; that never removes a tenant that has
//! reached NORMAL. Then it drops the unit specifications that step 3 created and no pool uses.

mod commands;
mod destination;
mod outcome;
pub(crate) mod plan;
mod record;
mod request;
mod source;
mod start;
mod state;
#[cfg(test)]
mod tests;
mod undo;
mod wait;

use std::time::Duration;

use engine::{Flow, Step};

use crate::context::Context;
pub(crate) use request::TAKER;
pub(crate) use state::{Lane, RestoreCluster, State};

/// How long the checks of all tenants may take.
const CHECK_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// How long the statements for unit specifications may take.
const UNITS_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long a tenant may wait until fewer recoveries run.
const TURN_LIMIT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long the recovery of a tenant may take: longer than all steps of its task together, so that the lane does not
/// give up a task that still runs.
const DATA_LIMIT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Flow for RestoreCluster {
    const KIND: &'static str = "restore-cluster"; // stored; never renamed once released
    // 2 added several replicas in a zone; 3 new unit specifications in orders, and the rollback of a recovery that
    // changed nothing.
    const VERSION: u32 = 3;
    const READS_SINCE: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-recovery-sources", |at, s| Box::pin(source::check_recovery_sources(at, s)))
            .undo(|_, s| Box::pin(source::forget_passwords(s)))
            .timeout(CHECK_LIMIT),
        Step::one("check-resources", |at, s| Box::pin(destination::check_resources(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("create-unit-specs", |at, s| Box::pin(destination::create_unit_specs(at, s)))
            .undo(|at, s| Box::pin(destination::drop_unit_specs(at, s)))
            .timeout(UNITS_LIMIT),
        Step::each("start-recovery", |at, s, l| Box::pin(start::start_recovery(at, s, l)))
            .undo_each(|at, s, l| Box::pin(undo::roll_back(at, s, l)))
            .stop_each(|at, s, l| Box::pin(undo::cancel(at, s, l)))
            .timeout(TURN_LIMIT),
        Step::each("wait-for-recovery", |at, s, l| Box::pin(wait::wait_for_recovery(at, s, l)))
            .stop_each(|at, s, l| Box::pin(undo::cancel(at, s, l)))
            .timeout(DATA_LIMIT),
        Step::one("record-recoveries", |at, s| Box::pin(record::record_recoveries(at, s))),
    ];
}
