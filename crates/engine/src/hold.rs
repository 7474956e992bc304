//! One claimed task: the remaining lease, and all writes under it.
//!
//! For the journal, a lease starts with its answer; here it starts before the call is sent, on the monotonic clock.
//! So a program that was suspended notices before it acts that its lease may have expired, and the journal's fence
//! rejects its late writes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::flow::{Desk, StepError};
use crate::journal::{Change, HoldError, Journal, JournalError, Pulse, Ticket};
use crate::note::{self, Note};
use crate::task::{Cancels, Moment, Progress, RowNumber};

/// The maximum number of log lines that wait to be written; further ones are dropped.
const LINES_MAX: usize = 1_000;

/// The shortest time between two saves of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How many times within its length a lease is renewed.
const RENEWALS: u32 = 3;

/// The longest extension of a lease for a statement, as a fraction of the lease: 100 seconds for 30. It limits how
/// long others wait for a task whose worker died. A step with a longer statement must protect itself: it first checks
/// whether the statement still runs in the database.
const LEASE_MOST: (u32, u32) = (10, 3);

pub(crate) struct Hold<J> {
    journal: Arc<J>,
    ticket: Ticket,
    lease: Duration,
    backoff: Backoff,
    known: Mutex<Known>,
    /// Notified when something waits to be written.
    unwritten: Notify,
    /// Notified when an operator cancels something.
    cancels_changed: Notify,
    /// One writer at a time, so that lines keep their order and no old progress follows a new one.
    writer: tokio::sync::Mutex<()>,
    lost: CancellationToken,
}

struct Known {
    /// No other server can claim the task before this time.
    safe_until: Instant,
    /// A reading of the journal's clock, and the local time of the reading.
    time: (Moment, Instant),
    cancels: Cancels,
    lines: VecDeque<(RowNumber, Note)>,
    lines_left_out: u64,
    /// The last progress of running bodies, and whether it must still be written.
    progress: BTreeMap<RowNumber, (Progress, bool)>,
    progress_due: Instant,
}

impl<J: Journal> Hold<J> {
    /// Starts to hold the task that was claimed by a call sent at `sent`.
    pub(crate) fn new(
        journal: Arc<J>,
        ticket: Ticket,
        pulse: &Pulse,
        sent: Instant,
        lease: Duration,
        backoff: Backoff,
    ) -> Self {
        Self {
            journal,
            ticket,
            lease,
            backoff,
            known: Mutex::new(Known {
                safe_until: sent + pulse.left,
                time: (pulse.now, Instant::now()),
                cancels: pulse.cancels.clone(),
                lines: VecDeque::new(),
                lines_left_out: 0,
                progress: BTreeMap::new(),
                progress_due: sent,
            }),
            unwritten: Notify::new(),
            cancels_changed: Notify::new(),
            writer: tokio::sync::Mutex::new(()),
            lost: CancellationToken::new(),
        }
    }

    /// Returns the approximate time of the journal. For timestamps and waits, never for the lease.
    pub(crate) fn now(&self) -> Moment {
        let (there, here) = self.known().time;
        there.plus(here.elapsed())
    }

    pub(crate) fn cancels(&self) -> Cancels {
        self.known().cancels.clone()
    }

    /// Returns when an operator cancels something.
    pub(crate) async fn cancels_changed(&self) {
        self.cancels_changed.notified().await;
    }

    /// Returns when the task is no longer held.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Takes the last progress that a body reported for a row.
    pub(crate) fn take_progress(&self, row: RowNumber) -> Option<Progress> {
        self.known().progress.remove(&row).map(|(progress, _)| progress)
    }

    /// Saves a change, and retries within limits while the journal does not answer. Writes the waiting log lines
    /// first.
    pub(crate) async fn save(&self, change: &Change) -> Result<(), HoldError> {
        let mut failures = 0;
        loop {
            let outcome = match self.write_lines().await {
                Ok(()) => self.save_once(change).await,
                Err(error) => Err(error),
            };
            let Err(HoldError::Journal(cause)) = outcome else { return outcome };
            failures += 1;
            let Some(wait) = self.backoff.after(failures, rand::random()) else {
                return Err(HoldError::Journal(cause));
            };
            self.warn(&cause);
            sleep(wait).await;
        }
    }

    async fn save_once(&self, change: &Change) -> Result<(), HoldError> {
        let _writing = self.writer.lock().await;
        self.held()?;
        let sent = Instant::now();
        let outcome = self.journal.save(self.ticket, change).await;
        self.learn(sent, outcome)
    }

    /// Renews the lease and writes lines and progress, until the task is lost or the future is dropped. Runs in its
    /// own task beside the bodies, so that a body that does not yield does not cost the lease.
    pub(crate) async fn keep(&self, mut wake: watch::Receiver<u64>) {
        let every = self.lease / RENEWALS;
        let mut renew_at = Instant::now() + every;
        wake.mark_unchanged();
        loop {
            let progress_due = self.progress_due();
            let outcome = tokio::select! {
                () = self.lost() => return,
                () = sleep_until(renew_at) => self.renew_in_background(&mut renew_at, every).await,
                Ok(()) = wake.changed() => self.renew_in_background(&mut renew_at, every).await,
                () = self.unwritten.notified() => self.write_lines().await,
                () = sleep_until(progress_due.unwrap_or(renew_at)), if progress_due.is_some() => {
                    self.write_progress().await
                }
            };
            if let Err(HoldError::Journal(cause)) = outcome {
                self.warn(&cause);
                sleep(every / 10).await;
                self.unwritten.notify_one();
            }
        }
    }

