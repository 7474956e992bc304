//! The physical backups of tenants, by their tasks.

use engine::Task;
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use model::backup::BackupMethod;
use model::backup_set::BackupSet;
use model::id::{TaskId, TenantId};
use model::physical::Scope;
use model::task::TaskStatus;

use super::standing::{SETS_MAX, standing};
use super::{DataBackupTask, source_of};
use crate::context::Context;
use crate::error::Error;
use crate::flows::backup_physical::{Lane, State};
use crate::tasks::view;
use crate::words;

/// Returns one row for each lane, or if its job created sets of several tenants, one for each of these; none if this
/// version cannot read the task.
pub(super) async fn of_task(context: &Context, task: &Task) -> Result<Vec<DataBackupTask>, Error> {
    let Ok(state) = serde_json::from_value::<State>(task.state.clone()) else { return Ok(Vec::new()) };
    let of_task = BackupSetQuery { task: Some(TaskId(task.id.0)), ..BackupSetQuery::default() };
    let sets = context.metadata.backup_set_list(&of_task, Slice { offset: 0, limit: SETS_MAX }).await?.items;
    let mut rows = Vec::new();
    for lane in &task.lanes {
        let Ok(known) = serde_json::from_value::<Lane>(lane.state.clone()) else { continue };
        let Some(scope) = state.scopes.get(&lane.key) else { continue };
        let ours: Vec<&BackupSet> = match scope {
            Scope::Tenant { id, .. } => sets.iter().filter(|set| set.tenant == *id).collect(),
            Scope::Cluster | Scope::Tenants { .. } => sets.iter().collect(),
        };
        if ours.is_empty() {
            rows.push(row(task, &state, &lane.key, &known, (scope.tenant(), &lane.key), None));
        }
        for set in ours {
            rows.push(row(task, &state, &lane.key, &known, (set.tenant, &set.tenant_name), Some(set)));
        }
    }
    Ok(rows)
}

fn row(
    task: &Task,
    state: &State,
    lane: &str,
    known: &Lane,
    (tenant, name): (TenantId, &str),
    set: Option<&BackupSet>,
) -> DataBackupTask {
    let (status, failed) = standing(task, lane, set.is_some());
    let seen = known.sets.iter().find(|seen| seen.tenant == tenant);
    DataBackupTask {
        task: Some(TaskId(task.id.0)),
        source: source_of(task),
        creator: Some(task.creator.clone()),
        job: known.jobs.last().map(|(_, job)| *job),
        cluster: state.cluster,
        cluster_name: state.cluster_name.clone(),
        tenant,
        tenant_name: name.to_owned(),
        method: BackupMethod::Physical,
        mode: set.map_or(known.mode(state), |set| set.mode),
        backup_set: set.map(|set| set.id),
        is_partial: false,
        set_number: seen.map(|seen| seen.set),
        uri: known.data_path.clone(),
        status,
        problem: failed.and_then(|row| row.note.clone()).map(words::text),
        bytes: seen.map(|seen| seen.output_bytes),
        started: task.started_at.map(view::moment),
        finished: task.finished_at.filter(|_| status != TaskStatus::Running).map(view::moment),
    }
}
