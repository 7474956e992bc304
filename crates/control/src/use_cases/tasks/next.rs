//! The actions that a user can take on a failed subtask: first the repair, then the command to continue.

use engine::operator::{Command, decide};
use engine::{Flow as _, Row, StepStatus, Task};
use metadata::tasks::subject;
use model::id::{ClusterId, TenantId};
use model::physical::Scope;
use model::task::{FullBackup, NextAction, NextStep};
use model::text::Language;

use super::number::subtask_id;
use crate::flows::backup_physical::{BackupPhysical, State};
use crate::words;

/// Returns the available actions, the repair first.
pub(super) fn actions(stored: &Task, row: &Row) -> Vec<NextAction> {
    if row.status != StepStatus::Failed {
        return Vec::new();
    }
    let repair = row
        .note
        .clone()
        .and_then(|note| words::text(note).button(Language::En))
        .and_then(|(button, _)| Some(NextAction { step: step(&button, stored, row)?, button }));
    let is_allowed = |command| decide(stored, command).is_ok();
    let action = |button: &str, step| NextAction { button: button.to_owned(), step };
    let retry = is_allowed(Command::RetryTask).then(|| action("retry", NextStep::RetryTask));
    let skip = is_allowed(Command::SkipStep(row.number))
        .then(|| action("skip", NextStep::SkipSubtask(subtask_id(row.number))));
    repair.into_iter().chain(retry).chain(skip).collect()
}

/// Returns the action of a button for this task; none if the button has no target.
fn step(button: &str, stored: &Task, row: &Row) -> Option<NextStep> {
    let cluster = ClusterId(stored.subject.get(subject::CLUSTER)?.parse().ok()?);
    match button {
        "compact" => Some(NextStep::Compact(cluster)),
        "clear-exceptions" => Some(NextStep::ClearExceptions(cluster)),
        "stop-log-backup" => Some(NextStep::StopLogBackup(cluster, tenant(stored, row))),
        "back-up-in-full" => state(stored).map(|state| NextStep::BackUpInFull(full(&state))),
        _ => None,
    }
}

fn state(stored: &Task) -> Option<State> {
    let is_ours = stored.kind == BackupPhysical::KIND;
    is_ours.then(|| serde_json::from_value(stored.state.clone()).ok()).flatten()
}

/// Returns the tenant whose lane failed; none if the lane is the whole cluster.
fn tenant(stored: &Task, row: &Row) -> Option<TenantId> {
    match state(stored)?.scopes.get(&row.lane)? {
        Scope::Tenant { id, .. } => Some(*id),
        Scope::Cluster | Scope::Tenants { .. } => None,
    }
}

/// Returns the same backup in full mode.
fn full(state: &State) -> FullBackup {
    let tenants = state.scopes.values().filter_map(|scope| match scope {
        Scope::Tenant { id, .. } => Some(*id),
        Scope::Cluster | Scope::Tenants { .. } => None,
    });
    FullBackup {
        cluster: state.cluster,
        storage: (!state.keeps_destinations).then_some(state.storage),
        tenants: tenants.collect(),
        auto_compaction: state.auto_compaction,
        accept_deletions: state.accept_deletions,
        plus_archivelog: state.plus_archivelog,
        needs_password: state.password.is_some(),
    }
}
