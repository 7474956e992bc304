//! Starts what backup strategies have due, and records what they missed. It holds no state: what it reads decides.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::use_cases::strategies::due;

pub(super) const WATCHER: Watcher = Watcher {
    name: "strategies",
    period: Duration::from_secs(5),
    wake_up: WakeUp::Timer,
    at_start: false,
    look: |control| Box::pin(due::run(control)),
};
