//! A directory held open. Names are looked up in it one at a time, and a symbolic link is never followed: checking a
//! path first and opening it later would leave a gap in which a link can be created.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, ErrorKind};

/// Backups contain all data of a database, so the group may read, and others have no access.
const FILE_MODE: Mode = Mode::from_raw_mode(0o640);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o750);

/// An open directory, and its name in messages.
#[derive(Debug)]
pub(crate) struct Folder {
    handle: OwnedFd,
    place: String,
}

/// The kind of a directory entry, as far as a walk needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Folder,
    Other,
}

impl Folder {
    /// Opens a root. The administrator named it, so a link is followed here.
    pub(crate) fn open_root(path: &Path) -> Result<Self, Error> {
        let place = path.to_string_lossy().into_owned();
        let handle =
            fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                .map_err(|cause| Error::io("open", &place, cause))?;
        Ok(Self { handle, place })
    }

    /// Opens a directory in this one; `None` if it does not exist.
    pub(crate) fn child(&self, name: &str) -> Result<Option<Self>, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match fs::openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => Ok(Some(Self { handle, place: self.place_of(name) })),
            Err(Errno::NOENT) => Ok(None),
            // For a link, the error depends on the file system.
            Err(Errno::NOTDIR | Errno::LOOP) if self.is_link(name) => {
                Err(Error::new(ErrorKind::SymbolicLink, "open", &self.place_of(name)))
            }
            Err(cause) => Err(self.failed("open", name, cause)),
        }
    }

    /// Opens a directory in this one, and creates it durably if it does not exist.
    pub(crate) fn make(&self, name: &str) -> Result<Self, Error> {
        if let Some(child) = self.child(name)? {
            return Ok(child);
        }
        match fs::mkdirat(&self.handle, name, FOLDER_MODE) {
            Ok(()) | Err(Errno::EXIST) => self.sync()?,
            Err(cause) => return Err(self.failed("make the directory", name, cause)),
        }
        self.child(name)?.ok_or_else(|| Error::new(ErrorKind::Missing, "open", &self.place_of(name)))
    }

    /// Creates a new, empty file.
    pub(crate) fn create_file(&self, name: &str) -> Result<File, Error> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(&self.handle, name, flags, FILE_MODE)
            .map(File::from)
            .map_err(|cause| self.failed("make", name, cause))
    }

    /// Opens a file for reading, and returns it with its size; `None` if it does not exist.
    pub(crate) fn open_file(&self, name: &str) -> Result<Option<(File, u64)>, Error> {
        // Non-blocking, because opening a pipe would wait forever for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match fs::openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => File::from(handle),
            Err(Errno::NOENT) => return Ok(None),
            Err(cause) => return Err(self.failed("open", name, cause)),
        };
        let metadata = file.metadata().map_err(|cause| Error::io("open", &self.place_of(name), cause))?;
        if metadata.is_file() {
            Ok(Some((file, metadata.len())))
        } else {
            Err(Error::new(ErrorKind::NotAFile, "open", &self.place_of(name)))
        }
    }

    /// Returns the size of a file; none if it does not exist or is not a file.
    pub(crate) fn file_size(&self, name: &str) -> Result<Option<u64>, Error> {
        let stat = self.stat(name)?.filter(|stat| FileType::from_raw_mode(stat.st_mode).is_file());
        Ok(stat.map(|stat| u64::try_from(stat.st_size).unwrap_or(0)))
    }

    /// Returns the time since the last write to a file; `None` if it does not exist.
    pub(crate) fn age(&self, name: &str, now: SystemTime) -> Result<Option<Duration>, Error> {
        let Some(stat) = self.stat(name)? else { return Ok(None) };
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0));
        Ok(Some(now.duration_since(written).unwrap_or_default()))
    }

    /// Returns the entries of the directory.
    pub(crate) fn entries(&self) -> Result<Vec<(String, EntryKind)>, Error> {
        let failed = |cause: Errno| Error::io("list", &self.place, cause);
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.handle).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Lifeboat writes only UTF-8 names, so another name is not ours.
            let Ok(name) = entry.file_name().to_str() else { continue };
            if matches!(name, "." | "..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    self.stat(name)?.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode))
                }
                known => known,
            };
            let kind = if kind.is_dir() { EntryKind::Folder } else { EntryKind::Other };
            entries.push((name.to_owned(), kind));
        }
        Ok(entries)
    }

    /// Removes anything but a directory; returns whether it existed.
    pub(crate) fn remove_file(&self, name: &str) -> Result<bool, Error> {
        match fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(cause) => Err(self.failed("delete", name, cause)),
        }
    }

    /// Removes an empty directory; a directory that is no longer empty stays.
    pub(crate) fn remove_folder(&self, name: &str) -> Result<(), Error> {
        match fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            Err(cause) => Err(self.failed("delete the directory", name, cause)),
        }
    }

    /// Renames a file, and atomically replaces an existing one.
    pub(crate) fn rename(&self, old: &str, new: &str) -> Result<(), Error> {
        fs::renameat(&self.handle, old, &self.handle, new).map_err(|cause| self.failed("write", new, cause))
    }

    /// Renames a file unless the new name exists; returns whether it did.
    pub(crate) fn rename_new(&self, old: &str, new: &str) -> Result<bool, Error> {
        // A hard link fails if the name exists, on every file system with hard links, including NFS. RENAME_NOREPLACE
        // does not work on NFS, but on some file systems without hard links.
        let linked = fs::linkat(&self.handle, old, &self.handle, new, AtFlags::empty());
        match linked {
            Ok(()) => {
                self.remove_file(old)?;
                Ok(true)
            }
            // NFS repeats a request whose answer was lost; then the existing name is our own.
            Err(Errno::EXIST) if self.are_one(old, new)? => {
                self.remove_file(old)?;
                Ok(true)
            }
            Err(Errno::EXIST) => Ok(false),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
                let flags = fs::RenameFlags::NOREPLACE;
                match fs::renameat_with(&self.handle, old, &self.handle, new, flags) {
                    Ok(()) => Ok(true),
                    Err(Errno::EXIST) => Ok(false),
                    Err(cause) => Err(self.failed("write", new, cause)),
                }
            }
            Err(cause) => Err(self.failed("write", new, cause)),
        }
    }

    /// Waits until the directory's entries are durable.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        match fs::fsync(&self.handle) {
            // Some network file systems do not support it, but write entries immediately anyway.
            Ok(()) | Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(()),
            Err(cause) => Err(Error::io("write", &self.place, cause)),
        }
    }

    /// Returns the name of the directory in messages.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Returns the name of an entry in messages.
    pub(crate) fn place_of(&self, name: &str) -> String {
        format!("{}/{name}", self.place.trim_end_matches('/'))
    }

    fn stat(&self, name: &str) -> Result<Option<fs::Stat>, Error> {
        match fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(cause) => Err(self.failed("look at", name, cause)),
        }
    }

    fn is_link(&self, name: &str) -> bool {
        matches!(self.stat(name), Ok(Some(stat)) if FileType::from_raw_mode(stat.st_mode).is_symlink())
    }

    fn are_one(&self, left: &str, right: &str) -> Result<bool, Error> {
        let identity = |stat: fs::Stat| (stat.st_dev, stat.st_ino);
        let left = self.stat(left)?.map(identity);
        Ok(left.is_some() && left == self.stat(right)?.map(identity))
    }

    fn failed(&self, verb: &'static str, name: &str, cause: Errno) -> Error {
        Error::io(verb, &self.place_of(name), cause)
    }
}
