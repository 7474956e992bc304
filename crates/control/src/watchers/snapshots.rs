//! Lets go of moments that nobody reads any more, so that the server behind them may forget them.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::context::Control;

/// How often is looked.
const EVERY: Duration = Duration::from_secs(60);

pub(crate) async fn run(control: &Control, shutdown: &CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        control.context.snapshots.release_idle(Instant::now()).await;
    }
}
