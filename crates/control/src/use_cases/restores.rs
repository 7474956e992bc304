//! Recovering a backup set, or a tenant or tables of it to a given time.

use std::collections::BTreeMap;

use engine::{Flow as _, StepStatus, Task};
use metadata::tasks::{TaskQuery, subject};
use model::backup::{BackupMethod, BackupObject};
use model::id::{BackupSetId, ClusterId, TaskId, TenantId};
use model::not_made::NotMade;
use model::order::{ClusterRecovery, IdempotencyKey, Order, RecoveryOrder, TableRecovery, TenantRecovery};
use model::physical::resources::TargetResources;
use model::recovery::RecoveryRequest;
use model::storage::Storage;
use model::task::TaskStatus;
use model::text::Text;
use model::time::Timestamp;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::flows::recover_tables::{self, RecoverTables, State as TablesState};
use crate::flows::recovery_source::Origin;
use crate::flows::restore_cluster;
pub use crate::flows::restore_cluster::plan::{ClusterRecoveryPlan, PlannedTenant, PlannedUnits};
use crate::flows::restore_logical::{self, State};
use crate::flows::restore_tenant::{self, RestoreTenant, State as TenantState};
use crate::flows::{Plan, recovery_kinds};
use crate::orders::{self, Accepted};
use crate::page::{Page, PageAsk};
use crate::tasks::{stored_statuses, view};
use crate::words;
pub use oceanbase::physical::Previewed;

/// A filter for recoveries; `None` does not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreFilter {
    /// Into this cluster.
    pub cluster: Option<ClusterId>,
    /// Into this tenant.
    pub tenant: Option<TenantId>,
    /// In this state.
    pub status: Option<TaskStatus>,
    /// Started at this time or later.
    pub from: Option<Timestamp>,
    /// Started before this time.
    pub until: Option<Timestamp>,
}

