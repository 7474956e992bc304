//! Sends the notices that are due.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::channels;

pub(super) const WATCHER: Watcher = Watcher {
    name: "notices",
    period: Duration::from_secs(1),
    wake_up: WakeUp::Timer,
    at_start: true,
    look: |control| Box::pin(channels::deliver(control)),
};
