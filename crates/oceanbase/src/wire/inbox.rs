//! Received data: one buffer for many small packets; a large packet goes directly to its destination.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::wire::{PACKET_MOST_BYTES, TooLarge};

/// The size of a read from the system. A larger one means more memory per connection and fewer calls.
const BUFFER_BYTES: usize = 256 << 10;

const HEAD_BYTES: usize = 4;

/// Data that has arrived and has not been taken yet.
pub(super) struct Inbox {
    buffer: Box<[u8]>,
    begin: usize,
    end: usize,
    payload_most_bytes: usize,
}

impl Inbox {
    /// Returns an empty inbox, which accepts payloads up to that length.
    pub(super) fn new(payload_most_bytes: usize) -> Self {
        Self { buffer: vec![0; BUFFER_BYTES].into_boxed_slice(), begin: 0, end: 0, payload_most_bytes }
    }

    /// Accepts payloads up to that length from now on.
    pub(super) fn allow(&mut self, payload_most_bytes: usize) {
        self.payload_most_bytes = payload_most_bytes;
    }

    /// Returns the data that has arrived, for error messages.
    pub(super) fn arrived(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    /// Replaces the content of `payload` with the next payload, if all of it has arrived.
    pub(super) fn take_whole(&mut self, payload: &mut Vec<u8>) -> io::Result<bool> {
        let Some((length, _)) = self.head() else { return Ok(false) };
        let from = self.begin + HEAD_BYTES;
        if length == PACKET_MOST_BYTES || self.end - from < length {
            return Ok(false);
        }
        payload.clear();
        payload.extend_from_slice(&self.buffer[from..from + length]);
        self.begin = from + length;
        Ok(true)
    }

    /// Replaces the content of `payload` with the next payload, which may consist of several packets; returns the
    /// sequence number of the last one.
    pub(super) async fn read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        payload: &mut Vec<u8>,
    ) -> io::Result<u8> {
        payload.clear();
        loop {
            let (length, sequence) = self.next_head(stream).await?;
            if payload.len() + length > self.payload_most_bytes {
                return Err(TooLarge { limit: self.payload_most_bytes, setting: "limits.row_mib" }.into());
            }
            self.begin += HEAD_BYTES;
            self.take(stream, payload, length).await?;
            if length < PACKET_MOST_BYTES {
                return Ok(sequence);
            }
        }
    }

    /// Waits for the header of the next packet; returns its length and sequence number, and consumes nothing.
    pub(super) async fn next_head(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<(usize, u8)> {
        loop {
            match self.head() {
                Some(head) => return Ok(head),
                None => self.fill(stream).await?,
            }
        }
    }

    /// Appends this many bytes to a payload: first buffered ones, then newly received ones.
    async fn take(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        payload: &mut Vec<u8>,
        length: usize,
    ) -> io::Result<()> {
        let mut missing = length;
        loop {
            let here = missing.min(self.end - self.begin);
            payload.extend_from_slice(&self.buffer[self.begin..self.begin + here]);
            self.begin += here;
            missing -= here;
            if missing == 0 {
                return Ok(());
            }
            if missing < BUFFER_BYTES {
                self.fill(stream).await?;
                continue;
            }
            // At most double what has arrived: memory is not allocated for an announced length alone.
            payload.reserve(missing.min(payload.len().max(BUFFER_BYTES)));
            let mut straight = (&mut *stream).take(u64::try_from(missing).expect("64 bits count any memory"));
            let read = straight.read_buf(payload).await?;
            missing -= arrived(read)?;
        }
    }

    /// Reads more data from the system.
    async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        if self.begin > 0 {
            // The remaining data is less than a packet.
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        let read = stream.read(&mut self.buffer[self.end..]).await?;
        self.end += arrived(read)?;
        Ok(())
    }

    /// Returns the length and sequence number of the next packet, if its header has arrived.
    fn head(&self) -> Option<(usize, u8)> {
        let [a, b, c, sequence] = *self.buffer[self.begin..self.end].first_chunk()?;
        Some((usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16, sequence))
    }
}

fn arrived(bytes: usize) -> io::Result<usize> {
    if bytes == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::{BUFFER_BYTES, HEAD_BYTES, Inbox};
    use crate::wire::{PACKET_MOST_BYTES, TooLarge};

    /// Returns the packets of a payload.
    fn packets(payload: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        let mut parts: Vec<&[u8]> = payload.chunks(PACKET_MOST_BYTES).collect();
        if payload.len().is_multiple_of(PACKET_MOST_BYTES) {
            parts.push(&[]);
        }
        for (sequence, part) in parts.into_iter().enumerate() {
            let length = part.len().to_le_bytes();
            all.extend([length[0], length[1], length[2], u8::try_from(sequence).expect("few packets")]);
            all.extend(part);
        }
        all
    }

    #[tokio::test]
    async fn payloads_of_every_length_arrive_whole_and_in_order() {
        let around = |middle: usize| [middle - 1, middle, middle + 1];
        let lengths: Vec<usize> = [0, 1]
            .into_iter()
            .chain(around(BUFFER_BYTES - HEAD_BYTES))
            .chain(around(BUFFER_BYTES))
            .chain(around(PACKET_MOST_BYTES))
            .chain(around(2 * PACKET_MOST_BYTES))
            .chain(std::iter::repeat_n(5, 100_000))
            .collect();
        let (mut near, mut far) = tokio::io::duplex(100_000);
        let payload = |place: usize, length: usize| vec![u8::try_from(place % 251).expect("a byte"); length];
        let sent = lengths.clone();
        let sending = tokio::spawn(async move {
            for (place, &length) in sent.iter().enumerate() {
                far.write_all(&packets(&payload(place, length))).await.expect("somebody reads");
            }
        });
        let (mut inbox, mut found) = (Inbox::new(1 << 30), Vec::new());
        for (place, &length) in lengths.iter().enumerate() {
            if !inbox.take_whole(&mut found).expect("packets") {
                inbox.read(&mut near, &mut found).await.expect("a payload");
            }
            assert!(found == payload(place, length), "payload {place} of {length} bytes");
        }
        sending.await.expect("all was sent");
        let error = inbox.read(&mut near, &mut found).await.expect_err("the other end is gone");
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn a_payload_beyond_the_limit_is_refused_before_it_is_kept() {
        for (length, limit, is_taken) in [
            (1 << 20, 1 << 20, true),
            ((1 << 20) + 1, 1 << 20, false),
            (PACKET_MOST_BYTES, PACKET_MOST_BYTES, true),
            (PACKET_MOST_BYTES + 1, PACKET_MOST_BYTES, false),
        ] {
            let (mut near, mut far) = tokio::io::duplex(1 << 20);
            let sending = tokio::spawn(async move {
                let _ = far.write_all(&packets(&vec![7; length])).await; // the reader may stop early
            });
            let (mut inbox, mut found) = (Inbox::new(limit), Vec::new());
            let read = inbox.read(&mut near, &mut found).await;
            assert!(found.capacity() <= 2 * limit + BUFFER_BYTES, "{} of {limit}", found.capacity());
            match read {
                Ok(_) => assert!(is_taken && found.len() == length, "{length} of {limit}"),
                Err(error) => {
                    assert!(!is_taken, "{length} of {limit}: {error}");
                    assert_eq!(TooLarge::of(&error).map(|too| too.limit), Some(limit));
                }
            }
            drop(near);
            sending.await.expect("sent");
        }
    }
}
