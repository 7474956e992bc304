//! A single setting: its name in the environment, and its value as text.

use model::Problem;

/// Returns the variable of a key: `LIFEBOAT_` and the key in capitals, with underscores for dots.
pub(crate) fn variable(key: &str) -> String {
    format!("LIFEBOAT_{}", key.to_uppercase().replace('.', "_"))
}

/// Reads one value.
///
/// # Errors
/// Names the key and the value that can't be read.
pub(crate) fn read<T: std::str::FromStr>(key: &str, value: &str) -> Result<T, Problem> {
    value.trim().parse().map_err(|_| Problem::invalid("config-value").with("key", key).with("value", value))
}
