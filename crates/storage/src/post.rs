//! Messages to web addresses that a user entered, under the same rules for addresses as object stores.
//!
//! No redirect is followed: a receiver could lead the message, with its secrets, elsewhere. The text of an answer is
//! not read. No error contains the URL, because its path and query may be secret.

use std::time::Duration;

use model::Secret;
use model::egress::Refused;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::rules::Rules;

/// The timeout of a message, from its first byte to the end of the answer.
const LIMIT: Duration = Duration::from_secs(10);

/// A message.
#[derive(Debug)]
pub struct Message {
    /// The URL.
    pub url: Secret,
    /// The headers, in addition to the content type.
    pub headers: Vec<(String, Secret)>,
    /// The JSON text.
    pub body: String,
}

/// Why a message was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The URL has no `http` or `https`, no host, or an account.
    #[error("the URL is malformed")]
    Url,
    /// A header is malformed.
    #[error("a header is malformed")]
    Header,
    /// Connections to the address are refused by the rules of this server.
    #[error("the address is refused")]
    Refused(#[source] Refused),
    /// The receiver did not answer in time.
    #[error("no answer within {} s", LIMIT.as_secs())]
    Late,
    /// The receiver wants the message to be sent elsewhere.
    #[error("the receiver answers with a redirect, HTTP {0}")]
    Redirect(u16),
    /// The receiver did not accept the message.
    #[error("the receiver answers HTTP {0}")]
    Answer(u16),
    /// There is no connection.
    #[error("no connection: {0}")]
    Connection(String),
}

/// Returns the scheme, host and port of the URL of a receiver.
///
/// # Errors
/// When it has another scheme than `http` or `https`, no host, an account, or a fragment.
pub fn endpoint(url: &Secret) -> Result<String, PostError> {
    let url = parse(url)?;
    Ok(url.origin().ascii_serialization())
}

fn parse(url: &Secret) -> Result<Url, PostError> {
    let url = Url::parse(url.expose()).map_err(|_| PostError::Url)?;
    let has_account = !url.username().is_empty() || url.password().is_some();
    let is_web = matches!(url.scheme(), "http" | "https");
    if is_web && url.has_host() && !has_account && url.fragment().is_none() {
        Ok(url)
    } else {
        Err(PostError::Url)
    }
}

impl Rules {
    /// Checks that the rules of this server do not refuse the address in a URL. Names are checked for each connection.
    ///
    /// # Errors
    /// When the URL is malformed or refused.
    pub fn check_receiver(&self, url: &Secret) -> Result<(), PostError> {
        self.net.check_host(&parse(url)?).map_err(PostError::Refused)
    }

    /// Sends a message; returns the HTTP status of a receiver that accepts it.
    ///
    /// # Errors
    /// When the address is refused, the receiver does not answer in time, or does not accept it.
    pub async fn post(&self, message: Message) -> Result<u16, PostError> {
        let url = parse(&message.url)?;
        let headers = headers(&message.headers)?;
        let sent = async {
            self.net.check_url(&url).await.map_err(PostError::Refused)?;
            let client = self.net.messenger().map_err(PostError::Connection)?;
            let request = client.post(url).headers(headers).header(CONTENT_TYPE, "application/json");
            let answer = request.body(message.body).send().await.map_err(failure)?;
            Ok(answer.status())
        };
        let status = tokio::time::timeout(LIMIT, sent).await.map_err(|_| PostError::Late)??;
        match status.as_u16() {
            accepted if status.is_success() => Ok(accepted),
            other if status.is_redirection() => Err(PostError::Redirect(other)),
            other => Err(PostError::Answer(other)),
        }
    }
}

fn headers(headers: &[(String, Secret)]) -> Result<HeaderMap, PostError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| PostError::Header)?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| PostError::Header)?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

