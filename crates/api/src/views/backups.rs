//! What can be backed up, and what was.

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

/// What a cluster lets be backed up, and what is filled in when nobody chooses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AbilityView {
    /// Which methods there are.
    backup_ability: words::BackupAbility,
    /// The method that is filled in.
    backup_mode: words::BackupMode,
    /// Which modes there are.
    ob_data_backup_support_ability: SupportView,
    /// Why nothing can be backed up at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<ErrorView>,
    /// Why nothing can be backed up logically, if nothing can: of a cluster, when none of its tenants can.
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_disabled: Option<ErrorView>,
    /// The storage configuration that is filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_id: Option<i64>,
    /// Why that storage configuration is filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_source: Option<words::StorageSource>,
    /// The backup strategy whose method and storage are filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy_id: Option<i64>,
}

/// Which modes of data backup there are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SupportView {
    /// Whether a full backup can be chosen.
    full_backup_enabled: bool,
    /// Whether an incremental backup can be chosen.
    increment_backup_enabled: bool,
    /// Whether an incremental backup would find the full one that it needs.
    can_do_incremental_backup: bool,
    /// What to know before choosing.
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

/// How the backup of one cluster stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverviewView {
    /// The cluster's identity here.
    cluster_id: i64,
    /// The number that OceanBase knows it by.
    ob_cluster_id: i64,
    /// The cluster's name here.
    cluster_name: String,
    /// Product and version.
    ob_version: String,
    /// Whether it answered when last looked at.
    ob_cluster_status: words::ClusterStatus,
    /// What major compaction is doing; none when the cluster does not answer.
    compaction_status: Option<words::CompactionStatus>,
    /// Whether something backs it up by itself.
    ob_cluster_backup_status: ClusterBackupStatus,
    /// Which methods of backup it offers.
    ob_backup_ability: words::BackupAbility,
    /// Whether whole clusters or tenants are backed up.
    #[schema(example = "TENANT")]
    backup_dimension: BackupDimension,
    /// How what backs it up by itself stands.
    backup_schedule_status: words::BackupScheduleStatus,
    /// The next run of the strategy; none while it is paused.
    next_backup_run: Option<PlannedRunView>,
    /// What became of the newest due time of the strategy.
    last_backup_run: Option<StrategyRunView>,
    /// The backup task that runs.
    running_task_id: Option<i64>,
    /// When the newest backup set was finished.
    #[schema(format = DateTime)]
    last_data_backup_time: Option<String>,
    /// How many backup sets there are.
    backup_set_count: u64,
    /// How much they take, in the unit below.
    backup_size: u64,
    /// The unit of sizes.
    #[schema(example = "B")]
    ob_storage_volume_unit: &'static str,
    /// Up to when the logs of every tenant are backed up; none while no log backup runs.
    #[schema(format = DateTime)]
    latest_log_backup_checkpoint: Option<String>,
    /// How far log backup is behind, in seconds, by the database's clock.
    log_backup_delay_seconds: Option<u64>,
    /// Why the cluster does not respond; live information is omitted then.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_error: Option<ErrorView>,
}

/// Whether something backs a cluster up by itself.
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
        let ScheduleStanding { status: schedule, next, last } = schedule;
        let whole = cluster.facts.generation == model::ability::Generation::Gen3;
        Self {
            cluster_id: cluster.id.0,
            ob_cluster_id: cluster.facts.ob_cluster_id,
            cluster_name: cluster.name,
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
    /// The rows on it, the newest first; a task of several tenants stays whole.
    contents: Vec<DataBackupTaskView>,
    /// Which page it is, counted in tasks.
    page: ListPage,
    /// Why the jobs that others began on the cluster are not among them.
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

/// The backup of one tenant, by the task that makes or made it, or by a job that others began on the cluster.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataBackupTaskView {
    /// The task; none for a job of others.
    task_id: Option<i64>,
    /// Who began it.
    source: words::BackupSource,
    /// Who asked for it; none for a job of others.
    creator: Option<String>,
    /// The cluster's own number of the job, if it is known.
    ob_job_id: Option<i64>,
    /// The cluster.
    cluster_id: i64,
    /// The cluster's name.
    cluster_name: String,
    /// The tenant.
    tenant_id: i64,
    /// The number that OceanBase gave the tenant: the same.
    ob_tenant_id: i64,
    /// The tenant's name.
    tenant_name: String,
    /// How it is taken.
    backup_mode: words::BackupMode,
    /// How much it holds.
    data_backup_task_type: words::DataBackupMode,
    /// What came of it, in the catalogue.
    backup_set_id: Option<i64>,
    /// The cluster's own number of the set, if it is known.
    ob_backup_set_id: Option<i64>,
    /// Where it lies; empty while that is not known.
    backup_uri: String,
    /// How this tenant's part stands.
    status: words::TaskStatus,
    /// Whether the set lacks something that nobody agreed to.
    partial: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Words>,
    /// Why it failed, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
    /// The bytes it took.
    bytes: Option<u64>,
    /// When it was begun.
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

/// A finished backup of one tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupSetView {
    /// Its identity.
    backup_set_id: i64,
    /// The task that made it.
    task_id: i64,
    /// The cluster it was taken of.
    cluster_id: i64,
    /// The cluster's name then.
    cluster_name: String,
    /// The tenant it was taken of.
    tenant_id: i64,
    /// The number that OceanBase gave the tenant: the same.
    ob_tenant_id: i64,
    /// The tenant's name then.
    tenant_name: String,
    /// How it was taken.
    backup_mode: words::BackupMode,
    /// How much it holds.
    data_backup_task_type: words::DataBackupMode,
    /// Where it lies.
    storage_id: i64,
    /// The folder below the storage's base.
    path: String,
    /// The moment whose data it holds, as the database counts it; text, since it has 19 digits.
    scn: String,
    /// The moment whose data it holds.
    #[schema(format = DateTime)]
    consistent_time: String,
    /// The bytes it takes.
    bytes: u64,
    /// The rows it holds.
    rows: u64,
    /// The tables it holds.
    tables: u64,
    /// When its task began.
    #[schema(format = DateTime)]
    start_time: String,
    /// When it was complete.
    #[schema(format = DateTime)]
    finish_time: String,
    /// What it is good for. A partial set lacks something that nobody agreed to, and counts as no backup.
    status: words::BackupSetStatus,
    /// What the server held, or may have held, and the set does not.
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
