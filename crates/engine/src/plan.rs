//! Determines the next action of a task. Pure: it reads and changes rows, but runs nothing.
//!
//! Steps run in groups: a `One` step is a group by itself; consecutive `Each` steps form one group, through which
//! every lane runs independently. Later steps skip a failed lane. The next `One` step begins when every lane has
//! completed the group or failed, and at least one has completed it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::note::{self, Note};
use crate::task::{Moment, Row, StepStatus, Task, TaskStatus, Undo};

/// One of the bodies of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The body itself.
    Main,
    /// The body that ends the work of a cancelled step.
    Stop,
    /// The body that undoes the step.
    Undo,
}

/// A due body: the index of its row, and its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) row: usize,
    pub(crate) which: Which,
}

/// The state of the task that follows from its rows.
enum Stage {
    /// These rows are next.
    Active(Vec<usize>),
    /// Nothing is left to do.
    Over(TaskStatus, Option<Note>),
}

/// Makes all changes that need no body: starts due rows, ends rows, ends the task. Returns the changed rows. `busy`
/// contains the rows whose body is running.
pub(crate) fn settle(task: &mut Task, now: Moment, busy: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut changed = BTreeSet::new();
    if task.status == TaskStatus::Pending {
        task.status = TaskStatus::Running;
    }
    if !task.status.is_finished() {
        // A task that ended before it started may be retried.
        task.started_at.get_or_insert(now);
    }
    // Every round of a roll-back ends at least one row or is the last.
    for _ in 0..=task.rows.len() {
        if task.status.is_finished() {
            break;
        }
        let again = match stage(task) {
            Stage::Over(status, note) => {
                (task.status, task.note, task.finished_at) = (status, note, Some(now));
                break;
            }
            Stage::Active(rows) if task.status == TaskStatus::RollingBack => {
                move_back(task, &rows, now, busy, &mut changed)
            }
            Stage::Active(rows) => {
                move_on(task, &rows, now, &mut changed);
                break;
            }
        };
        if !again {
            break;
        }
    }
    changed
}

/// Makes rows due; for cancelled rows, their stop.
fn move_on(task: &mut Task, rows: &[usize], now: Moment, changed: &mut BTreeSet<usize>) {
    for &index in rows {
        let row = &mut task.rows[index];
        let is_cancelled = task.cancels.cover(row.number);
        let before = row.status;
        if row.status == StepStatus::Pending {
            row.status = StepStatus::Ready;
        }
        match row.status {
            // The stop runs even if the body never did: it may end work that the previous step started.
            StepStatus::Ready | StepStatus::Running if is_cancelled => {
                row.status = StepStatus::Canceling;
                (row.attempts, row.due_at, row.since) = (0, None, Some(now));
            }
            _ => {}
        }
        if row.status != before {
            changed.insert(index);
        }
    }
}

/// As [`move_on`], for undos; returns whether a row has ended, so that other rows may be next.
fn move_back(
    task: &mut Task,
    rows: &[usize],
    now: Moment,
    busy: &BTreeSet<usize>,
    changed: &mut BTreeSet<usize>,
) -> bool {
    let mut ended = false;
    for &index in rows {
        let row = &mut task.rows[index];
        let before = row.undo;
        match row.undo {
            Undo::Absent => row.undo = Undo::PassedOver,
            Undo::Available | Undo::Running if task.cancels.task && !busy.contains(&index) => {
                fail_undo(row, Note::new(note::CANCELLED));
            }
            Undo::Available => {
                row.undo = Undo::Running;
                (row.attempts, row.due_at, row.since) = (0, None, Some(now));
            }
            Undo::Running | Undo::Done | Undo::Failed | Undo::PassedOver => {}
        }
        if row.undo != before {
            changed.insert(index);
            ended |= row.undo != Undo::Running;
        }
    }
    ended
}

/// Marks a row as failed.
pub(crate) fn fail(row: &mut Row, why: Note, now: Moment) {
    row.status = StepStatus::Failed;
    (row.note, row.finished_at, row.due_at) = (Some(why), Some(now), None);
}

/// Marks the undo of a row as failed.
pub(crate) fn fail_undo(row: &mut Row, why: Note) {
    row.undo = Undo::Failed;
    (row.note, row.due_at) = (Some(why), None);
}

/// Fails the task and all rows that are next, because their bodies cannot run.
pub(crate) fn fail_unrunnable(task: &mut Task, why: &Note, now: Moment) -> BTreeSet<usize> {
    let mut changed = BTreeSet::new();
    if let Stage::Active(rows) = stage(task) {
        for index in rows {
            let row = &mut task.rows[index];
            if task.status == TaskStatus::RollingBack {
                fail_undo(row, why.clone());
            } else {
                fail(row, why.clone(), now);
            }
            changed.insert(index);
        }
    }
    task.status = TaskStatus::Failed;
    (task.note, task.finished_at) = (Some(why.clone()), Some(now));
    changed
}

