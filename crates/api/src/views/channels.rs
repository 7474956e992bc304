//! Channels and their notices; requests about them.

use control::channels::{ChannelChange, NewChannel};
use model::alarm::AlarmLevel;
use model::channel::{Channel, ChannelSecrets, Notice, Rule};
use model::id::ClusterId;
use model::time::Timestamp;
use model::{Problem, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::{whole, words};
use crate::error::Words;

/// A header that is sent with each notice.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HeaderBody {
    /// Its name.
    #[schema(example = "Authorization", min_length = 1, max_length = 128)]
    name: String,
    /// Its value, a secret.
    value: SecretText,
}

/// A new channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewChannelBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// The URL that receives notices, a secret.
    url: SecretText,
    /// Headers that are sent with each notice.
    #[serde(default)]
    #[schema(max_items = 16)]
    headers: Vec<HeaderBody>,
    /// The secret that notices are signed with; without one they are not signed.
    signature_secret: Option<SecretText>,
    /// Only alarms of these levels: 1 is Stopped, 2 is Critical.
    #[serde(default, deserialize_with = "whole::list")]
    levels: Vec<i64>,
    /// Only alarms of these clusters.
    #[serde(default, deserialize_with = "whole::list")]
    cluster_ids: Vec<i64>,
    /// Whether it also receives a notice when such an alarm recovers.
    #[serde(default)]
    recovered: bool,
    /// The language of the notices.
    language: Option<words::ChannelLanguage>,
}

/// The changes of a channel; an omitted field stays unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChannelChangeBody {
    /// Its new name.
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
    /// Its new URL. It needs the headers and the secret of the signature again, if there are any.
    url: Option<SecretText>,
    /// All headers.
    #[schema(max_items = 16)]
    headers: Option<Vec<HeaderBody>>,
    /// The new secret that notices are signed with; an empty one ends the signature.
    signature_secret: Option<SecretText>,
    /// Only alarms of these levels; an empty list means all.
    #[serde(default, deserialize_with = "whole::optional_list")]
    levels: Option<Vec<i64>>,
    /// Only alarms of these clusters; an empty list means all, and those of Lifeboat servers and channels.
    #[serde(default, deserialize_with = "whole::optional_list")]
    cluster_ids: Option<Vec<i64>>,
    /// Whether it also receives a notice when such an alarm recovers.
    recovered: Option<bool>,
    /// The language of the notices.
    language: Option<words::ChannelLanguage>,
    /// Whether it receives notices.
    enabled: Option<bool>,
}

impl NewChannelBody {
    /// Reads the channel.
    pub(crate) fn read(self) -> Result<NewChannel, Problem> {
        let Self { name, url, headers, signature_secret, levels, cluster_ids, recovered, language } = self;
        let secrets = ChannelSecrets {
            url: url.0,
            headers: read_headers(headers),
            signature: signature_secret.map(|secret| secret.0),
        };
        let clusters = cluster_ids.into_iter().map(ClusterId).collect();
        let rule = Rule { levels: read_levels(&levels)?, clusters, recovered };
        let language = language.map(model::text::Language::from).unwrap_or_default();
        Ok(NewChannel { name, secrets, rule, language })
    }
}

impl ChannelChangeBody {
    /// Reads the change.
    pub(crate) fn read(self) -> Result<ChannelChange, Problem> {
        let Self { name, url, headers, signature_secret, levels, cluster_ids, recovered, language, enabled } =
            self;
        Ok(ChannelChange {
            name,
            url: url.map(|url| url.0),
            headers: headers.map(read_headers),
            signature: signature_secret.map(|secret| Some(secret.0).filter(|secret| !secret.is_empty())),
            levels: levels.as_deref().map(read_levels).transpose()?,
            clusters: cluster_ids.map(|clusters| clusters.into_iter().map(ClusterId).collect()),
            recovered,
            language: language.map(model::text::Language::from),
            enabled,
        })
    }
}

fn read_headers(headers: Vec<HeaderBody>) -> Vec<(String, Secret)> {
    headers.into_iter().map(|HeaderBody { name, value }| (name, value.0)).collect()
}

fn read_levels(levels: &[i64]) -> Result<Vec<AlarmLevel>, Problem> {
    let level = |number: &i64| {
        u8::try_from(*number)
            .ok()
            .and_then(AlarmLevel::of_number)
            .ok_or_else(|| Problem::invalid("alarm-level-unknown").with("level", number))
    };
    levels.iter().map(level).collect()
}

/// A channel, without its secrets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelView {
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// The scheme, host and port of its URL; the rest is a secret.
    #[schema(example = "https://hooks.example.com")]
    endpoint: String,
    /// The names of the headers that are sent with each notice.
    header_names: Vec<String>,
    /// Whether notices are signed.
    signed: bool,
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
        let Channel { id, name, endpoint, header_names, is_signed, rule, language, enabled, created } =
            channel;
        let Rule { levels, clusters, recovered } = rule;
        Self {
            id: id.0,
            name,
            endpoint,
            header_names,
            signed: is_signed,
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
    /// Its number, which is sent as `Lifeboat-Notice`.
    id: i64,
    /// The number of the alarm; null for a test message.
    alarm_id: Option<i64>,
    /// What it is about.
    event: words::NoticeEvent,
    /// Its fate.
    status: words::NoticeStatus,
    /// How often it was tried.
    tries: u32,
    /// The HTTP status of the last answer, if there was one.
    http_status: Option<u16>,
    /// Why the last try failed.
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
