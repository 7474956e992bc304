//! All that was wrong at one moment, as those who follow alarms are told.

use model::alarm::Alarm;

/// All that was wrong at one moment.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Which reading it is: a higher number was begun later.
    pub(crate) number: u64,
    /// What was wrong, the worst first.
    pub(crate) alarms: Vec<Alarm>,
}
