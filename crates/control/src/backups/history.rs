//! The backups of tenants, by the tasks that make or made them.

use std::collections::BTreeMap;

use engine::{Flow as _, Row, StepStatus, Task};
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::{TaskQuery, subject};
use model::backup::{BackupMethod, DataBackupMode};
use model::id::{StorageId, TaskId};
use model::storage::Storage;
use model::task::TaskStatus;
use model::user::Permission;

use super::{BackupFilter, DataBackupTask, backups_of, physical};
use crate::actor::Actor;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::flows::backup_logical::{Lane, State, place};
use crate::flows::backup_physical::BackupPhysical;
use crate::page::{Page, PageAsk};
use crate::tasks::{stored_statuses, view};
use crate::words;

/// The most tenants of one task whose backup sets are looked up.
pub(super) const SETS_MAX: u32 = 2_000;

/// Returns the backups of tenants, the newest task first. Pages are made of tasks: a task of several tenants stays
/// whole, on one page.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn data_backup_tasks(
    control: &Control,
    actor: &Actor,
    filter: &BackupFilter,
    page: PageAsk,
) -> Result<Page<DataBackupTask>, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let tasks = match filter.backup_set {
        Some(set) => {
            let task = context.task(context.backup_set(set).await?.task).await?;
            page.of(vec![task])
        }
        None => page.filled(context.metadata.task_list(&query(filter), page.slice()).await?),
    };
    let mut storages = BTreeMap::new();
    let mut contents = Vec::new();
    for task in &tasks.contents {
        contents.extend(of_task(context, task, &mut storages).await?);
    }
    contents.retain(|row| filter.tenant.is_none_or(|tenant| row.tenant == tenant));
    let Page { number, size, total_elements, .. } = tasks;
    Ok(Page { contents, number, size, total_elements })
}

fn query(filter: &BackupFilter) -> TaskQuery {
    let mut query = TaskQuery {
        statuses: filter.status.map(stored_statuses).unwrap_or_default(),
        from: filter.from,
        until: filter.until,
        ..backups_of(filter.cluster)
    };
    query.subjects.extend(filter.tenant.map(|tenant| (subject::TENANT.to_owned(), tenant.to_string())));
    query
}

/// Returns one row for each tenant; none for a task of a version that this program can't read.
async fn of_task(
    context: &Context,
    task: &Task,
    storages: &mut BTreeMap<StorageId, Option<Storage>>,
) -> Result<Vec<DataBackupTask>, Error> {
    if task.kind == BackupPhysical::KIND {
        return physical::of_task(context, task).await;
    }
    let Ok(state) = serde_json::from_value::<State>(task.state.clone()) else { return Ok(Vec::new()) };
    let storage = match storages.get(&state.storage) {
        Some(known) => known.clone(),
        None => {
            let found = context.metadata.storage_get(state.storage).await?;
            storages.entry(state.storage).or_insert(found).clone()
        }
    };
    let of_task = BackupSetQuery { task: Some(TaskId(task.id.0)), ..BackupSetQuery::default() };
    let sets = context.metadata.backup_set_list(&of_task, Slice { offset: 0, limit: SETS_MAX }).await?.items;
    let rows = task.lanes.iter().filter_map(|lane| {
        let known: Lane = serde_json::from_value(lane.state.clone()).ok()?;
        let tenant = *state.tenants.get(&lane.key)?;
        let set = sets.iter().find(|set| set.tenant == tenant);
        let folder = place(task.id, &state, &known, tenant);
        let uri = storage.as_ref().map_or(folder.clone(), |storage| storage.location.below(&folder).uri());
        let (status, failed) = standing(task, &lane.key, set.is_some());
        Some(DataBackupTask {
            task: TaskId(task.id.0),
            creator: task.creator.clone(),
            cluster: state.cluster,
            cluster_name: state.cluster_name.clone(),
            tenant,
            tenant_name: lane.key.clone(),
            method: BackupMethod::Logical,
            mode: DataBackupMode::Full,
            backup_set: set.map(|set| set.id),
            uri,
            status,
            problem: failed.and_then(|row| row.note.clone()).map(words::text),
            bytes: known.complete.map(|complete| complete.bytes),
            started: task.started_at.map(view::moment),
            finished: task.finished_at.filter(|_| status != TaskStatus::Running).map(view::moment),
        })
    });
    Ok(rows.collect())
}

/// Returns how a tenant's part stands, and where it failed.
pub(super) fn standing<'a>(task: &'a Task, lane: &str, is_recorded: bool) -> (TaskStatus, Option<&'a Row>) {
    // What fails before or behind the lanes fails for all of them.
    let in_common = || task.rows.iter().find(|row| !row.is_lane() && row.status == StepStatus::Failed);
    let failed = task.lane_failure(lane).or_else(in_common);
    let status = match failed {
        None if is_recorded => TaskStatus::Successful,
        Some(_) if task.status.is_finished() => TaskStatus::Failed,
        _ => view::status(task.status),
    };
    (status, failed)
}
