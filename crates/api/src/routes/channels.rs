//! Channels: where notices of alarms are sent, and what became of them.

use axum::extract::State;
use control::channels;
use model::id::ChannelId;

use crate::Api;
use crate::auth::Caller;
use crate::envelope::{Answer, Envelope, List};
use crate::error::{Failure, Failures};
use crate::extract::{Body, Parameters, Path};
use crate::queries::PageQuery;
use crate::views::channels::{ChannelChangeBody, ChannelView, NewChannelBody, NoticeView};

/// Lists the channels that receive notices of alarms
#[utoipa::path(
    get,
    path = "/alarm/channels",
    tag = "channels",
    params(PageQuery),
    responses((status = 200, body = Envelope<List<ChannelView>>), Failures)
)]
pub(crate) async fn channel_list(
    State(api): State<Api>,
    Caller(actor): Caller,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<ChannelView>>, Failure> {
    let channels = channels::list(&api.control, &actor, query.page()?).await?;
    Ok(Answer(List::of(channels)))
}

/// Adds a channel that receives notices of alarms
///
/// When an alarm is raised, Lifeboat sends a JSON text to the URL of a webhook, or an e-mail. The URL, the values of
/// headers and the password are secrets.
#[utoipa::path(
    post,
    path = "/alarm/channels",
    tag = "channels",
    request_body = NewChannelBody,
    responses((status = 200, body = Envelope<ChannelView>), Failures)
)]
pub(crate) async fn channel_add(
    State(api): State<Api>,
    Caller(actor): Caller,
    Body(body): Body<NewChannelBody>,
) -> Result<Answer<ChannelView>, Failure> {
    Ok(Answer(channels::create(&api.control, &actor, body.read()?).await?.into()))
}

/// Returns a channel, without its secrets
#[utoipa::path(
    get,
    path = "/alarm/channels/{id}",
    tag = "channels",
    params(("id" = i64, Path, description = "The channel.")),
    responses((status = 200, body = Envelope<ChannelView>), Failures)
)]
pub(crate) async fn channel_get(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<ChannelView>, Failure> {
    Ok(Answer(channels::get(&api.control, &actor, ChannelId(id)).await?.into()))
}

/// Changes a channel
///
/// The secrets of a channel belong to its URL, or to its mail server, encryption and user: another one needs them again.
/// Its kind never changes.
#[utoipa::path(
    patch,
    path = "/alarm/channels/{id}",
    tag = "channels",
    params(("id" = i64, Path, description = "The channel.")),
    request_body = ChannelChangeBody,
    responses((status = 200, body = Envelope<ChannelView>), Failures)
)]
pub(crate) async fn channel_change(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Body(body): Body<ChannelChangeBody>,
) -> Result<Answer<ChannelView>, Failure> {
    let change = body.read()?;
    Ok(Answer(channels::update(&api.control, &actor, ChannelId(id), change).await?.into()))
}

/// Removes a channel and its notices; returns it
#[utoipa::path(
    delete,
    path = "/alarm/channels/{id}",
    tag = "channels",
    params(("id" = i64, Path, description = "The channel.")),
    responses((status = 200, body = Envelope<ChannelView>), Failures)
)]
pub(crate) async fn channel_remove(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<ChannelView>, Failure> {
    Ok(Answer(channels::remove(&api.control, &actor, ChannelId(id)).await?.into()))
}

/// Sends a test message once, and returns it with its fate
#[utoipa::path(
    post,
    path = "/alarm/channels/{id}/test",
    tag = "channels",
    params(("id" = i64, Path, description = "The channel.")),
    responses((status = 200, body = Envelope<NoticeView>), Failures)
)]
pub(crate) async fn channel_test(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<Answer<NoticeView>, Failure> {
    Ok(Answer(channels::test(&api.control, &actor, ChannelId(id)).await?.into()))
}

/// Lists the notices of a channel, the newest first
///
/// Finished notices are kept for 30 days.
#[utoipa::path(
    get,
    path = "/alarm/channels/{id}/outbox",
    tag = "channels",
    params(("id" = i64, Path, description = "The channel."), PageQuery),
    responses((status = 200, body = Envelope<List<NoticeView>>), Failures)
)]
pub(crate) async fn channel_outbox(
    State(api): State<Api>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Answer<List<NoticeView>>, Failure> {
    let notices = channels::outbox(&api.control, &actor, ChannelId(id), query.page()?).await?;
    Ok(Answer(List::of(notices)))
}
