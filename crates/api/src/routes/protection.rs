//! How recently each object was backed up.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::Parameters;
use crate::queries::ProtectionQuery;
use crate::views::protection::ProtectedObjectView;

/// Lists what is to be backed up, with the age of its last good backups
///
/// First every tenant, then the databases that were backed up by themselves. A backup that is unknown is left out. No cluster is
/// asked: log backup is as the last look at the cluster found it, which is done every minute.
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
