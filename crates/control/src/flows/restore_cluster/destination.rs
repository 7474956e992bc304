//! 2. and 3. The names are free, and the target has the resources and unit specifications for all tenants together.

use std::sync::Arc;

use engine::flow::Answer;
use engine::{Next, Note};
use model::Problem;
use model::cluster::refuse_upgrading;
use model::physical::capacity::{
    ZoneNeed, ZoneSum, check_together, mapped, mapped_priority, units_of, unknown_units,
};
use model::physical::resources::{ClusterResources, ReplicaType, TargetResources, ZoneUnits, shown_replicas};
use model::physical::unit::{UnitChoice, UnitSpec};
use model::physical::unit_plan::UnitPlan;
use model::problem::codes;
use model::tenant::Tenant;
use model::text::Text;
use oceanbase::Witness;

use super::state::{Here, State, Wanted};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recovery_source::{driver, open};
use crate::flows::restore_tenant::pools::check_unclaimed;
use crate::flows::step_log::StepLog;
use crate::flows::unit_specs;
use crate::words;

/// The findings about the target.
pub(super) struct Found {
    /// The decisions about each tenant, in order.
    pub(super) tenants: Vec<Decision>,
    /// The unit specifications to create.
    pub(super) units: Vec<UnitSpec>,
    pub(super) sums: Vec<ZoneSum>,
    pub(super) notes: Vec<Text>,
}

/// The resources of one new tenant.
pub(super) struct Decision {
    pub(super) resources: TargetResources,
    pub(super) primary_zone: Option<String>,
    /// The units in each zone; empty for existing pools.
    pub(super) needs: Vec<ZoneNeed>,
}

/// The tenants and resources of the source cluster.
struct Model {
    tenants: Vec<Tenant>,
    resources: ClusterResources,
}

pub(super) async fn check_resources(at: &Here, state: &mut State) -> Answer {
    let name = |number| unit_specs::named(at, &state.tag, number);
    let found = look(at.context(), state, Arc::new(StepLog::new(at)), name).await?;
    for (wanted, decision) in state.tenants.iter_mut().zip(found.tenants) {
        (wanted.resources, wanted.primary_zone) = (Some(decision.resources), decision.primary_zone);
    }
    // The names are saved before the first specification is created, so that a crash leaves no unknown one.
    state.units = found.units;
    for note in found.notes {
        at.log(words::note(note));
    }
    Ok(Next::Done)
}

/// Decides the resources of all tenants, and checks that the target has them. It only reads.
pub(super) async fn look(
    context: &Context,
    state: &State,
    witness: Arc<dyn Witness>,
    name: impl Fn(usize) -> String,
) -> Result<Found, Error> {
    let source = source_of(context, state, witness.clone()).await?;
    let mut driver = open(context, state.cluster, witness).await?;
    let mut cluster = context.cluster(state.cluster).await?;
    cluster.facts = driver.probe().await?;
    refuse_upgrading(&cluster)?;
    check_names(state, &driver.tenants().await?)?;
    let have = driver.resources().await?;
    check_pools(context, state, &have).await?;
    let mut found = Found { tenants: Vec::new(), units: Vec::new(), sums: Vec::new(), notes: Vec::new() };
    let mut units = UnitPlan::new(&have, cluster.facts.generation, name);
    for wanted in &state.tenants {
        let decision = decide(state, wanted, source.as_ref(), &have, &mut units)?;
        if let Some(zones) = &decision.primary_zone {
            decision.resources.check_primary_zone(zones, &have)?;
        }
        found.notes.push(note_of(state, wanted, &decision));
        found.tenants.push(decision);
    }
    found.units = units.into_new();
    let needs: Vec<ZoneNeed> = found.tenants.iter().flat_map(|one| one.needs.iter().cloned()).collect();
    found.sums = check_together(&needs, &have)?;
    found.notes.extend(found.sums.iter().map(|sum| {
        Text::new("cluster-recovery-sum")
            .with("zone", &sum.zone)
            .with("units", sum.units)
            .with("needs", sum.needs.shown())
            .with("free", sum.free.shown())
    }));
    Ok(found)
}

/// Reads the source's tenants and resources, if those of a new tenant follow from them.
async fn source_of(
    context: &Context,
    state: &State,
    witness: Arc<dyn Witness>,
) -> Result<Option<Model>, Error> {
    if state.tenants.iter().all(|wanted| wanted.wish.resources.is_some()) {
        return Ok(None);
    }
    let mut driver = open(context, state.source, witness).await?;
    Ok(Some(Model { tenants: driver.tenants().await?, resources: driver.resources().await? }))
}

