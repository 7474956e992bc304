//! HTTP connections: accepted, limited in time and number, and ended when the server stops.
//!
//! Time limits close the connections of silent or slow clients. If one address has too many connections, or all
//! addresses together, the connection that has been idle longest is closed, but never one with a pending answer.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::tls::Certificate;

/// TCP keep-alive: the idle time before the first probe, the interval between probes, and the number of probes.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
const KEEP_ALIVE_TRIES: u32 = 4;

/// How long sent data may stay unacknowledged before the connection is closed.
const UNREAD_MAX: Duration = Duration::from_secs(120);

/// The pause after a connection could not be accepted, for example because of too many open files.
const PAUSE: Duration = Duration::from_millis(200);

/// The limits of connections.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The time limit of the TLS handshake.
    pub(crate) handshake: Duration,
    /// The time limit for the head of a request, including the idle time before it.
    pub(crate) head: Duration,
    /// The maximum number of connections from one address.
    pub(crate) per_address: usize,
    /// The maximum number of connections in all.
    pub(crate) all: usize,
    /// The proxies: the limit per address does not apply to them, because they forward the requests of many clients.
    pub(crate) proxies: Vec<IpAddr>,
}

impl Limits {
    /// Returns the limits of a server with these trusted proxies.
    pub(crate) fn new(proxies: &[IpAddr]) -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(30),
            per_address: 64,
            // The other half of the open files is for databases, storages and files.
            all: (open_files_max() / 2).clamp(16, 4096),
            proxies: proxies.iter().map(IpAddr::to_canonical).collect(),
        }
    }
}

/// Returns the maximum number of open files of this process.
fn open_files_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1024)
}

