//! Watches the free space on the disk of the data directory, to limit the effects of a full disk and to continue when
//! there is space again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::context::{Control, Error};

pub(super) const WATCHER: Watcher = Watcher {
    name: "room",
    period: Duration::from_secs(5),
    wake_up: WakeUp::Timer,
    at_start: true,
    look: |control| Box::pin(look(control)),
};

async fn look(control: &Control) -> Result<(), Error> {
    let looked = control.metadata().look_at_room().await;
    let was_full = control.context.was_full.swap(looked.is_err(), Ordering::Relaxed);
    if was_full && looked.is_ok() {
        control.wake().now();
    }
    Ok(looked?)
}
