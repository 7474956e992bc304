//! Tells those who wait for events that there are new ones, whichever server wrote them.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::is_time_to_look;
use crate::context::Control;

/// How often is looked while somebody waits.
const EVERY: Duration = Duration::from_millis(400);

pub(crate) async fn run(control: &Control, newest: &watch::Sender<i64>, shutdown: &CancellationToken) {
    while is_time_to_look(newest, EVERY, shutdown).await {
        match control.metadata().task_event_newest().await {
            Ok(seq) => drop(newest.send_if_modified(|known| std::mem::replace(known, seq) != seq)),
            Err(error) => tracing::debug!(%error, "cannot look for events; looking again later"),
        }
    }
}
