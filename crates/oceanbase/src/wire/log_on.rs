//! From an open socket to a logged-on connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::Secret;
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, AuthSwitchRequest, HandshakePacket, HandshakeResponse, SslRequest};
use mysql_common::proto::MySerialize;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::wire::inbox::Inbox;
use crate::wire::{Failure, Refusal, Stream, Wire, nonsense, refusal};

/// The silence after which the system probes the peer, so that a lost server is detected.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The interval and number of further probes before the peer counts as lost: after one minute in total.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TRIES: u32 = 3;

/// The limit that the client announces: the protocol's maximum. The server enforces its own (`max_allowed_packet`).
const LARGEST_PACKET_BYTES: u32 = 1 << 30;

/// `utf8mb4_general_ci`.
const COLLATION: u8 = 45;

/// The version of the protocol; no other is supported.
const PROTOCOL_VERSION: u8 = 10;

/// A handshake has a few dozen bytes; a longer packet than this is not one.
const HANDSHAKE_MOST_BYTES: usize = 4 << 10;

/// The longest message of a server during the log-on.
const LOG_ON_MOST_BYTES: usize = 64 << 10;

/// The longest accepted public key of a server: a key of 4096 bits has about 800 bytes as PEM.
const KEY_MOST_BYTES: usize = 1 << 10;

/// The mark of MariaDB in its version.
const MARIADB: &str = "MariaDB";

/// The credentials and options of a log-on.
pub(crate) struct Login<'l> {
    /// The host as it was given: the server's certificate must match it.
    pub(crate) host: &'l str,
    pub(crate) user: &'l str,
    pub(crate) password: &'l Secret,
    /// The TLS configuration, if the connection is encrypted.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// The maximum size of one message after the log-on.
    pub(crate) message_bytes: usize,
}

/// Why the log-on failed.
#[derive(Debug)]
pub(crate) enum NoEntry {
    /// The server refused.
    Refused {
        /// Its message.
        refusal: Refusal,
        /// Whether it had identified itself as MariaDB.
        is_mariadb: bool,
    },
    /// The connection could not be established, or was lost.
    Lost(io::Error),
    /// The peer is not a MySQL server; this is its first message.
    NotMysql(Vec<u8>),
    /// The encrypted connection could not be established.
    Tls(String),
    /// The server requires an unknown authentication method.
    UnknownMethod(String),
}

impl From<Failure> for NoEntry {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused { refusal, is_mariadb: false },
            Failure::Lost(cause) => Self::Lost(cause),
        }
    }
}

impl From<io::Error> for NoEntry {
    fn from(cause: io::Error) -> Self {
        Self::Lost(cause)
    }
}

