//! How long Lifeboat keeps its own history.

use crate::time::Timestamp;

/// A part of the history that grows with every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistoryPart {
    /// The lines of the logs of tasks.
    Logs,
    /// The tasks, with their steps.
    Tasks,
    /// The due times of strategies.
    Runs,
    /// The audit log.
    Audit,
}

impl HistoryPart {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Logs, Self::Tasks, Self::Runs, Self::Audit];
}

/// For how many days each part is kept; none if age is no reason to delete it.
///
/// Tasks and due times have no limit. The scheduler, the alarms and log backup read them, however old they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryDays {
    /// The logs of finished tasks.
    pub logs: Option<u32>,
    /// The audit log.
    pub audit: Option<u32>,
}

impl HistoryDays {
    /// The defaults: 90 days of logs, all of the audit log.
    pub const DEFAULT: Self = Self { logs: Some(90), audit: None };

    /// Returns for how many days a part is kept.
    #[must_use]
    pub const fn of(&self, part: HistoryPart) -> Option<u32> {
        match part {
            HistoryPart::Logs => self.logs,
            HistoryPart::Audit => self.audit,
            HistoryPart::Tasks | HistoryPart::Runs => None,
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
    fn logs_and_audit_lines_have_an_age() {
        let days = HistoryDays { logs: Some(1), audit: Some(2) };
        let now = Timestamp(10 * 86_400_000_000);
        let before = |part| days.before(part, now);
        assert_eq!(before(HistoryPart::Logs), Some(Timestamp(9 * 86_400_000_000)));
        assert_eq!(before(HistoryPart::Audit), Some(Timestamp(8 * 86_400_000_000)));
        assert_eq!((before(HistoryPart::Tasks), before(HistoryPart::Runs)), (None, None));
    }
}
