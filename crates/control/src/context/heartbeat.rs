//! When this server last sent a heartbeat, and where it sends the next one.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::{Problem, Secret};
use storage::Rules;
use storage::post::{PostError, endpoint};

/// A receiver of heartbeats.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Its URL.
    pub url: Secret,
    /// The interval between two heartbeats.
    pub every: Duration,
}

/// The heartbeats of this server.
pub(crate) struct Heartbeats {
    receiver: Option<Heartbeat>,
    sent: Mutex<Option<Instant>>,
}

impl Heartbeats {
    /// Returns heartbeats of which none was sent yet.
    ///
    /// # Errors
    /// When the URL is malformed, or the rules of this server refuse its address.
    pub(crate) fn new(receiver: Option<Heartbeat>, rules: &Rules) -> Result<Self, Problem> {
        if let Some(Heartbeat { url, .. }) = &receiver {
            let shown = endpoint(url).map_err(|_| Problem::invalid("heartbeat-url-malformed"))?;
            rules.check_receiver(url).map_err(|error| match error {
                PostError::Refused(_) => Problem::invalid("channel-url-refused").with("endpoint", shown),
                _ => Problem::invalid("heartbeat-url-malformed"),
            })?;
        }
        Ok(Self { receiver, sent: Mutex::new(None) })
    }

    /// Returns the URL of the receiver, if a heartbeat is due.
    pub(crate) fn due(&self) -> Option<&Secret> {
        let receiver = self.receiver.as_ref()?;
        let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.is_none_or(|sent| sent.elapsed() >= receiver.every).then_some(&receiver.url)
    }

    /// Records that a heartbeat was sent.
    pub(crate) fn sent(&self) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}
