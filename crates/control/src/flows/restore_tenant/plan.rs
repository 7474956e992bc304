//! The plan of a tenant recovery: runs the checks, which only read, and lists the statements of the other steps.

use std::sync::Arc;

use engine::Flow as _;
use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode};
use model::id::StorageId;
use model::order::{RecoveredRole, TenantRecovery};
use model::physical::resources::TargetResources;
use model::text::Text;
use model::time::Timestamp;
use oceanbase::physical::Previewed;

use super::request::decide;
use super::state::{Source, State};
use super::{RestoreTenant, destination, source};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::flows::{Plan, PlannedStep};
use crate::orders::Destination;

/// The findings about the source and the target, and the statements of the other steps.
pub(super) struct Looked {
    pub(super) items: Vec<Previewed>,
    state: State,
    source: (Vec<Text>, Vec<String>),
    destination: (Vec<Text>, Vec<String>),
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
            "create-resource-pools" => (intention(step.id(), &state), pools.clone()),
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
        storage: state.places.first().map(|place| place.uri.clone()).unwrap_or_default(),
        tenants: vec![state.tenant_name.clone()],
        steps: steps.collect(),
        left_out: Vec::new(),
        not_made: Vec::new(),
    })
}

/// Runs the checks of a recovery, and builds the statements of the other steps.
pub(super) async fn looked(context: &Context, order: TenantRecovery) -> Result<Looked, Error> {
    let mut decided = decide(context, order).await?;
    // A storage that was typed in is saved only with a task; a plan uses it as it was given.
    let typed = decided.storage.take();
    let passwords = decided.order.passwords.clone();
    let mut state = decided.state(None, Timestamp(0), None);
    let recorder = Recorder::default();
    let (settled, from) = match &typed {
        Some((storage, data, log)) => {
            let saved = match storage {
                Destination::Saved(saved) => saved.id,
                Destination::Typed(..) => StorageId(0),
            };
            state.source =
                Source::Storage { storage: saved, data_folder: data.clone(), log_folder: log.clone() };
            let settled = source::of_storage(&state, saved, storage.location());
            let secret = storage.secret(context).await?;
            let server = &decided.target.facts.server;
            let from = source::written_at(storage.location(), secret.as_ref(), &settled.places, server)?;
            (settled, from)
        }
        None => {
            let settled = source::settle(context, &state, Arc::new(recorder.clone()), !passwords.is_empty());
            let settled = settled.await?;
            let from = source::written(context, &settled.places, &decided.target.facts.server).await?;
            (settled, from)
        }
    };
    settled.keep(&mut state);
    let mut driver = super::open(context, &state, Arc::new(recorder.clone())).await?;
    let (items, found) = source::look_from_target(&mut driver, &from, &passwords, &settled, &state).await?;
    let source = (settled.notes.into_iter().chain(found).collect(), recorder.take());
    let notes = destination::look(context, &state, &mut driver).await?;
    let destination = (notes, recorder.take());
    let verbs = driver.verbs();
    let names = |count: usize| (1..=count).map(|number| format!("lifeboat_…_{number}")).collect::<Vec<_>>();
    let mut pools = Vec::new();
    if let TargetResources::Zones(zones) = &state.resources {
        state.made_pools = names(zones.len());
        pools = state
            .made_pools
            .iter()
            .zip(zones)
            .map(|(name, zone)| verbs.create_pool(name, zone).masked)
            .collect();
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
    let activate = match (state.role, state.generation) {
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
        ("activate-tenant", ..) if state.generation == Generation::Gen3 => "plan-primary-already".to_owned(),
        ("upgrade-tenant", ..) if state.generation == Generation::Gen3 => "plan-upgraded-already".to_owned(),
        ("record-recovery", ..) => "plan-record-tenant".to_owned(),
        ("start-restore", ..) if state.scn.is_none() => "plan-start-restore-latest".to_owned(),
        _ => format!("plan-{step}"),
    };
    let moment = state.scn.map_or_else(|| "-".to_owned(), super::state::shown);
    let text = Text::new(&id).with("tenant", &state.tenant_name).with("moment", moment);
    vec![text.with("pools", state.pools().join(", "))]
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
