//! One piece on its way to the storage: compressed and encrypted on other threads, hashed, written.
//!
//! While one buffer is being compressed the next is being filled; no more than these two exist. Each buffer becomes
//! a frame of its own, so that a reader may decompress them apart; one after the other they are what `zstd -d` and
//! `lz4 -d` expect.

use std::io::{self, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use storage::ObjectWriter;
use tokio::task::JoinHandle;

use crate::archive::Archive;
use crate::encryption::{Cipher, Recipient};
use crate::error::{DuringIo as _, Error, Result};
use crate::manifest::ObjectEntry;
use crate::plan::Compression;

/// How much text makes a frame.
pub(crate) const FRAME_BYTES: usize = 4 << 20;

/// One piece on its way to the storage.
pub(crate) struct PieceOutput {
    archive: Archive,
    key: String,
    path: String,
    compression: Compression,
    writer: Option<ObjectWriter>,
    packer: Option<Packer>,
    packing: Option<JoinHandle<io::Result<Packed>>>,
    /// A buffer whose content was written, to be used again.
    spare: Vec<u8>,
    /// How much text came in.
    pub(crate) raw_bytes: u64,
    /// How much went out.
    pub(crate) bytes: u64,
}

impl PieceOutput {
    pub(crate) fn new(archive: &Archive, key: String, path: String, compression: Compression) -> Self {
        Self {
            archive: archive.clone(),
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

    /// Takes a buffer full of text, and returns an empty one.
    pub(crate) async fn push(&mut self, text: Vec<u8>) -> Result<Vec<u8>> {
        self.raw_bytes += text.len() as u64;
        let empty = self.drain().await?;
        let packer = match self.packer.take() {
            Some(packer) => packer,
            None => Packer::new(self.compression, &self.archive.recipients)
                .map_err(|cause| self.unpacked(&cause))?,
        };
        let into = std::mem::take(&mut self.spare);
        self.packing = Some(tokio::task::spawn_blocking(move || packer.pack(text, into)));
        Ok(empty)
    }

    /// Makes the object appear, if anything was pushed.
    pub(crate) async fn finish(mut self) -> Result<Option<ObjectEntry>> {
        self.drain().await?;
        let (Some(mut writer), Some(mut packer)) = (self.writer.take(), self.packer.take()) else {
            return Ok(None);
        };
        let end = packer.end().map_err(|cause| self.unpacked(&cause))?;
        if !end.is_empty() {
            self.bytes += end.len() as u64;
            writer.write(Bytes::from(end)).await.during(|| format!("write {}", self.path))?;
        }
        let written = writer.finish().await.during(|| format!("write {}", self.path))?;
        assert_eq!(written, self.bytes, "the storage says how much it was given");
        let blake3 = packer.hasher.finalize().to_hex().to_string();
        Ok(Some(ObjectEntry { path: self.path, bytes: self.bytes, blake3 }))
    }

    /// Writes the frame that is being compressed, if there is one; returns an empty buffer for text.
    async fn drain(&mut self) -> Result<Vec<u8>> {
        let Some(packing) = self.packing.take() else { return Ok(large(Vec::new())) };
        let packed = packing.await.expect("compressing does not panic");
        let Packed { packer, left, frame } = packed.map_err(|cause| self.unpacked(&cause))?;
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
        Ok(large(text))
    }

    fn unpacked(&self, cause: &io::Error) -> Error {
        Error::Damaged { path: self.path.clone(), why: format!("it can't be packed: {cause}") }
    }
}

/// Makes sure that a frame's text has room in an empty buffer without moving about.
fn large(buffer: Vec<u8>) -> Vec<u8> {
    if buffer.capacity() < FRAME_BYTES { Vec::with_capacity(FRAME_BYTES + FRAME_BYTES / 4) } else { buffer }
}

/// Returns the memory of what was written, for the next; none while the storage still holds it.
fn emptied(frame: Bytes) -> Vec<u8> {
    let Ok(mut frame) = frame.try_into_mut() else { return Vec::new() };
    frame.clear();
    Vec::from(frame)
}

/// A frame, with what made it, to be used again.
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
    hasher: blake3::Hasher,
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
        Ok(Self { compressor, cipher, hasher: blake3::Hasher::new() })
    }

    /// Makes a frame of a text; `into` is an empty buffer.
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

    /// Returns what comes behind the last frame.
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
