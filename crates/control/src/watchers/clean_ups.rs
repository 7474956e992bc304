//! Deletes expired backups at the time of day that a strategy names.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::use_cases::clean_ups;

pub(super) const WATCHER: Watcher = Watcher {
    name: "retention",
    period: Duration::from_secs(30),
    wake_up: WakeUp::Timer,
    at_start: false,
    look: |control| Box::pin(clean_ups::watch(control)),
};
