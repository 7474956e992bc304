//! Channels: where notices of alarms are sent, and what became of them.

mod enqueue;
mod sending;
#[cfg(test)]
mod tests;

use metadata::channels::ChannelSettings;
use metadata::notices::NewNotice;
use model::alarm::AlarmLevel;
use model::channel::TargetChange;
use model::channel::{Channel, Email, Notice, NoticeEvent, Receiver, Rule, Target, Webhook, test_message};
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
    /// What receives its notices, with its secrets.
    pub target: Target,
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
    /// The changes of what receives its notices.
    pub target: Option<TargetChange>,
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
/// When the actor lacks the permission, the name is taken, or a setting of its target is malformed or refused.
pub async fn create(control: &Control, actor: &Actor, new: NewChannel) -> Result<Channel, Error> {
    let attempt = Attempt::new(actor, "channel-create", format!("channel/{}", new.name));
    let work = async {
        actor.must(Permission::ManageUsers)?;
        check_name(&new.name)?;
        new.target.check()?;
        let NewChannel { name, target, rule, language } = new;
        let receiver = receiver(control, &target)?;
        let settings = ChannelSettings { name, receiver, rule, language, enabled: true };
        let mut writer = control.metadata().begin().await?;
        let id = writer.channel_insert(&settings, &target).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        known(control, id).await
    };
    attempt.watch(&control.context, work).await
}

/// Changes a channel. The waiting notices of one that is disabled are given up. Its secrets belong to its URL or mail
/// server: another one needs all of them again, because otherwise they could be sent to someone else.
///
/// # Errors
/// As [`create`], and when there is no such channel, the change is one of another kind, or the URL or the mail server
/// changes without the secrets.
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
        let target = match &change.target {
            Some(change) => {
                let kept = writer.channel_target_now(id).await?;
                let changed = kept.clone().changed(change)?;
                Some(changed).filter(|changed| *changed != kept)
            }
            None => None,
        };
        let receiver = match &target {
            Some(target) => receiver(control, target)?,
            None => channel.receiver,
        };
        let name = change.name.unwrap_or(channel.name);
        check_name(&name)?;
        let settings = ChannelSettings {
            name,
            receiver,
            rule: Rule {
                levels: change.levels.unwrap_or(channel.rule.levels),
                clusters: change.clusters.unwrap_or(channel.rule.clusters),
                recovered: change.recovered.unwrap_or(channel.rule.recovered),
            },
            language: change.language.unwrap_or(channel.language),
            enabled: change.enabled.unwrap_or(channel.enabled),
        };
        writer.channel_update(id, &settings, target.as_ref()).await?;
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
        let body = test_message(&channel, &actor.name);
        let due = writer.now().await?;
        let new = NewNotice { channel: id, alarm: None, event: NoticeEvent::Test, body, due };
        let mut notice = writer.notice_claimed(&new, sending::LEASE).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        let tried = sending::send(control, &notice).await?;
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

/// Checks the address of a target; returns what is shown of the target.
fn receiver(control: &Control, target: &Target) -> Result<Receiver, Problem> {
    match target {
        Target::Webhook(webhook) => {
            let Webhook { url, headers, signature } = webhook;
            Ok(Receiver::Webhook {
                endpoint: web_endpoint(control, url)?,
                header_names: headers.iter().map(|(name, _)| name.clone()).collect(),
                is_signed: signature.is_some(),
            })
        }
        Target::Email(email) => {
            let Email { host, .. } = email;
            let shown = email.shown();
            let refused = |_| Problem::invalid("channel-url-refused").with("endpoint", shown.endpoint());
            control.context.rules.check_mail_host(host).map_err(refused)?;
            Ok(shown)
        }
    }
}

/// Checks a URL; returns its scheme, host and port.
fn web_endpoint(control: &Control, url: &Secret) -> Result<String, Problem> {
    let endpoint =
        post::endpoint(url).map_err(|error| Problem::invalid("channel-url-malformed").raw(error))?;
    let refused = |_| Problem::invalid("channel-url-refused").with("endpoint", &endpoint);
    control.context.rules.check_receiver(url).map_err(refused)?;
    Ok(endpoint)
}
