//! Queries a cluster for live information within the time that a page can wait. If the cluster does not respond, only
//! that information is missing.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use model::Problem;
use model::cluster::Cluster;
use oceanbase::{Driver, NoWitness};

use super::error::Error;
use super::shared::Context;

/// The longest time that a page waits for a cluster.
const LIMIT: Duration = Duration::from_secs(10);

/// The longest time that a background query of a cluster may take.
const LONGER_LIMIT: Duration = Duration::from_secs(30);

/// Opens a session on a cluster; no task's log shows its statements.
pub(crate) async fn open(context: &Context, cluster: &Cluster) -> Result<Driver, Error> {
    let endpoint = context.endpoint(cluster).await?;
    Ok(Driver::open(&endpoint, Arc::new(NoWitness)).await?)
}

/// Returns the cluster's answer, or the reason why there is none.
pub(crate) async fn within_limit<T>(
    cluster: &Cluster,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Problem> {
    within(LIMIT, cluster, Box::pin(question)).await.map_err(Error::into_problem)
}

/// Returns the cluster's answer to a background request, or the reason why there is none.
pub(crate) async fn within_longer_limit<T>(
    cluster: &Cluster,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    within(LONGER_LIMIT, cluster, Box::pin(question)).await
}

async fn within<T>(
    limit: Duration,
    cluster: &Cluster,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let silent =
        || Problem::outside("cluster-silent").with("cluster", &cluster.name).with("seconds", limit.as_secs());
    tokio::time::timeout(limit, question).await.unwrap_or_else(|_| Err(silent().into()))
}
