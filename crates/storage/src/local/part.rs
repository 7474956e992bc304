//! An unfinished file. It has a temporary name until it is complete and durable.
//!
//! The order makes it safe: write, sync the file, rename, sync the directory. A crash before the rename leaves a
//! `.lifeboat-part-…` that no listing shows; after the rename, the file is complete under its name.
//!
//! The name contains the machine of the writer, and the file is locked during the write. This distinguishes a part
//! whose writer died on this machine from one that is being written, here or elsewhere.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::sync::LazyLock;
use std::time::Duration;

use super::folder::Folder;
use crate::error::Error;
use crate::key::PART_PREFIX;

/// The identity of this machine in the names of parts: the first 16 digits of its boot ID. Empty if it has none.
static MACHINE: LazyLock<String> = LazyLock::new(|| {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let boot = boot.trim().replace('-', "");
    boot.get(..16).filter(|boot| boot.chars().all(|sign| sign.is_ascii_hexdigit())).unwrap_or("").to_owned()
});

/// The age from which the lock of a part counts, because it is created before it is locked.
const LOCKED_AFTER: Duration = Duration::from_secs(2);

/// Returns whether the writer of a part of this machine is gone.
pub(super) fn is_orphan(folder: &Folder, name: &str, age: Duration) -> bool {
    let is_ours = !MACHINE.is_empty()
        && name.strip_prefix(PART_PREFIX).is_some_and(|rest| rest.starts_with(MACHINE.as_str()));
    // On a file system without locks, `try_lock` fails, so no part counts as orphan.
    is_ours
        && age >= LOCKED_AFTER
        && folder.open_file(name).ok().flatten().is_some_and(|(file, _)| file.try_lock().is_ok())
}

/// An unfinished file. It is removed if it is dropped before it is finished.
#[derive(Debug)]
pub(crate) struct Part {
    folder: Folder,
    file: File,
    name: String,
    target: String,
    size_bytes: u64,
    finished: bool,
}

impl Part {
    /// Starts the file that will be named `target`.
    pub(crate) fn begin(folder: Folder, target: &str) -> Result<Self, Error> {
        let name = format!("{PART_PREFIX}{}{:016x}", *MACHINE, rand::random::<u64>());
        let file = folder.create_file(&name)?;
        if let Err(TryLockError::Error(error)) = file.try_lock() {
            tracing::debug!(%error, "this file system has no locks");
        }
        Ok(Self { folder, file, name, target: target.to_owned(), size_bytes: 0, finished: false })
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|cause| Error::io("write", &self.place(), cause))?;
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Gives the file its name, and replaces an existing file; returns its size.
    pub(crate) fn finish(mut self) -> Result<u64, Error> {
        self.sync()?;
        self.folder.rename(&self.name, &self.target)?;
        self.finished = true;
        self.folder.sync()?;
        Ok(self.size_bytes)
    }

    /// Gives the file its name unless the name exists; returns whether it did.
    pub(crate) fn finish_new(mut self) -> Result<bool, Error> {
        self.sync()?;
        if !self.folder.rename_new(&self.name, &self.target)? {
            return Ok(false);
        }
        self.finished = true;
        self.folder.sync()?;
        Ok(true)
    }

    /// Removes the file.
    pub(crate) fn abort(mut self) -> Result<(), Error> {
        self.finished = true;
        self.folder.remove_file(&self.name).map(drop)
    }

    /// Returns the future location of the file, for messages.
    pub(crate) fn place(&self) -> String {
        self.folder.place_of(&self.target)
    }

    fn sync(&self) -> Result<(), Error> {
        self.file.sync_all().map_err(|cause| Error::io("write", &self.place(), cause))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        if let Err(error) = self.folder.remove_file(&self.name) {
            tracing::warn!(file = %self.folder.place_of(&self.name), %error, "an unfinished file stays behind");
        }
    }
}
