//! The plan of a recovery: runs the checks, which only read, and lists the other steps.

use std::sync::Arc;

use dump::{Selection, Target, load};
use engine::Flow as _;
use model::Problem;
use model::ability::Generation;
use model::backup::BackupObject;
use model::cluster::refuse_upgrading;
use model::problem::codes;
use model::recovery::RecoveryRequest;
use model::size;
use model::text::Text;
use oceanbase::Driver;

use super::loading::options;
use super::request::{Decided, decide};
use super::{RestoreLogical, check_destination_tenant};
use crate::context::{Actor, Context, signing};
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::flows::{Plan, PlannedStep};

/// Plans a recovery. Writes nothing, and creates no task.
pub(crate) async fn plan(context: &Context, actor: &Actor, wish: &RecoveryRequest) -> Result<Plan, Error> {
    // A plan only shows a foreign origin; an administrator accepts it when the recovery is requested.
    let wish = RecoveryRequest { accept_foreign: true, ..wish.clone() };
    let mut decided = Box::pin(decide(context, actor, &wish)).await?;
    let recorder = Recorder::default();
    let notes = look_at_destination(context, &mut decided, &recorder).await?;
    let location = context.storage(decided.set.storage).await?.location;
    let steps = RestoreLogical::STEPS
        .iter()
        .map(|step| {
            let is_destination = step.id() == "check-destination";
            PlannedStep {
                step: step.id().to_owned(),
                notes: if is_destination { notes.clone() } else { intentions(step.id(), &decided) },
                statements: if is_destination { recorder.take() } else { Vec::new() },
            }
        })
        .collect();
    Ok(Plan {
        kind: RestoreLogical::KIND.to_owned(),
        method: decided.set.method,
        mode: decided.set.mode,
        storage: location.below(&decided.set.path).uri(),
        tenants: vec![decided.tenant.name],
        left_out: Vec::new(),
        not_made: decided.not_requested.not_made,
        steps,
    })
}

async fn look_at_destination(
    context: &Context,
    decided: &mut Decided,
    recorder: &Recorder,
) -> Result<Vec<Text>, Error> {
    let endpoint = context.endpoint(&decided.cluster).await?;
    let mut driver = Driver::open(&endpoint, Arc::new(recorder.clone())).await?;
    decided.cluster.facts = driver.probe().await?;
    refuse_upgrading(&decided.cluster)?;
    let (cluster, tenant) = (&decided.cluster, &decided.tenant);
    if cluster.facts.generation == Generation::Gen4 {
        let tenants = driver.tenants().await?;
        check_destination_tenant(tenant.id, &tenants)?;
        let witness = Arc::new(recorder.clone());
        context.enter_tenant(cluster, tenant.id, &tenant.name, witness).await?.close().await;
    }
    let endpoint = context.tenant_endpoint(cluster, tenant.id, &tenant.name).await?;
    let target = Target { endpoint, witness: Arc::new(recorder.clone()) };
    let client = context.client(decided.set.storage).await?.below(&decided.folder)?;
    let user = target.endpoint.user.clone();
    let Decided { databases, selection, with_code, without, .. } = &*decided;
    let options = options(databases, selection, *with_code, without, &decided.manifest);
    let found = load::check_target(&target, &client, &decided.dump, &options).await?;
    let privileged = load::privileged(&client, &decided.dump, &options, &user).await?;
    if found.resumes {
        let problem = Problem::refused(codes::NAME_EXISTS, "recovery-left-unfinished");
        return Err(problem.with("databases", names(decided)).into());
    }
    let is = Text::new("cluster-is").with("cluster", &cluster.name).with("server", &cluster.facts.server);
    Ok(std::iter::once(is).chain(found.notes).chain(privileged).collect())
}

/// Describes a step that a plan does not run.
fn intentions(step: &str, decided: &Decided) -> Vec<Text> {
    let does = Text::new(&format!("plan-{step}"))
        .with("databases", names(decided))
        .with("tables", decided.holds.tables)
        .with("rows", decided.holds.rows)
        .with("bytes", size::bytes(decided.holds.bytes));
    let tables = single_tables(&decided.selection);
    let besides = match step {
        "check-recovery-source" => Some(signing::described(&decided.origin)),
        "create-schema" if !tables.is_empty() => {
            Some(Text::new("plan-single-tables").with("tables", tables.join(", ")))
        }
        "create-indexes" if !decided.selection.is_all() => Some(Text::new("plan-foreign-keys-left-out")),
        _ => None,
    };
    let code = match step {
        "create-indexes" if decided.with_code => Some(Text::new("plan-routines")),
        "record-recovery" if decided.with_code => Some(Text::new("plan-triggers")),
        _ => None,
    };
    let needs = decided.not_requested.notes.iter().chain(&decided.needs);
    let needs = needs.filter(|_| step == "check-recovery-source").cloned();
    code.into_iter().chain([does]).chain(besides).chain(needs).collect()
}

/// Returns the tables that are recovered without the rest of their database, by their names in the set.
fn single_tables(selection: &Selection) -> Vec<String> {
    let table = |object: &BackupObject| match object {
        BackupObject::Database(_) => None,
        BackupObject::Table(database, table) => Some(format!("`{database}`.`{table}`")),
    };
    selection.0.iter().filter_map(table).collect()
}

fn names(decided: &Decided) -> String {
    decided.databases.values().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use engine::Flow as _;
    use model::text::has_line;

    use super::RestoreLogical;

    #[test]
    fn a_plan_has_words_for_every_step() {
        for step in RestoreLogical::STEPS {
            let is_made = step.id() == "check-destination";
            assert!(is_made || has_line(&format!("plan-{}", step.id())), "{}", step.id());
        }
    }
}
