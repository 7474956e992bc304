//! The plan of a backup: runs the read-only checks, and lists the other steps.

use std::sync::Arc;

use dump::{Preflight, Source};
use engine::Flow as _;
use model::Problem;
use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::refuse_upgrading;
use model::inventory::Missing;
use model::order::LogicalBackup;
use model::problem::codes;
use model::size;
use model::storage::logical_folder;
use model::text::Text;
use oceanbase::Driver;

use super::BackupLogical;
use super::request::{Decided, decide};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::flows::{Plan, PlannedStep};

/// Plans a backup. Writes nothing, and creates no task.
pub(crate) async fn plan(context: &Context, order: LogicalBackup) -> Result<Plan, Error> {
    let mut decided = decide(context, order).await?;
    let recorder = Recorder::default();
    look_at_cluster(context, &mut decided, &recorder).await?;
    let looked = recorder.take();
    let mut found = Vec::new();
    for tenant in &decided.tenants {
        if decided.cluster.facts.generation == Generation::Gen4 {
            let witness = Arc::new(recorder.clone());
            context.enter_tenant(&decided.cluster, tenant.id, &tenant.name, witness).await?.close().await;
        }
        let endpoint = context.tenant_endpoint(&decided.cluster, tenant.id, &tenant.name).await?;
        let source = Source { endpoint, witness: Arc::new(recorder.clone()) };
        let preflight = dump::preflight(&source, &decided.selection, &decided.consent, 1).await?;
        if !preflight.problems.is_empty() {
            return Err(dump::Error::CannotCarry { problems: preflight.problems }.into());
        }
        found.push((tenant.name.clone(), preflight));
    }
    let steps = BackupLogical::STEPS
        .iter()
        .map(|step| match step.id() {
            "check-cluster-status" => planned(step.id(), vec![is_what(&decided)], looked.clone()),
            "check-ready" => planned(step.id(), found.iter().flat_map(holds).collect(), recorder.take()),
            id => planned(id, vec![intention(id, &decided)], Vec::new()),
        })
        .collect();
    Ok(Plan {
        kind: BackupLogical::KIND.to_owned(),
        method: BackupMethod::Logical,
        mode: DataBackupMode::Full,
        storage: decided.storage.location().uri(),
        tenants: decided.tenants.into_iter().map(|tenant| tenant.name).collect(),
        left_out: found.into_iter().flat_map(missing).collect(),
        not_made: Vec::new(),
        steps,
    })
}

async fn look_at_cluster(context: &Context, decided: &mut Decided, recorder: &Recorder) -> Result<(), Error> {
    let endpoint = context.endpoint(&decided.cluster).await?;
    let mut driver = Driver::open(&endpoint, Arc::new(recorder.clone())).await?;
    decided.cluster.facts = driver.probe().await?;
    decided.tenants = driver.tenants().await?.into_iter().filter(|now| decided.has(now.id)).collect();
    refuse_upgrading(&decided.cluster)?;
    match decided.tenants.iter().find(|tenant| tenant.status != "NORMAL") {
        None => Ok(()),
        Some(tenant) => {
            let refusal = Problem::refused(codes::PRECHECK_FAILED, "tenant-not-normal");
            Err(refusal.with("tenant", &tenant.name).with("status", &tenant.status).into())
        }
    }
}

fn planned(step: &str, notes: Vec<Text>, statements: Vec<String>) -> PlannedStep {
    PlannedStep { step: step.to_owned(), notes, statements }
}

fn is_what(decided: &Decided) -> Text {
    Text::new("cluster-is")
        .with("cluster", &decided.cluster.name)
        .with("server", &decided.cluster.facts.server)
}

fn holds((tenant, found): &(String, Preflight)) -> Vec<Text> {
    let holds = Text::new("backup-holds")
        .with("tenant", tenant)
        .with("databases", found.databases.len())
        .with("tables", found.tables)
        .with("views", found.views)
        .with("bytes", size::bytes(found.bytes_guess));
    let left_out = found.left_out.iter().map(|object| object.reason.clone());
    std::iter::once(holds).chain(left_out).chain(found.notes.iter().cloned()).collect()
}

fn missing((tenant, found): (String, Preflight)) -> impl Iterator<Item = Missing> {
    found.left_out.into_iter().map(move |object| Missing { tenant: tenant.clone(), object })
}

/// Describes a step that a plan does not run.
fn intention(step: &str, decided: &Decided) -> Text {
    let cluster = &decided.cluster;
    let folder = |tenant: &model::tenant::Tenant| {
        let below = logical_folder(&cluster.name, cluster.facts.ob_cluster_id, tenant.id);
        decided.storage.location().below(&below).uri()
    };
    let folders: Vec<String> = decided.tenants.iter().map(folder).collect();
    Text::new(&format!("plan-{step}"))
        .with("place", decided.storage.location())
        .with("folders", folders.join(", "))
        .with("connections", decided.connections)
}

#[cfg(test)]
mod tests {
    use engine::Flow as _;
    use model::text::has_line;

    use super::BackupLogical;

    #[test]
    fn a_plan_has_words_for_every_step() {
        for step in BackupLogical::STEPS {
            let is_made = ["check-cluster-status", "check-ready"].contains(&step.id());
            assert!(is_made || has_line(&format!("plan-{}", step.id())), "{}", step.id());
        }
    }
}
