//! Notifies followers of alarms when the current problems may have changed.

use std::time::{Duration, Instant};

use super::watcher::{WakeUp, Watcher};
use crate::alarms;
use crate::context::{Basis, Control, Error};

/// After how long alarms are read in any case: other servers change the metadata too.
const READ_ANYWAY: Duration = Duration::from_secs(15);

pub(crate) const WATCHER: Watcher = Watcher {
    name: "alarms",
    period: Duration::from_secs(1),
    wake_up: WakeUp::WhileFollowed(|control| control.alarms().receiver_count() > 0),
    at_start: false,
    look: |control| Box::pin(look(control)),
};

async fn look(control: &Control) -> Result<(), Error> {
    let event = control.metadata().task_event_newest().await?;
    let basis = Basis { event, trouble: control.context.troubles.changes() };
    let is_known = control
        .alarms()
        .borrow()
        .basis
        .is_some_and(|(known, read)| known == basis && read.elapsed() < READ_ANYWAY);
    if !is_known {
        let mut seen = alarms::seen(control).await?;
        seen.basis = Some((basis, Instant::now()));
        control.alarms().send_replace(seen);
    }
    Ok(())
}
