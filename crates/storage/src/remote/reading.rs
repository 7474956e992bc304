//! An object that is being read from an object store. It is read with one request. After an interruption, it resumes
//! at the same position if the object is unchanged.

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use opendal::{BufferStream, ErrorKind as Kind};

use super::Remote;
use crate::error::{Error, ErrorKind};

/// An object being read.
pub(crate) struct RemoteReader {
    pieces: Pieces,
    remote: Remote,
    key: String,
    size_bytes: u64,
    seen_bytes: u64,
}

/// The remaining pieces.
enum Pieces {
    Stream(Box<BufferStream>),
    None,
}

impl std::fmt::Debug for RemoteReader {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RemoteReader").field("key", &self.key).finish_non_exhaustive()
    }
}

impl RemoteReader {
    pub(super) async fn open(remote: &Remote, key: &str) -> Result<Self, Error> {
        let missing = || Error::new(ErrorKind::Missing, "open", &remote.place(key));
        let meta = remote.head("open", key).await?.ok_or_else(missing)?;
        let size_bytes = meta.content_length();
        let (remote, key) = (remote.clone(), key.to_owned());
        let mut reader = Self { pieces: Pieces::None, remote, key, size_bytes, seen_bytes: 0 };
        if size_bytes > 0 {
            let path = reader.remote.path(&reader.key)?;
            let request = reader.remote.service.patient.reader_with(&path);
            let request = match meta.etag() {
                Some(etag) => request.if_match(etag),
                None => request,
            };
            let stream = async { request.await?.into_stream(0..size_bytes).await };
            match stream.await {
                Ok(stream) => reader.pieces = Pieces::Stream(Box::new(stream)),
                Err(cause) => return Err(failed(&reader.remote, &reader.key, &cause).await),
            }
        }
        Ok(reader)
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns the next piece, which is never empty; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let Pieces::Stream(stream) = &mut self.pieces else { return Ok(None) };
            let piece = match stream.try_next().await {
                Ok(Some(piece)) => piece.to_bytes(),
                Ok(None) if self.seen_bytes == self.size_bytes => {
                    self.pieces = Pieces::None;
                    return Ok(None);
                }
                Ok(None) => {
                    self.pieces = Pieces::None;
                    return Err(Error::new(ErrorKind::Passing, "read", &self.remote.place(&self.key)));
                }
                Err(cause) => {
                    self.pieces = Pieces::None;
                    return Err(failed(&self.remote, &self.key, &cause).await);
                }
            };
            self.seen_bytes += piece.len() as u64;
            if self.seen_bytes > self.size_bytes {
                self.pieces = Pieces::None;
                return Err(Error::new(ErrorKind::Altered, "read", &self.remote.place(&self.key)));
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    /// Reads all of it; the caller has checked its size.
    pub(super) async fn read_all(mut self) -> Result<Bytes, Error> {
        let mut all = BytesMut::with_capacity(usize::try_from(self.size_bytes).unwrap_or(0));
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

async fn failed(remote: &Remote, key: &str, cause: &opendal::Error) -> Error {
    match cause.kind() {
        Kind::ConditionNotMatch | Kind::NotFound | Kind::RangeNotSatisfied => {
            Error::new(ErrorKind::Altered, "read", &remote.place(key))
        }
        _ => remote.failed("read", key, cause).await,
    }
}
