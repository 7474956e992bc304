//! Samples the space of every cluster's backups in each storage.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::use_cases::storage_uses;

pub(super) const WATCHER: Watcher = Watcher {
    name: "storage-uses",
    period: Duration::from_secs(30 * 60),
    wake_up: WakeUp::Timer,
    at_start: true,
    look: |control| Box::pin(storage_uses::watch(control)),
};
