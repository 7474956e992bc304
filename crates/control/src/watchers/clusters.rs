//! Asks every cluster now and then what it is: whether it answers, its version, servers and tenants.

use std::time::Duration;

use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::context::Control;

/// How often clusters are looked at.
const EVERY: Duration = Duration::from_secs(60);

/// How many are asked at once.
const AT_ONCE: usize = 16;

pub(crate) async fn run(control: &Control, shutdown: &CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = look_around(control) => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
            () = control.context.look.notified() => {}
        }
    }
}

/// Looks at every cluster once.
async fn look_around(control: &Control) {
    let clusters = match control.metadata().cluster_list().await {
        Ok(clusters) => clusters,
        Err(error) => {
            tracing::warn!(%error, "cannot list the clusters; looking again later");
            return;
        }
    };
    let looks = clusters.into_iter().map(|cluster| async move {
        if let Err(error) = control.context.look_at(cluster.id).await {
            tracing::debug!(cluster = cluster.name, %error, "a cluster does not answer");
        }
    });
    futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect::<()>().await;
}
