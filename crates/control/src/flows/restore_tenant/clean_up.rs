//! The rollback: our restore is cancelled, and the partly restored tenant, the pools and the unit specifications of this
//! task are dropped, and nothing else.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::physical::restore::{RestoreJob, RestoreStatus, is_half};
use model::problem::codes;
use model::tenant::Tenant;
use oceanbase::Driver;

use super::job::LATE_US;
use super::state::{Here, State};
use crate::error::Error;
use crate::flows::recovery_source::{act, driver};
use crate::flows::unit_specs;
use crate::words;

/// The interval between two checks whether an object is gone.
const LOOK: Duration = Duration::from_secs(5);

/// The maximum number of these checks.
const LOOKS_MAX: u32 = 360;

/// The error numbers of a server whose version does not support `CANCEL RESTORE`.
const NOT_KNOWN: [u16; 2] = [1064, 1235];

/// The fate of our restore.
enum Left {
    /// Nothing is left, or nothing was created.
    Nothing,
    /// The tenant is only partly restored, or not created yet.
    Half { is_running: bool },
    /// The tenant is dropped, but its job still runs.
    Going,
    /// The tenant is complete, or is not the one that our job created.
    Whole,
    /// The statement was about to be sent, and its job may still appear.
    Unseen,
    /// A restore that may belong to another user.
    Unproven { job: i64 },
}

/// Ends our restore when an operator cancels the step. A tenant that is complete stays.
pub(super) async fn cancel(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    match left(state, &mut driver).await? {
        Left::Nothing => {
            // Keep the mark only if its description can identify a job that appears later.
            if state.job.is_some() || !state.is_proven() {
                state.forget();
            }
            state.clean_up_looks = 0;
            Ok(Next::Done)
        }
        Left::Whole => {
            at.log(Note::new("restore-completed-before-cancel").arg("tenant", &state.tenant_name));
            Ok(Next::Done)
        }
        Left::Half { is_running } => take_away(at, state, &mut driver, is_running).await,
        Left::Going => look_again(state),
        Left::Unseen => Ok(look_for_late(at, state)),
        Left::Unproven { job } => Err(unproven(state, job)),
    }
}

/// The undo of `start-restore`.
pub(super) async fn drop_half_tenant(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    match left(state, &mut driver).await? {
        Left::Nothing => {
            state.clean_up_looks = 0;
            Ok(Next::Done)
        }
        Left::Whole => {
            let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "recovery-tenant-complete");
            Err(words::refused(problem.with("tenant", &state.tenant_name)))
        }
        Left::Half { is_running } => take_away(at, state, &mut driver, is_running).await,
        Left::Going => look_again(state),
        Left::Unseen => Ok(look_for_late(at, state)),
        Left::Unproven { job } => Err(unproven(state, job)),
    }
}

/// Determines what is left of our restore. A tenant counts as ours only if our job created it, and the job was seen
/// before or carries our description.
async fn left(state: &mut State, driver: &mut Driver) -> Result<Left, StepError> {
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = state.ours(&jobs).cloned() else {
        let sent = state.sent.filter(|_| state.job.is_none());
        let now = driver.database_now().await.map_err(Error::from)?;
        let may_come = sent.is_some_and(|sent| now.since(sent) < LATE_US);
        return Ok(if may_come { Left::Unseen } else { Left::Nothing });
    };
    // Compare with the recorded tenant before `remember` replaces it.
    let is_ours = job.tenant.is_none_or(|tenant| state.tenant.is_none_or(|known| known == tenant));
    let is_proven = state.is_proven();
    let is_running = job.status == RestoreStatus::Running;
    let tenants = driver.tenants().await.map_err(Error::from)?;
    let tenant = tenant_of(state, &job, &tenants);
    if is_proven {
        state.remember(&job);
    }
    Ok(match tenant {
        None if !is_running => Left::Nothing,
        _ if !is_proven => Left::Unproven { job: job.id },
        None if state.tenant.is_some() => Left::Going,
        None => Left::Half { is_running }, // the job has not created the tenant yet
        Some(tenant) if is_ours && is_half(tenant, &driver.server().version) => Left::Half { is_running },
        Some(_) => Left::Whole,
    })
}

