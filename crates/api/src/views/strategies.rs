//! Backup strategies in OCP's shape, with the fields of ours that OCP lacks beside them.

use control::strategies::{Detail, NamedStorage, PauseToo, StrategyAsk, StrategyChange, WaitingRun};
use model::Problem;
use model::backup::BackupMethod;
use model::problem::codes;
use model::strategy::Scope;
use model::strategy::draft::ThresholdConfig;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backup_now::{BackupDimension, ObjectBody, read_objects};
use super::storages::{StorageChoiceBody, StorageView};
use super::strategy_runs::{PlannedRunView, StrategyRunView};
use super::strategy_schedule::{ScheduleBody, ScheduleView};
use super::{whole, words};
use crate::error::Words;

/// A new backup strategy.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewStrategyBody {
    /// The method; defaults to the cluster's first choice.
    backup_mode: Option<words::BackupMode>,
    /// The schedule.
    ob_backup_schedule_config: ScheduleBody,
    /// The alarm thresholds.
    #[serde(default)]
    ob_backup_threshold_config: ThresholdBody,
    /// The storage; defaults to that of the cluster's strategy for a tenant, then to the one that was last used for this
    /// cluster, or to the only one.
    ob_backup_service_storage_config: Option<StorageChoiceBody>,
    /// Whether to create a secondary backup; not supported.
    #[serde(default)]
    secondary_backup_enabled: bool,
    /// OCP's settings of a secondary backup; not supported.
    #[schema(value_type = Option<Object>)]
    ob_secondary_backup_config: Option<serde_json::Value>,
    /// Whether delete policies may be replaced that Lifeboat did not set, or that another strategy or a user set through it
    /// with a longer window, and set again where somebody dropped them: the clean-up of a physical strategy sets the policy
    /// of each tenant. Without it, such a strategy is refused, and the answer names them.
    #[serde(default)]
    take_over_delete_policies: bool,
    /// The `planHash` of the delete policies with this retention period. A new retention period of a physical strategy is
    /// refused if they, or what the database would delete, are others by now. Without it, the request is refused if the
    /// database would delete anything at once.
    delete_policy_plan_hash: Option<String>,
    /// OCP's list of what is backed up. It may name the cluster or tenant of the path, and nothing else.
    #[serde(default, deserialize_with = "super::null_as_empty")]
    #[schema(value_type = Option<Vec<ObjectBody>>)]
    ob_backup_object_list: Vec<ObjectBody>,
    /// Whether to only check the request: what saving would refuse is refused, and nothing is saved.
    #[serde(default)]
    pub(crate) dry_run: bool,
}

/// A change of a backup strategy; omitted fields stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StrategyChangeBody {
    /// The method.
    backup_mode: Option<words::BackupMode>,
    /// The whole schedule; only `backupScheduleEnabled` may be omitted to stay unchanged.
    ob_backup_schedule_config: Option<ScheduleBody>,
    /// The alarm thresholds.
    #[serde(default)]
    ob_backup_threshold_config: ThresholdBody,
    /// The storage. The location of the strategy's current storage changes its name and key; an omitted secret stays
    /// unchanged. With only a percentage, the storage stays.
    ob_backup_service_storage_config: Option<StorageChoiceBody>,
    /// Accepts that a physical strategy moves to another storage; without it, such a change is refused, with the
    /// effects on recovery.
    #[serde(default)]
    accept_storage_move: bool,
    /// Whether to create a secondary backup; not supported.
    #[serde(default)]
    secondary_backup_enabled: bool,
    /// OCP's settings of a secondary backup; not supported.
    #[schema(value_type = Option<Object>)]
    ob_secondary_backup_config: Option<serde_json::Value>,
    /// Whether delete policies may be replaced that Lifeboat did not set, or that another strategy or a user set through it
    /// with a longer window, and set again where somebody dropped them: the clean-up of a physical strategy sets the policy
    /// of each tenant. Without it, such a strategy is refused, and the answer names them.
    #[serde(default)]
    take_over_delete_policies: bool,
    /// The `planHash` of the delete policies with this retention period. A new retention period of a physical strategy is
    /// refused if they, or what the database would delete, are others by now. Without it, the request is refused if the
    /// database would delete anything at once.
    delete_policy_plan_hash: Option<String>,
    /// OCP's list of what is backed up. It may name the cluster or tenant of the path, and nothing else.
    #[serde(default, deserialize_with = "super::null_as_empty")]
    #[schema(value_type = Option<Vec<ObjectBody>>)]
    ob_backup_object_list: Vec<ObjectBody>,
    /// Whether to only check the request: what saving would refuse is refused, and nothing is saved.
    #[serde(default)]
    pub(crate) dry_run: bool,
}

