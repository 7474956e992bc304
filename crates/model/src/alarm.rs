//! Alarms: the current problems, each derived from known data. [`kept`] records them over time.
//!
//! Names, levels and thresholds are OCP's; where OCP has none, they follow its style.

pub mod kept;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::archive::{ArchiveRound, ArchiveStatus};
use crate::id::{ChannelId, ClusterId, TaskId, TenantId};
use crate::text::Text;
use crate::time::Timestamp;

/// The maximum delay of log backup in seconds: OCP's threshold for a cluster without a strategy.
pub const LOG_DELAY_S: u64 = 3_600;

/// The types of alarms. Alarms of the same level are listed in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    /// The disk of the data directory, or a file root, is full or cannot be written.
    LifeboatDisk,
    /// The cluster does not answer.
    ClusterUnavailable,
    /// The storage of a backup strategy is too full.
    StorageCapacity,
    /// The newest data backup failed, and none succeeded since.
    BaseBackupFail,
    /// The newest backup set of a tenant left something out without consent.
    BackupPartial,
    /// A data backup runs longer than its backup strategy allows.
    BaseBackupTimeout,
    /// No data backup succeeded for too long.
    NoSuccessfulBackup,
    /// Log backup was interrupted, and does not resume by itself.
    LogBackupInterrupted,
    /// Log backup is too far behind.
    IncBackupDelay,
    /// The newest due time of a backup strategy was missed.
    BackupRunMissed,
    /// The owner of a backup strategy may not back up, so that no run will start.
    StrategyOwnerInvalid,
    /// The settings of a backup strategy cannot be read, so that no run will start.
    StrategyUnreadable,
    /// The database does not delete the expired physical backups of a tenant.
    CleanUpFailing,
    /// The notices for a channel have not been delivered for a while.
    ChannelFailing,
}

/// The level. On the wire, it is OCP's number, of which 1 is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmLevel {
    /// Nothing can be backed up.
    Stopped,
    /// Data that is lost now may not be recoverable.
    Critical,
}

impl AlarmKind {
    /// All alarms.
    pub const ALL: [Self; 14] = [
        Self::LifeboatDisk,
        Self::ClusterUnavailable,
        Self::StorageCapacity,
        Self::BaseBackupFail,
        Self::BackupPartial,
        Self::BaseBackupTimeout,
        Self::NoSuccessfulBackup,
        Self::LogBackupInterrupted,
        Self::IncBackupDelay,
        Self::BackupRunMissed,
        Self::StrategyOwnerInvalid,
        Self::StrategyUnreadable,
        Self::CleanUpFailing,
        Self::ChannelFailing,
    ];

    /// Returns the name for programs; also the prefix of its texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LifeboatDisk => "lifeboat_disk_unavailable",
            Self::ClusterUnavailable => "cluster_unavailable",
            Self::StorageCapacity => "backup_storage_capacity_over_threshold",
            Self::BaseBackupFail => "base_backup_fail",
            Self::BackupPartial => "backup_partial",
            Self::BaseBackupTimeout => "base_backup_timeout",
            Self::NoSuccessfulBackup => "base_backup_too_long_time_no_one_success_task",
            Self::LogBackupInterrupted => "log_backup_interrupted",
            Self::IncBackupDelay => "inc_backup_delay",
            Self::BackupRunMissed => "backup_run_missed",
            Self::StrategyOwnerInvalid => "backup_strategy_owner_invalid",
            Self::StrategyUnreadable => "backup_strategy_unreadable",
            Self::CleanUpFailing => "backup_clean_up_failing",
            Self::ChannelFailing => "channel_failing",
        }
    }

    /// Returns the type with this name for programs.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns its level.
    #[must_use]
    pub const fn level(self) -> AlarmLevel {
        match self {
            Self::LifeboatDisk | Self::ClusterUnavailable | Self::StorageCapacity => AlarmLevel::Stopped,
            Self::BaseBackupFail
            | Self::BackupPartial
            | Self::BaseBackupTimeout
            | Self::NoSuccessfulBackup
            | Self::LogBackupInterrupted
            | Self::IncBackupDelay
            | Self::BackupRunMissed
            | Self::StrategyOwnerInvalid
            | Self::StrategyUnreadable
            | Self::CleanUpFailing
            | Self::ChannelFailing => AlarmLevel::Critical,
        }
    }
}

impl AlarmLevel {
    /// Returns the level with OCP's number.
    #[must_use]
    pub const fn of_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Stopped),
            2 => Some(Self::Critical),
            _ => None,
        }
    }

    /// Returns OCP's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Stopped => 1,
            Self::Critical => 2,
        }
    }
}

