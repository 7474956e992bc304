//! The signing key of the user who runs the command line. It signs dumps that are made without a server, so that the
//! user can load them without a further option. It is in the user's configuration directory; the first dump creates it.

use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use dump::SigningKey;
use model::text::Text;
use model::{Problem, Secret};

/// A user's key, or the reason why it is missing.
#[derive(Debug)]
pub(crate) enum OwnKey {
    /// It exists.
    Found(SigningKey),
    /// It was created now, in this file.
    Created(SigningKey, PathBuf),
    /// It is missing; the text explains the effect on a dump.
    None(Text),
}

impl OwnKey {
    /// Returns the user's key; the first call creates it.
    ///
    /// # Errors
    /// When its file contains something else.
    pub(crate) fn ensure() -> Result<Self, Problem> {
        match file() {
            Some(file) => Self::ensure_in(&file),
            None => Ok(Self::None(Text::new("cli-dump-not-signed-no-home"))),
        }
    }

    fn ensure_in(file: &Path) -> Result<Self, Problem> {
        let unusable = |cause: &io::Error| {
            let text = Text::new("cli-dump-not-signed-no-key");
            Self::None(text.with("path", file.display()).with("why", cause))
        };
        match fs::read_to_string(file) {
            Ok(text) => return Ok(Self::Found(read(file, &Secret::new(text))?)),
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Err(cause) if cause.kind() == ErrorKind::InvalidData => return Err(unreadable(file, &cause)),
            Err(cause) => return Ok(unusable(&cause)),
        }
        let new = SigningKey::generate();
        match create(file, &new).and_then(|()| fs::read_to_string(file)) {
            Ok(text) => {
                let key = read(file, &Secret::new(text))?;
                Ok(if key == new { Self::Created(key, file.to_owned()) } else { Self::Found(key) })
            }
            Err(cause) => Ok(unusable(&cause)),
        }
    }
}

/// Returns the user's key, if it exists and this process may read it.
///
/// # Errors
/// When its file contains something else.
pub(crate) fn find() -> Result<Option<SigningKey>, Problem> {
    let Some(file) = file() else { return Ok(None) };
    match fs::read_to_string(&file) {
        Ok(text) => read(&file, &Secret::new(text)).map(Some),
        Err(cause) if cause.kind() == ErrorKind::InvalidData => Err(unreadable(&file, &cause)),
        Err(_) => Ok(None),
    }
}

/// Reads the signing key in a file.
pub(crate) fn read(file: &Path, text: &Secret) -> Result<SigningKey, Problem> {
    SigningKey::read(text).map_err(|cause| unreadable(file, &cause))
}

/// The error of a file that contains no signing key or cannot be read.
pub(crate) fn unreadable(file: &Path, cause: &dyn std::fmt::Display) -> Problem {
    Problem::invalid("signing-key-unreadable").with("path", file.display()).raw(cause)
}

/// Writes a signing key into a new file that only its owner may read.
///
/// # Errors
/// When there is such a file, or it cannot be written.
pub(crate) fn write_new(file: &Path, key: &SigningKey) -> io::Result<()> {
    let text = format!("# public key: {}\n{}\n", key.public(), key.secret().expose());
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()
}

/// Returns the file of the user's key.
fn file() -> Option<PathBuf> {
    place(env::var_os("XDG_CONFIG_HOME"), env::var_os("HOME"))
}

/// Returns the file of the key of a user with these two directories. Relative directories do not count, as the XDG Base
/// Directory Specification requires.
fn place(config: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |dir: Option<OsString>| dir.map(PathBuf::from).filter(|dir| dir.is_absolute());
    let config = absolute(config).or_else(|| Some(absolute(home)?.join(".config")))?;
    Some(config.join("lifeboat").join("signing-key"))
}

/// Creates the file with this key, or keeps the file that another process has created meanwhile. The key is written
/// under another name first, so that no process reads half a key.
fn create(file: &Path, key: &SigningKey) -> io::Result<()> {
    let folder = file.parent().ok_or(ErrorKind::InvalidInput)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!("signing-key.{}", key.public().to_string().replace(':', "-")));
    let linked = write_new(&draft, key).and_then(|()| match fs::hard_link(&draft, file) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    match fs::remove_file(&draft) {
        Err(cause) if linked.is_ok() => Err(cause),
        _ => linked,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::{fs, thread};

    use super::{OwnKey, place};

    #[test]
    fn the_key_lies_in_the_configuration_directory_of_the_user() {
        for (config, home, expected) in [
            (Some("/c"), Some("/h"), Some("/c/lifeboat/signing-key")),
            (None, Some("/h"), Some("/h/.config/lifeboat/signing-key")),
            (Some(""), Some("/h"), Some("/h/.config/lifeboat/signing-key")),
            (Some("relative"), Some("/h"), Some("/h/.config/lifeboat/signing-key")),
            (Some("/c"), None, Some("/c/lifeboat/signing-key")),
            (None, Some(""), None),
            (None, None, None),
        ] {
            let found = place(config.map(Into::into), home.map(Into::into));
            assert_eq!(found.as_deref(), expected.map(Path::new), "{config:?} {home:?}");
        }
    }

    #[test]
    fn processes_that_create_the_key_at_once_get_one_key_that_only_its_owner_reads() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("new/lifeboat/signing-key");
        let keys = thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| OwnKey::ensure_in(&file))).collect();
            let ends = starts.into_iter().map(|thread| thread.join().expect("no panic").expect("a key"));
            ends.collect::<Vec<_>>()
        });
        let created = keys.iter().filter(|key| matches!(key, OwnKey::Created(..))).count();
        let publics: BTreeSet<_> = keys
            .into_iter()
            .map(|key| match key {
                OwnKey::Found(key) | OwnKey::Created(key, _) => key.public(),
                OwnKey::None(why) => panic!("{why:?}"),
            })
            .collect();
        assert_eq!((created, publics.len()), (1, 1));
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        let folder = file.parent().expect("a folder");
        assert_eq!((mode(&file), mode(folder)), (0o600, 0o700));
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1, "no draft is left");
    }

    #[test]
    fn a_file_that_holds_something_else_is_an_error_and_one_that_cannot_be_made_is_none() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("signing-key");
        for content in [&b"no key"[..], b"\xff"] {
            fs::write(&file, content).expect("written");
            let refused = OwnKey::ensure_in(&file).expect_err("no key");
            assert_eq!(refused.text.id, "signing-key-unreadable");
        }
        let below_a_file = OwnKey::ensure_in(&file.join("lifeboat/signing-key")).expect("goes on");
        let OwnKey::None(why) = below_a_file else { panic!("{below_a_file:?}") };
        assert_eq!(why.id, "cli-dump-not-signed-no-key");
    }
}
