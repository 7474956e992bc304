//! Recovers a tenant from a physical backup: the OBServers of the target read the storage and create the tenant.
//!
//! 1. `check-recovery-source`   the time is recoverable, and the target's servers can read the required backups
//! 2. `check-destination`       the name is free, and the cluster has the resources that the tenant needs
//! 3. `create-resource-pools`   the pools exist, new ones and their new unit specifications under names of this task
//! 4. `start-restore`           the cluster allows restores, and a view shows our job
//! 5. `wait-for-restore`        our job has succeeded
//! 6. `activate-tenant`         the tenant is a primary that users can write to, or stays a standby as requested
//! 7. `upgrade-tenant`          the tenant's data version is that of the cluster; a standby is upgraded later
//! 8. `check-tenant`            the tenant is NORMAL, and was restored to the requested time
//! 9. `record-recovery`         the recovery and the tenant are recorded
//!
//! The cluster changes from step 3 on. The statement that starts the restore blocks, and may time out while the restore
//! continues, so it has its own connection. Lifeboat identifies its job by the name of the tenant, by being newer than
//! the jobs before, and by its description. It looks for the job before it sends the statement, while the statement
//! blocks, and after every answer with an unknown outcome.
//!
//! Before 4.0 the following is different:
//!
//! - the statement names the tenant and the cluster, and contains a time in microseconds;
//! - all backups of a cluster are in one directory;
//! - there is no preview and no description;
//! - a parameter allows restores;
//! - dropping the tenant ends its restore.
//!
//! A rollback removes the remains of a failed restore (OCP: Clean Up). A tenant is dropped only if the job and the
//! tenant are the recorded ones and the tenant is still being restored. A tenant that has reached NORMAL is never
//! dropped. A pool is dropped only if this task created it, and a unit specification only if this task created it and no
//! pool uses it. If nothing was created, a rollback only removes the passwords of the backups.

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
pub(crate) use request::{TAKER, drafted};
pub(crate) use state::{RestoreTenant, State};

/// The step that checks the source. It changes no cluster.
pub(crate) const CHECK_SOURCE: &str = "check-recovery-source";

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long pools and the start of the restore may take.
const START_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// How long the restore itself may take.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long an activation or an upgrade may take.
const ROLE_LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

impl Flow for RestoreTenant {
    const KIND: &'static str = "restore-tenant"; // stored; never renamed once released
    // 2 added clusters before 4.0, and the end of a set; 3 single tables and several replicas; 4 new unit
    // specifications, and the rollback of a recovery that changed nothing.
    const VERSION: u32 = 4;
    const READS_SINCE: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = ();

    const STEPS: &'static [Step<Self>] = &[
        Step::one(CHECK_SOURCE, |at, s: &mut State| {
            Box::pin(recovery_source::check_recovery_source(at, &mut s.origin))
        })
        .undo(|_, s: &mut State| Box::pin(recovery_source::forget_passwords(&mut s.origin)))
        .timeout(CHECK_LIMIT),
        Step::one("check-destination", |at, s| Box::pin(destination::check_destination(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("create-resource-pools", |at, s| Box::pin(destination::create_resource_pools(at, s)))
            .undo(|at, s| Box::pin(clean_up::drop_pools(at, s)))
            .timeout(START_LIMIT),
        Step::one("start-restore", |at, s| Box::pin(job::start_restore(at, s)))
            .undo(|at, s| Box::pin(clean_up::drop_half_tenant(at, s)))
            .stop(|at, s| Box::pin(clean_up::cancel(at, s)))
            .timeout(START_LIMIT),
        Step::one("wait-for-restore", |at, s| Box::pin(wait::wait_for_restore(at, s)))
            .stop(|at, s| Box::pin(clean_up::cancel(at, s)))
            .timeout(DATA_LIMIT),
        Step::one("activate-tenant", |at, s| Box::pin(finish::activate_tenant(at, s))).timeout(ROLE_LIMIT),
        Step::one("upgrade-tenant", |at, s| Box::pin(finish::upgrade_tenant(at, s)))
            .skippable()
            .timeout(ROLE_LIMIT),
        Step::one("check-tenant", |at, s| Box::pin(finish::check_tenant(at, s)))
            .skippable()
            .timeout(CHECK_LIMIT),
        Step::one("record-recovery", |at, s| Box::pin(finish::record_recovery(at, s))),
    ];
}
