//! The physical backups of tenants, by the tasks that make or made them.

use engine::Task;
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{ClusterId, TaskId, TenantId};
use model::physical::Scope;
use model::task::TaskStatus;

use super::DataBackupTask;
use super::history::{SETS_MAX, standing};
use crate::context::Context;
use crate::error::Error;
use crate::flows::backup_physical::{Lane, State};
use crate::tasks::view;
use crate::words;

/// How many of a cluster's sets are looked through for a full one.
const LOOKED_THROUGH: u32 = 200;

/// Tells whether the catalogue knows a full physical set of the cluster. The task itself asks the cluster.
pub(super) async fn has_full_set(context: &Context, cluster: ClusterId) -> Result<bool, Error> {
    let query = BackupSetQuery {
        cluster: Some(cluster),
        statuses: vec![BackupSetStatus::Available, BackupSetStatus::Unverified],
        ..BackupSetQuery::default()
    };
    let sets = context.metadata.backup_set_list(&query, Slice { offset: 0, limit: LOOKED_THROUGH }).await?;
    Ok(sets.items.iter().any(|set| set.method == BackupMethod::Physical && set.mode == DataBackupMode::Full))
}

/// Returns one row for each lane and, where a job has made sets of several tenants, for each of those; none for a task
/// of a version that this program can't read.
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
        task: TaskId(task.id.0),
        creator: task.creator.clone(),
        cluster: state.cluster,
        cluster_name: state.cluster_name.clone(),
        tenant,
        tenant_name: name.to_owned(),
        method: BackupMethod::Physical,
        mode: set.map_or(state.mode, |set| set.mode),
        backup_set: set.map(|set| set.id),
        uri: known.data_path.clone(),
        status,
        problem: failed.and_then(|row| row.note.clone()).map(words::text),
        bytes: seen.map(|seen| seen.output_bytes),
        started: task.started_at.map(view::moment),
        finished: task.finished_at.filter(|_| status != TaskStatus::Running).map(view::moment),
    }
}
