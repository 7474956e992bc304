//! Writes a piece to the storage: compressed and encrypted on other threads, and hashed.
//!
//! While one buffer is compressed, the next is filled; there are never more than these two. Each buffer becomes a
//! separate frame, so a reader may decompress them separately; concatenated, they suit `zstd -d` and `lz4 -d`. Text
//! that is neither compressed nor encrypted comes in smaller buffers, and is hashed on the thread that produced it,
//! in whose CPU cache it still is.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use storage::ObjectWriter;
use tokio::task::JoinHandle;

use crate::archive::Archive;
use crate::blocks::BlockHasher;
use crate::encryption::{Cipher, Recipient};
use crate::error::{DuringIo as _, Error, Result};
use crate::manifest::ObjectEntry;
use crate::plan::Compression;

/// The amount of text per frame.
const FRAME_BYTES: usize = 4 << 20;

/// The amount of text that is written at a time if it is neither compressed nor encrypted.
const PLAIN_BYTES: usize = 1 << 20;

/// Empty buffers that pieces pass on to the next piece: new memory costs a page fault for every 4 KiB.
#[derive(Default)]
pub(crate) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    /// Returns an empty buffer; without capacity if none was passed on.
    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Passes a buffer on, unless it is small, or was allocated for an unusually large value.
    fn give(&self, mut buffer: Vec<u8>) {
        if (PLAIN_BYTES..=2 * FRAME_BYTES).contains(&buffer.capacity()) {
            buffer.clear();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}

/// A piece that is being written to the storage.
pub(crate) struct PieceOutput {
    archive: Archive,
    buffers: Arc<Buffers>,
    key: String,
    path: String,
    compression: Compression,
    writer: Option<ObjectWriter>,
    packer: Option<Packer>,
    packing: Option<JoinHandle<io::Result<Packed>>>,
    /// A buffer whose content was written, for reuse.
    spare: Vec<u8>,
    /// The bytes of text that were pushed.
    pub(crate) raw_bytes: u64,
    /// The bytes that were written.
    pub(crate) bytes: u64,
}

impl PieceOutput {
    pub(crate) fn new(
        archive: &Archive,
        buffers: &Arc<Buffers>,
        key: String,
        path: String,
        compression: Compression,
    ) -> Self {
        Self {
            archive: archive.clone(),
            buffers: Arc::clone(buffers),
            key,
            path,
            compression,
            writer: None,
            packer: None,
            packing: None,
            spare: Vec::new(),
            raw_bytes: 0,
            bytes: 0,
        }
    }

    /// Returns the minimum amount of text per push.
    pub(crate) fn wants_bytes(&self) -> usize {
        if self.stays_plain() { PLAIN_BYTES } else { FRAME_BYTES }
    }

    fn stays_plain(&self) -> bool {
        self.compression == Compression::None && !self.archive.is_encrypted()
    }

    /// Returns an empty buffer, for the first text.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        let mut buffer = self.buffers.take();
        buffer.reserve(FRAME_BYTES / 16);
        buffer
    }

    /// Accepts a buffer full of text and returns an empty one.
    pub(crate) async fn push(&mut self, text: Vec<u8>) -> Result<Vec<u8>> {
        self.raw_bytes += text.len() as u64;
        if self.stays_plain() {
            let packed = self.packer()?.pack(text, Vec::new()).map_err(|cause| self.unpacked(&cause))?;
            return self.write(packed).await;
        }
        let empty = match self.drain().await? {
            Some(empty) => empty,
            None => self.large(self.buffers.take()),
        };
        let packer = self.packer()?;
        let spare = std::mem::take(&mut self.spare);
        let into = if spare.capacity() == 0 { self.buffers.take() } else { spare };
        self.packing = Some(tokio::task::spawn_blocking(move || packer.pack(text, into)));
        Ok(empty)
    }

    /// Takes the packer; creates it for the first text.
    fn packer(&mut self) -> Result<Packer> {
        match self.packer.take() {
            Some(packer) => Ok(packer),
            None => {
                Packer::new(self.compression, &self.archive.recipients).map_err(|cause| self.unpacked(&cause))
            }
        }
    }

    /// Waits until the storage has everything that was pushed, and passes the buffers on, including the last one.
    pub(crate) async fn settle(mut self, last: Vec<u8>) -> Result<Settled> {
        self.buffers.give(last);
        if let Some(drained) = self.drain().await? {
            self.buffers.give(drained);
        }
        self.buffers.give(std::mem::take(&mut self.spare));
        let Self { path, writer, packer, raw_bytes, bytes, .. } = self;
        Ok(Settled { path, begun: writer.zip(packer), raw_bytes, bytes })
    }

    /// Writes the frame that is being compressed, if there is one, and returns an empty buffer.
    async fn drain(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(packing) = self.packing.take() else { return Ok(None) };
        let packed = packing.await.expect("compressing does not panic");
        let packed = packed.map_err(|cause| self.unpacked(&cause))?;
        self.write(packed).await.map(Some)
    }

    /// Writes a frame; returns an empty buffer for text.
    async fn write(&mut self, Packed { packer, left, frame }: Packed) -> Result<Vec<u8>> {
        self.packer = Some(packer);
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.archive.client.writer(&self.key).await.during(|| format!("write {}", self.path))?,
        };
        self.bytes += frame.len() as u64;
        let frame = Bytes::from(frame);
        if !frame.is_empty() {
            writer.write(frame.clone()).await.during(|| format!("write {}", self.path))?;
        }
        self.writer = Some(writer);
        let written = emptied(frame);
        let (text, spare) =
            if left.capacity() > written.capacity() { (left, written) } else { (written, left) };
        self.spare = spare;
        Ok(self.large(text))
    }

    /// Ensures the capacity of an empty buffer, so that it does not need to be reallocated.
    fn large(&self, buffer: Vec<u8>) -> Vec<u8> {
        let wanted = self.wants_bytes();
        if buffer.capacity() < wanted { Vec::with_capacity(wanted + FRAME_BYTES / 4) } else { buffer }
    }

    fn unpacked(&self, cause: &io::Error) -> Error {
        unpacked(&self.path, cause)
    }
}

