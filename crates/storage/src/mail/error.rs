//! Why a mail server did not accept an e-mail.

use model::egress::Refused;

/// Why an e-mail was not accepted. The texts of servers are theirs, without the password.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Connections to the address are refused by the rules of this server.
    #[error("the address is refused")]
    Refused(#[source] Refused),
    /// The server did not answer in time.
    #[error("no answer within {0} s")]
    Late(u64),
    /// There is no connection, or it was interrupted.
    #[error("{0}")]
    Connection(String),
    /// The server does not offer STARTTLS.
    #[error("the server does not offer STARTTLS")]
    NoTls,
    /// The certificate is not trusted, or not one of this host.
    #[error("{0}")]
    Certificate(String),
    /// There is no encryption.
    #[error("{0}")]
    Tls(String),
    /// The server offers no log-on with a password.
    #[error("the server offers no log-on with a password")]
    NoLogOn,
    /// The server refused the log-on.
    #[error("{0}")]
    LogOn(Reply),
    /// The server refused the sender.
    #[error("{0}")]
    Sender(Reply),
    /// The server refused all recipients.
    #[error("{}", .0.reply)]
    Recipients(LeftOut),
    /// The server refused something else.
    #[error("{0}")]
    Reply(Reply),
    /// The server does not speak SMTP, or sends too much.
    #[error("{0}")]
    Malformed(String),
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Reply {
    /// The code.
    pub code: u16,
    /// The text.
    pub text: String,
}

/// The recipients that a server refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Their addresses.
    pub addresses: Vec<String>,
    /// The answer to the last one.
    pub reply: Reply,
}