/// A recovery, by its task.
#[derive(Debug, Clone, PartialEq)]
pub struct RestoreTask {
    /// The task.
    pub task: TaskId,
    /// The recovery of a whole cluster that it belongs to, if any.
    pub parent: Option<TaskId>,
    /// The initiator.
    pub creator: String,
    /// The method of the backup.
    pub method: BackupMethod,
    /// The recovered set in the catalogue; none for a recovery from the cluster's own sets.
    pub backup_set: Option<BackupSetId>,
    /// The cluster that was backed up; none for a recovery from a storage alone.
    pub backup_cluster: Option<ClusterId>,
    /// OceanBase's ID of that cluster, if known.
    pub backup_ob_cluster: Option<i64>,
    /// That cluster's name.
    pub backup_cluster_name: String,
    /// The tenant that was backed up.
    pub backup_tenant: TenantId,
    /// That tenant's name.
    pub backup_tenant_name: String,
    /// The target cluster.
    pub cluster: ClusterId,
    /// That cluster's name.
    pub cluster_name: String,
    /// The tenant that is recovered into; none until the database has created it.
    pub tenant: Option<TenantId>,
    /// That tenant's name.
    pub tenant_name: String,
    /// The resource pools of a new tenant.
    pub pools: Vec<String>,
    /// The new name of each database, by its name in the set.
    pub databases: BTreeMap<String, String>,
    /// The selected databases, and tables of other databases; empty means all of `databases`.
    pub objects: Vec<BackupObject>,
    /// The location of the backup set, as a URI.
    pub uri: String,
    /// The time to recover to; none until it is decided.
    pub until: Option<Timestamp>,
    /// Its status.
    pub status: TaskStatus,
    /// The objects of the set that the recovery did not create, as far as known.
    pub not_made: Vec<NotMade>,
    /// Why it failed.
    pub problem: Option<Text>,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// Starts a recovery.
///
/// # Errors
/// When a rule refuses it: 20043 if a recovery into these databases is running, 20120 if the set can't be read, and
/// others for the contents of the request.
pub async fn restore(
    control: &Control,
    actor: &Actor,
    wish: RecoveryRequest,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    orders::submit(control, actor, Order::Recovery(RecoveryOrder::Databases(wish)), key).await
}

/// Starts the recovery of a tenant from a physical backup.
///
/// # Errors
/// When a rule refuses it: 20043 if a recovery into a tenant of that name is running, and others for the contents of
/// the request.
pub async fn restore_tenant(
    control: &Control,
    actor: &Actor,
    wish: TenantRecovery,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    orders::submit(control, actor, Order::Recovery(RecoveryOrder::Tenant(Box::new(wish))), key).await
}

/// Returns the plan of a tenant recovery. Writes nothing, and creates no task.
///
/// # Errors
/// As [`restore_tenant`], and the errors that the checks of the task itself would find: 20049 for a time that is not
/// recoverable, 20044 for a name that exists, 20040 for missing resources of the cluster.
pub async fn plan_tenant(control: &Control, actor: &Actor, wish: TenantRecovery) -> Result<Plan, Error> {
    actor.must(Permission::Backup)?;
    restore_tenant::plan::plan(&control.context, wish).await
}

/// Returns the sets and pieces that the recovery of a tenant would read.
///
/// # Errors
/// As [`plan_tenant`].
pub async fn preview_tenant(
    control: &Control,
    actor: &Actor,
    wish: TenantRecovery,
) -> Result<Vec<Previewed>, Error> {
    actor.must(Permission::Backup)?;
    restore_tenant::plan::previewed(&control.context, wish).await
}

/// Starts the recovery of tables from a physical backup into an existing tenant.
///
/// # Errors
/// When a rule refuses it: 20043 if a recovery into that tenant is running, 20108 for a version that recovers no
/// tables, and others for the contents of the request.
pub async fn restore_tables(
    control: &Control,
    actor: &Actor,
    wish: TableRecovery,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    orders::submit(control, actor, Order::Recovery(RecoveryOrder::Tables(Box::new(wish))), key).await
}

/// Returns the plan of a recovery of tables. Writes nothing, and creates no task.
///
/// # Errors
/// As [`restore_tables`], and the errors that the checks of the task itself would find.
pub async fn plan_tables(control: &Control, actor: &Actor, wish: TableRecovery) -> Result<Plan, Error> {
    actor.must(Permission::Backup)?;
    recover_tables::plan::plan(&control.context, wish).await
}

/// Returns the sets and pieces that a recovery of tables would read.
///
/// # Errors
/// As [`plan_tables`].
pub async fn preview_tables(
    control: &Control,
    actor: &Actor,
    wish: TableRecovery,
) -> Result<Vec<Previewed>, Error> {
    actor.must(Permission::Backup)?;
    recover_tables::plan::previewed(&control.context, wish).await
}

/// Starts the recovery of the tenants of a cluster from their physical backups.
///
/// # Errors
/// When a rule refuses it: 20043 if such a recovery into the same cluster is running, and others for the contents of
/// the request.
pub async fn restore_cluster(
    control: &Control,
    actor: &Actor,
    wish: ClusterRecovery,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    orders::submit(control, actor, Order::Recovery(RecoveryOrder::Cluster(Box::new(wish))), key).await
}

/// Returns the plan of a recovery of a cluster's tenants. Writes nothing, and creates no task.
///
/// # Errors
/// As [`restore_cluster`], and the errors that the checks of the task itself would find: 20049 for a time that is not
/// recoverable, 20044 for a name that exists, 20040 for missing resources of the cluster.
pub async fn plan_cluster(
    control: &Control,
    actor: &Actor,
    wish: ClusterRecovery,
) -> Result<ClusterRecoveryPlan, Error> {
    actor.must(Permission::Backup)?;
    restore_cluster::plan::plan(&control.context, actor, wish).await
}

/// Returns the plan of a recovery. Writes nothing, and creates no task.
///
/// # Errors
/// As [`restore`], and the errors that the checks of the task itself would find at the destination.
pub async fn plan(control: &Control, actor: &Actor, wish: RecoveryRequest) -> Result<Plan, Error> {
    actor.must(Permission::Backup)?;
    restore_logical::plan::plan(&control.context, actor, &wish).await
}

/// Returns recoveries, newest first.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn restore_tasks(
    control: &Control,
    actor: &Actor,
    filter: &RestoreFilter,
    page: PageAsk,
) -> Result<Page<RestoreTask>, Error> {
    actor.must(Permission::Read)?;
    let mut query = TaskQuery {
        kinds: recovery_kinds(),
        statuses: filter.status.map(stored_statuses).unwrap_or_default(),
        from: filter.from,
        until: filter.until,
        ..TaskQuery::default()
    };
    query.subjects.extend(filter.cluster.map(|id| (subject::CLUSTER.to_owned(), id.to_string())));
    query.subjects.extend(filter.tenant.map(|id| (subject::TENANT.to_owned(), id.to_string())));
    let tasks = page.filled(control.metadata().task_list(&query, page.slice()).await?);
    let mut contents = Vec::new();
    for task in tasks.contents {
        // A task that this version cannot read is left out.
        if task.kind == RestoreTenant::KIND {
            let Ok(state) = serde_json::from_value(task.state.clone()) else { continue };
            contents.push(seen_tenant(&task, state));
        } else if task.kind == RecoverTables::KIND {
            let Ok(state) = serde_json::from_value(task.state.clone()) else { continue };
            contents.push(seen_tables(&task, state));
        } else {
            let Ok(state) = serde_json::from_value::<State>(task.state.clone()) else { continue };
            let storage = control.metadata().storage_get(state.storage).await?;
            contents.push(seen(&task, state, storage));
        }
    }
    Ok(Page { contents, number: tasks.number, size: tasks.size, total_elements: tasks.total_elements })
}

