//! Times and durations.

use std::fmt;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A point in time: microseconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the time with its zone, as in REST answers: `2026-11-22T10:00:00.000+00:00`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        self.utc().map_or_else(
            || format!("{} us", self.0),
            |time| time.with_timezone(&zero_offset()).to_rfc3339_opts(SecondsFormat::Millis, false),
        )
    }

    /// Reads a time with a zone.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_micros()))
    }

    /// Returns the time of an SCN. OceanBase 4.x counts nanoseconds (19 digits), 3.x microseconds (16).
    #[must_use]
    pub fn from_scn(scn: u64) -> Self {
        let micros = if scn >= 1_000_000_000_000_000_000 { scn / 1000 } else { scn };
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// Returns the microseconds since `earlier`; 0 if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// Returns the time as `20261122T100000Z`, which is valid in a file name.
    #[must_use]
    pub fn compact(self) -> String {
        self.utc().map_or_else(|| self.0.to_string(), |time| time.format("%Y%m%dT%H%M%SZ").to_string())
    }

    fn utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.utc() {
            Some(time) => write!(f, "{}", time.format("%Y-%m-%d %H:%M:%S UTC")),
            None => write!(f, "{} us", self.0),
        }
    }
}

fn zero_offset() -> FixedOffset {
    FixedOffset::east_opt(0).expect("no offset is in range")
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_moment_reads_back_as_it_was_written() {
        let moment = Timestamp(1_763_805_600_123_000);
        assert_eq!(moment.to_rfc3339(), "2025-11-22T10:00:00.123+00:00");
        assert_eq!(Timestamp::from_rfc3339(&moment.to_rfc3339()), Some(moment));
        assert_eq!(Timestamp::from_rfc3339("2025-11-22T18:00:00.123+08:00"), Some(moment));
    }

    #[test]
    fn an_scn_of_either_unit_is_the_same_moment() {
        assert_eq!(Timestamp::from_scn(1_763_805_600_123_000_000), Timestamp(1_763_805_600_123_000));
        assert_eq!(Timestamp::from_scn(1_763_805_600_123_000), Timestamp(1_763_805_600_123_000));
    }
}
