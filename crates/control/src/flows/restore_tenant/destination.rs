//! 2. and 3. The name is free, the cluster has enough resources for the tenant, and its pools exist.

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::cluster::refuse_upgrading;
use model::order::RecoveredRole;
use model::physical::resources::{ResourcePool, TargetResources, ZoneUnits};
use model::physical::restore::{RestoreStatus, table_list};
use model::problem::codes;
use model::text::Text;
use model::version::Version;
use oceanbase::Driver;

use super::job::mark;
use super::state::{Here, State};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recovery_source::{act, driver};
use crate::words;

/// From this version on, a restored tenant is a standby first.
const STANDBY_SINCE: Version = Version::new(4, 1, 0);

pub(super) async fn check_destination(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    for note in look(at.context(), state, &mut driver).await? {
        at.log(words::note(note));
    }
    if let TargetResources::Zones(zones) = &state.resources
        && state.made_pools.is_empty()
    {
        // The names are saved before the first pool is created, so that a crash leaves no unknown pool.
        state.made_pools = (1..=zones.len()).map(|number| pool_name(&state.tag, at, number)).collect();
    }
    Ok(Next::Done)
}

/// Checks whether the tenant can be created. It only reads.
pub(super) async fn look(context: &Context, state: &State, driver: &mut Driver) -> Result<Vec<Text>, Error> {
    let mut cluster = context.cluster(state.origin.cluster).await?;
    cluster.facts = driver.probe().await?;
    refuse_upgrading(&cluster)?;
    if state.role == RecoveredRole::Standby && cluster.facts.server.version < STANDBY_SINCE {
        let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "recovery-standby-unknown");
        return Err(refusal.with("server", &cluster.facts.server).into());
    }
    let tenants = driver.tenants().await?;
    let same_name = |name: &str| name.eq_ignore_ascii_case(&state.tenant_name);
    if tenants.iter().any(|tenant| same_name(&tenant.name)) {
        let problem = Problem::refused(codes::NAME_EXISTS, "recovery-tenant-exists");
        return Err(problem.with("tenant", &state.tenant_name).with("cluster", &cluster.name).into());
    }
    let jobs = driver.restore_jobs(&state.tenant_name).await?;
    if let Some(job) = jobs.iter().find(|job| job.status == RestoreStatus::Running) {
        let problem = Problem::refused(codes::RECOVERY_RUNS_ALREADY, "recovery-job-foreign");
        return Err(problem.with("tenant", &state.tenant_name).with("job", job.id).into());
    }
    let have = driver.resources().await?;
    state.resources.check(&have, &state.made_pools)?;
    let server = &cluster.facts.server;
    let mut notes = vec![Text::new("cluster-is").with("cluster", &cluster.name).with("server", server)];
    if !state.tables.is_empty() {
        notes.push(Text::new("recovery-only-tables").with("tables", table_list(&state.tables)));
    }
    Ok(notes)
}

/// 3. The pools exist. The step also marks the newest job before our restore: the mark must be saved before the next
///    step sends its statement.
pub(super) async fn create_resource_pools(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    match state.resources.clone() {
        TargetResources::Pools(names) => {
            at.log(Note::new("recovery-pools-used").arg("pools", names.join(", ")));
        }
        TargetResources::Zones(zones) => create(at, state, &mut driver, &zones).await?,
    }
    mark(at, state, &mut driver).await?;
    Ok(Next::Done)
}

async fn create(at: &Here, state: &State, driver: &mut Driver, zones: &[ZoneUnits]) -> Result<(), StepError> {
    let have = driver.resources().await.map_err(Error::from)?;
    for (name, zone) in state.made_pools.iter().zip(zones) {
        match have.pools.iter().find(|pool| pool.name == *name) {
            Some(ResourcePool { tenant: Some(tenant), .. }) => {
                let problem = Problem::refused(codes::UNIT_NOT_MADE, "recovery-pool-in-use");
                let problem = problem.with("pool", name).with("tenant", tenant).with("free", "-");
                return Err(words::refused(problem));
            }
            Some(_) => {}
            None => {
                let statement = driver.verbs().create_pool(name, zone);
                act(at, driver, &statement).await?;
                at.log(Note::new("recovery-pool-created").arg("pool", name).arg("zone", &zone.zone));
            }
        }
    }
    Ok(())
}

/// Returns the name of a pool. It contains the task's number, and a tag that distinguishes the task from another
/// installation's task with the same number.
fn pool_name(tag: &str, at: &Here, number: usize) -> String {
    format!("lifeboat_{tag}_{}_{number}", at.task())
}
