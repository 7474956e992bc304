//! A directory as storage, and file systems that are small or read-only.

use std::path::{Path, PathBuf};
use std::process::Command;

use model::storage::StorageLocation;
use storage::{Client, FileRoots};

/// A directory that is allowed, and removed at the end.
pub(crate) struct Directory {
    folder: tempfile::TempDir,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn roots(&self) -> FileRoots {
        FileRoots::new([self.path()]).expect("an absolute path")
    }

    pub(crate) fn location(&self, below: &str) -> StorageLocation {
        location(&self.path().join(below))
    }

    /// Opens `base` in the directory, which does not exist before something is written.
    pub(crate) fn client(&self) -> Client {
        Client::open(&self.location("base"), None, &self.roots()).expect("a directory below its root")
    }

    /// Returns everything in the directory, hidden files and folders too, sorted.
    pub(crate) fn everything(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.path().to_path_buf()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() && !path.is_symlink() {
                    open.push(path.clone());
                }
                found.push(path.strip_prefix(self.path()).expect("below").to_path_buf());
            }
        }
        found.sort();
        found
    }
}

pub(crate) fn location(path: &Path) -> StorageLocation {
    StorageLocation::directory(path.to_str().expect("UTF-8")).expect("an absolute path")
}

/// A mounted tmpfs, unmounted at the end.
pub(crate) struct Mount {
    directory: Directory,
}

impl Mount {
    /// Mounts a tmpfs of 2 MiB. If that is not allowed, prints the reason and returns `None`, except in CI.
    pub(crate) fn new() -> Option<Self> {
        let directory = Directory::new();
        match run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(directory.path()))
        {
            Ok(()) => Some(Self { directory }),
            Err(why) if std::env::var_os("CI").is_some_and(|value| value == "true") => {
                panic!("CI has to test full and read-only file systems, but: {why}")
            }
            Err(why) => {
                eprintln!("not tested, because no file system can be mounted here: {why}");
                None
            }
        }
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) fn make_read_only(&self) {
        let mut remount = Command::new("mount");
        remount.args(["-o", "remount,ro"]).arg(self.directory.path());
        run(&mut remount).expect("what could be mounted can be mounted anew");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Err(why) = run(Command::new("umount").arg("--lazy").arg(self.directory.path())) {
            eprintln!("{why}");
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|cause| format!("{command:?}: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
