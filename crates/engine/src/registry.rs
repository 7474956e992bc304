//! The flows of a worker, with erased types.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::answer::Said;
use crate::flow::{At, Body, Flow, LaneSeen, Seat, Step};
use crate::note::{self, Note};
use crate::plan::Which;
use crate::task::Task;

/// The input of a body: everything as last saved.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) state: Value,
    /// The state of the body's own lane; unused in a `One` step.
    pub(crate) lane: Value,
    /// The states of all lanes, for a `One` step.
    pub(crate) lanes: Vec<LaneSeen<Value>>,
}

/// The results to save.
#[derive(Debug)]
pub(crate) enum Learnt {
    Nothing,
    State(Value),
    Lane(Value),
}

/// A flow without its types.
pub(crate) trait AnyFlow: Send + Sync {
    fn kind(&self) -> &'static str;
    fn version(&self) -> u32;
    /// The oldest version whose tasks it can continue.
    fn reads_since(&self) -> u32;
    /// Whether the task's rows are this flow's steps.
    fn fits(&self, task: &Task) -> bool;
    /// Runs one body. A stop or an undo that the step does not have succeeds immediately.
    fn call(
        &self,
        step: &str,
        which: Which,
        seat: Arc<Seat>,
        given: Given,
    ) -> BoxFuture<'static, (Said, Learnt)>;
}

#[derive(Default)]
pub(crate) struct Registry(Vec<Arc<dyn AnyFlow>>);

impl Registry {
    pub(crate) fn add<F: Flow>(&mut self, context: Arc<F::Context>) {
        let is_known = |flow: &Arc<dyn AnyFlow>| flow.kind() == F::KIND && flow.version() == F::VERSION;
        assert!(
            !self.0.iter().any(is_known),
            "flow `{}` version {} is registered twice",
            F::KIND,
            F::VERSION
        );
        crate::flow::check_table::<F>();
        self.0.push(Arc::new(Installed::<F> { context }));
    }

    pub(crate) fn can(&self) -> Vec<(String, u32)> {
        self.0.iter().map(|flow| (flow.kind().to_owned(), flow.version())).collect()
    }

    /// Returns the flow that can run a task, or why there is none.
    pub(crate) fn find(&self, task: &Task) -> Result<Arc<dyn AnyFlow>, Note> {
        let mut of_kind = self.0.iter().filter(|flow| flow.kind() == task.kind);
        let reads = |flow: &&Arc<dyn AnyFlow>| {
            (flow.reads_since()..=flow.version()).contains(&task.version) && flow.fits(task)
        };
        // The oldest suitable version: the one that created the task, if it is registered.
        let fitting = of_kind.clone().filter(reads).min_by_key(|flow| flow.version());
        fitting.cloned().ok_or_else(|| {
            let known = of_kind.next_back().map_or(0, |flow| flow.version());
            Note::new(note::STEPS_CHANGED)
                .arg("kind", &task.kind)
                .arg("stored_version", task.version)
                .arg("known_version", known)
        })
    }
}

struct Installed<F: Flow> {
    context: Arc<F::Context>,
}

impl<F: Flow> AnyFlow for Installed<F> {
    fn kind(&self) -> &'static str {
        F::KIND
    }

    fn version(&self) -> u32 {
        F::VERSION
    }

    fn reads_since(&self) -> u32 {
        F::READS_SINCE
    }

    fn fits(&self, task: &Task) -> bool {
        let stored = task.steps().map(|rows| (rows[0].step.as_str(), rows[0].is_lane()));
        stored.eq(F::STEPS.iter().map(|step| (step.id(), step.is_each())))
    }

    fn call(
        &self,
        step: &str,
        which: Which,
        seat: Arc<Seat>,
        given: Given,
    ) -> BoxFuture<'static, (Said, Learnt)> {
        let row: Step<F> = *F::STEPS.iter().find(|row| row.id == step).expect("`fits` has compared the ids");
        let body = match which {
            Which::Main => Some(row.body),
            Which::Stop => row.stop,
            Which::Undo => row.undo,
        };
        let context = self.context.clone();
        Box::pin(async move {
            match body {
                None => (Said::Answer(Ok(crate::Next::Done)), Learnt::Nothing),
                Some(body) => run::<F>(body, context, seat, given)
                    .await
                    .unwrap_or_else(|cause| (Said::Broke(unreadable(row.id, &cause)), Learnt::Nothing)),
            }
        })
    }
}

/// Runs a body on the saved state. Fails if the state cannot be read, or if its results cannot be written.
async fn run<F: Flow>(
    body: Body<F>,
    context: Arc<F::Context>,
    seat: Arc<Seat>,
    given: Given,
) -> Result<(Said, Learnt), serde_json::Error> {
    let mut state: F::State = serde_json::from_value(given.state)?;
    match body {
        Body::One(body) => {
            let at = At { context, seat, lanes: typed_lanes::<F>(given.lanes)? };
            let answer = body(&at, &mut state).await;
            Ok((Said::Answer(answer), Learnt::State(serde_json::to_value(state)?)))
        }
        Body::Each(body) => {
            let mut lane: F::Lane = serde_json::from_value(given.lane)?;
            let at = At { context, seat, lanes: Arc::new([]) };
            let answer = body(&at, &state, &mut lane).await;
            Ok((Said::Answer(answer), Learnt::Lane(serde_json::to_value(lane)?)))
        }
    }
}

fn typed_lanes<F: Flow>(lanes: Vec<LaneSeen<Value>>) -> Result<Arc<[LaneSeen<F::Lane>]>, serde_json::Error> {
    let typed =
        |LaneSeen { key, state, failed }| Ok(LaneSeen { key, state: serde_json::from_value(state)?, failed });
    lanes.into_iter().map(typed).collect()
}

fn unreadable(step: &str, cause: &serde_json::Error) -> Note {
    Note::new(note::STATE_UNREADABLE).arg("step", step).raw(cause.to_string())
}
