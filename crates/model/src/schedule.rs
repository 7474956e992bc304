//! When a strategy's backups are due.
//!
//! | file | content |
//! |---|---|
//! | [`due`] | a due time, and its backup mode |
//! | [`zone`] | time zones, and the effect of clock changes on a time of day |
//! | [`grid`] | OCP's schedule: days of a week or a month, at one time of day |
//! | [`cron`] | a cron expression, and which of its runs are full |
//! | [`daily`] | a daily time, at which expired backups are deleted |
//! | [`quiet`] | the hours in which nothing starts |
//! | [`form`] | the JSON form of a schedule, and every reason to refuse one |
//! | [`decide`] | the decisions on a strategy now |
//! | [`preview`] | the next runs, as the decisions will start them |
//!
//! A due time is the identity of a run. Neither jitter nor a delay changes it.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::id::StrategyId;
use crate::problem::Problem;
use crate::time::Timestamp;

pub mod cron;
pub mod daily;
pub mod decide;
pub mod due;
pub mod form;
pub mod grid;
pub mod preview;
pub mod quiet;
pub mod zone;

pub use cron::Cron;
pub use daily::Daily;
pub use due::{Due, fuller};
pub use form::{Form, Saved};
pub use grid::{Cycle, Day, Grid};
pub use preview::PlannedRun;
pub use quiet::QuietWindow;
pub use zone::Zone;

/// The longest jitter, in seconds.
pub const JITTER_MAX_S: u32 = 4 * 3_600;

/// A schedule. It is written as a [`Form`], and a requested one is checked by all rules (`TryFrom<Form>`).
///
/// A saved one is read by the rules that all versions have in common (`TryFrom<Saved>`): a rule that is newer than the
/// strategy must not stop its runs. [`Schedule::check`] names the broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "form::Saved", into = "Form")]
pub struct Schedule {
    rule: Rule,
    zone: Zone,
    window: Option<QuietWindow>,
    jitter: Option<NonZeroU32>,
}

/// Which times are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Days of a week or a month, at one time of day.
    Grid(Grid),
    /// A cron expression.
    Cron(Box<Cron>),
}

impl Schedule {
    /// Checks a saved schedule by all rules of this version.
    ///
    /// # Errors
    /// Names the rule that it breaks.
    pub fn check(&self) -> Result<(), Problem> {
        self.window.map_or(Ok(()), QuietWindow::check)
    }

    /// Returns the same schedule without its jitter.
    #[must_use]
    pub fn without_jitter(self) -> Self {
        Self { jitter: None, ..self }
    }

    /// Returns the rule of the due times.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Returns the zone of every time of day.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Returns the hours in which nothing starts.
    #[must_use]
    pub fn window(&self) -> Option<QuietWindow> {
        self.window
    }

    /// Returns the due times after `after`, in order and without duplicates. They end at the latest in the year 9999.
    pub fn dues(&self, after: Timestamp) -> impl Iterator<Item = Due> + '_ {
        let dues: Box<dyn Iterator<Item = Due>> = match &self.rule {
            Rule::Grid(grid) => Box::new(grid.dues(self.zone, after)),
            Rule::Cron(cron) => Box::new(cron.dues(self.zone, after)),
        };
        let mut dues = dues.peekable();
        std::iter::from_fn(move || {
            let mut due = dues.next()?;
            // A clock change can map two times of day to the same time. This is one run, which is full if one of the
            // two is.
            while let Some(same) = dues.next_if(|next| next.at == due.at) {
                due.kind = fuller(due.kind, same.kind);
            }
            Some(due)
        })
    }

    /// Returns the due times after `after`, up to and including `until`.
    #[must_use]
    pub fn due_times(&self, after: Timestamp, until: Timestamp) -> Vec<Due> {
        self.dues(after).take_while(|due| due.at <= until).collect()
    }

    /// Returns the delay of a run after its due time, in microseconds. It depends only on the strategy and the due
    /// time.
    #[must_use]
    pub fn jitter_us(&self, strategy: StrategyId, due: Timestamp) -> i64 {
        let Some(jitter) = self.jitter else { return 0 };
        let spread =
            mixed(mixed(strategy.0.cast_unsigned()) ^ due.0.cast_unsigned()) % u64::from(jitter.get());
        i64::try_from(spread).unwrap_or(0) * 1_000_000
    }
}

/// Hashes a number. Stored due times depend on it, so never change it.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{Form, Problem, Schedule};
    use crate::id::StrategyId;
    use crate::time::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).expect("a moment")
    }

    fn requested(json: &Value) -> Result<Schedule, Problem> {
        let form: Form = serde_json::from_value(json.clone()).expect("a form");
        form.try_into()
    }

    #[test]
    fn a_schedule_that_an_earlier_version_saved_is_read_and_names_the_rule_that_it_breaks() {
        let cases = [
            ("09:00:00", "09:00:59", "schedule-window-too-short"),
            ("09:00:59", "09:00:00", "schedule-window-leaves-no-time"),
        ];
        for (from, until, id) in cases {
            let json = json!({"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC",
                              "dataBackupMode": "FULL_BACKUP", "quietWindow": {"from": from, "until": until}});
            let saved: Schedule = serde_json::from_value(json.clone()).expect("readable");
            assert_eq!(saved.check().expect_err("broken").text.id, id);
            assert_eq!(requested(&json).expect_err("refused").text.id, id, "nobody can save it again");
            assert_eq!(serde_json::to_value(saved).expect("JSON"), json, "it is shown and exported as it is");
        }
    }

    #[test]
    fn jitter_is_the_same_for_the_same_run_and_spreads_over_strategies_and_runs() {
        let daily = json!({"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC",
                           "jitterSeconds": 1800});
        let daily = requested(&daily).expect("a schedule");
        let due = at("2026-11-28T02:00:00Z");
        // Stored runs were planned with these numbers: a changed hash would move them.
        assert_eq!(daily.jitter_us(StrategyId(1), due), 1_203_000_000);
        let of_strategies: BTreeSet<_> =
            (0..1_000).map(|id| daily.jitter_us(StrategyId(id), due) / 60_000_000).collect();
        assert_eq!(of_strategies, (0..30).collect(), "a thousand strategies hit each minute of half an hour");
        let of_days: BTreeSet<_> = (0..200)
            .map(|day| daily.jitter_us(StrategyId(7), Timestamp(due.0 + day * 86_400_000_000)) / 60_000_000)
            .collect();
        assert!(of_days.len() > 20, "{of_days:?}");
    }
}
