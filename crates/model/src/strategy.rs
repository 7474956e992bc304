//! A backup strategy: its objects, schedule, storage and retention.
//!
//! | file | content |
//! |---|---|
//! | [`draft`] | a requested strategy, in OCP's fields |
//! | [`kernel`] | the delete policies of OceanBase 4.x that a physical strategy needs |
//! | [`rules`] | the rules for saving, changing and deleting one, with OCP's error numbers |

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::backup::BackupMethod;
use crate::id::{ClusterId, StorageId, StrategyId, TaskId, TenantId, UserId};
use crate::physical::delete_policy::DeletePolicy;
use crate::schedule::{Daily, Schedule};
use crate::time::Timestamp;

pub mod draft;
pub mod kernel;
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

impl fmt::Display for Scope {
    /// Writes the IDs: of the cluster, or `cluster/tenant`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(cluster) => write!(f, "{cluster}"),
            Self::Tenant(cluster, tenant) => write!(f, "{cluster}/{tenant}"),
        }
    }
}

/// How long backups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanUp {
    /// The number of past days that stay recoverable; at least 1.
    pub retention_days: u32,
    /// When expired backups are deleted.
    #[serde(default = "Daily::usual")]
    pub time: Daily,
    /// When this setting was changed: the first clean-up is the next one after that time.
    #[serde(default = "long_ago")]
    pub since: Timestamp,
    /// Whether no expired backups are deleted while the schedule is paused. Pausing and resuming set it; in strategies
    /// of earlier versions, which have no such choice, a pause stops clean-up.
    #[serde(default = "yes")]
    pub stops_in_pause: bool,
}

const fn yes() -> bool {
    true
}

const fn long_ago() -> Timestamp {
    Timestamp(0)
}

/// What a user agreed to replace by the delete policies of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeOver {
    /// The consents.
    pub consents: Vec<Consent>,
}

/// The consent to replace the delete policy of one tenant. It ends with the next change that Lifeboat makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The tenant.
    pub tenant: TenantId,
    /// The policy that was seen; none if the tenant had none.
    pub policy: Option<DeletePolicy>,
    /// The newest task that had changed policies of the cluster by then.
    pub after: Option<TaskId>,
}

/// When a strategy raises an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// The time limit of a data backup; `None` means no limit.
    pub data_backup_timeout_minutes: Option<u32>,
    /// The number of days without a successful data backup.
    pub no_successful_data_backup_alarm_days: u32,
    /// The delay of log backup, in seconds.
    pub log_backup_delay_s: u32,
    /// How full the storage is, in percent.
    pub storage_percent: u8,
}

impl Default for Thresholds {
    /// OCP's defaults: a log delay of 1 hour and a storage that is 80 % full; also 7 days without a backup.
    fn default() -> Self {
        Self {
            data_backup_timeout_minutes: None,
            no_successful_data_backup_alarm_days: 7,
            log_backup_delay_s: 3_600,
            storage_percent: 80,
        }
    }
}

/// The settings of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Its method.
    pub method: BackupMethod,
    /// The storage.
    pub storage: StorageId,
    /// The schedule.
    pub schedule: Schedule,
    /// Whether a run starts log backup if it is not running.
    pub start_log_backup: bool,
    /// Whether log backup is stopped and started again when it was interrupted and the cause is gone.
    #[serde(default)]
    pub restart_interrupted_log_backup: bool,
    /// How long backups are kept; `None` keeps all.
    pub clean_up: Option<CleanUp>,
    /// The consent to replace delete policies of the database that Lifeboat did not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_over: Option<TakeOver>,
    /// Its alarm thresholds.
    pub thresholds: Thresholds,
}

/// A saved backup strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategy {
    /// Its ID.
    pub id: StrategyId,
    /// What it backs up.
    pub scope: Scope,
    /// The user whose permission a run needs.
    pub owner: UserId,
    /// Its settings.
    pub settings: Settings,
    /// Whether its schedule is paused.
    pub paused: bool,
    /// When its schedule was last saved: only due times after that count.
    pub since: Timestamp,
}

impl Strategy {
    /// Returns the most recent time at which Lifeboat should delete expired backups; `None` unless the strategy is
    /// logical and has clean-up that is not paused.
    #[must_use]
    pub fn clean_up_due(&self, now: Timestamp) -> Option<Timestamp> {
        let clean_up = self.settings.clean_up.filter(|_| self.settings.method == BackupMethod::Logical)?;
        let due = clean_up.time.newest(self.settings.schedule.zone(), now);
        (due > clean_up.since && !self.is_clean_up_paused()).then_some(due)
    }

    /// Returns whether its clean-up is paused, together with its schedule.
    #[must_use]
    pub fn is_clean_up_paused(&self) -> bool {
        self.paused && self.settings.clean_up.is_some_and(|clean_up| clean_up.stops_in_pause)
    }
}

/// Returns the strategy that backs up a tenant: its own, otherwise the cluster's.
#[must_use]
pub fn holding(strategies: &[Strategy], cluster: ClusterId, tenant: TenantId) -> Option<&Strategy> {
    let of = |scope| strategies.iter().find(|strategy| strategy.scope == scope);
    holder(of, cluster, tenant)
}

/// Strategies by what they back up, for many questions at once.
#[derive(Debug)]
pub struct Holders<'a>(BTreeMap<Scope, &'a Strategy>);

