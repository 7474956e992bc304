//! Records the alarms when the current problems may have changed, and notifies their followers.

use std::time::{Duration, Instant};

use super::watcher::{WakeUp, Watcher};
use crate::alarms;
use crate::context::{Basis, Control, Error};

/// After how long alarms are read in any case: other servers change the metadata too.
const READ_ANYWAY: Duration = Duration::from_secs(15);

/// The shortest time between two readings without followers: then no one waits for them.
const UNFOLLOWED: Duration = Duration::from_secs(5);

pub(crate) const WATCHER: Watcher = Watcher {
    name: "alarms",
    period: Duration::from_secs(1),
    wake_up: WakeUp::Timer,
    at_start: false,
    look: |control| Box::pin(look(control)),
};

async fn look(control: &Control) -> Result<(), Error> {
    let event = control.metadata().task_event_newest().await?;
    let basis = Basis { event, trouble: control.context.troubles.changes() };
    let is_followed = control.alarms().receiver_count() > 0;
    let is_known = control.alarms().borrow().basis.is_some_and(|(known, read)| {
        let is_same = known == basis && read.elapsed() < READ_ANYWAY;
        is_same || !is_followed && read.elapsed() < UNFOLLOWED
    });
    if is_known {
        return Ok(());
    }
    let (mut seen, observed) = alarms::observe(control).await?;
    // First the records, so that followers find them. They hear of problems even if the records cannot be written.
    let recorded = alarms::record(control, observed).await;
    seen.basis = Some((basis, Instant::now()));
    control.alarms().send_replace(seen);
    recorded
}
