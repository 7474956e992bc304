//! Deletes old history: alarms that recovered, notices, and the logs and audit lines that are older than is allowed.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::context::{Control, Error};
use crate::{alarms, channels, history};

pub(super) const WATCHER: Watcher = Watcher {
    name: "history",
    period: Duration::from_secs(60 * 60),
    wake_up: WakeUp::Timer,
    at_start: false,
    look: |control| Box::pin(look(control)),
};

async fn look(control: &Control) -> Result<(), Error> {
    alarms::forget(control).await?;
    channels::forget(control).await?;
    history::forget(control).await
}
