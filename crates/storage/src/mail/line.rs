//! The connection under SMTP: encrypted or not, and with a bounded number of bytes from the server.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The most bytes that a server may send.
const BYTES_MAX: usize = 256 << 10;

/// A server greets only once, before the encryption. The library waits for a greeting on each connection.
const GREETED: &[u8] = b"220 encrypted\r\n";

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    stream: Stream,
    greeting: &'static [u8],
    left: usize,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Line {
    /// A connection without encryption.
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { stream: Stream::Plain(stream), greeting: b"", left: BYTES_MAX }
    }

    /// A connection that is encrypted from its first byte.
    pub(super) fn encrypted(stream: TlsStream<TcpStream>) -> Self {
        Self { stream: Stream::Encrypted(Box::new(stream)), greeting: b"", left: BYTES_MAX }
    }

    /// A connection that was encrypted after the greeting.
    pub(super) fn upgraded(stream: TlsStream<TcpStream>) -> Self {
        Self { greeting: GREETED, ..Self::encrypted(stream) }
    }

    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        let stream: &mut (dyn AsyncWrite + Unpin) = match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Encrypted(stream) => stream.as_mut(),
        };
        Pin::new(stream)
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let (now, later) = self.greeting.split_at(self.greeting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        match &mut self.stream {
            Stream::Plain(stream) => ready!(Pin::new(stream).poll_read(context, buffer))?,
            Stream::Encrypted(stream) => ready!(Pin::new(stream.as_mut()).poll_read(context, buffer))?,
        }
        match self.left.checked_sub(buffer.filled().len() - before) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(io::Error::other("the server sends too much"))),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writer().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_shutdown(context)
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(stream) => stream.peer_addr(),
            Stream::Encrypted(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}
