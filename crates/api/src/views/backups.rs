//! What can be backed up, and what was.

use control::backups::{Ability, DataBackupTask, Overview};
use model::backup_set::BackupSet;
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::backup_now::BackupDimension;
use super::words;
use crate::call;
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
    /// The storage configuration that is filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_id: Option<i64>,
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
            storage,
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
            storage_id: storage.map(|id| id.0),
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
    /// Whether it answers.
    ob_cluster_status: words::ClusterStatus,
    /// Which methods of backup it offers.
    ob_backup_ability: words::BackupAbility,
    /// Whether whole clusters or tenants are backed up.
    #[schema(example = "TENANT")]
    backup_dimension: BackupDimension,
    /// The backup task that runs.
    running_task_id: Option<i64>,
    /// When the newest backup set was finished.
    #[schema(format = DateTime)]
    last_data_backup_time: Option<String>,
    /// How many backup sets there are.
    backup_set_count: u64,
    /// How many bytes they take.
    backup_size: u64,
}

impl From<Overview> for OverviewView {
    fn from(overview: Overview) -> Self {
        let Overview { cluster, running, last_data_backup, backup_sets, backup_bytes } = overview;
        let whole = cluster.facts.generation == model::ability::Generation::Gen3;
        Self {
            cluster_id: cluster.id.0,
            ob_cluster_id: cluster.facts.ob_cluster_id,
            cluster_name: cluster.name,
            ob_version: cluster.facts.server.to_string(),
            ob_cluster_status: cluster.status.into(),
            ob_backup_ability: cluster.facts.ability.into(),
            backup_dimension: if whole { BackupDimension::Cluster } else { BackupDimension::Tenant },
            running_task_id: running.map(|task| task.0),
            last_data_backup_time: last_data_backup.map(Timestamp::to_rfc3339),
            backup_set_count: backup_sets,
            backup_size: backup_bytes,
        }
    }
}

/// The backup of one tenant, by the task that makes or made it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataBackupTaskView {
    /// The task.
    task_id: i64,
    /// Who asked for it.
    creator: String,
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
    /// What came of it.
    backup_set_id: Option<i64>,
    /// Where it lies.
    backup_uri: String,
    /// How this tenant's part stands.
    status: words::TaskStatus,
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
            creator,
            cluster,
            cluster_name,
            tenant,
            tenant_name,
            method,
            mode,
            backup_set,
            uri,
            status,
            problem,
            bytes,
            started,
            finished,
        } = task;
        Self {
            task_id: task.0,
            creator,
            cluster_id: cluster.0,
            cluster_name,
            tenant_id: tenant.0,
            ob_tenant_id: tenant.0,
            tenant_name,
            backup_mode: method.into(),
            data_backup_task_type: mode.into(),
            backup_set_id: backup_set.map(|id| id.0),
            backup_uri: uri,
            status: status.into(),
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
    /// What it is good for.
    status: words::BackupSetStatus,
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
        } = set;
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
        }
    }
}
