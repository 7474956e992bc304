//! Packets: three bytes for the length, one for the sequence number; longer payloads are split.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The longest payload of one packet; a longer one is split.
const MAX_PAYLOAD: usize = 0xff_ff_ff;
/// The maximum size of a client's command.
const MAX_COMMAND: usize = 64 << 20;

/// The transport of packets: TCP, or TLS over TCP.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for T {}

/// A connection as a sequence of payloads.
pub(crate) struct Packets {
    stream: BufReader<Box<dyn Stream>>,
    sequence: u8,
    out: Vec<u8>,
}

impl Packets {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream: BufReader::new(Box::new(stream)), sequence: 0, out: Vec::new() }
    }

    /// Continues with TLS. The buffer is passed on, because it may already contain the client's first bytes.
    pub(crate) async fn secure(self, acceptor: &TlsAcceptor) -> io::Result<Self> {
        let stream = acceptor.accept(self.stream).await?;
        Ok(Self { stream: BufReader::new(Box::new(stream)), sequence: self.sequence, out: self.out })
    }

    /// Resets the sequence number for a new command.
    pub(crate) fn restart(&mut self) {
        self.sequence = 0;
    }

    /// Returns the next payload; `None` if the client has disconnected.
    pub(crate) async fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut payload = Vec::new();
        loop {
            let mut header = [0_u8; 4];
            match self.stream.read_exact(&mut header).await {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && payload.is_empty() => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
            let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
            self.sequence = header[3].wrapping_add(1);
            let start = payload.len();
            if start + length > MAX_COMMAND {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a command longer than 64 MiB"));
            }
            payload.resize(start + length, 0);
            self.stream.read_exact(&mut payload[start..]).await?;
            if length < MAX_PAYLOAD {
                return Ok(Some(payload));
            }
        }
    }

    /// Queues a payload.
    pub(crate) fn write(&mut self, payload: &[u8]) {
        let mut rest = payload;
        loop {
            let (part, left) = rest.split_at(rest.len().min(MAX_PAYLOAD));
            let length = part.len() as u32;
            self.out.extend_from_slice(&length.to_le_bytes()[..3]);
            self.out.push(self.sequence);
            self.sequence = self.sequence.wrapping_add(1);
            self.out.extend_from_slice(part);
            if part.len() < MAX_PAYLOAD {
                return;
            }
            rest = left;
        }
    }

    /// Returns the number of queued bytes; a long answer is sent in slices.
    pub(crate) fn queued(&self) -> usize {
        self.out.len()
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out).await?;
        self.out.clear();
        self.stream.flush().await
    }
}

/// Writes a length-encoded integer.
pub(crate) fn put_length(out: &mut Vec<u8>, number: u64) {
    match number {
        0..=250 => out.push(number as u8),
        251..=0xffff => {
            out.push(0xfc);
            out.extend_from_slice(&(number as u16).to_le_bytes());
        }
        0x1_0000..=0xff_ffff => {
            out.push(0xfd);
            out.extend_from_slice(&(number as u32).to_le_bytes()[..3]);
        }
        _ => {
            out.push(0xfe);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Writes the length of the bytes, and then the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads a payload from its start; every read is checked.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// Reads a little-endian number of up to eight bytes.
    pub(crate) fn number(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Reads bytes up to a NUL, and consumes the NUL.
    pub(crate) fn until_nul(&mut self) -> Option<&'a [u8]> {
        let end = self.bytes.iter().position(|byte| *byte == 0)?;
        let taken = self.take(end)?;
        self.take(1)?;
        Some(taken)
    }

    /// Reads a length-encoded integer.
    pub(crate) fn length(&mut self) -> Option<u64> {
        match self.byte()? {
            0xfc => self.number(2),
            0xfd => self.number(3),
            0xfe => self.number(8),
            small => Some(u64::from(small)),
        }
    }

    /// Reads bytes that follow their length.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.length()?).ok()?;
        self.take(length)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_reads_back_as_written() {
        for number in [0, 250, 251, 65_535, 65_536, 16_777_215, 16_777_216, u64::MAX] {
            let mut out = Vec::new();
            put_length(&mut out, number);
            assert_eq!(Reader::new(&out).length(), Some(number));
        }
    }

    #[test]
    fn a_payload_that_ends_too_early_is_noticed() {
        assert_eq!(Reader::new(&[5, 1, 2]).bytes(), None);
        assert_eq!(Reader::new(b"abc").until_nul(), None);
    }
}
