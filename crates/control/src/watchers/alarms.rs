//! Tells those who wait for alarms what is wrong now, when something may have changed in it.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::is_time_to_look;
use crate::alarms;
use crate::context::{Control, Seen};
use crate::error::Error;

/// How often is looked whether something may have changed, while somebody waits.
const EVERY: Duration = Duration::from_secs(1);

/// After how many looks alarms are read in any case: other servers change the metadata too.
const LOOKS_MAX: u32 = 15;

pub(crate) async fn run(control: &Control, newest: &watch::Sender<Seen>, shutdown: &CancellationToken) {
    let (mut known, mut looks) = (None, 0);
    while is_time_to_look(newest, EVERY, shutdown).await {
        looks += 1;
        let looked = async {
            let basis = Basis::read(control).await?;
            if known != Some(basis) || looks >= LOOKS_MAX {
                newest.send_replace(alarms::seen(control).await?);
                (known, looks) = (Some(basis), 0);
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = looked.await {
            tracing::debug!(%error, "cannot look for alarms; looking again later");
        }
    }
}

/// What alarms are derived from, by what changes with it: the events of tasks, and the looks at clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Basis {
    event: i64,
    trouble: u64,
}

impl Basis {
    async fn read(control: &Control) -> Result<Self, Error> {
        let event = control.metadata().task_event_newest().await?;
        Ok(Self { event, trouble: control.context.troubles.changes() })
    }
}
