//! Sets, changes and drops the delete policies that physical strategies need, and checks that the database deletes by
//! them.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::use_cases::delete_policies;

pub(super) const WATCHER: Watcher = Watcher {
    name: "delete-policies",
    period: Duration::from_secs(30),
    wake_up: WakeUp::Signal(|control| &control.context.check_policies),
    at_start: true,
    look: |control| Box::pin(delete_policies::watch(control)),
};
