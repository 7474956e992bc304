//! Calendar times, written and read in a time zone. Instants are microseconds since 1970 UTC.

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// The fields of an instant in a zone.
struct Fields {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
    micros: i64,
}

/// Writes an instant as `YYYY-MM-DD HH:MM:SS.ffffff`.
pub(crate) fn format(instant_us: i64, zone_s: i32) -> String {
    let f = fields(instant_us, zone_s);
    let (hour, minute, second) = clock(f.second_of_day);
    format!("{:04}-{:02}-{:02} {hour:02}:{minute:02}:{second:02}.{:06}", f.year, f.month, f.day, f.micros)
}

/// Writes an instant as in names inside a backup: `YYYYMMDDTHHMMSS`.
pub(crate) fn compact(instant_us: i64, zone_s: i32) -> String {
    let f = fields(instant_us, zone_s);
    let (hour, minute, second) = clock(f.second_of_day);
    format!("{:04}{:02}{:02}T{hour:02}{minute:02}{second:02}", f.year, f.month, f.day)
}

/// The day of an instant as the number `YYYYMMDD`.
pub(crate) fn day_number(instant_us: i64, zone_s: i32) -> i64 {
    let f = fields(instant_us, zone_s);
    f.year * 10_000 + f.month * 100 + f.day
}

/// Reads `YYYY-MM-DD[ HH:MM:SS[.ffffff]]`.
pub(crate) fn parse(text: &str, zone_s: i32) -> Option<i64> {
    let text = text.trim();
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let mut parts = date.split('-');
    let year: i64 = parts.next()?.parse().ok()?;
    let month: i64 = parts.next()?.parse().ok()?;
    let day: i64 = parts.next()?.parse().ok()?;
    if parts.next().is_some()
        || !(0..=9_999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
    {
        return None;
    }
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = time.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: i64 = parts.next().unwrap_or("0").parse().ok()?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds - i64::from(zone_s)) * SECOND + micros)
}

/// Reads a time zone: an offset, `SYSTEM` (the given default) or one of the names tests use.
pub(crate) fn parse_zone(text: &str, system_s: i32) -> Option<i32> {
    match text.to_ascii_uppercase().as_str() {
        "SYSTEM" => return Some(system_s),
        "UTC" | "GMT" => return Some(0),
        "ASIA/SHANGHAI" | "PRC" => return Some(8 * 3_600),
        _ => {}
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Reads a time parameter such as `120s`, `7d`, `500ms`; a bare number is seconds.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].to_ascii_lowercase().as_str() {
        "us" => 1,
        "ms" => 1_000,
        "" | "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => DAY,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Returns the next time at which the clocks of a zone show `HH:MM`.
pub(crate) fn next_time_of_day(after_us: i64, text: &str, zone_s: i32) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    let wanted_us = (hour % 24 * 3_600 + minute % 60 * 60) * SECOND;
    let local_us = after_us + i64::from(zone_s) * SECOND;
    let today_us = local_us.div_euclid(DAY) * DAY + wanted_us;
    let next_us = if today_us > local_us { today_us } else { today_us + DAY };
    Some(next_us - i64::from(zone_s) * SECOND)
}

fn clock(second_of_day: i64) -> (i64, i64, i64) {
    (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60)
}

fn fields(instant_us: i64, zone_s: i32) -> Fields {
    let local_s = instant_us.div_euclid(SECOND) + i64::from(zone_s);
    let (year, month, day) = civil_from_days(local_s.div_euclid(86_400));
    Fields {
        year,
        month,
        day,
        second_of_day: local_s.rem_euclid(86_400),
        micros: instant_us.rem_euclid(SECOND),
    }
}

/// Days since 1970-01-01 of a date; years are counted from March so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of `days_from_civil`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_a_zone_reads_back_as_the_same_instant() {
        for instant in [0, 951_827_696_123_456, 1_709_164_800_000_000, 1_767_225_599_999_999] {
            for zone in [0, 8 * 3_600, -5 * 3_600 - 1_800] {
                assert_eq!(parse(&format(instant, zone), zone), Some(instant));
            }
        }
        assert_eq!(format(1_709_164_800_000_000, 0), "2024-02-29 00:00:00.000000");
        assert_eq!(compact(1_709_164_800_000_000, 8 * 3_600), "20240229T080000");
    }

    #[test]
    fn the_next_time_of_day_is_today_or_tomorrow() {
        let noon = parse("2024-02-29 12:00:00", 28_800).expect("a good time");
        let next = |text| format(next_time_of_day(noon, text, 28_800).expect("a good time"), 28_800);
        assert_eq!(next("13:30"), "2024-02-29 13:30:00.000000");
        assert_eq!(next("12:00"), "2024-03-01 12:00:00.000000");
        assert_eq!(next("02:00"), "2024-03-01 02:00:00.000000");
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in
            ["", "tomorrow", "2024-13-01", "999999999999999-01-01", "2024-01-01 25:00:00", "2024-01-01 00:00"]
        {
            let expected = (text == "2024-01-01 00:00").then_some(1_704_067_200_000_000);
            assert_eq!(parse(text, 0), expected, "{text}");
        }
        assert_eq!(parse_duration("7d"), Some(7 * DAY));
        assert_eq!(parse_duration("7x"), None);
        assert_eq!(parse_zone("+08:00", 0), Some(28_800));
        assert_eq!(parse_zone("Mars/Olympus", 0), None);
    }
}
