//! A cron expression of five fields: minute, hour, day of the month, month, day of the week (0 or 7 is Sunday). `L`
//! is the last day of a month, `MON#2` the second Monday, `FRI#L` the last Friday. If both day fields are given, a
//! match of either is enough.
//!
//! An expression whose hour is `*` follows elapsed time: when clocks change, it runs in both of two equal hours, and
//! in no skipped hour. Every other expression names times of day, each of which is due exactly once
//! ([`super::zone`]).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike as _};
use croner::parser::{CronParser, Seconds, Year};

use super::due::Due;
use super::grid::{Cycle, Day};
use super::zone::{Zone, is_beyond, utc};
use crate::backup::DataBackupMode;
use crate::problem::Problem;
use crate::time::Timestamp;

/// The longest expression, in bytes.
const LONGEST: usize = 100;

/// The least time between two due times, in minutes.
pub const APART_MIN: i64 = 15;

/// Which runs of an expression are full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindRule {
    /// The backup mode of a run.
    pub kind: DataBackupMode,
    /// The days whose runs are always full.
    pub full_on: Option<(Cycle, BTreeSet<Day>)>,
}

impl KindRule {
    /// Returns the backup mode of a run on a local date.
    #[must_use]
    pub fn kind_on(&self, date: NaiveDate) -> DataBackupMode {
        match &self.full_on {
            Some((cycle, days)) if cycle.is_on_any(days, date) => DataBackupMode::Full,
            _ => self.kind,
        }
    }
}

/// A cron expression, and which of its runs are full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    pattern: croner::Cron,
    is_hourly: bool,
    apart_min: i64,
    kinds: KindRule,
}

impl Cron {
    /// Reads an expression of five fields.
    ///
    /// # Errors
    /// Names the expression and what is wrong: it can't be read, it is never due, its times are less than [`APART_MIN`]
    /// minutes apart, or none of its runs is ever full.
    pub fn new(text: &str, kinds: KindRule) -> Result<Self, Problem> {
        let refused = |id: &str| Problem::invalid(id).with("expression", text);
        let fields: Vec<&str> = text.split_whitespace().collect();
        if text.len() > LONGEST || fields.len() != 5 {
            return Err(refused("schedule-cron-malformed"));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern =
            parser.parse(text).map_err(|error| refused("schedule-cron-malformed").raw(error.to_string()))?;
        let is_hourly = pattern.pattern.hours.values().len() == 24;
        let mut cron = Self { text: fields.join(" "), pattern, is_hourly, apart_min: i64::MAX, kinds };
        let first = cron.next_wall(epoch()).ok_or_else(|| refused("schedule-never-due"))?;
        if let Some((one, other)) = cron.closest(first) {
            cron.apart_min = (other - one).num_minutes();
            if cron.apart_min < APART_MIN {
                return Err(refused("schedule-too-often")
                    .with("one", one.format("%H:%M"))
                    .with("other", other.format("%H:%M"))
                    .with("minutes", APART_MIN));
            }
        }
        if cron.has_full(first) { Ok(cron) } else { Err(Problem::invalid("schedule-without-full")) }
    }

    /// Returns the expression.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.text
    }

    /// Returns the minimum number of minutes between two due times.
    #[must_use]
    pub fn apart_min(&self) -> i64 {
        self.apart_min
    }

    /// Returns which runs are full.
    #[must_use]
    pub fn kinds(&self) -> &KindRule {
        &self.kinds
    }

    pub(super) fn dues(&self, zone: Zone, after: Timestamp) -> Box<dyn Iterator<Item = Due> + '_> {
        match zone {
            _ if !self.is_hourly => Box::new(self.by_wall(zone, after)),
            Zone::Named(named) => Box::new(self.by_time(utc(after).with_timezone(&named), zone)),
            Zone::Fixed(fixed) => Box::new(self.by_time(utc(after).with_timezone(&fixed), zone)),
        }
    }

    /// Returns each time of day exactly once, regardless of clock changes.
    fn by_wall(&self, zone: Zone, after: Timestamp) -> impl Iterator<Item = Due> + '_ {
        // If the clocks were set back, a time of day may occur again; if it was already due, it is left out below.
        let mut wall = zone.wall(after);
        std::iter::from_fn(move || {
            wall = self.next_wall(wall)?;
            Some(Due { at: zone.moment(wall), kind: self.kinds.kind_on(wall.date()) })
        })
        .skip_while(move |due| due.at <= after)
        .take_while(|due| !is_beyond(due.at))
    }

    /// Returns the due times by elapsed time, after a local time.
    fn by_time<Z: TimeZone + 'static>(
        &self,
        mut time: DateTime<Z>,
        zone: Zone,
    ) -> impl Iterator<Item = Due> + '_ {
        std::iter::from_fn(move || {
            time = self.pattern.find_next_occurrence(&time, false).ok()?;
            let at = Timestamp(time.timestamp_micros());
            Some(Due { at, kind: self.kinds.kind_on(zone.wall(at).date()) })
        })
        .take_while(|due| !is_beyond(due.at))
    }

    fn next_wall(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        self.pattern.find_next_occurrence(&after, false).ok()
    }

    /// Finds the two consecutive times that are closest. Every day repeats the same times, so a few days are enough.
    fn closest(&self, first: NaiveDateTime) -> Option<(NaiveDateTime, NaiveDateTime)> {
        /// Two days of runs that are a quarter of an hour apart.
        const TIMES: usize = 192;
        let times: Vec<_> =
            std::iter::successors(Some(first), |&time| self.next_wall(time)).take(TIMES).collect();
        let pairs = times.windows(2).map(|pair| (pair[0], pair[1]));
        pairs.min_by_key(|&(one, other)| other - one)
    }

    /// Returns whether one of the next 366 days on which something is due has a full run.
    fn has_full(&self, first: NaiveDateTime) -> bool {
        let mut due = Some(first);
        for _ in 0..366 {
            let Some(date) = due.map(|due| due.date()) else { return false };
            if self.kinds.kind_on(date) == DataBackupMode::Full {
                return true;
            }
            let end = date.and_time(NaiveTime::MIN).with_hour(23).and_then(|time| time.with_minute(59));
            due = end.and_then(|end| self.next_wall(end));
        }
        false
    }
}