    async fn renew_in_background(&self, renew_at: &mut Instant, every: Duration) -> Result<(), HoldError> {
        // After a failure, `renew_at` stays in the past, so that `keep` retries after a short wait.
        self.renew(self.lease).await?;
        *renew_at = Instant::now() + every;
        Ok(())
    }

    async fn renew(&self, lease: Duration) -> Result<(), HoldError> {
        self.held()?;
        let sent = Instant::now();
        let outcome = self.journal.renew(self.ticket, lease).await;
        self.learn(sent, outcome)
    }

    fn learn(&self, sent: Instant, outcome: Result<Pulse, HoldError>) -> Result<(), HoldError> {
        let pulse = self.unless_lost(outcome)?;
        let mut known = self.known();
        known.safe_until = known.safe_until.max(sent + pulse.left);
        known.time = (pulse.now, Instant::now());
        let before = known.cancels.clone();
        known.cancels.add(&pulse.cancels);
        if known.cancels != before {
            self.cancels_changed.notify_one();
        }
        Ok(())
    }

    /// Writes the waiting lines; lines that could not be written keep waiting.
    async fn write_lines(&self) -> Result<(), HoldError> {
        let _writing = self.writer.lock().await;
        loop {
            self.held()?;
            let lines = self.known().take_lines();
            if lines.is_empty() {
                return Ok(());
            }
            let outcome = self.journal.append_log(self.ticket, &lines).await;
            if outcome.is_err() {
                self.known().put_back(lines);
            }
            self.unless_lost(outcome)?;
        }
    }

    async fn write_progress(&self) -> Result<(), HoldError> {
        let _writing = self.writer.lock().await;
        self.held()?;
        let rows: Vec<(RowNumber, Progress)> = {
            let mut known = self.known();
            known.progress_due = Instant::now() + PROGRESS_EVERY;
            known.unwritten_progress()
        };
        let outcome = self.journal.append_progress(self.ticket, &rows).await;
        self.unless_lost(outcome)
    }

    fn progress_due(&self) -> Option<Instant> {
        let known = self.known();
        known.has_unwritten_progress().then_some(known.progress_due)
    }

    fn held(&self) -> Result<(), HoldError> {
        if self.lost.is_cancelled() { Err(HoldError::Lost) } else { Ok(()) }
    }

    fn unless_lost<T>(&self, outcome: Result<T, HoldError>) -> Result<T, HoldError> {
        if let Err(HoldError::Lost) = outcome {
            tracing::warn!(task = %self.ticket.task, "the lease is lost; another worker goes on");
            self.lost.cancel();
        }
        outcome
    }

    fn warn(&self, cause: &JournalError) {
        let why = &cause.cause;
        tracing::warn!(task = %self.ticket.task, %cause, %why, "the journal does not answer; trying again");
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn allow(&self, statement_timeout: Duration) -> Result<(), HoldError> {
        self.write_lines().await?;
        let most = self.lease * LEASE_MOST.0 / LEASE_MOST.1;
        // The statement's timeout plus a tenth of the lease for the network round trip.
        let needed = (statement_timeout + self.lease / 10).min(most - self.lease / 10);
        let is_enough = || self.known().safe_until >= Instant::now() + needed;
        self.held()?;
        if !is_enough() {
            self.renew(self.lease.max(needed + self.lease / 10)).await?;
        }
        if is_enough() {
            return Ok(());
        }
        Err(JournalError::new("renew the lease in time", "the journal answers too slowly").into())
    }
}

impl Known {
    fn has_unwritten_progress(&self) -> bool {
        self.progress.values().any(|(_, is_unwritten)| *is_unwritten)
    }

    /// Returns unwritten progress, but keeps it: the next save of the row includes it again.
    fn unwritten_progress(&mut self) -> Vec<(RowNumber, Progress)> {
        let unwritten = self.progress.iter_mut().filter(|(_, (_, is_unwritten))| *is_unwritten);
        unwritten
            .map(|(row, (progress, is_unwritten))| {
                *is_unwritten = false;
                (*row, progress.clone())
            })
            .collect()
    }

    fn take_lines(&mut self) -> Vec<(RowNumber, Note)> {
        let mut lines: Vec<(RowNumber, Note)> = self.lines.drain(..).collect();
        if let (1.., Some((row, _))) = (self.lines_left_out, lines.last()) {
            let count = std::mem::take(&mut self.lines_left_out);
            lines.push((*row, Note::new(note::LINES_LEFT_OUT).arg("count", count)));
        }
        lines
    }

    fn put_back(&mut self, lines: Vec<(RowNumber, Note)>) {
        for line in lines.into_iter().rev() {
            self.lines.push_front(line);
        }
    }
}

impl<J: Journal> Desk for Hold<J> {
    fn log(&self, row: RowNumber, note: Note) {
        let mut known = self.known();
        if known.lines.len() < LINES_MAX {
            known.lines.push_back((row, note.bounded()));
        } else {
            known.lines_left_out += 1;
        }
        drop(known);
        self.unwritten.notify_one();
    }

    fn progress(&self, row: RowNumber, progress: Progress) {
        let mut known = self.known();
        let is_first = !known.has_unwritten_progress();
        known.progress.insert(row, (progress, true));
        drop(known);
        if is_first {
            self.unwritten.notify_one();
        }
    }

    fn may_act(&self, statement_timeout: Duration) -> BoxFuture<'_, Result<(), StepError>> {
        Box::pin(async move {
            self.allow(statement_timeout).await.map_err(|error| {
                let note = Note::new(note::LEASE_LOST);
                StepError::transient(match error {
                    HoldError::Lost => note,
                    HoldError::Journal(cause) => note.raw(format!("{cause}: {}", cause.cause)),
                })
            })
        })
    }
}
