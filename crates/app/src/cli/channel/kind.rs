//! The options of each kind of channel.

use clap::{Args, ValueEnum};
use model::Problem;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::rows::ChannelRow;
use crate::secrets;

/// What receives the notices.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    /// A web address
    Webhook,
    /// E-mail over SMTP
    Email,
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, ValueEnum)]
enum Tls {
    /// Begin without, and require STARTTLS before anything else
    Starttls,
    /// Encrypt from the first byte
    Implicit,
    /// Do not encrypt; then nobody logs on
    None,
}

#[derive(Args)]
pub(super) struct MailArgs {
    /// For e-mail: the mail server
    #[arg(long, value_name = "HOST")]
    mail_host: Option<String>,
    /// For e-mail: its port. Defaults to 587 with STARTTLS, 465 with implicit TLS, 25 without
    #[arg(long, value_name = "PORT")]
    mail_port: Option<u16>,
    /// For e-mail: how the connection is encrypted [default: starttls]
    #[arg(long, value_name = "TLS")]
    mail_tls: Option<Tls>,
    /// For e-mail: the user who logs on. Without one, nobody does
    #[arg(long, value_name = "USER")]
    mail_user: Option<String>,
    /// For e-mail: the address of the sender
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// For e-mail: the address of a recipient; repeatable
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
}

#[derive(Args)]
pub(super) struct MailChangeArgs {
    #[command(flatten)]
    settings: MailArgs,
    /// For e-mail: change the password; it comes from the same sources as for a new channel
    #[arg(long)]
    mail_password: bool,
    /// For e-mail: end the log-on
    #[arg(long, conflicts_with_all = ["mail_user", "mail_password"])]
    no_mail_user: bool,
}

impl Kind {
    /// Returns its word over REST.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Webhook => "WEBHOOK",
            Self::Email => "EMAIL",
        }
    }
}

impl Tls {
    fn word(self) -> &'static str {
        match self {
            Self::Starttls => "STARTTLS",
            Self::Implicit => "IMPLICIT",
            Self::None => "NONE",
        }
    }

    fn usual_port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

impl MailArgs {
    /// Reads the settings of a new channel, and the password if somebody logs on.
    pub(super) fn read(self) -> Result<Value, Failure> {
        let Self { mail_host, mail_port, mail_tls, mail_user, from, to } = self;
        let missing = |option: &str| {
            Problem::invalid("channel-setting-missing").with("kind", "email").with("setting", option)
        };
        let tls = mail_tls.unwrap_or(Tls::Starttls);
        let mut email = json!({
            "host": mail_host.ok_or_else(|| missing("--mail-host"))?,
            "port": mail_port.unwrap_or(tls.usual_port()),
            "tls": tls.word(),
            "from": from.ok_or_else(|| missing("--from"))?,
            "to": to,
        });
        if to.is_empty() {
            return Err(missing("--to").into());
        }
        if let Some(user) = mail_user {
            email["user"] = json!(user);
            email["password"] = read_password()?;
        }
        Ok(email)
    }

    /// Refuses the options for another kind of channel.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        match self.given() {
            Some(option) => {
                let refused = Problem::invalid("channel-setting-of-another-kind").with("kind", "webhook");
                Err(refused.with("setting", option).into())
            }
            None => Ok(()),
        }
    }

    /// Returns an option that was given.
    fn given(&self) -> Option<&'static str> {
        let given = [
            ("--mail-host", self.mail_host.is_some()),
            ("--mail-port", self.mail_port.is_some()),
            ("--mail-tls", self.mail_tls.is_some()),
            ("--mail-user", self.mail_user.is_some()),
            ("--from", self.from.is_some()),
            ("--to", !self.to.is_empty()),
        ];
        given.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }
}

impl MailChangeArgs {
    /// Reads the changes of a channel, if there are some. The password is read again when the server, the encryption or
    /// the user changes, unless nobody logs on.
    pub(super) fn read(self, channel: &ChannelRow) -> Result<Option<Value>, Failure> {
        let Self { settings, mail_password, no_mail_user } = self;
        if settings.given().is_none() && !mail_password && !no_mail_user {
            return Ok(None);
        }
        let MailArgs { mail_host, mail_port, mail_tls, mail_user, from, to } = settings;
        let moves = mail_host.is_some() || mail_port.is_some() || mail_tls.is_some() || mail_user.is_some();
        let logs_on = channel.email.as_ref().is_some_and(|email| email.user.is_some()) || mail_user.is_some();
        let mut email = serde_json::Map::new();
        let mut set =
            |name: &str, value: Option<Value>| email.extend(value.map(|value| (name.to_owned(), value)));
        set("host", mail_host.map(Value::from));
        set("port", mail_port.map(Value::from));
        set("tls", mail_tls.map(|tls| tls.word().into()));
        set("user", mail_user.or(no_mail_user.then(String::new)).map(Value::from));
        set("from", from.map(Value::from));
        set("to", Some(to).filter(|to| !to.is_empty()).map(|to| json!(to)));
        if mail_password || moves && logs_on && !no_mail_user {
            set("password", Some(read_password()?));
        }
        Ok(Some(Value::Object(email)))
    }
}

fn read_password() -> Result<Value, Failure> {
    Ok(json!(secrets::read("LIFEBOAT_CHANNEL_PASSWORD", "cli-prompt-channel-password")?.expose()))
}
