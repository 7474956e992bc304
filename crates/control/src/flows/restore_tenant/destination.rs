//! 2. and 3. The name is free, the cluster has enough resources for the tenant, and its pools exist.

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::cluster::refuse_upgrading;
use model::order::RecoveredRole;
use model::physical::capacity::ZoneNeed;
use model::physical::resources::{ResourcePool, TargetResources, ZoneUnits};
use model::physical::restore::{RestoreStatus, table_list};
use model::physical::unit::UnitSpec;
use model::physical::unit_plan::UnitPlan;
use model::problem::codes;
use model::text::Text;
use model::version::Version;
use oceanbase::Driver;

use super::job::mark;
use super::pools;
use super::state::{Here, State};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recovery_source::{act, driver};
use crate::flows::unit_specs;
use crate::words;

/// From this version on, a restored tenant is a standby first.
const STANDBY_SINCE: Version = Version::new(4, 1, 0);

/// The findings about the target.
pub(super) struct Found {
    /// The resources of the tenant, with the name of each unit specification.
    pub(super) resources: TargetResources,
    /// The unit specifications to create.
    pub(super) units: Vec<UnitSpec>,
    pub(super) notes: Vec<Text>,
}

pub(super) async fn check_destination(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let name = |number| unit_specs::named(at, &state.tag, number);
    let found = look(at.context(), state, &mut driver, name).await?;
    for note in found.notes {
        at.log(words::note(note));
    }
    if let TargetResources::Zones(zones) = &found.resources
        && state.made_pools.is_empty()
    {
        // The names are saved before the first object is created, so that a crash leaves no unknown one.
        state.made_pools =
            (1..=zones.len()).map(|number| pools::name(&state.tag, at.task(), number)).collect();
        (state.resources, state.made_units) = (found.resources, found.units);
    }
    Ok(Next::Done)
}

/// Checks whether the tenant can be created. It only reads.
pub(super) async fn look(
    context: &Context,
    state: &State,
    driver: &mut Driver,
    name: impl Fn(usize) -> String,
) -> Result<Found, Error> {
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
    let server = &cluster.facts.server;
    let mut notes = vec![Text::new("cluster-is").with("cluster", &cluster.name).with("server", server)];
    if !state.tables.is_empty() {
        notes.push(Text::new("recovery-only-tables").with("tables", table_list(&state.tables)));
    }
    let mut have = driver.resources().await?;
    have.add_units(&state.made_units); // an earlier run of the step has decided on them
    let (resources, units) = match &state.resources {
        TargetResources::Pools(names) => {
            pools::check_unclaimed(context, names, &have).await?;
            (state.resources.clone(), Vec::new())
        }
        TargetResources::Zones(zones) => {
            let mut plan = UnitPlan::new(&have, state.origin.generation, name);
            let needs = plan.needs(zones)?;
            notes.extend(zones.iter().zip(&needs).filter_map(unit_note));
            (TargetResources::Zones(needs.iter().map(ZoneNeed::units).collect()), plan.into_new())
        }
    };
    have.add_units(&units);
    resources.check(&have, &state.made_pools)?;
    if let Some(zones) = &state.primary_zone {
        resources.check_primary_zone(zones, &have)?;
    }
    Ok(Found { resources, units, notes })
}

/// Says which specification a zone gets, if the order gives a size.
fn unit_note((zone, need): (&ZoneUnits, &ZoneNeed)) -> Option<Text> {
    zone.unit.size()?;
    let text = Text::new("recovery-unit-of-size").with("zone", &zone.zone).with("unit", &need.spec.name);
    Some(text.with("size", need.spec.shown()))
}

/// 3. The pools exist, and the unit specifications of new sizes. The step also marks the newest job before our restore:
///    the mark must be saved before the next step sends its statement.
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
    unit_specs::create(at, driver, &state.made_units).await?;
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
                let unit = zone.unit_name().map_err(words::refused)?;
                let statement = driver.verbs().create_pool(name, &zone.zone, unit, zone.count);
                act(at, driver, &statement).await?;
                at.log(Note::new("recovery-pool-created").arg("pool", name).arg("zone", &zone.zone));
            }
        }
    }
    Ok(())
}
