//! An object that is written or read piece by piece, so that it can have any size.

use std::fs::File;
use std::io::Read;

use bytes::Bytes;
use futures::Stream;
use futures::stream::try_unfold;
use tokio::task::spawn_blocking;

use crate::error::{Error, ErrorKind};
use crate::local::Part;
use crate::remote::{RemoteReader, RemoteWriter};

/// The number of bytes of a file that are read at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// An object that is being written. It appears when it is finished. If it is dropped before that, the written bytes
/// are removed.
#[derive(Debug)]
pub struct ObjectWriter {
    /// `None` after a failed write.
    target: Option<Target>,
    place: String,
}

#[derive(Debug)]
enum Target {
    Local(Part),
    Remote(Box<RemoteWriter>),
}

impl ObjectWriter {
    pub(crate) fn local(part: Part) -> Self {
        Self { place: part.place(), target: Some(Target::Local(part)) }
    }

    pub(crate) fn remote(writer: RemoteWriter) -> Self {
        Self { place: writer.place(), target: Some(Target::Remote(Box::new(writer))) }
    }

    /// Appends bytes. Each call causes a separate access to the disk or the network, so pass 64 KiB or more. It waits
    /// while the maximum number of parts is on the way to an object store.
    ///
    /// # Errors
    /// After a failed write, the object can no longer be finished.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.target = Some(match self.take()? {
            Target::Local(mut part) => {
                let written = spawn_blocking(move || part.write(&bytes).map(|()| part)).await;
                Target::Local(written.expect("file work does not panic")?)
            }
            Target::Remote(mut writer) => {
                writer.write(bytes).await?;
                Target::Remote(writer)
            }
        });
        Ok(())
    }

    /// Makes the object appear; returns its size. From then on, it survives a power cut.
    ///
    /// # Errors
    /// If it fails, the object does not appear, and an older object with that name still exists.
    pub async fn finish(mut self) -> Result<u64, Error> {
        match self.take()? {
            Target::Local(part) => {
                spawn_blocking(move || part.finish()).await.expect("file work does not panic")
            }
            Target::Remote(writer) => writer.finish().await,
        }
    }

    /// Removes what was written.
    ///
    /// # Errors
    /// Fails if it cannot be removed; the object does not appear anyway.
    pub async fn abort(mut self) -> Result<(), Error> {
        match self.target.take() {
            Some(Target::Local(part)) => {
                spawn_blocking(move || part.abort()).await.expect("file work does not panic")
            }
            Some(Target::Remote(writer)) => writer.abort().await,
            None => Ok(()),
        }
    }

    fn take(&mut self) -> Result<Target, Error> {
        let given_up =
            || Error::new(ErrorKind::Other, "go on after an earlier failure to write", &self.place);
        self.target.take().ok_or_else(given_up)
    }
}

/// An object being read.
#[derive(Debug)]
pub struct ObjectReader {
    source: Source,
    size_bytes: u64,
}

#[derive(Debug)]
enum Source {
    Local {
        file: File,
        place: String,
    },
    Remote(Box<RemoteReader>),
    /// The state at the end, or after a failure.
    Nothing,
}

impl ObjectReader {
    pub(crate) fn local(file: File, place: String, size_bytes: u64) -> Self {
        Self { source: Source::Local { file, place }, size_bytes }
    }

    pub(crate) fn remote(reader: RemoteReader) -> Self {
        Self { size_bytes: reader.size_bytes(), source: Source::Remote(Box::new(reader)) }
    }

    /// Returns the size of the object when it was opened.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns the next piece, which is never empty; `None` at the end.
    ///
    /// # Errors
    /// Fails if the storage fails; after that, the object cannot be read further.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match std::mem::replace(&mut self.source, Source::Nothing) {
            Source::Local { file, place } => {
                let read = spawn_blocking(move || read_piece(file)).await.expect("file work does not panic");
                let (file, piece) = read.map_err(|cause| Error::io("read", &place, cause))?;
                if piece.is_empty() {
                    return Ok(None);
                }
                self.source = Source::Local { file, place };
                Ok(Some(piece))
            }
            Source::Remote(mut reader) => {
                let piece = reader.next().await?;
                if piece.is_some() {
                    self.source = Source::Remote(reader);
                }
                Ok(piece)
            }
            Source::Nothing => Ok(None),
        }
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
