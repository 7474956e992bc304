//! One piece on its way out of the storage: hashed as it arrives, opened and decompressed on a thread of its own.
//!
//! ```text
//! storage ─ task: reads, hashes ─▶ thread: age -d, zstd -d ─▶ whoever loads
//! ```
//!
//! A few buffers wait at each arrow, no more. Dropped in its midst, task and thread find their receivers gone and end.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use storage::ObjectReader;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use crate::archive::Archive;
use crate::encryption::Identities;
use crate::error::{DuringIo as _, Error, Result};
use crate::manifest::ObjectEntry;
use crate::plan::Compression;
use crate::progress::Meter;

/// How much text is handed over at a time.
const TEXT_BYTES: usize = 1 << 20;

/// How many buffers wait at each arrow.
const WAITING: usize = 2;

/// One piece on its way out of the storage.
pub(crate) struct PieceInput {
    object: ObjectEntry,
    texts: Receiver<Vec<u8>>,
    /// Ends with whether all bytes were those that were written.
    reading: JoinHandle<Result<bool>>,
    unpacking: JoinHandle<io::Result<()>>,
}

impl PieceInput {
    /// Begins to read a piece.
    pub(crate) async fn open(
        archive: &Archive,
        object: &ObjectEntry,
        compression: Compression,
        meter: &Meter,
    ) -> Result<Self> {
        let key = format!("{}/{}", archive.dump, object.path);
        let reader = archive.client.reader(&key).await.during(|| format!("read {}", object.path))?;
        let (to_unpack, packed) = mpsc::channel(WAITING);
        let (to_caller, texts) = mpsc::channel(WAITING);
        let reading = tokio::spawn(read(reader, object.clone(), meter.clone(), to_unpack));
        let packed = Arriving { packed, current: Bytes::new() };
        let identities = archive.is_encrypted().then(|| archive.identities.clone());
        let unpacking =
            tokio::task::spawn_blocking(move || unpack(packed, identities, compression, &to_caller));
        Ok(Self { object: object.clone(), texts, reading, unpacking })
    }

    /// Returns more of the text; nothing at the end, when all that was read has proved to be what was written.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if let Some(text) = self.texts.recv().await {
            return Ok(Some(text));
        }
        let unpacked = (&mut self.unpacking).await.expect("unpacking does not panic");
        let whole = (&mut self.reading).await.expect("reading does not panic");
        // What the storage says comes first: a piece that breaks off can't be decompressed either.
        match (whole?, unpacked) {
            (_, Err(cause)) if cause.kind() == io::ErrorKind::InvalidInput => {
                Err(Error::Locked { path: self.object.path.clone() })
            }
            (_, Err(cause)) => Err(self.damaged(&format!("it can't be unpacked: {cause}"))),
            (false, Ok(())) => Err(self.damaged("its bytes do not fit its checksum")),
            (true, Ok(())) => Ok(None),
        }
    }

    /// Says what is wrong with the piece.
    pub(crate) fn damaged(&self, why: &str) -> Error {
        Error::Damaged { path: self.object.path.clone(), why: why.to_owned() }
    }
}

async fn read(
    mut reader: ObjectReader,
    object: ObjectEntry,
    meter: Meter,
    to_unpack: Sender<Bytes>,
) -> Result<bool> {
    let mut hasher = blake3::Hasher::new();
    while let Some(bytes) = reader.next().await.during(|| format!("read {}", object.path))? {
        hasher.update(&bytes);
        meter.change(|progress| progress.bytes += bytes.len() as u64);
        if to_unpack.send(bytes).await.is_err() {
            return Ok(false); // what came so far could not be unpacked, or nobody wants it any more
        }
    }
    Ok(hasher.finalize().to_hex().as_str() == object.blake3)
}

fn unpack(
    packed: Arriving,
    identities: Option<Identities>,
    compression: Compression,
    to_caller: &Sender<Vec<u8>>,
) -> io::Result<()> {
    let open: Box<dyn Read> = match identities {
        Some(identities) => Box::new(identities.open(packed)?),
        None => Box::new(packed),
    };
    let mut plain: Box<dyn Read> = match compression {
        Compression::None => open,
        Compression::Lz4 => Box::new(Lz4Frames(lz4_flex::frame::FrameDecoder::new(open))),
        Compression::Zstd { .. } => Box::new(zstd::stream::read::Decoder::new(open)?),
    };
    loop {
        let mut text = Vec::with_capacity(TEXT_BYTES);
        plain.by_ref().take(TEXT_BYTES as u64).read_to_end(&mut text)?;
        if text.is_empty() || to_caller.blocking_send(text).is_err() {
            return Ok(());
        }
    }
}

/// The bytes that the task sends, as something to read from.
struct Arriving {
    packed: Receiver<Bytes>,
    current: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.packed.blocking_recv() {
                Some(bytes) => self.current = bytes,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Frame after frame: the decoder stops at the end of each, and goes on when it is asked again.
struct Lz4Frames<R: Read>(lz4_flex::frame::FrameDecoder<R>);

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => self.0.read(buffer), // no frame is empty: nothing again is the end
            length => Ok(length),
        }
    }
}