/// A Monday from which expressions are checked.
fn epoch() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN)
}

#[cfg(test)]
mod tests {
    use super::{Cron, KindRule};
    use crate::backup::DataBackupMode::{self, Full};
    use crate::schedule::Zone;
    use crate::time::Timestamp;

    fn next(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::new(expression, KindRule { kind: Full, full_on: None }).expect("an expression");
        let zone: Zone = zone.parse().expect("a zone");
        let after = Timestamp::from_rfc3339(after).expect("a moment");
        cron.dues(zone, after)
            .take(count)
            .map(|due| zone.local(due.at).format("%d %H:%M%:z").to_string())
            .collect()
    }

    #[test]
    fn expressions_mean_what_cron_means() {
        let cases: [(&str, &[&str]); 6] = [
            ("0 2 * * 1,4", &["30 02:00+00:00", "03 02:00+00:00", "07 02:00+00:00"]),
            ("0 2 1,15,L * *", &["30 02:00+00:00", "01 02:00+00:00", "15 02:00+00:00", "31 02:00+00:00"]),
            ("30 1 * * MON#2", &["14 01:30+00:00", "11 01:30+00:00"]),
            ("30 1 * * FRI#L", &["25 01:30+00:00", "29 01:30+00:00"]),
            ("0 2 31 * *", &["31 02:00+00:00", "31 02:00+00:00", "31 02:00+00:00"]),
            ("0 2 13 * 5", &["04 02:00+00:00", "11 02:00+00:00", "13 02:00+00:00"]), // either day
        ];
        for (expression, expected) in cases {
            let found = next(expression, "UTC", "2026-11-27T12:00:00Z", expected.len());
            assert_eq!(found, expected, "{expression}");
        }
    }

    #[test]
    fn a_change_of_the_clocks_neither_loses_nor_doubles_a_time_of_day() {
        let cases: [(&str, &str, &str, &[&str]); 6] = [
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-03-28T00:00:00Z",
                &["28 02:30+01:00", "29 03:00+02:00", "30 02:30+02:00"],
            ),
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-10-24T00:00:00Z",
                &["24 02:30+02:00", "25 02:30+02:00", "26 02:30+01:00"],
            ),
            (
                "30 2,14 * * *",
                "Australia/Sydney",
                "2026-10-03T14:00:00Z",
                &["04 03:00+11:00", "04 14:30+11:00", "05 02:30+11:00"],
            ),
            (
                "30 2,14 * * *",
                "Australia/Sydney",
                "2026-04-04T12:00:00Z",
                &["05 02:30+11:00", "05 14:30+10:00", "06 02:30+10:00"],
            ),
            // Two skipped times of day and the first time after the skip are the same time.
            (
                "0,30 2-3 * * *",
                "America/New_York",
                "2026-03-08T06:00:00Z",
                &["08 03:00-04:00", "08 03:00-04:00", "08 03:00-04:00", "08 03:30-04:00"],
            ),
            // Queried between the two equal hours.
            ("45 1 * * *", "America/New_York", "2026-11-01T06:10:00Z", &["02 01:45-05:00"]),
        ];
        for (expression, zone, after, expected) in cases {
            assert_eq!(next(expression, zone, after, expected.len()), expected, "{expression} {zone}");
        }
    }

    #[test]
    fn an_hourly_expression_counts_by_time_that_passes() {
        let autumn = next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4);
        assert_eq!(autumn, ["25 02:00+02:00", "25 02:00+01:00", "25 03:00+01:00", "25 04:00+01:00"]);
        let spring = next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:20:00Z", 4);
        assert_eq!(spring, ["29 01:30+01:00", "29 03:00+02:00", "29 03:30+02:00", "29 04:00+02:00"]);
    }

    #[test]
    fn runs_are_full_on_the_days_that_the_rule_names_in_the_zone() {
        let sunday = (crate::schedule::Cycle::Week, [crate::schedule::Day::Number(7)].into());
        let kinds = KindRule { kind: DataBackupMode::Incremental, full_on: Some(sunday) };
        let cron = Cron::new("0 1,23 * * *", kinds).expect("an expression");
        let zone: Zone = "Asia/Shanghai".parse().expect("a zone");
        let after = Timestamp::from_rfc3339("2026-11-28T00:00:00+08:00").expect("a moment");
        let kinds: Vec<_> = cron.dues(zone, after).take(6).map(|due| due.kind == Full).collect();
        // Saturday, Sunday, Monday; in UTC the first run of Sunday is on Saturday.
        assert_eq!(kinds, [false, false, true, true, false, false]);
    }
}
