//! The fields of REST answers that the command line shows.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use model::Problem;

mod alarms;
mod channels;
mod left_out;
mod retention;
mod strategies;
mod windows;

pub(crate) use self::alarms::AlarmRow;
pub(crate) use self::channels::{ChannelRow, NoticeRow};
pub(crate) use self::left_out::{AgreementRow, MissingRow};
pub(crate) use self::retention::{DeletePolicyRow, ExpiringRow, HoldRow, PolicyPlanRow, TenantRetentionRow};
pub(crate) use self::strategies::{
    PlannedRunRow, ScheduleRow, StrategyRow, StrategyRunRow, UnreadableStrategyRow, WaitingRunRow,
};
pub(crate) use self::windows::{
    GapRow, IntervalRow, NamesWindowRow, StorageWindowsRow, TenantFolderRow, TenantWindowRow,
};

/// Reads rows of an answer.
pub(crate) fn read<T: DeserializeOwned>(data: &Value) -> Result<T, Failure> {
    T::deserialize(data).map_err(|cause| Problem::outside("answer-unreadable").raw(cause).into())
}

/// Reads every row of a list.
pub(crate) fn read_all<T: DeserializeOwned>(rows: &[Value]) -> Result<Vec<T>, Failure> {
    rows.iter().map(read).collect()
}

/// A cluster.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) ob_cluster_id: i64,
    pub(crate) ob_cluster_name: String,
    pub(crate) ob_version: String,
    pub(crate) ob_backup_ability: String,
    pub(crate) status: String,
    pub(crate) deployment_mode: String,
    pub(crate) addresses: Vec<String>,
    pub(crate) user: String,
    pub(crate) create_time: String,
    pub(crate) update_time: String,
}

/// A tenant.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) mode: String,
    pub(crate) status: String,
    pub(crate) role: String,
    pub(crate) credential_user: Option<String>,
    pub(crate) logical_disabled: Option<Said>,
}

/// An object to back up, with the age of its last successful backups.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProtectedRow {
    pub(crate) cluster_name: String,
    pub(crate) tenant_name: String,
    pub(crate) database_name: Option<String>,
    pub(crate) full: Option<LastBackupRow>,
    pub(crate) incremental: Option<LastBackupRow>,
    pub(crate) log: Option<LogCheckpointRow>,
}

impl ProtectedRow {
    /// Returns its name: `cluster/tenant` or `cluster/tenant/database`.
    pub(crate) fn name(&self) -> String {
        let Self { cluster_name, tenant_name, database_name, .. } = self;
        let database = database_name.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
        format!("{cluster_name}/{tenant_name}{database}")
    }
}

/// The last successful backup of an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastBackupRow {
    pub(crate) age_seconds: u64,
}

/// The log backup status of an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogCheckpointRow {
    pub(crate) age_seconds: Option<u64>,
}

/// A tenant and its cluster.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedTenantRow {
    pub(crate) cluster_name: String,
    #[serde(flatten)]
    pub(crate) tenant: TenantRow,
}

/// The result of a credential test.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CredentialTestRow {
    pub(crate) user: String,
    pub(crate) tenant_mode: String,
    pub(crate) ob_version: Option<String>,
}

/// The defaults.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AbilityRow {
    pub(crate) storage_id: Option<i64>,
    pub(crate) storage_source: Option<String>,
}

/// A storage configuration.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageRow {
    pub(crate) storage_id: i64,
    pub(crate) config_name: Option<String>,
    pub(crate) uri: String,
    pub(crate) ob_backup_storage_base_info: Value,
    pub(crate) create_time: String,
}

/// The result of a scan.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScanRow {
    pub(crate) found: u64,
    pub(crate) known: u64,
    pub(crate) added: Vec<ScannedRow>,
    pub(crate) left_out: Vec<LeftOutRow>,
}

/// A backup set that was added.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScannedRow {
    pub(crate) backup_set_id: i64,
    pub(crate) path: String,
    pub(crate) origin: OriginRow,
}

/// The origin of a backup set.
#[derive(Deserialize)]
pub(crate) struct OriginRow {
    pub(crate) signature: String,
    pub(crate) message: String,
}