/// A current problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The type.
    pub kind: AlarmKind,
    /// The server, cluster or channel with the problem.
    pub subject: Subject,
    /// The tenant of the cluster, if the problem concerns one.
    pub tenant: Option<(TenantId, String)>,
    /// The task with the details.
    pub task: Option<TaskId>,
    /// The start of the problem, if known.
    pub since: Option<Timestamp>,
    /// The problem and the fix.
    pub text: Text,
    /// The reason: the original error.
    pub reason: Option<Text>,
}

/// The server, cluster or channel that an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A Lifeboat server, by its name.
    Server(String),
    /// A cluster, or one of its tenants.
    Cluster {
        /// Its id.
        id: ClusterId,
        /// Its name in Lifeboat.
        name: String,
        /// Its name and ID in OceanBase.
        ob_cluster: String,
    },
    /// A channel for notices.
    Channel {
        /// Its number.
        id: ChannelId,
        /// Its name.
        name: String,
    },
}

impl Subject {
    /// Returns the cluster; `None` for a server or channel.
    #[must_use]
    pub const fn cluster(&self) -> Option<ClusterId> {
        match self {
            Self::Server(_) | Self::Channel { .. } => None,
            Self::Cluster { id, .. } => Some(*id),
        }
    }

    /// Returns the channel; `None` for a server or cluster.
    #[must_use]
    pub const fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::Server(_) | Self::Cluster { .. } => None,
            Self::Channel { id, .. } => Some(*id),
        }
    }

    /// Returns its name in Lifeboat.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Server(name) | Self::Cluster { name, .. } | Self::Channel { name, .. } => name,
        }
    }
}

impl Alarm {
    fn key(&self) -> Key {
        let tenant = self.tenant.as_ref().map(|(id, _)| *id);
        (self.kind, self.subject.cluster(), tenant, self.subject.channel())
    }

    /// Returns its target in OCP's form.
    #[must_use]
    pub fn target(&self) -> String {
        let cluster = match &self.subject {
            Subject::Server(name) => return format!("lifeboat_server={name}"),
            Subject::Channel { name, .. } => return format!("lifeboat_channel={name}"),
            Subject::Cluster { ob_cluster, .. } => format!("ob_cluster={ob_cluster}"),
        };
        match &self.tenant {
            Some((_, name)) => format!("{cluster}:tenant_name={name}"),
            None => cluster,
        }
    }
}

/// An alarm was raised, closed, or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmChange {
    /// The kind of change.
    pub became: AlarmState,
    /// The type of the alarm.
    pub kind: AlarmKind,
    /// The cluster; `None` for a server or channel.
    pub cluster: Option<ClusterId>,
    /// The tenant, if the alarm concerns one.
    pub tenant: Option<TenantId>,
    /// The channel, if the alarm concerns one.
    pub channel: Option<ChannelId>,
}

/// The change of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// It is new.
    Raised,
    /// It still exists, and its content changed.
    Changed,
    /// It no longer exists.
    Closed,
}

/// Compares the previous and the current alarms.
#[must_use]
pub fn changes(before: &[Alarm], now: &[Alarm]) -> Vec<AlarmChange> {
    fn by_key(alarms: &[Alarm]) -> BTreeMap<Key, &Alarm> {
        alarms.iter().map(|alarm| (alarm.key(), alarm)).collect()
    }
    let (before, now) = (by_key(before), by_key(now));
    let change = |became, (kind, cluster, tenant, channel): Key| AlarmChange {
        became,
        kind,
        cluster,
        tenant,
        channel,
    };
    let closed =
        before.keys().filter(|key| !now.contains_key(*key)).map(|key| change(AlarmState::Closed, *key));
    let others = now.iter().filter_map(|(key, alarm)| match before.get(key) {
        None => Some(change(AlarmState::Raised, *key)),
        Some(old) if old != alarm => Some(change(AlarmState::Changed, *key)),
        Some(_) => None,
    });
    closed.chain(others).collect()
}

/// The identity of an alarm.
type Key = (AlarmKind, Option<ClusterId>, Option<TenantId>, Option<ChannelId>);

/// Returns the alarm for the log backup of one tenant (on 3.x, of the cluster). `delay_us` is its delay while it
/// runs, and `limit_s` the maximum.
#[must_use]
pub fn of_log_backup(round: &ArchiveRound, delay_us: Option<u64>, limit_s: u64) -> Option<AlarmKind> {
    if round.status == ArchiveStatus::Interrupted {
        return Some(AlarmKind::LogBackupInterrupted);
    }
    delay_us.filter(|delay_us| *delay_us > limit_s * 1_000_000).map(|_| AlarmKind::IncBackupDelay)
}

