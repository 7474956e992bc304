//! Channels and their notices.

mod request;

use model::channel::{Channel, Notice, Receiver, Rule};
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::request::{ChannelChangeBody, NewChannelBody};
use super::words;
use crate::error::Words;

/// The mail server, the sender and the recipients of a channel, without the password.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmailView {
    /// The mail server.
    #[schema(example = "smtp.example.com")]
    host: String,
    /// Its port.
    #[schema(example = 587)]
    port: u16,
    /// How the connection is encrypted.
    tls: words::MailTls,
    /// The account that logs on; null if nobody does.
    user: Option<String>,
    /// The sender.
    from: String,
    /// The recipients.
    to: Vec<String>,
}

/// A channel, without its secrets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelView {
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// Its kind, which never changes.
    kind: words::ChannelKind,
    /// The scheme, host and port that Lifeboat connects to. The rest of a URL is a secret.
    #[schema(example = "https://hooks.example.com")]
    endpoint: String,
    /// The names of the headers that are sent with each notice; only a webhook has some.
    header_names: Vec<String>,
    /// Whether notices are signed.
    signed: bool,
    /// The mail server, the sender and the recipients, if it sends e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<EmailView>,
    /// Only alarms of these levels; an empty list means all.
    levels: Vec<i64>,
    /// Only alarms of these clusters; an empty list means all, and those of Lifeboat servers and channels.
    cluster_ids: Vec<i64>,
    /// Whether it also receives a notice when such an alarm recovers.
    recovered: bool,
    /// The language of the notices.
    language: words::ChannelLanguage,
    /// Whether it receives notices.
    enabled: bool,
    /// When it was created.
    #[schema(format = DateTime)]
    create_time: String,
}

impl From<Channel> for ChannelView {
    fn from(channel: Channel) -> Self {
        let Channel { id, name, receiver, rule, language, enabled, created } = channel;
        let Rule { levels, clusters, recovered } = rule;
        let (kind, endpoint) = (receiver.kind().into(), receiver.endpoint());
        let (header_names, signed, email) = match receiver {
            Receiver::Webhook { endpoint: _, header_names, is_signed } => (header_names, is_signed, None),
            Receiver::Email { host, port, tls, user, from, to } => {
                let email = EmailView { host, port, tls: tls.into(), user, from, to };
                (Vec::new(), false, Some(email))
            }
        };
        Self {
            id: id.0,
            name,
            kind,
            endpoint,
            header_names,
            signed,
            email,
            levels: levels.into_iter().map(|level| level.number().into()).collect(),
            cluster_ids: clusters.into_iter().map(|cluster| cluster.0).collect(),
            recovered,
            language: language.into(),
            enabled,
            create_time: created.to_rfc3339(),
        }
    }
}

/// A notice in the outbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoticeView {
    /// Its number, which a webhook gets as `Lifeboat-Notice`.
    id: i64,
    /// The number of the alarm; null for a test message.
    alarm_id: Option<i64>,
    /// What it is about.
    event: words::NoticeEvent,
    /// Its fate.
    status: words::NoticeStatus,
    /// How often it was tried.
    tries: u32,
    /// The HTTP status of the last answer, or the reply code of a mail server, if there was one.
    http_status: Option<u16>,
    /// Why the last try failed, or which recipients do not get a delivered notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Words>,
    /// When it was written.
    #[schema(format = DateTime)]
    create_time: String,
    /// When it is sent next, while it waits.
    #[schema(format = DateTime)]
    due_time: Option<String>,
    /// When it was delivered, or given up.
    #[schema(format = DateTime)]
    finish_time: Option<String>,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        let Notice {
            id,
            channel: _,
            alarm,
            event,
            body: _,
            status,
            created,
            due,
            tries,
            answer,
            problem,
            finished,
        } = notice;
        Self {
            id: id.0,
            alarm_id: alarm.map(|alarm| alarm.0),
            event: event.into(),
            status: status.into(),
            tries,
            http_status: answer,
            problem: problem.as_ref().map(Words::here),
            create_time: created.to_rfc3339(),
            due_time: finished.is_none().then(|| due.to_rfc3339()),
            finish_time: finished.map(Timestamp::to_rfc3339),
        }
    }
}
