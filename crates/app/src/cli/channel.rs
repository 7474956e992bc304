//! `lifeboat channel`.

mod kind;

use clap::{Args, Subcommand, ValueEnum};
use model::Problem;
use model::text::Text;
use serde_json::{Map, Value, json};

use self::kind::{Kind, MailArgs, MailChangeArgs};
use super::names::{cluster, short, short_or_none};
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{ChannelRow, NoticeRow, read, read_all};
use crate::screen::Screen;
use crate::secrets;

#[derive(Args)]
pub(crate) struct ChannelArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the channels that receive notices of alarms
    List,
    /// Create a channel. Its secrets come from the environment, a prompt or standard input: the URL of a webhook from
    /// LIFEBOAT_CHANNEL_URL, the password of a mail account from LIFEBOAT_CHANNEL_PASSWORD (both also with _FILE)
    Create {
        /// The name of the channel
        name: String,
        /// What receives the notices
        #[arg(long, value_name = "KIND", default_value = "webhook")]
        kind: Kind,
        #[command(flatten)]
        secrets: SecretArgs,
        #[command(flatten)]
        mail: MailArgs,
        #[command(flatten)]
        rule: RuleArgs,
    },
    /// Edit a channel; omitted options stay unchanged. Another URL needs all headers and the signature again, another
    /// mail server, encryption or user the password
    Edit {
        /// The name of the channel
        name: String,
        /// The new name
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// Change the URL; it comes from the same sources as for a new channel
        #[arg(long)]
        url: bool,
        /// Remove all headers
        #[arg(long, conflicts_with = "header")]
        no_headers: bool,
        /// End the signature
        #[arg(long, conflicts_with = "sign")]
        no_signature: bool,
        #[command(flatten)]
        secrets: SecretArgs,
        #[command(flatten)]
        mail: MailChangeArgs,
        #[command(flatten)]
        rule: RuleArgs,
        /// Send notices, or stop sending them
        #[arg(long, value_name = "true|false")]
        enabled: Option<bool>,
    },
    /// Delete a channel and its notices
    Delete {
        /// The name of the channel
        name: String,
    },
    /// Send a test message
    Test {
        /// The name of the channel
        name: String,
    },
    /// List the notices of a channel, the newest first
    Outbox {
        /// The name of the channel
        name: String,
        /// The maximum number of notices, 1 to 2000
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: u32,
    },
}

#[derive(Args)]
struct SecretArgs {
    /// Send this header; repeatable. Its value comes from LIFEBOAT_CHANNEL_HEADER_<NAME> (also with _FILE), a prompt
    /// or standard input
    #[arg(long, value_name = "NAME")]
    header: Vec<String>,
    /// Sign notices with HMAC-SHA256. The secret comes from LIFEBOAT_CHANNEL_SIGNATURE (also with _FILE), a prompt or
    /// standard input
    #[arg(long)]
    sign: bool,
}

#[derive(Args)]
struct RuleArgs {
    /// Only alarms of this level: 1 is Stopped, 2 is Critical; repeatable. Defaults to all
    #[arg(long, value_name = "NUMBER")]
    level: Vec<u8>,
    /// Only alarms of this cluster; repeatable. Defaults to all, and those of Lifeboat servers
    #[arg(long, value_name = "NAME")]
    cluster: Vec<String>,
    /// Also send a notice when an alarm recovers
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    recovered: Option<bool>,
    /// The language of the notices [default: en]
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<Tongue>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    En,
    Zh,
}

impl SecretArgs {
    /// Reads the values of the headers and the secret of the signature.
    fn read(&self) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        let mut headers = Vec::with_capacity(self.header.len());
        for name in &self.header {
            let variable = format!("LIFEBOAT_CHANNEL_HEADER_{}", name.to_uppercase().replace('-', "_"));
            let value = secrets::read(&variable, "cli-prompt-channel-header")?;
            headers.push(json!({ "name": name, "value": value.expose() }));
        }
        if !headers.is_empty() {
            body.insert("headers".into(), headers.into());
        }
        if self.sign {
            let secret = secrets::read("LIFEBOAT_CHANNEL_SIGNATURE", "cli-prompt-channel-signature")?;
            body.insert("signatureSecret".into(), secret.expose().into());
        }
        Ok(body)
    }
}

impl RuleArgs {
    async fn read(&self, client: &Client) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        if !self.level.is_empty() {
            body.insert("levels".into(), json!(self.level));
        }
        let mut clusters = Vec::with_capacity(self.cluster.len());
        for name in &self.cluster {
            clusters.push(cluster(client, name).await?.id);
        }
        if !clusters.is_empty() {
            body.insert("clusterIds".into(), json!(clusters));
        }
        body.extend(self.recovered.map(|recovered| ("recovered".to_owned(), json!(recovered))));
        let code = |language| match language {
            Tongue::En => "en-US",
            Tongue::Zh => "zh-CN",
        };
        body.extend(self.language.map(|language| ("language".to_owned(), json!(code(language)))));
        Ok(body)
    }
}

