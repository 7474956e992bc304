//! A mail server with a sender and recipients.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::secret::Secret;

/// The most bytes of a user and of a password.
const VALUE_MAX: usize = 4_096;

/// The most recipients of an e-mail.
const RECIPIENTS_MAX: usize = 50;

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MailTls {
    /// It begins without, and must be upgraded before anything else is sent.
    StartTls,
    /// From its first byte.
    Implicit,
    /// Not at all. Then nobody logs on.
    None,
}

/// A mail server with a sender and recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// Who logs on. The password belongs to the host, port, encryption and user: another one of these needs it again.
    pub account: Option<MailAccount>,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
}

/// An account of a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAccount {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// The changes of an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmailChange {
    /// The mail server.
    pub host: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: Option<MailTls>,
    /// The account that logs on; `Some(None)` removes it with its password.
    pub user: Option<Option<String>>,
    /// Its password.
    pub password: Option<Secret>,
    /// The sender.
    pub from: Option<String>,
    /// The recipients.
    pub to: Option<Vec<String>>,
}

impl Email {
    /// Checks the host, the account and the addresses.
    ///
    /// # Errors
    /// Refuses a malformed host or address, no recipient or too many, and an account without encryption.
    pub fn check(&self) -> Result<(), Problem> {
        if !is_host(&self.host) || self.port == 0 {
            let place = format!("{}:{}", self.host, self.port);
            return Err(Problem::invalid("channel-mail-host-malformed").with("host", place));
        }
        if let Some(MailAccount { user, password }) = &self.account {
            if self.tls == MailTls::None {
                return Err(Problem::invalid("channel-mail-password-unprotected"));
            }
            let is_text =
                |text: &str| (1..=VALUE_MAX).contains(&text.len()) && !text.contains(char::is_control);
            if !is_text(user) || !is_text(password.expose()) {
                return Err(Problem::invalid("channel-mail-account-malformed").with("most", VALUE_MAX));
            }
        }
        if self.to.is_empty() || self.to.len() > RECIPIENTS_MAX {
            return Err(Problem::invalid("channel-mail-recipients-number").with("most", RECIPIENTS_MAX));
        }
        for address in std::iter::once(&self.from).chain(&self.to) {
            if !is_address(address) {
                return Err(Problem::invalid("channel-mail-address-malformed").with("address", address));
            }
        }
        let twice = self.to.iter().enumerate().find(|(at, one)| self.to[..*at].contains(one));
        match twice {
            Some((_, address)) => {
                Err(Problem::invalid("channel-mail-address-twice").with("address", address))
            }
            None => Ok(()),
        }
    }

    pub(super) fn changed(self, change: &EmailChange) -> Result<Self, Problem> {
        let host = change.host.clone().unwrap_or_else(|| self.host.clone());
        let port = change.port.unwrap_or(self.port);
        let tls = change.tls.unwrap_or(self.tls);
        let kept_user = self.account.as_ref().map(|account| account.user.clone());
        let user = change.user.clone().unwrap_or_else(|| kept_user.clone());
        let moves = (&host, port, tls, &user) != (&self.host, self.port, self.tls, &kept_user);
        let kept = self.account.map(|account| account.password).filter(|_| !moves);
        let account = match (user, change.password.clone().or(kept)) {
            (Some(user), Some(password)) => Some(MailAccount { user, password }),
            (Some(_), None) => return Err(Problem::invalid("channel-mail-password-needed")),
            (None, _) if change.password.is_some() => {
                return Err(Problem::invalid("channel-mail-user-needed"));
            }
            (None, _) => None,
        };
        let from = change.from.clone().unwrap_or(self.from);
        let to = change.to.clone().unwrap_or(self.to);
        Ok(Self { host, port, tls, account, from, to })
    }
}

/// Returns whether a text is a host: an IP address without brackets, or a DNS name.
fn is_host(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok() || is_domain(host)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.split('.').all(is_label)
}

/// Returns whether a text is a plain mail address in ASCII. Domains with other characters have an ASCII form (Punycode).
fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    address.len() <= 254 && local.len() <= 64 && local.split('.').all(is_atom) && is_domain(domain)
}

#[cfg(test)]
mod tests {
    use super::{Email, EmailChange, MailAccount, MailTls};
    use crate::problem::Problem;
    use crate::secret::Secret;

