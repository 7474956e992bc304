//! An object that is being written to an object store, in parts. It appears when the last request is answered.

use bytes::Bytes;
use tokio::runtime::Handle;

use super::{Mark, Remote, new_mark};
use crate::error::Error;

/// The size of a part. A writer holds at most three: two that are being sent, and one that is being filled.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// The maximum number of concurrent parts.
const PARTS_AT_ONCE: usize = 2;

/// An unfinished object. If it is dropped before it is finished, its parts are removed.
pub(crate) struct RemoteWriter {
    /// `None` after it was finished or aborted.
    writer: Option<opendal::Writer>,
    remote: Remote,
    key: String,
    mark: Mark,
    size_bytes: u64,
}

impl std::fmt::Debug for RemoteWriter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RemoteWriter").field("key", &self.key).finish_non_exhaustive()
    }
}

impl RemoteWriter {
    pub(super) async fn begin(remote: &Remote, key: &str) -> Result<Self, Error> {
        let mark = new_mark();
        let path = remote.path(key)?;
        let begun = remote.service.patient.writer_with(&path);
        let begun = begun.chunk(PART_BYTES).concurrent(PARTS_AT_ONCE).user_metadata(mark.metadata());
        match begun.await {
            Ok(writer) => {
                let remote = remote.clone();
                Ok(Self { writer: Some(writer), remote, key: key.to_owned(), mark, size_bytes: 0 })
            }
            Err(cause) => Err(remote.failed("write", key, &cause).await),
        }
    }

    /// Returns the future location of the object, for messages.
    pub(crate) fn place(&self) -> String {
        self.remote.place(&self.key)
    }

    /// Appends bytes; waits while the maximum number of parts is being sent.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let size = bytes.len() as u64;
        let writer = self.writer.as_mut().expect("nobody writes to what was finished");
        match writer.write(bytes).await {
            Ok(()) => {
                self.size_bytes += size;
                Ok(())
            }
            Err(cause) => Err(self.remote.failed("write", &self.key, &cause).await),
        }
    }

    /// Makes the object appear; returns its size.
    pub(crate) async fn finish(mut self) -> Result<u64, Error> {
        let mut writer = self.writer.take().expect("an object is finished once");
        let Err(cause) = writer.close().await else { return Ok(self.size_bytes) };
        if self.remote.bears(&self.remote.path(&self.key)?, &self.mark).await {
            return Ok(self.size_bytes); // the answer to an earlier attempt was lost
        }
        let _ = writer.abort().await; // `uploads` removes later what cannot be removed now
        Err(self.remote.failed("write", &self.key, &cause).await)
    }

    /// Removes the parts.
    pub(crate) async fn abort(mut self) -> Result<(), Error> {
        let mut writer = self.writer.take().expect("an object is given up once");
        match writer.abort().await {
            Ok(()) => Ok(()),
            Err(cause) => Err(self.remote.failed("give up", &self.key, &cause).await),
        }
    }
}

impl Drop for RemoteWriter {
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        let place = self.place();
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = writer.abort().await {
                tracing::warn!(%place, kind = %error.kind(), "parts of an unfinished object stay behind");
            }
        });
    }
}
