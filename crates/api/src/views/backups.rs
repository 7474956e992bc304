//! Options for a backup, and backup sets.

use control::backups::{Ability, DataBackupTask, DataBackupTasks, Overview};
use control::strategies::{ScheduleStanding, ScheduleStatus};
use model::backup_set::BackupSet;
use model::inventory::Missing;
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::backup_now::BackupDimension;
use super::left_out::MissingObjectView;
use super::strategy_runs::{PlannedRunView, StrategyRunView};
use super::words;
use crate::call;
use crate::envelope::{List, ListPage};
use crate::error::{ErrorView, Words};

/// What can be backed up of a cluster, and the defaults.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AbilityView {
    /// The available methods.
    backup_ability: words::BackupAbility,
    /// The default method.
    backup_mode: words::BackupMode,
    /// The available modes.
    ob_data_backup_support_ability: SupportView,
    /// Why no backup is possible now.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<ErrorView>,
    /// Why no logical backup is possible, if so: for a cluster, when it is not possible for any tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_disabled: Option<ErrorView>,
    /// The default storage configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_id: Option<i64>,
    /// Why it is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_source: Option<words::StorageSource>,
    /// The backup strategy with the default method and storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy_id: Option<i64>,
}

/// The available modes of data backup.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SupportView {
    /// Whether a full backup can be chosen.
    full_backup_enabled: bool,
    /// Whether an incremental backup can be chosen.
    increment_backup_enabled: bool,
    /// Whether the full backup for an incremental one exists.
    can_do_incremental_backup: bool,
    /// Notes on the choice.
    hint: Option<String>,
}

impl From<Ability> for AbilityView {
    fn from(ability: Ability) -> Self {
        let Ability {
            ability,
            preferred,
            full_enabled,
            incremental_enabled,
            can_do_incremental,
            hint,
            disabled,
            logical_disabled,
            storage,
            strategy,
        } = ability;
        let language = call::language();
        Self {
            backup_ability: ability.into(),
            backup_mode: preferred.into(),
            ob_data_backup_support_ability: SupportView {
                full_backup_enabled: full_enabled,
                increment_backup_enabled: incremental_enabled,
                can_do_incremental_backup: can_do_incremental,
                hint: hint.map(|hint| hint.message(language)),
            },
            disabled: disabled.map(|problem| ErrorView::of(&problem, language)),
            logical_disabled: logical_disabled.map(|problem| ErrorView::of(&problem, language)),
            storage_id: storage.map(|(id, _)| id.0),
            storage_source: storage.map(|(_, source)| source.into()),
            strategy_id: strategy.map(|id| id.0),
        }
    }
}

/// The backup status of one cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverviewView {
    /// The ID of the cluster in Lifeboat.
    cluster_id: i64,
    /// OceanBase's ID of it.
    ob_cluster_id: i64,
    /// The name of the cluster.
    cluster_name: String,
    /// The role of the cluster; always `PRIMARY` since 4.0, where tenants have roles.
    ob_cluster_type: words::ClusterType,
    /// Whether the cluster is a standby cluster, or has one.
    primary_and_standby_mode: bool,
    /// Product and version.
    ob_version: String,
    /// Whether it responded at the last refresh.
    ob_cluster_status: words::ClusterStatus,
    /// The status of major compaction; none if the cluster does not respond.
    compaction_status: Option<words::CompactionStatus>,
    /// Whether it is backed up automatically.
    ob_cluster_backup_status: ClusterBackupStatus,
    /// The available backup methods.
    ob_backup_ability: words::BackupAbility,
    /// Whether whole clusters or tenants are backed up.
    #[schema(example = "TENANT")]
    backup_dimension: BackupDimension,
    /// The status of its schedule.
    backup_schedule_status: words::BackupScheduleStatus,
    /// The next run of the strategy; none while it is paused.
    next_backup_run: Option<PlannedRunView>,
    /// The newest run of the strategy.
    last_backup_run: Option<StrategyRunView>,
    /// The running backup task.
    running_task_id: Option<i64>,
    /// When the newest backup set was completed.
    #[schema(format = DateTime)]
    last_data_backup_time: Option<String>,
    /// The number of backup sets.
    backup_set_count: u64,
    /// Their size, in the unit below.
    backup_size: u64,
    /// The unit of sizes.
    #[schema(example = "B")]
    ob_storage_volume_unit: &'static str,
    /// The checkpoint up to which the logs of all tenants are backed up; none while no log backup is running.
    #[schema(format = DateTime)]
    latest_log_backup_checkpoint: Option<String>,
    /// The delay of log backup in seconds, by the database's clock.
    log_backup_delay_seconds: Option<u64>,
    /// Why the cluster does not respond; live information is omitted then.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_error: Option<ErrorView>,
}