    fn email() -> Email {
        let account = MailAccount { user: "lifeboat".into(), password: Secret::new("of-the-account") };
        Email {
            host: "mail.example".into(),
            port: 587,
            tls: MailTls::StartTls,
            account: Some(account),
            from: "lifeboat@db.example".into(),
            to: vec!["dba@db.example".into()],
        }
    }

    fn id(result: Result<Email, Problem>) -> String {
        result.map_or_else(|problem| problem.text.id, |_| "done".to_owned())
    }

    #[test]
    fn only_complete_and_plain_settings_of_an_email_are_accepted() {
        type Change = fn(&mut Email);
        let long = |email: &mut Email| email.to = vec![format!("{}@db.example", "x".repeat(65))];
        let cases: [(Change, &str); 21] = [
            (|_| (), "done"),
            (|it| it.host = "10.1.2.3".into(), "done"),
            (|it| it.host = "fd00::1".into(), "done"),
            (|it| it.host = String::new(), "channel-mail-host-malformed"),
            (|it| it.host = "a b".into(), "channel-mail-host-malformed"),
            (|it| it.host = "mail.example:25".into(), "channel-mail-host-malformed"),
            (|it| it.host = "u@mail.example".into(), "channel-mail-host-malformed"),
            (|it| it.port = 0, "channel-mail-host-malformed"),
            (|it| it.tls = MailTls::None, "channel-mail-password-unprotected"),
            (
                |it| {
                    it.tls = MailTls::None;
                    it.account = None;
                },
                "done",
            ),
            (|it| it.from = "Lifeboat <a@b.example>".into(), "channel-mail-address-malformed"),
            (|it| it.from = "a@b\r\nBcc: c@d".into(), "channel-mail-address-malformed"),
            (|it| it.to = vec!["nobody".into()], "channel-mail-address-malformed"),
            (|it| it.to = vec!["a..b@c.example".into()], "channel-mail-address-malformed"),
            (|it| it.to = vec!["é@c.example".into()], "channel-mail-address-malformed"),
            (|it| it.to = vec!["o'neil+db@c.example".into()], "done"),
            (|it| it.to = Vec::new(), "channel-mail-recipients-number"),
            (
                |it| it.to = (0..51).map(|n| format!("a{n}@c.example")).collect(),
                "channel-mail-recipients-number",
            ),
            (|it| it.to = vec!["a@c.example".into(), "a@c.example".into()], "channel-mail-address-twice"),
            (
                |it| it.account = Some(MailAccount { user: "a".into(), password: Secret::new("") }),
                "channel-mail-account-malformed",
            ),
            (long, "channel-mail-address-malformed"),
        ];
        for (at, (change, expected)) in cases.into_iter().enumerate() {
            let mut email = email();
            change(&mut email);
            let checked = email.check().map(|()| email);
            assert_eq!(id(checked), expected, "case {at}");
        }
    }

    #[test]
    fn the_password_of_an_email_stays_with_its_server_encryption_and_user() {
        let password = || Some(Secret::new("another"));
        let moves = [
            EmailChange { host: Some("other.example".into()), ..EmailChange::default() },
            EmailChange { port: Some(465), ..EmailChange::default() },
            EmailChange { tls: Some(MailTls::Implicit), ..EmailChange::default() },
            EmailChange { user: Some(Some("eva".into())), ..EmailChange::default() },
        ];
        for moved in moves {
            let change = moved.clone();
            assert_eq!(id(email().changed(&change)), "channel-mail-password-needed", "{moved:?}");
            let change = EmailChange { password: password(), ..moved };
            let Ok(changed) = email().changed(&change) else { panic!("changed") };
            assert_eq!(changed.account.map(|account| account.password), password());
        }
        let kept = EmailChange {
            to: Some(vec!["ops@db.example".into()]),
            host: Some(email().host),
            ..EmailChange::default()
        };
        let Ok(kept) = email().changed(&kept) else { panic!("changed") };
        assert_eq!((kept.account, kept.to), (email().account, vec!["ops@db.example".to_owned()]));
        let open = EmailChange { tls: Some(MailTls::None), user: Some(None), ..EmailChange::default() };
        let open = email().changed(&open);
        assert!(matches!(&open, Ok(Email { account: None, .. })), "{open:?}");
        let nobody = EmailChange { user: Some(None), password: password(), ..EmailChange::default() };
        assert_eq!(id(email().changed(&nobody)), "channel-mail-user-needed");
    }
}