fn check_names(state: &State, tenants: &[Tenant]) -> Result<(), Problem> {
    let is_taken =
        |wanted: &&Wanted| tenants.iter().any(|tenant| tenant.name.eq_ignore_ascii_case(&wanted.name));
    let taken: Vec<&str> = state.tenants.iter().filter(is_taken).map(|wanted| wanted.name.as_str()).collect();
    if taken.is_empty() {
        return Ok(());
    }
    let problem = Problem::refused(codes::NAME_EXISTS, "cluster-recovery-names-exist");
    let problem = problem.with("tenants", taken.join(", ")).with("count", taken.len());
    Err(problem.with("cluster", &state.cluster_name))
}

/// Checks that the pools of orders are free, and that no two tenants get the same.
async fn check_pools(context: &Context, state: &State, have: &ClusterResources) -> Result<(), Error> {
    let mut taken: Vec<String> = Vec::new();
    for wanted in &state.tenants {
        let Some(resources @ TargetResources::Pools(names)) = &wanted.wish.resources else { continue };
        check_unclaimed(context, names, have).await?;
        resources.check(have, &[])?;
        for name in names.iter().map(|name| name.to_lowercase()) {
            if taken.contains(&name) {
                return Err(Problem::invalid("cluster-recovery-pool-twice").with("pool", name).into());
            }
            taken.push(name);
        }
    }
    Ok(())
}

/// Decides the resources of a tenant: those of the order, otherwise units like those of the tenant that was backed up.
fn decide(
    state: &State,
    wanted: &Wanted,
    source: Option<&Model>,
    have: &ClusterResources,
    units: &mut UnitPlan<'_, impl Fn(usize) -> String>,
) -> Result<Decision, Problem> {
    let primary_zone = wanted.wish.primary_zone.clone();
    let (needs, primary_zone) = match &wanted.wish.resources {
        Some(resources @ TargetResources::Pools(_)) => {
            return Ok(Decision { resources: resources.clone(), primary_zone, needs: Vec::new() });
        }
        Some(TargetResources::Zones(zones)) => {
            let needs = units.needs(zones)?;
            let zones = needs.iter().map(ZoneNeed::units).collect();
            return Ok(Decision { resources: TargetResources::Zones(zones), primary_zone, needs });
        }
        None => {
            let unknown = || unknown_units(&wanted.tenant_name);
            let source = source.ok_or_else(unknown)?;
            let tenant = source.tenants.iter().find(|tenant| tenant.id == wanted.tenant);
            let tenant = tenant.ok_or_else(unknown)?;
            let needs = units_of(tenant, &source.resources)?;
            let needs = mapped(needs, &state.zones, have, &wanted.tenant_name)?;
            let priority = mapped_priority(&tenant.primary_zone, &state.zones, &needs);
            (needs, primary_zone.or(priority))
        }
    };
    let zones = needs
        .iter()
        .map(|need| ZoneUnits { unit: UnitChoice::Named(units.unit_for(&need.spec)), ..need.units() });
    Ok(Decision { resources: TargetResources::Zones(zones.collect()), primary_zone, needs })
}

/// Says which resources a tenant gets, and where they come from.
fn note_of(state: &State, wanted: &Wanted, decision: &Decision) -> Text {
    let about = |id| Text::new(id).with("tenant", &wanted.name).with("source", &wanted.tenant_name);
    let zones = match &decision.resources {
        TargetResources::Pools(pools) => {
            return about("cluster-recovery-pools").with("pools", pools.join(", "));
        }
        TargetResources::Zones(zones) => zones,
    };
    let each = zones.iter().zip(&decision.needs).map(|(zone, need)| {
        let unit = zone.unit.name().unwrap_or_default();
        let units = format!("{}: {} × {unit} ({})", zone.zone, zone.count, need.spec.shown());
        match (zone.replica, zone.replicas.as_slice()) {
            (ReplicaType::Full, []) => units,
            (replica, replicas) => format!("{units} {}", shown_replicas(replica, replicas)),
        }
    });
    let id = match &wanted.wish.resources {
        Some(_) => "cluster-recovery-units-ordered",
        None => "cluster-recovery-units-like",
    };
    about(id).with("cluster", &state.source_name).with("units", each.collect::<Vec<_>>().join("; "))
}

/// 3. The target has unit specifications of the sizes that the tenants need.
pub(super) async fn create_unit_specs(at: &Here, state: &mut State) -> Answer {
    if state.units.is_empty() {
        at.log(Note::new("cluster-recovery-units-exist"));
        return Ok(Next::Done);
    }
    let mut driver = driver(at, state.cluster).await?;
    unit_specs::create(at, &mut driver, &state.units).await?;
    Ok(Next::Done)
}

/// The undo of `create-unit-specs`: drops the specifications of this task that no pool uses, and removes the passwords,
/// because a task that was partly rolled back is never retried.
pub(super) async fn drop_unit_specs(at: &Here, state: &mut State) -> Answer {
    unit_specs::drop_unused(at, state.cluster, &state.units).await?;
    state.passwords = None;
    Ok(Next::Done)
}
