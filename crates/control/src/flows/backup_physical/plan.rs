//! The plan of a backup: runs the checks, which only read, and lists the statements of the other steps.

use std::sync::Arc;

use engine::Flow as _;
use model::Problem;
use model::archive::{ArchiveStatus, LogBackupWish, next_step};
use model::backup::BackupMethod;
use model::cluster::refuse_upgrading;
use model::compaction::{CompactionHindrance, CompactionNeed, need, needed};
use model::id::StorageId;
use model::order::PhysicalBackup;
use model::physical::destination::{Destination as Decision, for_cluster};
use model::physical::{Scope, address};
use model::text::Text;
use model::time::Timestamp;
use oceanbase::Driver;
use oceanbase::physical::BackupOptions;

use super::lane::Place;
use super::policy::{self, Move, Policies};
use super::request::{Decided, decide};
use super::{BackupPhysical, State, checks, destinations};
use crate::context::Context;
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::flows::{Plan, PlannedStep};
use crate::orders::Destination;
use crate::words;

/// The notes and statements of all lanes, by step.
#[derive(Default)]
struct Found {
    storage: (Vec<Text>, Vec<String>),
    archive: (Vec<Text>, Vec<String>),
    compaction: (Vec<Text>, Vec<String>),
    backup: Vec<String>,
}

