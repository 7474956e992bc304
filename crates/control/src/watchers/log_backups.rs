//! Reads the status of log backup often enough to detect an interruption within a minute, and samples its delay.

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
