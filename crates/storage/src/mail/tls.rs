//! The encryption of a connection to a mail server.

use std::io;

use lettre::transport::smtp::extension::ClientId;
use rustls::Error as TlsError;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::{MailError, Reply};
use crate::rules::Rules;

/// The most bytes of an answer.
const ANSWER_MAX: usize = 16 << 10;

impl Rules {
    /// Encrypts a connection to this host, and checks its certificate.
    pub(super) async fn encrypt(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, MailError> {
        let config = self.net.mail_tls().map_err(MailError::Tls)?;
        let name =
            ServerName::try_from(host.to_owned()).map_err(|error| MailError::Tls(error.to_string()))?;
        TlsConnector::from(config).connect(name, stream).await.map_err(|error| failure(&error))
    }
}

fn failure(error: &io::Error) -> MailError {
    match error.get_ref().and_then(|cause| cause.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidCertificate(_)) => MailError::Certificate(error.to_string()),
        _ => MailError::Tls(error.to_string()),
    }
}

/// Asks a server that has greeted for encryption. Then the next byte is one of the encrypted connection.
pub(super) async fn request(stream: &mut TcpStream, hello: &ClientId) -> Result<(), MailError> {
    accepted(answer(stream).await?)?;
    write(stream, &format!("EHLO {hello}\r\n")).await?;
    let offers = accepted(answer(stream).await?)?;
    let is_offered =
        |line: &str| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offers.lines().any(is_offered) {
        return Err(MailError::NoTls);
    }
    write(stream, "STARTTLS\r\n").await?;
    accepted(answer(stream).await?).map(drop)
}

async fn write(stream: &mut TcpStream, command: &str) -> Result<(), MailError> {
    let written = stream.write_all(command.as_bytes()).await;
    written.map_err(|error| MailError::Connection(error.to_string()))
}

/// Reads an answer, which ends with the line that has a blank after its code. Nothing may follow it: that would be
/// mistaken for something that the server sends later.
async fn answer(stream: &mut TcpStream) -> Result<String, MailError> {
    let malformed = || MailError::Malformed("the server does not speak SMTP".to_owned());
    let mut read = Vec::new();
    loop {
        let mut more = [0; 2_048];
        let count = stream.read(&mut more).await.map_err(|error| MailError::Connection(error.to_string()))?;
        if count == 0 {
            return Err(MailError::Connection("the server closed the connection".to_owned()));
        }
        read.extend_from_slice(&more[..count]);
        if read.len() > ANSWER_MAX {
            return Err(malformed());
        }
        let Some(whole) = read.strip_suffix(b"\n") else { continue };
        let text = String::from_utf8_lossy(whole).into_owned();
        let is_last = |line: &str| line.as_bytes().get(3).is_none_or(|sign| matches!(sign, b' ' | b'\r'));
        let last = text.lines().position(is_last);
        match last {
            Some(at) if at + 1 == text.lines().count() => return Ok(text),
            Some(_) => return Err(malformed()),
            None => {}
        }
    }
}

/// Returns an answer that is no refusal.
fn accepted(answer: String) -> Result<String, MailError> {
    let code = answer.lines().last().and_then(|line| line.get(..3)?.parse::<u16>().ok());
    match code {
        Some(200..=299) => Ok(answer),
        Some(code @ 400..=599) => Err(MailError::Reply(Reply { code, text: answer })),
        _ => Err(MailError::Malformed("the server does not speak SMTP".to_owned())),
    }
}
