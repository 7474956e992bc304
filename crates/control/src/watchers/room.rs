//! Looks at the room on the disk of the data directory, so that a full disk costs no more than it must, and work goes on
//! by itself when there is room again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::context::Control;

/// How often is looked.
const EVERY: Duration = Duration::from_secs(5);

pub(crate) async fn run(control: &Control, shutdown: &CancellationToken) {
    let mut was_full = false;
    loop {
        let is_full = control.metadata().look_at_room().await.is_err();
        if was_full && !is_full {
            control.wake().now();
        }
        was_full = is_full;
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
