//! Where a server is, who we are there, and how a connection to it comes about or fails.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use model::Secret;
use model::cluster::Address;
use mysql_async::{Conn, DriverError, IoError, OptsBuilder, SslOpts};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::error::Error;

/// How long a connection may take to come about when the endpoint does not say otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How soon the system asks after a peer that is silent, so that a server that is gone is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The protocol's own limit. The server's (`max_allowed_packet`) is the server's business.
const LARGEST_PACKET_BYTES: usize = 1 << 30;

/// How long we look at a server that did not let us in, to say what it is.
const GREETING_TIMEOUT: Duration = Duration::from_secs(1);

/// Where a server is and who we are there.
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
    /// How long a connection to one address may take to come about.
    pub connect_timeout: Duration,
}

impl Endpoint {
    /// Returns an endpoint without encryption and with the usual time-out.
    #[must_use]
    pub fn new(addresses: Vec<Address>, user: impl Into<String>, password: Secret) -> Self {
        Self { addresses, user: user.into(), password, tls: Tls::Off, connect_timeout: CONNECT_TIMEOUT }
    }
}

/// Whether a connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// It is not.
    Off,
    /// It is, and the server must prove who it is.
    Required {
        /// The certificate authority's file; the public ones when left out.
        ca: Option<PathBuf>,
    },
}

/// Connects to one address and logs on.
pub(crate) async fn connect(endpoint: &Endpoint, address: &Address) -> Result<Conn, Error> {
    let ips = resolve(address, endpoint.connect_timeout).await?;
    let options = OptsBuilder::default()
        .ip_or_hostname(address.host.clone())
        .tcp_port(address.port)
        .resolved_ips(Some(ips))
        .user(Some(endpoint.user.clone()))
        .pass(Some(endpoint.password.expose()))
        .ssl_opts(tls_options(&endpoint.tls))
        .tcp_keepalive(Some(KEEP_ALIVE))
        // These three keep the driver from asking the server on its own, unseen by any witness.
        .prefer_socket(false)
        .max_allowed_packet(Some(LARGEST_PACKET_BYTES))
        .wait_timeout(Some(0));
    match tokio::time::timeout(endpoint.connect_timeout, Conn::new(options)).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(cause)) => Err(explain(cause, endpoint, address).await),
        Err(_) => Err(explain_silence(endpoint, address).await),
    }
}

fn tls_options(tls: &Tls) -> Option<SslOpts> {
    match tls {
        Tls::Off => None,
        Tls::Required { ca: None } => Some(SslOpts::default()),
        Tls::Required { ca: Some(file) } => Some(
            SslOpts::default().with_root_certs(vec![file.clone().into()]).with_disable_built_in_roots(true),
        ),
    }
}

async fn resolve(address: &Address, limit: Duration) -> Result<Vec<std::net::IpAddr>, Error> {
    let unknown = |cause| Error::UnknownHost { address: address.clone(), cause };
    let lookup = tokio::net::lookup_host((address.host.as_str(), address.port));
    let found = match tokio::time::timeout(limit, lookup).await {
        Ok(found) => found.map_err(unknown)?,
        Err(_) => return Err(unknown(io::Error::from(io::ErrorKind::TimedOut))),
    };
    let ips: Vec<_> = found.map(|socket| socket.ip()).collect();
    if ips.is_empty() { Err(unknown(io::Error::from(io::ErrorKind::NotFound))) } else { Ok(ips) }
}

/// Turns what the driver says of a failed connection into what it means.
async fn explain(cause: mysql_async::Error, endpoint: &Endpoint, address: &Address) -> Error {
    match cause {
        mysql_async::Error::Server(refusal) => {
            Error::of_log_on(refusal, &endpoint.user, !endpoint.password.is_empty(), address)
        }
        mysql_async::Error::Io(IoError::Io(cause)) if is_from_the_network(&cause) => {
            Error::Unreachable { address: address.clone(), cause }
        }
        mysql_async::Error::Io(IoError::Tls(cause)) => {
            Error::Tls { address: address.clone(), cause: cause.to_string() }
        }
        // A certificate that does not hold arrives as data that make no sense.
        mysql_async::Error::Io(IoError::Io(cause))
            if endpoint.tls != Tls::Off && cause.kind() == io::ErrorKind::InvalidData =>
        {
            Error::Tls { address: address.clone(), cause: cause.to_string() }
        }
        mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            Error::Tls { address: address.clone(), cause: "the server offers none".to_owned() }
        }
        mysql_async::Error::Driver(DriverError::UnknownAuthPlugin { name }) => {
            Error::UnknownAuthentication { address: address.clone(), method: name }
        }
        // Whatever else goes wrong before the log-on is over: it does not speak as a MySQL server does.
        _ => Error::NotMysql { address: address.clone(), greeting: greeting(address).await },
    }
}

/// Tells whether the network or a server that went down ended it, not what the server said.
fn is_from_the_network(cause: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other};
    !matches!(cause.kind(), InvalidData | InvalidInput | Other)
}

/// Finds out whether nobody is there, or somebody who accepts the connection and then says nothing.
async fn explain_silence(endpoint: &Endpoint, address: &Address) -> Error {
    let accepts = knock(address).await.is_some();
    Error::Silent { address: address.clone(), after: endpoint.connect_timeout, accepts }
}

/// Returns the first line that a server says which is no MySQL server, if it is readable.
async fn greeting(address: &Address) -> Option<String> {
    let mut stream = knock(address).await?;
    let mut bytes = [0; 64];
    let read = tokio::time::timeout(GREETING_TIMEOUT, stream.read(&mut bytes)).await.ok()?.ok()?;
    let line: String = bytes[..read]
        .iter()
        .map(|&byte| char::from(byte))
        .take_while(|c| c.is_ascii_graphic() || *c == ' ')
        .collect();
    (!line.is_empty()).then_some(line)
}

async fn knock(address: &Address) -> Option<TcpStream> {
    let connecting = TcpStream::connect((address.host.as_str(), address.port));
    tokio::time::timeout(GREETING_TIMEOUT, connecting).await.ok()?.ok()
}
