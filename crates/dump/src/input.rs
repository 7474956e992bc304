//! One piece on its way out of the storage: verified as it arrives, then decrypted, decompressed, split into
//! statements and checked on a separate thread.
//!
//! ```text
//! storage ─ task: reads, proves blocks ─▶ thread: age -d, zstd -d, cuts, checks ─▶ loader
//! ```
//!
//! Only verified blocks pass the first arrow, and only INSERT statements of the planned form pass the second. At most
//! a few buffers wait at each. If the input is dropped early, task and thread find their receivers closed and end.

#[cfg(test)]
mod random;

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use model::limits::Limits;
use model::size;
use storage::ObjectReader;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use crate::archive::Archive;
use crate::blocks::{self, BLOCK_BYTES, BlockHasher, BlockProof};
use crate::encryption::Identities;
use crate::error::{DuringIo as _, Error};
use crate::insert_form::InsertForm;
use crate::manifest::{ObjectEntry, Piece};
use crate::piece::Splitter;
use crate::plan::Compression;
use crate::progress::Meter;

type Result<T, E = Error> = std::result::Result<T, E>;

/// How much text is decompressed at a time.
const TEXT_BYTES: usize = 1 << 20;

/// Returns how long a statement may be: it may hold short rows and then one whose text is twice as long as the row.
fn statement_most_bytes(limits: Limits) -> u64 {
    (limits.row_bytes as u64).saturating_mul(2).saturating_add(4 << 20)
}

/// The number of statements that wait to be run.
const STATEMENTS_WAITING: usize = 2;

/// The number of blocks that wait to be unpacked.
const BLOCKS_WAITING: usize = 1;

/// The largest window of zstd, as a power of two, that a dump is written with.
const ZSTD_WINDOW_LOG_MOST: u32 = 23;

/// A piece that is being read from the storage.
pub(crate) struct PieceInput {
    object: ObjectEntry,
    statements: Receiver<Bytes>,
    reading: JoinHandle<Result<()>>,
    unpacking: JoinHandle<Result<(), Stopped>>,
}

/// Why a piece was not completely unpacked.
enum Stopped {
    /// It can't be decrypted or decompressed.
    Unpacking(io::Error),
    /// Its content differs from the manifest and the plan.
    Unexpected(String),
}

impl From<io::Error> for Stopped {
    fn from(cause: io::Error) -> Self {
        Self::Unpacking(cause)
    }
}

impl PieceInput {
    /// Starts reading a piece with statements of this form. If the manifest does not list the blocks of a large
    /// piece, it is read twice: first completely, for verification.
    ///
    /// # Errors
    /// Fails if the storage fails, or if a statement of the piece is longer than the limits allow.
    pub(crate) async fn open(
        archive: &Archive,
        piece: &Piece,
        object: &ObjectEntry,
        form: InsertForm,
        compression: Compression,
        meter: &Meter,
        limits: Limits,
    ) -> Result<Self> {
        let mut object = object.clone();
        let most = statement_most_bytes(limits);
        if piece.longest_statement > most {
            let (found, most) = (size::bytes(piece.longest_statement), size::bytes(most));
            let why = format!(
                "its longest statement has {found}, and no more than {most} is kept; limits.row_mib \
                 (LIFEBOAT_LIMITS_ROW_MIB) allows more"
            );
            return Err(damaged(&object, &why));
        }
        if !blocks::are_named(&object) {
            object.blocks = hash_blocks(archive, &object).await?;
        }
        let proof = BlockProof::of(&object).map_err(|why| damaged(&object, why))?;
        let key = format!("{}/{}", archive.dump, object.path);
        let reader = archive.client.reader(&key).await.during(|| format!("read {}", object.path))?;
        let (to_unpack, packed) = mpsc::channel(BLOCKS_WAITING);
        let (to_caller, statements) = mpsc::channel(STATEMENTS_WAITING);
        let reading = tokio::spawn(read(reader, object.clone(), proof, meter.clone(), to_unpack));
        let packed = Arriving { packed, block: VecDeque::new() };
        let identities = archive.is_encrypted().then(|| archive.identities.clone());
        let piece = piece.clone();
        let unpacking = tokio::task::spawn_blocking(move || {
            unpack(packed, identities, compression, &piece, form, &to_caller)
        });
        Ok(Self { object, statements, reading, unpacking })
    }

    /// Returns the next statement; `None` at the end, if the piece matches the manifest.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        if let Some(statement) = self.statements.recv().await {
            return Ok(Some(statement));
        }
        let unpacked = (&mut self.unpacking).await.expect("unpacking does not panic");
        let proved = (&mut self.reading).await.expect("reading does not panic");
        // The error of the storage comes first: an incomplete piece cannot be decompressed either.
        match (proved?, unpacked) {
            ((), Err(Stopped::Unpacking(cause))) if cause.kind() == io::ErrorKind::InvalidInput => {
                Err(Error::Locked { path: self.object.path.clone() })
            }
            ((), Err(Stopped::Unpacking(cause))) => {
                Err(self.damaged(&format!("it can't be unpacked: {cause}")))
            }
            ((), Err(Stopped::Unexpected(why))) => Err(self.damaged(&why)),
            ((), Ok(())) => Ok(None),
        }
    }

    /// Returns the error of the piece.
    pub(crate) fn damaged(&self, why: &str) -> Error {
        damaged(&self.object, why)
    }
}

