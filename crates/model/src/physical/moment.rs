//! The format of times in views. Connections are pinned to UTC, so `timestamp` columns come in UTC.

use chrono::{DateTime, NaiveDateTime};

use crate::time::Timestamp;

/// Reads `2024-04-09 15:59:54.123456`, in UTC; `None` for an empty text, the epoch, or an invalid time.
#[must_use]
pub fn utc(text: &str) -> Option<Timestamp> {
    let moment = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(Timestamp(moment.and_utc().timestamp_micros())).filter(|moment| moment.0 > 0)
}

/// Writes a time as [`utc`] reads it; the epoch if it is out of range.
#[must_use]
pub fn spelt(moment: Timestamp) -> String {
    let time = DateTime::from_timestamp_micros(moment.0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// Reads microseconds since 1970; `None` for 0 and below.
#[must_use]
pub fn micros(micros: i64) -> Option<Timestamp> {
    Some(Timestamp(micros)).filter(|moment| moment.0 > 0)
}

/// Reads an SCN of 4.x, which counts nanoseconds; `None` below one microsecond, such as for 0 and 1, which mean
/// "never".
#[must_use]
pub fn scn(scn: u64) -> Option<Timestamp> {
    i64::try_from(scn / 1_000).ok().and_then(micros)
}

#[cfg(test)]
mod tests {
    use super::{micros, scn, spelt, utc};
    use crate::time::Timestamp;

    #[test]
    fn moments_of_all_spellings_are_the_same() {
        let moment = Some(Timestamp(1_658_285_759_724_047));
        assert_eq!(utc("2022-07-20 02:55:59.724047"), moment);
        assert_eq!(scn(1_658_285_759_724_047_000), moment);
        assert_eq!(micros(1_658_285_759_724_047), moment);
        assert_eq!(moment.map(spelt).as_deref(), Some("2022-07-20 02:55:59.724047"));
        assert_eq!(utc("2022-07-20 02:55:59"), Some(Timestamp(1_658_285_759_000_000)));
    }

    #[test]
    fn invalid_times_are_none() {
        for text in ["", "NULL", "1970-01-01 00:00:00.000000", "yesterday"] {
            assert_eq!(utc(text), None, "{text}");
        }
        assert_eq!((micros(0), scn(0), scn(1)), (None, None, None));
    }
}
