//! A gap in the logs of a tenant: log backup was INTERRUPTED, and times from then until the next full backup are not
//! recoverable. Also the repair, if a backup strategy allows it.
//!
//! The repair stops log backup, starts it again, and takes a full backup. Each is a task, which the gap records.

use serde::{Deserialize, Serialize};

use crate::archive::{ArchiveRound, ArchiveStatus};
use crate::id::{ClusterId, TaskId, TenantId};
use crate::time::Timestamp;

/// The identity of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GapKey {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenant; 1 for a whole cluster of 3.x.
    pub tenant: TenantId,
    /// The interrupted round.
    pub round: i64,
}

/// A gap in the logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGap {
    /// The cluster, tenant and round.
    pub key: GapKey,
    /// The log backup checkpoint, if the database reports it.
    pub from: Option<Timestamp>,
    /// The database's message about it.
    pub comment: String,
    /// When it was detected, by the metadata's clock.
    pub found: Timestamp,
    /// The task that stops log backup.
    pub stop: Option<TaskId>,
    /// The task that starts it again.
    pub start: Option<TaskId>,
    /// The task that takes a full backup.
    pub backup: Option<TaskId>,
    /// The time from which logs are backed up again; `None` until then.
    pub until: Option<Timestamp>,
    /// Whether the gap needs no further action.
    pub is_closed: bool,
}

impl LogGap {
    /// Returns the newest task that was created for it.
    #[must_use]
    pub fn newest_task(&self) -> Option<TaskId> {
        self.backup.or(self.start).or(self.stop)
    }
}

/// The state of the newest task of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskEnd {
    /// It has not ended.
    Running,
    /// It succeeded.
    Well,
    /// It ended in another way, or no longer exists.
    Badly,
}

/// The next action for a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mending {
    /// Nothing for now.
    Wait,
    /// Stop log backup.
    Stop,
    /// Start it again.
    Start,
    /// Take a full backup.
    BackUp,
    /// Close the gap.
    Close,
}

/// Decides on the repair of a gap. `may_begin` means that the strategy allows a repair, the cause is gone, and the
/// last repair is long enough ago. A started repair continues without it.
#[must_use]
pub fn mending(gap: &LogGap, round: &ArchiveRound, task: Option<TaskEnd>, may_begin: bool) -> Mending {
    use ArchiveStatus::{Beginning, Doing, Interrupted, Never, Stop};
    let is_newer = round.round > gap.key.round;
    let runs_again = is_newer && matches!(round.status, Beginning | Doing);
    match (task, gap.newest_task()) {
        (Some(TaskEnd::Running), _) => Mending::Wait,
        // A user may retry it, or repair it without Lifeboat.
        (Some(TaskEnd::Badly), _) if gap.backup.is_none() && runs_again => Mending::BackUp,
        (Some(TaskEnd::Badly), _) => Mending::Wait,
        _ if gap.backup.is_some() => Mending::Close,
        // Interrupted again: that is a separate gap.
        _ if is_newer && round.status == Interrupted => Mending::Close,
        (_, Some(_)) if runs_again => Mending::BackUp,
        (_, Some(_)) if gap.start.is_none() && matches!(round.status, Never | Stop) => Mending::Start,
        (_, Some(_)) => Mending::Wait,
        (_, None) if round.status != Interrupted => Mending::Close,
        (_, None) if may_begin => Mending::Stop,
        (_, None) => Mending::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::Mending::{BackUp, Close, Start, Stop, Wait};
    use super::{GapKey, LogGap, TaskEnd, mending};
    use crate::archive::ArchiveRound;
    use crate::archive::ArchiveStatus::{self, Beginning, Doing, Interrupted, Stop as Stopped, Stopping};
    use crate::id::{ClusterId, TaskId, TenantId};
    use crate::time::Timestamp;

    /// A gap of round 3 with this many created tasks.
    fn gap(tasks: usize) -> LogGap {
        let task = |number: usize| (number <= tasks).then_some(TaskId(1));
        LogGap {
            key: GapKey { cluster: ClusterId(1), tenant: TenantId(1002), round: 3 },
            from: None,
            comment: String::new(),
            found: Timestamp(0),
            stop: task(1),
            start: task(2),
            backup: task(3),
            until: None,
            is_closed: false,
        }
    }

    fn round(round: i64, status: ArchiveStatus) -> ArchiveRound {
        ArchiveRound {
            tenant: TenantId(1002),
            status,
            mode_on: None,
            enabled: true,
            round,
            start: None,
            checkpoint: None,
            comment: String::new(),
            path: String::new(),
        }
    }

    #[test]
    fn log_backup_is_brought_back_step_by_step_and_a_full_backup_follows() {
        use TaskEnd::{Badly, Running, Well};
        let cases = [
            // Nothing was started.
            (0, 3, Interrupted, None, false, Wait),
            (0, 3, Interrupted, None, true, Stop),
            (0, 3, Stopping, None, true, Close), // another user repairs it
            (0, 4, Doing, None, true, Close),
            (0, 4, Interrupted, None, true, Close), // another gap
            // It is stopped.
            (1, 3, Interrupted, Some(Running), false, Wait),
            (1, 3, Stopped, Some(Running), true, Wait),
            (1, 3, Stopped, Some(Well), false, Start), // a started repair continues
            (1, 3, Stopping, Some(Well), true, Wait),
            (1, 4, Doing, Some(Well), true, BackUp), // another user started it
            (1, 3, Interrupted, Some(Badly), true, Wait),
            (1, 4, Doing, Some(Badly), true, BackUp),
            // It is started.
            (2, 3, Stopped, Some(Well), true, Wait),
            (2, 4, Beginning, Some(Well), false, BackUp),
            (2, 4, Doing, Some(Well), true, BackUp),
            (2, 4, Interrupted, Some(Well), true, Close),
            (2, 3, Stopped, Some(Badly), true, Wait),
            // The backup.
            (3, 4, Doing, Some(Running), true, Wait),
            (3, 4, Doing, Some(Well), true, Close),
            (3, 4, Doing, Some(Badly), true, Wait),
        ];
        for (tasks, number, status, task, may_begin, expected) in cases {
            let found = mending(&gap(tasks), &round(number, status), task, may_begin);
            assert_eq!(found, expected, "{tasks} tasks, {number} {status:?} {task:?} {may_begin}");
        }
    }
}
