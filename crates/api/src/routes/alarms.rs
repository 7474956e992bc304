//! Current and recovered alarms, and what people do about them.

use axum::extract::State;
use control::alarms;
use control::page::Page;
use model::id::AlarmId;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path};
use crate::views::alarms::{AcknowledgeBody, AlarmList, AlarmQuery, AlarmView, SilenceBody};

/// Lists the current alarms, the worst first, or the recovered ones, the last first
///
/// A current alarm is listed as soon as its problem is known, and is recorded a moment later: then it has a number.
/// An alarm that cannot be checked now, for example because its cluster does not respond, stays current. Recovered
/// alarms are kept for 180 days.
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
    let (list, page) = query.read()?;
    let page = match list {
        AlarmList::Active(filter) => alarms::list(&api.control, &actor, filter, page).await?,
        AlarmList::History(query) => alarms::history(&api.control, &actor, query, page).await?,
        AlarmList::Nothing => {
            let (number, size) = (page.number(), page.size());
            Page { contents: Vec::new(), number, size, total_elements: 0 }
        }
    };
    Ok(Answer(List::of(page)))
}

/// Shows a recorded alarm, current or recovered
#[utoipa::path(
    get,
    path = "/alarm/alarms/{id}",
    tag = "alarms",
    params(("id" = i64, Path, description = "The number of the alarm.")),
    responses((status = 200, body = Envelope<AlarmView>), Failures)
)]
pub(crate) async fn alarm_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<AlarmView>, Failure> {
    Ok(Answer(alarms::get(&api.control, &actor, AlarmId(id)).await?.into()))
}

/// Acknowledges a current alarm: somebody takes care of it
///
/// A later acknowledgement replaces an earlier one. It holds until the alarm recovers.
#[utoipa::path(
    post,
    path = "/alarm/alarms/{id}/acknowledge",
    tag = "alarms",
    params(("id" = i64, Path, description = "The number of the alarm.")),
    request_body = AcknowledgeBody,
    responses((status = 200, body = Envelope<AlarmView>), Failures)
)]
pub(crate) async fn alarm_acknowledge(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<AcknowledgeBody>,
) -> Result<Answer<AlarmView>, Failure> {
    Ok(Answer(alarms::acknowledge(&api.control, &actor, AlarmId(id), &body.comment).await?.into()))
}

/// Silences a current alarm until a time
///
/// A later silence replaces an earlier one. It also applies if the problem ends and returns before that time.
#[utoipa::path(
    put,
    path = "/alarm/alarms/{id}/silence",
    tag = "alarms",
    params(("id" = i64, Path, description = "The number of the alarm.")),
    request_body = SilenceBody,
    responses((status = 200, body = Envelope<AlarmView>), Failures)
)]
pub(crate) async fn alarm_silence(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<SilenceBody>,
) -> Result<Answer<AlarmView>, Failure> {
    let until = body.until()?;
    Ok(Answer(alarms::silence(&api.control, &actor, AlarmId(id), until, &body.reason).await?.into()))
}

/// Ends the silence of an alarm
#[utoipa::path(
    delete,
    path = "/alarm/alarms/{id}/silence",
    tag = "alarms",
    params(("id" = i64, Path, description = "The number of the alarm.")),
    responses((status = 200, body = Envelope<AlarmView>), Failures)
)]
pub(crate) async fn alarm_unsilence(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<AlarmView>, Failure> {
    Ok(Answer(alarms::unsilence(&api.control, &actor, AlarmId(id)).await?.into()))
}
