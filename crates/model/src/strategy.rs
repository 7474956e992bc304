//! A backup strategy: its objects, schedule, storage and retention.
//!
//! | file | what it holds |
//! |---|---|
//! | [`draft`] | a strategy as it is asked for, in OCP's fields |
//! | [`rules`] | what refuses to save, change or delete one, with OCP's numbers |

use serde::{Deserialize, Serialize};

use crate::backup::BackupMethod;
use crate::id::{ClusterId, StorageId, StrategyId, TenantId, UserId};
use crate::schedule::Schedule;
use crate::time::Timestamp;

pub mod draft;
pub mod rules;

pub use draft::Draft;

/// The object that a strategy backs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// Every tenant of the cluster that has no strategy of its own.
    Cluster(ClusterId),
    /// One tenant.
    Tenant(ClusterId, TenantId),
}

impl Scope {
    /// Returns the cluster.
    #[must_use]
    pub const fn cluster(self) -> ClusterId {
        let (Self::Cluster(cluster) | Self::Tenant(cluster, _)) = self;
        cluster
    }

    /// Returns the tenant, if it is one.
    #[must_use]
    pub const fn tenant(self) -> Option<TenantId> {
        match self {
            Self::Cluster(_) => None,
            Self::Tenant(_, tenant) => Some(tenant),
        }
    }
}

/// How long backups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanUp {
    /// For how many days back every moment stays recoverable; at least 1.
    pub retention_days: u32,
}

/// When a strategy raises an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// A data backup that runs longer is late; none means that it is never late.
    pub data_backup_timeout_minutes: Option<u32>,
    /// The number of days without a successful data backup.
    pub no_successful_data_backup_alarm_days: u32,
    /// The delay of log backup, in seconds.
    pub log_backup_delay_s: u32,
    /// How full the storage is, in percent.
    pub storage_percent: u8,
}

impl Default for Thresholds {
    /// OCP's: a log delay of 1 hour, a storage filled to 80 %; and 7 days without a backup.
    fn default() -> Self {
        Self {
            data_backup_timeout_minutes: None,
            no_successful_data_backup_alarm_days: 7,
            log_backup_delay_s: 3_600,
            storage_percent: 80,
        }
    }
}

/// What a user decides about a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Its method.
    pub method: BackupMethod,
    /// Where to.
    pub storage: StorageId,
    /// When.
    pub schedule: Schedule,
    /// Whether a run starts log backup if it is not running.
    pub start_log_backup: bool,
    /// Whether log backup is stopped and started again when it was interrupted and the cause is gone.
    #[serde(default)]
    pub restart_interrupted_log_backup: bool,
    /// How long backups are kept; none keeps all.
    pub clean_up: Option<CleanUp>,
    /// Its alarm thresholds.
    pub thresholds: Thresholds,
}

/// A saved backup strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategy {
    /// Its identity.
    pub id: StrategyId,
    /// What it backs up.
    pub scope: Scope,
    /// The user whose permission a run needs.
    pub owner: UserId,
    /// What the owner decided.
    pub settings: Settings,
    /// Whether its schedule is paused.
    pub paused: bool,
    /// When its schedule was saved last: due times up to then are not its own.
    pub since: Timestamp,
}

/// Returns the strategy that backs up a tenant: its own, else the cluster's.
#[must_use]
pub fn holding(strategies: &[Strategy], cluster: ClusterId, tenant: TenantId) -> Option<&Strategy> {
    let of = |scope| strategies.iter().find(|strategy| strategy.scope == scope);
    of(Scope::Tenant(cluster, tenant)).or_else(|| of(Scope::Cluster(cluster)))
}

/// Returns those of a cluster's tenants that a strategy backs up. A paused strategy holds its tenants anyway.
#[must_use]
pub fn covered(strategies: &[Strategy], strategy: &Strategy, tenants: &[TenantId]) -> Vec<TenantId> {
    let cluster = strategy.scope.cluster();
    let is_held = |tenant: &&TenantId| {
        holding(strategies, cluster, **tenant).is_some_and(|holder| holder.id == strategy.id)
    };
    tenants.iter().filter(is_held).copied().collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Scope, Settings, Strategy, Thresholds, covered, holding};
    use crate::backup::BackupMethod;
    use crate::id::{ClusterId, StorageId, StrategyId, TenantId, UserId};
    use crate::time::Timestamp;

    /// Returns a strategy that backs up physically by that schedule, written as JSON.
    pub(crate) fn strategy(id: i64, scope: Scope, schedule: &str) -> Strategy {
        Strategy {
            id: StrategyId(id),
            scope,
            owner: UserId(1),
            settings: Settings {
                method: BackupMethod::Physical,
                storage: StorageId(1),
                schedule: serde_json::from_str(schedule).expect("a schedule"),
                start_log_backup: true,
                restart_interrupted_log_backup: false,
                clean_up: None,
                thresholds: Thresholds::default(),
            },
            paused: false,
            since: Timestamp(0),
        }
    }

    pub(crate) const NIGHTLY: &str =
        r#"{"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "zone": "UTC"}"#;

    #[test]
    fn a_tenants_strategy_takes_the_place_of_the_clusters() {
        let (shop, hr, other) = (TenantId(1002), TenantId(1004), TenantId(1006));
        let of_cluster = strategy(1, Scope::Cluster(ClusterId(1)), NIGHTLY);
        let mut of_shop = strategy(2, Scope::Tenant(ClusterId(1), shop), NIGHTLY);
        of_shop.paused = true; // holds its tenant all the same
        let elsewhere = strategy(3, Scope::Tenant(ClusterId(2), hr), NIGHTLY);
        let all = [of_cluster, of_shop, elsewhere];
        let held = |cluster, tenant| holding(&all, ClusterId(cluster), tenant).map(|strategy| strategy.id.0);
        assert_eq!(
            [held(1, shop), held(1, hr), held(2, hr), held(2, shop)],
            [Some(2), Some(1), Some(3), None]
        );
        assert_eq!(covered(&all, &all[0], &[shop, hr, other]), [hr, other]);
        assert_eq!(covered(&all, &all[1], &[shop, hr, other]), [shop]);
        assert_eq!(covered(&all, &all[0], &[shop]), [], "every tenant has its own");
    }
}