/// What is paused with a schedule.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StopScheduleBody {
    /// Whether log backup is paused, too; it continues by default.
    #[serde(default)]
    pause_log_backup: bool,
    /// Whether no expired backups are deleted during the pause; clean-up continues by default.
    #[serde(default)]
    pause_clean_up: bool,
}

impl StopScheduleBody {
    /// Reads what is paused with the schedule.
    pub(crate) fn read(self) -> PauseToo {
        PauseToo { log_backup: self.pause_log_backup, clean_up: self.pause_clean_up }
    }
}

/// The alarm thresholds.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ThresholdBody {
    /// The time limit of a data backup in minutes; 0 means none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    data_backup_timeout_minutes: Option<u32>,
    /// The number of days without a successful data backup after which an alarm is raised.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    no_successful_data_backup_alarm_days: Option<u32>,
    /// OCP's field for how many days a cluster of 3.x keeps its logs. Lifeboat does not change that setting and refuses
    /// the field.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    lib_ob_log_expire_days: Option<u32>,
    /// The delay of log backup in seconds from which an alarm is raised.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    log_backup_delay_seconds: Option<u32>,
}

impl ThresholdBody {
    fn config(self, storage_percent: Option<u8>) -> Result<ThresholdConfig, Problem> {
        let Self {
            data_backup_timeout_minutes,
            no_successful_data_backup_alarm_days,
            lib_ob_log_expire_days,
            log_backup_delay_seconds,
        } = self;
        if lib_ob_log_expire_days.is_some() {
            return Err(Problem::invalid("strategy-log-expire-days").with("field", "libObLogExpireDays"));
        }
        Ok(ThresholdConfig {
            data_backup_timeout_minutes,
            no_successful_data_backup_alarm_days,
            log_backup_delay_seconds,
            alarm_storage_percentage_threshold: storage_percent,
        })
    }
}

fn read_storage(body: Option<StorageChoiceBody>) -> Result<(Option<NamedStorage>, Option<u8>), Problem> {
    let Some(body) = body else { return Ok((None, None)) };
    let (name, percent) = (body.config_name.clone(), body.alarm_storage_percentage_threshold);
    if percent.is_some() && body.names_none() {
        return Ok((None, percent));
    }
    Ok((Some(NamedStorage { choice: body.read()?, name }), percent))
}

/// Checks that the listed objects are exactly what the strategy of the scope backs up.
fn check_objects(objects: &[ObjectBody], scope: Scope) -> Result<(), Problem> {
    let (tenants, parts) = read_objects(objects, scope.cluster(), scope.tenant())?;
    if parts.is_empty() && tenants.iter().all(|tenant| Some(*tenant) == scope.tenant()) {
        return Ok(());
    }
    Err(Problem::invalid("strategy-objects-unfit").coded(codes::NO_BACKUP_OBJECT))
}

impl NewStrategyBody {
    /// Reads the strategy of a scope.
    pub(crate) fn read(self, scope: Scope) -> Result<StrategyAsk, Problem> {
        check_objects(&self.ob_backup_object_list, scope)?;
        let (storage, percent) = read_storage(self.ob_backup_service_storage_config)?;
        Ok(StrategyAsk {
            method: self.backup_mode.map(Into::into),
            storage,
            schedule: self.ob_backup_schedule_config.config(),
            thresholds: self.ob_backup_threshold_config.config(percent)?,
            secondary_backup: self.secondary_backup_enabled || self.ob_secondary_backup_config.is_some(),
            take_over_policies: self.take_over_delete_policies,
            seen_policies: self.delete_policy_plan_hash,
        })
    }
}

impl StrategyChangeBody {
    /// Reads the change of the strategy of a scope.
    pub(crate) fn read(self, scope: Scope) -> Result<StrategyChange, Problem> {
        check_objects(&self.ob_backup_object_list, scope)?;
        let (storage, percent) = read_storage(self.ob_backup_service_storage_config)?;
        let schedule = self.ob_backup_schedule_config;
        Ok(StrategyChange {
            method: self.backup_mode.map(Into::into),
            storage,
            enabled: schedule.as_ref().and_then(|schedule| schedule.backup_schedule_enabled),
            schedule: schedule.map(ScheduleBody::config),
            thresholds: self.ob_backup_threshold_config.config(percent)?,
            secondary_backup: self.secondary_backup_enabled || self.ob_secondary_backup_config.is_some(),
            take_over_policies: self.take_over_delete_policies,
            seen_policies: self.delete_policy_plan_hash,
            accept_storage_move: self.accept_storage_move,
        })
    }
}

