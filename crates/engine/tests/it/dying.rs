//! A journal that dies on demand.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use engine::journal::{
    ApplyError, Ask, Change, Claim, Decision, Event, HoldError, InsertError, LogLine, Pulse, Ticket,
};
use engine::memory::Memory;
use engine::testkit::Timed;
use engine::{Journal, JournalError, Moment, NewTask, Note, Progress, RowNumber, Task, TaskId};

/// A journal that stops answering from its n-th call on.
pub(crate) struct Dying {
    inner: Memory,
    calls_left: AtomicI64,
    is_heard: bool,
    /// The delay of an answer.
    latency: Duration,
    cancels_at_save: AtomicBool,
}

impl Dying {
    /// Returns an empty journal. `is_heard`: whether the first unanswered call is still executed.
    pub(crate) fn new(is_heard: bool) -> Self {
        Self {
            inner: Memory::new(),
            calls_left: AtomicI64::new(i64::MAX),
            is_heard,
            latency: Duration::ZERO,
            cancels_at_save: AtomicBool::new(false),
        }
    }

    /// Returns a journal that does not die, whose clock runs by itself, and whose answers are delayed.
    pub(crate) fn slow(latency: Duration) -> Self {
        Self { inner: Memory::ticking(), latency, ..Self::new(false) }
    }

    /// Stops answering from the n-th call from now.
    pub(crate) fn die_at(&self, call: i64) {
        self.calls_left.store(call, Ordering::SeqCst);
    }

    /// An operator cancels the task just before the next change is saved.
    pub(crate) fn cancel_at_next_save(&self) {
        self.cancels_at_save.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.calls_left.load(Ordering::SeqCst) <= 0
    }

    async fn pass_on<T, E: From<JournalError>>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let left = self.calls_left.fetch_sub(1, Ordering::SeqCst) - 1;
        if left > 0 {
            let answer = call.await;
            tokio::time::sleep(self.latency).await;
            return answer;
        }
        if left == 0 && self.is_heard {
            call.await?;
        }
        Err(JournalError::new("reach the journal", "the program is dead").into())
    }
}

impl Journal for Dying {
    async fn insert(&self, new: NewTask) -> Result<TaskId, InsertError> {
        self.inner.insert(new).await
    }
    async fn claim(&self, ask: &Ask) -> Result<Option<Claim>, JournalError> {
        self.pass_on(self.inner.claim(ask)).await
    }
    async fn renew(&self, ticket: Ticket, lease: Duration) -> Result<Pulse, HoldError> {
        self.pass_on(self.inner.renew(ticket, lease)).await
    }
    async fn save(&self, ticket: Ticket, change: &Change) -> Result<Pulse, HoldError> {
        if self.cancels_at_save.swap(false, Ordering::SeqCst) {
            let cancel = Decision::Cancel { row: None };
            self.inner.apply(ticket.task, &cancel).await.expect("the task is not finished");
        }
        self.pass_on(self.inner.save(ticket, change)).await
    }
    async fn append_log(&self, ticket: Ticket, lines: &[(RowNumber, Note)]) -> Result<(), HoldError> {
        self.pass_on(self.inner.append_log(ticket, lines)).await
    }
    async fn append_progress(&self, ticket: Ticket, rows: &[(RowNumber, Progress)]) -> Result<(), HoldError> {
        self.pass_on(self.inner.append_progress(ticket, rows)).await
    }
    async fn load(&self, task: TaskId) -> Result<Option<Task>, JournalError> {
        self.inner.load(task).await
    }
    async fn logs(
        &self,
        task: TaskId,
        row: RowNumber,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LogLine>, JournalError> {
        self.inner.logs(task, row, after, limit).await
    }
    async fn apply(&self, task: TaskId, decision: &Decision) -> Result<(), ApplyError> {
        self.inner.apply(task, decision).await
    }
    async fn events(&self, after: i64, limit: u32) -> Result<Vec<Event>, JournalError> {
        self.inner.events(after, limit).await
    }
}

impl Timed for Dying {
    async fn time(&self) -> Result<Moment, JournalError> {
        self.inner.time().await
    }
    async fn pass(&self, time: Duration) -> Result<(), JournalError> {
        self.inner.pass(time).await
    }
}
