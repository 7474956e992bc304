//! The checks before anything changes.

use engine::flow::{Answer, ErrorKind};
use engine::{Next, Note, StepError};
use model::Problem;
use model::ability::Generation;
use model::archive::{ArchiveStatus, check_running};
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::refuse_upgrading;
use model::id::TaskId;
use model::physical::data_version::TenantFeature;
use model::physical::destination::{for_cluster, for_tenants_of_3};
use model::physical::identity::part_of;
use model::physical::incremental::{self, Ground};
use model::physical::{BackupJob, SYS, Scope, address};
use model::problem::codes;
use model::schedule::decide::{Promotion, RunKey};
use model::size;
use model::storage::TestOutcome;
use model::tenant::Tenant;
use model::text::Text;
use oceanbase::Driver;
use std::time::Duration;

use super::lane::{self, Place};
use super::request::plus_archivelog_unsupported;
use super::{Here, State};
use crate::error::Error;
use crate::words;

/// The failures of a storage test from this server that prove nothing about the OBServers, which write the backup.
const SAYS_NOTHING: [&str; 5] = [
    "storage-outside-roots",
    "storage-missing",
    "storage-kind-unsupported",
    "storage-inside-destination",
    "storage-passing",
];

/// Returns whether the failure of a storage test from this server proves nothing about the OBServers.
pub(crate) fn says_nothing(problem: &Problem) -> bool {
    SAYS_NOTHING.contains(&problem.text.id.as_str())
}

/// 1. The cluster answers, offers physical backup, and is not being upgraded.
pub(super) async fn check_cluster_status(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let mut cluster = context.cluster(state.cluster).await?;
    let mut driver = lane::driver(at, state).await?;
    cluster.facts = driver.probe().await.map_err(Error::from)?;
    let tenants = driver.tenants().await.map_err(Error::from)?;
    refuse_upgrading(&cluster).map_err(words::refused)?;
    if !cluster.facts.ability.offers(BackupMethod::Physical) {
        return Err(words::refused(Problem::refused(codes::METHOD_UNSUPPORTED, "physical-not-offered")));
    }
    if let Some(promotion) = &state.promotion {
        at.log(promotion.clone());
    }
    at.log(Note::new("cluster-is").arg("cluster", &cluster.name).arg("server", &cluster.facts.server));
    for tenant in tenants.iter().filter(|tenant| is_chosen(state, tenant)) {
        if tenant.role == "STANDBY" {
            at.log(Note::new("tenant-is-standby").arg("tenant", &tenant.name));
        }
        if tenant.locked {
            at.log(Note::new("tenant-is-locked").arg("tenant", &tenant.name));
        }
    }
    Ok(Next::Done)
}

fn is_chosen(state: &State, tenant: &Tenant) -> bool {
    tenant.id != SYS && state.scopes.contains_key(&tenant.name)
}

/// 2. The version supports the storage. If this server can test the storage, the test passes.
pub(super) async fn check_backup_storage(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let place = Place::of(context, state).await?;
    let cluster = context.cluster(state.cluster).await?;
    place.written(&place.location, &cluster.facts.server).map_err(words::refused)?;
    let secret = context.metadata.storage_secret(state.storage).await.map_err(Error::from)?;
    for line in storage::probe(&place.location, secret.as_ref(), &context.rules).await {
        let latency = size::span(Duration::from_micros(line.latency_us));
        match (line.outcome, line.problem) {
            (TestOutcome::Failed, Some(problem)) if says_nothing(&problem) => {
                at.log(words::note(problem.text));
                at.log(Note::new("storage-not-reachable-here").arg("place", &place.location));
                break;
            }
            (TestOutcome::Failed, Some(problem)) => return Err(words::refused(problem)),
            _ => at.log(Note::new(line.check).arg("latency", latency)),
        }
    }
    Ok(Next::Done)
}

/// 3. No other data backup runs, an incremental one has a full set to build on, and the destinations can be set.
pub(super) async fn check_ready(at: &Here, state: &mut State) -> Answer {
    let mut driver = lane::driver(at, state).await?;
    let place = Place::of(at.context(), state).await?;
    let tenants = driver.tenants().await.map_err(Error::from)?;
    let (mut refusal, mut is_any_ready, mut without_full) = (None, false, Vec::new());
    for scope in state.scopes.values() {
        match check_lane(&mut driver, state, &place, scope, state.mode, &tenants).await {
            Ok(()) => is_any_ready = true,
            Err(error) if error.kind == ErrorKind::Transient => return Err(error),
            Err(error) if makes_full(&error, state) => without_full.push(scope),
            // As in OCP, one tenant without a full set fails the step, even if the other tenants have one.
            Err(error) if is_without_full(&error) => return Err(error),
            Err(error) => {
                at.log(error.note.clone());
                refusal = Some(error);
            }
        }
    }
    if let Some(run) = state.run.filter(|_| !without_full.is_empty()) {
        tell_of_full(at, run, &without_full, is_any_ready).await?;
    }
    match refusal {
        Some(refusal) if !is_any_ready && without_full.is_empty() => Err(refusal),
        _ => Ok(Next::Done), // a lane that is not ready fails in its own first step
    }
}

/// Returns whether an incremental backup was refused because there is no full set to build on.
fn is_without_full(error: &StepError) -> bool {
    error.note.id == incremental::missing().text.id
}

/// Returns whether a refused lane makes a full set instead: nobody is present to repeat a scheduled backup.
pub(super) fn makes_full(error: &StepError, state: &State) -> bool {
    state.run.is_some() && is_without_full(error)
}

