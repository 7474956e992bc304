//! The address of a server, the credentials, and how a connection opens or fails.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use model::Secret;
use model::cluster::Address;
use model::egress::Egress;
use model::limits::Limits;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::error::Error;
use crate::wire::{Login, NoEntry, Wire};

/// The default timeout of a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum silence of a server during a statement before it is checked on another connection.
const QUIET: Duration = Duration::from_secs(30);

/// The time-out for closing a probe connection, and for checking whether a silent server accepts connections.
const KNOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// How many bytes of the first line of a non-MySQL server an error shows.
const FIRST_LINE_MOST_BYTES: usize = 64;

/// The addresses of a server and the credentials for it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The servers of one cluster, tried in this order.
    pub addresses: Vec<Address>,
    /// The user, such as `root@sys` or `root@sys#cluster`.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// Whether the connection is encrypted.
    pub tls: Tls,
    /// The time limit for connecting to one address.
    pub connect_timeout: Duration,
    /// The maximum silence of a server during a statement before it is checked on another connection. A server that
    /// does not respond to the check counts as gone, whatever the statement's time-out is.
    pub quiet: Duration,
    /// The addresses to which no connection is made, whatever the host names resolve to.
    pub egress: Arc<Egress>,
    /// The limits for what the server may send.
    pub limits: Limits,
}

impl Endpoint {
    /// Returns an endpoint without encryption, with the default time-outs and limits, and with the egress rules of
    /// commands that run without a server.
    #[must_use]
    pub fn new(addresses: Vec<Address>, user: impl Into<String>, password: Secret) -> Self {
        Self {
            addresses,
            user: user.into(),
            password,
            tls: Tls::Off,
            connect_timeout: CONNECT_TIMEOUT,
            quiet: QUIET,
            egress: Arc::default(),
            limits: Limits::DEFAULT,
        }
    }
}

/// Whether a connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not encrypted.
    Off,
    /// Encrypted; the server must prove its identity.
    Required {
        /// The file of the certificate authorities; the public ones by default.
        ca: Option<PathBuf>,
    },
}

/// Connects to one address and logs on.
pub(crate) async fn connect(endpoint: &Endpoint, address: &Address) -> Result<Wire, Error> {
    let resolved = resolve(endpoint, address).await?;
    connect_to(endpoint, address, &resolved).await
}

/// Connects to the first of these addresses that accepts, and logs on.
async fn connect_to(endpoint: &Endpoint, address: &Address, resolved: &[SocketAddr]) -> Result<Wire, Error> {
    let refused = |cause| Error::Tls { address: address.clone(), cause };
    let login = Login {
        host: &address.host,
        user: &endpoint.user,
        password: &endpoint.password,
        tls: tls_options(&endpoint.tls).map_err(refused)?,
        message_bytes: endpoint.limits.row_bytes,
    };
    // Boxed: a log-on is rare, and its large state would be part of every future that may connect.
    let log_on = Box::pin(Wire::log_on(resolved, &login));
    match tokio::time::timeout(endpoint.connect_timeout, log_on).await {
        Ok(Ok(wire)) => Ok(wire),
        Ok(Err(obstacle)) => Err(explain(obstacle, endpoint, address)),
        Err(_) => Err(explain_silence(endpoint, address, resolved).await),
    }
}

/// Returns whether the server at the other end of a connection answers; a refusal is an answer. The name is not
/// resolved again: it may lead to another server by now, and a failed look-up says nothing about this one.
pub(crate) async fn answers(endpoint: &Endpoint, address: &Address, peer: SocketAddr) -> bool {
    match connect_to(endpoint, address, &[peer]).await {
        Ok(wire) => {
            let _ = tokio::time::timeout(KNOCK_TIMEOUT, wire.quit()).await;
            true
        }
        Err(error) => !matches!(error, Error::Unreachable { .. } | Error::Silent { .. }),
    }
}

