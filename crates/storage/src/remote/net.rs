//! The network access to object stores: allowed addresses, redirects, and the size of answers.
//!
//! A user who may enter an endpoint can make this server send requests there. Names are checked by the addresses that
//! they resolve to for the connection, so a later DNS answer cannot bypass the check. Every request is checked, not
//! only the endpoint, because the host of a request can also come from other data, such as the bucket's name.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::Stream;
use http::{Request, Response, Uri};
use model::egress::{Egress, Refused};
use model::limits::Limits;
use opendal::raw::Operation;
use opendal::{Buffer, ErrorKind as Kind, HttpBody, HttpTransport, HttpTransporter};
use opendal_http_transport_reqwest::ReqwestTransport;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};
use url::{Host, Url};

use crate::error::{Error, ErrorKind};

/// The maximum number of redirects on the same host.
const REDIRECTS_MAX: usize = 4;

/// The timeout for opening a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The variables that name proxies.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// The rules of the network, and the client that all storages under them share.
#[derive(Debug)]
pub(crate) struct Net {
    egress: Arc<Egress>,
    answer_bytes: u64,
    client: OnceLock<Result<reqwest::Client, String>>,
    messenger: OnceLock<Result<reqwest::Client, String>>,
    /// How the certificates of mail servers are checked.
    pub(crate) mail_tls: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
    /// The hosts of the proxies that the administrator configured; they are not checked.
    proxies: Arc<[String]>,
}

impl Net {
    pub(crate) fn new(egress: Egress, limits: Limits) -> Self {
        let named = PROXY_VARIABLES.iter().filter_map(|name| std::env::var(name).ok());
        Self {
            egress: Arc::new(egress),
            answer_bytes: u64::try_from(limits.store_answer_bytes).unwrap_or(u64::MAX),
            client: OnceLock::new(),
            messenger: OnceLock::new(),
            mail_tls: OnceLock::new(),
            proxies: named.filter_map(|url| proxy_host(&url)).collect(),
        }
    }

    /// Checks the host of a URL if it is an IP address.
    pub(crate) fn check_host(&self, url: &Url) -> Result<(), Refused> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.egress.check(address.into()),
            Some(Host::Ipv6(address)) => self.egress.check(address.into()),
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }

    /// Returns the transport that sends requests. It uses `HTTPS_PROXY` and the system's certificates.
    pub(super) fn transport(self: &Arc<Self>) -> Result<HttpTransporter, Error> {
        let client = self.client.get_or_init(|| self.build(redirects()));
        let failed = |why| Error::new(ErrorKind::Other, "speak", "HTTPS").because(std::io::Error::other(why));
        let client = client.clone().map_err(failed)?;
        Ok(self.guard(ReqwestTransport::new(client)))
    }

    /// Returns the client for messages, which follows no redirect. The caller checks the URL with [`Net::check_url`].
    pub(crate) fn messenger(&self) -> Result<reqwest::Client, String> {
        self.messenger.get_or_init(|| self.build(Policy::none())).clone()
    }

    /// Returns the rules for addresses.
    pub(crate) fn egress(&self) -> &Egress {
        &self.egress
    }

    /// Returns how the certificates of mail servers are checked.
    pub(crate) fn mail_tls(&self) -> Result<Arc<rustls::ClientConfig>, String> {
        self.mail_tls.get_or_init(crate::trust::of_system).clone()
    }

    fn build(&self, redirects: Policy) -> Result<reqwest::Client, String> {
        // The first caller has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let resolver = Resolver { egress: Arc::clone(&self.egress), proxies: Arc::clone(&self.proxies) };
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .redirect(redirects)
            .dns_resolver(resolver)
            .user_agent("lifeboat");
        client.build().map_err(|cause| format!("{cause:?}"))
    }

    /// Wraps a transport with the rules.
    pub(super) fn guard(self: &Arc<Self>, inner: impl HttpTransport) -> HttpTransporter {
        HttpTransporter::new(Guarded { inner, net: Arc::clone(self) })
    }

    /// Checks the target of a request. Behind a proxy, the proxy resolves names, perhaps with other name servers. A
    /// name that this server can also resolve is checked here.
    async fn check(&self, uri: &Uri) -> Result<(), Refused> {
        let Ok(url) = Url::parse(&uri.to_string()) else { return Ok(()) }; // the client refuses it
        self.check_url(&url).await
    }

    /// Checks the target of a request.
    pub(crate) async fn check_url(&self, url: &Url) -> Result<(), Refused> {
        self.check_host(url)?;
        if let (false, Some(Host::Domain(name))) = (self.proxies.is_empty(), url.host())
            && let Ok(found) = tokio::net::lookup_host((name, 0)).await
        {
            self.egress.accepted(found.collect(), SocketAddr::ip)?;
        }
        Ok(())
    }
}

