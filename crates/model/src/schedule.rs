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
//!
//! A due time is the identity of a run. Neither jitter nor a delay changes it.

use std::num::NonZeroU32;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use crate::id::StrategyId;
use crate::time::Timestamp;

pub mod cron;
pub mod daily;
pub mod decide;
pub mod due;
pub mod form;
pub mod grid;
pub mod quiet;
pub mod zone;

pub use cron::Cron;
pub use daily::Daily;
pub use due::{Due, fuller};
pub use form::Form;
pub use grid::{Cycle, Day, Grid};
pub use quiet::QuietWindow;
pub use zone::Zone;

/// The longest jitter, in seconds.
pub const JITTER_MAX_S: u32 = 4 * 3_600;

/// A checked schedule. It is read from and written as a [`Form`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
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

/// A future run, as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRun {
    /// Its due time and backup mode.
    pub due: Due,
    /// The earliest start: the due time, delayed by the jitter and the quiet window.
    pub starts: Timestamp,
    /// The due time in the zone's local time.
    pub local: DateTime<FixedOffset>,
    /// The zone.
    pub zone: Zone,
}

impl Schedule {
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

    /// Returns the next runs, at most `count`; `strategy` determines the jitter.
    #[must_use]
    pub fn next_runs(&self, strategy: StrategyId, after: Timestamp, count: usize) -> Vec<PlannedRun> {
        let planned = |due: Due| {
            let earliest = Timestamp(due.at.0.saturating_add(self.jitter_us(strategy, due.at)));
            let window = self.window.filter(|window| window.holds(self.zone, earliest));
            PlannedRun {
                due,
                starts: window.map_or(earliest, |window| window.end(self.zone, earliest)),
                local: self.zone.local(due.at),
                zone: self.zone,
            }
        };
        self.dues(after).take(count).map(planned).collect()
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

    use super::{Form, Schedule};
    use crate::backup::DataBackupMode::{Full, Incremental};
    use crate::id::StrategyId;
    use crate::time::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).expect("a moment")
    }

    fn schedule(json: &str) -> Schedule {
        let form: Form = serde_json::from_str(json).expect("a form");
        Schedule::try_from(form).expect("a schedule")
    }

    #[test]
    fn the_next_runs_show_time_zone_kind_and_when_they_start() {
        let weekly = schedule(
            r#"{"backupScheduleMode": "WEEK", "backupScheduleTime": "02:00:00.000+08:00",
                "dayAndDataBackupModelMap": {"2": "INCREMENTAL_BACKUP", "6": "FULL_BACKUP"},
                "quietWindow": {"from": "01:30", "until": "02:00"}}"#,
        );
        let runs = weekly.next_runs(StrategyId(1), at("2026-11-27T00:00:00Z"), 30);
        assert_eq!(runs.len(), 30);
        let shown = |number: usize| {
            let run = &runs[number];
            (run.local.to_rfc3339(), run.due.kind, run.zone.to_string())
        };
        assert_eq!(shown(0), ("2026-11-28T02:00:00+08:00".to_owned(), Full, "+08:00".to_owned()));
        assert_eq!(shown(1), ("2026-12-01T02:00:00+08:00".to_owned(), Incremental, "+08:00".to_owned()));
        assert!(runs.iter().all(|run| run.starts == run.due.at), "the window ends as the runs are due");
    }

    #[test]
    fn a_run_in_the_quiet_window_is_shown_to_start_at_its_end() {
        let daily = schedule(
            r#"{"backupScheduleMode": "CRON", "cronExpression": "0 */6 * * *", "scheduleZone": "Europe/Berlin",
                "quietWindow": {"from": "05:00", "until": "20:30"}}"#,
        );
        let runs = daily.next_runs(StrategyId(1), at("2026-11-27T00:00:00Z"), 4);
        let starts: Vec<_> = runs.iter().map(|run| run.zone.local(run.starts).to_rfc3339()).collect();
        assert_eq!(
            starts,
            [
                "2026-11-27T20:30:00+01:00",
                "2026-11-27T20:30:00+01:00",
                "2026-11-27T20:30:00+01:00",
                "2026-11-28T00:00:00+01:00"
            ]
        );
    }

    #[test]
    fn jitter_is_the_same_for_the_same_run_and_spreads_over_strategies_and_runs() {
        let daily = schedule(
            r#"{"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC", "jitterSeconds": 1800}"#,
        );
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