/// A backup strategy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyView {
    /// Its identity.
    strategy_id: i64,
    /// The cluster.
    cluster_id: i64,
    /// The cluster's name.
    cluster_name: String,
    /// The tenant, if any.
    tenant_id: Option<i64>,
    /// The tenant's name.
    tenant_name: Option<String>,
    /// Whether it backs up the cluster or one tenant.
    #[schema(example = "CLUSTER")]
    backup_dimension: BackupDimension,
    /// The account whose permissions its runs use; none if it was deleted.
    owner: Option<String>,
    /// Its method.
    backup_mode: words::BackupMode,
    /// The time.
    ob_backup_schedule_config: ScheduleView,
    /// Its alarm thresholds.
    ob_backup_threshold_config: ThresholdBody,
    /// The storage.
    ob_backup_service_storage_config: StrategyStorageView,
    /// Whether a second copy is created.
    secondary_backup_enabled: bool,
    /// Whether its clean-up is paused with its schedule.
    clean_up_paused: bool,
    /// The status of its schedule.
    backup_schedule_status: words::BackupScheduleStatus,
    /// When the newest good data backup of the cluster or tenant was finished.
    #[schema(format = DateTime)]
    last_data_backup_time: Option<String>,
    /// Its next run; none while it is paused.
    next_run: Option<PlannedRunView>,
    /// Its newest run.
    last_run: Option<StrategyRunView>,
    /// A run that is due and has no task.
    waiting_run: Option<WaitingRunView>,
    /// The rule that its saved schedule breaks. An earlier version without this rule saved it; its runs start all the
    /// same. Change the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid: Option<Words>,
}

/// A run that is due and has no task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WaitingRunView {
    /// When it was due.
    #[schema(format = DateTime)]
    due_time: String,
    /// Why it waits; none if it starts within seconds.
    reason: Option<Words>,
}

impl From<&WaitingRun> for WaitingRunView {
    fn from(run: &WaitingRun) -> Self {
        Self { due_time: run.due.to_rfc3339(), reason: run.reason.as_ref().map(Words::here) }
    }
}

/// The storage of a strategy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyStorageView {
    #[serde(flatten)]
    storage: StorageView,
    /// The usage in percent from which an alarm is raised.
    alarm_storage_percentage_threshold: u8,
}

impl From<Detail> for StrategyView {
    fn from(detail: Detail) -> Self {
        let Detail {
            strategy,
            cluster_name,
            tenant_name,
            storage,
            owner,
            last_data_backup,
            standing,
            waiting,
            invalid,
        } = detail;
        let clean_up_paused = strategy.is_clean_up_paused();
        let settings = strategy.settings;
        let (tenant, dimension) = match strategy.scope {
            Scope::Cluster(_) => (None, BackupDimension::Cluster),
            Scope::Tenant(_, tenant) => (Some(tenant.0), BackupDimension::Tenant),
        };
        let thresholds = settings.thresholds;
        let mut schedule = ScheduleView::of(
            settings.schedule.into(),
            !strategy.paused,
            settings.start_log_backup,
            settings.restart_interrupted_log_backup,
            settings.clean_up,
        );
        if settings.method == BackupMethod::Physical {
            schedule.clean_schedule_time = None; // the database decides when it deletes
        }
        Self {
            strategy_id: strategy.id.0,
            cluster_id: strategy.scope.cluster().0,
            cluster_name,
            tenant_id: tenant,
            tenant_name,
            backup_dimension: dimension,
            owner,
            backup_mode: settings.method.into(),
            ob_backup_schedule_config: schedule,
            ob_backup_threshold_config: ThresholdBody {
                data_backup_timeout_minutes: thresholds.data_backup_timeout_minutes,
                no_successful_data_backup_alarm_days: Some(thresholds.no_successful_data_backup_alarm_days),
                lib_ob_log_expire_days: None,
                log_backup_delay_seconds: Some(thresholds.log_backup_delay_s),
            },
            ob_backup_service_storage_config: StrategyStorageView {
                storage: storage.into(),
                alarm_storage_percentage_threshold: thresholds.storage_percent,
            },
            secondary_backup_enabled: false,
            clean_up_paused,
            backup_schedule_status: standing.status.into(),
            last_data_backup_time: last_data_backup.map(Timestamp::to_rfc3339),
            next_run: standing.next.map(Into::into),
            last_run: standing.last.map(Into::into),
            waiting_run: waiting.as_ref().map(Into::into),
            invalid: invalid.as_ref().map(Words::here),
        }
    }
}
