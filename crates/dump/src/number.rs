//! Numbers with fractions inside JSON documents and arrays, written so that the server reads back every bit.
//!
//! OceanBase prints a DOUBLE with the fewest digits that identify it, but parses JSON and arrays inexactly: the
//! digits become an integer, which is multiplied or divided by a power of ten. Each of these operations rounds, so
//! about half of the numbers with 16 or 17 digits come back as a neighbouring number. This file finds another
//! spelling of the same number that comes back exactly. Parsers that round once, as most do, also read the same
//! number from it.

/// A decimal number without zeros at its ends: `0.d₁d₂d₃… × 10^exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Reads a JSON number; `None` if the text is not one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, power) = match rest.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = all.iter().take_while(|&&digit| digit == b'0').count();
        let end = all.iter().rposition(|&digit| digit != b'0').map_or(zeros, |last| last + 1);
        let digits = all.get(zeros..end).unwrap_or_default().to_vec();
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        let exponent = if digits.is_empty() { 0 } else { power.checked_add(places)? };
        Some(Self { negative, digits, exponent })
    }

    /// Returns the spelling of this number that is hashed; equal numbers have the same. Short ones are spelled as the
    /// server prints them.
    pub(crate) fn canonical(&self) -> String {
        const PLAIN: std::ops::RangeInclusive<i64> = -14..=15;
        let sign = if self.negative { "-" } else { "" };
        let digits = String::from_utf8_lossy(&self.digits);
        if self.digits.is_empty() {
            return format!("{sign}0.0");
        }
        if !PLAIN.contains(&self.exponent) {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            return format!("{sign}{first}{point}{rest}e{}", self.exponent - 1);
        }
        match usize::try_from(self.exponent) {
            Ok(places @ 1..) if places < digits.len() => {
                format!("{sign}{}.{}", &digits[..places], &digits[places..])
            }
            Ok(places @ 1..) => format!("{sign}{digits:0<places$}.0"),
            _ => format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-self.exponent).unwrap_or(0))),
        }
    }
}

/// Returns the DOUBLE for a printed number, if its shortest text has the same value.
pub(crate) fn exact_double(text: &str) -> Option<f64> {
    let double: f64 = text.parse().ok().filter(|double: &f64| double.is_finite())?;
    (Decimal::read(text)? == Decimal::read(&format!("{double:e}"))?).then_some(double)
}

/// Returns a spelling of a finite number that the server reads back exactly. `printed` is the server's spelling.
/// `None` if there is no such spelling: this affects one number in 100,000, and none in documents that were inserted
/// as text.
pub(crate) fn spelling(printed: &str, double: f64) -> Option<String> {
    let comes_back = |text: &str| hasty(text).is_none_or(|read| same(read, double));
    if comes_back(printed) {
        return Some(printed.to_owned());
    }
    // First a spelling that is exact for every parser, then one that is exact only for OceanBase's.
    let careful = |text: &String| comes_back(text) && text.parse().is_ok_and(|read| same(read, double));
    spellings(double).find(careful).or_else(|| spellings(double).find(|text| comes_back(text)))
}

/// Returns whether two numbers are bitwise equal.
fn same(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}

/// Returns spellings close to this number: 16 to 18 digits, of which the last ones vary; then zeros, each of which
/// makes OceanBase's parser round once more.
fn spellings(double: f64) -> impl Iterator<Item = String> {
    const WAYS: [(usize, i64, usize, i32); 3] = [(15, 3, 1, 1), (16, 20, 1, 1), (17, 200, 5, 24)];
    let sign = if double.is_sign_negative() { "-" } else { "" };
    WAYS.into_iter().flat_map(move |(places, most_away, step, zeros_below)| {
        let text = format!("{:.places$e}", double.abs());
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let digits: i64 = mantissa.replace('.', "").parse().unwrap_or(0);
        let power = power.parse::<i32>().unwrap_or(0) - i32::try_from(places).unwrap_or(0);
        let around = (0..=most_away).step_by(step).flat_map(|away| [away, -away]);
        around.flat_map(move |away| {
            (0..zeros_below).map(move |zeros| {
                let behind = "0".repeat(usize::try_from(zeros).unwrap_or(0));
                format!("{sign}{}{behind}e{}", digits + away, power - zeros)
            })
        })
    })
}

