//! Storage configurations, and the test of a storage.

use axum::extract::State;
use control::storages::StorageChoice;
use model::id::{ClusterId, StorageId};

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Done, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path};
use crate::queries::PageQuery;
use crate::views::clusters::TestView;
use crate::views::storages::{
    NewStorageBody, StorageChangeBody, StorageChoiceBody, StorageScanView, StorageView,
};

/// Lists the storage configurations
#[utoipa::path(
    get,
    path = "/backup/storages",
    tag = "storages",
    params(PageQuery),
    responses((status = 200, body = Envelope<List<StorageView>>), Failures)
)]
pub(crate) async fn storage_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<StorageView>>, Failure> {
    let page = query.page()?;
    let storages = control::storages::list(&api.control, &actor, page).await?;
    Ok(Answer(List::of(storages)))
}

/// Adds a storage configuration
#[utoipa::path(
    post,
    path = "/backup/storages",
    tag = "storages",
    request_body = NewStorageBody,
    responses((status = 200, body = Envelope<StorageView>), Failures)
)]
pub(crate) async fn storage_add(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<NewStorageBody>,
) -> Result<Answer<StorageView>, Failure> {
    let storage = control::storages::create(&api.control, &actor, body.read()?).await?;
    Ok(Answer(storage.into()))
}

/// Returns a storage configuration, without its secret
#[utoipa::path(
    get,
    path = "/backup/storages/{id}",
    tag = "storages",
    params(("id" = i64, Path, description = "The storage configuration.")),
    responses((status = 200, body = Envelope<StorageView>), Failures)
)]
pub(crate) async fn storage_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<StorageView>, Failure> {
    let storage = control::storages::get(&api.control, &actor, StorageId(id)).await?;
    Ok(Answer(storage.into()))
}

/// Changes a storage configuration
#[utoipa::path(
    patch,
    path = "/backup/storages/{id}",
    tag = "storages",
    params(("id" = i64, Path, description = "The storage configuration.")),
    request_body = StorageChangeBody,
    responses((status = 200, body = Envelope<StorageView>), Failures)
)]
pub(crate) async fn storage_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<StorageChangeBody>,
) -> Result<Answer<StorageView>, Failure> {
    let storage = control::storages::update(&api.control, &actor, StorageId(id), body.read()?).await?;
    Ok(Answer(storage.into()))
}

/// Removes a storage configuration; the files in the storage stay
#[utoipa::path(
    delete,
    path = "/backup/storages/{id}",
    tag = "storages",
    params(("id" = i64, Path, description = "The storage configuration.")),
    responses((status = 200, body = Envelope<Done>), Failures)
)]
pub(crate) async fn storage_remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<Done>, Failure> {
    control::storages::remove(&api.control, &actor, StorageId(id)).await?;
    Ok(Answer(Done {}))
}

/// Tests a storage configuration
///
/// Writes, reads, lists and deletes a file of its own; never changes a cluster.
#[utoipa::path(
    post,
    path = "/backup/storages/{id}/test",
    tag = "storages",
    params(("id" = i64, Path, description = "The storage configuration.")),
    responses((status = 200, body = Envelope<TestView>), Failures)
)]
pub(crate) async fn storage_test(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<TestView>, Failure> {
    let target = StorageChoice::Saved(StorageId(id));
    let lines = control::storages::test(&api.control, &actor, &target).await?;
    Ok(Answer(lines.into()))
}

/// Scans a storage and adds its logical backup sets to the catalogue
///
/// Known sets are not changed. Neither is the storage.
#[utoipa::path(
    post,
    path = "/backup/storages/{id}/scan",
    tag = "storages",
    params(("id" = i64, Path, description = "The storage configuration.")),
    responses((status = 200, body = Envelope<StorageScanView>), Failures)
)]
pub(crate) async fn storage_scan(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<StorageScanView>, Failure> {
    let scan = control::storage_scan::scan(&api.control, &actor, StorageId(id)).await?;
    Ok(Answer(scan.into()))
}

/// Tests a storage that is not saved
///
/// Writes, reads, lists and deletes a file of its own; never changes a cluster.
#[utoipa::path(
    post,
    path = "/backup/storages/test",
    tag = "storages",
    request_body = StorageChoiceBody,
    responses((status = 200, body = Envelope<TestView>), Failures)
)]
pub(crate) async fn storage_test_typed(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<StorageChoiceBody>,
) -> Result<Answer<TestView>, Failure> {
    let lines = control::storages::test(&api.control, &actor, &body.read()?).await?;
    Ok(Answer(lines.into()))
}

/// Tests a storage for the backups of a cluster
///
/// Writes, reads, lists and deletes a file of its own, shows the cluster's current backup destinations, and applies the
/// rules of its version; never changes a cluster.
#[utoipa::path(
    post,
    path = "/ob/clusters/{id}/backup/storage/test",
    tag = "storages",
    params(("id" = i64, Path, description = "The cluster.")),
    request_body = StorageChoiceBody,
    responses((status = 200, body = Envelope<TestView>), Failures)
)]
pub(crate) async fn cluster_storage_test(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<StorageChoiceBody>,
) -> Result<Answer<TestView>, Failure> {
    let (cluster, choice) = (ClusterId(id), body.read()?);
    let lines = control::storages::test_for_cluster(&api.control, &actor, cluster, &choice).await?;
    Ok(Answer(lines.into()))
}
