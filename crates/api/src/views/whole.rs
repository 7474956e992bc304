//! Reading whole numbers. JSON has one kind of number, so `7.0` is the whole number 7, which serde does not know.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Number;

/// The largest float below which every whole number has a float of its own: 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Reads a whole number that may be left out; for fields with `#[serde(default)]`.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(None) };
    let whole = number.as_i64().or_else(|| number.as_f64().and_then(exact));
    let read = whole.and_then(|whole| T::try_from(whole).ok());
    read.map(Some).ok_or_else(|| D::Error::custom(format!("`{number}` is no whole number in range")))
}

fn exact(float: f64) -> Option<i64> {
    let is_exact = float.fract() == 0.0 && float.abs() <= EXACT_MAX;
    #[expect(clippy::cast_possible_truncation, reason = "just checked")]
    is_exact.then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "super::optional")]
        number: Option<u8>,
    }

    #[test]
    fn a_whole_number_is_read_however_it_is_written() {
        let cases = [
            ("{}", Ok(None)),
            ("{\"number\": null}", Ok(None)),
            ("{\"number\": 7}", Ok(Some(7))),
            ("{\"number\": 7.0}", Ok(Some(7))),
            ("{\"number\": 7.5}", Err(())),
            ("{\"number\": 300}", Err(())),
            ("{\"number\": -1}", Err(())),
            ("{\"number\": 1e300}", Err(())),
            ("{\"number\": \"7\"}", Err(())),
        ];
        for (text, expected) in cases {
            let read = serde_json::from_str::<Body>(text).map(|body| body.number).map_err(drop);
            assert_eq!(read, expected, "{text}");
        }
    }
}
