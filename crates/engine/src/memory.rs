//! A journal in memory, for tests: the contract in its simplest form.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::journal::{
    ApplyError, Ask, Change, Claim, Decision, Event, EventKind, HoldError, InsertError, Journal,
    JournalError, Limits, LogLine, NewTask, PAGE_MAX, Pulse, Ticket,
};
use crate::note::Note;
use crate::task::{
    Cancels, Lease, Moment, Operation, Progress, RowNumber, StepStatus, Task, TaskId, TaskStatus,
};

/// The start time of a journal's clock.
const START: Moment = Moment(1_700_000_000_000_000);

/// A journal in memory, with a clock that a test sets.
#[derive(Debug)]
pub struct Memory {
    kept: Mutex<Kept>,
    /// When the clock started to run by itself, if it does.
    ticking_since: Option<Instant>,
}

#[derive(Debug, Default)]
struct Kept {
    passed: Duration,
    tasks: BTreeMap<TaskId, Stored>,
    events: Vec<Event>,
}

#[derive(Debug)]
struct Stored {
    task: Task,
    fence: i64,
    logs: BTreeMap<RowNumber, Vec<LogLine>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Returns an empty journal whose clock changes only with [`Memory::advance`].
    pub fn new() -> Self {
        Self { kept: Mutex::default(), ticking_since: None }
    }

    /// Returns an empty journal whose clock follows tokio's.
    pub fn ticking() -> Self {
        Self { kept: Mutex::default(), ticking_since: Some(Instant::now()) }
    }

    /// Advances the clock. Workers extrapolate from the last reading, so with a stopped clock, a step that is due in
    /// a minute may run a little later.
    pub fn advance(&self, time: Duration) {
        self.kept().passed += time;
    }

    /// Returns the current time.
    pub fn now(&self) -> Moment {
        self.at(&self.kept())
    }

    fn at(&self, kept: &Kept) -> Moment {
        START.plus(kept.passed + self.ticking_since.map(|since| since.elapsed()).unwrap_or_default())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `write` on a task that is held under this ticket.
    fn held<T>(
        &self,
        ticket: Ticket,
        write: impl FnOnce(&mut Stored, &mut Vec<Event>, Moment) -> T,
    ) -> Result<T, HoldError> {
        let mut kept = self.kept();
        let now = self.at(&kept);
        let Kept { tasks, events, .. } = &mut *kept;
        let stored = tasks.get_mut(&ticket.task).ok_or(HoldError::Lost)?;
        if stored.fence != ticket.fence || stored.task.lease.is_none() {
            return Err(HoldError::Lost);
        }
        Ok(write(stored, events, now))
    }
}

impl Kept {
    /// Returns the unfinished task, other than `but`, that has this exclusive key.
    fn occupant(&self, key: Option<&String>, but: Option<TaskId>) -> Option<(String, TaskId)> {
        let key = key?;
        let mut others = self.tasks.values().map(|stored| &stored.task);
        others
            .find(|task| task.exclusive.as_ref() == Some(key) && Some(task.id) != but && is_under_way(task))
            .map(|task| (key.clone(), task.id))
    }

