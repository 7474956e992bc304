//! The state of log-ons in a running server.

mod attempts;
mod verified;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metadata::passwords::{self, PasswordHash};
use model::Secret;
use tokio::sync::{Semaphore, watch};

use self::attempts::{Attempts, LIMIT};
pub(crate) use self::verified::Credential;
use self::verified::Verified;

/// Wrong passwords in a row, of one account from one address, before there is a wait.
pub(crate) const ATTEMPTS: u32 = LIMIT;

/// How many log-ons may wait for their turn to be hashed; each turn takes some hundredths of a second.
const WAITING_MAX: usize = 64;

/// Wrong passwords, and right ones of a moment ago.
pub(crate) struct LogOn {
    known: Mutex<Known>,
    waiting: Semaphore,
    /// How many log-ons were ended here.
    ends: watch::Sender<u64>,
}

struct Known {
    attempts: Attempts,
    verified: Verified,
}

/// The result of a password check.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong {
        attempts_left: u32,
    },
    /// Too many others are waiting for an answer.
    Busy,
}

impl LogOn {
    pub(crate) fn new() -> Self {
        let known = Known { attempts: Attempts::default(), verified: Verified::new() };
        Self { known: Mutex::new(known), waiting: Semaphore::new(WAITING_MAX), ends: watch::Sender::new(0) }
    }

    /// Returns how long a log-on to this account from this address has to wait, if it has to.
    pub(crate) fn wait(&self, account: &str, address: &str, now: Instant) -> Option<Duration> {
        self.known().attempts.wait(account, address, now)
    }

    /// Notifies followers, such as event streams, that a log-on has ended.
    pub(crate) fn ended(&self) {
        self.ends.send_modify(|count| *count += 1);
    }

    /// Counts the log-ons that were ended on this server.
    pub(crate) fn ends(&self) -> watch::Receiver<u64> {
        self.ends.subscribe()
    }

    /// Compares a password with its stored hash. There is no hash if the account does not exist.
    pub(crate) async fn verify(
        &self,
        credential: &Credential<'_>,
        stored: Option<&PasswordHash>,
        password: &Secret,
    ) -> Verdict {
        if let Some(stored) = stored
            && self.known().verified.knows(credential, stored, Instant::now())
        {
            return Verdict::Right;
        }
        let Ok(_turn) = self.waiting.try_acquire() else { return Verdict::Busy };
        // Counted before it is known: otherwise, many concurrent guesses are all tried before the first is counted.
        let attempts_left =
            self.known().attempts.failed(credential.account, credential.address, Instant::now());
        let is_right = passwords::verify(password, stored).await;
        match stored.filter(|_| is_right) {
            None => Verdict::Wrong { attempts_left },
            Some(stored) => {
                let mut known = self.known();
                known.attempts.succeeded(credential.account, credential.address);
                known.verified.remember(credential, stored, Instant::now());
                Verdict::Right
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
