//! An alarm in a list.

use model::Timestamp;
use model::alarm::Alarm;
use model::alarm::kept::{AlarmRecord, Handling};

/// An alarm in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAlarm {
    /// The problem.
    pub alarm: Alarm,
    /// What is recorded about it; none for a problem that appeared a moment ago.
    pub record: Option<AlarmRecord>,
    /// Its state.
    pub handling: Handling,
}

impl ListedAlarm {
    /// Returns a recorded alarm with its state at this time.
    pub(super) fn of(record: AlarmRecord, now: Timestamp) -> Self {
        Self { alarm: record.alarm.clone(), handling: record.handling(now), record: Some(record) }
    }
}