/// Reports which tenants are backed up in full, in the log and in the record of the run.
async fn tell_of_full(
    at: &Here,
    run: RunKey,
    without_full: &[&Scope],
    is_any_incremental: bool,
) -> Result<(), Error> {
    let tenants: Vec<String> = without_full.iter().map(|scope| named(scope)).collect();
    let (kind, why) = if is_any_incremental {
        let text = Text::new("run-full-for-tenants").with("tenants", tenants.join(", "));
        (DataBackupMode::Incremental, text)
    } else {
        (DataBackupMode::Full, Promotion::WithoutFull.text())
    };
    at.log(words::note(why.clone()));
    let mut writer = at.context().metadata.begin().await?;
    writer.strategy_run_promoted(run, TaskId(at.task().0), kind, &why).await?;
    Ok(writer.commit().await?)
}

/// Checks whether a lane can be backed up in this mode. It only reads.
pub(crate) async fn check_lane(
    driver: &mut Driver,
    state: &State,
    place: &Place,
    scope: &Scope,
    mode: DataBackupMode,
    tenants: &[Tenant],
) -> Result<(), StepError> {
    lane::tenant_fits(scope, tenants).map_err(words::refused)?;
    if state.plus_archivelog && !driver.verbs().can_include_logs() {
        return Err(words::refused(plus_archivelog_unsupported(driver.server())));
    }
    let jobs = driver.backup_jobs(scope).await.map_err(Error::from)?;
    if let Some(job) = others(&jobs, scope, None).find(|job| job.is_data) {
        return Err(words::refused(foreign(scope, job)));
    }
    if !state.start_log_backup {
        let round = driver.archive_round(scope).await.map_err(Error::from)?;
        if let Some(round) = round {
            check_running(&round, &named(scope), driver.server()).map_err(words::refused)?;
        }
    }
    let data_path = settled_path(driver, state, place, scope, tenants).await?;
    if mode == DataBackupMode::Incremental {
        let sets = driver.backup_sets(scope).await.map_err(Error::from)?;
        let compatible = driver.data_version(scope).await.map_err(Error::from)?;
        let (path, is_new) = data_path;
        let ground = Ground { tenant: scope.tenant(), path: &path, compatible: &compatible };
        // The views of 3.x do not show the path of a set. A location that is only now set has none of these sets.
        let is_blind = is_new && driver.generation() == Generation::Gen3;
        let found = if is_blind { Err(incremental::missing()) } else { incremental::usable(&sets, ground) };
        found.map_err(words::refused)?;
    }
    Ok(())
}

/// Returns the data destination, and whether it differs from the current one.
async fn settled_path(
    driver: &mut Driver,
    state: &State,
    place: &Place,
    scope: &Scope,
    tenants: &[Tenant],
) -> Result<(String, bool), StepError> {
    let round = driver.archive_round(scope).await.map_err(Error::from)?;
    let archive = round.map_or(ArchiveStatus::Never, |round| round.status);
    let base = address::shown(&place.location);
    let destination = match scope {
        Scope::Tenant { id, .. } => {
            let found = driver.tenant_destinations(*id).await.map_err(Error::from)?;
            let plan = place.decide(state, *id, &found, archive).map_err(words::refused)?;
            if plan.data.is_new() || plan.log.is_new() {
                let tenant = tenants.iter().find(|tenant| tenant.id == *id);
                let checked =
                    tenant.map(|tenant| TenantFeature::Destination.check(&driver.server().version, tenant));
                checked.transpose().map_err(words::refused)?;
            }
            plan.data
        }
        Scope::Cluster => {
            let found = driver.cluster_destinations().await.map_err(Error::from)?;
            let is_set = found.iter().any(|path| !path.is_empty());
            let wish = Some(base.as_str()).filter(|_| !(state.keeps_destinations && is_set));
            for_cluster(wish, &found, archive).map_err(words::refused)?
        }
        Scope::Tenants { .. } => {
            let found = driver.cluster_destinations().await.map_err(Error::from)?;
            for_tenants_of_3(&base, &found).map_err(words::refused)?;
            return Ok((base, false));
        }
    };
    Ok((destination.place().to_owned(), destination.is_new()))
}

/// Finds the running jobs of the scope that are neither `ours` nor its part for the tenant.
pub(super) fn others<'j>(
    jobs: &'j [BackupJob],
    scope: &Scope,
    ours: Option<&BackupJob>,
) -> impl Iterator<Item = &'j BackupJob> {
    let tenant = scope.tenant();
    let part = ours.and_then(|ours| part_of(ours, jobs, tenant)).map(|part| (part.tenant, part.id));
    let ours = ours.map(|ours| (ours.tenant, ours.id));
    jobs.iter().filter(|job| !job.status.is_over()).filter(move |job| {
        let is_ours = [ours, part].contains(&Some((job.tenant, job.id)));
        let is_about_us = job.tenant == tenant || job.executors.contains(&tenant);
        is_about_us && !is_ours
    })
}

pub(super) fn foreign(scope: &Scope, job: &BackupJob) -> Problem {
    let refusal = Problem::refused(codes::BACKUP_RUNS_ALREADY, "backup-job-foreign");
    refusal.with("tenant", named(scope)).with("job", job.id)
}

/// Returns the name of a lane for messages.
pub(super) fn named(scope: &Scope) -> String {
    match scope {
        Scope::Cluster => "cluster".to_owned(),
        Scope::Tenants { names } => names.join(", "),
        Scope::Tenant { name, .. } => name.clone(),
    }
}
