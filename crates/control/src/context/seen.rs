//! All problems at one time, for subscribers of alarms.

use std::time::Instant;

use model::alarm::Alarm;

/// All problems at one time.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The number of the reading: a higher one started later.
    pub(crate) number: u64,
    /// The problems, worst first.
    pub(crate) alarms: Vec<Alarm>,
    /// The inputs and the time of the reading; none if they are not compared.
    pub(crate) basis: Option<(Basis, Instant)>,
}

/// The inputs of alarms: the events of tasks, and the refreshes of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) event: i64,
    pub(crate) trouble: u64,
}
