//! Reading whole numbers. JSON has one kind of number, so `7.0` is the whole number 7, which serde does not accept.

use serde::de::{self, Deserialize, Deserializer};
use serde_json::Number;

/// The largest float below which every whole number has a float of its own: 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Reads a whole number that must be there.
pub(super) fn required<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    read(&Number::deserialize(deserializer)?)
}

/// Reads a whole number that may be left out; for fields with `#[serde(default)]`.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    Option::<Number>::deserialize(deserializer)?.as_ref().map(read).transpose()
}

/// Reads a list of whole numbers; for fields with `#[serde(default)]`.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    Vec::<Number>::deserialize(deserializer)?.iter().map(read).collect()
}

/// Reads a list of whole numbers that may be left out; for fields with `#[serde(default)]`.
pub(super) fn optional_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let numbers = Option::<Vec<Number>>::deserialize(deserializer)?;
    numbers.map(|numbers| numbers.iter().map(read).collect()).transpose()
}

fn read<T: TryFrom<i64>, E: de::Error>(number: &Number) -> Result<T, E> {
    let whole = number.as_i64().or_else(|| number.as_f64().and_then(exact));
    let read = whole.and_then(|whole| T::try_from(whole).ok());
    read.ok_or_else(|| E::custom(format!("`{number}` is no whole number in range")))
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

    #[derive(Debug, PartialEq, Deserialize)]
    struct Full {
        #[serde(deserialize_with = "super::required")]
        number: i64,
    }

    #[derive(Deserialize)]
    struct Many {
        #[serde(default, deserialize_with = "super::list")]
        numbers: Vec<i64>,
        #[serde(default, deserialize_with = "super::optional_list")]
        more: Option<Vec<i64>>,
    }

    #[test]
    fn each_number_of_a_list_is_read_in_the_same_way() {
        let cases = [
            ("{}", Some(vec![])),
            ("{\"numbers\": [1001.0, 2]}", Some(vec![1001, 2])),
            ("{\"numbers\": [1001.5]}", None),
            ("{\"numbers\": null}", None),
        ];
        for (text, expected) in cases {
            assert_eq!(serde_json::from_str::<Many>(text).ok().map(|many| many.numbers), expected, "{text}");
        }
        let cases = [
            ("{}", Some(None)),
            ("{\"more\": null}", Some(None)),
            ("{\"more\": [7.0]}", Some(Some(vec![7]))),
            ("{\"more\": [7.5]}", None),
        ];
        for (text, expected) in cases {
            assert_eq!(serde_json::from_str::<Many>(text).ok().map(|many| many.more), expected, "{text}");
        }
    }

    #[test]
    fn a_number_that_must_be_there_is_read_in_the_same_way() {
        for text in ["{\"number\": -558}", "{\"number\": -558.0}"] {
            assert_eq!(serde_json::from_str::<Full>(text).ok(), Some(Full { number: -558 }), "{text}");
        }
        for text in ["{}", "{\"number\": null}", "{\"number\": 7.5}"] {
            assert!(serde_json::from_str::<Full>(text).is_err(), "{text}");
        }
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
