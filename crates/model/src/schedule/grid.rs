//! OCP's schedule: days of a week or a month, at one time of day.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::due::{Due, fuller};
use super::zone::{Zone, is_beyond};
use crate::backup::DataBackupMode;
use crate::problem::Problem;
use crate::time::Timestamp;

/// The most days of a month that a grid takes (OCP's limit).
pub const MONTH_DAYS_MAX: usize = 10;

/// What repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cycle {
    /// Days are 1 (Monday) to 7 (Sunday).
    Week,
    /// Days are 1 to 31, and `L` for the last one. A month without that day is skipped.
    Month,
}

/// A day of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Day {
    /// The day with this number, from 1.
    Number(u8),
    /// The last day of a month.
    Last,
}

impl Cycle {
    /// Reads a day of this cycle.
    ///
    /// # Errors
    /// Names the day that is not valid in this cycle, and the valid days.
    pub fn day(self, text: &str) -> Result<Day, Problem> {
        let (most, allowed) = match self {
            Self::Week => (7, "1-7"),
            Self::Month => (31, "1-31, L"),
        };
        let day = text.parse::<Day>().ok().filter(|day| match day {
            Day::Number(number) => (1..=most).contains(number),
            Day::Last => self == Self::Month,
        });
        day.ok_or_else(|| Problem::invalid("schedule-day-unknown").with("day", text).with("allowed", allowed))
    }

    /// Returns whether a date is this day of the cycle.
    #[must_use]
    pub fn is_on(self, day: Day, date: NaiveDate) -> bool {
        match (self, day) {
            (Self::Week, Day::Number(number)) => date.weekday().number_from_monday() == u32::from(number),
            (Self::Month, Day::Number(number)) => date.day() == u32::from(number),
            (Self::Month, Day::Last) => date.succ_opt().is_none_or(|next| next.day() == 1),
            (Self::Week, Day::Last) => false,
        }
    }

    /// Returns whether a date is one of these days of the cycle.
    #[must_use]
    pub fn is_on_any(self, days: &BTreeSet<Day>, date: NaiveDate) -> bool {
        days.iter().any(|&day| self.is_on(day, date))
    }
}

impl FromStr for Day {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("l") { Ok(Self::Last) } else { text.parse().map(Self::Number) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Last => f.write_str("L"),
        }
    }
}

/// Days of a week or a month, at one time of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    pub(super) cycle: Cycle,
    pub(super) days: BTreeMap<Day, DataBackupMode>,
    pub(super) at: NaiveTime,
}

impl Grid {
    /// Returns what repeats.
    #[must_use]
    pub fn cycle(&self) -> Cycle {
        self.cycle
    }

    /// Returns the days with their backup modes.
    #[must_use]
    pub fn days(&self) -> &BTreeMap<Day, DataBackupMode> {
        &self.days
    }

    /// Returns the time of day.
    #[must_use]
    pub fn at(&self) -> NaiveTime {
        self.at
    }

    /// Returns the backup mode on a date. If two of the days fall on it, it is full if one of them is.
    #[must_use]
    pub fn kind_on(&self, date: NaiveDate) -> Option<DataBackupMode> {
        let kinds = self.days.iter().filter(|&(&day, _)| self.cycle.is_on(day, date)).map(|(_, &kind)| kind);
        kinds.reduce(fuller)
    }

    pub(super) fn dues(&self, zone: Zone, after: Timestamp) -> impl Iterator<Item = Due> + '_ {
        // If the clocks skip a whole day, its run is due on the next day.
        let start = zone.wall(after).date();
        let start = start.checked_sub_days(Days::new(2)).unwrap_or(start);
        let due = move |date: NaiveDate| {
            Some(Due { at: zone.moment(date.and_time(self.at)), kind: self.kind_on(date)? })
        };
        start
            .iter_days()
            .filter_map(due)
            .skip_while(move |due| due.at <= after)
            .take_while(|due| !is_beyond(due.at))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Cycle, Day, Grid};
    use crate::backup::DataBackupMode::{self, Full, Incremental};
    use crate::schedule::Zone;
    use crate::time::Timestamp;

    fn next(
        cycle: Cycle,
        days: &[(Day, DataBackupMode)],
        at: &str,
        zone: &str,
        after: &str,
        count: usize,
    ) -> Vec<String> {
        let days: BTreeMap<_, _> = days.iter().copied().collect();
        let grid = Grid { cycle, days, at: at.parse().expect("a time of day") };
        let zone: Zone = zone.parse().expect("a zone");
        let after = Timestamp::from_rfc3339(after).expect("a moment");
        let shown = |due: super::Due| {
            let kind = if due.kind == Full { "full" } else { "incremental" };
            format!("{} {kind}", zone.local(due.at).format("%m-%d %H:%M%:z"))
        };
        grid.dues(zone, after).take(count).map(shown).collect()
    }

    #[test]
    fn days_of_a_week_and_of_a_month_are_due_in_order() {
        use Day::{Last, Number};
        let week = [(Number(2), Incremental), (Number(7), Full)];
        assert_eq!(
            next(Cycle::Week, &week, "02:00:00", "+08:00", "2026-11-28T18:00:00Z", 3), // a run is due exactly then, so only later ones count
            ["12-01 02:00+08:00 incremental", "12-06 02:00+08:00 full", "12-08 02:00+08:00 incremental"]
        );
        let month = [(Number(30), Incremental), (Last, Full)];
        assert_eq!(
            next(Cycle::Month, &month, "02:00:00", "UTC", "2027-01-01T00:00:00Z", 5),
            [
                "01-30 02:00+00:00 incremental",
                "01-31 02:00+00:00 full",
                "02-28 02:00+00:00 full", // February has no 30th
                "03-30 02:00+00:00 incremental",
                "03-31 02:00+00:00 full"
            ]
        );
        // The last day of June is the 30th: one run, full.
        let june = next(Cycle::Month, &month, "02:00:00", "UTC", "2027-06-01T00:00:00Z", 2);
        assert_eq!(june, ["06-30 02:00+00:00 full", "07-30 02:00+00:00 incremental"]);
    }

    #[test]
    fn a_change_of_the_clocks_neither_loses_nor_doubles_a_day() {
        let daily: Vec<_> = (1..=7).map(|day| (Day::Number(day), Full)).collect();
        let cases: [(&str, &str, &str, &[&str]); 4] = [
            (
                "02:30:00",
                "Europe/Berlin",
                "2026-03-28T12:00:00Z",
                &["03-29 03:00+02:00", "03-30 02:30+02:00"],
            ),
            (
                "02:30:00",
                "Europe/Berlin",
                "2026-10-24T12:00:00Z",
                &["10-25 02:30+02:00", "10-26 02:30+01:00"],
            ),
            (
                "00:00:00",
                "America/Santiago",
                "2026-09-05T12:00:00Z",
                &["09-06 01:00-03:00", "09-07 00:00-03:00"],
            ),
            // Samoa had no 30th of December: its run is due as the 31st begins.
            (
                "02:00:00",
                "Pacific/Apia",
                "2011-12-29T22:00:00Z",
                &["12-31 00:00+14:00", "12-31 02:00+14:00", "01-01 02:00+14:00"],
            ),
        ];
        for (at, zone, after, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|due| format!("{due} full")).collect();
            assert_eq!(next(Cycle::Week, &daily, at, zone, after, expected.len()), expected, "{zone} {at}");
        }
    }
}
