//! The name of one dump, which is also its folder.

use std::fmt;
use std::str::FromStr;

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest id.
const LENGTH_MAX: usize = 80;

/// The name of one dump: letters, digits and `-`, such as `20261122T100000Z-17-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DumpId(String);

/// The text can't be the id of a dump.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not the id of a dump: up to {LENGTH_MAX} letters, digits and `-`")]
pub struct NotADumpId(String);

impl DumpId {
    /// Returns an id that sorts by time. `distinction` distinguishes dumps of one second, such as a task's number and
    /// attempt; characters other than letters, digits and `-` become `-`.
    #[must_use]
    pub fn at(moment: Timestamp, distinction: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let text: String = format!("{}-{distinction}", moment.compact()).chars().map(plain).collect();
        Self(text.chars().take(LENGTH_MAX).collect())
    }

    /// Returns a unique id: it sorts by time, and a random part distinguishes dumps of one second.
    #[must_use]
    pub fn unique(moment: Timestamp) -> Self {
        Self::at(moment, &format!("{:010x}", rand::random::<u64>() >> 24))
    }

    /// Returns the id as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DumpId {
    type Err = NotADumpId;

    fn from_str(text: &str) -> Result<Self, NotADumpId> {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if plain && !text.is_empty() && text.len() <= LENGTH_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotADumpId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for DumpId {
    type Error = NotADumpId;

    fn try_from(text: String) -> Result<Self, NotADumpId> {
        text.parse()
    }
}

impl From<DumpId> for String {
    fn from(id: DumpId) -> Self {
        id.0
    }
}

impl fmt::Display for DumpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::DumpId;

    #[test]
    fn an_id_can_never_lead_out_of_its_folder() {
        for bad in ["", "..", "a/b", "a b", "a\0", "é", &"x".repeat(81)] {
            assert!(bad.parse::<DumpId>().is_err(), "{bad}");
        }
        let id = DumpId::at(Timestamp(1_763_805_600_000_000), "17/../x");
        assert_eq!(id.as_str(), "20251122T100000Z-17----x");
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn dumps_of_one_second_have_different_ids() {
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| DumpId::unique(Timestamp(0))).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.as_str().parse().as_ref() == Ok(id)));
    }
}
