//! The age of each object's last backups.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::Parameters;
use crate::queries::ProtectionQuery;
use crate::views::protection::ProtectedObjectView;

/// Lists the objects to back up, with the age of their last successful backups
///
/// First every tenant, then the databases with backups of their own. An unknown backup is omitted. No cluster is
/// contacted: the status of log backup comes from the last refresh of the cluster, once a minute.
#[utoipa::path(
    get,
    path = "/backup/objects",
    tag = "backups",
    params(ProtectionQuery),
    responses((status = 200, body = Envelope<List<ProtectedObjectView>>), Failures)
)]
pub(crate) async fn protection_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<ProtectionQuery>,
) -> Result<Answer<List<ProtectedObjectView>>, Failure> {
    let (cluster, tenant, page) = query.read()?;
    Ok(Answer(List::of(control::protection::list(&api.control, &actor, cluster, tenant, page).await?)))
}
