//! A connection with the parts of MySQL's protocol that are needed: log-on, statements, their answers.
//!
//! It is our own implementation because a dump consists of rows: a row is copied from one buffer into another,
//! without an allocation for it or its values (`docs/decisions/0006-rows-are-read-by-ourselves.md` has the figures).
//! `mysql_common` does the work that happens once per connection.
//!
//! Source: the chapter "Client/Server Protocol" of MySQL's documentation. The client requests rows that end with the
//! old EOF packet (no `CLIENT_DEPRECATE_EOF`), sends one statement at a time, and never sends local files.

mod bound;
mod inbox;
mod log_on;
#[cfg(test)]
mod random;
mod row;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

pub(crate) use self::log_on::{Login, NoEntry};
pub(crate) use self::row::{Places, Reader};
use crate::wire::inbox::Inbox;

/// The longest payload of one packet; a longer one continues in the next.
const PACKET_MOST_BYTES: usize = 0xFF_FFFF;

/// Shorter statements are copied and sent in one write with their packet header.
const SMALL_STATEMENT_BYTES: usize = 16 << 10;

/// The maximum number of columns of an answer, and the maximum size of their names: far more than any server allows.
const COLUMNS_MOST: u64 = 1 << 16;
const COLUMN_NAMES_MOST_BYTES: usize = 16 << 20;

const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;

/// The status flag for another answer that follows.
const MORE_RESULTS: u16 = 0x0008;

/// A logged-on connection. Dropping it closes the socket and reads nothing more.
pub(crate) struct Wire {
    stream: Stream,
    inbox: Inbox,
    sequence: u8,
    connection_id: u32,
    peer: SocketAddr,
}

/// The server's message about a refused statement or log-on.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) number: u16,
    pub(crate) sqlstate: String,
    pub(crate) text: String,
}

/// Why a statement has no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused it.
    Refused(Refusal),
    /// The connection was lost, or the server's data is invalid ([`io::ErrorKind::InvalidData`]).
    Lost(io::Error),
}

impl From<io::Error> for Failure {
    fn from(cause: io::Error) -> Self {
        Self::Lost(cause)
    }
}

/// The server sends more than the limit.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("more than {limit} bytes")]
pub(crate) struct TooLarge {
    /// The limit in bytes.
    pub(crate) limit: usize,
    /// The setting of the limit.
    pub(crate) setting: &'static str,
}

impl TooLarge {
    /// Returns the `TooLarge` in an I/O error, if it is one.
    pub(crate) fn of(cause: &io::Error) -> Option<&Self> {
        cause.get_ref()?.downcast_ref()
    }
}

impl From<TooLarge> for io::Error {
    fn from(too_large: TooLarge) -> Self {
        Self::new(io::ErrorKind::InvalidData, too_large)
    }
}

/// The beginning of an answer.
pub(crate) enum Beginning {
    /// There are no rows; `changed` is the number of changed rows.
    Done { changed: u64, more: bool },
    /// Rows follow, with these columns.
    Rows { names: Vec<String> },
}

/// The next packet among rows.
pub(crate) enum Next {
    /// A row, whose payload is in the given buffer.
    Row,
    /// The end of the rows; another answer may follow.
    End { more: bool },
}

impl Wire {
    /// Returns the server's ID of this connection.
    pub(crate) fn connection_id(&self) -> u32 {
        self.connection_id
    }

    /// Returns the address of the server.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Sends a statement.
    pub(crate) async fn send(&mut self, statement: &[u8]) -> Result<(), Failure> {
        self.sequence = 0;
        self.write(COM_QUERY, statement).await?;
        Ok(())
    }

    /// Reads the beginning of the answer.
    pub(crate) async fn beginning(&mut self) -> Result<Beginning, Failure> {
        let mut payload = Vec::new();
        self.read(&mut payload).await?;
        match payload.first() {
            Some(0x00) => {
                let mut reader = Reader::new(&payload[1..]);
                let changed = reader.length()?;
                reader.length()?; // the last AUTO_INCREMENT value
                Ok(Beginning::Done { changed, more: reader.number::<2>()? as u16 & MORE_RESULTS != 0 })
            }
            Some(0xFF) => Err(Failure::Refused(refusal(&payload)?)),
            Some(0xFB) => Err(nonsense("it asks for a file").into()),
            _ => {
                let count = Reader::new(&payload).length()?;
                if count > COLUMNS_MOST {
                    return Err(nonsense("more columns than any server allows").into());
                }
                let (mut names, mut names_bytes) = (Vec::new(), 0);
                for _ in 0..count {
                    self.read(&mut payload).await?;
                    let name = row::column_name(&payload)?;
                    names_bytes += name.len();
                    if names_bytes > COLUMN_NAMES_MOST_BYTES {
                        return Err(nonsense("longer names of columns than any server allows").into());
                    }
                    names.push(name);
                }
                self.read(&mut payload).await?;
                row::end_of_rows(&payload).ok_or_else(|| nonsense("no end of columns where it must be"))?;
                Ok(Beginning::Rows { names })
            }
        }
    }

