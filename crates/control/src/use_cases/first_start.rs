//! The first start: an account for the administrator, with a password that must be changed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use metadata::passwords;
use model::user::{ADMIN, Role, check_password};
use model::{Problem, Secret};
use rand::RngExt as _;
use tokio::task::spawn_blocking;

use crate::context::Context;
use crate::error::Error;

/// The file with the first password, in the data directory.
const FILE: &str = "initial-password";

/// The length of the password: 20 characters out of 55 have more than 115 bits.
const LENGTH: usize = 20;

/// The characters of the password: none that are easily confused.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Creates the first account if there is none. Returns the file with its password, until that is changed.
pub(crate) async fn run(context: &Context, given: Option<&Secret>) -> Result<Option<PathBuf>, Error> {
    let file = context.data_dir.join(FILE);
    if let Some(account) = context.metadata.user_account(ADMIN).await? {
        return Ok(Some(file).filter(|file| account.user.must_change_password && file.exists()));
    }
    if context.metadata.begin().await?.user_count().await? > 0 {
        return Ok(None); // the first account was removed on purpose
    }
    let password = match given {
        Some(given) => {
            check_password(given.expose())?;
            given.clone()
        }
        None => random_password(),
    };
    let is_random = given.is_none();
    if is_random {
        // The file comes first: after a crash between the two, the next start writes another password over it.
        keep_password(file.clone(), password.clone()).await?;
    }
    let hash = passwords::hash(&password).await?;
    let mut writer = context.metadata.begin().await?;
    if writer.user_count().await? > 0 {
        // Another server on the same metadata was first, and its password is valid.
        drop(writer);
        if is_random {
            forget_password(&context.data_dir).await;
        }
        return Ok(None);
    }
    writer.user_insert(ADMIN, Role::Admin, &hash, is_random).await?;
    writer.commit().await?;
    Ok(is_random.then_some(file))
}

/// Removes the file when its password is no longer valid.
pub(crate) async fn forget_password(data_dir: &Path) {
    let file = data_dir.join(FILE);
    match spawn_blocking(move || fs::remove_file(file)).await.expect("file work does not panic") {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "the file with the first password stays; it is not good any more");
        }
        _ => {}
    }
}

fn random_password() -> Secret {
    let mut random = rand::rng();
    Secret::new(
        (0..LENGTH).map(|_| char::from(ALPHABET[random.random_range(..ALPHABET.len())])).collect::<String>(),
    )
}

async fn keep_password(file: PathBuf, password: Secret) -> Result<(), Error> {
    let shown = file.display().to_string();
    let write = move || {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // A new file: no other process has it open, and only we can read it from its first byte on.
        let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        writeln!(new, "{}", password.expose())?;
        new.sync_all()
    };
    spawn_blocking(write).await.expect("file work does not panic").map_err(|cause| {
        Error::caused(Problem::internal("data-directory-failed").with("path", shown).raw(&cause), cause)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LENGTH, random_password};

    #[test]
    fn first_passwords_are_long_and_never_the_same() {
        let passwords: BTreeSet<String> = (0..100).map(|_| random_password().expose().to_owned()).collect();
        assert_eq!(passwords.len(), 100);
        assert!(passwords.iter().all(|password| password.len() == LENGTH));
    }
}
