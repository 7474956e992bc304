//! The plan of a recovery of tables: runs the checks, which only read, and shows the statement of the job.

use engine::Flow as _;
use model::backup::{BackupMethod, DataBackupMode};
use model::order::TableRecovery;
use model::physical::table_recovery::shown as shown_object;
use model::text::Text;
use model::time::Timestamp;
use oceanbase::physical::{NewTables, Previewed};

use super::destination;
use super::request::Decided;
use super::state::{RecoverTables, State};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::flows::recovery_source::{self, Decided as _, shown};
use crate::flows::{Plan, PlannedStep};

/// The findings about the source and the target, and the statements.
struct Looked {
    items: Vec<Previewed>,
    state: State,
    source: (Vec<Text>, Vec<String>),
    destination: (Vec<Text>, Vec<String>),
    start: Vec<String>,
}

/// Plans a recovery. Writes nothing, and creates no task.
pub(crate) async fn plan(context: &Context, order: TableRecovery) -> Result<Plan, Error> {
    let Looked { state, source, destination, start, .. } = looked(context, order).await?;
    let steps = RecoverTables::STEPS.iter().map(|step| {
        let (notes, statements) = match step.id() {
            "check-recovery-source" => source.clone(),
            "check-destination" => destination.clone(),
            "start-table-recovery" => (intentions(step.id(), &state), start.clone()),
            id => (intentions(id, &state), Vec::new()),
        };
        PlannedStep { step: step.id().to_owned(), notes, statements }
    });
    Ok(Plan {
        kind: RecoverTables::KIND.to_owned(),
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
pub(crate) async fn previewed(context: &Context, order: TableRecovery) -> Result<Vec<Previewed>, Error> {
    looked(context, order).await.map(|looked| looked.items)
}

/// Runs the checks of a recovery, and builds the statements.
async fn looked(context: &Context, order: TableRecovery) -> Result<Looked, Error> {
    let mut decided = Decided::decide(context, order).await?;
    let passwords = decided.order.passwords.clone();
    let mut state = decided.state(decided.chosen.origin(None, None), Timestamp(0));
    let recorder = Recorder::default();
    let chosen = &mut decided.chosen;
    let looked = recovery_source::look(context, chosen, &mut state.origin, &passwords, &recorder).await?;
    let recovery_source::Looked { items, from, notes, mut driver } = looked;
    let source = (notes, recorder.take());
    let notes = destination::look(context, &state, &mut driver).await?;
    let destination = (notes, recorder.take());
    let verbs = driver.verbs();
    let mut start = Vec::new();
    if !passwords.is_empty() {
        start.push(verbs.set_restore_passwords(&passwords).masked);
    }
    let new = NewTables {
        objects: &state.objects,
        tenant: &state.tenant_name,
        from: &from,
        scn: state.origin.scn,
        pools: &state.pools,
        tag: "lifeboat-…",
    };
    start.push(verbs.recover_tables(&new).masked);
    Ok(Looked { items, state, source, destination, start })
}

/// Describes a step that a plan does not run.
fn intentions(step: &str, state: &State) -> Vec<Text> {
    let id = match step {
        "record-recovery" => "plan-record-tenant".to_owned(),
        "start-table-recovery" if state.origin.scn.is_none() => "plan-start-table-recovery-latest".to_owned(),
        step => format!("plan-{step}"),
    };
    let moment = state.origin.scn.map_or_else(|| "-".to_owned(), shown);
    let text = Text::new(&id).with("tenant", &state.tenant_name).with("moment", moment);
    let mut texts = vec![text.with("pools", state.pools.join(", "))];
    if step == "start-table-recovery" {
        let names = state.objects.iter().map(|object| {
            let name = shown_object(&object.from);
            if object.is_renamed() { format!("{name} → {}", shown_object(&object.to)) } else { name }
        });
        texts.push(Text::new("plan-objects").with("objects", names.collect::<Vec<_>>().join(", ")));
        texts.push(Text::new("plan-not-recovered-with-tables"));
    }
    texts
}

#[cfg(test)]
mod tests {
    use engine::Flow as _;
    use model::text::has_line;

    use super::RecoverTables;

    #[test]
    fn a_plan_has_words_for_every_step() {
        let made = ["check-recovery-source", "check-destination", "record-recovery"];
        for step in RecoverTables::STEPS.iter().filter(|step| !made.contains(&step.id())) {
            assert!(has_line(&format!("plan-{}", step.id())), "{}", step.id());
        }
        assert!(has_line("plan-start-table-recovery-latest") && has_line("plan-record-tenant"));
    }
}