/// Plans a backup. Writes nothing, and creates no task.
pub(crate) async fn plan(context: &Context, order: PhysicalBackup) -> Result<Plan, Error> {
    let mut decided = decide(context, order).await?;
    let recorder = Recorder::default();
    let endpoint = context.endpoint(&decided.cluster).await?;
    let mut driver = Driver::open(&endpoint, Arc::new(recorder.clone())).await?;
    decided.cluster.facts = driver.probe().await?;
    let tenants = driver.tenants().await?;
    refuse_upgrading(&decided.cluster)?;
    let looked = recorder.take();
    // A plan has no task: this state only lets it run the same checks as the steps of a task.
    let state = decided.state(StorageId(0), Timestamp(0), None);
    let place = Place::new(decided.storage.location().clone(), decided.storage.secret(context).await?);
    let mut found = Found::default();
    for scope in decided.scopes.values() {
        checks::check_lane(&mut driver, &state, &place, scope, state.mode, &tenants)
            .await
            .map_err(error_of)?;
        let storage = match &decided.storage {
            Destination::Saved(saved) => saved.id,
            Destination::Typed(..) => state.storage,
        };
        look(context, &mut driver, (&state, storage), &place, scope, &mut found).await?;
        if let Some(password) = &decided.password {
            found.backup.push(driver.verbs().set_backup_password(password).masked);
        }
        found.backup.push(start(&driver, &state, &place, scope)?);
    }
    let checked = recorder.take();
    let steps = BackupPhysical::STEPS.iter().map(engine::Step::id).map(|id| {
        let (notes, statements) = match id {
            "check-cluster-status" => (vec![is_what(&decided)], looked.clone()),
            "check-ready" => (Vec::new(), checked.clone()),
            "set-backup-storage" => found.storage.clone(),
            "start-log-backup" => found.archive.clone(),
            "start-compaction" => found.compaction.clone(),
            "start-data-backup" => (Vec::new(), found.backup.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        let notes =
            if notes.is_empty() && id != "check-ready" { vec![intention(id, &decided)] } else { notes };
        PlannedStep { step: id.to_owned(), notes, statements }
    });
    Ok(Plan {
        kind: BackupPhysical::KIND.to_owned(),
        method: BackupMethod::Physical,
        mode: decided.mode,
        storage: decided.storage.location().uri(),
        tenants: decided.scopes.keys().cloned().collect(),
        left_out: Vec::new(),
        not_made: Vec::new(),
        steps: steps.collect(),
    })
}

/// Finds out what the steps would do for one lane.
async fn look(
    context: &Context,
    driver: &mut Driver,
    (state, storage): (&State, StorageId),
    place: &Place,
    scope: &Scope,
    found: &mut Found,
) -> Result<(), Error> {
    let verbs = driver.verbs();
    let round = driver.archive_round(scope).await?;
    let archive = round.as_ref().map_or(ArchiveStatus::Never, |round| round.status);
    match scope {
        Scope::Tenant { id, name } => {
            let now = driver.tenant_destinations(*id).await?;
            let plan = place.decide(state, *id, &now, archive)?;
            let (data, log) = place.folders(state, *id);
            if plan.moves() {
                let to = Move { tenant: *id, name, storage, found: &now, plan: &plan };
                let policies = Policies::read(context, state, driver, to).await?;
                for (policy, expiring) in &policies.staying {
                    found.storage.0.push(policy::staying(to, policy, expiring.as_ref()));
                    let refused = policy::refuse_deletions(to, policy, expiring.as_ref());
                    if let (Err(_), false) = (refused, state.accept_deletions) {
                        found.storage.0.push(Text::new("plan-stop-for-delete-policy").with("tenant", name));
                    }
                }
                for (policy, rule) in policies.dropped {
                    let id = match policies.next_days {
                        Some(_) => "plan-drop-delete-policy-until-moved",
                        None => "plan-drop-delete-policy",
                    };
                    let note = Text::new(id).with("tenant", name).with("policy", policy.words());
                    found.storage.0.push(note.with("days", policies.next_days.unwrap_or_default()));
                    found.storage.1.push(verbs.drop_delete_policy(name, rule).masked);
                }
            }
            let mut say =
                |decision: &Decision| found.storage.0.push(words::text(destinations::note(decision)));
            say(&plan.data);
            say(&plan.log);
            if let Decision::Set { .. } = plan.data {
                let address = place.written(&data, driver.server())?;
                found.storage.1.push(verbs.set_data_destination(scope, &address).masked);
            }
            if let Decision::Set { .. } = plan.log {
                let address = place.written(&log, driver.server())?;
                found.storage.1.push(verbs.set_log_destination(name, &address, &plan.log_attributes).masked);
            }
        }
        Scope::Cluster => {
            let now = driver.cluster_destinations().await?;
            let base = address::shown(&place.location);
            let is_set = now.iter().any(|path| !path.is_empty());
            let wish = Some(base.as_str()).filter(|_| !(state.keeps_destinations && is_set));
            let plan = for_cluster(wish, &now, archive)?;
            found.storage.0.push(words::text(destinations::note(&plan)));
            if let Decision::Set { .. } = plan {
                let address = place.written(&place.location, driver.server())?;
                found.storage.1.push(verbs.set_data_destination(scope, &address).masked);
            }
        }
        Scope::Tenants { .. } => {}
    }
    if let Some(round) = &round {
        let step = next_step(LogBackupWish::Start, round)?;
        found.archive.0.push(Text::new("log-backup-is").with("status", round.status.word()));
        found.archive.1.extend(verbs.archive_step(scope, step).map(|statement| statement.masked));
    }
    if !matches!(scope, Scope::Tenant { .. })
        && let Some(compaction) = driver.compactions().await?.first()
    {
        // A round that has not started yet will start after every freeze so far.
        let start = round.as_ref().filter(|_| archive == ArchiveStatus::Doing).and_then(|round| round.start);
        match need(&driver.server().version, compaction, start)? {
            CompactionNeed::Freeze if !state.auto_compaction => {
                return Err(needed(CompactionHindrance::NotAllowed).into());
            }
            CompactionNeed::Freeze => found.compaction.1.push(verbs.major_freeze("").masked),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the statement that would start the backup of one lane.
fn start(driver: &Driver, state: &State, place: &Place, scope: &Scope) -> Result<String, Error> {
    let to = match scope {
        Scope::Tenants { .. } => Some(place.written(&place.location, driver.server())?),
        _ => None,
    };
    let options = BackupOptions {
        mode: state.mode,
        plus_archivelog: state.plus_archivelog,
        tag: Some("lifeboat-…"),
        to: to.as_ref(),
    };
    Ok(driver.verbs().start_backup(scope, options).masked)
}

fn error_of(error: engine::StepError) -> Error {
    let mut problem = Problem::refused(model::problem::codes::PRECHECK_FAILED, &error.note.id);
    if problem.text.id == "full-before-incremental" {
        problem = problem.coded(model::problem::codes::FULL_BEFORE_INCREMENTAL);
    }
    problem.text = words::text(error.note);
    problem.into()
}

fn is_what(decided: &Decided) -> Text {
    Text::new("cluster-is")
        .with("cluster", &decided.cluster.name)
        .with("server", &decided.cluster.facts.server)
}

/// Describes a step that a plan does not run.
fn intention(step: &str, decided: &Decided) -> Text {
    let id = match step {
        "verify-backup-set" => "plan-verify-physical-set".to_owned(),
        step => format!("plan-{step}"),
    };
    Text::new(&id).with("place", decided.storage.location())
}

#[cfg(test)]
mod tests {
    use engine::Flow as _;
    use model::text::has_line;

    use super::BackupPhysical;

    #[test]
    fn a_plan_has_words_for_every_step() {
        for step in BackupPhysical::STEPS {
            let is_made = ["check-cluster-status", "check-ready", "verify-backup-set"].contains(&step.id());
            assert!(is_made || has_line(&format!("plan-{}", step.id())), "{}", step.id());
        }
    }
}
