//! The decisions on a strategy now: which of its runs start, wait, or are missed.
//!
//! The caller stores one row for each due time ([`Run`]) and carries out the decisions in order. There is no other
//! state, so a crash at any point is harmless: unrecorded decisions are made again, and a run that is submitted twice
//! has the same key ([`RunKey`]).
//!
//! 1. A due time without a row is *pending*, as far back as [`HORIZON`]. A due time whose task waits in the queue is
//!    also pending.
//! 2. Of several pending due times, only the newest can still start. It is full if one that it replaces was full. The
//!    others are missed.
//! 3. The newest becomes a task immediately. If other backups leave no room, the task waits in the queue
//!    ([`Outcome::Queued`]), until the quiet window begins or the next time is due.
//! 4. Any other [`Hindrance`] makes the newest wait until the next time is due. A task that is already in the queue
//!    is held there.
//! 5. A paused strategy misses everything that is due. Before the use case that resumes it clears the pause, it
//!    decides and records once more, so that no due time of the pause starts later.
//!
//! **The clock** is this server's, and may jump. Due times that have a row are done, so a clock that goes back starts
//! nothing twice. A recorded miss is valid only from the time at which it was recorded: if the clock was ahead,
//! future due times are not missed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound::{Excluded, Included};

use serde::{Deserialize, Serialize};

use super::due::{Due, fuller};
use crate::backup::{BackupMethod, DataBackupMode};
use crate::cluster::ClusterStatus;
use crate::id::StrategyId;
use crate::strategy::Strategy;
use crate::text::Text;
use crate::time::Timestamp;

/// How far back due times are examined, in microseconds: 92 days. The history of a strategy shows the last 90 days, and
/// each due time in them that was missed, however long Lifeboat was stopped.
pub const HORIZON: i64 = 92 * 86_400_000_000;

/// The identity of a run. Two submissions with equal keys are the same run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The strategy.
    pub strategy: StrategyId,
    /// When the run is due.
    pub due: Timestamp,
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "strategy-{}-{}", self.strategy, self.due.compact())
    }
}

/// The row of a due time with a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it was due.
    pub due: Timestamp,
    /// The scheduled backup mode.
    pub planned: DataBackupMode,
    /// When the row was written.
    pub decided: Timestamp,
    /// The result.
    pub outcome: Outcome,
}

/// The result of a due time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A task was created, and waits in the queue without having started.
    Queued {
        /// The backup mode.
        kind: DataBackupMode,
    },
    /// A task was created.
    Started {
        /// The backup mode.
        kind: DataBackupMode,
        /// Whether the task has ended, successfully or not.
        is_over: bool,
    },
    /// No task was created.
    Missed(MissReason),
}

/// Why a run does not start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Hindrance {
    /// The strategy is paused.
    Paused,
    /// The strategy's previous run has not ended.
    PreviousRun,
    /// Another data backup of the same cluster or tenant runs.
    OtherBackup,
    /// The cluster does not respond.
    Unreachable,
    /// The cluster is being upgraded.
    Upgrading,
    /// The current time is in the quiet window.
    WindowClosed,
    /// Its jitter has not passed.
    Jitter,
    /// The maximum number of backups is running.
    TooManyBackups,
    /// The maximum number of backups to the strategy's storage is running.
    StorageBusy,
}

/// Why no task was created for a due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissReason {
    /// A hindrance lasted until a later run was due.
    Hindered(Hindrance),
    /// It was not started in time, and a later run replaces it.
    ReplacedBy(Timestamp),
    /// It was due in the quiet window, and a later run replaces it.
    ReplacedQuiet(Timestamp),
    /// No server was running when it was due, and a later run replaces it.
    ReplacedStopped(Timestamp),
    /// The schedule was changed before it started.
    ScheduleChanged,
    /// A rule refused the backup; the row contains the reason.
    Refused,
}

