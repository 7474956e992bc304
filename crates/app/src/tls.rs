//! TLS of our own: connections are encrypted with a certificate from files, which are read anew when they change.
//!
//! 1. one task takes connections and lets each shake hands on its own, so that a slow one holds nobody up
//! 2. another looks at the files now and then; files that can't be used change nothing
//! 3. the server takes what has shaken hands

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use model::Problem;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How many connections may be shaking hands at once; the next one waits.
const HANDSHAKES_MAX: usize = 256;

/// How long one may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long taking connections pauses when the machine has no room for another.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the certificate and its key lie, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate, followed by those that signed it.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

impl TlsFiles {
    /// Reads both files.
    fn read(&self) -> Result<Arc<ServerConfig>, Problem> {
        let unreadable = |path: &PathBuf, cause: &dyn std::fmt::Display| {
            Problem::invalid("tls-file-unreadable").with("path", path.display()).raw(cause)
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|cause| unreadable(&self.certificate, &cause))?;
        if chain.is_empty() {
            return Err(unreadable(&self.certificate, &"no CERTIFICATE in it"));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|cause| unreadable(&self.key, &cause))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.map_err(|cause| {
            let problem = Problem::invalid("tls-pair-unfit").with("certificate", self.certificate.display());
            problem.with("key", self.key.display()).raw(cause)
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Returns when each file was last changed.
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key]
            .map(|path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
    }
}

/// Takes connections and encrypts them.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Starts taking connections.
    ///
    /// # Errors
    /// When the files can't be used.
    pub(crate) fn start(
        listener: TcpListener,
        address: SocketAddr,
        files: TlsFiles,
    ) -> Result<Self, Problem> {
        let seen = files.changed();
        let (newest, config) = watch::channel(files.read()?);
        tokio::spawn(keep_newest(files, seen, newest));
        let (send, ready) = mpsc::channel(HANDSHAKES_MAX);
        tokio::spawn(take(listener, config, send));
        Ok(Self { address, ready })
    }
}

/// Reads the files anew when they changed, until nobody wants to know.
async fn keep_newest(
    files: TlsFiles,
    mut seen: [Option<SystemTime>; 2],
    newest: watch::Sender<Arc<ServerConfig>>,
) {
    loop {
        tokio::select! {
            () = newest.closed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let changed = files.changed();
        if changed == seen {
            continue;
        }
        match files.read() {
            Ok(config) => {
                seen = changed;
                let _ = newest.send(config);
                tracing::info!(certificate = %files.certificate.display(), "the certificate was read anew");
            }
            // The other file may be on its way still; the next look finds both.
            Err(problem) => tracing::warn!(%problem, "the new certificate can't be used; the old one stays"),
        }
    }
}

async fn take(
    listener: TcpListener,
    config: watch::Receiver<Arc<ServerConfig>>,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let turns = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let turn = turns.clone().acquire_owned().await.expect("the turns are never closed");
        let taken = tokio::select! {
            () = ready.closed() => return,
            taken = listener.accept() => taken,
        };
        let Ok((stream, peer)) = taken else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let acceptor = TlsAcceptor::from(config.borrow().clone());
        let ready = ready.clone();
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await;
            drop(turn);
            if let Ok(Ok(stream)) = shaken {
                let _ = ready.send((stream, peer)).await;
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await, // the runtime is ending
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Where an encrypted connection comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(SocketAddr);

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Middleware: tells where the request comes from as it is told of plain connections.
pub(crate) async fn name_peer(mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(Peer(address))) = request.extensions().get::<ConnectInfo<Peer>>().copied() {
        request.extensions_mut().insert(ConnectInfo(address));
    }
    next.run(request).await
}
