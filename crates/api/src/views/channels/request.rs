//! Requests about channels.

use control::channels::{ChannelChange, NewChannel};
use model::alarm::AlarmLevel;
use model::channel::{Email, MailAccount, MailTls, Rule, Target, Webhook};
use model::channel::{EmailChange, TargetChange, WebhookChange};
use model::id::ClusterId;
use model::{Problem, Secret};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::views::secret::SecretText;
use crate::views::{whole, words};

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

/// The mail server, the sender and the recipients of a new channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EmailBody {
    /// The mail server: a host name, or an IP address without brackets.
    #[schema(example = "smtp.example.com", min_length = 1, max_length = 253)]
    host: String,
    /// Its port: usually 587 with STARTTLS, 465 with implicit TLS, 25 without encryption.
    #[schema(example = 587, minimum = 1, maximum = 65535)]
    port: u16,
    /// How the connection is encrypted. Without encryption, nobody logs on.
    tls: words::MailTls,
    /// The account that logs on; without one, nobody does.
    user: Option<String>,
    /// Its password, a secret.
    password: Option<SecretText>,
    /// The sender, a plain address.
    #[schema(example = "lifeboat@example.com")]
    from: String,
    /// The recipients, plain addresses.
    #[schema(min_items = 1, max_items = 50)]
    to: Vec<String>,
}

/// The changes of an e-mail channel; an omitted field stays unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EmailChangeBody {
    /// The mail server. Another host, port, encryption or user needs the password again.
    #[schema(min_length = 1, max_length = 253)]
    host: Option<String>,
    /// Its port.
    #[schema(minimum = 1, maximum = 65535)]
    port: Option<u16>,
    /// How the connection is encrypted.
    tls: Option<words::MailTls>,
    /// The account that logs on; an empty one ends the log-on.
    user: Option<String>,
    /// Its password, a secret.
    password: Option<SecretText>,
    /// The sender.
    from: Option<String>,
    /// All recipients.
    #[schema(min_items = 1, max_items = 50)]
    to: Option<Vec<String>>,
}

/// A new channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewChannelBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// Its kind; `WEBHOOK` if it is omitted.
    kind: Option<words::ChannelKind>,
    /// The URL that receives notices, a secret. Required for a webhook.
    url: Option<SecretText>,
    /// Headers that are sent with each notice to a webhook.
    #[schema(max_items = 16)]
    headers: Option<Vec<HeaderBody>>,
    /// The secret that notices to a webhook are signed with; without one they are not signed.
    signature_secret: Option<SecretText>,
    /// The mail server, the sender and the recipients. Required for e-mail.
    email: Option<EmailBody>,
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
    /// The new URL of a webhook. It needs the headers and the secret of the signature again, if there are any.
    url: Option<SecretText>,
    /// All headers of a webhook.
    #[schema(max_items = 16)]
    headers: Option<Vec<HeaderBody>>,
    /// The new secret that notices to a webhook are signed with; an empty one ends the signature.
    signature_secret: Option<SecretText>,
    /// The changes of an e-mail channel.
    email: Option<EmailChangeBody>,
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
        let Self {
            name,
            kind,
            url,
            headers,
            signature_secret,
            email,
            levels,
            cluster_ids,
            recovered,
            language,
        } = self;
        let kind = kind.unwrap_or(words::ChannelKind::Webhook);
        let word = match kind {
            words::ChannelKind::Webhook => "WEBHOOK",
            words::ChannelKind::Email => "EMAIL",
        };
        let fails =
            |id: &str, setting: &str| Problem::invalid(id).with("kind", word).with("setting", setting);
        let refuse = |settings: &[(&str, bool)]| match settings.iter().find(|(_, is_there)| *is_there) {
            Some((setting, _)) => Err(fails("channel-setting-of-another-kind", setting)),
            None => Ok(()),
        };
        let target = match kind {
            words::ChannelKind::Webhook => {
                refuse(&[("email", email.is_some())])?;
                let url = url.ok_or_else(|| fails("channel-setting-missing", "url"))?.0;
                let headers = read_headers(headers.unwrap_or_default());
                let signature = signature_secret.map(|secret| secret.0);
                Target::Webhook(Webhook { url, headers, signature })
            }
            words::ChannelKind::Email => {
                refuse(&[
                    ("url", url.is_some()),
                    ("headers", headers.is_some()),
                    ("signatureSecret", signature_secret.is_some()),
                ])?;
                Target::Email(email.ok_or_else(|| fails("channel-setting-missing", "email"))?.read()?)
            }
        };
        let clusters = cluster_ids.into_iter().map(ClusterId).collect();
        let rule = Rule { levels: read_levels(&levels)?, clusters, recovered };
        let language = language.map(model::text::Language::from).unwrap_or_default();
        Ok(NewChannel { name, target, rule, language })
    }
}

impl EmailBody {
    fn read(self) -> Result<Email, Problem> {
        let Self { host, port, tls, user, password, from, to } = self;
        let account = match (user, password) {
            (Some(user), Some(password)) => Some(MailAccount { user, password: password.0 }),
            (Some(_), None) => return Err(Problem::invalid("channel-mail-password-needed")),
            (None, Some(_)) => return Err(Problem::invalid("channel-mail-user-needed")),
            (None, None) => None,
        };
        Ok(Email { host, port, tls: tls.into(), account, from, to })
    }
}

impl ChannelChangeBody {
    /// Reads the change.
    pub(crate) fn read(self) -> Result<ChannelChange, Problem> {
        let Self {
            name,
            url,
            headers,
            signature_secret,
            email,
            levels,
            cluster_ids,
            recovered,
            language,
            enabled,
        } = self;
        let is_of_webhook = url.is_some() || headers.is_some() || signature_secret.is_some();
        let webhook = WebhookChange {
            url: url.map(|url| url.0),
            headers: headers.map(read_headers),
            signature: signature_secret.map(|secret| Some(secret.0).filter(|secret| !secret.is_empty())),
        };
        let target = match email {
            Some(_) if is_of_webhook => return Err(Problem::invalid("channel-kind-differs")),
            Some(email) => Some(TargetChange::Email(email.read())),
            None => is_of_webhook.then_some(TargetChange::Webhook(webhook)),
        };
        Ok(ChannelChange {
            name,
            target,
            levels: levels.as_deref().map(read_levels).transpose()?,
            clusters: cluster_ids.map(|clusters| clusters.into_iter().map(ClusterId).collect()),
            recovered,
            language: language.map(model::text::Language::from),
            enabled,
        })
    }
}

impl EmailChangeBody {
    fn read(self) -> EmailChange {
        let Self { host, port, tls, user, password, from, to } = self;
        EmailChange {
            host,
            port,
            tls: tls.map(MailTls::from),
            user: user.map(|user| Some(user).filter(|user| !user.is_empty())),
            password: password.map(|password| password.0),
            from,
            to,
        }
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