impl Wire {
    /// Connects to the first address that accepts, and logs on.
    pub(crate) async fn log_on(addresses: &[SocketAddr], login: &Login<'_>) -> Result<Self, NoEntry> {
        let stream = TcpStream::connect(addresses).await?;
        let peer = stream.peer_addr()?;
        stream.set_nodelay(true)?;
        let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE_EVERY);
        let socket = SockRef::from(&stream);
        socket.set_tcp_keepalive(&keep_alive.with_retries(KEEP_ALIVE_TRIES))?;
        // If sent data is not acknowledged within that time, the connection counts as lost.
        socket.set_tcp_user_timeout(Some(KEEP_ALIVE + KEEP_ALIVE_EVERY * KEEP_ALIVE_TRIES))?;
        let stream = Stream::Plain(stream);
        let mut wire =
            Self { stream, inbox: Inbox::new(LOG_ON_MOST_BYTES), sequence: 0, connection_id: 0, peer };
        let payload = wire.handshake().await?;
        // The library does arithmetic with the server's lengths without checking them, so it may panic.
        let handshake = std::panic::catch_unwind(|| ParseBuf(&payload).parse::<HandshakePacket<'_>>(()));
        let Ok(Ok(handshake)) = handshake else { return Err(NoEntry::NotMysql(payload)) };
        wire.connection_id = handshake.connection_id();
        let mut capabilities = ours() & handshake.capabilities();
        if let Some(tls) = &login.tls {
            if !handshake.capabilities().contains(CapabilityFlags::CLIENT_SSL) {
                return Err(NoEntry::Tls("the server offers none".to_owned()));
            }
            capabilities |= CapabilityFlags::CLIENT_SSL;
            wire.send_packet(&SslRequest::new(capabilities, LARGEST_PACKET_BYTES, COLLATION)).await?;
            wire = wire.encrypted(tls, login.host).await?;
        }
        let method = match handshake.auth_plugin() {
            Some(AuthPlugin::CachingSha2Password) => AuthPlugin::CachingSha2Password,
            _ => AuthPlugin::MysqlNativePassword, // the server requests a switch if it needs another
        };
        let proof = Proof { method, nonce: handshake.nonce(), password: login.password };
        let answer = proof.answer()?;
        let response = HandshakeResponse::new(
            Some(answer),
            handshake.server_version_parsed().unwrap_or_default(),
            Some(login.user.as_bytes()),
            None::<&[u8]>,
            Some(proof.method.clone()),
            capabilities,
            None,
            LARGEST_PACKET_BYTES,
        );
        wire.send_packet(&response).await?;
        let is_mariadb = handshake.server_version_str().contains(MARIADB);
        match wire.prove(proof).await {
            Err(NoEntry::Refused { refusal, .. }) => Err(NoEntry::Refused { refusal, is_mariadb }),
            Err(obstacle) => Err(obstacle),
            Ok(()) => {
                wire.inbox.allow(login.message_bytes);
                Ok(wire)
            }
        }
    }

    /// Reads the server's first packet.
    async fn handshake(&mut self) -> Result<Vec<u8>, NoEntry> {
        let (length, sequence) = self.inbox.next_head(&mut self.stream).await?;
        if sequence != 0 || length == 0 || length > HANDSHAKE_MOST_BYTES {
            return Err(NoEntry::NotMysql(self.inbox.arrived().to_vec()));
        }
        let mut payload = Vec::new();
        self.read(&mut payload).await?;
        match payload.first() {
            Some(&PROTOCOL_VERSION) => Ok(payload),
            Some(0xFF) => Err(NoEntry::Refused { refusal: refusal(&payload)?, is_mariadb: false }),
            _ => Err(NoEntry::NotMysql(payload)),
        }
    }