/// The known state of the cluster and of other backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Since when this server decides; `None` if it is unknown.
    pub begun: Option<Timestamp>,
    /// The status at the last refresh of the cluster; `None` before the first one.
    pub cluster: Option<ClusterStatus>,
    /// Whether any tenant of the strategy has a set that an incremental backup can build on. The same task takes full
    /// backups of tenants without one.
    pub has_usable_full: bool,
    /// Whether a data backup of the same cluster or tenant runs that does not belong to the strategy.
    pub other_backup_runs: bool,
    /// The number of data backups that Lifeboat runs now.
    pub running: usize,
    /// The maximum number of these.
    pub running_max: usize,
    /// The number of running data backups to the strategy's storage.
    pub storage_running: usize,
    /// The maximum number of these; `None` means that only [`State::running_max`] applies.
    pub storage_running_max: Option<usize>,
}

/// An action to take now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Submit the run and write its row, in one transaction. If there is no room, its task waits in the queue.
    Start {
        /// When it was due.
        due: Timestamp,
        /// The backup mode: full instead of the scheduled one if [`promotion`] has a reason.
        kind: DataBackupMode,
        /// Its identity.
        key: RunKey,
        /// Until when its task may wait in the queue.
        before: Timestamp,
    },
    /// Keep a task waiting in the queue.
    Queue {
        /// When it was due.
        due: Timestamp,
        /// The reason why it must not start even if there is room, and until when; `None` if it may start.
        held: Option<(Hindrance, Timestamp)>,
        /// Until when it may wait.
        before: Timestamp,
    },
    /// Write the row of a due time that will not start, and remove its task from the queue.
    Miss {
        /// When it was due.
        due: Timestamp,
        /// Why it does not start.
        reason: MissReason,
    },
    /// Decide again later, or when the reason for waiting has changed.
    Wait {
        /// When the reason ends by itself; otherwise, when the next time is due and replaces this one.
        until: Timestamp,
        /// The reason for waiting.
        why: Hindrance,
    },
    /// Nothing is due.
    Nothing,
}

/// Why a run that is scheduled as incremental is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promotion {
    /// It replaces a missed full run with this due time.
    ReplacesFull(Timestamp),
    /// There is no base set.
    WithoutFull,
}

/// Decides what a strategy does now. `history` has the rows of its due times, in any order. Rows older than
/// [`HORIZON`] may be omitted, except that of a run that has not ended.
#[must_use]
pub fn decide(strategy: &Strategy, history: &[Run], state: &State, now: Timestamp) -> Vec<Decision> {
    let rows: BTreeMap<Timestamp, &Run> = history.iter().map(|run| (run.due, run)).collect();
    let pending = pending(strategy, &rows, now);
    if strategy.paused {
        let reason = MissReason::Hindered(Hindrance::Paused);
        let missed = pending.iter().map(|due| Decision::Miss { due: due.at, reason });
        return or_nothing(missed.collect());
    }
    let newest_started = rows.range(..=now).rev().find(|(_, run)| run.is_started()).map(|(&due, _)| due);
    let newest = pending.last().copied().filter(|due| newest_started.is_none_or(|started| started < due.at));
    let hindrance = newest.and_then(|due| hindrance(strategy, &rows, state, due.at, now));
    let is_queued = |due: &Due| rows.get(&due.at).is_some_and(|run| run.is_queued());
    let mut decisions: Vec<Decision> = Vec::new();
    for due in pending.iter().filter(|&&due| newest != Some(due)) {
        let mut later = rows.range((Excluded(due.at), Included(now)));
        let started = later.find(|(_, run)| run.is_started()).map(|(&due, _)| due);
        let replacement = started.or(newest.map(|newest| newest.at)).unwrap_or(due.at);
        let replaced = why_replaced(strategy, state, due.at, replacement, is_queued(due), now);
        let reason = match hindrance {
            Some((Hindrance::WindowClosed, _)) if matches!(replaced, MissReason::ReplacedQuiet(_)) => {
                replaced
            }
            Some((why, _)) if started.is_none() && why != Hindrance::Jitter => MissReason::Hindered(why),
            _ => crowd(state).filter(|_| is_queued(due)).map_or(replaced, MissReason::Hindered),
        };
        decisions.push(Decision::Miss { due: due.at, reason });
    }
    if let Some(due) = newest {
        decisions.push(match hindrance {
            held if is_queued(&due) => {
                let from = held.map_or(now, |(_, until)| until);
                Decision::Queue { due: due.at, held, before: closing(strategy, from, now) }
            }
            Some((why, until)) => Decision::Wait { until, why },
            None => {
                let promoted = promotion(strategy, history, state, due, now).is_some();
                Decision::Start {
                    due: due.at,
                    kind: if promoted { DataBackupMode::Full } else { due.kind },
                    key: RunKey { strategy: strategy.id, due: due.at },
                    before: closing(strategy, now, now),
                }
            }
        });
    }
    or_nothing(decisions)
}

