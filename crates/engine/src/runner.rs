//! Runs the rows of one claimed task until none is due, and saves after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use crate::answer::{self, Terms};
use crate::body::{self, Call, Crash, Ended};
use crate::clock;
use crate::fault::FaultPoint;
use crate::flow::{Desk, LaneSeen, Seat};
use crate::hold::Hold;
use crate::journal::{Change, HoldError, Journal, JournalError};
use crate::note::{self, Note};
use crate::plan::{self, Turn, Which};
use crate::registry::{AnyFlow, Given, Learnt};
use crate::settings::Settings;
use crate::task::{LaneState, Moment, Row, StepStatus, Task, Undo};

/// How a run ended.
#[derive(Debug)]
pub(crate) enum RunEnd {
    /// Nothing is due. If the task waits, `due_in` is the remaining time.
    AtRest { due_in: Option<Duration> },
    /// Another worker has the task.
    Lost,
    /// A fault simulates the death of the program.
    Crashed,
    /// The journal does not answer; the lease will expire.
    Unsaved(JournalError),
}

pub(crate) struct Runner<J> {
    hold: Arc<Hold<J>>,
    flow: Result<Arc<dyn AnyFlow>, Note>,
    task: Task,
    settings: Settings,
    fault: Arc<FaultPoint>,
    shutdown: CancellationToken,
    bodies: JoinSet<Result<Ended, Crash>>,
    busy: BTreeMap<usize, Busy>,
    unsaved: Unsaved,
}

/// A row whose body runs.
struct Busy {
    which: Which,
    span: Span,
    cancelled: CancellationToken,
}

/// What has changed since the last save.
#[derive(Default)]
struct Unsaved {
    rows: BTreeSet<usize>,
    state: bool,
    lanes: BTreeSet<usize>,
}

