//! Recover a tenant from a physical backup (4.x): the cluster's own servers read the storage and create the tenant.
//!
//! 1. `check-recovery-source`   the moment can be recovered to, and the target's servers can read what is needed
//! 2. `check-destination`       the name is free, and the cluster has what the tenant needs
//! 3. `create-resource-pools`   the pools are there, new ones under names of this task
//! 4. `start-restore`           the database has written our job down
//! 5. `wait-for-restore`        our own job has ended well
//! 6. `activate-tenant`         users can write to it, or it stays a standby
//! 7. `upgrade-tenant`          its data are of the cluster's version
//! 8. `check-tenant`            it is there, in order, and of the moment that was asked for
//! 9. `record-recovery`         it is known
//!
//! The cluster changes from the third step on. The statement that starts the restore blocks, and may time out while
//! the restore continues, so it has a connection of its own. The job is identified by the name of the tenant, by
//! being newer than the jobs before, and by its description. It is searched for before the statement is sent, and
//! after every answer with an unknown outcome.
//!
//! A rollback removes the remains of a failed restore (OCP: Clean Up). A tenant is dropped only when the job and the
//! tenant are those that were written down and the tenant is still being restored, never one that has reached NORMAL;
//! a pool only when this task created it.

mod clean_up;
mod destination;
mod finish;
mod job;
mod keys;
pub(crate) mod plan;
mod request;
mod source;
mod state;
#[cfg(test)]
mod tests;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use engine::{Flow, Step, StepError};
use oceanbase::{Driver, Statement, Witness};

use super::step_log::StepLog;
use crate::context::Context;
use crate::error::Error;
pub(crate) use request::TAKER;
pub(crate) use source::previewed;
use state::Here;
pub(crate) use state::{RestoreTenant, Source, State};

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
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = ();

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-recovery-source", |at, s| Box::pin(source::check_recovery_source(at, s)))
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

/// Opens a session on the target cluster whose statements go into the step's log.
async fn driver(at: &Here, state: &State) -> Result<Driver, StepError> {
    Ok(open(at.context(), state, Arc::new(StepLog::new(at))).await?)
}

/// Opens a session on the target cluster.
async fn open(context: &Context, state: &State, witness: Arc<dyn Witness>) -> Result<Driver, Error> {
    let cluster = context.cluster(state.cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    Ok(Driver::open(&endpoint, witness).await?)
}

/// Sends a statement that acts, if the task is still ours.
async fn act(at: &Here, driver: &mut Driver, statement: &Statement) -> Result<(), StepError> {
    at.may_act(statement.timeout).await?;
    Ok(driver.act(statement).await.map_err(Error::from)?)
}
