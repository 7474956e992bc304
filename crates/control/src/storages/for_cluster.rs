//! The test of a storage for the backups of one cluster: what this server finds there, then what the cluster's version says
//! of it. It never sends a cluster anything that changes it: whether its servers can write there is found out by the
//! backup's own step.

use model::Problem;
use model::ability::BackupAbility;
use model::backup::BackupMethod;
use model::id::ClusterId;
use model::physical::address;
use model::storage::{TestLine, TestOutcome};
use model::user::Permission;

use super::{StorageChoice, place};
use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::flows::backup_physical::says_nothing;

/// Tests a storage for a cluster, line by line.
///
/// # Errors
/// When the actor may not test storages, or there is no such cluster or storage.
pub async fn test_for_cluster(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    choice: &StorageChoice,
) -> Result<Vec<TestLine>, Error> {
    actor.must(Permission::Backup)?;
    let cluster = control.context.cluster(id).await?;
    let (location, secret) = place(control, choice).await?;
    let mut lines = storage::probe(&location, secret.as_ref(), &control.context.roots).await;
    if !cluster.facts.ability.offers(BackupMethod::Physical) {
        return Ok(lines);
    }
    if cluster.facts.ability == BackupAbility::PhysicalBackup {
        // Only the cluster's servers write there, and this server need not reach it.
        lines.iter_mut().for_each(forgive);
    }
    let written = address::written(&location, secret.as_ref(), &cluster.facts.server);
    lines.push(line("storage-test-version", written.err(), TestOutcome::Failed));
    let later = Problem::refused(model::problem::codes::CONFLICT, "storage-checked-by-backup");
    lines.push(line("storage-test-observers", Some(later), TestOutcome::NotChecked));
    Ok(lines)
}

fn line(check: &str, problem: Option<Problem>, otherwise: TestOutcome) -> TestLine {
    let outcome = if problem.is_some() { otherwise } else { TestOutcome::Passed };
    TestLine { check: check.to_owned(), outcome, latency_us: 0, problem }
}

fn forgive(line: &mut TestLine) {
    if line.outcome == TestOutcome::Failed && line.problem.as_ref().is_some_and(says_nothing) {
        line.outcome = TestOutcome::NotChecked;
    }
}