/// Returns why a due time is left to a later run, although nothing hinders it now.
fn why_replaced(
    strategy: &Strategy,
    state: &State,
    due: Timestamp,
    by: Timestamp,
    is_queued: bool,
    now: Timestamp,
) -> MissReason {
    let schedule = &strategy.settings.schedule;
    if schedule.window().is_some_and(|window| window.holds(schedule.zone(), due)) {
        return MissReason::ReplacedQuiet(by);
    }
    match state.begun {
        // A server that began in the future has had a clock that was ahead.
        Some(begun) if !is_queued && due < begun && begun <= now => MissReason::ReplacedStopped(by),
        _ => MissReason::ReplacedBy(by),
    }
}

/// Returns why a run that is scheduled as incremental becomes full, if it does.
#[must_use]
pub fn promotion(
    strategy: &Strategy,
    history: &[Run],
    state: &State,
    due: Due,
    now: Timestamp,
) -> Option<Promotion> {
    if due.kind == DataBackupMode::Full || strategy.settings.method == BackupMethod::Logical {
        return None;
    }
    let rows: BTreeMap<Timestamp, &Run> = history.iter().map(|run| (run.due, run)).collect();
    let began = rows.range(..due.at).rev().find(|(_, run)| run.is_started()).map(|(&due, _)| due);
    let since = began.max(Some(start_of(strategy, now))).unwrap_or(due.at);
    let replaced = strategy.settings.schedule.due_times(since, Timestamp(due.at.0 - 1));
    // A row contains the planned mode even if the schedule was changed in the meantime.
    let recorded = rows.range(..due.at).filter(|(at, _)| **at > since);
    let mut wanted: BTreeMap<Timestamp, DataBackupMode> =
        replaced.iter().map(|due| (due.at, due.kind)).collect();
    for (&at, run) in recorded {
        if run.outcome == Outcome::Missed(MissReason::Hindered(Hindrance::Paused)) {
            wanted.remove(&at);
        } else {
            wanted.entry(at).and_modify(|kind| *kind = fuller(*kind, run.planned)).or_insert(run.planned);
        }
    }
    let full = wanted.iter().rev().find(|(_, kind)| **kind == DataBackupMode::Full);
    match full {
        Some((&at, _)) => Some(Promotion::ReplacesFull(at)),
        None if !state.has_usable_full => Some(Promotion::WithoutFull),
        None => None,
    }
}

impl Run {
    fn is_started(&self) -> bool {
        matches!(self.outcome, Outcome::Started { .. })
    }

    fn is_queued(&self) -> bool {
        matches!(self.outcome, Outcome::Queued { .. })
    }

    /// Returns whether the row settles its due time: a start always does, a miss from its recorded time on, and a
    /// queued task never.
    fn settles(&self, now: Timestamp) -> bool {
        self.is_started() || !self.is_queued() && self.decided <= now
    }
}

/// Returns the time after which due times are examined.
fn start_of(strategy: &Strategy, now: Timestamp) -> Timestamp {
    strategy.since.max(Timestamp(now.0.saturating_sub(HORIZON)))
}

fn pending(strategy: &Strategy, rows: &BTreeMap<Timestamp, &Run>, now: Timestamp) -> Vec<Due> {
    let mut due = strategy.settings.schedule.due_times(start_of(strategy, now), now);
    due.retain(|due| !rows.get(&due.at).is_some_and(|run| run.settles(now)));
    due
}

/// Returns when the next time is due.
fn next_due(strategy: &Strategy, now: Timestamp) -> Timestamp {
    strategy.settings.schedule.dues(now).next().map_or(Timestamp(i64::MAX), |due| due.at)
}

