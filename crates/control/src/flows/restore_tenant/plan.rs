//! The plan of a tenant recovery: runs the checks, which only read, and lists the statements of the other steps.

use engine::Flow as _;
use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode};
use model::order::{RecoveredRole, TenantRecovery};
use model::physical::resources::TargetResources;
use model::text::Text;
use model::time::Timestamp;
use oceanbase::physical::Previewed;

use super::destination;
use super::request::Decided;
use super::state::{RestoreTenant, State};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::flows::recovery_source::{self, Decided as _, not_restored, shown};
use crate::flows::{Plan, PlannedStep, unit_specs};

/// The findings about the source and the target, and the statements of the other steps.
pub(super) struct Looked {
    pub(super) items: Vec<Previewed>,
    state: State,
    source: (Vec<Text>, Vec<String>),
    destination: (Vec<Text>, Vec<String>),
    /// Of the unit specifications and the pools.
    pools: Vec<String>,
    restore: Vec<String>,
    activate: Vec<String>,
}

/// Plans a recovery. Writes nothing, and creates no task.
pub(crate) async fn plan(context: &Context, order: TenantRecovery) -> Result<Plan, Error> {
    let looked = looked(context, order).await?;
    let Looked { state, source, destination, pools, restore, activate, .. } = looked;
    let steps = RestoreTenant::STEPS.iter().map(|step| {
        let (notes, statements) = match step.id() {
            "check-recovery-source" => source.clone(),
            "check-destination" => destination.clone(),
            "create-resource-pools" => {
                let made = state.made_units.iter().map(|unit| {
                    Text::new("plan-create-unit-spec").with("unit", &unit.name).with("size", unit.shown())
                });
                (made.chain(intention(step.id(), &state)).collect(), pools.clone())
            }
            "start-restore" => (intention(step.id(), &state), restore.clone()),
            "activate-tenant" => (intention(step.id(), &state), activate.clone()),
            id => (intention(id, &state), Vec::new()),
        };
        PlannedStep { step: step.id().to_owned(), notes, statements }
    });
    Ok(Plan {
        kind: RestoreTenant::KIND.to_owned(),
        method: BackupMethod::Physical,
        mode: DataBackupMode::Full,
        storage: state.origin.places.first().map(|place| place.uri.clone()).unwrap_or_default(),
        tenants: vec![state.tenant_name.clone()],
        steps: steps.collect(),
        left_out: Vec::new(),
        not_made: Vec::new(),
    })
}

/// Returns the sets and pieces that a recovery would read, as the target's servers see them. It only reads.
pub(crate) async fn previewed(context: &Context, order: TenantRecovery) -> Result<Vec<Previewed>, Error> {
    looked(context, order).await.map(|looked| looked.items)
}

/// Runs the checks of a recovery, and builds the statements of the other steps.
pub(super) async fn looked(context: &Context, order: TenantRecovery) -> Result<Looked, Error> {
    let mut decided = Decided::decide(context, order).await?;
    let passwords = decided.order.passwords.clone();
    let mut state = decided.state(decided.chosen.origin(None, None), Timestamp(0));
    let recorder = Recorder::default();
    let chosen = &mut decided.chosen;
    let looked = recovery_source::look(context, chosen, &mut state.origin, &passwords, &recorder).await?;
    let recovery_source::Looked { items, from, notes, mut driver } = looked;
    let source = (notes, recorder.take());
    let found = destination::look(context, &state, &mut driver, unit_specs::planned).await?;
    let destination = (found.notes, recorder.take());
    (state.resources, state.made_units) = (found.resources, found.units);
    let verbs = driver.verbs();
    let names = |count: usize| (1..=count).map(|number| format!("lifeboat_…_{number}")).collect::<Vec<_>>();
    let mut pools = unit_specs::statements(&verbs, &state.made_units);
    if let TargetResources::Zones(zones) = &state.resources {
        state.made_pools = names(zones.len());
        for (name, zone) in state.made_pools.iter().zip(zones) {
            pools.push(verbs.create_pool(name, &zone.zone, zone.unit_name()?, zone.count).masked);
        }
    }
    let locality = state.resources.locality();
    let restore = verbs.start_restore(&state.new_tenant(&from, locality.as_deref(), "lifeboat-…"));
    let mut statements = Vec::new();
    if let Some(allow) = verbs.allow_restore()
        && !driver.is_restore_allowed().await?
    {
        statements.push(allow.masked);
    }
    if !passwords.is_empty() {
        statements.push(verbs.set_restore_passwords(&passwords).masked);
    }
    statements.push(restore.masked);
    let activate = match (state.role, state.origin.generation) {
        (RecoveredRole::Primary, Generation::Gen4) => vec![verbs.activate(&state.tenant_name).masked],
        _ => Vec::new(),
    };
    Ok(Looked { items, state, source, destination, pools, restore: statements, activate })
}

/// Describes a step that a plan does not run.
fn intention(step: &str, state: &State) -> Vec<Text> {
    let id = match (step, &state.resources, state.role) {
        ("create-resource-pools", TargetResources::Pools(_), _) => "plan-use-resource-pools".to_owned(),
        ("activate-tenant", _, RecoveredRole::Standby) => "plan-keep-standby".to_owned(),
        ("activate-tenant", ..) if state.origin.generation == Generation::Gen3 => {
            "plan-primary-already".to_owned()
        }
        ("upgrade-tenant", ..) if state.origin.generation == Generation::Gen3 => {
            "plan-upgraded-already".to_owned()
        }
        ("record-recovery", ..) => "plan-record-tenant".to_owned(),
        ("start-restore", ..) if state.origin.scn.is_none() => "plan-start-restore-latest".to_owned(),
        _ => format!("plan-{step}"),
    };
    let moment = state.origin.scn.map_or_else(|| "-".to_owned(), shown);
    let text = Text::new(&id).with("tenant", &state.tenant_name).with("moment", moment);
    let mut texts = vec![text.with("pools", state.pools().join(", "))];
    if step == "start-restore" {
        texts.push(not_restored(state.origin.generation));
    }
    texts
}

#[cfg(test)]
mod tests {
    use engine::Flow as _;
    use model::text::has_line;

    use super::RestoreTenant;

    #[test]
    fn a_plan_has_words_for_every_step() {
        let made = ["check-recovery-source", "check-destination", "record-recovery"];
        for step in RestoreTenant::STEPS.iter().filter(|step| !made.contains(&step.id())) {
            assert!(has_line(&format!("plan-{}", step.id())), "{}", step.id());
        }
        for line in [
            "plan-create-unit-spec",
            "plan-use-resource-pools",
            "plan-keep-standby",
            "plan-primary-already",
            "plan-upgraded-already",
            "plan-record-tenant",
            "plan-start-restore-latest",
        ] {
            assert!(has_line(line), "{line}");
        }
    }
}