impl<J: Journal> Runner<J> {
    pub(crate) fn new(
        hold: Arc<Hold<J>>,
        flow: Result<Arc<dyn AnyFlow>, Note>,
        task: Task,
        settings: Settings,
        fault: Arc<FaultPoint>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            hold,
            flow,
            task,
            settings,
            fault,
            shutdown,
            bodies: JoinSet::new(),
            busy: BTreeMap::new(),
            unsaved: Unsaved::default(),
        }
    }

    /// Runs until nothing is due. Dropping the future drops the bodies, as a crash would.
    pub(crate) async fn run(mut self) -> RunEnd {
        loop {
            match self.advance().await {
                Ok(None) => {}
                Ok(Some(due_in)) => return RunEnd::AtRest { due_in },
                Err(HoldError::Lost) => return RunEnd::Lost,
                Err(HoldError::Journal(cause)) => return RunEnd::Unsaved(cause),
            }
            let now = self.hold.now();
            let next_due = plan::next_due(&self.task, now, &self.busy_rows());
            let wait = next_due.map(|due| due.since(now)).unwrap_or_default();
            let hold = self.hold.clone();
            tokio::select! {
                Some(joined) = self.bodies.join_next() => match joined {
                    Ok(Ok(ended)) => self.absorb(ended),
                    Ok(Err(Crash)) => return RunEnd::Crashed,
                    Err(error) => {
                        tracing::error!(task = %self.task.id, %error, "the run of a body broke");
                        return RunEnd::Crashed;
                    }
                },
                () = hold.cancels_changed() => {}
                () = hold.lost() => return RunEnd::Lost,
                () = self.shutdown.cancelled(), if !self.is_winding_down() => self.cancel_bodies(|_, _| true),
                () = sleep(wait), if next_due.is_some() && !self.shutdown.is_cancelled() => {}
            }
        }
    }

    /// Advances the rows as far as possible, saves them, and starts the due bodies. If the task is idle, returns the
    /// remaining wait, if any.
    async fn advance(&mut self) -> Result<Option<Option<Duration>>, HoldError> {
        loop {
            let now = self.hold.now();
            self.task.cancels = self.hold.cancels();
            let turns = self.turns(now);
            let is_at_rest = self.busy.is_empty() && turns.is_empty();
            if is_at_rest || !self.unsaved.rows.is_empty() {
                let change = self.change(now, is_at_rest);
                let due_in = (!change.status.is_finished()).then(|| change.due_at.since(now));
                self.hold.save(&change).await?;
                if is_at_rest && change.status.is_finished() {
                    tracing::info!(status = change.status.as_str(), "the task has ended");
                }
                if is_at_rest {
                    return Ok(Some(due_in));
                }
            }
            // If an operator cancelled something during the save, the due bodies are no longer correct.
            if self.hold.cancels() == self.task.cancels {
                for turn in turns {
                    self.launch(turn);
                }
                return Ok(None);
            }
        }
    }

    /// Settles the rows and returns the due ones, which are marked as started.
    fn turns(&mut self, now: Moment) -> Vec<Turn> {
        if let Err(why) = &self.flow {
            if !self.task.status.is_finished() {
                self.unsaved.rows.extend(plan::settle(&mut self.task, now, &BTreeSet::new()));
            }
            if !self.task.status.is_finished() {
                self.unsaved.rows.extend(plan::fail_unrunnable(&mut self.task, why, now));
            }
            return Vec::new();
        }
        self.correct_clock(now);
        let busy = self.busy_rows();
        self.unsaved.rows.extend(plan::settle(&mut self.task, now, &busy));
        let cancels = self.task.cancels.clone();
        let rows: Vec<_> = self.task.rows.iter().map(|row| row.number).collect();
        self.cancel_bodies(|index, busy| busy.which != Which::Stop && cancels.cover(rows[index]));
        if self.shutdown.is_cancelled() {
            return Vec::new();
        }
        let turns = plan::due(&self.task, now, &busy, self.settings.lanes_at_once);
        for turn in &turns {
            let row = &mut self.task.rows[turn.row];
            if row.status == StepStatus::Ready {
                row.status = StepStatus::Running;
                row.runs += 1;
                row.attempts = 0;
                (row.started_at, row.since, row.due_at) = (Some(now), Some(now), None);
                self.unsaved.rows.insert(turn.row);
            }
        }
        turns
    }

    /// Ends the waits that a clock which was ahead has ordered, and writes so into the logs of their rows.
    fn correct_clock(&mut self, now: Moment) {
        for (index, row) in self.task.rows.iter_mut().enumerate() {
            if clock::correct(row, now) {
                self.hold.log(row.number, Note::new(note::CLOCK_SET_BACK));
                self.unsaved.rows.insert(index);
            }
        }
    }

    fn change(&mut self, now: Moment, release: bool) -> Change {
        let unsaved = std::mem::take(&mut self.unsaved);
        let task = &self.task;
        let is_waiting = release && !self.shutdown.is_cancelled() && !task.status.is_finished();
        let next_due = is_waiting.then(|| plan::next_due(task, now, &BTreeSet::new())).flatten();
        Change {
            status: task.status,
            note: task.note.clone(),
            started_at: task.started_at,
            finished_at: task.finished_at,
            due_at: next_due.unwrap_or(now),
            cancels_seen: task.cancels.clone(),
            state: unsaved.state.then(|| task.state.clone()),
            lanes: unsaved.lanes.iter().map(|&index| task.lanes[index].clone()).collect(),
            rows: unsaved.rows.iter().map(|&index| task.rows[index].clone()).collect(),
            release,
        }
    }

    fn launch(&mut self, turn: Turn) {
        let Ok(flow) = &self.flow else { return };
        let row = &self.task.rows[turn.row];
        let cancelled = CancellationToken::new();
        let elapsed = row.since.map(|since| self.hold.now().since(since)).unwrap_or_default();
        let desk: Arc<dyn Desk> = self.hold.clone();
        let call = Call {
            flow: flow.clone(),
            turn,
            step: row.step.clone(),
            seat: Arc::new(Seat {
                task: self.task.id,
                row: row.number,
                lane: row.lane.clone(),
                attempt: row.attempts + 1,
                cancelled: cancelled.clone(),
                desk,
            }),
            given: given(&self.task, row),
            // A step that timed out while no worker was running gets one more attempt.
            limit: row.timeout.saturating_sub(elapsed).max(self.settings.grace),
            grace: self.settings.grace,
            fault: self.fault.clone(),
        };
        let lane = row.is_lane().then_some(row.lane.as_str());
        let span = tracing::error_span!("step", step = row.step, lane);
        self.bodies.spawn(body::run(call).instrument(span.clone()));
        self.busy.insert(turn.row, Busy { which: turn.which, span, cancelled });
    }

    fn absorb(&mut self, ended: Ended) {
        let Ended { turn, said, learnt, interrupt } = ended;
        let busy = self.busy.remove(&turn.row).expect("every body is launched as busy");
        let row = &mut self.task.rows[turn.row];
        match learnt {
            Learnt::Nothing => {}
            Learnt::State(state) => {
                self.task.state = state;
                self.unsaved.state = true;
            }
            Learnt::Lane(state) => {
                let is_own = |lane: &LaneState| lane.key == row.lane;
                let index = self.task.lanes.iter().position(is_own).expect("a lane's row names a lane");
                self.task.lanes[index].state = state;
                self.unsaved.lanes.insert(index);
            }
        }
        row.progress = self.hold.take_progress(row.number).or(row.progress.take());
        let terms = Terms { now: self.hold.now(), backoff: &self.settings.backoff, chance: rand::random() };
        let lines = answer::absorb(row, turn.which, said, interrupt, &terms);
        busy.span.in_scope(|| report(row, turn.which, &lines));
        for line in lines {
            self.hold.log(row.number, line);
        }
        self.unsaved.rows.insert(turn.row);
    }

    fn cancel_bodies(&self, is_meant: impl Fn(usize, &Busy) -> bool) {
        for (&index, busy) in &self.busy {
            if is_meant(index, busy) {
                busy.cancelled.cancel();
            }
        }
    }

    /// Whether every running body was asked to end.
    fn is_winding_down(&self) -> bool {
        self.busy.values().all(|busy| busy.cancelled.is_cancelled())
    }

    fn busy_rows(&self) -> BTreeSet<usize> {
        self.busy.keys().copied().collect()
    }
}

/// Writes what a body's answer changed into the program's log.
fn report(row: &Row, which: Which, problems: &[Note]) {
    for why in problems {
        tracing::warn!(%why, "the step has met a problem");
    }
    let (status, has_ended) = match which {
        Which::Main | Which::Stop => (row.status.as_str(), row.status.is_finished()),
        Which::Undo => (row.undo.as_str(), row.undo != Undo::Running),
    };
    let undo = which == Which::Undo;
    match has_ended {
        // There may be thousands of lanes.
        true if row.is_lane() => tracing::debug!(status, undo, "the step has ended"),
        true => tracing::info!(status, undo, "the step has ended"),
        false => {}
    }
}

fn given(task: &Task, row: &Row) -> Given {
    let own = task.lanes.iter().find(|lane| lane.key == row.lane);
    let seen = |lane: &LaneState| LaneSeen {
        key: lane.key.clone(),
        state: lane.state.clone(),
        failed: task.lane_failure(&lane.key).map(|row| row.note.clone().unwrap_or_default()),
    };
    Given {
        state: task.state.clone(),
        lane: own.map(|lane| lane.state.clone()).unwrap_or_default(),
        lanes: if row.is_lane() { Vec::new() } else { task.lanes.iter().map(seen).collect() },
    }
}
