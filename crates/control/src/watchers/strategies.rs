//! Starts what backup strategies have due, and records what they missed. It holds no state: what it reads decides.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::context::Control;
use crate::use_cases::strategies::due;

/// How often is looked.
const EVERY: Duration = Duration::from_secs(5);

pub(crate) async fn run(control: &Control, shutdown: &CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        // To its end, also when the server stops meanwhile: a round takes no longer than its transactions.
        if let Err(error) = due::run(control).await {
            tracing::warn!(%error, "cannot look for what strategies have due; looking again later");
        }
    }
}
