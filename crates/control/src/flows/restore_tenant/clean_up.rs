//! The way back: our restore is ended, the half tenant and the pools of this task go, and nothing else does.

use std::time::Duration;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::physical::restore::{RestoreJob, RestoreStatus, is_half};
use model::problem::codes;
use model::tenant::Tenant;
use oceanbase::Driver;

use super::act;
use super::state::{Here, State};
use crate::error::Error;
use crate::words;

/// How soon is looked again whether something has gone.
const LOOK: Duration = Duration::from_secs(5);

/// How often.
const LOOKS_MAX: u32 = 360;

/// The server's numbers for a `CANCEL RESTORE` that its version does not know.
const NOT_KNOWN: [u16; 2] = [1064, 1235];

/// What has become of our restore.
enum Left {
    /// Nothing is there any more, or never was.
    Nothing,
    /// The tenant is only half there.
    Half { is_running: bool },
    /// The tenant is gone, and its restore has not noticed yet.
    Going,
    /// The tenant is complete, or somebody has taken it over.
    Whole,
}

/// Ends our restore when an operator cancels the step. A tenant that is complete stays.
pub(super) async fn cancel(at: &Here, state: &mut State) -> Answer {
    let mut driver = super::driver(at, state).await?;
    match left(state, &mut driver).await? {
        Left::Nothing => {
            state.forget();
            state.clean_up_looks = 0;
            Ok(Next::Done)
        }
        Left::Whole => {
            at.log(Note::new("restore-completed-before-cancel").arg("tenant", &state.tenant_name));
            Ok(Next::Done)
        }
        Left::Half { is_running } => take_away(at, state, &mut driver, is_running).await,
        Left::Going => look_again(state),
    }
}

/// The undo of `start-restore`.
pub(super) async fn drop_half_tenant(at: &Here, state: &mut State) -> Answer {
    let mut driver = super::driver(at, state).await?;
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
    }
}

/// Looks what is left of our restore. A tenant counts as ours only when the job and the tenant are those written down.
async fn left(state: &mut State, driver: &mut Driver) -> Result<Left, StepError> {
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = state.ours(&jobs).cloned() else { return Ok(Left::Nothing) };
    state.remember(&job);
    let tenants = driver.tenants().await.map_err(Error::from)?;
    let Some(tenant) = tenant_of(state, &job, &tenants) else {
        let is_running = job.status == RestoreStatus::Running;
        return Ok(match (is_running, state.tenant) {
            (false, _) => Left::Nothing,
            (true, None) => Left::Half { is_running }, // it is not there yet
            (true, Some(_)) => Left::Going,
        });
    };
    if !is_half(tenant, &driver.server().version) {
        return Ok(Left::Whole);
    }
    Ok(Left::Half { is_running: job.status == RestoreStatus::Running })
}

/// Finds the tenant of our job: its number must be the job's and the one that was written down, and its name ours.
fn tenant_of<'t>(state: &State, job: &RestoreJob, tenants: &'t [Tenant]) -> Option<&'t Tenant> {
    let id = job.tenant.filter(|id| state.tenant == Some(*id) && state.job == Some(job.id))?;
    tenants.iter().find(|tenant| tenant.id == id && tenant.name.eq_ignore_ascii_case(&state.tenant_name))
}

/// Ends the restore if it runs, which takes the tenant away too; else drops what is left of it.
async fn take_away(at: &Here, state: &mut State, driver: &mut Driver, is_running: bool) -> Answer {
    let verbs = driver.verbs();
    let drop = verbs.drop_tenant(&state.tenant_name);
    if is_running {
        let cancel = verbs.cancel_restore(&state.tenant_name);
        at.may_act(cancel.timeout).await?;
        match driver.act(&cancel).await {
            // Before it was known, a dropped tenant ended its restore.
            Err(error) if error.number().is_some_and(|number| NOT_KNOWN.contains(&number)) => {
                act(at, driver, &drop).await?;
            }
            done => done.map_err(Error::from)?,
        }
        at.log(Note::new("restore-canceled").arg("tenant", &state.tenant_name));
    } else {
        act(at, driver, &drop).await?;
        at.log(Note::new("recovery-tenant-dropped").arg("tenant", &state.tenant_name));
    }
    look_again(state)
}

/// Looks again whether the tenant has gone, for so long.
fn look_again(state: &mut State) -> Answer {
    state.clean_up_looks += 1;
    if state.clean_up_looks <= LOOKS_MAX {
        return Ok(Next::again(LOOK));
    }
    state.clean_up_looks = 0; // a retry waits its full time again
    let problem = Problem::outside("recovery-clean-up-slow").coded(codes::RECOVERY_FAILED);
    Err(words::refused(problem.with("tenant", &state.tenant_name)))
}

/// The undo of `create-resource-pools`: those that this task created go, once no tenant has them.
pub(super) async fn drop_pools(at: &Here, state: &mut State) -> Answer {
    if state.made_pools.is_empty() {
        return Ok(Next::Done);
    }
    let mut driver = super::driver(at, state).await?;
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
    let Some(name) = waits_for else { return Ok(Next::Done) };
    // A tenant that was dropped gives its pools back a little later.
    state.clean_up_looks += 1;
    if state.clean_up_looks <= LOOKS_MAX {
        return Ok(Next::again(LOOK));
    }
    state.clean_up_looks = 0;
    let problem = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "recovery-pool-still-used");
    Err(words::refused(problem.with("pool", name)))
}