impl<'a> Holders<'a> {
    /// Returns these strategies.
    #[must_use]
    pub fn of(strategies: &'a [Strategy]) -> Self {
        Self(strategies.iter().map(|strategy| (strategy.scope, strategy)).collect())
    }

    /// Returns the same as [`holding`].
    #[must_use]
    pub fn holding(&self, cluster: ClusterId, tenant: TenantId) -> Option<&'a Strategy> {
        holder(|scope| self.0.get(&scope).copied(), cluster, tenant)
    }
}

fn holder<'a>(
    of: impl Fn(Scope) -> Option<&'a Strategy>,
    cluster: ClusterId,
    tenant: TenantId,
) -> Option<&'a Strategy> {
    of(Scope::Tenant(cluster, tenant)).or_else(|| of(Scope::Cluster(cluster)))
}

/// Returns the tenants of a cluster that a strategy of this scope backs up, beside these saved ones, whether it is among
/// them or only planned. A paused strategy still covers its tenants.
#[must_use]
pub fn covered(strategies: &[Strategy], scope: Scope, tenants: &[TenantId]) -> Vec<TenantId> {
    let has_own = |tenant: TenantId| {
        let own = Scope::Tenant(scope.cluster(), tenant);
        strategies.iter().any(|strategy| strategy.scope == own)
    };
    let is_covered = |tenant: &&TenantId| match scope {
        Scope::Cluster(_) => !has_own(**tenant),
        Scope::Tenant(_, own) => own == **tenant,
    };
    tenants.iter().filter(is_covered).copied().collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{CleanUp, Holders, Scope, Settings, Strategy, Thresholds, covered, holding};
    use crate::backup::BackupMethod;
    use crate::id::{ClusterId, StorageId, StrategyId, TenantId, UserId};
    use crate::schedule::Daily;
    use crate::time::Timestamp;

    /// Returns a physical strategy with this schedule in JSON.
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
                take_over: None,
                thresholds: Thresholds::default(),
            },
            paused: false,
            since: Timestamp(0),
        }
    }

    pub(crate) const NIGHTLY: &str =
        r#"{"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC"}"#;

    #[test]
    fn a_clean_up_is_due_once_a_day_after_it_was_decided() {
        let day = 86_400_000_000;
        let at = |hours: i64| Timestamp(20_000 * day + hours * 3_600_000_000);
        let mut cleans = strategy(1, Scope::Cluster(ClusterId(1)), NIGHTLY);
        cleans.settings.method = BackupMethod::Logical;
        assert_eq!(cleans.clean_up_due(at(12)), None, "nothing is to be deleted");
        let clean_up =
            CleanUp { retention_days: 7, time: Daily::usual(), since: at(10), stops_in_pause: false };
        cleans.settings.clean_up = Some(clean_up);
        let due = [12, 26, 27, 28, 51].map(|hours| cleans.clean_up_due(at(hours)));
        assert_eq!(due, [None, None, Some(at(27)), Some(at(27)), Some(at(51))]);
        let mut paused = Strategy { paused: true, ..cleans.clone() };
        assert_eq!(paused.clean_up_due(at(28)), Some(at(27)), "only the schedule is paused");
        paused.settings.clean_up = Some(CleanUp { stops_in_pause: true, ..clean_up });
        assert_eq!(paused.clean_up_due(at(28)), None);
        paused.paused = false;
        assert_eq!(paused.clean_up_due(at(28)), Some(at(27)), "no pause, nothing to stop");
        let of_earlier_version =
            serde_json::from_str::<CleanUp>(r#"{"retention_days": 7}"#).expect("settings");
        assert!(of_earlier_version.stops_in_pause, "nothing is deleted that was not deleted before");
        cleans.settings.method = BackupMethod::Physical;
        assert_eq!(cleans.clean_up_due(at(28)), None, "the database deletes those");
    }

    #[test]
    fn a_tenants_strategy_takes_the_place_of_the_clusters() {
        let (shop, hr, other) = (TenantId(1002), TenantId(1004), TenantId(1006));
        let of_cluster = strategy(1, Scope::Cluster(ClusterId(1)), NIGHTLY);
        let mut of_shop = strategy(2, Scope::Tenant(ClusterId(1), shop), NIGHTLY);
        of_shop.paused = true; // still covers its tenant
        let elsewhere = strategy(3, Scope::Tenant(ClusterId(2), hr), NIGHTLY);
        let all = [of_cluster, of_shop, elsewhere];
        let holders = Holders::of(&all);
        let held = |cluster, tenant| {
            let id = holding(&all, ClusterId(cluster), tenant).map(|strategy| strategy.id.0);
            assert_eq!(holders.holding(ClusterId(cluster), tenant).map(|strategy| strategy.id.0), id);
            id
        };
        assert_eq!(
            [held(1, shop), held(1, hr), held(2, hr), held(2, shop)],
            [Some(2), Some(1), Some(3), None]
        );
        assert_eq!(covered(&all, all[0].scope, &[shop, hr, other]), [hr, other]);
        assert_eq!(covered(&all, all[1].scope, &[shop, hr, other]), [shop]);
        assert_eq!(covered(&all, all[0].scope, &[shop]), [], "every tenant has its own");
        assert_eq!(covered(&all[1..], all[0].scope, &[shop, hr, other]), [hr, other], "before it is saved");
    }
}
