//! One object being written or read, piece by piece, so that its size does not matter.

use std::fs::File;
use std::io::Read;

use bytes::Bytes;
use futures::Stream;
use futures::stream::try_unfold;
use tokio::task::spawn_blocking;

use crate::error::{Error, ErrorKind};
use crate::local::Part;

/// How much is read at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// An object being written. It appears when it is finished; dropped before, what was written is removed.
#[derive(Debug)]
pub struct ObjectWriter {
    /// Nothing after a write has failed.
    part: Option<Part>,
    place: String,
}

impl ObjectWriter {
    pub(crate) fn new(part: Part) -> Self {
        Self { place: part.place(), part: Some(part) }
    }

    /// Appends. Each call is a turn of its own to the disk or the network: hand over pieces of 64 KiB and more.
    ///
    /// # Errors
    /// After a failed write the object cannot be finished any more.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let mut part = self.part.take().ok_or_else(|| self.given_up())?;
        let written = spawn_blocking(move || part.write(&bytes).map(|()| part)).await;
        self.part = Some(written.expect("file work does not panic")?);
        Ok(())
    }

    /// Makes the object appear; returns its size. It survives a power cut from here on.
    ///
    /// # Errors
    /// When it fails, nothing of it is seen, and an older object of that name is still there.
    pub async fn finish(mut self) -> Result<u64, Error> {
        let part = self.part.take().ok_or_else(|| self.given_up())?;
        spawn_blocking(move || part.finish()).await.expect("file work does not panic")
    }

    /// Removes what was written.
    ///
    /// # Errors
    /// When it cannot be removed; it is never seen all the same.
    pub async fn abort(mut self) -> Result<(), Error> {
        match self.part.take() {
            Some(part) => spawn_blocking(move || part.abort()).await.expect("file work does not panic"),
            None => Ok(()),
        }
    }

    fn given_up(&self) -> Error {
        Error::new(ErrorKind::Other, "go on after an earlier failure to write", &self.place)
    }
}

/// An object being read.
#[derive(Debug)]
pub struct ObjectReader {
    /// Nothing at the end, or after a failure.
    file: Option<File>,
    place: String,
    size_bytes: u64,
}

impl ObjectReader {
    pub(crate) fn new(file: File, place: String, size_bytes: u64) -> Self {
        Self { file: Some(file), place, size_bytes }
    }

    /// Returns how much the object held when it was opened.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns the next piece, never an empty one; nothing at the end.
    ///
    /// # Errors
    /// When the storage fails; there is no going on after that.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(file) = self.file.take() else { return Ok(None) };
        let read = spawn_blocking(move || read_piece(file)).await.expect("file work does not panic");
        let (file, piece) = read.map_err(|cause| Error::io("read", &self.place, cause))?;
        if piece.is_empty() {
            return Ok(None);
        }
        self.file = Some(file);
        Ok(Some(piece))
    }

    /// Returns the pieces as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        try_unfold(self, |mut reader| async move {
            let piece = reader.next().await?;
            Ok(piece.map(|piece| (piece, reader)))
        })
    }
}

fn read_piece(mut file: File) -> std::io::Result<(File, Bytes)> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    file.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
    Ok((file, Bytes::from(piece)))
}
