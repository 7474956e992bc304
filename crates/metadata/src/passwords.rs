//! Passwords of users: only a slow hash of each is kept (Argon2id with 19 MiB and two rounds).

use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::phc;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use model::Secret;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::Error;

/// How many hashes are computed at the same time, so that a storm of log-ons takes neither all processors nor
/// all memory.
const AT_ONCE: usize = 2;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// The hash of a password, with its salt and its settings.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_stored(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(***)")
    }
}

/// Hashes a password with a salt of its own.
///
/// # Errors
/// When the operating system has no random numbers or no memory.
pub async fn hash(password: &Secret) -> Result<PasswordHash, Error> {
    let password = password.clone();
    in_turn(move || hash_now(&password)).await
}

/// Returns whether the password is right. Without a hash (there is no such user), it takes as long, and returns
/// false.
pub async fn verify(password: &Secret, hash: Option<&PasswordHash>) -> bool {
    let (password, hash) = (password.clone(), hash.cloned());
    in_turn(move || match hash {
        Some(hash) => verify_now(&password, &hash),
        None => {
            verify_now(&password, &NOBODYS);
            false
        }
    })
    .await
}

/// The hash of no password.
static NOBODYS: LazyLock<PasswordHash> =
    LazyLock::new(|| hash_now(&Secret::new("")).unwrap_or_else(|_| PasswordHash(String::new())));

fn hash_now(password: &Secret) -> Result<PasswordHash, Error> {
    let hash: Result<phc::PasswordHash, _> = Argon2::default().hash_password(password.expose().as_bytes());
    hash.map(|hash| PasswordHash(hash.to_string())).map_err(|_| Error::Password)
}

fn verify_now(password: &Secret, hash: &PasswordHash) -> bool {
    let Ok(hash) = phc::PasswordHash::new(&hash.0) else { return false };
    Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok()
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = TURNS.acquire().await.expect("the turns are never closed");
    // The turn moves into the task: a caller who stops waiting does not stop the hashing.
    let done = spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::{PasswordHash, hash, verify};

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let right = Secret::new("correct horse");
        let [first, second] = [hash(&right).await.expect("hashed"), hash(&right).await.expect("hashed")];
        assert_ne!(first, second, "each has a salt of its own");
        assert!(first.as_stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", first.as_stored());
        assert!(verify(&right, Some(&first)).await && verify(&right, Some(&second)).await);
        for wrong in ["", "correct horse ", "Correct horse"] {
            assert!(!verify(&Secret::new(wrong), Some(&first)).await, "{wrong}");
        }
    }

    #[tokio::test]
    async fn no_password_matches_without_a_hash() {
        for password in ["", "x"] {
            assert!(!verify(&Secret::new(password), None).await);
            assert!(!verify(&Secret::new(password), Some(&PasswordHash::from_stored("torn".into()))).await);
        }
    }
}
