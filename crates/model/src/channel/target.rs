//! What a channel sends to, with its secrets, and what is shown of it.

use serde::{Deserialize, Serialize};

use super::mailbox::{Email, EmailChange, MailTls};
use super::webhook::{Webhook, WebhookChange};
use crate::problem::Problem;

/// What is shown of the receiver of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Receiver {
    /// A web address.
    Webhook {
        /// The scheme, host and port of its URL.
        endpoint: String,
        /// The names of the headers that are sent with each notice.
        header_names: Vec<String>,
        /// Whether notices are signed.
        is_signed: bool,
    },
    /// People, by e-mail.
    Email {
        /// The mail server.
        host: String,
        /// Its port.
        port: u16,
        /// How the connection is encrypted.
        tls: MailTls,
        /// The account that logs on; without one, nobody does.
        user: Option<String>,
        /// The sender.
        from: String,
        /// The recipients.
        to: Vec<String>,
    },
}

/// The kind of a channel. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// A web address.
    Webhook,
    /// E-mail.
    Email,
}

/// The receiver of a channel with its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A web address.
    Webhook(Webhook),
    /// People, by e-mail.
    Email(Email),
}

/// The changes of a target; `None` keeps a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetChange {
    /// Of a web address.
    Webhook(WebhookChange),
    /// Of an e-mail.
    Email(EmailChange),
}

impl Receiver {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Webhook { .. } => ChannelKind::Webhook,
            Self::Email { .. } => ChannelKind::Email,
        }
    }

    /// Returns the scheme, host and port that Lifeboat connects to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match self {
            Self::Webhook { endpoint, .. } => endpoint.clone(),
            Self::Email { host, port, tls, .. } => {
                let scheme = if *tls == MailTls::Implicit { "smtps" } else { "smtp" };
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                format!("{scheme}://{host}:{port}")
            }
        }
    }
}

impl Target {
    /// Checks everything except the URL.
    ///
    /// # Errors
    /// Refuses what [`Webhook::check`] and [`Email::check`] refuse.
    pub fn check(&self) -> Result<(), Problem> {
        match self {
            Self::Webhook(webhook) => webhook.check(),
            Self::Email(email) => email.check(),
        }
    }

    /// Applies a change, and checks the result.
    ///
    /// # Errors
    /// As [`Target::check`]; also when the change is one of another kind, or lacks secrets that would otherwise be sent
    /// to someone else.
    pub fn changed(self, change: &TargetChange) -> Result<Self, Problem> {
        let changed = match (self, change) {
            (Self::Webhook(kept), TargetChange::Webhook(change)) => Self::Webhook(kept.changed(change)?),
            (Self::Email(kept), TargetChange::Email(change)) => Self::Email(kept.changed(change)?),
            (Self::Webhook(_) | Self::Email(_), _) => return Err(Problem::invalid("channel-kind-differs")),
        };
        changed.check()?;
        Ok(changed)
    }
}

impl Email {
    /// Returns what is shown of it.
    #[must_use]
    pub fn shown(&self) -> Receiver {
        let Self { host, port, tls, account, from, to } = self;
        Receiver::Email {
            host: host.clone(),
            port: *port,
            tls: *tls,
            user: account.as_ref().map(|account| account.user.clone()),
            from: from.clone(),
            to: to.clone(),
        }
    }
}

impl From<Webhook> for Target {
    fn from(webhook: Webhook) -> Self {
        Self::Webhook(webhook)
    }
}

impl From<Email> for Target {
    fn from(email: Email) -> Self {
        Self::Email(email)
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, EmailChange, MailTls, Target, TargetChange, Webhook, WebhookChange};
    use crate::secret::Secret;

    fn email() -> Email {
        Email {
            host: "mail.example".into(),
            port: 587,
            tls: MailTls::StartTls,
            account: None,
            from: "lifeboat@db.example".into(),
            to: vec!["dba@db.example".into()],
        }
    }

    #[test]
    fn a_change_of_another_kind_is_refused() {
        let webhook = Webhook { url: Secret::new("https://h/"), headers: Vec::new(), signature: None };
        let to_webhook = TargetChange::Webhook(WebhookChange::default());
        let to_email = TargetChange::Email(EmailChange::default());
        for (target, change) in [(email().into(), to_webhook), (Target::from(webhook), to_email)] {
            let refused = target.changed(&change).expect_err("another kind");
            assert_eq!(refused.text.id, "channel-kind-differs");
        }
    }

    #[test]
    fn a_change_is_checked() {
        let nobody = EmailChange { to: Some(Vec::new()), ..EmailChange::default() };
        let refused = Target::from(email()).changed(&TargetChange::Email(nobody)).expect_err("nobody");
        assert_eq!(refused.text.id, "channel-mail-recipients-number");
    }

    #[test]
    fn the_endpoint_of_an_email_shows_its_encryption() {
        let of = |host: &str, tls| Email { host: host.into(), tls, ..email() }.shown().endpoint();
        assert_eq!(of("mail.example", MailTls::StartTls), "smtp://mail.example:587");
        assert_eq!(of("fd00::1", MailTls::Implicit), "smtps://[fd00::1]:587");
    }
}
