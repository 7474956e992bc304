//! Reports to a service outside that this server works.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::use_cases::heartbeat;

pub(super) const WATCHER: Watcher = Watcher {
    name: heartbeat::WATCHER,
    period: Duration::from_secs(20),
    wake_up: WakeUp::Timer,
    at_start: true,
    look: |control| Box::pin(heartbeat::beat(control)),
};
