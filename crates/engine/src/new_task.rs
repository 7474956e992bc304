//! A task to create: the request, and the resulting rows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::flow::Flow;
use crate::note::Note;
use crate::task::{LaneState, Moment, Row, RowNumber, StepStatus, Undo};

/// A task to create.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// The kind of its flow.
    pub kind: String,
    /// The version of the flow.
    pub version: u32,
    /// Its name.
    pub name: Note,
    /// The user or component that creates it.
    pub creator: String,
    /// Its subject, for searches.
    pub subject: BTreeMap<String, String>,
    /// At most one unfinished task has this key.
    pub exclusive: Option<String>,
    /// Whether it waits in the queue; see [`crate::Task::queued`].
    pub queued: Option<Moment>,
    /// The state before the first step.
    pub state: Value,
    /// Its lanes.
    pub lanes: Vec<LaneState>,
    /// Its rows, all PENDING.
    pub rows: Vec<Row>,
}

impl NewTask {
    /// Returns a task of this flow with this initial state and these lanes.
    ///
    /// A flow with `Each` steps needs at least one lane. The keys of lanes must not be empty and must differ.
    pub fn of<F: Flow>(
        name: Note,
        state: &F::State,
        lanes: impl IntoIterator<Item = String>,
    ) -> Result<Self, NewTaskError> {
        let fresh =
            serde_json::to_value(F::Lane::default()).map_err(|cause| unwritable::<F>("lane", cause))?;
        let lanes: Vec<LaneState> =
            lanes.into_iter().map(|key| LaneState { key, state: fresh.clone() }).collect();
        check_lanes::<F>(&lanes)?;
        Ok(Self {
            kind: F::KIND.to_owned(),
            version: F::VERSION,
            name: name.bounded(),
            creator: String::new(),
            subject: BTreeMap::new(),
            exclusive: None,
            queued: None,
            state: serde_json::to_value(state).map_err(|cause| unwritable::<F>("state", cause))?,
            rows: rows::<F>(&lanes),
            lanes,
        })
    }

    /// Sets its creator.
    #[must_use]
    pub fn creator(mut self, creator: impl Into<String>) -> Self {
        self.creator = creator.into();
        self
    }

    /// Adds an entry to its subject.
    #[must_use]
    pub fn subject(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.subject.insert(key.into(), value.into());
        self
    }

    /// Blocks other tasks with the same key until this one is finished.
    #[must_use]
    pub fn exclusive(mut self, key: impl Into<String>) -> Self {
        self.exclusive = Some(key.into());
        self
    }

    /// Makes it wait until its exclusive key is free and the limits allow it. It must start before this time, or does
    /// not start at all.
    #[must_use]
    pub fn queued(mut self, before: Moment) -> Self {
        self.queued = Some(before);
        self
    }
}

fn rows<F: Flow>(lanes: &[LaneState]) -> Vec<Row> {
    let mut rows = Vec::new();
    for step in F::STEPS {
        let keys: Vec<&str> =
            if step.is_each() { lanes.iter().map(|lane| lane.key.as_str()).collect() } else { vec![""] };
        for lane in keys {
            let number = RowNumber(u32::try_from(rows.len()).expect("a task has far fewer than 2^32 rows"));
            rows.push(Row {
                number,
                step: step.id.to_owned(),
                lane: lane.to_owned(),
                skippable: step.skippable,
                timeout: step.timeout,
                status: StepStatus::Pending,
                skipped: false,
                undo: if step.has_undo() { Undo::Available } else { Undo::Absent },
                runs: 0,
                attempts: 0,
                progress: None,
                note: None,
                started_at: None,
                finished_at: None,
                since: None,
                due_at: None,
            });
        }
    }
    rows
}

fn check_lanes<F: Flow>(lanes: &[LaneState]) -> Result<(), NewTaskError> {
    let has_each = F::STEPS.iter().any(crate::flow::Step::is_each);
    if has_each && lanes.is_empty() {
        return Err(NewTaskError::NoLane { kind: F::KIND });
    }
    for (index, lane) in lanes.iter().enumerate() {
        if lane.key.is_empty() || lanes[..index].iter().any(|other| other.key == lane.key) {
            return Err(NewTaskError::LaneKey { kind: F::KIND, key: lane.key.clone() });
        }
    }
    Ok(())
}

fn unwritable<F: Flow>(part: &'static str, cause: serde_json::Error) -> NewTaskError {
    NewTaskError::Unwritable { kind: F::KIND, part, cause }
}

/// A task that cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum NewTaskError {
    /// Some of its steps run per lane, and it has none.
    #[error("a task of kind `{kind}` needs at least one lane")]
    NoLane {
        /// The flow.
        kind: &'static str,
    },
    /// The key of a lane is empty or not unique.
    #[error("the lane key `{key}` of a task of kind `{kind}` is empty or given twice")]
    LaneKey {
        /// The flow.
        kind: &'static str,
        /// The key.
        key: String,
    },
    /// Its state has no JSON form.
    #[error("the {part} of a task of kind `{kind}` cannot be written as JSON")]
    Unwritable {
        /// The flow.
        kind: &'static str,
        /// `state` or `lane`.
        part: &'static str,
        /// The serialiser's message.
        #[source]
        cause: serde_json::Error,
    },
}
