//! A strategy in a file, and its possible keys.

use serde_json::{Map, Value};

/// The keys of a strategy.
pub(super) const STRATEGY: &[&str] = &[
    "clusterName",
    "tenantName",
    "backupMode",
    "storage",
    "alarmStoragePercentageThreshold",
    "obBackupScheduleConfig",
    "obBackupThresholdConfig",
];

/// The keys of a schedule.
pub(super) const SCHEDULE: &[&str] = &[
    "backupScheduleMode",
    "backupScheduleEnabled",
    "backupScheduleTime",
    "dayAndDataBackupModelMap",
    "scheduleZone",
    "cronExpression",
    "dataBackupMode",
    "fullOnCycle",
    "fullOnDays",
    "quietWindow",
    "jitterSeconds",
    "startLogBackup",
    "restartInterruptedLogBackup",
    "cleanEnabled",
    "backupDataRetentionDays",
    "cleanScheduleTime",
];

/// The keys of the quiet hours, in which no run starts.
pub(super) const QUIET: &[&str] = &["from", "until"];

/// The keys of the alarm thresholds.
pub(super) const THRESHOLDS: &[&str] =
    &["dataBackupTimeoutMinutes", "noSuccessfulDataBackupAlarmDays", "logBackupDelaySeconds"];

/// A strategy of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Its position, such as `strategies[1]`.
    pub(crate) path: String,
    /// The cluster's name.
    pub(crate) cluster: String,
    /// The tenant's name; none for a strategy of the cluster.
    pub(crate) tenant: Option<String>,
    /// Its fields; all keys are known ones.
    pub(crate) fields: Map<String, Value>,
}

impl Entry {
    /// Returns the object of the strategy for messages: `prod` or `prod/shop`.
    pub(crate) fn object(&self) -> String {
        object(&self.cluster, self.tenant.as_deref())
    }
}

/// Returns the name of a cluster or tenant for messages.
fn object(cluster: &str, tenant: Option<&str>) -> String {
    tenant.map_or_else(|| cluster.to_owned(), |tenant| format!("{cluster}/{tenant}"))
}
