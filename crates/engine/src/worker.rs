//! Claims due tasks and runs them.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::fault::{Fault, FaultPoint};
use crate::flow::Flow;
use crate::hold::Hold;
use crate::journal::{Ask, Claim, Journal, JournalError};
use crate::registry::Registry;
use crate::runner::{RunEnd, Runner};
pub use crate::settings::Settings;

/// The maximum number of claims in one call of [`Worker::run_due`]; only a flow that never waits exceeds it.
const CLAIMS_MAX: u32 = 100_000;

/// Notifies a worker of this process about a new task or an operator's request.
#[derive(Debug, Clone)]
pub struct Wake(Arc<watch::Sender<u64>>);

impl Wake {
    /// Makes the worker check immediately.
    pub fn now(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// The result of [`Worker::run_due`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// Nothing is due any more.
    AllDue,
    /// The worker met its [`Fault`]; no lease was released, as after a crash.
    Crashed,
}

/// Runs the tasks of a journal for which it has code.
pub struct Worker<J> {
    journal: Arc<J>,
    registry: Registry,
    settings: Settings,
    fault: Arc<FaultPoint>,
    wake: Wake,
}

type Runs = JoinSet<RunEnd>;

impl<J: Journal> Worker<J> {
    /// Returns a worker that knows no flow yet.
    pub fn new(journal: Arc<J>, settings: Settings) -> Self {
        Self {
            journal,
            registry: Registry::default(),
            settings,
            fault: Arc::default(),
            wake: Wake(Arc::new(watch::Sender::new(0))),
        }
    }

    /// Registers a flow. Older versions of the same kind may be registered beside the newest one. A task of an
    /// unregistered version fails with a message, unless it is newer than all registered ones.
    #[must_use]
    pub fn register<F: Flow>(mut self, context: Arc<F::Context>) -> Self {
        self.registry.add::<F>(context);
        self
    }

    /// Sets the fault that it will meet once.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.fault.set(fault);
    }

    /// Returns the handle that wakes it.
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Runs everything that is due; tasks that wait for a later time keep waiting.
    pub async fn run_due(&self) -> Result<Ran, JournalError> {
        let shutdown = CancellationToken::new();
        let mut runs = Runs::new();
        for _ in 0..CLAIMS_MAX {
            if runs.len() < self.settings.tasks_at_once
                && let Some((claim, sent)) = self.claim().await?
            {
                self.spawn(&mut runs, claim, sent, &shutdown);
                continue;
            }
            match runs.join_next().await {
                None => return Ok(Ran::AllDue),
                Some(Ok(RunEnd::AtRest { .. } | RunEnd::Lost)) => {}
                Some(Ok(RunEnd::Unsaved(cause))) => return Err(cause),
                Some(Ok(RunEnd::Crashed) | Err(_)) => {
                    runs.shutdown().await;
                    return Ok(Ran::Crashed);
                }
            }
        }
        Err(JournalError::new("run what is due", format!("still due after {CLAIMS_MAX} turns")))
    }

    /// Runs due tasks until `shutdown`. Then bodies are asked to end, and open tasks are released so that other
    /// workers can continue immediately.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut wake = self.wake.0.subscribe();
        let mut runs = Runs::new();
        let mut next_due: Option<Instant> = None;
        while !shutdown.is_cancelled() {
            self.take_up(&mut runs, &shutdown).await;
            let poll = Instant::now() + self.settings.poll;
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = wake.changed() => {}
                Some(end) = runs.join_next() => next_due = earlier(next_due, due(end)),
                () = sleep_until(next_due.map_or(poll, |due| due.min(poll))) => next_due = None,
            }
        }
        let all_at_rest = async {
            while let Some(end) = runs.join_next().await {
                due(end);
            }
        };
        // One grace period for the bodies, one for a journal that does not answer; then the leases expire.
        if timeout(self.settings.grace * 2, all_at_rest).await.is_err() {
            tracing::warn!(
                "not everything could be given back in time; it goes on when its lease has lapsed"
            );
        }
    }

    /// Claims as many tasks as there is room for.
    async fn take_up(&self, runs: &mut Runs, shutdown: &CancellationToken) {
        while runs.len() < self.settings.tasks_at_once && !shutdown.is_cancelled() {
            match self.claim().await {
                Ok(Some((claim, sent))) => self.spawn(runs, claim, sent, shutdown),
                Ok(None) => return,
                Err(cause) => {
                    tracing::warn!(%cause, why = %cause.cause, "the journal does not answer; trying again");
                    return;
                }
            }
        }
    }

    async fn claim(&self) -> Result<Option<(Claim, Instant)>, JournalError> {
        let ask = Ask {
            worker: self.settings.name.clone(),
            can: self.registry.can(),
            lease: self.settings.lease,
            limits: self.settings.limits.clone(),
        };
        let sent = Instant::now();
        Ok(self.journal.claim(&ask).await?.map(|claim| (claim, sent)))
    }

    fn spawn(&self, runs: &mut Runs, claim: Claim, sent: Instant, shutdown: &CancellationToken) {
        let Claim { ticket, task, pulse } = claim;
        let span = (self.settings.span)(&task);
        let hold = Arc::new(Hold::new(
            self.journal.clone(),
            ticket,
            &pulse,
            sent,
            self.settings.lease,
            self.settings.journal_backoff,
        ));
        let runner = Runner::new(
            hold.clone(),
            self.registry.find(&task),
            task,
            self.settings.clone(),
            self.fault.clone(),
            shutdown.clone(),
        );
        let wake = self.wake.0.subscribe();
        let run = async move {
            let keeping = async move { hold.keep(wake).await }.in_current_span();
            let _keeper = AbortOnDropHandle::new(tokio::spawn(keeping));
            let end = runner.run().await;
            report(&end);
            end
        };
        runs.spawn(run.instrument(span));
    }
}

fn earlier(known: Option<Instant>, new: Option<Instant>) -> Option<Instant> {
    known.into_iter().chain(new).min()
}

/// Logs the failure of a run.
fn report(end: &RunEnd) {
    match end {
        RunEnd::AtRest { .. } | RunEnd::Lost => {}
        RunEnd::Crashed => tracing::error!("a run died; its task goes on when its lease has lapsed"),
        RunEnd::Unsaved(cause) => {
            tracing::error!(%cause, why = %cause.cause, "a run could not be saved; its task goes on later");
        }
    }
}

/// Returns when a run is due again, if it waits.
fn due(end: Result<RunEnd, tokio::task::JoinError>) -> Option<Instant> {
    match end {
        Ok(RunEnd::AtRest { due_in }) => return due_in.map(|wait| Instant::now() + wait),
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "a run broke; its task goes on when its lease has lapsed"),
    }
    None
}