/// A piece whose text is completely written.
pub(crate) struct Settled {
    path: String,
    /// `None` if nothing was pushed.
    begun: Option<(ObjectWriter, Packer)>,
    /// The bytes of text that were pushed.
    pub(crate) raw_bytes: u64,
    /// The bytes that were written.
    pub(crate) bytes: u64,
}

impl Settled {
    /// Makes the object visible, if anything was pushed.
    pub(crate) async fn finish(self) -> Result<Option<ObjectEntry>> {
        let Self { path, begun, mut bytes, .. } = self;
        let Some((mut writer, mut packer)) = begun else { return Ok(None) };
        let end = packer.end().map_err(|cause| unpacked(&path, &cause))?;
        if !end.is_empty() {
            bytes += end.len() as u64;
            writer.write(Bytes::from(end)).await.during(|| format!("write {path}"))?;
        }
        let written = writer.finish().await.during(|| format!("write {path}"))?;
        assert_eq!(written, bytes, "the storage says how much it was given");
        let (blake3, blocks) = packer.hasher.finish();
        Ok(Some(ObjectEntry { path, bytes, blake3, blocks }))
    }
}

fn unpacked(path: &str, cause: &io::Error) -> Error {
    Error::Damaged { path: path.to_owned(), why: format!("it can't be packed: {cause}") }
}

/// Returns the memory of a written frame for reuse; an empty buffer if the storage still uses it.
fn emptied(frame: Bytes) -> Vec<u8> {
    let Ok(mut frame) = frame.try_into_mut() else { return Vec::new() };
    frame.clear();
    Vec::from(frame)
}

/// A frame, with its packer and buffer for reuse.
struct Packed {
    packer: Packer,
    /// An empty buffer.
    left: Vec<u8>,
    frame: Vec<u8>,
}