pub(crate) async fn run(args: ChannelArgs) -> Result<(), Failure> {
    let ChannelArgs { reach, verb } = args;
    let (client, screen) = (reach.client()?, reach.screen());
    match verb {
        Verb::List => list(&client, screen).await,
        Verb::Create { name, kind, secrets, mail, rule } => {
            let mut body = rule.read(&client).await?;
            body.insert("name".into(), json!(name));
            body.insert("kind".into(), json!(kind.word()));
            match kind {
                Kind::Webhook => {
                    body.insert("url".into(), read_url()?);
                    mail.refuse()?;
                }
                Kind::Email => {
                    body.insert("email".into(), mail.read()?);
                }
            }
            body.extend(secrets.read()?);
            let data = client.post("/alarm/channels", Some(&Value::Object(body))).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-channel-created").with("channel", name)));
            Ok(())
        }
        Verb::Edit { name, rename, url, no_headers, no_signature, secrets, mail, rule, enabled } => {
            let edited = channel(&client, &name).await?;
            let id = edited.id;
            let mut body = rule.read(&client).await?;
            body.extend(mail.read(&edited)?.map(|email| ("email".to_owned(), email)));
            if url {
                body.insert("url".into(), read_url()?);
            }
            if no_headers {
                body.insert("headers".into(), json!([]));
            }
            if no_signature {
                body.insert("signatureSecret".into(), json!(""));
            }
            body.extend(secrets.read()?);
            body.extend(rename.map(|name| ("name".to_owned(), json!(name))));
            body.extend(enabled.map(|enabled| ("enabled".to_owned(), json!(enabled))));
            let data = client.patch(&format!("/alarm/channels/{id}"), &Value::Object(body)).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-channel-changed").with("channel", name)));
            Ok(())
        }
        Verb::Delete { name } => {
            let id = channel(&client, &name).await?.id;
            let data = client.delete(&format!("/alarm/channels/{id}")).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-channel-deleted").with("channel", name)));
            Ok(())
        }
        Verb::Test { name } => test(&client, screen, &name).await,
        Verb::Outbox { name, limit } => outbox(&client, screen, &name, limit).await,
    }
}

fn read_url() -> Result<Value, Failure> {
    Ok(json!(secrets::read("LIFEBOAT_CHANNEL_URL", "cli-prompt-channel-url")?.expose()))
}

/// Returns the channel of that name.
async fn channel(client: &Client, name: &str) -> Result<ChannelRow, Failure> {
    let channels: Vec<ChannelRow> = read_all(&client.list("/alarm/channels", &[]).await?)?;
    let found = channels.into_iter().find(|channel| channel.name == name);
    found.ok_or_else(|| Problem::not_found("channel-unknown").with("channel", name).into())
}

async fn list(client: &Client, screen: Screen) -> Result<(), Failure> {
    let data = client.list("/alarm/channels", &[]).await?;
    let channels: Vec<ChannelRow> = read_all(&data)?;
    screen.show(&Value::Array(data), |screen| {
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let numbers = |numbers: Vec<i64>| match numbers[..] {
            [] => "all".to_owned(),
            _ => numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
        };
        let row = |channel: ChannelRow| {
            vec![
                channel.name,
                channel.kind,
                yes(channel.enabled),
                numbers(channel.levels),
                numbers(channel.cluster_ids),
                yes(channel.recovered),
                yes(channel.signed),
                channel.header_names.join(", "),
                channel.endpoint,
                channel.email.map(|email| email.to.join(", ")).unwrap_or_default(),
            ]
        };
        let rows: Vec<Vec<String>> = channels.into_iter().map(row).collect();
        let heads = [
            "NAME",
            "KIND",
            "ENABLED",
            "LEVELS",
            "CLUSTERS",
            "RECOVERED",
            "SIGNED",
            "HEADERS",
            "ENDPOINT",
            "RECIPIENTS",
        ];
        screen.table(&heads, &rows);
    });
    Ok(())
}

/// Sends a test message; one that is not delivered is a failure of the command.
async fn test(client: &Client, screen: Screen, name: &str) -> Result<(), Failure> {
    let id = channel(client, name).await?.id;
    let data = client.post(&format!("/alarm/channels/{id}/test"), None).await?;
    let notice: NoticeRow = read(&data)?;
    if let Some(problem) = notice.problem {
        let failed = Problem::outside("channel-test-failed").with("channel", name);
        return Err(failed.with("reason", problem.message).into());
    }
    screen.show(&data, |screen| screen.say(&Text::new("cli-channel-tested").with("channel", name)));
    Ok(())
}

async fn outbox(client: &Client, screen: Screen, name: &str, limit: u32) -> Result<(), Failure> {
    let id = channel(client, name).await?.id;
    let path = format!("/alarm/channels/{id}/outbox");
    let data = client.get(&path, &[("size", limit.to_string())]).await?;
    let notices: Vec<NoticeRow> = read_all(data["contents"].as_array().map_or(&[], Vec::as_slice))?;
    screen.show(&data, |screen| {
        let dash = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let row = |notice: NoticeRow| {
            vec![
                notice.id.to_string(),
                dash(notice.alarm_id),
                notice.event,
                notice.status,
                notice.tries.to_string(),
                dash(notice.http_status),
                short(&notice.create_time),
                short_or_none(notice.due_time.as_ref().or(notice.finish_time.as_ref())),
                notice.problem.map(|problem| problem.message).unwrap_or_default(),
            ]
        };
        let rows: Vec<Vec<String>> = notices.into_iter().map(row).collect();
        let heads =
            ["NOTICE", "ALARM", "EVENT", "STATUS", "TRIES", "ANSWER", "WRITTEN", "NEXT OR END", "PROBLEM"];
        screen.table(&heads, &rows);
    });
    Ok(())
}
