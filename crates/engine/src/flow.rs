//! The interface for the author of a flow: a table of steps, one typed state, bodies in running order.
//!
//! A body checks before it acts: it may run again after a crash, with the state that was last saved. Waiting is a
//! return value ([`Next::Again`]), never a sleep. `One` steps after lanes run again when failed lanes are retried, so
//! they must be repeatable.

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

/// A kind of task: the order of its steps, their results and their dependencies.
pub trait Flow: Sized + Send + Sync + 'static {
    /// Its name. It is stored, so never rename it after a release.
    const KIND: &'static str;
    /// The version. Raise it when step IDs or the meaning of the state change.
    const VERSION: u32;
    /// The oldest version whose tasks this code can continue: one with the same steps and the same meaning of the
    /// state. Programs of that version do not run the tasks of this one.
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
    /// Returns a step that runs once per task. Its ID is stored, so never rename it after a release.
    pub const fn one(id: &'static str, body: OneBody<F>) -> Self {
        Self::new(id, Body::One(body))
    }

    /// Returns a step that runs once per lane. Its ID is stored, so never rename it after a release.
    pub const fn each(id: &'static str, body: EachBody<F>) -> Self {
        Self::new(id, Body::Each(body))
    }

    const fn new(id: &'static str, body: Body<F>) -> Self {
        Self { id, body, undo: None, stop: None, skippable: false, timeout: STEP_TIMEOUT }
    }

    /// Reverts the step. It runs for every started step, even a failed one, which may have acted before it failed. So
    /// it checks first whether there is anything to revert.
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

    /// Ends the step's external work when an operator cancels the step while it runs or waits. The body has ended by
    /// then, and its last results may not have been saved, so the stop must find the work itself.
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

    /// Allows an operator to skip this step after it failed.
    #[must_use]
    pub const fn skippable(mut self) -> Self {
        self.skippable = true;
        self
    }

    /// Sets how long the step may take, including its waits. After this time, it is FAILED.
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
    /// The body must run again later.
    Again {
        /// The wait.
        after: Duration,
        /// Its progress, if known.
        progress: Option<Progress>,
    },
}

impl Next {
    /// Returns the answer that the body must run again after this time.
    pub const fn again(after: Duration) -> Self {
        Self::Again { after, progress: None }
    }
}

/// Whether a retry may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It may pass: the engine waits and retries.
    Transient,
    /// It remains until an operator acts: the step is FAILED.
    Permanent,
}

/// A body's answer after an error. Its results so far are saved anyway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{note}")]
pub struct StepError {
    /// Whether a retry may help.
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
    /// The name of the lane.
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
    /// Returns the dependencies of the bodies.
    pub fn context(&self) -> &F::Context {
        &self.context
    }

    /// Returns the task's id; use it as a tag for work that is started outside.
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

    /// Returns the number of this attempt: 1, plus one for each transient failure.
    pub fn attempt(&self) -> u32 {
        self.seat.attempt
    }

    /// Returns the token that is cancelled when the body should end: an operator cancels it, the program shuts down,
    /// or the step times out. A body that does not end in time is dropped.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.seat.cancelled
    }

    /// Writes a line to the step's log, readable while the step runs.
    pub fn log(&self, note: Note) {
        self.seat.desk.log(self.seat.row, note);
    }

    /// Reports the progress of the step. Cheap: at most one report per second is saved, but always the last one.
    pub fn progress(&self, progress: Progress) {
        self.seat.desk.progress(self.seat.row, progress);
    }

    /// Allows one statement with an effect and this time limit: everything logged so far is stored, and the remaining
    /// lease is long enough that no other worker can take over the task before the statement has ended. A lease of 30
    /// seconds is extended to at most 100, because other workers must not wait long for a task whose worker died.
    ///
    /// An error ends this run: another worker has the task, or may soon claim it. Return the error immediately;
    /// nothing is saved, and the holder of the task continues.
    pub async fn may_act(&self, statement_timeout: Duration) -> Result<(), StepError> {
        self.seat.desk.may_act(statement_timeout).await
    }
}

/// The part of [`At`] that does not depend on the flow type.
pub(crate) struct Seat {
    pub(crate) task: TaskId,
    pub(crate) row: RowNumber,
    pub(crate) lane: String,
    pub(crate) attempt: u32,
    pub(crate) cancelled: CancellationToken,
    pub(crate) desk: Arc<dyn Desk>,
}

/// A body's access to any journal.
pub(crate) trait Desk: Send + Sync {
    fn log(&self, row: RowNumber, note: Note);
    fn progress(&self, row: RowNumber, progress: Progress);
    fn may_act(&self, statement_timeout: Duration) -> BoxFuture<'_, Result<(), StepError>>;
}
