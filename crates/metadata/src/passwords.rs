//! Passwords of users: only a slow hash of each is stored (Argon2id with 19 MiB and two rounds).

use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use model::Secret;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::Error;

/// The maximum number of concurrent hash computations, so that many log-ons do not use all processors or memory.
const AT_ONCE: usize = 2;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// The memory for hash computations, one block per concurrent computation, which is never freed. An allocator would
/// keep memory of this size for each thread that ever hashed.
static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

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

/// Hashes a password with a new salt.
///
/// # Errors
/// When the operating system has no random numbers or no memory.
pub async fn hash(password: &Secret) -> Result<PasswordHash, Error> {
    let password = password.clone();
    in_turn(move || hash_now(&password)).await
}

/// Returns whether the password is right. Without a hash (because the user does not exist), it takes the same time
/// and returns false.
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

/// A hash to compare with if there is no user.
static NOBODYS: LazyLock<PasswordHash> =
    LazyLock::new(|| hash_now(&Secret::new("")).unwrap_or_else(|_| PasswordHash(String::new())));

fn hash_now(password: &Secret) -> Result<PasswordHash, Error> {
    let (params, salt) = (Params::DEFAULT, Salt::generate());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(password, &salt, &params, &mut output).ok_or(Error::Password)?;
    let whole = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| Error::Password)?,
        salt: Some(salt),
        hash: Some(Output::new(&output).map_err(|_| Error::Password)?),
    };
    Ok(PasswordHash(whole.to_string()))
}

fn verify_now(password: &Secret, hash: &PasswordHash) -> bool {
    matches(password, hash).unwrap_or(false)
}

/// Compares in constant time; `None` if it is not a hash of ours.
fn matches(password: &Secret, hash: &PasswordHash) -> Option<bool> {
    let stored = phc::PasswordHash::new(&hash.0).ok()?;
    let is_ours =
        stored.algorithm == Algorithm::Argon2id.ident() && stored.version == Some(Version::V0x13.into());
    let (params, salt) = (Params::try_from(&stored).ok().filter(|_| is_ours)?, stored.salt?);
    let expected = stored.hash?;
    let mut output = vec![0; expected.len()];
    compute(password, &salt, &params, &mut output)?;
    Some(Output::new(&output).ok()? == expected)
}

/// Computes a hash in reused memory; `None` if that fails.
fn compute(password: &Secret, salt: &[u8], params: &Params, output: &mut [u8]) -> Option<()> {
    let memories = || MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = memories().pop().unwrap_or_default();
    memory.resize(params.block_count().max(memory.len()), Block::new());
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let blocks = &mut memory[..params.block_count()];
    let done = argon.hash_password_into_with_memory(password.expose().as_bytes(), salt, output, blocks);
    memory.fill(Block::new()); // no trace of the password remains
    memories().push(memory);
    done.ok()
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = TURNS.acquire().await.expect("the turns are never closed");
    // The permit moves into the task, because the hashing continues if the caller stops waiting.
    let done = spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc;
    use argon2::{Argon2, Params, PasswordHasher as _};
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

    #[tokio::test]
    async fn hashes_of_earlier_versions_are_known_again() {
        // Hashes as the library writes them, as in earlier versions; also with other settings.
        for params in [Params::DEFAULT, Params::new(256, 3, 2, Some(24)).expect("settings")] {
            let theirs: phc::PasswordHash =
                Argon2::from(&params).hash_password(b"correct horse").expect("hashed");
            let stored = PasswordHash::from_stored(theirs.to_string());
            assert!(verify(&Secret::new("correct horse"), Some(&stored)).await, "{theirs}");
            assert!(!verify(&Secret::new("correct horsf"), Some(&stored)).await, "{theirs}");
        }
    }

    #[tokio::test]
    async fn many_log_ons_at_once_are_hashed_in_the_same_memory() {
        let stored = hash(&Secret::new("right")).await.expect("hashed");
        let tries = (0..16).map(|number| {
            let (stored, password) = (stored.clone(), Secret::new(number.to_string()));
            tokio::spawn(async move { verify(&password, Some(&stored)).await })
        });
        for tried in tries.collect::<Vec<_>>() {
            assert!(!tried.await.expect("hashed"));
        }
        let memories = super::MEMORY.lock().expect("no panic").len();
        assert!(memories <= super::AT_ONCE, "{memories}");
    }
}