/// Reads a number as OceanBase does in JSON and arrays; `None` for a 64-bit integer, which keeps its value.
fn hasty(text: &str) -> Option<f64> {
    /// Digits of a fraction are added to the integer up to this value.
    const EXACT_MOST: u64 = (1 << 53) - 1;
    /// Further digits of a fraction are ignored.
    const DIGITS_MOST: usize = 17;
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let most = if negative { i64::MIN.unsigned_abs() } else { u64::MAX };

    let (mut significand, mut double, mut digits) = (0_u64, None, 0);
    for digit in whole.bytes().map(|byte| byte.wrapping_sub(b'0')) {
        let longer = significand.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit)));
        match (double, longer.filter(|longer| *longer <= most)) {
            (None, Some(longer)) => {
                digits += usize::from(significand > 0);
                significand = longer;
            }
            (so_far, _) => double = Some(so_far.unwrap_or(significand as f64) * 10.0 + f64::from(digit)),
        }
    }
    if mantissa.len() == rest.len() && fraction.is_empty() && double.is_none() {
        return None;
    }
    let mut exponent: i32 = power.parse().unwrap_or(0);
    for digit in fraction.bytes().map(|byte| byte.wrapping_sub(b'0')) {
        if double.is_none() && significand <= EXACT_MOST {
            significand = significand * 10 + u64::from(digit);
            digits += usize::from(significand > 0);
            exponent -= 1;
        } else if digits < DIGITS_MOST {
            double = Some(double.unwrap_or(significand as f64) * 10.0 + f64::from(digit));
            digits += 1;
            exponent -= 1;
        } else {
            break;
        }
    }
    let double = scale(double.unwrap_or(significand as f64), exponent);
    Some(if negative { -double } else { double })
}

fn scale(significand: f64, exponent: i32) -> f64 {
    let power = |exponent: i32| format!("1e{exponent}").parse::<f64>().unwrap_or(f64::INFINITY);
    match exponent {
        ..-616 => 0.0,
        -616..-308 => significand / power(308) / power(-308 - exponent),
        -308..0 => significand / power(-exponent),
        _ => significand * power(exponent),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Decimal, exact_double, hasty, spelling};

    #[test]
    fn equal_numbers_are_spelt_alike_and_short_ones_as_they_are_printed() {
        for (text, expected) in [
            ("1.10", "1.1"),
            ("3.00", "3.0"),
            ("-0.0", "-0.0"),
            ("0.00", "0.0"),
            ("1.0", "1.0"),
            ("100000000000000.0", "100000000000000.0"),
            ("1e15", "1e15"),
            ("100000000000000000000", "1e20"),
            ("1e20", "1e20"),
            ("0.000000000000001", "0.000000000000001"),
            ("1.5e-16", "1.5e-16"),
            ("0.00000000000000015", "1.5e-16"),
            ("123456.789", "123456.789"),
            ("-1.7976931348623157e308", "-1.7976931348623157e308"),
        ] {
            assert_eq!(
                Decimal::read(text).map(|number| number.canonical()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        for none in ["", "-", "NULL", "1.2.3", "x", "1e"] {
            assert_eq!(Decimal::read(none), None, "{none}");
        }
    }

    #[test]
    fn a_number_of_more_digits_than_a_double_has_is_none() {
        for (text, is_exact) in [
            ("1.10", true),
            ("0.30000000000000004", true),
            ("0.3000000000000000444", false),
            ("123456789012345678901234567890.12", false),
            ("100000000000000000000", true),
            ("1e400", false),
        ] {
            assert_eq!(exact_double(text).is_some(), is_exact, "{text}");
        }
    }

    #[test]
    fn the_hasty_reader_is_the_one_of_the_server() {
        // Results of a seekdb.
        for (text, read) in [
            ("2.7715077941825975e-163", 2.7715077941825978e-163),
            ("-0.000000000000006148133334651799", -0.0000000000000061481333346517985),
            ("1.3467022099658464e-90", 1.3467022099658462e-90),
            ("3.5003333000069195e190", 3.50033330000692e190),
            ("0.1", 0.1),
        ] {
            assert_eq!(hasty(text), Some(read), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn every_number_that_came_as_text_has_a_spelling(bits in any::<u64>(), power in -25_i32..25, style in 0..4) {
            let number = (bits as f64 / 1.8e19) * 10_f64.powi(power);
            let text = match style {
                0 => format!("{number:e}"),
                1 => format!("{number:.17}"),
                2 => format!("{number:.20e}"),
                _ => format!("-{:e}", f64::from_bits(bits & (u64::MAX >> 2))),
            };
            let stored = hasty(&text).expect("a number with a fraction");
            let spelt = spelling(&format!("{stored:e}"), stored).expect("a spelling");
            prop_assert_eq!(hasty(&spelt).map(f64::to_bits), Some(stored.to_bits()), "{}", spelt);
        }
    }
}
