//! Objects in an object store, through OpenDAL. `service` opens a location of each kind, `net` checks addresses and
//! limits answers, `answer` determines the meaning of errors, `writing` and `reading` handle single objects, and
//! `uploads` removes the remains of crashed writers.
//!
//! Each write marks its object with a unique number. If the answer is lost, the mark shows whether the object was
//! written.

mod answer;
mod net;
mod reading;
#[cfg(test)]
mod recorded;
mod service;
mod uploads;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use model::Secret;
use model::storage::StorageLocation;
use opendal::ErrorKind as Kind;

pub(crate) use net::Net;
pub(crate) use reading::RemoteReader;
pub(crate) use writing::RemoteWriter;

use crate::client::{Children, ObjectEntry};
use crate::error::{Error, ErrorKind};
use crate::key;
use service::Service;

/// The maximum number of attempts of a write that conflicts with another one.
const TRIES_MAX: u32 = 5;

/// The wait before the second attempt. It doubles with each further attempt.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The number of objects per listing request, which all services allow.
const PAGE: usize = 1000;

/// The maximum bytes of names in one listing.
const NAMES_MAX_BYTES: usize = 256 << 20;

/// The number of objects that are listed and then deleted at a time, and the maximum number of rounds.
const DELETED_AT_ONCE: usize = 100_000;
const DELETE_ROUNDS_MAX: usize = 10_000;

/// A folder of a bucket, or the whole bucket.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    service: Arc<Service>,
    /// The folder, with a trailing slash; empty for the whole bucket.
    base: String,
}

impl Remote {
    /// Checks the configuration; nothing is sent yet.
    pub(crate) fn new(
        location: &StorageLocation,
        secret: Option<&Secret>,
        net: &Arc<Net>,
    ) -> Result<Self, Error> {
        let (bucket, folder) = location.path.split_once('/').unwrap_or((&location.path, ""));
        key::folder(folder)?;
        if !key::is_bucket(bucket) {
            return Err(Error::new(ErrorKind::KeyMalformed, "use the bucket", bucket));
        }
        let base = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        Ok(Self { service: Arc::new(Service::new(location, bucket, secret, net)?), base })
    }

    /// Returns a folder in this one.
    pub(crate) fn below(&self, names: &[&str]) -> Self {
        let mut base = self.base.clone();
        for name in names {
            base.push_str(name);
            base.push('/');
        }
        Self { service: self.service.clone(), base }
    }

