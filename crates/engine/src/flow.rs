//! The interface for the author of a flow: a table of steps, one typed state, bodies in running order.
//!
//! A body looks before it acts: it may run again after a crash, with the state as it was last saved. Waiting is a
//! return value ([`Next::Again`]), never a sleep. `One` steps after lanes run again when failed lanes are retried, so
//! they must be able to.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::note::Note;
use crate::task::{Progress, RowNumber, TaskId};

/// The default time limit of a step: a day.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// A kind of task: the order of its steps, what they learn, what they need.
pub trait Flow: Sized + Send + Sync + 'static {
    /// Stored; never renamed once released.
    const KIND: &'static str;
    /// Raised when step ids or the state's meaning change.
    const VERSION: u32;
    /// The oldest version whose tasks this code can continue: it had the same steps, and its state keeps its meaning.
    /// Programs of that version leave the tasks of this one alone.
    const READS_SINCE: u32 = Self::VERSION;
    /// The dependencies of the bodies.
    type Context: Send + Sync + 'static;
    /// The results of the steps; saved after every step.
    type State: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// The results of one lane's steps; `()` for a flow without lanes.
    type Lane: Default + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// The steps, in order.
    const STEPS: &'static [Step<Self>];
}

/// The answer of a body.
pub type Answer = Result<Next, StepError>;

/// The body of a step that runs once per task.
pub type OneBody<F> = for<'a> fn(&'a At<F>, &'a mut <F as Flow>::State) -> BoxFuture<'a, Answer>;

/// The body of a step that runs once per lane.
pub type EachBody<F> =
    for<'a> fn(&'a At<F>, &'a <F as Flow>::State, &'a mut <F as Flow>::Lane) -> BoxFuture<'a, Answer>;

/// One row of a flow's table.
///
/// The undo and the stop of a `One` step are set with [`Step::undo`] and [`Step::stop`], those of an `Each`
/// step with [`Step::undo_each`] and [`Step::stop_each`]; the wrong one does not compile in a `const` table.
pub struct Step<F: Flow> {
    pub(crate) id: &'static str,
    pub(crate) body: Body<F>,
    pub(crate) undo: Option<Body<F>>,
    pub(crate) stop: Option<Body<F>>,
    pub(crate) skippable: bool,
    pub(crate) timeout: Duration,
}

pub(crate) enum Body<F: Flow> {
    One(OneBody<F>),
    Each(EachBody<F>),
}

impl<F: Flow> Clone for Body<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Flow> Copy for Body<F> {}

impl<F: Flow> Clone for Step<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Flow> Copy for Step<F> {}

impl<F: Flow> Step<F> {
    /// Returns a step that runs once per task. Its id is stored; never renamed once released.
    pub const fn one(id: &'static str, body: OneBody<F>) -> Self {
        Self::new(id, Body::One(body))
    }

    /// Returns a step that runs once per lane. Its id is stored; never renamed once released.
    pub const fn each(id: &'static str, body: EachBody<F>) -> Self {
        Self::new(id, Body::Each(body))
    }

    const fn new(id: &'static str, body: Body<F>) -> Self {
        Self { id, body, undo: None, stop: None, skippable: false, timeout: STEP_TIMEOUT }
    }

    /// Reverts the step. It runs for every started step, also for a failed one, which may have acted before. So it
    /// checks first whether there is anything to revert.
    #[must_use]
    pub const fn undo(mut self, body: OneBody<F>) -> Self {
        assert!(matches!(self.body, Body::One(_)), "an `each` step is undone by `undo_each`");
        self.undo = Some(Body::One(body));
        self
    }

    /// As [`Step::undo`], for one lane.
    #[must_use]
    pub const fn undo_each(mut self, body: EachBody<F>) -> Self {
        assert!(matches!(self.body, Body::Each(_)), "a `one` step is undone by `undo`");
        self.undo = Some(Body::Each(body));
        self
    }

    /// Ends the step's work outside when an operator cancels it while it runs or waits. Its body is gone by
    /// then, and what the body learnt last may not have been saved: it looks for the work itself.
    #[must_use]
    pub const fn stop(mut self, body: OneBody<F>) -> Self {
        assert!(matches!(self.body, Body::One(_)), "an `each` step is stopped by `stop_each`");
        self.stop = Some(Body::One(body));
        self
    }

    /// As [`Step::stop`], for one lane.
    #[must_use]
    pub const fn stop_each(mut self, body: EachBody<F>) -> Self {
        assert!(matches!(self.body, Body::Each(_)), "a `one` step is stopped by `stop`");
        self.stop = Some(Body::Each(body));
        self
    }

    /// Lets an operator skip this step after it failed.
    #[must_use]
    pub const fn skippable(mut self) -> Self {
        self.skippable = true;
        self
    }

    /// Sets how long the step may take, waiting included; then it is FAILED.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the step's stored id.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Whether the step runs once per lane.
    pub const fn is_each(&self) -> bool {
        matches!(self.body, Body::Each(_))
    }

    /// Whether the step can be undone.
    pub const fn has_undo(&self) -> bool {
        self.undo.is_some()
    }

    /// Whether the step has work to end when it is cancelled.
    pub const fn has_stop(&self) -> bool {
        self.stop.is_some()
    }
}

