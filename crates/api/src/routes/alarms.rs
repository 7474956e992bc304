//! Current alarms.

use axum::extract::State;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::Parameters;
use crate::queries::AlarmQuery;
use crate::views::alarms::AlarmView;

/// Lists the current alarms, the worst first
///
/// Alarms are not stored: one that has ended is no longer listed. Clusters are refreshed every minute.
#[utoipa::path(
    get,
    path = "/alarm/alarms",
    tag = "alarms",
    params(AlarmQuery),
    responses((status = 200, body = Envelope<List<AlarmView>>), Failures)
)]
pub(crate) async fn alarm_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<AlarmQuery>,
) -> Result<Answer<List<AlarmView>>, Failure> {
    let (cluster, page) = query.read()?;
    Ok(Answer(List::of(control::alarms::list(&api.control, &actor, cluster, page).await?)))
}