/// Returns until when a task that may start at `from` may wait: until the quiet window begins, or the next time is
/// due.
fn closing(strategy: &Strategy, from: Timestamp, now: Timestamp) -> Timestamp {
    let schedule = &strategy.settings.schedule;
    let quiet = schedule.window().map(|window| window.begin(schedule.zone(), from));
    quiet.into_iter().fold(next_due(strategy, now), Timestamp::min)
}

/// Returns the hindrance by other backups, if any.
#[must_use]
pub fn crowd(state: &State) -> Option<Hindrance> {
    if state.other_backup_runs {
        Some(Hindrance::OtherBackup)
    } else if state.running >= state.running_max {
        Some(Hindrance::TooManyBackups)
    } else if state.storage_running_max.is_some_and(|max| state.storage_running >= max) {
        Some(Hindrance::StorageBusy)
    } else {
        None
    }
}

/// Returns the hindrance that is not caused by other backups, and until when the run waits for it.
fn hindrance(
    strategy: &Strategy,
    rows: &BTreeMap<Timestamp, &Run>,
    state: &State,
    due: Timestamp,
    now: Timestamp,
) -> Option<(Hindrance, Timestamp)> {
    let schedule = &strategy.settings.schedule;
    let replaced = || next_due(strategy, now);
    let runs = |run: &&Run| matches!(run.outcome, Outcome::Started { is_over: false, .. });
    let why = match state.cluster {
        _ if rows.values().any(runs) => Hindrance::PreviousRun,
        None | Some(ClusterStatus::Unavailable) => Hindrance::Unreachable,
        Some(ClusterStatus::Upgrading) => Hindrance::Upgrading,
        Some(ClusterStatus::Running) => {
            let window = schedule.window().filter(|window| window.holds(schedule.zone(), now));
            if let Some(window) = window {
                let end = window.end(schedule.zone(), now);
                return Some((Hindrance::WindowClosed, end.min(replaced())));
            }
            let starts = Timestamp(due.0.saturating_add(schedule.jitter_us(strategy.id, due)));
            if starts > now {
                return Some((Hindrance::Jitter, starts.min(replaced())));
            }
            return None;
        }
    };
    Some((why, replaced()))
}

fn or_nothing(decisions: Vec<Decision>) -> Vec<Decision> {
    if decisions.is_empty() { vec![Decision::Nothing] } else { decisions }
}

impl Hindrance {
    /// Returns the words for it.
    #[must_use]
    pub fn text(self) -> Text {
        Text::new(match self {
            Self::Paused => "run-hindered-paused",
            Self::PreviousRun => "run-hindered-previous",
            Self::OtherBackup => "run-hindered-other-backup",
            Self::Unreachable => "run-hindered-unreachable",
            Self::Upgrading => "run-hindered-upgrading",
            Self::WindowClosed => "run-hindered-window",
            Self::Jitter => "run-hindered-jitter",
            Self::TooManyBackups => "run-hindered-too-many",
            Self::StorageBusy => "run-hindered-storage-busy",
        })
    }
}

impl MissReason {
    /// Returns whether the miss is no problem in itself: somebody paused the strategy, or a later run takes its place.
    #[must_use]
    pub const fn is_intended(self) -> bool {
        matches!(
            self,
            Self::Hindered(Hindrance::Paused)
                | Self::ReplacedBy(_)
                | Self::ReplacedQuiet(_)
                | Self::ReplacedStopped(_)
        )
    }

    /// Returns the words for it.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Hindered(why) => why.text(),
            Self::ReplacedBy(due) => Text::new("run-replaced").with("due", due),
            Self::ReplacedQuiet(due) => Text::new("run-replaced-quiet").with("due", due),
            Self::ReplacedStopped(due) => Text::new("run-replaced-stopped").with("due", due),
            Self::ScheduleChanged => Text::new("run-schedule-changed"),
            Self::Refused => Text::new("run-refused"),
        }
    }
}

impl Promotion {
    /// Returns the words for it.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::ReplacesFull(due) => Text::new("run-full-replaces").with("due", due),
            Self::WithoutFull => Text::new("run-full-without-full"),
        }
    }
}

#[cfg(test)]
mod tests;