/// A dump that was not added, and why.
#[derive(Deserialize)]
pub(crate) struct LeftOutRow {
    pub(crate) path: String,
    pub(crate) error: Said,
}

/// The result of a test.
#[derive(Deserialize)]
pub(crate) struct TestRows {
    pub(crate) passed: bool,
    pub(crate) lines: Vec<TestRow>,
}

/// One line of a test.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestRow {
    pub(crate) name: String,
    pub(crate) outcome: String,
    pub(crate) latency_us: u64,
    pub(crate) error: Option<Said>,
}

/// A text that was rendered by the server.
#[derive(Deserialize, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) message: String,
    pub(crate) cause: Option<String>,
    pub(crate) raw: Option<String>,
    pub(crate) action: Option<String>,
}

/// The results of an action on backups.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionRow {
    backup_object_ops_result_list: Vec<ActionResultRow>,
    pub(crate) plan: Option<PlanRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionResultRow {
    task_id_list: Vec<i64>,
}

impl ActionRow {
    /// Returns the created task.
    pub(crate) fn task(&self) -> Result<i64, Failure> {
        let mut tasks = self.backup_object_ops_result_list.iter().flat_map(|result| &result.task_id_list);
        let missing = || Problem::outside("answer-unreadable").raw("no task").into();
        tasks.next().copied().ok_or_else(missing)
    }
}

/// The plan of a task.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanRow {
    pub(crate) backup_mode: String,
    pub(crate) data_backup_mode: String,
    pub(crate) backup_uri: String,
    pub(crate) tenants: Vec<String>,
    #[serde(default)]
    pub(crate) not_made: Vec<NotMadeRow>,
    pub(crate) steps: Vec<PlannedStepRow>,
}

/// The plan of a recovery of a cluster's tenants.
#[derive(Deserialize)]
pub(crate) struct ClusterPlanRow {
    pub(crate) tenants: Vec<PlannedTenantRow>,
    pub(crate) zones: Vec<ZoneSumRow>,
    pub(crate) plan: PlanRow,
}

/// A tenant of that plan.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedTenantRow {
    pub(crate) backup_tenant_name: String,
    pub(crate) name: String,
    pub(crate) restore_end_time: String,
    pub(crate) bytes: u64,
    pub(crate) zones: Vec<PlannedUnitsRow>,
    pub(crate) pool_list: Vec<String>,
}

/// The units of that tenant in a zone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedUnitsRow {
    pub(crate) name: String,
    pub(crate) unit_spec_name: Option<String>,
    pub(crate) unit_count: u32,
}

/// What all tenants together need in a zone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ZoneSumRow {
    pub(crate) name: String,
    pub(crate) unit_count: u64,
    pub(crate) needed: AmountRow,
    pub(crate) free: AmountRow,
}

/// An amount of resources.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AmountRow {
    pub(crate) cpu: f64,
    pub(crate) memory_bytes: u64,
    pub(crate) log_disk_bytes: u64,
}

/// A step of a plan.
#[derive(Deserialize)]
pub(crate) struct PlannedStepRow {
    pub(crate) name: String,
    pub(crate) notes: Vec<String>,
    pub(crate) statements: Vec<String>,
}

/// A task.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) operation: String,
    pub(crate) creator: Named,
    pub(crate) executor: Option<String>,
    /// Why it ended, if not well. None in lists.
    #[serde(default)]
    pub(crate) error: Option<Said>,
    pub(crate) create_time: String,
    pub(crate) start_time: Option<String>,
    pub(crate) finish_time: Option<String>,
    /// Whether the backup left out objects without consent, or the recovery did not create all objects.
    #[serde(default)]
    pub(crate) partial: bool,
    /// None in lists.
    #[serde(default)]
    pub(crate) left_out: Vec<MissingRow>,
    /// None in lists.
    #[serde(default)]
    pub(crate) not_made: Vec<NotMadeRow>,
    /// None in lists.
    #[serde(default)]
    pub(crate) restored_tenants: Vec<String>,
    /// None in lists.
    #[serde(default)]
    pub(crate) subtasks: Vec<SubtaskRow>,
}