/// Whether a cluster is backed up automatically.
#[derive(Serialize, ToSchema)]
pub(crate) enum ClusterBackupStatus {
    /// A strategy of the cluster or of one of its tenants does.
    #[serde(rename = "HAS_BACKUP_STRATEGY")]
    HasBackupStrategy,
    /// Nothing does.
    #[serde(rename = "NO_BACKUP_STRATEGY")]
    NoBackupStrategy,
}

impl From<Overview> for OverviewView {
    fn from(overview: Overview) -> Self {
        let Overview { cluster, running, last_data_backup, backup_sets, backup_bytes, schedule, live } =
            overview;
        let ScheduleStanding { status: schedule, next, last, .. } = schedule;
        let whole = cluster.facts.generation == model::ability::Generation::Gen3;
        Self {
            cluster_id: cluster.id.0,
            ob_cluster_id: cluster.facts.ob_cluster_id,
            cluster_name: cluster.name,
            ob_cluster_type: cluster.facts.role.into(),
            primary_and_standby_mode: cluster.facts.has_standby
                || cluster.facts.role == model::cluster::ClusterRole::Standby,
            ob_version: cluster.facts.server.to_string(),
            ob_cluster_status: cluster.status.into(),
            compaction_status: live.as_ref().ok().map(|live| live.compaction.into()),
            ob_cluster_backup_status: match schedule {
                ScheduleStatus::None => ClusterBackupStatus::NoBackupStrategy,
                _ => ClusterBackupStatus::HasBackupStrategy,
            },
            ob_backup_ability: cluster.facts.ability.into(),
            backup_dimension: if whole { BackupDimension::Cluster } else { BackupDimension::Tenant },
            backup_schedule_status: schedule.into(),
            next_backup_run: next.map(Into::into),
            last_backup_run: last.map(Into::into),
            running_task_id: running.map(|task| task.0),
            last_data_backup_time: last_data_backup.map(Timestamp::to_rfc3339),
            backup_set_count: backup_sets,
            backup_size: backup_bytes,
            ob_storage_volume_unit: "B",
            latest_log_backup_checkpoint: live
                .as_ref()
                .ok()
                .and_then(|live| live.log_checkpoint)
                .map(Timestamp::to_rfc3339),
            log_backup_delay_seconds: live
                .as_ref()
                .ok()
                .and_then(|live| live.log_delay_us)
                .map(|delay_us| delay_us / 1_000_000),
            cluster_error: live.err().map(|problem| ErrorView::of(&problem, call::language())),
        }
    }
}

/// How a physical backup set is restored manually.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestoreStatementsView {
    /// The statements in their order, for one connection of the sys tenant; keys are masked.
    pub(crate) statements: Vec<String>,
}

/// One page of data backups.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataBackupTasksView {
    /// Its rows, newest first; a task of several tenants is not split.
    contents: Vec<DataBackupTaskView>,
    /// The page, counted in tasks.
    page: ListPage,
    /// Why foreign jobs on the cluster are not included.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_error: Option<ErrorView>,
}

impl From<DataBackupTasks> for DataBackupTasksView {
    fn from(tasks: DataBackupTasks) -> Self {
        let DataBackupTasks { page, others_unknown } = tasks;
        let (contents, page) = List::of(page).into_parts();
        let cluster_error = others_unknown.map(|problem| ErrorView::of(&problem, call::language()));
        Self { contents, page, cluster_error }
    }
}

/// The backup of one tenant, by its task, or by a foreign job on the cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataBackupTaskView {
    /// The task; none for a foreign job.
    task_id: Option<i64>,
    /// The kind of initiator.
    source: words::BackupSource,
    /// The initiator; none for a foreign job.
    creator: Option<String>,
    /// The cluster's own number of the job, if it is known.
    ob_job_id: Option<i64>,
    /// The cluster.
    cluster_id: i64,
    /// The cluster's name.
    cluster_name: String,
    /// The tenant.
    tenant_id: i64,
    /// OceanBase's ID of the tenant: the same.
    ob_tenant_id: i64,
    /// The tenant's name.
    tenant_name: String,
    /// Its method.
    backup_mode: words::BackupMode,
    /// Its mode.
    data_backup_task_type: words::DataBackupMode,
    /// Its backup set in the catalogue.
    backup_set_id: Option<i64>,
    /// The cluster's own number of the set, if it is known.
    ob_backup_set_id: Option<i64>,
    /// Its location; empty while unknown.
    backup_uri: String,
    /// The status of this tenant's part.
    status: words::TaskStatus,
    /// Whether the set left something out without consent.
    partial: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Words>,
    /// Why it failed, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
    /// Its size in bytes.
    bytes: Option<u64>,
    /// When it was started.
    #[schema(format = DateTime)]
    start_time: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    finish_time: Option<String>,
}

