//! The storage of backups: real files for `file://`, and memory for all object stores.

mod content;
pub(crate) mod layout3;
pub(crate) mod layout4;
pub(crate) mod uri;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub(crate) use uri::Uri;

use crate::error::SqlError;

/// The part of each file that is really written; the rest is a hole that reads as zeros.
const REAL_BYTES: u64 = 1 << 20;

/// All storage of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Media {
    /// The root directory of `file:///` addresses.
    root: Option<PathBuf>,
    /// Objects by address.
    objects: Mutex<BTreeMap<String, (u64, Vec<u8>)>>,
}

impl Media {
    pub(crate) fn new(root: Option<PathBuf>) -> Self {
        Self { root, objects: Mutex::default() }
    }

    /// Writes a small file.
    pub(crate) fn put(&self, address: &str, text: &[u8]) -> Result<(), SqlError> {
        self.write(address, text.len() as u64, text)
    }

    /// Writes a data file of a given size, with content derived from its address.
    pub(crate) fn put_data(&self, address: &str, size: u64) -> Result<(), SqlError> {
        let Some(path) = self.path(address) else {
            // Objects in memory cannot be damaged, so the size suffices.
            return self.write(address, size, &[]);
        };
        if fs::metadata(&path).is_ok_and(|file| (REAL_BYTES..=size).contains(&file.len())) {
            // A log that grows beyond its real bytes only needs a longer hole.
            return lengthen(&path, size).map_err(|error| translate(&error));
        }
        self.write(address, size, &content::bytes_of(address, size.min(REAL_BYTES)))
    }

    /// Returns the problem of a data file, if any.
    pub(crate) fn damage(&self, address: &str, size: u64) -> Option<SqlError> {
        match self.head(address) {
            None => Some(SqlError::plain(9011)),
            Some((found, head)) => {
                let is_whole =
                    self.path(address).is_none() || head == content::bytes_of(address, size.min(REAL_BYTES));
                (found != size || !is_whole).then(|| SqlError::plain(4103))
            }
        }
    }

    /// Returns the content of a small file.
    pub(crate) fn get(&self, address: &str) -> Option<Vec<u8>> {
        self.head(address).map(|(_, head)| head)
    }

    /// Returns the names directly below an address.
    pub(crate) fn list(&self, address: &str) -> Vec<String> {
        if let Some(path) = self.path(address) {
            let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
            let mut names: Vec<String> =
                entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            return names;
        }
        let prefix = format!("{}/", address.trim_end_matches('/'));
        let objects = self.objects();
        let below = objects.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        let mut names: Vec<String> =
            below.filter_map(|(name, _)| name[prefix.len()..].split('/').next().map(str::to_owned)).collect();
        names.dedup();
        names
    }

    /// Removes a file, or a directory with its content.
    pub(crate) fn remove(&self, address: &str) {
        if let Some(path) = self.path(address) {
            // It may already be removed, which is the intended result.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            return;
        }
        let below = format!("{address}/");
        self.objects().retain(|name, _| name != address && !name.starts_with(&below));
    }

    fn write(&self, address: &str, size: u64, head: &[u8]) -> Result<(), SqlError> {
        let Some(path) = self.path(address) else {
            self.objects().insert(address.to_owned(), (size, head.to_vec()));
            return Ok(());
        };
        write_file(&path, size, head).map_err(|error| translate(&error))
    }

    fn head(&self, address: &str) -> Option<(u64, Vec<u8>)> {
        let Some(path) = self.path(address) else { return self.objects().get(address).cloned() };
        let file = fs::File::open(path).ok()?;
        let size = file.metadata().ok()?.len();
        let mut head = Vec::new();
        file.take(REAL_BYTES).read_to_end(&mut head).ok()?;
        Some((size, head))
    }

    /// Returns the local path of a `file://` address.
    fn path(&self, address: &str) -> Option<PathBuf> {
        let path = address.strip_prefix("file://")?;
        Some(match &self.root {
            Some(root) => root.join(path.trim_start_matches('/')),
            None => PathBuf::from(path),
        })
    }

    fn objects(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (u64, Vec<u8>)>> {
        self.objects.lock().expect("nothing panics while it holds the objects")
    }
}

fn lengthen(path: &Path, size: u64) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(path)?.set_len(size)
}

fn write_file(path: &Path, size: u64, head: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = fs::File::create(path)?;
    file.write_all(head)?;
    file.set_len(size)
}

fn translate(error: &io::Error) -> SqlError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => SqlError::plain(9071),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SqlError::plain(9082),
        io::ErrorKind::NotADirectory => SqlError::plain(9070),
        _ => SqlError::plain(4009),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_shortened_data_file_is_noticed_on_both_kinds_of_storage() {
        let root = std::env::temp_dir().join(format!("sim-media-{}", std::process::id()));
        let media = Media::new(Some(root.clone()));
        for base in ["file:///a", "oss://bucket/a"] {
            let address = format!("{base}/b/data.0");
            media.put_data(&address, 3_000_000).expect("room for a file");
            assert_eq!(media.damage(&address, 3_000_000), None);
            media.put_data(&address, 3_500_000).expect("room for more");
            assert_eq!(media.damage(&address, 3_500_000), None);
            media.remove(&address);
            media.put_data(&address, 3_000_000).expect("room for a file");
            assert_eq!(media.damage(&address, 4_000_000).map(|error| error.code), Some(4103));
            assert_eq!(media.list(base), ["b"]);
            media.put(&address, b"overwritten").expect("room for a file");
            assert_eq!(media.damage(&address, 3_000_000).map(|error| error.code), Some(4103));
            media.remove(&format!("{base}/b"));
            assert_eq!(media.damage(&address, 3_000_000).map(|error| error.code), Some(9011));
        }
        fs::remove_dir_all(root).expect("our own directory");
    }
}
