//! Watches the free space on the disk of the data directory, to limit the effects of a full disk and to continue when
//! there is space again. A problem of the disks raises an alarm.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::watcher::{WakeUp, Watcher};
use crate::context::{Control, Error};
use crate::health;

pub(super) const WATCHER: Watcher = Watcher {
    name: "room",
    period: Duration::from_secs(5),
    wake_up: WakeUp::Timer,
    at_start: true,
    look: |control| Box::pin(look(control)),
};

async fn look(control: &Control) -> Result<(), Error> {
    let looked = control.metadata().look_at_room().await.map_err(Error::from);
    let was_full = control.context.was_full.swap(looked.is_err(), Ordering::Relaxed);
    if was_full && looked.is_ok() {
        control.wake().now();
    }
    let of_room = looked.as_ref().err().map(|error| error.problem().text.clone());
    let of_disks = health::of_disks(control).await.into_iter().map(|problem| problem.text);
    // Free space comes first: a full disk explains the other problems. A database that does not answer is not a problem
    // of the disks.
    if let Ok(now) = control.metadata().now().await {
        control.context.troubles.disks(now, of_room.into_iter().chain(of_disks).next());
    }
    looked
}