/// Returns the due bodies. No lane starts while `lanes_at_once` are running, and a lane with more progress goes
/// first, so that lanes are completed.
pub(crate) fn due(task: &Task, now: Moment, busy: &BTreeSet<usize>, lanes_at_once: usize) -> Vec<Turn> {
    let (true, Stage::Active(mut rows)) = (!task.status.is_finished(), stage(task)) else {
        return Vec::new();
    };
    if task.status == TaskStatus::RollingBack {
        rows.retain(|index| !busy.contains(index) && is_due(&task.rows[*index], now));
        return rows.into_iter().map(|row| Turn { row, which: Which::Undo }).collect();
    }
    let is_begun = |index: &usize| task.rows[*index].status != StepStatus::Ready;
    let (begun, mut ready): (Vec<usize>, Vec<usize>) = rows.into_iter().partition(is_begun);
    let room = lanes_at_once.max(1).saturating_sub(begun.len());
    let step_of = |index: usize| task.rows[..index].partition_point(|row| row.step != task.rows[index].step);
    ready.sort_by_key(|&index| (std::cmp::Reverse(step_of(index)), index));
    let begun = begun.into_iter().filter(|index| !busy.contains(index) && is_due(&task.rows[*index], now));
    let which = |index: usize| match task.rows[index].status {
        StepStatus::Canceling => Which::Stop,
        _ => Which::Main,
    };
    begun.chain(ready.into_iter().take(room)).map(|row| Turn { row, which: which(row) }).collect()
}

fn is_due(row: &Row, now: Moment) -> bool {
    row.due_at.is_none_or(|due| due <= now)
}

/// Returns the earliest due time of the waiting rows that are not busy.
pub(crate) fn next_due(task: &Task, now: Moment, busy: &BTreeSet<usize>) -> Option<Moment> {
    let Stage::Active(rows) = stage(task) else { return None };
    rows.into_iter()
        .filter(|index| !busy.contains(index))
        .map(|index| &task.rows[index])
        .filter(|row| row.status != StepStatus::Ready)
        .map(|row| row.due_at.unwrap_or(now))
        .min()
}

fn stage(task: &Task) -> Stage {
    if task.status == TaskStatus::RollingBack { stage_back(task) } else { stage_on(task) }
}

fn stage_on(task: &Task) -> Stage {
    let failed: BTreeSet<&str> = task
        .rows
        .iter()
        .filter(|row| row.is_lane() && row.status == StepStatus::Failed)
        .map(|row| row.lane.as_str())
        .collect();
    for group in groups(task) {
        let first = &task.rows[group.start];
        if first.is_lane() {
            let active = open_rows(task, group, &failed);
            if !active.is_empty() {
                return Stage::Active(active);
            }
            if failed.len() == task.lanes.len() {
                return Stage::Over(TaskStatus::Failed, Some(lanes_failed(task, failed.len())));
            }
        } else if first.status == StepStatus::Failed {
            return Stage::Over(TaskStatus::Failed, first.note.clone());
        } else if first.status != StepStatus::Successful {
            return Stage::Active(vec![group.start]);
        }
    }
    if failed.is_empty() {
        Stage::Over(TaskStatus::Successful, None)
    } else {
        Stage::Over(TaskStatus::Failed, Some(lanes_failed(task, failed.len())))
    }
}

/// Returns the first open row of every lane that has not failed.
fn open_rows(task: &Task, group: Range<usize>, failed: &BTreeSet<&str>) -> Vec<usize> {
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for index in group {
        let row = &task.rows[index];
        if row.status != StepStatus::Successful && !failed.contains(row.lane.as_str()) {
            open.entry(&row.lane).or_insert(index);
        }
    }
    let mut rows: Vec<usize> = open.into_values().collect();
    rows.sort_unstable();
    rows
}

fn lanes_failed(task: &Task, failed: usize) -> Note {
    let total = task.lanes.len();
    Note::new(note::LANES_FAILED)
        .arg("failed", failed)
        .arg("total", total)
        .arg("succeeded", total.saturating_sub(failed))
}

fn groups(task: &Task) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    task.rows.chunk_by(|left, right| left.is_lane() && right.is_lane()).map(move |group| {
        let range = start..start + group.len();
        start = range.end;
        range
    })
}

/// Returns the last started row that is not yet undone. Undos run one at a time, last step first.
fn stage_back(task: &Task) -> Stage {
    let is_open = |row: &Row| row.runs > 0 && !matches!(row.undo, Undo::Done | Undo::PassedOver);
    match task.rows.iter().rposition(is_open) {
        None => Stage::Over(TaskStatus::RolledBack, None),
        Some(index) if task.rows[index].undo == Undo::Failed => {
            Stage::Over(TaskStatus::Failed, task.rows[index].note.clone())
        }
        Some(index) => Stage::Active(vec![index]),
    }
}