/// Answers requests until it is stopped, then completes the pending answers.
pub(crate) async fn serve(
    listener: TcpListener,
    certificate: Option<Certificate>,
    router: axum::Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let seats = Arc::new(Seats { limits, taken: Mutex::default() });
    let connections = TaskTracker::new();
    loop {
        let taken = tokio::select! {
            () = shutdown.cancelled() => break,
            taken = listener.accept() => taken,
        };
        let Ok((stream, peer)) = taken else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Some(seat) = seats.take(peer.ip().to_canonical()) else { continue };
        let acceptor = certificate.as_ref().map(|newest| TlsAcceptor::from(newest.borrow().clone()));
        let caller = Caller { peer, seat: seat.clone(), router: router.clone(), shutdown: shutdown.clone() };
        let seats = seats.clone();
        connections.spawn(async move {
            tokio::select! {
                () = attend(stream, acceptor, caller, &seats.limits) => {}
                () = seat.left.cancelled() => {}
            }
            seats.leave(&seat);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// What one connection needs.
struct Caller {
    peer: SocketAddr,
    seat: Arc<Seat>,
    router: axum::Router,
    shutdown: CancellationToken,
}

/// Serves one connection from its first byte to its last.
async fn attend(stream: TcpStream, acceptor: Option<TlsAcceptor>, caller: Caller, limits: &Limits) {
    watch_peer(&stream);
    let Some(acceptor) = acceptor else { return caller.answer(stream, limits).await };
    if let Ok(Ok(stream)) = timeout(limits.handshake, acceptor.accept(stream)).await {
        caller.answer(stream, limits).await;
    }
}

/// Lets the system detect a peer that disappeared without closing the connection. If the system does not support these
/// options, the limits above must suffice.
fn watch_peer(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE_EVERY);
    let _ = socket.set_tcp_keepalive(&keep_alive.with_retries(KEEP_ALIVE_TRIES));
    let _ = socket.set_tcp_user_timeout(Some(UNREAD_MAX));
}

impl Caller {
    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin, limits: &Limits) {
        let Self { peer, seat, router, shutdown } = self;
        let service = service_fn(move |request: Request<Incoming>| {
            let busy = Busy::begin(&seat);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = router.clone().oneshot(request);
            async move {
                let Ok(response) = answer.await;
                Ok::<_, Infallible>(response.map(|body| Answering { body, _busy: busy }))
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.head);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            done = connection.as_mut() => return report(done),
            () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        report(connection.await);
    }
}

/// Logs how a connection ended. A connection that the peer closes is not an error.
fn report(done: hyper::Result<()>) {
    if let Err(error) = done {
        tracing::debug!(%error, "a connection has ended early");
    }
}

/// The open connections.
struct Seats {
    limits: Limits,
    taken: Mutex<Vec<Arc<Seat>>>,
}

/// One connection.
struct Seat {
    address: IpAddr,
    state: Mutex<State>,
    /// Signals that the connection must be closed to make room for another.
    left: CancellationToken,
}

#[derive(Clone, Copy)]
struct State {
    answering: usize,
    idle_since: Instant,
}

impl Seats {
    /// Returns a seat for a connection from this address; none if no connection is idle and could be closed.
    fn take(&self, address: IpAddr) -> Option<Arc<Seat>> {
        let mut taken = self.taken();
        let is_of = |seat: &Seat| seat.address == address;
        let of_address = taken.iter().filter(|seat| is_of(seat)).count();
        if of_address >= self.limits.per_address && !self.limits.proxies.contains(&address) {
            make_room(&mut taken, is_of)?;
        }
        if taken.len() >= self.limits.all {
            make_room(&mut taken, |_| true)?;
        }
        let state = State { answering: 0, idle_since: Instant::now() };
        let seat = Arc::new(Seat { address, state: Mutex::new(state), left: CancellationToken::new() });
        taken.push(seat.clone());
        Some(seat)
    }

    fn leave(&self, seat: &Arc<Seat>) {
        self.taken().retain(|other| !Arc::ptr_eq(other, seat));
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the connection that has been idle longest among the selected ones; none if no selected one is idle.
fn make_room(taken: &mut Vec<Arc<Seat>>, is_one: impl Fn(&Seat) -> bool) -> Option<()> {
    let idle = taken.iter().enumerate().filter(|(_, seat)| is_one(seat));
    let idle = idle.map(|(place, seat)| (place, seat.state())).filter(|(_, state)| state.answering == 0);
    let (place, _) = idle.min_by_key(|(_, state)| state.idle_since)?;
    taken.swap_remove(place).left.cancel();
    Some(())
}

impl Seat {
    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Marks a connection as busy until this is dropped.
struct Busy(Arc<Seat>);

impl Busy {
    fn begin(seat: &Arc<Seat>) -> Self {
        seat.change(|state| state.answering += 1);
        Self(seat.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.answering -= 1;
            state.idle_since = Instant::now();
        });
    }
}

/// The body of an answer. While it is being sent, its connection is not idle.
struct Answering {
    body: Body,
    _busy: Busy,
}

impl http_body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::Response;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::{CancellationToken, DropGuard};

    use super::{Body, Limits, serve};

    /// How long a test waits.
    const LIMIT: Duration = Duration::from_secs(30);

    /// A server that answers `/` immediately and `/stream` forever; it ends with the guard.
    async fn server(limits: Limits) -> (std::net::SocketAddr, DropGuard) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stream = || async {
            let first = futures::stream::once(async { Ok::<_, std::io::Error>("begun\n") });
            Response::new(Body::from_stream(futures::StreamExt::chain(first, futures::stream::pending())))
        };
        let router = axum::Router::new().route("/", get(|| async { "ok" })).route("/stream", get(stream));
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, None, router, limits, shutdown.clone()));
        (address, shutdown.drop_guard())
    }

    fn limits() -> Limits {
        Limits { per_address: 8, ..Limits::new(&[]) }
    }

    async fn ask(stream: &mut TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = [0; 1024];
        let read = tokio::time::timeout(LIMIT, stream.read(&mut answer)).await.expect("in time");
        String::from_utf8_lossy(&answer[..read.unwrap_or(0)]).into_owned()
    }

    async fn is_closed(stream: &mut TcpStream) -> bool {
        let mut rest = Vec::new();
        tokio::time::timeout(LIMIT, stream.read_to_end(&mut rest)).await.is_ok()
    }

    #[tokio::test]
    async fn idle_connections_make_room_for_one_that_asks() {
        let (address, _guard) = server(limits()).await;
        let mut idle = Vec::new();
        for number in 0..80 {
            let mut stream = TcpStream::connect(address).await.expect("taken");
            if number % 2 == 0 {
                stream.write_all(b"GET / HTTP/1.1\r\nHost: he").await.expect("sent in part");
            }
            idle.push(stream);
        }
        let mut asks = TcpStream::connect(address).await.expect("taken");
        assert!(ask(&mut asks, "/").await.contains("200 OK"));
        assert!(is_closed(&mut idle[0]).await, "the oldest made room");
        assert!(ask(&mut asks, "/").await.contains("200 OK"), "the newest stays");
    }

    #[tokio::test]
    async fn what_is_being_answered_is_not_cut_off_and_one_address_has_no_more_than_its_share() {
        let (address, _guard) = server(limits()).await;
        let mut streams = Vec::new();
        for _ in 0..8 {
            let mut stream = TcpStream::connect(address).await.expect("taken");
            assert!(ask(&mut stream, "/stream").await.contains("200 OK"));
            streams.push(stream);
        }
        let mut ninth = TcpStream::connect(address).await.expect("the system takes it");
        assert!(is_closed(&mut ninth).await, "and the server does not");
        let other = tokio::net::TcpSocket::new_v4().expect("a socket");
        other.bind("127.0.0.2:0".parse().expect("an address")).expect("bound");
        let mut other = other.connect(address).await.expect("taken");
        assert!(ask(&mut other, "/").await.contains("200 OK"), "from elsewhere there is room");
        drop(streams);
        for _ in 0..600 {
            let mut again = TcpStream::connect(address).await.expect("the system takes it");
            if ask(&mut again, "/").await.contains("200 OK") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("those that left make no room");
    }

    #[tokio::test]
    async fn silent_and_slow_clients_time_out() {
        let short = Limits { head: Duration::from_millis(200), ..limits() };
        let (address, _guard) = server(short).await;
        let mut silent = TcpStream::connect(address).await.expect("taken");
        let mut half = TcpStream::connect(address).await.expect("taken");
        half.write_all(b"GET / HTTP/1.1\r\nHost: he").await.expect("sent in part");
        let mut idle = TcpStream::connect(address).await.expect("taken");
        assert!(ask(&mut idle, "/").await.contains("200 OK"));
        for stream in [&mut silent, &mut half, &mut idle] {
            assert!(is_closed(stream).await);
        }
    }

    #[tokio::test]
    async fn a_stop_waits_for_pending_answers_and_not_for_idle_connections() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            "done"
        };
        let router = axum::Router::new().route("/", get(slow));
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, None, router, limits(), shutdown.clone()));
        let mut asks = TcpStream::connect(address).await.expect("taken");
        let asking = tokio::spawn(async move { ask(&mut asks, "/").await });
        tokio::time::sleep(Duration::from_millis(100)).await; // until the request has arrived
        shutdown.cancel();
        assert!(asking.await.expect("asked").contains("done"));
        tokio::time::timeout(LIMIT, serving).await.expect("it stops").expect("well");
    }
}
