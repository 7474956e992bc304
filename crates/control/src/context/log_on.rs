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

/// The number of wrong passwords in a row, for one account from one address, before a wait starts.
pub(crate) const ATTEMPTS: u32 = LIMIT;

/// The maximum number of log-ons that wait for their password to be hashed; each takes some hundredths of a second.
const WAITING_MAX: usize = 64;

/// The wrong passwords, and the recently verified ones.
pub(crate) struct LogOn {
    known: Mutex<Known>,
    waiting: Semaphore,
    /// The number of log-ons that have ended on this server.
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
    /// Too many other log-ons are waiting.
    Busy,
}

impl LogOn {
    pub(crate) fn new() -> Self {
        let known = Known { attempts: Attempts::default(), verified: Verified::new() };
        Self { known: Mutex::new(known), waiting: Semaphore::new(WAITING_MAX), ends: watch::Sender::new(0) }
    }

    /// Returns how long a log-on to this account from this address must wait, or none if it need not.
    pub(crate) fn wait(&self, account: &str, address: &str, now: Instant) -> Option<Duration> {
        self.known().attempts.wait(account, address, now)
    }

    /// Notifies subscribers, such as event streams, that a log-on has ended.
    pub(crate) fn ended(&self) {
        self.ends.send_modify(|count| *count += 1);
    }

    /// Subscribes to the number of log-ons that have ended on this server.
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
        // Count the attempt before the result is known: otherwise many concurrent guesses would be tried before the
        // first is counted.
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
