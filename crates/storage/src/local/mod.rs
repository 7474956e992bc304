//! Objects as files. `folder` walks without following links, `part` makes a file appear completely or not at all.
//!
//! Everything here blocks; `client` runs it on other threads. Folders are opened again for every call, from the root
//! down: a file system that was mounted, unmounted or renamed in between is seen in its current state, and no handle
//! becomes stale.

mod folder;
mod part;

use std::fs::File;
use std::io::Read;
use std::time::{Duration, SystemTime};

pub(crate) use part::Part;

use crate::client::{Children, ObjectEntry};
use crate::error::{Error, ErrorKind};
use crate::key;
use crate::roots::{Admitted, FileRoots};
use folder::{EntryKind, Folder};

/// The maximum number of attempts to create a file while others remove its folders.
const TRIES_MAX: u32 = 5;

/// The maximum depth of folders; a key cannot reach deeper.
const DEPTH_MAX: usize = 450;

/// A directory that contains objects.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    base: Admitted,
}

impl Local {
    /// Checks that the directory is allowed, without accessing or creating it.
    pub(crate) fn new(path: &str, roots: &FileRoots) -> Result<Self, Error> {
        Ok(Self { base: roots.admit(path)? })
    }

    /// Returns the directory of a folder in this one.
    pub(crate) fn below(&self, folders: &[&str]) -> Self {
        let mut base = self.base.clone();
        base.folders.extend(folders.iter().map(|&folder| folder.to_owned()));
        Self { base }
    }

    /// Starts a file; creates missing parent folders.
    pub(crate) fn part(&self, key: &str) -> Result<Part, Error> {
        let (folders, name) = key::split(key)?;
        let mut tries_left = TRIES_MAX;
        loop {
            tries_left -= 1;
            match self.make(&folders).and_then(|folder| Part::begin(folder, name)) {
                // Another process removed a folder as empty just after we created it.
                Err(error) if *error.kind() == ErrorKind::Missing && tries_left > 0 => {}
                begun => return begun,
            }
        }
    }

    fn make(&self, names: &[&str]) -> Result<Folder, Error> {
        let mut folder = self.root()?;
        for name in self.base.folders.iter().map(String::as_str).chain(names.iter().copied()) {
            folder = folder.make(name)?;
        }
        Ok(folder)
    }

    /// Opens a file for reading; also returns its size.
    pub(crate) fn open(&self, key: &str) -> Result<(File, u64), Error> {
        let (folders, name) = key::split(key)?;
        let missing = || Error::new(ErrorKind::Missing, "open", &self.place(key));
        let folder = self.folder(&folders)?.ok_or_else(missing)?;
        folder.open_file(name)?.ok_or_else(missing)
    }

