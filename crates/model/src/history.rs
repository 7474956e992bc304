//! How long Lifeboat keeps its own history.

use crate::time::Timestamp;

/// A part of the history that grows with every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistoryPart {
    /// The lines of the logs of finished tasks.
    Logs,
    /// The finished tasks, with their steps.
    Tasks,
    /// The due times of strategies.
    Runs,
    /// The audit log.
    Audit,
}

impl HistoryPart {
    /// All of them. Runs come before tasks: a task stays while a run names it.
    pub const ALL: [Self; 4] = [Self::Logs, Self::Runs, Self::Tasks, Self::Audit];

    /// Returns its name in REST and in the texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Tasks => "tasks",
            Self::Runs => "runs",
            Self::Audit => "audit",
        }
    }
}

/// For how many days each part is kept; none: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryDays {
    /// The logs of finished tasks.
    pub logs: Option<u32>,
    /// The finished tasks, and the due times of strategies.
    pub tasks: Option<u32>,
    /// The audit log.
    pub audit: Option<u32>,
}

impl HistoryDays {
    /// The defaults: 90 days of logs, a year of tasks, all of the audit log.
    pub const DEFAULT: Self = Self { logs: Some(90), tasks: Some(366), audit: None };

    /// Returns for how many days a part is kept.
    #[must_use]
    pub const fn of(&self, part: HistoryPart) -> Option<u32> {
        match part {
            HistoryPart::Logs => self.logs,
            HistoryPart::Tasks | HistoryPart::Runs => self.tasks,
            HistoryPart::Audit => self.audit,
        }
    }

    /// Returns the time before which a part is deleted; none if it is kept for ever.
    #[must_use]
    pub fn before(&self, part: HistoryPart, now: Timestamp) -> Option<Timestamp> {
        let day_us = 24 * 60 * 60 * 1_000_000_i64;
        self.of(part).map(|days| Timestamp(now.0.saturating_sub(i64::from(days).saturating_mul(day_us))))
    }
}

#[cfg(test)]
mod tests {
    use super::{HistoryDays, HistoryPart};
    use crate::time::Timestamp;

    #[test]
    fn each_part_has_its_own_age() {
        let days = HistoryDays { logs: Some(1), tasks: Some(2), audit: None };
        let now = Timestamp(10 * 86_400_000_000);
        let before = |part| days.before(part, now);
        assert_eq!(before(HistoryPart::Logs), Some(Timestamp(9 * 86_400_000_000)));
        assert_eq!(before(HistoryPart::Tasks), Some(Timestamp(8 * 86_400_000_000)));
        assert_eq!(before(HistoryPart::Runs), before(HistoryPart::Tasks));
        assert_eq!(before(HistoryPart::Audit), None);
    }
}
