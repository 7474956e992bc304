//! The plan of a recovery of a cluster's tenants: runs the checks, which only read, and shows order, sizes and the sum
//! of the resources.

use std::sync::Arc;

use engine::Flow as _;
use model::backup::{BackupMethod, DataBackupMode};
use model::id::TenantId;
use model::order::{ClusterRecovery, RecoverUntil};
use model::physical::capacity::{Amount, ZoneSum};
use model::physical::resources::TargetResources;
use model::text::Text;
use model::time::Timestamp;

use super::destination;
use super::request::decide;
use super::source;
use super::state::RestoreCluster;
use crate::context::{Actor, Context};
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::flows::recovery_source::{not_restored, open, shown};
use crate::flows::{Plan, PlannedStep, unit_specs};
use crate::orders::children::Initiator;

/// The plan of a recovery of a cluster's tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRecoveryPlan {
    /// The steps, as of every plan.
    pub plan: Plan,
    /// The tenants in the order in which they start.
    pub tenants: Vec<PlannedTenant>,
    /// The resources of all tenants together, by zone of the target.
    pub zones: Vec<ZoneSum>,
    /// How many tenants are restored at the same time.
    pub parallel: u32,
}

/// A tenant of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTenant {
    /// The tenant that was backed up.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// The name of the new tenant.
    pub name: String,
    /// The time that it is recovered to; for the latest one, that at the time of the plan.
    pub moment: Timestamp,
    /// The bytes of the backups to read, as far as known.
    pub bytes: u64,
    /// Its units in each zone; empty if it uses existing pools.
    pub units: Vec<PlannedUnits>,
    /// The existing pools that it uses.
    pub pools: Vec<String>,
    /// Its primary zone; none leaves it to the cluster.
    pub primary_zone: Option<String>,
}

/// The units of a new tenant in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedUnits {
    /// The zone.
    pub zone: String,
    /// The name of the unit specification; none for one that the recovery creates.
    pub unit: Option<String>,
    /// The number of units.
    pub count: u32,
    /// The size of each.
    pub size: Amount,
}

/// Plans a recovery. Writes nothing, and creates no task.
pub(crate) async fn plan(
    context: &Context,
    actor: &Actor,
    order: ClusterRecovery,
) -> Result<ClusterRecoveryPlan, Error> {
    let decided = decide(context, order).await?;
    let passwords = decided.order.passwords.clone();
    let state = decided.state(Initiator::of(actor), Timestamp(0), None);
    let recorder = Recorder::default();
    let witness = Arc::new(recorder.clone());
    let (mut notes, mut sighted) = (Vec::new(), Vec::new());
    let mut failed = source::Failed::default();
    for wanted in &state.tenants {
        match source::look(context, &state, wanted, &passwords, witness.clone()).await {
            Ok(mut one) => {
                notes.append(&mut one.notes);
                sighted.push(one);
            }
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => failed.add(wanted, error),
        }
    }
    failed.check(&state)?;
    let sources = (notes, recorder.take());
    let mut found = destination::look(context, &state, witness.clone(), unit_specs::planned).await?;
    let resources = (std::mem::take(&mut found.notes), recorder.take());
    let verbs = open(context, state.cluster, witness).await?.verbs();
    let units = unit_specs::statements(&verbs, &found.units);
    let unit_note = match found.units.len() {
        0 => Text::new("cluster-recovery-units-exist"),
        count => Text::new("plan-create-unit-specs").with("count", count),
    };
    let tenants: Vec<PlannedTenant> = state
        .tenants
        .iter()
        .zip(&sighted)
        .zip(&found.tenants)
        .map(|((wanted, sighted), decision)| PlannedTenant {
            tenant: wanted.tenant,
            tenant_name: wanted.tenant_name.clone(),
            name: wanted.name.clone(),
            moment: Timestamp::from_scn(sighted.scn),
            bytes: sighted.bytes,
            units: planned_units(decision),
            pools: match &decision.resources {
                TargetResources::Pools(pools) => pools.clone(),
                TargetResources::Zones(_) => Vec::new(),
            },
            primary_zone: decision.primary_zone.clone(),
        })
        .collect();
    let order = tenants.iter().map(|tenant| tenant.name.clone()).collect::<Vec<_>>().join(", ");
    let start = Text::new("plan-start-recovery").with("tenants", order).with("parallel", state.parallel);
    let not_restored = not_restored(decided.target.facts.generation);
    let wait = match state.until {
        RecoverUntil::Latest => Text::new("plan-wait-for-recovery-latest"),
        _ => Text::new("plan-wait-for-recovery")
            .with("moment", shown(sighted.first().map_or(0, |one| one.scn))),
    };
    let steps = RestoreCluster::STEPS.iter().map(|step| {
        let (notes, statements) = match step.id() {
            "check-recovery-sources" => sources.clone(),
            "check-resources" => resources.clone(),
            "create-unit-specs" => (vec![unit_note.clone()], units.clone()),
            "start-recovery" => (vec![start.clone(), not_restored.clone()], Vec::new()),
            "wait-for-recovery" => (vec![wait.clone()], Vec::new()),
            _ => (vec![Text::new("plan-record-recoveries")], Vec::new()),
        };
        PlannedStep { step: step.id().to_owned(), notes, statements }
    });
    let plan = Plan {
        kind: RestoreCluster::KIND.to_owned(),
        method: BackupMethod::Physical,
        mode: DataBackupMode::Full,
        storage: sighted.first().map(|one| one.storage.clone()).unwrap_or_default(),
        tenants: tenants.iter().map(|tenant| tenant.name.clone()).collect(),
        steps: steps.collect(),
        left_out: Vec::new(),
        not_made: Vec::new(),
    };
    Ok(ClusterRecoveryPlan { plan, tenants, zones: found.sums, parallel: state.parallel })
}

fn planned_units(decision: &destination::Decision) -> Vec<PlannedUnits> {
    let TargetResources::Zones(zones) = &decision.resources else { return Vec::new() };
    let units = zones.iter().zip(&decision.needs).map(|(zone, need)| PlannedUnits {
        zone: zone.zone.clone(),
        unit: zone.unit.name().filter(|name| !name.starts_with(unit_specs::PLANNED)).map(str::to_owned),
        count: zone.count,
        size: Amount::of(&need.spec),
    });
    units.collect()
}
