//! Channels: where notices of alarms are sent, and what became of them.

mod enqueue;
mod sending;
#[cfg(test)]
mod tests;

use metadata::channels::ChannelSettings;
use metadata::notices::{NewNotice, Tried};
use model::alarm::AlarmLevel;
use model::channel::{Channel, ChannelSecrets, Notice, NoticeEvent, Rule, test_message};
use model::cluster::check_name;
use model::id::{ChannelId, ClusterId};
use model::text::Language;
use model::user::Permission;
use model::{Problem, Secret};
use storage::post;

pub(crate) use self::enqueue::enqueue;
pub(crate) use self::sending::{deliver, forget};
use crate::actor::Actor;
use crate::context::{Attempt, Control};
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// A new channel.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Its name.
    pub name: String,
    /// Its secrets.
    pub secrets: ChannelSecrets,
    /// Which notices it receives.
    pub rule: Rule,
    /// The language of the notices.
    pub language: Language,
}

/// The changes of a channel; `None` keeps a setting.
#[derive(Debug, Clone, Default)]
pub struct ChannelChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new URL. Then the stored headers and the stored signature do not stay.
    pub url: Option<Secret>,
    /// All headers.
    pub headers: Option<Vec<(String, Secret)>>,
    /// The secret of the signature; `Some(None)` removes it.
    pub signature: Option<Option<Secret>>,
    /// The levels of its alarms.
    pub levels: Option<Vec<AlarmLevel>>,
    /// The clusters of its alarms.
    pub clusters: Option<Vec<ClusterId>>,
    /// Whether it also hears when these alarms recover.
    pub recovered: Option<bool>,
    /// The language of the notices.
    pub language: Option<Language>,
    /// Whether it receives notices.
    pub enabled: Option<bool>,
}

/// Returns the channels by name.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn list(control: &Control, actor: &Actor, page: PageAsk) -> Result<Page<Channel>, Error> {
    actor.must(Permission::ManageUsers)?;
    Ok(page.of(control.metadata().channel_list().await?))
}

/// Returns a channel.
///
/// # Errors
/// When the actor may not read it, there is none, or the metadata fail.
pub async fn get(control: &Control, actor: &Actor, id: ChannelId) -> Result<Channel, Error> {
    actor.must(Permission::ManageUsers)?;
    known(control, id).await
}

/// Returns the notices of a channel, the newest first.
///
/// # Errors
/// When the actor may not read them, there is no such channel, or the metadata fail.
pub async fn outbox(
    control: &Control,
    actor: &Actor,
    id: ChannelId,
    page: PageAsk,
) -> Result<Page<Notice>, Error> {
    actor.must(Permission::ManageUsers)?;
    known(control, id).await?;
    Ok(page.filled(control.metadata().notice_list(id, page.slice()).await?))
}

/// Creates a channel.
///
/// # Errors
/// When the actor lacks the permission, the name is taken, or the URL, a header or the signature is malformed or
/// refused.
pub async fn create(control: &Control, actor: &Actor, new: NewChannel) -> Result<Channel, Error> {
    let attempt = Attempt::new(actor, "channel-create", format!("channel/{}", new.name));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        check_name(&new.name)?;
        new.secrets.check()?;
        let NewChannel { name, secrets, rule, language } = new;
        let endpoint = receiver(control, &secrets.url)?;
        let settings = ChannelSettings { name, endpoint, rule, language, enabled: true };
        let mut writer = control.metadata().begin().await?;
        let id = writer.channel_insert(&settings, &secrets).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        known(control, id).await
    };
    attempt.watch(&control.context, work).await
}