    /// Reads a file of at most `limit` bytes.
    pub(crate) fn read(&self, key: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let (file, size) = self.open(key)?;
        let place = self.place(key);
        let too_large = |found| Error::new(ErrorKind::TooLarge { found, limit }, "read", &place);
        if size > limit {
            return Err(too_large(size));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        // One byte more than the limit, so that a growing file is detected instead of truncated.
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        let found = read.map_err(|cause| Error::io("read", &place, cause))? as u64;
        if found > limit { Err(too_large(found)) } else { Ok(bytes) }
    }

    /// Returns the metadata of a file.
    pub(crate) fn stat(&self, key: &str) -> Result<Option<ObjectEntry>, Error> {
        let (folders, name) = key::split(key)?;
        let Some(folder) = self.folder(&folders)? else { return Ok(None) };
        let size = folder.file_size(name)?;
        Ok(size.map(|size_bytes| ObjectEntry { key: key.to_owned(), size_bytes }))
    }

    /// Removes a file; returns whether it existed.
    pub(crate) fn delete(&self, key: &str) -> Result<bool, Error> {
        let (folders, name) = key::split(key)?;
        match self.folder(&folders)? {
            Some(folder) => folder.remove_file(name),
            None => Ok(false),
        }
    }

    /// Lists the files below a folder in the order of their keys.
    pub(crate) fn list(&self, prefix: &str, limit: usize) -> Result<Vec<ObjectEntry>, Error> {
        let mut found = Vec::new();
        self.walk(prefix, &mut |visit| {
            if let Visit::File { folder, name, key } = visit
                && !name.starts_with(key::PART_PREFIX)
                && let Some(size_bytes) = folder.file_size(name)?
            {
                if found.len() == limit {
                    return Err(Error::new(ErrorKind::TooMany { limit }, "list", &self.place(prefix)));
                }
                found.push(ObjectEntry { key, size_bytes });
            }
            Ok(())
        })?;
        found.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(found)
    }

    /// Lists the names directly in a folder. One that contains only unfinished files is shown.
    pub(crate) fn children(&self, prefix: &str) -> Result<Children, Error> {
        let mut children = Children::default();
        let Some(folder) = self.folder(&key::folder(prefix)?)? else { return Ok(children) };
        for (name, kind) in folder.entries()? {
            if kind == EntryKind::Folder {
                children.folders.push(name);
            } else if !name.starts_with(key::PART_PREFIX) && folder.file_size(&name)?.is_some() {
                children.objects.push(name);
            }
        }
        children.folders.sort();
        children.objects.sort();
        Ok(children)
    }

    /// Removes everything below a folder, including unfinished files, and the folder; returns how many objects it
    /// contained. A symbolic link is removed, not followed.
    pub(crate) fn delete_below(&self, prefix: &str) -> Result<u64, Error> {
        let mut removed = 0;
        self.walk(prefix, &mut |visit| {
            match visit {
                Visit::File { folder, name, .. } => {
                    let was_there = folder.remove_file(name)?;
                    removed += u64::from(was_there && !name.starts_with(key::PART_PREFIX));
                }
                Visit::Left { folder, name } => folder.remove_folder(name)?,
            }
            Ok(())
        })?;
        let names = key::folder(prefix)?;
        if let Some((name, parents)) = names.split_last()
            && let Some(parent) = self.folder(parents)?
        {
            parent.remove_folder(name)?;
            parent.sync()?;
        }
        Ok(removed)
    }

    /// Removes unfinished files that were not written to for this long.
    pub(crate) fn clear_parts(&self, prefix: &str, older_than: Duration) -> Result<u64, Error> {
        let now = SystemTime::now();
        let mut removed = 0;
        self.walk(prefix, &mut |visit| {
            if let Visit::File { folder, name, .. } = visit
                && name.starts_with(key::PART_PREFIX)
                && folder.age(name, now)?.is_some_and(|age| age >= older_than)
            {
                removed += u64::from(folder.remove_file(name)?);
            }
            Ok(())
        })?;
        Ok(removed)
    }

    /// Removes the unfinished files of dead writers of this machine, below the folders whose names `is_ours` accepts.
    pub(crate) fn clear_orphans(&self, is_ours: impl Fn(&str) -> bool) -> Result<u64, Error> {
        let Some(base) = self.folder(&[])? else { return Ok(0) };
        let (now, mut removed) = (SystemTime::now(), 0);
        for (name, kind) in base.entries()? {
            if kind != EntryKind::Folder || !is_ours(&name) {
                continue;
            }
            self.walk(&name, &mut |visit| {
                if let Visit::File { folder, name, .. } = visit
                    && name.starts_with(key::PART_PREFIX)
                    && folder.age(name, now)?.is_some_and(|age| part::is_orphan(folder, name, age))
                {
                    removed += u64::from(folder.remove_file(name)?);
                }
                Ok(())
            })?;
        }
        Ok(removed)
    }

    /// Returns the location of the highest folder, from the root down to this one, that contains a file with this
    /// name.
    pub(crate) fn find_upwards(&self, name: &str) -> Result<Option<String>, Error> {
        let mut folder = self.root()?;
        for next in &self.base.folders {
            if folder.file_size(name)?.is_some() {
                return Ok(Some(folder.place().to_owned()));
            }
            match folder.child(next)? {
                Some(child) => folder = child,
                None => return Ok(None),
            }
        }
        Ok(folder.file_size(name)?.map(|_| folder.place().to_owned()))
    }

    /// Returns how many of the folders between the root and this directory exist, including itself.
    pub(crate) fn standing(&self) -> Result<usize, Error> {
        let mut folder = self.root()?;
        for (count, name) in self.base.folders.iter().enumerate() {
            match folder.child(name)? {
                Some(child) => folder = child,
                None => return Ok(count),
            }
        }
        Ok(self.base.folders.len())
    }

    /// Removes a folder in this directory and the folders that did not exist before, as far as they are empty.
    pub(crate) fn trim(&self, folder: &str, stood: usize) -> Result<(), Error> {
        let mut names: Vec<&str> = self.base.folders[stood..].iter().map(String::as_str).collect();
        names.push(folder);
        let standing =
            Self { base: Admitted { folders: self.base.folders[..stood].to_vec(), ..self.base.clone() } };
        while let Some(name) = names.pop() {
            if let Some(parent) = standing.folder(&names)? {
                parent.remove_folder(name)?;
            }
        }
        Ok(())
    }

    /// Returns the location of a key, for messages.
    pub(crate) fn place(&self, key: &str) -> String {
        let mut path = self.base.root.clone();
        path.extend(&self.base.folders);
        path.push(key.trim_end_matches('/'));
        path.to_string_lossy().trim_end_matches('/').to_owned()
    }

    fn root(&self) -> Result<Folder, Error> {
        Folder::open_root(&self.base.root)
    }

    /// Opens a folder; `None` if it does not exist. A missing root is an error: usually, its file system is not
    /// mounted, which must not look like an empty storage.
    fn folder(&self, names: &[&str]) -> Result<Option<Folder>, Error> {
        let mut folder = self.root()?;
        for name in self.base.folders.iter().map(String::as_str).chain(names.iter().copied()) {
            match folder.child(name)? {
                Some(child) => folder = child,
                None => return Ok(None),
            }
        }
        Ok(Some(folder))
    }

    /// Visits everything below a folder: files (links and everything except directories count as files), and each
    /// folder after its content.
    fn walk(&self, prefix: &str, visit: &mut dyn FnMut(Visit<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let names = key::folder(prefix)?;
        match self.folder(&names)? {
            Some(folder) => walk_folder(&folder, &names.join("/"), DEPTH_MAX, visit),
            None => Ok(()),
        }
    }
}

/// A stop of a walk.
enum Visit<'a> {
    File { folder: &'a Folder, name: &'a str, key: String },
    Left { folder: &'a Folder, name: &'a str },
}

fn walk_folder(
    folder: &Folder,
    prefix: &str,
    depth_left: usize,
    visit: &mut dyn FnMut(Visit<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    for (name, kind) in folder.entries()? {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if kind == EntryKind::Other {
            visit(Visit::File { folder, name: &name, key })?;
        } else if depth_left > 0 {
            // Another process may have deleted it in the meantime.
            let Some(child) = folder.child(&name)? else { continue };
            walk_folder(&child, &key, depth_left - 1, visit)?;
            visit(Visit::Left { folder, name: &name })?;
        }
    }
    Ok(())
}
