//! Notifies subscribers about new events from any server.

use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::context::{Control, Error};

pub(super) const WATCHER: Watcher = Watcher {
    name: "events",
    period: Duration::from_millis(400),
    wake_up: WakeUp::WhileFollowed(|control| control.newest_event_sender().receiver_count() > 0),
    at_start: false,
    look: |control| Box::pin(look(control)),
};

async fn look(control: &Control) -> Result<(), Error> {
    let seq = control.metadata().task_event_newest().await?;
    control.newest_event_sender().send_if_modified(|known| std::mem::replace(known, seq) != seq);
    Ok(())
}