fn damaged(object: &ObjectEntry, why: &str) -> Error {
    Error::Damaged { path: object.path.clone(), why: why.to_owned() }
}

const OTHER_BYTES: &str = "its bytes do not fit its checksum";

/// Reads an object whole; returns the hashes of its blocks if its own hash matches.
async fn hash_blocks(archive: &Archive, object: &ObjectEntry) -> Result<Vec<String>> {
    let reading = || format!("read {}", object.path);
    let key = format!("{}/{}", archive.dump, object.path);
    let mut reader = archive.client.reader(&key).await.during(reading)?;
    let (mut hasher, mut bytes_read) = (BlockHasher::new(), 0);
    while let Some(bytes) = reader.next().await.during(reading)? {
        bytes_read += bytes.len() as u64;
        if bytes_read > object.bytes {
            break;
        }
        hasher.update(&bytes);
    }
    let (blake3, blocks) = hasher.finish();
    if bytes_read == object.bytes && blake3 == object.blake3 {
        Ok(blocks)
    } else {
        Err(damaged(object, OTHER_BYTES))
    }
}

/// Reads an object, and sends each verified block.
async fn read(
    mut reader: ObjectReader,
    object: ObjectEntry,
    mut proof: BlockProof,
    meter: Meter,
    to_unpack: Sender<Vec<Bytes>>,
) -> Result<()> {
    let (mut block, mut in_block, mut left) = (Vec::new(), 0, object.bytes);
    while let Some(mut bytes) = reader.next().await.during(|| format!("read {}", object.path))? {
        meter.change(|progress| progress.bytes += bytes.len() as u64);
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(BLOCK_BYTES - in_block));
            in_block += part.len();
            left = left.checked_sub(part.len() as u64).ok_or_else(|| damaged(&object, OTHER_BYTES))?;
            proof.update(&part);
            block.push(part);
            if in_block == BLOCK_BYTES || left == 0 {
                if !proof.prove() {
                    return Err(damaged(&object, OTHER_BYTES));
                }
                if to_unpack.send(std::mem::take(&mut block)).await.is_err() {
                    return Ok(()); // the content could not be unpacked, or the receiver is gone
                }
                in_block = 0;
            }
        }
    }
    if left == 0 { Ok(()) } else { Err(damaged(&object, OTHER_BYTES)) }
}

fn unpack(
    packed: Arriving,
    identities: Option<Identities>,
    compression: Compression,
    piece: &Piece,
    form: InsertForm,
    to_caller: &Sender<Bytes>,
) -> Result<(), Stopped> {
    let open: Box<dyn Read> = match identities {
        Some(identities) => Box::new(identities.open(packed)?),
        None => Box::new(packed),
    };
    let mut plain: Box<dyn Read> = match compression {
        Compression::None => open,
        Compression::Lz4 => Box::new(Lz4Frames(lz4_flex::frame::FrameDecoder::new(open))),
        Compression::Zstd { .. } => {
            let mut decoder = zstd::stream::read::Decoder::new(open)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MOST)?;
            Box::new(decoder)
        }
    };
    let unexpected = |why: &dyn fmt::Display| Stopped::Unexpected(why.to_string());
    let longest = usize::try_from(piece.longest_statement).unwrap_or(usize::MAX);
    let (mut splitter, mut raw_bytes) = (Splitter::new(form, longest), 0);
    let mut text = Vec::with_capacity(TEXT_BYTES);
    loop {
        text.clear();
        plain.by_ref().take(TEXT_BYTES as u64).read_to_end(&mut text)?;
        if text.is_empty() {
            break;
        }
        raw_bytes += text.len() as u64;
        if raw_bytes > piece.raw_bytes {
            return Err(unexpected(&format!("it holds more than {} bytes of text", piece.raw_bytes)));
        }
        splitter.push(&text);
        while let Some(statement) = splitter.next_statement().map_err(|why| unexpected(&why))? {
            if to_caller.blocking_send(statement).is_err() {
                return Ok(());
            }
        }
    }
    if splitter.is_at_end() && (raw_bytes, splitter.rows) == (piece.raw_bytes, piece.rows) {
        Ok(())
    } else {
        Err(unexpected(&"it ends too early"))
    }
}

/// A reader for the blocks that the task sends.
struct Arriving {
    packed: Receiver<Vec<Bytes>>,
    block: VecDeque<Bytes>,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let current = loop {
            match self.block.front_mut() {
                Some(bytes) if bytes.is_empty() => drop(self.block.pop_front()),
                Some(_) => break self.block.front_mut().expect("it was there"),
                None => match self.packed.blocking_recv() {
                    Some(block) => self.block = block.into(),
                    None => return Ok(0),
                },
            }
        };
        let length = buffer.len().min(current.len());
        current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Reads frame after frame: the decoder stops at the end of each, and continues with the next call.
struct Lz4Frames<R: Read>(lz4_flex::frame::FrameDecoder<R>);

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => self.0.read(buffer), // no frame is empty, so a second 0 means the end
            length => Ok(length),
        }
    }
}
