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
    "zone",
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

/// The keys of the hours in which nothing starts.
pub(super) const QUIET: &[&str] = &["from", "until"];

/// The keys of the thresholds of alarms.
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
    /// What is written there, each key known.
    pub(crate) fields: Map<String, Value>,
}

impl Entry {
    /// Returns what it is of, as people write it: `prod` or `prod/shop`.
    pub(crate) fn object(&self) -> String {
        object(&self.cluster, self.tenant.as_deref())
    }
}

/// Returns a cluster's or tenant's name as people write it.
fn object(cluster: &str, tenant: Option<&str>) -> String {
    tenant.map_or_else(|| cluster.to_owned(), |tenant| format!("{cluster}/{tenant}"))
}