fn seen(task: &Task, state: State, storage: Option<Storage>) -> RestoreTask {
    let folder = format!("{}/{}", state.folder, state.dump);
    let failed = task.rows.iter().find(|row| row.status == StepStatus::Failed);
    let not_made = state.not_made().cloned().collect();
    RestoreTask {
        task: TaskId(task.id.0),
        parent: view::parent(task),
        creator: task.creator.clone(),
        method: BackupMethod::Logical,
        backup_set: Some(state.backup_set),
        backup_cluster: Some(state.backup_cluster),
        backup_ob_cluster: None,
        backup_cluster_name: state.backup_cluster_name,
        backup_tenant: state.backup_tenant,
        backup_tenant_name: state.backup_tenant_name,
        cluster: state.cluster,
        cluster_name: state.cluster_name,
        tenant: Some(state.tenant),
        tenant_name: state.tenant_name,
        pools: Vec::new(),
        databases: state.databases,
        objects: state.selection.0,
        uri: storage.map_or(folder.clone(), |storage| storage.location.below(&folder).uri()),
        until: Some(Timestamp::from_scn(state.scn)),
        status: view::status(task.status),
        not_made,
        problem: failed.and_then(|row| row.note.clone()).map(words::text),
        started: task.started_at.map(view::moment),
        finished: task.finished_at.filter(|_| task.status.is_finished()).map(view::moment),
    }
}

fn seen_tenant(task: &Task, state: TenantState) -> RestoreTask {
    let pools = match &state.resources {
        TargetResources::Pools(names) => names.clone(),
        TargetResources::Zones(_) => state.made_pools,
    };
    RestoreTask {
        tenant: state.tenant,
        tenant_name: state.tenant_name,
        pools,
        ..seen_physical(task, state.origin, state.restored_scn)
    }
}

fn seen_tables(task: &Task, state: TablesState) -> RestoreTask {
    RestoreTask {
        databases: state.databases(),
        objects: state.objects.into_iter().map(|object| object.from).collect(),
        tenant: Some(state.tenant),
        tenant_name: state.tenant_name,
        pools: state.pools,
        not_made: state.not_made,
        ..seen_physical(task, state.origin, state.recovered_scn)
    }
}

/// Describes what all recoveries from physical backups have. `scn` is the SCN in the database's view, 0 if unknown.
fn seen_physical(task: &Task, origin: Origin, scn: u64) -> RestoreTask {
    let failed = task.rows.iter().find(|row| row.status == StepStatus::Failed);
    let uri = origin.addresses();
    let settled = [scn, origin.scn.unwrap_or(0)].into_iter().find(|scn| *scn > 0);
    RestoreTask {
        task: TaskId(task.id.0),
        parent: view::parent(task),
        creator: task.creator.clone(),
        method: BackupMethod::Physical,
        backup_set: None,
        backup_cluster: origin.backup_cluster,
        backup_ob_cluster: Some(origin.backup_ob_cluster_id),
        backup_cluster_name: origin.backup_cluster_name,
        backup_tenant: origin.backup_tenant,
        backup_tenant_name: origin.backup_tenant_name,
        cluster: origin.cluster,
        cluster_name: origin.cluster_name,
        tenant: None,
        tenant_name: String::new(),
        pools: Vec::new(),
        databases: BTreeMap::new(),
        objects: Vec::new(),
        uri,
        until: settled.or_else(|| origin.until.scn(origin.generation)).map(Timestamp::from_scn),
        status: view::status(task.status),
        not_made: Vec::new(),
        problem: failed.and_then(|row| row.note.clone()).map(words::text),
        started: task.started_at.map(view::moment),
        finished: task.finished_at.filter(|_| task.status.is_finished()).map(view::moment),
    }
}