/// Checks what the compiler cannot: a table that breaks these rules would mix up rows.
pub(crate) fn check_table<F: Flow>() {
    assert!(!F::STEPS.is_empty(), "flow `{}` has no steps", F::KIND);
    assert!(F::READS_SINCE <= F::VERSION, "flow `{}` reads only what is newer than itself", F::KIND);
    for (index, step) in F::STEPS.iter().enumerate() {
        let is_kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(
            !step.id.is_empty() && step.id.bytes().all(is_kebab),
            "step id `{}` is not kebab-case",
            step.id
        );
        let is_unique = F::STEPS[..index].iter().all(|other| other.id != step.id);
        assert!(is_unique, "flow `{}` has two steps `{}`", F::KIND, step.id);
    }
}

/// A body's answer when nothing went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The step is done.
    Done,
    /// Ask again later.
    Again {
        /// In how long.
        after: Duration,
        /// Its progress, if known.
        progress: Option<Progress>,
    },
}

impl Next {
    /// Asks to be run again in a while.
    pub const fn again(after: Duration) -> Self {
        Self::Again { after, progress: None }
    }
}

/// Whether trying again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It may pass: the engine waits a while and tries again.
    Transient,
    /// It stays until an operator acts: the step is FAILED.
    Permanent,
}

/// A body's answer when something went wrong. What it has learnt until then is saved anyway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{note}")]
pub struct StepError {
    /// Whether trying again may help.
    pub kind: ErrorKind,
    /// The error.
    pub note: Note,
}

impl StepError {
    /// Returns an error that may pass.
    pub const fn transient(note: Note) -> Self {
        Self { kind: ErrorKind::Transient, note }
    }

    /// Returns an error that stays until an operator acts.
    pub const fn permanent(note: Note) -> Self {
        Self { kind: ErrorKind::Permanent, note }
    }
}

/// One lane, as a `One` step sees it.
#[derive(Debug, Clone)]
pub struct LaneSeen<L> {
    /// Names the lane.
    pub key: String,
    /// The results of its steps.
    pub state: L,
    /// Why it failed, if it has.
    pub failed: Option<Note>,
}

impl<L> LaneSeen<L> {
    /// Whether nothing in this lane has failed so far.
    pub const fn succeeded(&self) -> bool {
        self.failed.is_none()
    }
}

/// The context of a body: its dependencies, its task, and its connection to the journal.
pub struct At<F: Flow> {
    pub(crate) context: Arc<F::Context>,
    pub(crate) seat: Arc<Seat>,
    pub(crate) lanes: Arc<[LaneSeen<F::Lane>]>,
}

impl<F: Flow> Clone for At<F> {
    fn clone(&self) -> Self {
        Self { context: self.context.clone(), seat: self.seat.clone(), lanes: self.lanes.clone() }
    }
}

impl<F: Flow> At<F> {
    /// Returns what the bodies need of the program.
    pub fn context(&self) -> &F::Context {
        &self.context
    }

    /// Returns the task's id; it makes a good tag for what is started outside.
    pub fn task(&self) -> TaskId {
        self.seat.task
    }

    /// Returns the lane's key; empty in a `One` step.
    pub fn lane(&self) -> &str {
        &self.seat.lane
    }

    /// Returns every lane, in a `One` step; nothing in an `Each` step.
    pub fn lanes(&self) -> &[LaneSeen<F::Lane>] {
        &self.lanes
    }

    /// Returns which try this is: 1, and one more after each passing failure.
    pub fn attempt(&self) -> u32 {
        self.seat.attempt
    }

    /// Is cancelled when the body should come to an end: an operator wants it, the program shuts down, or the
    /// step's time is over. A body that does not wind down in time is dropped.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.seat.cancelled
    }

    /// Writes a line to the step's log, readable while the step runs.
    pub fn log(&self, note: Note) {
        self.seat.desk.log(self.seat.row, note);
    }

    /// Reports the progress of the step. Cheap: at most one a second is saved, and the last one always.
    pub fn progress(&self, progress: Progress) {
        self.seat.desk.progress(self.seat.row, progress);
    }

    /// Allows one statement with an effect and this time limit: everything logged so far is stored, and the remaining
    /// lease is long enough that no other worker can take over the task before the statement has ended (up to 100
    /// seconds of a lease of 30: others must not wait forever for a task whose worker died).
    ///
    /// The error ends this run: another worker has the task, or may soon have it. Pass it up immediately; nothing is
    /// saved, and the holder of the task continues.
    pub async fn may_act(&self, statement_timeout: Duration) -> Result<(), StepError> {
        self.seat.desk.may_act(statement_timeout).await
    }
}

/// The part of [`At`] that knows no flow.
pub(crate) struct Seat {
    pub(crate) task: TaskId,
    pub(crate) row: RowNumber,
    pub(crate) lane: String,
    pub(crate) attempt: u32,
    pub(crate) cancelled: CancellationToken,
    pub(crate) desk: Arc<dyn Desk>,
}

/// A body's line to the journal, whichever journal it is.
pub(crate) trait Desk: Send + Sync {
    fn log(&self, row: RowNumber, note: Note);
    fn progress(&self, row: RowNumber, progress: Progress);
    fn may_act(&self, statement_timeout: Duration) -> BoxFuture<'_, Result<(), StepError>>;
}