fn proxy_host(text: &str) -> Option<String> {
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    Url::parse(&text).ok()?.host_str().map(str::to_lowercase)
}

/// Resolves names, and omits refused addresses.
struct Resolver {
    egress: Arc<Egress>,
    proxies: Arc<[String]>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (egress, proxies) = (Arc::clone(&self.egress), Arc::clone(&self.proxies));
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let is_proxy = proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
            let found = if is_proxy { found } else { egress.accepted(found, SocketAddr::ip)? };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Follows redirects to the same scheme, host and port only. Another redirect is returned as the service's answer.
fn redirects() -> Policy {
    Policy::custom(|attempt: Attempt<'_>| {
        let is_same =
            attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
        if is_same && attempt.previous().len() <= REDIRECTS_MAX { attempt.follow() } else { attempt.stop() }
    })
}

/// Sends requests to allowed addresses only, and limits the size of answers.
struct Guarded<T> {
    inner: T,
    net: Arc<Net>,
}

impl<T: HttpTransport> HttpTransport for Guarded<T> {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        if let Err(refused) = self.net.check(request.uri()).await {
            return Err(opendal::Error::new(Kind::Unexpected, "the request was not sent").set_source(refused));
        }
        let is_read = request.extensions().get::<Operation>() == Some(&Operation::Read);
        let answer = self.inner.fetch(request).await?;
        // An object is streamed piece by piece. All other answers are held in memory, by OpenDAL or by us.
        if is_read && answer.status().is_success() {
            return Ok(answer);
        }
        let limit = self.net.answer_bytes;
        Ok(answer.map(|body| body.map_inner(|inner| Box::new(Bounded { inner, left: limit, limit }))))
    }
}

/// An answer exceeds the limit.
#[derive(Debug, thiserror::Error)]
#[error("the answer has more than {limit} bytes")]
pub(super) struct TooMuch {
    pub(super) limit: u64,
}

/// The body of an answer, up to a limit.
struct Bounded<S> {
    inner: S,
    left: u64,
    limit: u64,
}

impl<S: Stream<Item = opendal::Result<Buffer>> + Unpin> Stream for Bounded<S> {
    type Item = opendal::Result<Buffer>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(bytes) = ready!(Pin::new(&mut self.inner).poll_next(context)).transpose()? else {
            return Poll::Ready(None);
        };
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            let too_much = TooMuch { limit: self.limit };
            let error = opendal::Error::new(Kind::Unexpected, "the answer is too large").set_source(too_much);
            return Poll::Ready(Some(Err(error)));
        };
        self.left = left;
        Poll::Ready(Some(Ok(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use model::egress::Egress;
    use model::limits::Limits;
    use url::Url;

    use super::{Net, proxy_host};

    #[test]
    fn an_endpoint_that_is_such_an_address_is_refused_however_it_is_spelled() {
        let net = Net::new(Egress::default(), Limits::default());
        for refused in [
            "http://169.254.169.254/",
            "http://0xa9fea9fe/",
            "http://2852039166",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:a9fe:a9fe]:80/",
            "http://[fe80::1]/",
        ] {
            assert!(net.check_host(&Url::parse(refused).expect("a URL")).is_err(), "{refused}");
        }
        for accepted in ["http://minio:9000/", "http://127.0.0.1:9000/", "http://[fd00::1]/"] {
            assert!(net.check_host(&Url::parse(accepted).expect("a URL")).is_ok(), "{accepted}");
        }
    }

    #[tokio::test]
    async fn a_name_is_refused_by_what_it_resolves_to() {
        let net = Net::new(Egress::of_server([], []).expect("no entry"), Limits::default());
        let request = |host: &str| format!("http://{host}/bucket").parse().expect("a URI");
        assert!(net.check(&request("127.0.0.1:1")).await.is_err());
        let behind = Net { proxies: ["proxy".to_owned()].into(), ..net };
        assert!(behind.check(&request("localhost:1")).await.is_err(), "also behind a proxy");
        assert!(behind.check(&request("no-such-name.invalid")).await.is_ok(), "the proxy may know it");
    }

    #[test]
    fn the_host_of_a_proxy_is_read_in_each_form() {
        for text in ["http://user:pw@Proxy:3128/", "proxy:3128", "socks5://proxy"] {
            assert_eq!(proxy_host(text).as_deref(), Some("proxy"), "{text}");
        }
    }
}