impl TaskRow {
    /// Returns the status in the API's word.
    pub(crate) fn standing(&self) -> String {
        if self.partial && self.status == "SUCCESSFUL" { "PARTIAL".to_owned() } else { self.status.clone() }
    }
}

/// An object with a name.
#[derive(Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
}

/// A subtask.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubtaskRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) lane: Option<String>,
    pub(crate) status: String,
    pub(crate) skipped: bool,
    pub(crate) skippable: bool,
    pub(crate) undone: bool,
    pub(crate) run_time: u32,
    pub(crate) progress: Option<ProgressRow>,
    pub(crate) note: Option<Said>,
    pub(crate) start_time: Option<String>,
    pub(crate) finish_time: Option<String>,
}

impl SubtaskRow {
    /// Returns the step's name, with the tenant if there is one.
    pub(crate) fn title(&self) -> String {
        self.lane.as_ref().map_or_else(|| self.name.clone(), |lane| format!("{} [{lane}]", self.name))
    }
}

/// The progress.
#[derive(Deserialize, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProgressRow {
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    pub(crate) unit: String,
    pub(crate) percent: Option<u64>,
    pub(crate) rate_per_s: Option<f64>,
    pub(crate) remaining_s: Option<u64>,
}

/// A part of a subtask's log.
#[derive(Deserialize)]
pub(crate) struct LogRows {
    pub(crate) lines: Vec<LogRow>,
    pub(crate) next: i64,
}

/// One line of a subtask's log.
#[derive(Deserialize)]
pub(crate) struct LogRow {
    pub(crate) at: String,
    pub(crate) text: String,
}

/// A backup set.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupSetRow {
    pub(crate) backup_set_id: i64,
    pub(crate) task_id: i64,
    pub(crate) cluster_name: String,
    pub(crate) tenant_name: String,
    pub(crate) backup_mode: String,
    pub(crate) data_backup_task_type: String,
    pub(crate) consistent_time: String,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) tables: u64,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) left_out: Vec<MissingRow>,
}

/// An object that a recovery does not create.
#[derive(Deserialize)]
pub(crate) struct NotMadeRow {
    pub(crate) reason: String,
}

/// The log backup of a tenant, or of a cluster.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogBackupRow {
    pub(crate) tenant_name: String,
    pub(crate) status: String,
    pub(crate) round: i64,
    pub(crate) checkpoint: Option<String>,
    pub(crate) delay: Option<u64>,
    pub(crate) backup_uri: String,
    pub(crate) error: Option<Said>,
}

/// The status of major compaction.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompactionsRow {
    pub(crate) running_task_id: Option<i64>,
    pub(crate) tenants: Vec<CompactionRow>,
}

/// The major compaction of a tenant, or of the whole cluster.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompactionRow {
    pub(crate) tenant_name: String,
    pub(crate) status: String,
    pub(crate) suspended: bool,
    pub(crate) start_time: Option<String>,
    pub(crate) finish_time: Option<String>,
    pub(crate) error_msg: Option<String>,
}

/// The tenants whose major compaction continues.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClearedRow {
    pub(crate) tenant_id_list: Vec<i64>,
}

/// A recovery.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestoreTaskRow {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) backup_set_id: Option<i64>,
    pub(crate) backup_cluster_name: String,
    pub(crate) backup_tenant_name: String,
    pub(crate) restore_cluster_name: String,
    pub(crate) restore_tenant_name: String,
    pub(crate) databases: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) ob_backup_object_list: Vec<RestoreObjectRow>,
    pub(crate) status: String,
    /// Whether the recovery did not create all selected objects of the set.
    #[serde(default)]
    pub(crate) partial: bool,
    pub(crate) create_time: Option<String>,
    pub(crate) finish_time: Option<String>,
}

impl RestoreTaskRow {
    /// Returns the status in the API's word.
    pub(crate) fn standing(&self) -> String {
        let is_partial = self.partial && self.status == "RESTORE_SUCCESS";
        if is_partial { "PARTIAL".to_owned() } else { self.status.clone() }
    }
}

/// A selected database or table of a recovery.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestoreObjectRow {
    pub(crate) database_name: String,
    #[serde(default)]
    pub(crate) table_name: Option<String>,
}
