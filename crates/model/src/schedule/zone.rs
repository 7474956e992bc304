//! Time zones, and the effect of clock changes on a time of day.
//!
//! - A time of day that the clocks skip (spring) is due at the first moment after the skip.
//! - A time of day that comes twice (autumn) is due the first time only.
//!
//! So a daily backup runs once a day, in every zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, Offset as _, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::problem::Problem;
use crate::time::Timestamp;

/// The last supported time: 9999-12-29 00:00:00 UTC.
const FARTHEST: Timestamp = Timestamp(253_402_041_600_000_000);

/// The maximum distance of any zone from UTC, and of any clock change.
const REACH: TimeDelta = TimeDelta::hours(48);

/// A time zone. It is written as its IANA name, such as `Asia/Shanghai`, or as an offset, such as `+08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// A zone of the IANA database, with its clock changes.
    Named(Tz),
    /// A fixed offset from UTC.
    Fixed(FixedOffset),
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self::Named(Tz::UTC);

    /// Returns the time at which the zone's clocks show a local time: the first if it occurs twice, and the end of
    /// the skip if it is skipped.
    #[must_use]
    pub fn moment(self, wall: NaiveDateTime) -> Timestamp {
        let found = match self {
            Self::Named(zone) => first(zone.from_local_datetime(&wall)),
            Self::Fixed(zone) => first(zone.from_local_datetime(&wall)),
        };
        found.unwrap_or_else(|| self.after_skip(wall))
    }

    /// Returns the local time at a time in the years 1970 to 9999; other times are clamped.
    #[must_use]
    pub fn wall(self, moment: Timestamp) -> NaiveDateTime {
        self.local(moment).naive_local()
    }

    /// Returns a time with the zone's offset, within the bounds of [`Zone::wall`].
    #[must_use]
    pub fn local(self, moment: Timestamp) -> DateTime<FixedOffset> {
        let utc = utc(moment);
        match self {
            Self::Named(zone) => utc.with_timezone(&zone.offset_from_utc_datetime(&utc.naive_utc()).fix()),
            Self::Fixed(zone) => utc.with_timezone(&zone),
        }
    }

    /// Returns the first time after one, up to another, at which the clocks have been set back. The two are so close that
    /// the clocks change at most once.
    pub(super) fn set_back(self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let ahead = |moment: Timestamp| self.wall(moment) - utc(moment).naive_utc();
        let usual = ahead(after);
        if ahead(until) >= usual {
            return None;
        }
        let (mut before, mut back) = (after.0.div_euclid(1_000_000), until.0.div_euclid(1_000_000));
        while back - before > 1 {
            let middle = before + (back - before) / 2;
            if ahead(Timestamp(middle * 1_000_000)) < usual { back = middle } else { before = middle }
        }
        Some(Timestamp(back * 1_000_000))
    }

    /// Searches for the first time at which the clocks show a later time than the skipped one.
    fn after_skip(self, wall: NaiveDateTime) -> Timestamp {
        let is_past = |second: i64| self.wall(Timestamp(second * 1_000_000)) >= wall;
        let near = |reach| wall.checked_add_signed(reach).unwrap_or(wall).and_utc().timestamp();
        let (mut before, mut after) = (near(-REACH), near(REACH));
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if is_past(middle) { after = middle } else { before = middle }
        }
        Timestamp(after * 1_000_000)
    }
}

/// Returns a time in the years 1970 to 9999; other times are clamped.
pub(super) fn utc(moment: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(moment.0.clamp(0, FARTHEST.0)).unwrap_or_default()
}

/// Returns whether a time is beyond the calendar.
pub(super) fn is_beyond(moment: Timestamp) -> bool {
    moment >= FARTHEST
}

fn first<Z: TimeZone>(found: LocalResult<DateTime<Z>>) -> Option<Timestamp> {
    found.earliest().map(|time| Timestamp(time.timestamp_micros()))
}

impl FromStr for Zone {
    type Err = Problem;

    /// Reads an IANA name, or an offset such as `+08:00` or `Z`.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("z") {
            return Ok(Self::UTC);
        }
        if text.starts_with(['+', '-']) {
            let offset = text.parse().ok().filter(|_| text.len() == "+08:00".len());
            return offset.map(Self::Fixed).ok_or_else(|| unknown(text));
        }
        text.parse().map(Self::Named).map_err(|_| unknown(text))
    }
}

fn unknown(text: &str) -> Problem {
    Problem::invalid("schedule-zone-unknown").with("zone", text)
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(zone) => f.write_str(zone.name()),
            Self::Fixed(offset) => offset.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::Zone;

    #[test]
    fn a_time_that_is_skipped_or_comes_twice_is_one_moment() {
        let cases = [
            // Northern spring and autumn.
            ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T01:59:59+01:00"),
            ("Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T03:00:00+02:00"),
            ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T03:00:00+02:00"),
            ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),
            ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T03:00:00-04:00"),
            ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T01:30:00-04:00"),
            // Southern spring and autumn.
            ("Australia/Sydney", "2026-10-04T02:30:00", "2026-10-04T03:00:00+11:00"),
            ("Australia/Sydney", "2026-04-05T02:30:00", "2026-04-05T02:30:00+11:00"),
            ("America/Santiago", "2026-09-06T00:00:00", "2026-09-06T01:00:00-03:00"), // midnight does not exist
            // Half an hour, and a whole day.
            ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-04T02:30:00+11:00"),
            ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-31T00:00:00+14:00"),
            // No change of the clocks.
            ("Asia/Shanghai", "2026-03-29T02:30:00", "2026-03-29T02:30:00+08:00"),
            ("+05:45", "2026-03-29T02:30:00", "2026-03-29T02:30:00+05:45"),
            ("Z", "2026-03-29T02:30:00", "2026-03-29T02:30:00+00:00"),
        ];
        for (zone, wall, expected) in cases {
            let zone: Zone = zone.parse().expect("a zone");
            let moment = zone.moment(wall.parse::<NaiveDateTime>().expect("a time"));
            assert_eq!(zone.local(moment).to_rfc3339(), expected, "{zone} {wall}");
        }
    }

    #[test]
    fn a_zone_reads_back_as_it_is_written_and_an_unknown_one_is_named() {
        for text in ["Asia/Shanghai", "America/Argentina/Ushuaia", "UTC", "+08:00", "-03:30"] {
            assert_eq!(text.parse::<Zone>().map(|zone| zone.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "Mars/Phobos", "+25:00", "8", "+8", "+08:00:00", "+08"] {
            let problem = text.parse::<Zone>().expect_err("refused");
            assert_eq!(
                (problem.text.id.as_str(), problem.args()["zone"].as_str()),
                ("schedule-zone-unknown", text)
            );
        }
    }

    #[test]
    fn moments_out_of_every_calendar_are_shown_as_the_nearest_that_is_in_one() {
        use crate::time::Timestamp;
        let zone: Zone = "Pacific/Kiritimati".parse().expect("a zone");
        assert_eq!(zone.local(Timestamp(i64::MAX)).to_rfc3339(), "9999-12-29T14:00:00+14:00");
        assert!(
            zone.local(Timestamp(i64::MIN)).to_rfc3339().starts_with("1969-12-31")
                || zone.local(Timestamp(i64::MIN)).to_rfc3339().starts_with("1970-01-01")
        );
    }
}
