//! The backups of tenants, by their tasks.

use std::collections::BTreeMap;

use engine::{Flow as _, Task};
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::{TaskQuery, subject};
use model::Problem;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::BackupSetStatus;
use model::id::{StorageId, TaskId};
use model::storage::Storage;
use model::task::TaskStatus;
use model::time::Timestamp;
use model::user::Permission;

use super::standing::{SETS_MAX, standing};
use super::{BackupFilter, DataBackupTask, backups_of, foreign, physical, source_of};
use crate::actor::Actor;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::flows::backup_logical::{Lane, State, place};
use crate::flows::backup_physical::BackupPhysical;
use crate::page::{Page, PageAsk};
use crate::tasks::{stored_statuses, view};
use crate::words;

/// A page of the backups of tenants, and whether it includes foreign jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct DataBackupTasks {
    /// The page.
    pub page: Page<DataBackupTask>,
    /// Why foreign jobs on the cluster are not included.
    pub others_unknown: Option<Problem>,
}

/// Returns the backups of tenants, newest first, and the foreign ones of a cluster, if one is named. Pages consist of
/// tasks: a task of several tenants stays on one page.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails; never because the cluster does not answer.
pub async fn data_backup_tasks(
    control: &Control,
    actor: &Actor,
    filter: &BackupFilter,
    page: PageAsk,
) -> Result<DataBackupTasks, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    if let Some(set) = filter.backup_set {
        let task = context.task(context.backup_set(set).await?.task).await?;
        let page = page.of(of_tasks(context, &[task], filter).await?.into_iter().flatten().collect());
        return Ok(DataBackupTasks { page, others_unknown: None });
    }
    let others = match filter.cluster {
        Some(id) => foreign::jobs(context, &context.cluster(id).await?, filter).await,
        None => Ok(Vec::new()),
    };
    let (others, others_unknown) = match others {
        Ok(others) => (others, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    // Every foreign job can move our tasks by one place. So the slice starts that many tasks earlier.
    let Slice { offset, limit } = page.slice();
    let spare = others.len() as u64;
    let first = offset.saturating_sub(spare);
    let wanted = u64::from(limit) + offset - first;
    let slice = Slice { offset: first, limit: u32::try_from(wanted).unwrap_or(u32::MAX) };
    let tasks = context.metadata.task_list(&query(filter), slice).await?;
    let ours = of_tasks(context, &tasks.items, filter).await?;
    let begun = tasks.items.iter().map(|task| view::moment(task.started_at.unwrap_or(task.created_at)));
    let ours = begun.zip(ours).collect();
    let skipped = usize::try_from(offset - first).unwrap_or(usize::MAX);
    let contents = merged(ours, others).into_iter().skip(skipped).take(limit as usize).flatten().collect();
    let total_elements = tasks.total + spare;
    let page = Page { contents, number: page.number(), size: page.size(), total_elements };
    Ok(DataBackupTasks { page, others_unknown })
}

/// Merges our tasks and the foreign jobs, newest first.
fn merged(
    ours: Vec<(Timestamp, Vec<DataBackupTask>)>,
    others: Vec<DataBackupTask>,
) -> Vec<Vec<DataBackupTask>> {
    let mut others = others.into_iter().peekable();
    let mut all = Vec::new();
    for (begun, rows) in ours {
        // A job that is about to start has no start time yet: it is the newest.
        while let Some(other) = others.next_if(|other| other.started.is_none_or(|moment| moment > begun)) {
            all.push(vec![other]);
        }
        all.push(rows);
    }
    all.extend(others.map(|other| vec![other]));
    all
}

async fn of_tasks(
    context: &Context,
    tasks: &[Task],
    filter: &BackupFilter,
) -> Result<Vec<Vec<DataBackupTask>>, Error> {
    let mut storages = BTreeMap::new();
    let mut all = Vec::with_capacity(tasks.len());
    for task in tasks {
        let mut rows = of_task(context, task, &mut storages).await?;
        rows.retain(|row| filter.tenant.is_none_or(|tenant| row.tenant == tenant));
        all.push(rows);
    }
    Ok(all)
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

/// Returns one row for each tenant; none if this version cannot read the task.
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
            task: Some(TaskId(task.id.0)),
            source: source_of(task),
            creator: Some(task.creator.clone()),
            job: None,
            cluster: state.cluster,
            cluster_name: state.cluster_name.clone(),
            tenant,
            tenant_name: lane.key.clone(),
            method: BackupMethod::Logical,
            mode: DataBackupMode::Full,
            backup_set: set.map(|set| set.id),
            is_partial: set.is_some_and(|set| set.status == BackupSetStatus::Partial),
            set_number: None,
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
