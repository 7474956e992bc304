//! One storage location, opened. What is promised here holds for every kind of storage; `tests/it/contract.rs`
//! checks it for each.
//!
//! - A key is slash-separated parts, each up to 255 bytes, without empty, `.` and `..` parts. It is taken as it
//!   is; encoding names is the caller's business.
//! - An object appears completely or not, and once a call has returned it survives a power cut.
//! - There are no folders apart from keys: a folder is there when an object is below it.
//! - Nothing outside the location is read or written, whatever its content.
//! - A bucket that does not exist, and a root that is not mounted, is an error, never an empty storage.

use std::time::Duration;

use bytes::Bytes;
use model::Secret;
use model::storage::{StorageLocation, StorageType};
use tokio::task::spawn_blocking;

use crate::error::Error;
use crate::key;
use crate::local::Local;
use crate::object::{ObjectReader, ObjectWriter};
use crate::remote::Remote;
use crate::rules::Rules;

/// The most objects that one listing returns.
pub const LIST_MAX: usize = 1_000_000;

/// One storage location, opened. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    location: StorageLocation,
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Local(Local),
    Remote(Remote),
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// Its key below the client's location.
    pub key: String,
    /// How much it holds.
    pub size_bytes: u64,
}

impl Client {
    /// Opens a location. Nothing is sent, looked at or made yet. The secret is that of the access key.
    ///
    /// # Errors
    /// Refuses a directory outside of the roots, an endpoint that is none or that no request is sent to, and an object store
    /// without a key.
    pub fn open(
        location: &StorageLocation,
        secret: Option<&Secret>,
        rules: impl Into<Rules>,
    ) -> Result<Self, Error> {
        let Rules { roots, net } = rules.into();
        let backend = match location.kind {
            StorageType::File => Backend::Local(Local::new(&location.path, &roots)?),
            _ => Backend::Remote(Remote::new(location, secret, &net)?),
        };
        Ok(Self { location: location.clone(), backend })
    }

    /// Returns where it is.
    #[must_use]
    pub fn location(&self) -> &StorageLocation {
        &self.location
    }

    /// Returns the client of a folder below this one.
    ///
    /// # Errors
    /// Refuses a name that could lead elsewhere.
    pub fn below(&self, folder: &str) -> Result<Self, Error> {
        let names = key::folder(folder)?;
        let location =
            if names.is_empty() { self.location.clone() } else { self.location.below(&names.join("/")) };
        let backend = match &self.backend {
            Backend::Local(local) => Backend::Local(local.below(&names)),
            Backend::Remote(remote) => Backend::Remote(remote.below(&names)),
        };
        Ok(Self { location, backend })
    }