    /// Writes a small object, in place of an older one.
    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        let path = self.path(key)?;
        let mark = new_mark();
        let write = self.service.patient.write_with(&path, bytes).user_metadata(mark.metadata());
        match write.await {
            Ok(_) => Ok(()),
            Err(_) if self.bears(&path, &mark).await => Ok(()),
            Err(cause) => Err(self.failed("write", key, &cause).await),
        }
    }

    /// Writes a small object unless its name exists; returns whether it was written.
    pub(crate) async fn put_new(&self, key: &str, bytes: Bytes) -> Result<bool, Error> {
        let path = self.path(key)?;
        if !self.service.can_put_new() {
            // Not safe against a concurrent writer; the documentation names the services with this limit.
            return match self.stat(key).await? {
                Some(_) => Ok(false),
                None => self.put(key, bytes).await.map(|()| true),
            };
        }
        let mark = new_mark();
        let mut wait = FIRST_WAIT;
        for tries_left in (0..TRIES_MAX).rev() {
            let write = self.service.single.write_with(&path, bytes.clone());
            let Err(cause) = write.if_not_exists(true).user_metadata(mark.metadata()).await else {
                return Ok(true);
            };
            match cause.kind() {
                // It may be our own object, from an attempt whose answer was lost.
                Kind::ConditionNotMatch => return Ok(self.bears(&path, &mark).await),
                Kind::Conflict => {}
                _ if cause.is_temporary() => {}
                _ => return Err(self.failed("write", key, &cause).await),
            }
            if tries_left == 0 {
                let is_ours = self.bears(&path, &mark).await;
                return if is_ours { Ok(true) } else { Err(self.failed("write", key, &cause).await) };
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        unreachable!("the last try returns")
    }

    /// Starts an object of any size.
    pub(crate) async fn writer(&self, key: &str) -> Result<RemoteWriter, Error> {
        RemoteWriter::begin(self, key).await
    }

    /// Reads an object of at most `limit` bytes.
    pub(crate) async fn read(&self, key: &str, limit: u64) -> Result<Bytes, Error> {
        for _ in 0..TRIES_MAX {
            let reader = self.reader(key).await?;
            let found = reader.size_bytes();
            if found > limit {
                let place = self.place(key);
                return Err(Error::new(ErrorKind::TooLarge { found, limit }, "read", &place));
            }
            match reader.read_all().await {
                // Another writer replaced the object between our two requests.
                Err(error) if *error.kind() == ErrorKind::Altered => {}
                read => return read,
            }
        }
        Err(Error::new(ErrorKind::Passing, "read", &self.place(key)))
    }

    /// Starts to read an object.
    pub(crate) async fn reader(&self, key: &str) -> Result<RemoteReader, Error> {
        RemoteReader::open(self, key).await
    }

    /// Returns the metadata of an object.
    pub(crate) async fn stat(&self, key: &str) -> Result<Option<ObjectEntry>, Error> {
        let found = self.head("look at", key).await?;
        Ok(found.map(|meta| ObjectEntry { key: key.to_owned(), size_bytes: meta.content_length() }))
    }

    /// Deletes an object; returns whether it existed.
    pub(crate) async fn delete(&self, key: &str) -> Result<bool, Error> {
        // The services return the same answer whether the object existed or not.
        if self.head("delete", key).await?.is_none() {
            return Ok(false);
        }
        match self.service.patient.delete(&self.path(key)?).await {
            Ok(()) => Ok(true),
            Err(cause) => Err(self.failed("delete", key, &cause).await),
        }
    }

    /// Lists the objects below a folder in the order of their keys.
    pub(crate) async fn list(&self, folder: &str, limit: usize) -> Result<Vec<ObjectEntry>, Error> {
        let (mut found, is_all) = self.gather(folder, limit).await?;
        if !is_all {
            return Err(Error::new(ErrorKind::TooMany { limit }, "list", &self.place(folder)));
        }
        self.service.saw_bucket();
        found.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(found)
    }

    /// Returns objects below a folder, at most this many, and whether these are all.
    async fn gather(&self, folder: &str, limit: usize) -> Result<(Vec<ObjectEntry>, bool), Error> {
        let prefix = self.prefix(folder)?;
        let lister = self.service.patient.lister_with(&prefix).recursive(true).limit(PAGE);
        let mut entries = match lister.await {
            Ok(entries) => entries,
            Err(cause) => return Err(self.failed("list", folder, &cause).await),
        };
        let (mut found, mut names_bytes) = (Vec::new(), 0);
        loop {
            let entry = match entries.try_next().await {
                Ok(Some(entry)) => entry,
                Ok(None) => return Ok((found, true)),
                Err(cause) => return Err(self.failed("list", folder, &cause).await),
            };
            // A folder that a user created manually is a separate object.
            let Some(key) = entry.path().strip_prefix(&self.base) else { continue };
            if key.is_empty() || key.ends_with('/') {
                continue;
            }
            if found.len() == limit {
                return Ok((found, false));
            }
            names_bytes += key.len();
            if names_bytes > NAMES_MAX_BYTES {
                let kind = ErrorKind::AnswerTooLarge { limit: NAMES_MAX_BYTES as u64 };
                return Err(Error::new(kind, "list", &self.place(folder)));
            }
            found.push(ObjectEntry { key: key.to_owned(), size_bytes: entry.metadata().content_length() });
        }
    }

    /// Lists the names directly in a folder.
    pub(crate) async fn children(&self, folder: &str, limit: usize) -> Result<Children, Error> {
        let prefix = self.prefix(folder)?;
        let lister = self.service.patient.lister_with(&prefix).limit(PAGE);
        let mut entries = match lister.await {
            Ok(entries) => entries,
            Err(cause) => return Err(self.failed("list", folder, &cause).await),
        };
        let mut children = Children::default();
        for count in 0.. {
            let entry = match entries.try_next().await {
                Ok(Some(entry)) => entry,
                Ok(None) => break,
                Err(cause) => return Err(self.failed("list", folder, &cause).await),
            };
            if count == limit {
                return Err(Error::new(ErrorKind::TooMany { limit }, "list", &self.place(folder)));
            }
            let Some(name) = entry.path().strip_prefix(&prefix).filter(|name| !name.is_empty()) else {
                continue;
            };
            match name.strip_suffix('/') {
                Some(name) => children.folders.push(name.to_owned()),
                None => children.objects.push(name.to_owned()),
            }
        }
        self.service.saw_bucket();
        children.folders.sort();
        children.objects.sort();
        Ok(children)
    }

    /// Deletes everything below a folder, unfinished objects too; returns how many objects there were.
    pub(crate) async fn delete_below(&self, folder: &str) -> Result<u64, Error> {
        let mut deleted = 0;
        for _ in 0..DELETE_ROUNDS_MAX {
            let (entries, is_all) = self.gather(folder, DELETED_AT_ONCE).await?;
            deleted += entries.len() as u64;
            let paths: Vec<String> =
                entries.iter().map(|entry| format!("{}{}", self.base, entry.key)).collect();
            if let Err(cause) = self.service.patient.delete_iter(paths).await {
                return Err(self.failed("delete", folder, &cause).await);
            }
            if is_all {
                self.service.saw_bucket();
                self.clear_uploads(folder, Duration::ZERO).await?;
                return Ok(deleted);
            }
        }
        let limit = DELETED_AT_ONCE * DELETE_ROUNDS_MAX;
        Err(Error::new(ErrorKind::TooMany { limit }, "delete", &self.place(folder)))
    }

    /// Deletes the remains of crashed writers; returns the number of their unfinished objects.
    pub(crate) async fn clear_uploads(&self, folder: &str, older_than: Duration) -> Result<u64, Error> {
        let prefix = self.prefix(folder)?;
        match &self.service.uploads {
            Some(uploads) => uploads.clear(&prefix, older_than).await,
            None => Ok(0),
        }
    }

    /// Returns the location of the highest folder, from the bucket down to this one, that contains an object with
    /// this name.
    pub(crate) async fn find_upwards(&self, name: &str) -> Result<Option<String>, Error> {
        let whole = Self { service: self.service.clone(), base: String::new() };
        let ends = self.base.char_indices().filter(|(_, sign)| *sign == '/').map(|(place, _)| place + 1);
        for end in std::iter::once(0).chain(ends) {
            let folder = &self.base[..end];
            if whole.head("look at", &format!("{folder}{name}")).await?.is_some() {
                return Ok(Some(whole.place(folder)));
            }
        }
        Ok(None)
    }

    /// Sends a request that every usable key is allowed: lists the first object of the bucket.
    pub(crate) async fn reach(&self) -> Result<(), Error> {
        match self.service.patient.lister_with(&self.base).limit(1).await {
            Ok(mut entries) => match entries.try_next().await {
                Ok(_) => {
                    self.service.saw_bucket();
                    Ok(())
                }
                Err(cause) => Err(self.service.error("reach", &self.place(""), &cause)),
            },
            Err(cause) => Err(self.service.error("reach", &self.place(""), &cause)),
        }
    }

    /// Returns the location of a key, for messages.
    pub(crate) fn place(&self, key: &str) -> String {
        format!("{}/{}{key}", self.service.place, self.base).trim_end_matches('/').to_owned()
    }

    /// Requests the metadata of an object; `None` if it does not exist.
    async fn head(&self, verb: &'static str, key: &str) -> Result<Option<opendal::Metadata>, Error> {
        match self.service.patient.stat(&self.path(key)?).await {
            Ok(meta) if meta.is_file() => Ok(Some(meta)),
            Ok(_) => Ok(None),
            Err(cause) if cause.kind() == Kind::NotFound => {
                // The answer has no message: perhaps the bucket is missing.
                if !self.service.has_seen_bucket() {
                    self.reach().await?;
                }
                Ok(None)
            }
            Err(cause) => Err(self.failed(verb, key, &cause).await),
        }
    }

    /// Returns whether the current object was written with this mark. If that is unknown, returns false.
    async fn bears(&self, path: &str, mark: &Mark) -> bool {
        let found = self.service.patient.stat(path).await;
        found.is_ok_and(|meta| {
            let mut metadata = meta.user_metadata().into_iter().flatten();
            metadata.any(|(name, value)| name.eq_ignore_ascii_case(MARK) && value == mark.0)
        })
    }

    /// Turns an answer into an error. If the answer has no message, sends another request that returns one.
    async fn failed(&self, verb: &'static str, key: &str, cause: &opendal::Error) -> Error {
        let error = self.service.error(verb, &self.place(key), cause);
        if *error.kind() != ErrorKind::Forbidden || answer::has_words(cause) {
            return error;
        }
        match self.reach().await {
            Err(better) if *better.kind() != ErrorKind::Forbidden => better,
            _ => error,
        }
    }

    /// Checks a key and returns the object's name in the bucket.
    fn path(&self, key: &str) -> Result<String, Error> {
        key::split(key)?;
        Ok(format!("{}{key}", self.base))
    }

    /// Checks a folder and returns the prefix of its objects in the bucket.
    fn prefix(&self, folder: &str) -> Result<String, Error> {
        let names = key::folder(folder)?;
        Ok(self.below(&names).base)
    }
}

/// The identity of a write.
#[derive(Debug, Clone)]
struct Mark(String);

/// The name of the mark in the object's metadata.
const MARK: &str = "lifeboat";

fn new_mark() -> Mark {
    Mark(format!("{:032x}", rand::random::<u128>()))
}

impl Mark {
    fn metadata(&self) -> [(String, String); 1] {
        [(MARK.to_owned(), self.0.clone())]
    }
}
