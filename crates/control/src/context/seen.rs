//! All problems at one time, for followers of alarms.

use std::time::Instant;

use model::alarm::Alarm;

/// All that was wrong at one moment.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Which reading it is: a higher number was begun later.
    pub(crate) number: u64,
    /// What was wrong, the worst first.
    pub(crate) alarms: Vec<Alarm>,
    /// What it was read from, and when; nothing where nobody compares.
    pub(crate) basis: Option<(Basis, Instant)>,
}

/// What alarms are derived from, by what changes with it: the events of tasks, and the looks at clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) event: i64,
    pub(crate) trouble: u64,
}
