//! The directories that local storages may use.
//!
//! A user who may enter a storage can make this server write and delete files there, so an administrator limits the
//! directories. A root itself may be a symbolic link (the administrator chose it); below it, links are not followed.

use std::path::{Component, Path, PathBuf};

use model::storage_use::Room;
use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::error::{Error, ErrorKind};

/// The free space below which a file system counts as full.
const ROOM_LEAST_BYTES: u64 = 1 << 20;

/// The allowed directories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileRoots(Vec<PathBuf>);

impl FileRoots {
    /// Returns the roots, sorted and without duplicates.
    ///
    /// # Errors
    /// Refuses a relative path, one that contains `..`, and one that is not UTF-8.
    pub fn new(roots: impl IntoIterator<Item = impl Into<PathBuf>>) -> Result<Self, Error> {
        let mut all = Vec::new();
        for root in roots {
            let root: PathBuf = root.into();
            let climbs = root.components().any(|part| part == Component::ParentDir);
            if !root.is_absolute() || climbs || root.to_str().is_none() {
                return Err(Error::new(
                    ErrorKind::RootMalformed,
                    "use the file root",
                    &root.to_string_lossy(),
                ));
            }
            all.push(root.components().collect()); // without doubled and trailing slashes
        }
        all.sort();
        all.dedup();
        Ok(Self(all))
    }

    /// Checks whether each root is writable; returns the errors. It may take as long as a network file system needs.
    #[must_use]
    pub fn check(&self) -> Vec<Error> {
        self.0.iter().filter_map(|root| check(root).err()).collect()
    }

    /// Returns the capacity of the file system of a directory, existing or future. It may take as long as a network
    /// file system needs.
    ///
    /// # Errors
    /// Fails if the directory is not below a root, or if the file system does not respond.
    pub fn room(&self, path: &str) -> Result<Room, Error> {
        const VERB: &str = "look at the room of";
        let Admitted { root: mut place, folders } = self.admit(path)?;
        for folder in folders {
            let next = place.join(folder);
            // No link is followed, and a missing directory will be on the file system of its parent.
            match next.symlink_metadata() {
                Ok(found) if found.is_dir() => place = next,
                _ => break,
            }
        }
        let disk = statvfs(&place).map_err(|cause| Error::io(VERB, &place.to_string_lossy(), cause))?;
        // The space reserved for root counts as used, as in `df`.
        let left_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
        let used_bytes = disk.f_blocks.saturating_sub(disk.f_bfree).saturating_mul(disk.f_frsize);
        Ok(Room { capacity_bytes: used_bytes.saturating_add(left_bytes), used_bytes })
    }

    /// Returns the root that allows this path, and the folders from there down to it.
    pub(crate) fn admit(&self, path: &str) -> Result<Admitted, Error> {
        let full = Path::new(path);
        let plain = full.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        let root = self.0.iter().rev().find(|root| full.starts_with(root));
        let (Some(root), true) = (root, plain) else {
            let roots = self.0.iter().map(|root| root.to_string_lossy().into_owned()).collect();
            return Err(Error::new(ErrorKind::OutsideRoots { roots }, "use the directory", path));
        };
        let below = full.strip_prefix(root).unwrap_or(Path::new(""));
        let folders = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        Ok(Admitted { root: root.clone(), folders })
    }
}

fn check(root: &Path) -> Result<(), Error> {
    const VERB: &str = "write below";
    let place = root.to_string_lossy();
    let disk = statvfs(root).map_err(|cause| Error::io(VERB, &place, cause))?;
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Err(Error::new(ErrorKind::ReadOnly, VERB, &place));
    }
    if disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM_LEAST_BYTES {
        return Err(Error::new(ErrorKind::Full, VERB, &place));
    }
    Ok(())
}

/// An allowed path, split at the point from which links are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// Opened as the administrator named it.
    pub(crate) root: PathBuf,
    /// Walked one by one, without following a link.
    pub(crate) folders: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::FileRoots;
    use crate::error::ErrorKind;

    #[test]
    fn a_path_is_allowed_below_a_root_and_nowhere_else() {
        let roots = FileRoots::new(["/backup/", "/data/lifeboat", "/backup/inner"]).expect("roots");
        let cases = [
            ("/backup", Some(("/backup", vec![]))),
            ("/backup/a/b", Some(("/backup", vec!["a", "b"]))),
            ("/backup/inner/a", Some(("/backup/inner", vec!["a"]))),
            ("/backups", None),
            ("/data", None),
            ("/backup/../etc", None),
            ("/", None),
        ];
        for (path, expected) in cases {
            let found = roots.admit(path).ok();
            let found = found.map(|found| (found.root.to_string_lossy().into_owned(), found.folders));
            let expected = expected.map(|(root, folders)| {
                (root.to_owned(), folders.into_iter().map(str::to_owned).collect::<Vec<_>>())
            });
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn a_root_that_depends_on_where_we_stand_is_refused() {
        for root in ["backup", "", "./x", "/backup/../etc"] {
            let refused = FileRoots::new([root]).expect_err(root);
            assert_eq!(*refused.kind(), ErrorKind::RootMalformed, "{root}");
        }
    }

    #[test]
    fn the_room_is_that_of_the_file_system_also_before_the_directory_is_there() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let root = dir.path().to_string_lossy().into_owned();
        let roots = FileRoots::new([&root]).expect("roots");
        let here = roots.room(&root).expect("a room");
        assert!(here.capacity_bytes >= here.used_bytes && here.capacity_bytes > 0, "{here:?}");
        let there = roots.room(&format!("{root}/not/yet")).expect("a room");
        assert_eq!(there.capacity_bytes / 1_000_000, here.capacity_bytes / 1_000_000);
        assert!(matches!(
            roots.room("/elsewhere").map_err(|error| error.kind().clone()),
            Err(ErrorKind::OutsideRoots { .. })
        ));
    }
}