#[cfg(test)]
mod tests {
    use super::{Alarm, AlarmKind, AlarmState, LOG_DELAY_S, Subject, changes, of_log_backup};
    use crate::archive::ArchiveStatus::{Doing, Interrupted, Never, Stop, Suspend};
    use crate::archive::{ArchiveRound, ArchiveStatus};
    use crate::id::{ChannelId, ClusterId, TenantId};
    use crate::text::{Language, Text, alarm_name};

    fn round(status: ArchiveStatus) -> ArchiveRound {
        ArchiveRound {
            tenant: TenantId(1002),
            status,
            mode_on: None,
            enabled: true,
            round: 1,
            start: None,
            checkpoint: None,
            comment: String::new(),
            path: String::new(),
        }
    }

    fn prod() -> Subject {
        Subject::Cluster { id: ClusterId(1), name: "prod".to_owned(), ob_cluster: "C1-1000".to_owned() }
    }

    #[test]
    fn log_backup_is_an_alarm_when_it_is_interrupted_or_too_far_behind() {
        let limit_us = LOG_DELAY_S * 1_000_000;
        let cases = [
            (Doing, Some(limit_us), None),
            (Doing, Some(limit_us + 1), Some(AlarmKind::IncBackupDelay)),
            (Suspend, Some(limit_us + 1), Some(AlarmKind::IncBackupDelay)),
            (Interrupted, Some(limit_us + 1), Some(AlarmKind::LogBackupInterrupted)),
            (Interrupted, Some(0), Some(AlarmKind::LogBackupInterrupted)),
            (Interrupted, None, Some(AlarmKind::LogBackupInterrupted)),
            (Stop, None, None),
            (Never, None, None),
        ];
        for (status, delay_us, expected) in cases {
            let found = of_log_backup(&round(status), delay_us, LOG_DELAY_S);
            assert_eq!(found, expected, "{status:?} {delay_us:?}");
        }
        let sooner = of_log_backup(&round(Doing), Some(61_000_000), 60);
        assert_eq!(sooner, Some(AlarmKind::IncBackupDelay), "a strategy has a limit of its own");
    }

    #[test]
    fn only_new_closed_and_changed_alarms_are_changes() {
        let alarm = |kind, tenant: i64, text: &str| Alarm {
            kind,
            subject: prod(),
            tenant: (tenant > 0).then(|| (TenantId(tenant), tenant.to_string())),
            task: None,
            since: None,
            text: Text::new(text),
            reason: None,
        };
        use AlarmKind::{BaseBackupFail as Failed, IncBackupDelay as Behind};
        let before =
            [alarm(Failed, 0, "a"), alarm(Failed, 7, "a"), alarm(Behind, 7, "a"), alarm(Behind, 8, "a")];
        let now =
            [alarm(Behind, 8, "a"), alarm(Behind, 7, "b"), alarm(Failed, 7, "a"), alarm(Failed, 8, "a")];
        let found: Vec<_> = changes(&before, &now)
            .into_iter()
            .map(|change| (change.became, change.kind, change.tenant.map_or(0, |id| id.0)))
            .collect();
        let expected = [
            (AlarmState::Closed, Failed, 0),
            (AlarmState::Raised, Failed, 8),
            (AlarmState::Changed, Behind, 7),
        ];
        assert_eq!(found, expected);
        assert_eq!(changes(&now, &now), []);
    }

    #[test]
    fn each_kind_has_a_name_that_people_read_in_their_language() {
        for kind in AlarmKind::ALL {
            for language in [Language::En, Language::Zh] {
                assert_ne!(alarm_name(language, kind.name()), kind.name(), "{language:?}");
            }
        }
    }

    #[test]
    fn an_alarm_names_its_target_as_ocp_does() {
        let mut alarm = Alarm {
            kind: AlarmKind::IncBackupDelay,
            subject: prod(),
            tenant: None,
            task: None,
            since: None,
            text: Text::new("alarm-log-backup-behind"),
            reason: None,
        };
        assert_eq!(alarm.target(), "ob_cluster=C1-1000");
        alarm.tenant = Some((TenantId(1002), "shop".to_owned()));
        assert_eq!(alarm.target(), "ob_cluster=C1-1000:tenant_name=shop");
        alarm = Alarm { subject: Subject::Server("here".to_owned()), tenant: None, ..alarm };
        assert_eq!(alarm.target(), "lifeboat_server=here");
        alarm.subject = Subject::Channel { id: ChannelId(3), name: "dba".to_owned() };
        assert_eq!(alarm.target(), "lifeboat_channel=dba");
    }
}