    /// Returns whether the queue allows a task to start.
    fn has_turn(&self, task: &Task, limits: &Limits, now: Moment) -> bool {
        let Some(before) = task.queued.filter(|_| !task.cancels.task) else { return true };
        let counted = || {
            let all = self.tasks.values().map(|stored| &stored.task);
            all.filter(|other| is_under_way(other) && limits.kinds.contains(&other.kind))
        };
        let has_room = limits.at_once.is_none_or(|most| counted().count() < most);
        let has_place = limits.same_subject.as_ref().is_none_or(|(name, most)| {
            let value = task.subject.get(name);
            value.is_none() || counted().filter(|other| other.subject.get(name) == value).count() < *most
        });
        let is_limited = limits.kinds.contains(&task.kind);
        let is_free = self.occupant(task.exclusive.as_ref(), Some(task.id)).is_none();
        now < before && is_free && (!is_limited || has_room && has_place)
    }
}

impl Journal for Memory {
    async fn insert(&self, new: NewTask) -> Result<TaskId, InsertError> {
        let mut kept = self.kept();
        let now = self.at(&kept);
        if new.queued.is_none()
            && let Some((key, task)) = kept.occupant(new.exclusive.as_ref(), None)
        {
            return Err(InsertError::Occupied { key, task });
        }
        let id = TaskId(kept.tasks.len() as i64 + 1);
        let task = Task {
            id,
            kind: new.kind,
            version: new.version,
            status: TaskStatus::Pending,
            operation: Operation::Execute,
            creator: new.creator,
            name: new.name,
            subject: new.subject,
            exclusive: new.exclusive,
            queued: new.queued,
            state: new.state,
            lanes: new.lanes,
            note: None,
            cancels: Cancels::default(),
            revision: 0,
            created_at: now,
            started_at: None,
            finished_at: None,
            due_at: now,
            lease: None,
            rows: new.rows,
        };
        kept.tasks.insert(id, Stored { task, fence: 0, logs: BTreeMap::new() });
        record(&mut kept.events, now, id, [EventKind::Task]);
        Ok(id)
    }

    async fn claim(&self, ask: &Ask) -> Result<Option<Claim>, JournalError> {
        let mut kept = self.kept();
        let now = self.at(&kept);
        let is_known = |task: &Task| {
            ask.can.iter().any(|(kind, version)| *kind == task.kind && task.version <= *version)
        };
        let is_free = |task: &Task| task.lease.as_ref().is_none_or(|lease| lease.until <= now);
        // A task in the queue may be held for any time.
        let is_due = |task: &Task| match task.queued {
            Some(_) => task.due_at <= now,
            None => clock::is_due(task.due_at, now),
        };
        let next = kept
            .tasks
            .values()
            .map(|stored| &stored.task)
            .filter(|task| !task.status.is_finished() && is_due(task) && is_known(task) && is_free(task))
            .filter(|task| kept.has_turn(task, &ask.limits, now))
            .min_by_key(|task| (task.due_at, task.id));
        let next = next.map(|task| task.id).and_then(|id| kept.tasks.get_mut(&id));
        Ok(next.map(|stored| {
            if !stored.task.cancels.task {
                stored.task.queued = None;
            }
            stored.fence += 1;
            stored.task.lease = Some(Lease { owner: ask.worker.clone(), until: now.plus(ask.lease) });
            Claim {
                ticket: Ticket { task: stored.task.id, fence: stored.fence },
                task: stored.task.clone(),
                pulse: pulse(&stored.task, now),
            }
        }))
    }

    async fn renew(&self, ticket: Ticket, lease: Duration) -> Result<Pulse, HoldError> {
        self.held(ticket, |stored, _, now| {
            if let Some(held) = &mut stored.task.lease {
                held.until = held.until.max(now.plus(lease));
            }
            pulse(&stored.task, now)
        })
    }

    async fn save(&self, ticket: Ticket, change: &Change) -> Result<Pulse, HoldError> {
        self.held(ticket, |stored, events, now| {
            let task = &mut stored.task;
            let due_at = change.due(&task.cancels, now);
            write(task, change, due_at);
            record(events, now, task.id, change.events());
            let pulse = pulse(task, now);
            if change.release {
                task.lease = None;
            }
            pulse
        })
    }

    async fn append_log(&self, ticket: Ticket, lines: &[(RowNumber, Note)]) -> Result<(), HoldError> {
        self.held(ticket, |stored, _, now| {
            for (row, note) in lines {
                let log = stored.logs.entry(*row).or_default();
                log.push(LogLine { seq: log.len() as i64 + 1, at: now, note: note.clone() });
            }
        })
    }

    async fn append_progress(&self, ticket: Ticket, rows: &[(RowNumber, Progress)]) -> Result<(), HoldError> {
        self.held(ticket, |stored, events, now| {
            let task = &mut stored.task;
            for (number, progress) in rows {
                if let Some(row) = task.rows.iter_mut().find(|row| row.number == *number) {
                    row.progress = Some(progress.clone());
                    let kind = EventKind::of_row(row);
                    record(events, now, task.id, [kind]);
                }
            }
        })
    }

