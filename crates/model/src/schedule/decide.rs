//! The decisions on a strategy now: which of its runs start, wait, or are missed.
//!
//! The caller keeps one row for each due time ([`Run`]) and does what is decided, in order. Nothing else is
//! remembered, so a crash at any point is harmless: what was not recorded is decided again, and a run that is
//! submitted twice has the same key ([`RunKey`]).
//!
//! 1. A due time without a row is *pending*, as far back as [`HORIZON`].
//! 2. Of several pending ones only the newest can still start. It is full, if one that it replaces was. The others
//!    are missed.
//! 3. What keeps the newest from starting is a reason to wait, until the next time is due.
//! 4. A paused strategy misses everything that is due. The use case that resumes it decides and records once more
//!    before it clears the pause, so that no time of the pause is caught up.
//!
//! **The clock** is this server's, and may jump. Due times that have a row are done, so a clock that goes back starts
//! nothing twice. A miss counts only from the moment on at which it was recorded: a clock that was ahead has missed
//! nothing that is yet to come.

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

/// How far back due times are looked at, in microseconds: 35 days.
pub const HORIZON: i64 = 35 * 86_400_000_000;

/// What identifies a run. Two submissions with equal keys are one.
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

/// The row of a due time that was decided about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it was due.
    pub due: Timestamp,
    /// The scheduled backup mode.
    pub planned: DataBackupMode,
    /// When the row was written.
    pub decided: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
}

/// A run of a backup strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A task was created.
    Started {
        /// The backup mode.
        kind: DataBackupMode,
        /// Whether the task has ended, well or not.
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
    /// The cluster does not answer.
    Unreachable,
    /// The cluster is being upgraded.
    Upgrading,
    /// It is in the quiet window.
    WindowClosed,
    /// Its jitter has not passed.
    Jitter,
    /// As many backups run as may run at once.
    TooManyBackups,
    /// As many backups to the strategy's storage run as may run at once.
    StorageBusy,
}

/// Why no task was created for a due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissReason {
    /// It was kept from starting until a later run was due.
    Hindered(Hindrance),
    /// It was not started in time, and a later run takes its place.
    ReplacedBy(Timestamp),
    /// A rule refused the backup; the row names it.
    Refused,
}

/// What is known of the cluster and of other backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// What the last look at the cluster found; none before the first look.
    pub cluster: Option<ClusterStatus>,
    /// Whether any tenant of the strategy has a set that an incremental backup can build on. A tenant without one is
    /// backed up in full by the same task.
    pub has_usable_full: bool,
    /// Whether a data backup that is not the strategy's runs for the same cluster or tenant.
    pub other_backup_runs: bool,
    /// How many data backups Lifeboat runs now.
    pub running: usize,
    /// How many it may run at once.
    pub running_max: usize,
    /// How many of those that run go to the strategy's storage.
    pub storage_running: usize,
    /// How many of those may run at once; none means that only [`State::running_max`] counts.
    pub storage_running_max: Option<usize>,
}

/// One thing to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Submit the run and write its row, in one transaction.
    Start {
        /// When it was due.
        due: Timestamp,
        /// The backup mode: full instead of the scheduled one if [`promotion`] has a reason.
        kind: DataBackupMode,
        /// What identifies it.
        key: RunKey,
    },
    /// Write the row of a due time that does not start any more.
    Miss {
        /// When it was due.
        due: Timestamp,
        /// Why it does not start.
        reason: MissReason,
    },
    /// Decide again later, or when what is waited for has changed.
    Wait {
        /// When the reason has passed by itself; else when the next time is due and takes this one's place.
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
    /// It replaces a full run that was missed, which was due then.
    ReplacesFull(Timestamp),
    /// There is no base set.
    WithoutFull,
}

/// Decides what a strategy does now. `history` has the rows of its due times, in any order. Rows older than
/// [`HORIZON`] may be left out, but for a run that has not ended.
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
    let mut decisions: Vec<Decision> = Vec::new();
    for due in pending.iter().filter(|&&due| newest != Some(due)) {
        let mut later = rows.range((Excluded(due.at), Included(now)));
        let started = later.find(|(_, run)| run.is_started()).map(|(&due, _)| due);
        let replacement = started.or(newest.map(|newest| newest.at)).unwrap_or(due.at);
        let reason = match hindrance {
            Some((why, _)) if started.is_none() && why != Hindrance::Jitter => MissReason::Hindered(why),
            _ => MissReason::ReplacedBy(replacement),
        };
        decisions.push(Decision::Miss { due: due.at, reason });
    }
    if let Some(due) = newest {
        decisions.push(match hindrance {
            Some((why, until)) => Decision::Wait { until, why },
            None => {
                let promoted = promotion(strategy, history, state, due, now).is_some();
                let kind = if promoted { DataBackupMode::Full } else { due.kind };
                Decision::Start { due: due.at, kind, key: RunKey { strategy: strategy.id, due: due.at } }
            }
        });
    }
    or_nothing(decisions)
}

/// Returns why a run is full although its schedule is incremental, if so.
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
    // A row knows what was planned even when the schedule was changed meanwhile.
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

    /// Returns whether the row settles its due time: a start always does, a miss once the clock has come to it.
    fn settles(&self, now: Timestamp) -> bool {
        self.is_started() || self.decided <= now
    }
}

/// Returns the moment after which due times are looked at.
fn start_of(strategy: &Strategy, now: Timestamp) -> Timestamp {
    strategy.since.max(Timestamp(now.0.saturating_sub(HORIZON)))
}

fn pending(strategy: &Strategy, rows: &BTreeMap<Timestamp, &Run>, now: Timestamp) -> Vec<Due> {
    let mut due = strategy.settings.schedule.due_times(start_of(strategy, now), now);
    due.retain(|due| !rows.get(&due.at).is_some_and(|run| run.settles(now)));
    due
}

/// Returns what keeps a run from starting now, and until when it is waited for.
fn hindrance(
    strategy: &Strategy,
    rows: &BTreeMap<Timestamp, &Run>,
    state: &State,
    due: Timestamp,
    now: Timestamp,
) -> Option<(Hindrance, Timestamp)> {
    let schedule = &strategy.settings.schedule;
    let replaced = || schedule.dues(now).next().map_or(Timestamp(i64::MAX), |due| due.at);
    let runs = |run: &&Run| matches!(run.outcome, Outcome::Started { is_over: false, .. });
    let why = match state.cluster {
        _ if rows.values().any(runs) => Hindrance::PreviousRun,
        _ if state.other_backup_runs => Hindrance::OtherBackup,
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
            if state.running >= state.running_max {
                Hindrance::TooManyBackups
            } else if state.storage_running_max.is_some_and(|max| state.storage_running >= max) {
                Hindrance::StorageBusy
            } else {
                return None;
            }
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
    /// Returns the words for it.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Hindered(why) => why.text(),
            Self::ReplacedBy(due) => Text::new("run-replaced").with("due", due),
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
