//! Deletes alarms that recovered long ago.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::alarms;

pub(super) const WATCHER: Watcher = Watcher {
    name: "alarm-history",
    period: Duration::from_secs(60 * 60),
    wake_up: WakeUp::Timer,
    at_start: false,
    look: |control| Box::pin(alarms::forget(control)),
};
