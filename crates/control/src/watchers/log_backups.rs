//! Finds out, often enough that an interruption is known within a minute, how log backup stands, and samples how far it
//! is behind.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::use_cases::log_delays;

pub(super) const WATCHER: Watcher = Watcher {
    name: "log-backups",
    period: Duration::from_secs(30),
    wake_up: WakeUp::Timer,
    at_start: true,
    look: |control| Box::pin(log_delays::watch(control)),
};