fn tls_options(tls: &Tls) -> Result<Option<Arc<ClientConfig>>, String> {
    let Tls::Required { ca } = tls else { return Ok(None) };
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca {
        roots = RootCertStore::empty();
        let unusable = |cause: &dyn std::fmt::Display| format!("{}: {cause}", file.display());
        for certificate in CertificateDer::pem_file_iter(file).map_err(|cause| unusable(&cause))? {
            let certificate = certificate.map_err(|cause| unusable(&cause))?;
            roots.add(certificate).map_err(|cause| unusable(&cause))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| cause.to_string())?;
    Ok(Some(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// Returns the addresses to connect to. The connection uses exactly these: the name is not resolved a second time, so
/// a changed DNS answer cannot redirect it.
async fn resolve(endpoint: &Endpoint, address: &Address) -> Result<Vec<SocketAddr>, Error> {
    let unknown = |cause| Error::UnknownHost { address: address.clone(), cause };
    let lookup = tokio::net::lookup_host((address.host.as_str(), address.port));
    let found = match tokio::time::timeout(endpoint.connect_timeout, lookup).await {
        Ok(found) => found.map_err(unknown)?,
        Err(_) => return Err(unknown(io::Error::from(io::ErrorKind::TimedOut))),
    };
    let accepted = endpoint.egress.accepted(found.collect(), SocketAddr::ip);
    let accepted =
        accepted.map_err(|refused| Error::AddressRefused { address: address.clone(), ip: refused.0 })?;
    if accepted.is_empty() { Err(unknown(io::Error::from(io::ErrorKind::NotFound))) } else { Ok(accepted) }
}

/// Converts the reason for a failed log-on into an error.
fn explain(obstacle: NoEntry, endpoint: &Endpoint, address: &Address) -> Error {
    let address = address.clone();
    match obstacle {
        NoEntry::Refused { refusal, is_mariadb } => {
            let with_password = !endpoint.password.is_empty();
            Error::of_log_on(refusal, &endpoint.user, with_password, is_mariadb, address)
        }
        NoEntry::Lost(cause) if cause.kind() != io::ErrorKind::InvalidData => {
            Error::Unreachable { address, cause }
        }
        // It does not follow the MySQL protocol.
        NoEntry::Lost(_) => Error::NotMysql { address, greeting: None },
        NoEntry::NotMysql(bytes) => Error::NotMysql { address, greeting: first_line(&bytes) },
        NoEntry::Tls(cause) => Error::Tls { address, cause },
        NoEntry::UnknownMethod(method) => Error::UnknownAuthentication { address, method },
    }
}

/// Determines whether no server is there, or whether it accepts the connection and then sends nothing.
async fn explain_silence(endpoint: &Endpoint, address: &Address, resolved: &[SocketAddr]) -> Error {
    let accepts = knock(resolved).await.is_some();
    Error::Silent { address: address.clone(), after: endpoint.connect_timeout, accepts }
}

/// Returns the first line that a non-MySQL server has sent, if it is readable.
fn first_line(bytes: &[u8]) -> Option<String> {
    let line: String = bytes
        .iter()
        .map(|&byte| char::from(byte))
        .take(FIRST_LINE_MOST_BYTES)
        .take_while(|c| c.is_ascii_graphic() || *c == ' ')
        .collect();
    (!line.is_empty()).then_some(line)
}

async fn knock(resolved: &[SocketAddr]) -> Option<TcpStream> {
    let connecting = TcpStream::connect(resolved);
    tokio::time::timeout(KNOCK_TIMEOUT, connecting).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use model::Secret;
    use model::cluster::Address;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::{Endpoint, answers};

    #[tokio::test]
    async fn the_server_of_a_connection_is_asked_whatever_its_name_leads_to_now() {
        let address = Address { host: "no-such-host.invalid".to_owned(), port: 2881 };
        let endpoint = Endpoint::new(vec![address.clone()], "root", Secret::new(String::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let peer = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.expect("a client");
            client.write_all(b"busy\r\n").await.expect("an answer");
        });
        assert!(answers(&endpoint, &address, peer).await, "any answer is one");
        server.await.expect("the server");
        assert!(!answers(&endpoint, &address, peer).await, "nothing listens there any more");
    }
}