/// Finds the tenant of our job; its name must be the requested one too.
fn tenant_of<'t>(state: &State, job: &RestoreJob, tenants: &'t [Tenant]) -> Option<&'t Tenant> {
    let id = job.tenant?;
    tenants.iter().find(|tenant| tenant.id == id && tenant.name.eq_ignore_ascii_case(&state.tenant_name))
}

/// Waits for a job that may still appear, until `LATE_US` have passed by the database's clock.
fn look_for_late(at: &Here, state: &mut State) -> Next {
    if state.clean_up_looks == 0 {
        at.log(Note::new("restore-may-come").arg("tenant", &state.tenant_name));
    }
    state.clean_up_looks += 1;
    Next::again(LOOK)
}

fn unproven(state: &State, job: i64) -> StepError {
    let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "recovery-job-unproven");
    words::refused(problem.with("tenant", &state.tenant_name).with("job", job))
}

/// Cancels the restore if it runs, which drops the tenant too; otherwise drops the tenant.
async fn take_away(at: &Here, state: &mut State, driver: &mut Driver, is_running: bool) -> Answer {
    let verbs = driver.verbs();
    // Until the job has recorded its tenant, another user's new tenant may have this name.
    let drop = state.tenant.map(|_| verbs.drop_tenant(&state.tenant_name));
    if let Some(cancel) = verbs.cancel_restore(&state.tenant_name).filter(|_| is_running) {
        at.may_act(cancel.timeout).await?;
        match driver.act(&cancel).await {
            // In versions without CANCEL RESTORE, dropping the tenant ends its restore.
            Err(error) if error.number().is_some_and(|number| NOT_KNOWN.contains(&number)) => {
                let Some(drop) = drop else { return look_again(state) };
                act(at, driver, &drop).await?;
            }
            done => done.map_err(Error::from)?,
        }
        at.log(Note::new("restore-canceled").arg("tenant", &state.tenant_name));
    } else if let Some(drop) = drop {
        act(at, driver, &drop).await?;
        at.log(Note::new("recovery-tenant-dropped").arg("tenant", &state.tenant_name));
    }
    look_again(state)
}

/// Waits for the tenant to disappear, for at most `LOOKS_MAX` polls.
fn look_again(state: &mut State) -> Answer {
    state.clean_up_looks += 1;
    if state.clean_up_looks <= LOOKS_MAX {
        return Ok(Next::again(LOOK));
    }
    state.clean_up_looks = 0; // a retry waits its full time again
    let problem = Problem::outside("recovery-clean-up-slow").coded(codes::RECOVERY_FAILED);
    Err(words::refused(problem.with("tenant", &state.tenant_name)))
}

/// The undo of `create-resource-pools`: drops the pools and unit specifications of this task, and removes the passwords,
/// because a task that was partly rolled back is never retried.
pub(super) async fn drop_pools(at: &Here, state: &mut State) -> Answer {
    if let Some(name) = drop_unused(at, state).await? {
        return look_for_release(state, &name); // a dropped tenant releases its pools a little later
    }
    unit_specs::drop_unused(at, state.origin.cluster, &state.made_units).await?;
    state.origin.passwords = None;
    Ok(Next::Done)
}

/// Drops the pools that this task created and no tenant uses; returns one that a tenant uses.
async fn drop_unused(at: &Here, state: &State) -> Result<Option<String>, StepError> {
    if state.made_pools.is_empty() {
        return Ok(None);
    }
    let mut driver = driver(at, state.origin.cluster).await?;
    let have = driver.resources().await.map_err(Error::from)?;
    let mut waits_for = None;
    for name in &state.made_pools {
        match have.pools.iter().find(|pool| pool.name == *name) {
            None => {}
            Some(pool) if pool.tenant.is_some() => waits_for = Some(name.clone()),
            Some(_) => {
                let statement = driver.verbs().drop_pool(name);
                act(at, &mut driver, &statement).await?;
                at.log(Note::new("recovery-pool-dropped").arg("pool", name));
            }
        }
    }
    Ok(waits_for)
}

/// Waits for a pool to become free, for at most `LOOKS_MAX` polls.
fn look_for_release(state: &mut State, pool: &str) -> Answer {
    state.clean_up_looks += 1;
    if state.clean_up_looks <= LOOKS_MAX {
        return Ok(Next::again(LOOK));
    }
    state.clean_up_looks = 0;
    let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "recovery-pool-still-used");
    Err(words::refused(problem.with("pool", pool)))
}