/// Compresses, encrypts and hashes.
struct Packer {
    compressor: Compressor,
    cipher: Option<Cipher>,
    hasher: BlockHasher,
}

enum Compressor {
    None,
    Lz4,
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Packer {
    fn new(compression: Compression, recipients: &Arc<[Recipient]>) -> io::Result<Self> {
        let compressor = match compression {
            Compression::None => Compressor::None,
            Compression::Lz4 => Compressor::Lz4,
            Compression::Zstd { level } => {
                let mut compressor = zstd::bulk::Compressor::new(level)?;
                compressor.include_checksum(true)?;
                Compressor::Zstd(compressor)
            }
        };
        let cipher = if recipients.is_empty() { None } else { Some(Cipher::new(recipients)?) };
        Ok(Self { compressor, cipher, hasher: BlockHasher::new() })
    }

    /// Converts a text to a frame; `into` is an empty buffer.
    fn pack(mut self, text: Vec<u8>, into: Vec<u8>) -> io::Result<Packed> {
        let (mut left, mut frame) = match &mut self.compressor {
            Compressor::None => (into, text),
            Compressor::Lz4 => {
                let frame = lz4_frame(&text, into)?;
                (text, frame)
            }
            Compressor::Zstd(compressor) => {
                let mut frame = into;
                frame.reserve(zstd::zstd_safe::compress_bound(text.len()));
                compressor.compress_to_buffer(&text, &mut frame)?;
                (text, frame)
            }
        };
        left.clear();
        if let Some(cipher) = &mut self.cipher {
            frame = cipher.push(&frame)?;
        }
        self.hasher.update(&frame);
        Ok(Packed { packer: self, left, frame })
    }

    /// Returns what follows the last frame.
    fn end(&mut self) -> io::Result<Vec<u8>> {
        let end = self.cipher.take().map_or_else(|| Ok(Vec::new()), Cipher::finish)?;
        self.hasher.update(&end);
        Ok(end)
    }
}

fn lz4_frame(text: &[u8], into: Vec<u8>) -> io::Result<Vec<u8>> {
    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
    let info = FrameInfo::new().block_size(BlockSize::Max4MB).content_checksum(true);
    let mut encoder = FrameEncoder::with_frame_info(info, into);
    encoder.write_all(text)?;
    encoder.finish().map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::storage::StorageLocation;
    use storage::{Client, FileRoots};

    use super::{Buffers, PieceOutput};
    use crate::archive::Archive;
    use crate::plan::Compression;

    #[tokio::test]
    async fn pieces_hand_their_buffers_on_and_make_no_more_of_them() {
        let dir = tempfile::tempdir().expect("a directory");
        let location = StorageLocation::directory(dir.path().to_str().expect("a path")).expect("a location");
        let roots = FileRoots::new([dir.path()]).expect("a root");
        let client = Client::open(&location, None, &roots).expect("a storage");
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd { level: 1 }] {
            let archive = Archive::new(&client, &"kept".parse().expect("an id"));
            let (buffers, mut kept) = (Arc::new(Buffers::default()), Vec::new());
            for piece in 0..4 {
                let path = format!("{piece}.sql{}", compression.extension());
                let mut output =
                    PieceOutput::new(&archive, &buffers, format!("kept/{path}"), path, compression);
                let mut buffer = output.buffer();
                for _ in 0..3 {
                    buffer.resize(output.wants_bytes() + 1, b'x');
                    buffer = output.push(buffer).await.expect("pushed");
                }
                let settled = output.settle(buffer).await.expect("settled");
                let object = settled.finish().await.expect("finished").expect("an object");
                assert!(object.bytes > 0);
                kept.push(buffers.0.lock().expect("nobody panics").len());
            }
            // One buffer for text, one for the next text, one for the frame. The very first is small, and grows.
            assert!(kept[1] > 0 && kept.iter().all(|&count| count <= 3), "{compression:?}: {kept:?}");
        }
    }
}