/// Changes a channel. The waiting notices of one that is disabled are given up. Its secrets belong to its URL: another
/// URL needs all of them again, because otherwise they could be sent to someone else.
///
/// # Errors
/// As [`create`], and when there is no such channel, or the URL changes without the other secrets.
pub async fn update(
    control: &Control,
    actor: &Actor,
    id: ChannelId,
    change: ChannelChange,
) -> Result<Channel, Error> {
    let attempt = Attempt::new(actor, "channel-update", format!("channel/{id}"));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        let mut writer = control.metadata().begin().await?;
        let channel = found(writer.channel_now(id).await?, id)?;
        let has_secrets = change.url.is_some() || change.headers.is_some() || change.signature.is_some();
        let secrets =
            if has_secrets { Some(changed(writer.channel_secrets_now(id).await?, &change)?) } else { None };
        let endpoint = match &secrets {
            Some(secrets) => receiver(control, &secrets.url)?,
            None => channel.endpoint,
        };
        let name = change.name.unwrap_or(channel.name);
        check_name(&name)?;
        let settings = ChannelSettings {
            name,
            endpoint,
            rule: Rule {
                levels: change.levels.unwrap_or(channel.rule.levels),
                clusters: change.clusters.unwrap_or(channel.rule.clusters),
                recovered: change.recovered.unwrap_or(channel.rule.recovered),
            },
            language: change.language.unwrap_or(channel.language),
            enabled: change.enabled.unwrap_or(channel.enabled),
        };
        writer.channel_update(id, &settings, secrets.as_ref()).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        known(control, id).await
    };
    attempt.watch(&control.context, work).await
}

/// Removes a channel with its notices.
///
/// # Errors
/// When the actor lacks the permission, or there is no such channel.
pub async fn remove(control: &Control, actor: &Actor, id: ChannelId) -> Result<Channel, Error> {
    let attempt = Attempt::new(actor, "channel-delete", format!("channel/{id}"));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        let mut writer = control.metadata().begin().await?;
        let channel = found(writer.channel_now(id).await?, id)?;
        writer.channel_remove(id).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(channel)
    };
    attempt.watch(&control.context, work).await
}

/// Sends a test message once, now, and returns it with its fate.
///
/// # Errors
/// When the actor lacks the permission, or there is no such channel. A message that is not delivered is no error.
pub async fn test(control: &Control, actor: &Actor, id: ChannelId) -> Result<Notice, Error> {
    let attempt = Attempt::new(actor, "channel-test", format!("channel/{id}"));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        let mut writer = control.metadata().begin().await?;
        let channel = found(writer.channel_now(id).await?, id)?;
        let body = test_message(&channel, &actor.name, channel.language);
        let due = writer.now().await?;
        let new = NewNotice { channel: id, alarm: None, event: NoticeEvent::Test, body, due };
        let mut notice = writer.notice_claimed(&new, sending::LEASE).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        let (answer, problem) = sending::send(control, &notice).await?;
        let tried = Tried { answer, problem, wait: None };
        let mut writer = control.metadata().begin().await?;
        writer.notice_tried(&notice, &tried).await?;
        if let Some(saved) = writer.notice_now(notice.id).await? {
            notice = saved;
        }
        writer.commit().await?;
        Ok(notice)
    };
    attempt.watch(&control.context, work).await
}

async fn known(control: &Control, id: ChannelId) -> Result<Channel, Error> {
    Ok(found(control.metadata().channel_get(id).await?, id)?)
}

fn found(channel: Option<Channel>, id: ChannelId) -> Result<Channel, Problem> {
    channel.ok_or_else(|| Problem::not_found("channel-unknown").with("channel", id))
}

/// Checks the URL of a receiver; returns its scheme, host and port.
fn receiver(control: &Control, url: &Secret) -> Result<String, Problem> {
    let endpoint =
        post::endpoint(url).map_err(|error| Problem::invalid("channel-url-malformed").raw(error))?;
    let refused = |_| Problem::invalid("channel-url-refused").with("endpoint", &endpoint);
    control.context.rules.check_receiver(url).map_err(refused)?;
    Ok(endpoint)
}

fn changed(kept: ChannelSecrets, change: &ChannelChange) -> Result<ChannelSecrets, Problem> {
    let moves = change.url.as_ref().is_some_and(|url| *url != kept.url);
    let lacks_headers = !kept.headers.is_empty() && change.headers.is_none();
    let lacks_signature = kept.signature.is_some() && change.signature.is_none();
    if moves && (lacks_headers || lacks_signature) {
        return Err(Problem::invalid("channel-secrets-needed"));
    }
    let secrets = ChannelSecrets {
        url: change.url.clone().unwrap_or(kept.url),
        headers: change.headers.clone().unwrap_or(kept.headers),
        signature: change.signature.clone().unwrap_or(kept.signature),
    };
    secrets.check()?;
    Ok(secrets)
}