    /// Writes a small object, in place of an older one.
    ///
    /// # Errors
    /// When it fails, the older one is still there.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.put(key, bytes).await,
            Backend::Local(local) => {
                blocking(local, key, move |local, key| {
                    let mut part = local.part(key)?;
                    part.write(&bytes)?;
                    part.finish().map(drop)
                })
                .await
            }
        }
    }

    /// Writes a small object unless one of that name exists; returns whether it did. Of several concurrent writers,
    /// one succeeds. (OBS cannot do that by itself: there only one program may write to a folder at a time.)
    ///
    /// # Errors
    /// When it fails, nothing was written.
    pub async fn put_new(&self, key: &str, bytes: Bytes) -> Result<bool, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.put_new(key, bytes).await,
            Backend::Local(local) => {
                blocking(local, key, move |local, key| {
                    if local.stat(key)?.is_some() {
                        return Ok(false); // saves the writing; what decides is the rename
                    }
                    let mut part = local.part(key)?;
                    part.write(&bytes)?;
                    part.finish_new()
                })
                .await
            }
        }
    }

    /// Begins an object of any size, which appears when it is finished, in place of an older one.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn writer(&self, key: &str) -> Result<ObjectWriter, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.writer(key).await.map(ObjectWriter::remote),
            Backend::Local(local) => {
                blocking(local, key, |local, key| local.part(key).map(ObjectWriter::local)).await
            }
        }
    }

    /// Reads a small object.
    ///
    /// # Errors
    /// When there is none, or one with more than `limit_bytes`.
    pub async fn get(&self, key: &str, limit_bytes: u64) -> Result<Bytes, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.read(key, limit_bytes).await,
            Backend::Local(local) => {
                blocking(local, key, move |local, key| local.read(key, limit_bytes).map(Bytes::from)).await
            }
        }
    }

    /// Begins to read an object of any size.
    ///
    /// # Errors
    /// When there is none.
    pub async fn reader(&self, key: &str) -> Result<ObjectReader, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.reader(key).await.map(ObjectReader::remote),
            Backend::Local(local) => {
                blocking(local, key, |local, key| {
                    let (file, size_bytes) = local.open(key)?;
                    Ok(ObjectReader::local(file, local.place(key), size_bytes))
                })
                .await
            }
        }
    }

    /// Lists all objects below a folder (`""`: the whole location), in the order of their keys; unfinished ones
    /// are not among them.
    ///
    /// # Errors
    /// When there are more than [`LIST_MAX`].
    pub async fn list(&self, folder: &str) -> Result<Vec<ObjectEntry>, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.list(folder, LIST_MAX).await,
            Backend::Local(local) => {
                blocking(local, folder, |local, folder| local.list(folder, LIST_MAX)).await
            }
        }
    }

    /// Returns what is known of an object without reading it; nothing when there is none.
    ///
    /// # Errors
    /// When the storage does not respond.
    pub async fn stat(&self, key: &str) -> Result<Option<ObjectEntry>, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.stat(key).await,
            Backend::Local(local) => blocking(local, key, Local::stat).await,
        }
    }

    /// Returns whether there is an object.
    ///
    /// # Errors
    /// When the storage does not respond.
    pub async fn exists(&self, key: &str) -> Result<bool, Error> {
        Ok(self.stat(key).await?.is_some())
    }

    /// Deletes an object; returns whether it existed.
    ///
    /// # Errors
    /// When the storage refuses.
    pub async fn delete(&self, key: &str) -> Result<bool, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.delete(key).await,
            Backend::Local(local) => blocking(local, key, Local::delete).await,
        }
    }

    /// Deletes everything below a folder, unfinished objects too; returns how many objects there were.
    ///
    /// # Errors
    /// When the storage refuses; what was deleted until then stays deleted.
    pub async fn delete_below(&self, folder: &str) -> Result<u64, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.delete_below(folder).await,
            Backend::Local(local) => blocking(local, folder, Local::delete_below).await,
        }
    }

    /// Deletes the remains of crashed writers below a folder, if they were not written for this long; returns how
    /// many. A caller who is the only writer there need not wait: [`Duration::ZERO`].
    ///
    /// # Errors
    /// When the storage refuses.
    pub async fn clear_left_overs(&self, folder: &str, older_than: Duration) -> Result<u64, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.clear_uploads(folder, older_than).await,
            Backend::Local(local) => {
                blocking(local, folder, move |local, folder| local.clear_parts(folder, older_than)).await
            }
        }
    }

    /// Deletes the remains of dead writers of this machine in a directory, below the folders with such names; returns
    /// their number. For object stores, their own rules do that: writers are not visible there.
    ///
    /// # Errors
    /// When the storage refuses.
    pub async fn clear_orphans(&self, is_ours: fn(&str) -> bool) -> Result<u64, Error> {
        match &self.backend {
            Backend::Remote(_) => Ok(0),
            Backend::Local(local) => blocking(local, "", move |local, _| local.clear_orphans(is_ours)).await,
        }
    }

    /// Returns the OceanBase destination that contains this location, if any.
    pub(crate) async fn find_destination(&self) -> Result<Option<String>, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.find_upwards(FORMAT_FILE).await,
            Backend::Local(local) => blocking(local, "", |local, _| local.find_upwards(FORMAT_FILE)).await,
        }
    }

    /// Sends any request to an object store, to check that address, key and bucket are right.
    pub(crate) async fn reach(&self) -> Result<(), Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.reach().await,
            Backend::Local(_) => Ok(()),
        }
    }

    /// Returns how much of the location's own folders exists, to be handed to [`Client::trim`]. Object stores have
    /// no folders.
    pub(crate) async fn standing(&self) -> Result<usize, Error> {
        match &self.backend {
            Backend::Remote(_) => Ok(0),
            Backend::Local(local) => blocking(local, "", |local, _| local.standing()).await,
        }
    }

    /// Removes a folder if it is empty, and then those of the location's own that did not stand before.
    pub(crate) async fn trim(&self, folder: &str, stood: usize) -> Result<(), Error> {
        match &self.backend {
            Backend::Remote(_) => Ok(()),
            Backend::Local(local) => {
                blocking(local, folder, move |local, folder| local.trim(folder, stood)).await
            }
        }
    }
}

/// Runs file operations on a thread where blocking is harmless.
async fn blocking<T: Send + 'static>(
    local: &Local,
    key: &str,
    work: impl FnOnce(&Local, &str) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (local, key) = (local.clone(), key.to_owned());
    spawn_blocking(move || work(&local, &key)).await.expect("file work does not panic")
}

/// What OceanBase 4.x puts into every backup destination.
const FORMAT_FILE: &str = "format.obbak";
