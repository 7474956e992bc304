//! An open storage location. These promises hold for every kind of storage; `tests/it/contract.rs` checks them for
//! each:
//!
//! - A key is slash-separated parts, each up to 255 bytes, without empty, `.` and `..` parts. It is used unchanged;
//!   the caller encodes names.
//! - An object appears completely or not at all. After a call has returned, the object survives a power cut.
//! - Folders exist only through keys: a folder exists if there is an object below it.
//! - Nothing outside the location is read or written, regardless of its content.
//! - A missing bucket or an unmounted root is an error, never an empty storage.

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

/// The maximum number of objects in one listing.
pub const LIST_MAX: usize = 1_000_000;

/// An open storage location. Cheap to clone.
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
    /// Its size, in bytes.
    pub size_bytes: u64,
}

/// The names directly in a folder, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Children {
    /// The folders.
    pub folders: Vec<String>,
    /// The finished objects.
    pub objects: Vec<String>,
}

impl Client {
    /// Opens a location, without any access yet. `secret` is the secret of the access key.
    ///
    /// # Errors
    /// Refuses a directory outside of the roots, an invalid or refused endpoint, and an object store without a key.
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

    /// Returns its location.
    #[must_use]
    pub fn location(&self) -> &StorageLocation {
        &self.location
    }

    /// Returns the client of a folder below this one.
    ///
    /// # Errors
    /// Refuses a name that could leave the location.
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
    /// If it fails, the older one still exists.
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

    /// Writes a small object unless its name exists; returns whether it was written. Of several concurrent writers,
    /// exactly one succeeds. (OBS cannot guarantee that: only one program may write to a folder at a time.)
    ///
    /// # Errors
    /// If it fails, nothing was written.
    pub async fn put_new(&self, key: &str, bytes: Bytes) -> Result<bool, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.put_new(key, bytes).await,
            Backend::Local(local) => {
                blocking(local, key, move |local, key| {
                    if local.stat(key)?.is_some() {
                        return Ok(false); // saves the write; the rename makes the decision
                    }
                    let mut part = local.part(key)?;
                    part.write(&bytes)?;
                    part.finish_new()
                })
                .await
            }
        }
    }

    /// Starts an object of any size, which appears when it is finished and replaces an older one.
    ///
    /// # Errors
    /// Fails if it cannot be started.
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
    /// Fails if there is none, or one with more than `limit_bytes`.
    pub async fn get(&self, key: &str, limit_bytes: u64) -> Result<Bytes, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.read(key, limit_bytes).await,
            Backend::Local(local) => {
                blocking(local, key, move |local, key| local.read(key, limit_bytes).map(Bytes::from)).await
            }
        }
    }

    /// Starts to read an object of any size.
    ///
    /// # Errors
    /// Fails if there is none.
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

    /// Lists all finished objects below a folder (`""`: the whole location), ordered by key.
    ///
    /// # Errors
    /// Fails if there are more than [`LIST_MAX`].
    pub async fn list(&self, folder: &str) -> Result<Vec<ObjectEntry>, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.list(folder, LIST_MAX).await,
            Backend::Local(local) => {
                blocking(local, folder, |local, folder| local.list(folder, LIST_MAX)).await
            }
        }
    }

    /// Lists the names directly in a folder (`""`: the location itself). What is below its folders is not read.
    ///
    /// # Errors
    /// Fails if there are more than [`LIST_MAX`].
    pub async fn children(&self, folder: &str) -> Result<Children, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.children(folder, LIST_MAX).await,
            Backend::Local(local) => blocking(local, folder, Local::children).await,
        }
    }

    /// Returns the metadata of an object; `None` if it does not exist.
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
    /// Fails if the storage refuses; the objects deleted so far stay deleted.
    pub async fn delete_below(&self, folder: &str) -> Result<u64, Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.delete_below(folder).await,
            Backend::Local(local) => blocking(local, folder, Local::delete_below).await,
        }
    }

    /// Deletes the remains of crashed writers below a folder that were not written to for this long; returns their
    /// number. The only writer of a folder can pass [`Duration::ZERO`].
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

    /// Deletes the remains of dead writers of this machine in a directory, below the folders whose names `is_ours`
    /// accepts; returns their number. Does nothing for object stores, where writers are not visible: their own rules
    /// remove remains.
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

    /// Sends a request to an object store to check address, key and bucket.
    pub(crate) async fn reach(&self) -> Result<(), Error> {
        match &self.backend {
            Backend::Remote(remote) => remote.reach().await,
            Backend::Local(_) => Ok(()),
        }
    }

    /// Returns how many of the location's own folders exist, for [`Client::trim`]; 0 for object stores.
    pub(crate) async fn standing(&self) -> Result<usize, Error> {
        match &self.backend {
            Backend::Remote(_) => Ok(0),
            Backend::Local(local) => blocking(local, "", |local, _| local.standing()).await,
        }
    }

    /// Removes a folder if it is empty, and then the location's own folders that did not exist before.
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

/// The file that OceanBase 4.x writes into every backup destination.
const FORMAT_FILE: &str = "format.obbak";
