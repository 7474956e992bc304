//! The free space on the disk of the data directory. A reserve file is released when the disk is full, so that users
//! can still log on, view tasks, and cancel those that fill it. In the meantime, no task starts. When there is space
//! again, the reserve is restored and work continues by itself.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

use crate::error::Error;
use crate::open::private;

/// The file in the data directory.
pub(crate) const RESERVE_FILE: &str = "lifeboat.reserve";

/// The size of the reserve: enough for thousands of log-ons, cancels and log lines.
const RESERVE_BYTES: u64 = 8 << 20;

/// If less space than this is free, the reserve is released before anything fails.
const LITTLE_BYTES: u64 = 2 << 20;

/// The reserve, and whether it was released.
#[derive(Debug)]
pub(crate) struct Room {
    reserve: PathBuf,
    is_short: AtomicBool,
}

impl Room {
    /// Creates the reserve in a data directory, if the disk has space for it.
    pub(crate) fn open(directory: &Path) -> Self {
        let room = Self { reserve: directory.join(RESERVE_FILE), is_short: AtomicBool::new(false) };
        room.look();
        room
    }

    /// Fails if the reserve was released, or there was never space for it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !self.is_short.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Error::DiskFull { path: self.reserve.parent().unwrap_or(Path::new(".")).display().to_string() })
    }

    /// Releases the reserve for necessary writes.
    pub(crate) fn give_up(&self) {
        if !self.is_short.swap(true, Ordering::Relaxed) {
            tracing::error!(
                reserve = %self.reserve.display(),
                "the disk of the data directory is full; the reserve is given up, and no task starts until there is room"
            );
        }
        match fs::remove_file(&self.reserve) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!(%error, "the reserve cannot be given up");
            }
            _ => {}
        }
    }

    /// Checks the free space: releases the reserve if the disk is nearly full, and restores it when there is space
    /// again.
    pub(crate) fn look(&self) {
        let is_whole = fs::metadata(&self.reserve).is_ok_and(|reserve| reserve.len() == RESERVE_BYTES);
        match self.free() {
            Ok(free) if is_whole && free < LITTLE_BYTES => self.give_up(),
            Ok(free) if !is_whole && free < RESERVE_BYTES + 2 * LITTLE_BYTES => self.give_up(),
            Ok(_) if !is_whole => self.put_back(),
            Ok(_) => self.is_short.store(false, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "cannot see how much room the data directory has"),
        }
    }

    fn free(&self) -> io::Result<u64> {
        let room = statvfs(self.reserve.parent().unwrap_or(Path::new(".")))?;
        Ok(room.f_bavail.saturating_mul(room.f_frsize))
    }

    fn put_back(&self) {
        match make(&self.reserve) {
            Ok(()) => {
                if self.is_short.swap(false, Ordering::Relaxed) {
                    tracing::info!("the disk of the data directory has room again; tasks go on");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the reserve cannot be made");
                self.give_up();
            }
        }
    }
}

/// Creates a file that really occupies its space on the disk.
fn make(path: &Path) -> io::Result<()> {
    let mut file: File = private().create(true).truncate(true).open(path)?;
    match fallocate(&file, FallocateFlags::empty(), 0, RESERVE_BYTES) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let zeros = vec![0; 1 << 20];
            for _ in 0..RESERVE_BYTES >> 20 {
                file.write_all(&zeros)?;
            }
            file.sync_all()
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{RESERVE_BYTES, RESERVE_FILE, Room};

    #[test]
    fn a_reserve_that_was_given_up_comes_back_with_the_next_look_where_there_is_room() {
        let directory = tempfile::tempdir().expect("a directory");
        let room = Room::open(directory.path());
        let file = directory.path().join(RESERVE_FILE);
        let size = || std::fs::metadata(&file).map(|file| file.len()).ok();
        assert_eq!((size(), room.check().is_err()), (Some(RESERVE_BYTES), false));
        room.give_up();
        assert_eq!((size(), room.check().is_err()), (None, true));
        room.look();
        assert_eq!((size(), room.check().is_err()), (Some(RESERVE_BYTES), false));
    }
}
