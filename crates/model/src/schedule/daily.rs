//! A daily time, at which expired backups are deleted.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveTime};
use serde::{Deserialize, Serialize};

use super::Zone;
use super::form::time_and_offset;
use crate::problem::Problem;
use crate::time::Timestamp;

/// A daily time, written as `03:00`, or with an offset as `03:00:00.000+08:00`. Without an offset, it is in the zone
/// of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Daily {
    at: NaiveTime,
    offset: Option<Zone>,
}

impl Daily {
    /// Returns the default time: 03:00.
    #[must_use]
    pub fn usual() -> Self {
        Self { at: NaiveTime::from_hms_opt(3, 0, 0).expect("a time of day"), offset: None }
    }

    /// Returns the most recent occurrence up to `now`; `zone` applies if there is no offset.
    #[must_use]
    pub fn newest(self, zone: Zone, now: Timestamp) -> Timestamp {
        let zone = self.offset.unwrap_or(zone);
        let today = zone.wall(now).date();
        let due = zone.moment(today.and_time(self.at));
        if due <= now {
            return due;
        }
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        zone.moment(yesterday.and_time(self.at))
    }
}

impl FromStr for Daily {
    type Err = Problem;

    /// Reads a time of day.
    ///
    /// # Errors
    /// Names an invalid text.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let (at, offset) = time_and_offset(text)?;
        Ok(Self { at, offset })
    }
}

impl fmt::Display for Daily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.at.format("%H:%M:%S"))?;
        self.offset.map_or(Ok(()), |offset| write!(f, "{offset}"))
    }
}

impl TryFrom<String> for Daily {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<Daily> for String {
    fn from(daily: Daily) -> Self {
        daily.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Daily;
    use crate::schedule::Zone;
    use crate::time::Timestamp;

    fn moment(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).expect("a moment")
    }

    #[test]
    fn the_newest_time_of_a_day_is_todays_or_yesterdays_in_its_zone() {
        let (utc, shanghai) = (Zone::UTC, "Asia/Shanghai".parse().expect("a zone"));
        let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
        let cases = [
            ("03:00", utc, "2026-11-27T03:00:00Z", "2026-11-27T03:00:00Z"),
            ("03:00", utc, "2026-11-27T02:59:59Z", "2026-11-26T03:00:00Z"),
            ("03:00", shanghai, "2026-11-26T20:00:00Z", "2026-11-26T19:00:00Z"),
            ("03:00:00.000+00:00", shanghai, "2026-11-26T20:00:00Z", "2026-11-26T03:00:00Z"),
            // The clocks skip this hour: it is due after the skip.
            ("02:30", berlin, "2026-03-29T12:00:00Z", "2026-03-29T01:00:00Z"),
        ];
        for (time, zone, now, expected) in cases {
            let daily: Daily = time.parse().expect("a time");
            assert_eq!(daily.newest(zone, moment(now)), moment(expected), "{time} {now}");
        }
    }

    #[test]
    fn a_time_reads_back_as_it_is_written_and_nothing_else_is_one() {
        for (text, spelt) in [("03:00", "03:00:00"), ("03:00:00.000+08:00", "03:00:00+08:00")] {
            let daily: Daily = text.parse().expect("a time");
            assert_eq!(daily.to_string(), spelt);
            assert_eq!(spelt.parse(), Ok(daily));
        }
        for text in ["", "25:00", "noon", "03:00+25:00"] {
            assert!(text.parse::<Daily>().is_err(), "{text}");
        }
        assert_eq!(Daily::usual().to_string(), "03:00:00");
    }
}