    async fn encrypted(self, config: &Arc<ClientConfig>, host: &str) -> Result<Self, NoEntry> {
        // An attacker in between could inject plain text that would be treated as the server's own.
        if !self.inbox.arrived().is_empty() {
            return Err(NoEntry::Tls("the server said more before the encryption began".to_owned()));
        }
        let Stream::Plain(stream) = self.stream else { return Ok(self) };
        let name = ServerName::try_from(host.to_owned()).map_err(|cause| NoEntry::Tls(cause.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(config));
        let stream =
            connector.connect(name, stream).await.map_err(|cause| NoEntry::Tls(cause.to_string()))?;
        Ok(Self { stream: Stream::Tls(Box::new(stream)), ..self })
    }

    /// Answers the server's authentication requests until it accepts the log-on.
    async fn prove(&mut self, mut proof: Proof<'_>) -> Result<(), NoEntry> {
        let mut payload = Vec::new();
        let mut is_asked_again = false;
        loop {
            self.read(&mut payload).await?;
            match payload[..] {
                [0x00, ..] => return Ok(()),
                [0xFF, ..] => return Err(Failure::Refused(refusal(&payload)?).into()),
                [0xFE, _, ..] if !is_asked_again => {
                    is_asked_again = true;
                    let asked = ParseBuf(&payload).parse::<AuthSwitchRequest<'_>>(())?;
                    proof.method = asked.auth_plugin().into_owned();
                    proof.nonce = asked.plugin_data().to_vec();
                    self.write_packet(&proof.answer()?).await?;
                }
                [0x01, 0x03] => {} // the server has cached the password; OK follows
                [0x01, 0x04] if matches!(proof.method, AuthPlugin::CachingSha2Password) => {
                    self.send_whole_password(&proof).await?;
                }
                _ => return Err(nonsense("an unknown question in the midst of the log-on").into()),
            }
        }
    }

    /// Sends the whole password, which a server requires if it has not cached it since its start; it is always
    /// encrypted, with TLS or with the server's key.
    async fn send_whole_password(&mut self, proof: &Proof<'_>) -> Result<(), NoEntry> {
        let mut password = proof.password.expose().as_bytes().to_vec();
        password.push(0);
        if matches!(self.stream, Stream::Plain(_)) {
            self.write_packet(&[0x02]).await?;
            let mut key = Vec::new();
            self.read(&mut key).await?;
            if key.first() != Some(&0x01) {
                return Err(nonsense("no public key where it must be").into());
            }
            for (byte, salt) in password.iter_mut().zip(proof.nonce.iter().cycle()) {
                *byte ^= salt;
            }
            password = encrypted(&password, &key[1..])?;
        }
        Ok(self.write_packet(&password).await?)
    }

    async fn send_packet(&mut self, packet: &impl MySerialize) -> io::Result<()> {
        let mut payload = Vec::new();
        packet.serialize(&mut payload);
        self.write_packet(&payload).await
    }
}

/// Encrypts a password with the public key that a server sent.
///
/// The library panics on an invalid key, and takes hours for a very large one.
fn encrypted(password: &[u8], key: &[u8]) -> io::Result<Vec<u8>> {
    if key.len() > KEY_MOST_BYTES {
        return Err(nonsense("a longer public key than any server has"));
    }
    let done = std::panic::catch_unwind(|| mysql_common::crypto::encrypt(password, key));
    done.map_err(|_| nonsense("no usable public key where it must be"))
}

/// The protocol features that the client uses.
fn ours() -> CapabilityFlags {
    CapabilityFlags::CLIENT_LONG_PASSWORD
        | CapabilityFlags::CLIENT_PROTOCOL_41
        | CapabilityFlags::CLIENT_TRANSACTIONS
        | CapabilityFlags::CLIENT_SECURE_CONNECTION
        | CapabilityFlags::CLIENT_MULTI_RESULTS
        | CapabilityFlags::CLIENT_PS_MULTI_RESULTS
        | CapabilityFlags::CLIENT_PLUGIN_AUTH
}

/// The proof that the client knows the password.
struct Proof<'p> {
    method: AuthPlugin<'static>,
    nonce: Vec<u8>,
    password: &'p Secret,
}

impl Proof<'_> {
    /// Returns the bytes to send for the password; empty for an empty password.
    fn answer(&self) -> Result<Vec<u8>, NoEntry> {
        let unknown = match &self.method {
            AuthPlugin::CachingSha2Password | AuthPlugin::MysqlNativePassword => {
                let answer = self.method.gen_data(Some(self.password.expose()), &self.nonce);
                return Ok(answer.map(|data| data.to_vec()).unwrap_or_default());
            }
            // The password is never sent in plain text or an equivalent form.
            AuthPlugin::MysqlClearPassword => "mysql_clear_password".to_owned(),
            AuthPlugin::MysqlOldPassword => "mysql_old_password".to_owned(),
            AuthPlugin::Ed25519 => "client_ed25519".to_owned(),
            AuthPlugin::MariadbParsec { .. } => "parsec".to_owned(),
            AuthPlugin::Other(name) => String::from_utf8_lossy(name).into_owned(),
        };
        Err(NoEntry::UnknownMethod(unknown))
    }
}
