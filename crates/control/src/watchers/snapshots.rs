//! Releases snapshots that no task reads any more, so that the server can discard them.

use std::time::{Duration, Instant};

use super::watcher::{WakeUp, Watcher};
use crate::context::{Control, Error};

pub(super) const WATCHER: Watcher = Watcher {
    name: "snapshots",
    period: Duration::from_secs(60),
    wake_up: WakeUp::Timer,
    at_start: false,
    look: |control| Box::pin(look(control)),
};

async fn look(control: &Control) -> Result<(), Error> {
    control.context.snapshots.release_idle(Instant::now()).await;
    Ok(())
}
