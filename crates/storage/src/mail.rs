//! E-mail over SMTP, under the same rules for addresses as object stores.
//!
//! With STARTTLS, Lifeboat asks for encryption before it sends anything else, and goes no further without it. Nothing
//! that arrived before the encryption is read after it.

mod error;
mod line;
mod tls;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use model::channel::email::Letter;
use model::channel::{Email, MailTls};
use model::egress::Refused;
use tokio::net::TcpStream;

pub use self::error::{LeftOut, MailError, Reply};
use self::line::Line;
use crate::rules::Rules;

/// The timeout of an e-mail, from the connection to the answer of the server. Some servers keep strangers waiting.
const LIMIT: Duration = Duration::from_secs(30);

/// How long Lifeboat waits for the answer to its farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// How Lifeboat can log on.
const LOG_ONS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// A server accepted an e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The code of its answer.
    pub code: u16,
    /// The recipients that it refused, if it refused some.
    pub left_out: Option<LeftOut>,
}

/// What identifies an e-mail.
#[derive(Debug, Clone)]
pub struct Postmark {
    /// The same for each try.
    pub number: String,
    /// When it was written.
    pub written: SystemTime,
}

impl Rules {
    /// Checks that the rules of this server do not refuse the address of a mail server. Names are checked for each
    /// connection.
    ///
    /// # Errors
    /// When the address is refused.
    pub fn check_mail_host(&self, host: &str) -> Result<(), Refused> {
        host.parse().map_or(Ok(()), |address| self.net.egress().check(address))
    }

    /// Sends an e-mail.
    ///
    /// # Errors
    /// When the address is refused, the connection is not encrypted as required, the server does not answer in time, or
    /// does not accept the message for any recipient.
    pub async fn mail(&self, email: &Email, letter: &Letter, mark: &Postmark) -> Result<Accepted, MailError> {
        self.mail_within(LIMIT, email, letter, mark).await
    }

    async fn mail_within(
        &self,
        limit: Duration,
        email: &Email,
        letter: &Letter,
        mark: &Postmark,
    ) -> Result<Accepted, MailError> {
        let message = composed(email, letter, mark)?;
        let sent = async {
            let mut smtp = self.mail_connection(email).await?;
            let accepted = submit(&mut smtp, email, &message).await?;
            Ok((smtp, accepted))
        };
        let sent = tokio::time::timeout(limit, sent).await;
        let (mut smtp, accepted) = sent.map_err(|_| MailError::Late(limit.as_secs()))??;
        // The server has accepted the message, so its answer to the farewell does not matter.
        let _ = tokio::time::timeout(FAREWELL, smtp.quit()).await;
        Ok(accepted)
    }

    /// Connects to an address that the rules allow, with the encryption of the channel.
    async fn mail_connection(&self, email: &Email) -> Result<AsyncSmtpConnection, MailError> {
        let lost = |error: std::io::Error| MailError::Connection(error.to_string());
        let found = tokio::net::lookup_host((email.host.as_str(), email.port)).await.map_err(lost)?;
        let found =
            self.net.egress().accepted(found.collect(), SocketAddr::ip).map_err(MailError::Refused)?;
        let mut failed = MailError::Connection("the name has no address".to_owned());
        for address in found {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.greeted(stream, email).await,
                Err(error) => failed = lost(error),
            }
        }
        Err(failed)
    }

    async fn greeted(&self, mut stream: TcpStream, email: &Email) -> Result<AsyncSmtpConnection, MailError> {
        let own = stream.local_addr().map_err(|error| MailError::Connection(error.to_string()))?.ip();
        let hello = match own.to_canonical() {
            std::net::IpAddr::V4(own) => ClientId::Ipv4(own),
            std::net::IpAddr::V6(own) => ClientId::Ipv6(own),
        };
        let line = match email.tls {
            MailTls::None => Line::plain(stream),
            MailTls::Implicit => Line::encrypted(self.encrypt(stream, &email.host).await?),
            MailTls::StartTls => {
                tls::request(&mut stream, &hello).await?;
                Line::upgraded(self.encrypt(stream, &email.host).await?)
            }
        };
        let connected = AsyncSmtpConnection::connect_with_transport(Box::new(line), &hello).await;
        connected.map_err(|error| failure(&error, email, MailError::Reply))
    }
}

