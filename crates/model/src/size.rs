//! Formats sizes and durations.

use std::time::Duration;

/// Returns an amount of bytes with a unit, such as `1.5 GiB`.
#[must_use]
pub fn bytes(amount: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    #[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
    let mut value = amount as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{amount} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Returns a span of time, such as `2 h 5 min` or `850 ms`.
#[must_use]
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{bytes, span};

    #[test]
    fn amounts_carry_a_fitting_unit() {
        for (amount, text) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB")] {
            assert_eq!(bytes(amount), text);
        }
    }

    #[test]
    fn spans_carry_fitting_units() {
        for (millis, text) in
            [(850, "850 ms"), (59_000, "59 s"), (61_000, "1 min 1 s"), (7_500_000, "2 h 5 min")]
        {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }
}
