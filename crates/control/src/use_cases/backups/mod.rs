//! Options for a backup, Back up Now, and backup sets.

mod ability;
mod all;
mod contents;
mod foreign;
mod history;
mod overview;
mod physical;
mod restore_statement;
mod standing;

use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::{TaskQuery, subject};
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, ClusterId, TaskId, TenantId};
pub use model::order::BackupNow;
use model::order::{BACKUP_NOW, BackupOrder, IdempotencyKey, Order};
use model::task::TaskStatus;
use model::text::Text;
use model::time::Timestamp;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Attempt;
use crate::context::Control;
use crate::error::Error;
pub use crate::flows::{Plan, PlannedStep};
use crate::flows::{backup_logical, backup_physical};
use crate::orders;
pub use crate::orders::{Accepted, StorageSource};
use crate::page::{Page, PageAsk};
pub use ability::{Ability, ability};
pub use all::{AllOverview, ClusterStanding, Ended, all_overview};
pub use contents::{databases_in_set, tables_in_set};
pub use history::{DataBackupTasks, data_backup_tasks};
pub use overview::{Live, Overview, overview};
pub use restore_statement::{RestoreInto, restore_statements};

/// A filter for backups; `None` does not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFilter {
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// This one.
    pub backup_set: Option<BackupSetId>,
    /// In this state.
    pub status: Option<TaskStatus>,
    /// Started at this time or later.
    pub from: Option<Timestamp>,
    /// Started before this time.
    pub until: Option<Timestamp>,
}

/// Who began a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupSource {
    /// A user of Lifeboat.
    Manual,
    /// A backup strategy, here.
    Scheduled,
    /// Another user, on the cluster itself.
    Other,
}

/// The backup of one tenant, by its task, or by a foreign job on the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DataBackupTask {
    /// The task; none for a foreign job.
    pub task: Option<TaskId>,
    /// The kind of initiator.
    pub source: BackupSource,
    /// The initiator; none for a foreign job.
    pub creator: Option<String>,
    /// The cluster's own number of the job, if it is known.
    pub job: Option<i64>,
    /// The cluster.
    pub cluster: ClusterId,
    /// The cluster's name.
    pub cluster_name: String,
    /// The tenant.
    pub tenant: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// Its method.
    pub method: BackupMethod,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// Its backup set in the catalogue.
    pub backup_set: Option<BackupSetId>,
    /// Whether objects are missing in the set without consent.
    pub is_partial: bool,
    /// The cluster's own number of the set, if it is known.
    pub set_number: Option<i64>,
    /// The location of the set, as a URI; empty while unknown.
    pub uri: String,
    /// The status of this tenant's part.
    pub status: TaskStatus,
    /// Why it failed.
    pub problem: Option<Text>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// Starts a backup. With a key, the same request starts one backup, even if it is sent again within a week.
///
/// # Errors
/// When a rule refuses it: 20007 if another backup is running, 20036 if the cluster is being upgraded, 20108 and 20110
/// for a method or mode that the cluster does not offer, and others for the contents of the request.
pub async fn backup_now(
    control: &Control,
    actor: &Actor,
    wish: BackupNow,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    let attempt = Attempt::new(actor, BACKUP_NOW, format!("cluster/{}", wish.cluster));
    let order = attempt.watch(&control.context, settled(control, actor, wish)).await?;
    orders::submit(control, actor, Order::Backup(order), key).await
}

/// Returns the plan of a backup. Writes nothing, and creates no task.
///
/// # Errors
/// As [`backup_now`], and the errors that the checks of the task itself would find on the cluster.
pub async fn plan(control: &Control, actor: &Actor, wish: BackupNow) -> Result<Plan, Error> {
    match settled(control, actor, wish).await? {
        BackupOrder::Logical(order) => backup_logical::plan::plan(&control.context, order).await,
        BackupOrder::Physical(order) => backup_physical::plan::plan(&control.context, order).await,
    }
}

/// Determines method and mode of the backup, as far as possible without querying the cluster.
async fn settled(control: &Control, actor: &Actor, wish: BackupNow) -> Result<BackupOrder, Error> {
    actor.must(Permission::Backup)?;
    let cluster = control.context.cluster(wish.cluster).await?;
    Ok(wish.settled(cluster.facts.ability)?)
}

/// Returns backup sets, newest first. The filter's status is that of tasks and has no effect here.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn backup_sets(
    control: &Control,
    actor: &Actor,
    filter: &BackupFilter,
    page: PageAsk,
) -> Result<Page<BackupSet>, Error> {
    actor.must(Permission::Read)?;
    if let Some(id) = filter.backup_set {
        return Ok(page.of(vec![control.context.backup_set(id).await?]));
    }
    let query = BackupSetQuery {
        cluster: filter.cluster,
        tenant: filter.tenant,
        statuses: vec![
            BackupSetStatus::Available,
            BackupSetStatus::Unverified,
            BackupSetStatus::Partial,
            BackupSetStatus::Foreign,
        ],
        from: filter.from,
        until: filter.until,
        ..BackupSetQuery::default()
    };
    Ok(page.filled(control.metadata().backup_set_list(&query, page.slice()).await?))
}

/// Returns a backup set.
///
/// # Errors
/// When there is none.
pub async fn backup_set(control: &Control, actor: &Actor, id: BackupSetId) -> Result<BackupSet, Error> {
    actor.must(Permission::Read)?;
    control.context.backup_set(id).await
}

/// Returns the initiator of a task's backup.
fn source_of(task: &engine::Task) -> BackupSource {
    if task.subject.contains_key(subject::STRATEGY) { BackupSource::Scheduled } else { BackupSource::Manual }
}

/// Returns the query for backup tasks.
pub(crate) fn backups_of(cluster: Option<ClusterId>) -> TaskQuery {
    TaskQuery {
        kinds: orders::backup_kinds(),
        subjects: cluster.iter().map(|id| (subject::CLUSTER.to_owned(), id.to_string())).collect(),
        without_withdrawn: true,
        ..TaskQuery::default()
    }
}
