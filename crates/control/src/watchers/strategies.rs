//! Starts the due runs of backup strategies, and records missed ones. It holds no state: all decisions depend on what
//! it reads.

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