    /// Replaces the content of `payload` with the next row's payload.
    pub(crate) async fn next(&mut self, payload: &mut Vec<u8>) -> Result<Next, Failure> {
        if !self.inbox.take_whole(payload)? {
            self.read(payload).await?;
        }
        row::next(payload)
    }

    /// Reads the next row's payload, if all of it has already arrived.
    pub(crate) fn next_arrived(&mut self, payload: &mut Vec<u8>) -> Result<Option<Next>, Failure> {
        if self.inbox.take_whole(payload)? { row::next(payload).map(Some) } else { Ok(None) }
    }

    /// Discards the rest of the server's answer to a statement.
    pub(crate) async fn finish(&mut self, mut more: bool) -> Result<(), Failure> {
        let mut payload = Vec::new();
        while more {
            more = match self.beginning().await? {
                Beginning::Done { more, .. } => more,
                Beginning::Rows { .. } => loop {
                    if let Next::End { more } = self.next(&mut payload).await? {
                        break more;
                    }
                },
            };
        }
        Ok(())
    }

    /// Sends a quit command.
    pub(crate) async fn quit(mut self) {
        self.sequence = 0;
        // The connection is closed either way.
        let _ = self.write(COM_QUIT, &[]).await;
        let _ = self.stream.shutdown().await;
    }

    async fn read(&mut self, payload: &mut Vec<u8>) -> Result<(), io::Error> {
        self.sequence = self.inbox.read(&mut self.stream, payload).await?.wrapping_add(1);
        Ok(())
    }

    /// Writes a command, split into packets if necessary.
    async fn write(&mut self, command: u8, body: &[u8]) -> io::Result<()> {
        if body.len() < SMALL_STATEMENT_BYTES {
            let mut whole = Vec::with_capacity(body.len() + 1);
            whole.push(command);
            whole.extend_from_slice(body);
            return self.write_packet(&whole).await;
        }
        let (first, mut rest) = body.split_at(body.len().min(PACKET_MOST_BYTES - 1));
        let mut head = self.head(first.len() + 1).to_vec();
        head.push(command);
        self.stream.write_all(&head).await?;
        self.stream.write_all(first).await?;
        let mut is_full = first.len() + 1 == PACKET_MOST_BYTES;
        while is_full {
            let (part, behind) = rest.split_at(rest.len().min(PACKET_MOST_BYTES));
            let head = self.head(part.len());
            self.stream.write_all(&head).await?;
            self.stream.write_all(part).await?;
            (rest, is_full) = (behind, part.len() == PACKET_MOST_BYTES);
        }
        self.stream.flush().await
    }

    /// Writes a payload that fits into one packet.
    async fn write_packet(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut packet = self.head(payload.len()).to_vec();
        packet.extend_from_slice(payload);
        self.stream.write_all(&packet).await?;
        self.stream.flush().await
    }

    fn head(&mut self, length: usize) -> [u8; 4] {
        let length = u32::try_from(length).expect("a packet is shorter than 16 MiB").to_le_bytes();
        let head = [length[0], length[1], length[2], self.sequence];
        self.sequence = self.sequence.wrapping_add(1);
        head
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("connection_id", &self.connection_id).finish_non_exhaustive()
    }
}

/// Reads a refusal; one that replaces the handshake has no SQLSTATE.
fn refusal(payload: &[u8]) -> Result<Refusal, io::Error> {
    let mut reader = Reader::new(payload.get(1..).unwrap_or_default());
    let number = reader.number::<2>()? as u16;
    let rest = reader.rest();
    let (sqlstate, text) = match rest {
        [b'#', state @ ..] if state.len() >= 5 => state.split_at(5),
        text => (&b"HY000"[..], text),
    };
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Refusal { number, sqlstate: words(sqlstate), text: words(text) })
}

fn nonsense(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The transport below the protocol.
enum Stream {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
