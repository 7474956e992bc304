//! Refreshes every cluster periodically: whether it responds, its version, servers and tenants.

use std::time::Duration;

use futures::StreamExt as _;

use super::watcher::{WakeUp, Watcher};
use crate::context::{Control, Error};

/// How many clusters are queried at once.
const AT_ONCE: usize = 16;

pub(super) const WATCHER: Watcher = Watcher {
    name: "clusters",
    period: Duration::from_secs(60),
    wake_up: WakeUp::Signal(|control| &control.context.look),
    at_start: true,
    look: |control| Box::pin(look(control)),
};

/// Refreshes every cluster once. A cluster that does not answer raises an alarm; the run does not fail.
async fn look(control: &Control) -> Result<(), Error> {
    let clusters = control.metadata().cluster_list().await?;
    let looks = clusters.into_iter().map(|cluster| async move {
        if let Err(error) = control.context.look_at(cluster.id).await {
            tracing::debug!(cluster = cluster.name, %error, "a cluster does not answer");
        }
    });
    futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}
