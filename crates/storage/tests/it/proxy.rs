//! A proxy between client and server that cuts connections, drops answers, and slows down transfers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A running proxy; it ends with the test's runtime.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// How many bytes went to the server, and came from it.
    sent: AtomicU64,
    received: AtomicU64,
    /// The number of connections to cut, and the bytes in one direction before a cut.
    cuts_left: AtomicI64,
    cut_after: AtomicU64,
    cuts_upload: AtomicU64,
    /// The number of answers to drop, and the beginning of the affected requests.
    swallows_left: AtomicI64,
    swallow: std::sync::Mutex<Vec<u8>>,
    /// The bytes per millisecond; 0 means no limit.
    pace: AtomicU64,
}

impl Proxy {
    /// Starts a proxy in front of a port of this machine.
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                serve(client, server, shared.clone());
            }
        });
        Self { port, state }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Cuts this many connections, each after this many bytes to the server, or from it.
    pub(crate) fn cut(&self, times: i64, after: u64, uploads: bool) {
        self.state.cut_after.store(after, Ordering::SeqCst);
        self.state.cuts_upload.store(uploads.into(), Ordering::SeqCst);
        self.state.cuts_left.store(times, Ordering::SeqCst);
    }

    /// Lets this many requests with these words in their first bytes reach the server, and cuts the connection before
    /// the answer.
    pub(crate) fn swallow_answers(&self, times: i64, words: &str) {
        *self.state.swallow.lock().expect("no panic") = words.as_bytes().to_vec();
        self.state.swallows_left.store(times, Ordering::SeqCst);
    }

    /// Lets this many bytes pass per millisecond and direction.
    pub(crate) fn pace(&self, bytes: u64) {
        self.state.pace.store(bytes, Ordering::SeqCst);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }

    pub(crate) fn received(&self) -> u64 {
        self.state.received.load(Ordering::SeqCst)
    }

    /// Returns whether all planned faults occurred.
    pub(crate) fn has_misbehaved(&self) -> bool {
        self.state.cuts_left.load(Ordering::SeqCst) <= 0
            && self.state.swallows_left.load(Ordering::SeqCst) <= 0
    }
}

fn serve(client: TcpStream, server: TcpStream, state: Arc<State>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let swallowing = Arc::new(AtomicU64::new(0));
    tokio::spawn(pump(from_client, to_server, state.clone(), swallowing.clone(), true));
    tokio::spawn(pump(from_server, to_client, state, swallowing, false));
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: Arc<State>,
    swallowing: Arc<AtomicU64>,
    is_upload: bool,
) {
    let mut passed = 0;
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..count];
        if is_upload && state.is_to_be_swallowed(bytes) {
            swallowing.store(1, Ordering::SeqCst);
        }
        if !is_upload && swallowing.load(Ordering::SeqCst) == 1 {
            break; // the server has executed the request, but the answer is lost
        }
        passed += count as u64;
        if state.is_to_be_cut(is_upload, passed) {
            break;
        }
        if to.write_all(bytes).await.is_err() {
            break;
        }
        let counter = if is_upload { &state.sent } else { &state.received };
        counter.fetch_add(count as u64, Ordering::SeqCst);
        let pace = state.pace.load(Ordering::SeqCst);
        if let Some(wait_ms) = (count as u64).checked_div(pace) {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }
    let _ = to.shutdown().await; // and the other direction ends with the halves' peers
}

impl State {
    fn is_to_be_swallowed(&self, bytes: &[u8]) -> bool {
        let words = self.swallow.lock().expect("no panic");
        let head = &bytes[..bytes.len().min(2048)];
        !words.is_empty()
            && head.windows(words.len()).any(|window| window == &words[..])
            && self.swallows_left.fetch_sub(1, Ordering::SeqCst) > 0
    }

    fn is_to_be_cut(&self, is_upload: bool, passed: u64) -> bool {
        (self.cuts_upload.load(Ordering::SeqCst) == 1) == is_upload
            && passed > self.cut_after.load(Ordering::SeqCst)
            && self.cuts_left.load(Ordering::SeqCst) > 0
            && self.cuts_left.fetch_sub(1, Ordering::SeqCst) > 0
    }
}
