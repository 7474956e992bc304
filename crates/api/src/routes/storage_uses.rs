//! The space of a cluster's backups in each storage, over time.

use axum::extract::State;
use model::id::ClusterId;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope};
use crate::error::{Failure, Failures};
use crate::extract::{Parameters, Path};
use crate::queries::StorageUsageQuery;
use crate::views::storage_uses::StorageUsagesView;

/// Returns the space of a cluster's backups in each storage over up to 180 days; for long times, the newest of each
/// span
#[utoipa::path(
    get,
    path = "/ob/clusters/{id}/backup/storageUsages",
    tag = "storages",
    params(("id" = i64, Path, description = "The cluster."), StorageUsageQuery),
    responses((status = 200, body = Envelope<StorageUsagesView>), Failures)
)]
pub(crate) async fn storage_usage_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<StorageUsageQuery>,
) -> Result<Answer<StorageUsagesView>, Failure> {
    let (storage, (from, until)) = (query.storage(), query.span()?);
    let uses = control::storage_uses::list(&api.control, &actor, ClusterId(id), storage, from, until).await?;
    Ok(Answer(uses.into()))
}