/// Returns the innermost cause, without the URL.
fn failure(error: reqwest::Error) -> PostError {
    if error.is_timeout() {
        return PostError::Late;
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    loop {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return PostError::Refused(*refused);
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return PostError::Connection(cause.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Secret;
    use model::egress::Egress;
    use model::limits::Limits;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::{Message, PostError, endpoint};
    use crate::{FileRoots, Rules};

    fn rules(allow: &[&str]) -> Rules {
        let roots = FileRoots::new([std::env::temp_dir()]).expect("a directory");
        let egress = Egress::of_server(allow.iter().copied(), []).expect("rules");
        Rules::new(roots, egress, Limits::default())
    }

    #[test]
    fn a_receiver_is_a_plain_web_address() {
        let good = [
            ("https://hooks.example/services/T0/secret", "https://hooks.example"),
            ("http://10.1.2.3:8080/x?key=secret", "http://10.1.2.3:8080"),
        ];
        for (url, expected) in good {
            assert_eq!(endpoint(&Secret::new(url)).expect("a receiver"), expected);
        }
        for url in [
            "",
            "hooks.example",
            "file:///etc/passwd",
            "gopher://h/",
            "https://u:p@h/",
            "https://u@h/",
            "https://h/#x",
        ] {
            assert!(endpoint(&Secret::new(url)).is_err(), "{url}");
        }
    }

    /// What a receiver sends after the request.
    #[derive(Clone, Copy)]
    struct Answer {
        begins: &'static str,
        /// What follows without end; nothing means that it waits.
        goes_on: &'static str,
    }

    /// Starts a receiver with this answer. Returns its URL, and how many bytes it could send until the connection ended.
    async fn receiver(answer: Answer) -> (Secret, tokio::task::JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        let sent = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 4_096];
            assert!(stream.read(&mut request).await.expect("a request") > 0);
            stream.write_all(answer.begins.as_bytes()).await.expect("sent");
            let more = answer.goes_on.repeat(1_000);
            if more.is_empty() {
                while stream.read(&mut request).await.is_ok_and(|count| count > 0) {}
                return answer.begins.len();
            }
            let mut sent = answer.begins.len();
            while let Ok(count) = stream.write(more.as_bytes()).await {
                sent += count;
            }
            sent
        });
        (Secret::new(url), sent)
    }

    #[tokio::test]
    async fn an_endless_answer_takes_neither_time_nor_memory_without_end() {
        let endless_body = Answer {
            begins: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n",
            goes_on: "a\r\n0123456789\r\n",
        };
        let endless_headers = Answer { begins: "HTTP/1.1 200 OK\r\n", goes_on: "X-More: 0123456789\r\n" };
        let slow_headers = Answer { begins: "HTTP/1.1 200 OK\r\nX-More: 0", goes_on: "" };
        let rules = rules(&["loopback"]);
        let post = async |answer| {
            let (url, sent) = receiver(answer).await;
            let message = Message { url, headers: Vec::new(), body: "{}".to_owned() };
            let posted = rules.post(message).await;
            (posted, sent.await.expect("the connection ends"))
        };
        let (body, headers, slow) =
            tokio::join!(post(endless_body), post(endless_headers), post(slow_headers));
        assert!(matches!(body.0, Ok(200)), "the text of an answer is not read: {body:?}");
        assert!(matches!(headers.0, Err(PostError::Connection(_))), "{headers:?}");
        assert!(matches!(slow.0, Err(PostError::Late)), "{slow:?}");
        // Most of it is in the buffers of the connection.
        let most = 32 << 20;
        assert!(body.1 < most && headers.1 < most, "{} {}", body.1, headers.1);
    }

    #[tokio::test]
    async fn a_refused_address_gets_no_message_and_no_error_shows_the_url() {
        let message =
            |url: &str| Message { url: Secret::new(url), headers: Vec::new(), body: "{}".to_owned() };
        for url in ["http://169.254.169.254/hidden", "http://127.0.0.1:1/hidden", "http://localhost:1/hidden"]
        {
            let error = rules(&[]).post(message(url)).await.expect_err("refused");
            assert!(matches!(error, PostError::Refused(_)), "{url}: {error:?}");
        }
        let error =
            rules(&["loopback"]).post(message("http://127.0.0.1:1/hidden")).await.expect_err("nobody there");
        assert!(matches!(error, PostError::Connection(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hidden"));
    }
}
