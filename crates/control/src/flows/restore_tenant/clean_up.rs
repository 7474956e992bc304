//! The rollback: our restore is cancelled, the partly restored tenant and the pools of this task are dropped, and
//! nothing else.

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

/// The interval between two checks whether an object is gone.
const LOOK: Duration = Duration::from_secs(5);

/// Their maximum number.
const LOOKS_MAX: u32 = 360;

/// How long after its statement a job may appear, in microseconds: the database reads the storage before it records
/// the job.
const LATE_US: u64 = 5 * 60 * 1_000_000;

/// The server's numbers for a `CANCEL RESTORE` that its version does not know.
const NOT_KNOWN: [u16; 2] = [1064, 1235];

/// The fate of our restore.
enum Left {
    /// Nothing is there any more, or never was.
    Nothing,
    /// The tenant is only half there.
    Half { is_running: bool },
    /// The tenant is gone, and its restore has not noticed yet.
    Going,
    /// The tenant is complete, or another user has taken it over.
    Whole,
    /// The statement was sent, and its job may still come.
    Unseen,
    /// A restore that may belong to another user.
    Unproven { job: i64 },
}

/// Ends our restore when an operator cancels the step. A tenant that is complete stays.
pub(super) async fn cancel(at: &Here, state: &mut State) -> Answer {
    let mut driver = super::driver(at, state).await?;
    match left(state, &mut driver).await? {
        Left::Nothing => {
            // A description identifies a job that appears later; without one, nothing does.
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
        Left::Unseen => Ok(look_for_late(at, state)),
        Left::Unproven { job } => Err(unproven(state, job)),
    }
}

/// Looks what is left of our restore. A tenant counts as ours only when it is the job's, and the job is one that was seen
/// before or carries our description.
async fn left(state: &mut State, driver: &mut Driver) -> Result<Left, StepError> {
    let jobs = driver.restore_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let Some(job) = state.ours(&jobs).cloned() else {
        let sent = state.sent.filter(|_| state.job.is_none());
        let now = driver.database_now().await.map_err(Error::from)?;
        let may_come = sent.is_some_and(|sent| now.since(sent) < LATE_US);
        return Ok(if may_come { Left::Unseen } else { Left::Nothing });
    };
    // The earlier record is compared before it is replaced.
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
        None => Left::Half { is_running }, // it is not there yet
        Some(tenant) if is_ours && is_half(tenant, &driver.server().version) => Left::Half { is_running },
        Some(_) => Left::Whole,
    })
}

/// Finds the tenant of our job, which must have our name too.
fn tenant_of<'t>(state: &State, job: &RestoreJob, tenants: &'t [Tenant]) -> Option<&'t Tenant> {
    let id = job.tenant?;
    tenants.iter().find(|tenant| tenant.id == id && tenant.name.eq_ignore_ascii_case(&state.tenant_name))
}

/// Waits for a job whose statement was sent. The database's clock ends it.
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