    async fn load(&self, task: TaskId) -> Result<Option<Task>, JournalError> {
        Ok(self.kept().tasks.get(&task).map(|stored| stored.task.clone()))
    }

    async fn logs(
        &self,
        task: TaskId,
        row: RowNumber,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<LogLine>, JournalError> {
        let kept = self.kept();
        let lines = kept.tasks.get(&task).and_then(|stored| stored.logs.get(&row));
        let behind = lines.into_iter().flatten().filter(|line| line.seq > after_seq);
        Ok(behind.take(limit.min(PAGE_MAX) as usize).cloned().collect())
    }

    async fn apply(&self, id: TaskId, decision: &Decision) -> Result<(), ApplyError> {
        let mut kept = self.kept();
        let now = self.at(&kept);
        let exclusive = kept.tasks.get(&id).and_then(|stored| stored.task.exclusive.clone());
        let occupant = kept.occupant(exclusive.as_ref(), Some(id));
        let Kept { tasks, events, .. } = &mut *kept;
        let stored = tasks.get_mut(&id).ok_or(ApplyError::Changed)?;
        match decision {
            Decision::Resume { seen, operation, change } => {
                if stored.task.revision != *seen {
                    return Err(ApplyError::Changed);
                }
                if let Some((key, task)) = occupant {
                    return Err(ApplyError::Occupied { key, task });
                }
                write(&mut stored.task, change, now);
                stored.task.operation = *operation;
                stored.task.cancels = Cancels::default();
                stored.task.lease = None;
                stored.fence += 1;
                record(events, now, id, change.events());
            }
            Decision::Cancel { row } => {
                ask_to_end(&mut stored.task, *row)?;
                stored.task.operation = Operation::Cancel;
                stored.task.due_at = now;
                record(events, now, id, [EventKind::Task]);
            }
        }
        Ok(())
    }

    async fn events(&self, after_seq: i64, limit: u32) -> Result<Vec<Event>, JournalError> {
        let kept = self.kept();
        let behind = kept.events.iter().filter(|event| event.seq > after_seq);
        Ok(behind.take(limit.min(PAGE_MAX) as usize).cloned().collect())
    }
}

fn ask_to_end(task: &mut Task, row: Option<RowNumber>) -> Result<(), ApplyError> {
    let is_open = |number| {
        task.row(number).is_some_and(|row| !matches!(row.status, StepStatus::Failed | StepStatus::Successful))
    };
    if task.status.is_finished() || !row.is_none_or(is_open) {
        return Err(ApplyError::Changed);
    }
    match row {
        None => task.cancels.task = true,
        Some(row) => {
            task.cancels.rows.insert(row);
        }
    }
    Ok(())
}

/// Returns whether a task has its exclusive key and counts for the limits.
fn is_under_way(task: &Task) -> bool {
    !task.status.is_finished() && task.queued.is_none()
}

fn write(task: &mut Task, change: &Change, due_at: Moment) {
    task.status = change.status;
    task.queued = task.queued.filter(|_| !change.status.is_finished());
    task.note = change.note.clone();
    task.started_at = change.started_at;
    task.finished_at = change.finished_at;
    task.due_at = due_at;
    if let Some(state) = &change.state {
        task.state = state.clone();
    }
    for lane in &change.lanes {
        task.lanes.iter_mut().filter(|kept| kept.key == lane.key).for_each(|kept| *kept = lane.clone());
    }
    for row in &change.rows {
        task.rows.iter_mut().filter(|kept| kept.number == row.number).for_each(|kept| *kept = row.clone());
    }
    task.revision += 1;
}

fn pulse(task: &Task, now: Moment) -> Pulse {
    let left = task.lease.as_ref().map(|lease| lease.until.since(now)).unwrap_or_default();
    Pulse { left, now, cancels: task.cancels.clone() }
}

fn record(events: &mut Vec<Event>, at: Moment, task: TaskId, kinds: impl IntoIterator<Item = EventKind>) {
    for kind in kinds {
        events.push(Event { seq: events.len() as i64 + 1, at, task, kind });
    }
}
