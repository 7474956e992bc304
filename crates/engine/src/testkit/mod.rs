//! The test kit for flows and journals of other crates.
//!
//! ```text
//! for fault in testkit::faults::<BackupNow>() {
//!     let stand = Stand::<BackupNow>::new(World::new());
//!     let task = stand.start(new_task()).await;
//!     stand.run(task, Some(fault)).await;
//!     assert_eq!(stand.run(task, None).await, Outcome::Ended(TaskStatus::Successful), "{fault:?}");
//!     assert_eq!(stand.context().jobs_started(), 1, "{fault:?}");
//! }
//! ```

pub mod contract;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::Fault;
use crate::flow::{Flow, Step};
use crate::journal::{Journal, JournalError, NewTask};
use crate::memory::Memory;
use crate::operator::{Command, OperateError, operate};
use crate::task::{Moment, RowNumber, Task, TaskId, TaskStatus};
use crate::worker::{Ran, Settings, Worker};

/// How often a task may wait before the test assumes that it never ends.
const WAITS_MAX: u32 = 10_000;

/// The maximum number of lines that [`Stand::log`] returns.
const LINES_MAX: u32 = 1_000;

/// A journal whose clock a test can move.
pub trait Timed: Journal {
    /// Returns the time of the journal's clock.
    fn time(&self) -> impl Future<Output = Result<Moment, JournalError>> + Send;

    /// Advances the clock: due times and the ends of leases come nearer.
    fn pass(&self, time: Duration) -> impl Future<Output = Result<(), JournalError>> + Send;
}

impl Timed for Memory {
    async fn time(&self) -> Result<Moment, JournalError> {
        Ok(self.now())
    }

    async fn pass(&self, time: Duration) -> Result<(), JournalError> {
        self.advance(time);
        Ok(())
    }
}

/// Returns every fault that a flow must survive: a crash before and after each step, and each step running twice.
pub fn faults<F: Flow>() -> impl Iterator<Item = Fault> {
    let of_step = |step: &Step<F>| {
        [Fault::CrashBefore, Fault::CrashAfter, Fault::RunTwice].map(|fault| fault(step.id()))
    };
    F::STEPS.iter().flat_map(of_step)
}

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The task ended.
    Ended(TaskStatus),
    /// The worker met its fault.
    Crashed,
}

/// A flow, its dependencies, and a journal. Waits take no real time: the journal's clock is advanced.
pub struct Stand<F: Flow, J = Memory> {
    journal: Arc<J>,
    context: Arc<F::Context>,
    settings: Settings,
}

impl<F: Flow> Stand<F> {
    /// Returns a stand with a journal in memory.
    pub fn new(context: F::Context) -> Self {
        Self::with_journal(context, Arc::new(Memory::new()))
    }
}

impl<F: Flow, J: Timed> Stand<F, J> {
    /// Returns a stand with this journal.
    pub fn with_journal(context: F::Context, journal: Arc<J>) -> Self {
        Self { journal, context: Arc::new(context), settings: Settings::default() }
    }

    /// Sets the settings of its workers.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Returns the dependencies of the bodies.
    pub fn context(&self) -> &F::Context {
        &self.context
    }

    /// Returns the journal.
    pub fn journal(&self) -> &Arc<J> {
        &self.journal
    }

    /// Returns a new worker, as a restarted program has one.
    pub fn worker(&self) -> Worker<J> {
        Worker::new(self.journal.clone(), self.settings.clone()).register::<F>(self.context.clone())
    }

    /// Creates a task.
    pub async fn start(&self, new: NewTask) -> TaskId {
        self.journal.insert(new).await.expect("the journal takes the task")
    }

    /// Runs the task to its end, or until the fault. After a crash, another run continues when the lease has expired.
    pub async fn run(&self, task: TaskId, fault: Option<Fault>) -> Outcome {
        let worker = self.worker();
        worker.set_fault(fault);
        for _ in 0..WAITS_MAX {
            if worker.run_due().await.expect("the journal answers") == Ran::Crashed {
                return Outcome::Crashed;
            }
            let stored = self.task(task).await;
            if stored.status.is_finished() {
                return Outcome::Ended(stored.status);
            }
            let free_at = stored.lease.map_or(stored.due_at, |lease| lease.until.max(stored.due_at));
            let now = self.journal.time().await.expect("the journal tells the time");
            let wait = free_at.since(now).max(Duration::from_millis(1));
            self.journal.pass(wait).await.expect("the journal's clock can be moved");
        }
        panic!("task {task} still waits after {WAITS_MAX} turns")
    }

    /// Returns the task as it is stored.
    pub async fn task(&self, task: TaskId) -> Task {
        self.journal.load(task).await.expect("the journal answers").expect("the task is there")
    }

    /// Executes an operator's command.
    pub async fn operate(&self, task: TaskId, command: Command) -> Result<(), OperateError> {
        operate(self.journal.as_ref(), task, command).await
    }

    /// Returns a row's log, one line of text per note.
    pub async fn log(&self, task: TaskId, row: RowNumber) -> Vec<String> {
        let lines = self.journal.logs(task, row, 0, LINES_MAX).await.expect("the journal answers");
        lines.into_iter().map(|line| line.note.to_string()).collect()
    }
}