impl From<DataBackupTask> for DataBackupTaskView {
    fn from(task: DataBackupTask) -> Self {
        let DataBackupTask {
            task,
            source,
            creator,
            job,
            cluster,
            cluster_name,
            tenant,
            tenant_name,
            method,
            mode,
            backup_set,
            is_partial,
            set_number,
            uri,
            status,
            problem,
            bytes,
            started,
            finished,
        } = task;
        Self {
            task_id: task.map(|task| task.0),
            source: source.into(),
            creator,
            ob_job_id: job,
            cluster_id: cluster.0,
            cluster_name,
            tenant_id: tenant.0,
            ob_tenant_id: tenant.0,
            tenant_name,
            backup_mode: method.into(),
            data_backup_task_type: mode.into(),
            backup_set_id: backup_set.map(|id| id.0),
            ob_backup_set_id: set_number,
            backup_uri: uri,
            status: status.into(),
            partial: is_partial,
            error_msg: problem.as_ref().map(|text| text.message(call::language())),
            error: problem.as_ref().map(Words::here),
            bytes,
            start_time: started.map(Timestamp::to_rfc3339),
            finish_time: finished.map(Timestamp::to_rfc3339),
        }
    }
}

/// A completed backup of one tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupSetView {
    /// Its identity.
    backup_set_id: i64,
    /// Its task.
    task_id: i64,
    /// Its cluster.
    cluster_id: i64,
    /// The name of the cluster at that time.
    cluster_name: String,
    /// Its tenant.
    tenant_id: i64,
    /// OceanBase's ID of the tenant: the same.
    ob_tenant_id: i64,
    /// The name of the tenant at that time.
    tenant_name: String,
    /// Its method.
    backup_mode: words::BackupMode,
    /// Its mode.
    data_backup_task_type: words::DataBackupMode,
    /// Its location.
    storage_id: i64,
    /// The folder below the storage's base.
    path: String,
    /// The SCN of its snapshot; text, because it has 19 digits.
    scn: String,
    /// The time of its snapshot.
    #[schema(format = DateTime)]
    consistent_time: String,
    /// Its size in bytes.
    bytes: u64,
    /// Its number of rows.
    rows: u64,
    /// Its number of tables.
    tables: u64,
    /// When its task started.
    #[schema(format = DateTime)]
    start_time: String,
    /// When it was completed.
    #[schema(format = DateTime)]
    finish_time: String,
    /// Its status. A partial set left something out without consent, and does not count as a backup.
    status: words::BackupSetStatus,
    /// The objects of the server that the set does not contain, or may not contain.
    left_out: Vec<MissingObjectView>,
}

impl From<BackupSet> for BackupSetView {
    fn from(set: BackupSet) -> Self {
        let BackupSet {
            id,
            task,
            cluster,
            cluster_name,
            tenant,
            tenant_name,
            method,
            mode,
            storage,
            path,
            scn,
            bytes,
            rows,
            tables,
            started,
            finished,
            status,
            left_out,
        } = set;
        let missing = |object| Missing { tenant: tenant_name.clone(), object }.into();
        let left_out = left_out.into_iter().map(missing).collect();
        Self {
            backup_set_id: id.0,
            task_id: task.0,
            cluster_id: cluster.0,
            cluster_name,
            tenant_id: tenant.0,
            ob_tenant_id: tenant.0,
            tenant_name,
            backup_mode: method.into(),
            data_backup_task_type: mode.into(),
            storage_id: storage.0,
            path,
            scn: scn.to_string(),
            consistent_time: Timestamp::from_scn(scn).to_rfc3339(),
            bytes,
            rows,
            tables,
            start_time: started.to_rfc3339(),
            finish_time: finished.to_rfc3339(),
            status: status.into(),
            left_out,
        }
    }
}