/// Logs on, and hands the message over.
async fn submit(
    smtp: &mut AsyncSmtpConnection,
    email: &Email,
    message: &Message,
) -> Result<Accepted, MailError> {
    let why = |error: SmtpError, kind: fn(Reply) -> MailError| failure(&error, email, kind);
    if let (Some(account), MailTls::StartTls | MailTls::Implicit) = (&email.account, email.tls) {
        if smtp.server_info().get_auth_mechanism(&LOG_ONS).is_none() {
            return Err(MailError::NoLogOn);
        }
        let credentials = Credentials::new(account.user.clone(), account.password.expose().to_owned());
        smtp.auth(&LOG_ONS, &credentials).await.map_err(|error| why(error, MailError::LogOn))?;
    }
    let envelope = message.envelope();
    let from = MailFrom::new(envelope.from().cloned(), Vec::new());
    smtp.command(from).await.map_err(|error| why(error, MailError::Sender))?;
    let mut left_out: Option<LeftOut> = None;
    for to in envelope.to() {
        let Err(error) = smtp.command(Rcpt::new(to.clone(), Vec::new())).await else { continue };
        match why(error, MailError::Sender) {
            MailError::Sender(reply) => {
                let mut addresses = left_out.map(|left_out| left_out.addresses).unwrap_or_default();
                addresses.push(to.to_string());
                left_out = Some(LeftOut { addresses, reply });
            }
            other => return Err(other),
        }
    }
    match left_out {
        Some(left_out) if left_out.addresses.len() == envelope.to().len() => {
            return Err(MailError::Recipients(left_out));
        }
        _ => {}
    }
    smtp.command(Data).await.map_err(|error| why(error, MailError::Reply))?;
    let answer = smtp.message(&message.formatted()).await.map_err(|error| why(error, MailError::Reply))?;
    Ok(Accepted { code: answer.code().into(), left_out })
}

/// Returns what an error means: the reply of the server as this kind, or a connection that failed.
fn failure(error: &SmtpError, email: &Email, kind: fn(Reply) -> MailError) -> MailError {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let text = match &email.account {
        Some(account) if !account.password.is_empty() => {
            masked(cause, &account.user, account.password.expose())
        }
        _ => cause,
    };
    match error.status() {
        Some(code) => kind(Reply { code: code.into(), text: format!("{code} {text}") }),
        None if error.is_response() || error.is_client() => MailError::Malformed(text),
        None => MailError::Connection(text),
    }
}

/// Hides a password in what a server said, also in the two forms in which SMTP sends it.
fn masked(text: String, user: &str, password: &str) -> String {
    let forms =
        [STANDARD.encode(format!("\0{user}\0{password}")), STANDARD.encode(password), password.to_owned()];
    forms.iter().fold(text, |text, form| text.replace(form.as_str(), "***"))
}

/// Tells other programs that no person wrote the message, so that none answers it.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn composed(email: &Email, letter: &Letter, mark: &Postmark) -> Result<Message, MailError> {
    let malformed = |text: &str| MailError::Malformed(format!("`{text}` is not a mail address"));
    let address = |text: &String| text.parse::<Address>().map_err(|_| malformed(text));
    let from = address(&email.from)?;
    let id = format!("<{}@{}>", mark.number, from.domain());
    let builder = Message::builder().from(Mailbox::new(Some("Lifeboat".to_owned()), from));
    let builder = email
        .to
        .iter()
        .try_fold(builder, |builder, to| Ok::<_, MailError>(builder.to(Mailbox::new(None, address(to)?))))?;
    let builder =
        builder.subject(&letter.subject).date(mark.written).message_id(Some(id)).header(AutoSubmitted);
    let both = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    builder.multipart(both).map_err(|error| MailError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests;
